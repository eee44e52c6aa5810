"""Problems as people read them: code, place, the written line with a caret, and what would be right."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from reconciler.inert import inert
from reconciler.problems import Place, Problem, Severity
from reconciler.reports.style import Style

LONGEST_MESSAGE = 500
"""Characters. A name of ten thousand characters is no easier to find when it is shown whole."""
BEFORE_THE_CARET = 20
"""Characters of a long line that are shown before the caret, at least."""
NARROWEST = 30
"""Characters of a line that are shown in the narrowest terminal."""
LONGEST_LINE = 1000
"""Characters of a line before and behind the caret that are looked at; no terminal shows more."""
TAB = "    "


def render_problems(problems: Sequence[Problem], style: Style) -> str:
    """All problems, and how many there are."""
    blocks = ["\n".join(block(problem, style)) for problem in problems]
    return style.fit("\n\n".join([*blocks, count(problems, style)])) + "\n"


def problems_document(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """The problems as plain data."""
    return [
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "message": problem.message,
            "help": problem.help,
            "file": problem.place.file if problem.place else None,
            "line": problem.place.line if problem.place else None,
            "column": problem.place.column if problem.place else None,
            "end_column": problem.place.end_column if problem.place else None,
        }
        for problem in problems
    ]


def block(problem: Problem, style: Style) -> Iterator[str]:
    """One problem."""
    paint = style.red if problem.is_error else style.yellow
    yield f"{paint(style.bold(f'{problem.severity}[{problem.code}]'))}: {style.bold(message(problem.message))}"
    if problem.place is not None:
        yield from excerpt(problem, problem.place, style)
    elif problem.help:
        yield f"  {style.cyan('= help:')} {message(problem.help)}"


def excerpt(problem: Problem, place: Place, style: Style) -> Iterator[str]:
    """The place, the lines that lead to it, the caret, and the help."""
    gutter = " " * len(str(place.line))
    edge = f"{gutter} {style.cyan('|')}"
    yield f"{gutter}{style.cyan('-->')} {inert(str(place))}"
    beside = False
    if problem.lines:
        yield edge
        room = max(style.width - len(gutter) - 4, NARROWEST)
        pointed_at, start, end = around(problem.lines[-1], place.column - 1, place.end_column - 1)
        skipped = skip(pointed_at, start, end, room)
        # a line of context that begins elsewhere would only confuse
        above = () if skipped else tuple(line[:LONGEST_LINE] for line in problem.lines[:-1])
        lines = (*above, pointed_at)
        for number, line in enumerate(lines, place.line - len(lines) + 1):
            yield f"{style.cyan(str(number).rjust(len(gutter)))} {style.cyan('|')} {window(line, skipped, room, style)}"
        carets, before = underline(pointed_at, start, end, skipped, room)
        beside = problem.help is not None and before + len(carets) + 1 + len(problem.help) <= room
        paint = style.red if problem.is_error else style.yellow
        pointed = paint(f"{carets} {message(problem.help)}" if beside and problem.help else carets)
        yield f"{edge} {' ' * before}{pointed}"
    if problem.help and not beside:
        yield f"{gutter} {style.cyan('= help:')} {message(problem.help)}"


def around(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that may be shown, and where the caret stands in it: a line may have a million characters."""
    first = max(start - LONGEST_LINE, 0)
    part = line[first : start + LONGEST_LINE]
    return part, start - first, min(end - first, len(part))


def underline(line: str, start: int, end: int, skipped: int, room: int) -> tuple[str, int]:
    """The carets, and how far they stand in."""
    before = cells(shown(line[:start])[skipped:])
    return "^" * max(min(cells(shown(line[start:end])), room - before), 1), before


def cells(text: str) -> int:
    """How wide a text is in a terminal: some signs take two places, accents none."""
    return sum(2 if east_asian_width(sign) in "WF" else not combining(sign) for sign in text)


def skip(line: str, start: int, end: int, room: int) -> int:
    """How many characters of a line to leave out on the left, so that the caret is in view."""
    first, last = len(shown(line[:start])), len(shown(line[:end]))
    if last <= room - 1:
        return 0
    return max(first - max(BEFORE_THE_CARET, room - (last - first) - BEFORE_THE_CARET), 0)


def window(line: str, skipped: int, room: int, style: Style) -> str:
    """A part of a line, with a sign where something is left out."""
    sign = style.fit("…")
    text = shown(line)
    text = sign + text[skipped + len(sign) :] if skipped else text
    return text if len(text) <= room else text[: room - len(sign)] + sign


def shown(text: str) -> str:
    """A written text as it is shown: tabs as spaces, nothing that moves the cursor."""
    return TAB.join(inert(part) for part in text.split("\t"))


def message(text: str) -> str:
    """A sentence, harmless and not endless."""
    return inert(text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…")


def count(problems: Sequence[Problem], style: Style) -> str:
    """``3 errors, 1 warning in 2 files``."""
    counts = Counter(problem.severity for problem in problems)
    parts = [
        paint(f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}")
        for severity, paint in ((Severity.ERROR, style.red), (Severity.WARNING, style.yellow))
        if counts[severity]
    ]
    files = len({problem.place.file for problem in problems if problem.place})
    where = f" in {files} file{'' if files == 1 else 's'}" if files else ""
    return ", ".join(parts) + where
