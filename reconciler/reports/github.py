"""A check as annotations of GitHub: workflow commands, which the runner reads from the output of a step.

A command is one line, `::error file=…,line=…::message`; how its parts are escaped is said in actions/toolkit,
packages/core/src/command.ts. Of each kind a step may leave ten (docs/problem-matchers.md there).
"""

from collections.abc import Iterable, Iterator

from reconciler.inert import inert
from reconciler.problems import Severity
from reconciler.reports.review import BLOCKED, Remark, Review, remarks
from reconciler.reports.text import DANGEROUS

MOST = 10
"""Annotations of a kind; GitHub shows no more of a step."""
KINDS = {"error": "errors", "warning": "warnings", "notice": "waived findings"}
IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTIES = IN_DATA | {":": "%3A", ",": "%2C"}


def render(review: Review) -> str:
    """The worst of each kind, a line each, and a line that says how many more there are."""
    by_kind: dict[str, list[Remark]] = {kind: [] for kind in KINDS}
    for remark in remarks(review):
        by_kind[kind_of(remark)].append(remark)
    lines = [command(kind, remark) for kind, found in by_kind.items() for remark in worst_of(found)]
    more = [f"{len(found) - MOST} more {KINDS[kind]}" for kind, found in by_kind.items() if len(found) > MOST]
    lines += [f"{', '.join(more)}: the log and the summary show them all"] if more else []
    return "".join(f"{line}\n" for line in lines)


def kind_of(remark: Remark) -> str:
    """The command for it: what is waived shall be seen, and alarm nobody."""
    return "notice" if remark.waiver else "error" if remark.severity is Severity.ERROR else "warning"


def worst_of(found: Iterable[Remark]) -> list[Remark]:
    """Those that are shown: what is in the way first, then what a change risks, then what rules say."""
    return sorted(found, key=rank)[:MOST]


def rank(remark: Remark) -> int:
    """How early it comes among those of its kind."""
    if remark.code == BLOCKED:
        return 0
    return 1 + DANGEROUS.index(remark.code) if remark.code in DANGEROUS else 1 + len(DANGEROUS)


def command(kind: str, remark: Remark) -> str:
    """One annotation."""
    data = [f"{remark.bucket}: {remark.message}" if remark.bucket else remark.message]
    data += [f"help: {remark.help}"] if remark.help else []
    data += [f"waived by {remark.waiver['owner']}: {remark.waiver['reason']}"] if remark.waiver else []
    properties = ",".join(f"{name}={escaped(inert(value), IN_PROPERTIES)}" for name, value in properties_of(remark))
    return f"::{kind} {properties}::{escaped(chr(10).join(map(inert, data)), IN_DATA)}"


def properties_of(remark: Remark) -> Iterator[tuple[str, str]]:
    """What it is, and where; a line alone where nobody knows the columns."""
    yield "title", f"{remark.code}: {remark.title}" if remark.title else remark.code
    if remark.place is not None:
        yield "file", remark.place.file
        yield "line", str(remark.place.line)
        if remark.place.end_column > remark.place.column:
            yield "col", str(remark.place.column)
            yield "endColumn", str(remark.place.end_column)


def escaped(text: str, signs: dict[str, str]) -> str:
    """A text in which nothing ends the command or its part."""
    return "".join(signs.get(sign, sign) for sign in text)
