"""A check as JUnit's XML: a suite for each spec file, a test case for each bucket.

Jenkins, GitLab and others read it (github.com/jenkinsci/xunit-plugin, junit-10.xsd). Errors are the failure of their
case; warnings are its output, for a test that warns has passed.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from reconciler.inert import inert
from reconciler.problems import Severity
from reconciler.reports.review import Remark, Review, remarks, remarks_of

NOWHERE = "specs"
"""The suite of what is about no file."""
OF_THE_FILE = "the file itself"
Case = tuple[str, Sequence[Remark]]


def render(review: Review) -> str:
    """The whole document. Whatever XML cannot hold is shown as an escape."""
    suites: dict[str, list[Case]] = {}
    for file, case in cases(review):
        suites.setdefault(file, []).append(case)
    every = [case for found in suites.values() for case in found]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{attributes(name='reconcile', **counts(every))}>"]
    for file in sorted(suites):
        lines.append(f"  <testsuite{attributes(name=file, **counts(suites[file]))}>")
        lines += [line for case in suites[file] for line in testcase(file, case)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def cases(review: Review) -> Iterator[tuple[str, Case]]:
    """The cases, each with its file: the files in which something is wrong, then the buckets of the plan."""
    by_file: dict[str, list[Remark]] = {}
    for remark in remarks(Review(None, review.problems)):
        by_file.setdefault(remark.place.file if remark.place else NOWHERE, []).append(remark)
    if review.document is None and not by_file:
        by_file[NOWHERE] = []
    for file, found in by_file.items():
        yield file, (OF_THE_FILE, found)
    for bucket in review.document["buckets"] if review.document else ():
        yield bucket["source"]["file"], (bucket["name"], [*remarks_of(bucket)])


def fails(remark: Remark) -> bool:
    """Whether a case with it has not passed."""
    return remark.severity is Severity.ERROR and not remark.waiver


def counts(found: Iterable[Case]) -> dict[str, str]:
    """How many cases, and how many of them have failed."""
    failed = [any(map(fails, said)) for _, said in found]
    return {"tests": str(len(failed)), "failures": str(sum(failed)), "errors": "0"}


def testcase(file: str, case: Case) -> Iterator[str]:
    """One case; it has one failure at most, for some readers know no more."""
    name, found = case
    failures = [remark for remark in found if fails(remark)]
    rest = [remark for remark in found if not fails(remark)]
    yield f"    <testcase{attributes(name=name, classname=file, time='0')}>"
    if failures:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        yield f"      <failure{attributes(message=failures[0].message + more, type=failures[0].code)}>"
        yield from map(text, failures)
        yield "      </failure>"
    if rest:
        yield "      <system-out>"
        yield from map(text, rest)
        yield "      </system-out>"
    yield "    </testcase>"


def text(remark: Remark) -> str:
    """One remark in a line."""
    weight = "waived" if remark.waiver else remark.severity.value
    place = f" ({remark.place.file}:{remark.place.line})" if remark.place else ""
    help_ = f"; {remark.help}" if remark.help else ""
    return written(f"{weight}[{remark.code}]: {remark.message}{help_}{place}")


def attributes(**values: str) -> str:
    """The attributes of an element, in this order."""
    return "".join(f' {name}="{written(value)}"' for name, value in values.items())


def written(value: str) -> str:
    """A text as XML holds it; what is printable, XML can hold."""
    return escape(inert(value))
