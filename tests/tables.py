"""docs/equivalences.md, made of the tests: what means the same to S3, what S3 refuses, where that comes from.

``python -m tests.tables docs/`` writes it; a test asserts that it is current. It is made of the case files of
tests/aspects/cases/ that carry facts, and of the scenarios in tests/scenarios/ that name the test they restate.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from reconciler.bucket import BucketSpec
from reconciler.problems import Severity
from reconciler.specs.catalogue import catalogue
from tests.aspects.case_files import EQUIVALENCES, REFUSALS, CaseFile, Reader, case_files

ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "tests" / "scenarios"
MADE = "<!-- Made by `python -m tests.tables docs/`. Do not edit. -->"

Row = tuple[str, ...]


def texts() -> dict[str, str]:
    """The file as it is checked in."""
    return {"equivalences.md": "\n".join(equivalences()) + "\n"}


def write_tables(folder: Path) -> None:
    """Write the tables into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


def equivalences() -> Iterator[str]:
    """A heading for each aspect, with what means the same and what is refused."""
    yield from ("# What means the same, and what S3 refuses", "", MADE, "")
    yield (
        "Each line is a case of that name in the file on the right, and so a test. *Same*: the live document and the "
        "spec are spelled differently, and the plan is empty. *Different*: they look alike, and the plan shows the "
        "difference. *Refused* and *warning*: what `validate` says, with the code that S3 itself would answer; where "
        "none is named, the rule is this tool's own. *Accepted*: the nearest thing that is in order."
    )
    for aspect in ("bucket", *BucketSpec.aspects()):
        files = [file for file in case_files() if file.aspect == aspect]
        rows = [row for file in files if file.path.name in (EQUIVALENCES, REFUSALS) for row in rows_of(file)]
        if rows:
            yield from (
                "",
                f"## {aspect}",
                "",
                *table(("outcome", "equivalence or refusal", "where it comes from", "test"), rows),
            )
    scenarios = [row for file in sorted(SCENARIOS.glob("*.yaml")) for row in scenario_rows(file)]
    if scenarios:
        yield from ("", "## Scenarios", "", *table(("scenario", "which test it restates", "test"), scenarios))


def rows_of(file: CaseFile) -> Iterator[Row]:
    """A file's cases, as they are listed."""
    for case in file.cases:
        verdict = of_refusal(case) if file.path.name == REFUSALS else of_equivalence(case)
        yield verdict, case["name"], case["source"], link(file.path)


def link(path: Path) -> str:
    """A file of tests, as a link from the docs."""
    return f"[{path.parent.name}/{path.name}](../{path.relative_to(ROOT).as_posix()})"


def of_equivalence(case: dict[str, Any]) -> str:
    """Whether both sides mean the same."""
    return "same" if case["action"] == "none" else "different"


def of_refusal(case: dict[str, Any]) -> str:
    """What is said, and what S3 says."""
    codes = ", ".join(dict.fromkeys(code for code, _ in case["refused"]))
    if not codes:
        return "accepted"
    return f"refused: {codes}{answer(case)}" if is_refused(case) else f"warning: {codes}"


def is_refused(case: dict[str, Any]) -> bool:
    """Whether any of the codes is an error."""
    return any(catalogue()[code].severity is Severity.ERROR for code, _ in case["refused"])


def answer(case: dict[str, Any]) -> str:
    """S3's own code, where it has one."""
    return "" if case["api"] == "none" else f" ({case['api']})"


def scenario_rows(file: Path) -> Iterator[Row]:
    """The scenarios of a file, each with the tests of other tools that it restates."""
    for scenario in yaml.load(file.read_text(encoding="utf-8"), Reader):
        if "steps" in scenario:
            yield f"{scenario['id']}: {scenario['name']}", scenario["restates"], link(file)


def table(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Rows in Markdown."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell(text) for text in row) + " |"


def cell(text: str) -> str:
    """A text in a table."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]))
