"""Where output goes and how it looks: results to stdout, everything else to stderr."""

import json
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from reconciler.reports.style import Style


class Console:
    """The two streams of a command, and whether a person sits at them."""

    def __init__(self, arguments: Namespace, environment: Mapping[str, str] | None = None) -> None:
        self.environment = os.environ if environment is None else environment
        self.color: str = getattr(arguments, "color", "auto")
        self.quiet: bool = getattr(arguments, "quiet", False)
        self.verbose: bool = getattr(arguments, "verbose", False)
        self.debug: bool = getattr(arguments, "debug", False)
        self.may_ask: bool = not getattr(arguments, "no_input", False) and is_terminal(sys.stdin)
        self.json: bool = getattr(arguments, "format", "text") == "json"

    def style(self, stream: TextIO) -> "Style":
        """How text looks on a stream."""
        from reconciler.reports.style import Style

        width = shutil.get_terminal_size((80, 24)).columns if is_terminal(stream) else 80
        encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
        return Style(self.wants_color(stream), encoding.startswith("utf"), width, wraps=is_terminal(stream))

    def wants_color(self, stream: TextIO) -> bool:
        """``--color``, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
        if self.color != "auto":
            return self.color == "always"
        if self.environment.get("NO_COLOR"):
            return False
        if self.environment.get("FORCE_COLOR") or self.environment.get("CLICOLOR_FORCE"):
            return True
        return self.environment.get("TERM") != "dumb" and is_terminal(stream)

    def result(self, text: str) -> None:
        """The result: the one thing on stdout."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def document(self, document: Mapping[str, Any]) -> None:
        """The result as JSON."""
        self.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def notice(self, text: str) -> None:
        """What is going on, for whoever watches."""
        if not self.quiet and not self.json:
            style = self.style(sys.stderr)
            self.message(style.dim(style.fit(text)))

    def message(self, text: str) -> None:
        """A line on stderr."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def ask(self, question: str) -> str:
        """A person's answer; the question stands on stderr."""
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at this stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
