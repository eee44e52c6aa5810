"""How text looks: colours where they are wanted, and signs that the terminal can show."""

from typing import NamedTuple

ASCII = str.maketrans({"→": "->", "·": "-", "✓": "ok", "✗": "x", "│": "|", "–": "-", "…": "...", "“": '"', "”": '"'})


class Style(NamedTuple):
    """Whether to colour, whether there is more than ASCII, and how wide a line may be."""

    color: bool = False
    unicode: bool = True
    width: int = 80
    wraps: bool = False
    """Whether long lines are broken at words: for people at a terminal, not for programs."""

    def paint(self, text: str, *codes: int) -> str:
        """The text in colours (SGR codes), or as it is."""
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str) -> str:
        """What to see first."""
        return self.paint(text, 1)

    def dim(self, text: str) -> str:
        """What to see last."""
        return self.paint(text, 2)

    def red(self, text: str) -> str:
        """Removals, errors, risks."""
        return self.paint(text, 31)

    def green(self, text: str) -> str:
        """Additions, and what went well."""
        return self.paint(text, 32)

    def yellow(self, text: str) -> str:
        """Changes and warnings."""
        return self.paint(text, 33)

    def cyan(self, text: str) -> str:
        """Hints."""
        return self.paint(text, 36)

    def fit(self, text: str) -> str:
        """The text with signs that this terminal can show."""
        return text if self.unicode else text.translate(ASCII).encode("ascii", "backslashreplace").decode()
