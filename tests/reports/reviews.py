"""Checks to make reports of: nothing to say, something of every kind, many buckets, hostile text."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st

from reconciler.problems import Place, Problem, Severity
from reconciler.reports.review import About, Compared, Review
from tests.hostile import ALL
from tests.reports.plans import document, plan
from tests.reports.specs import AFTER, BEFORE
from tests.reports.test_golden import hostile_text, nothing_to_do, something_is_in_the_way, something_worth_knowing

WAIVER = {"reason": "the partner moves in May", "owner": "data-platform", "expires": "2027-05-31"}


def verdict(rule: str, severity: str = "error", waiver: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """What a guardrail says in the plan document."""
    said = {"title": f"what {rule} wants", "path": "tags", "message": f"{rule} is not kept", "remedy": "keep it"}
    place = {"file": "specs/lake.yaml", "line": 7, "column": 5, "end_column": 9}
    return {"rule": rule, "severity": severity, **said, "place": place, "waiver": waiver, **more}


def judged(made: dict[str, Any], *verdicts: dict[str, Any]) -> dict[str, Any]:
    """A plan whose first bucket has these verdicts."""
    made["buckets"][0]["guardrails"] = list(verdicts)
    return made


def nothing() -> Review:
    return Review(nothing_to_do())


def specs_that_are_in_order() -> Review:
    return Review(None, (), About(compared=Compared.NOTHING))


def specs_that_are_not() -> Review:
    place = Place("specs/a lake, 100%.yaml", 3, 5, 14)
    unknown = Problem("RCL1101", "unknown field `versoning`", place, "did you mean `versioning`?")
    odd = Problem("RCL1999", "this is odd", place._replace(line=9), None, Severity.WARNING)
    return Review(None, (Problem("RCL1001", "there is no such folder: specs"), unknown, unknown, odd))


@cache
def something_of_every_kind() -> Review:
    verdicts = (
        verdict("PUB-01"),
        verdict("ACME-1", "warning", place=None),
        verdict("PUB-04", waiver=WAIVER),
        verdict("PUB-01"),
    )
    return Review(judged(document(plan(AFTER, BEFORE)), *verdicts), specs_that_are_not().problems[-1:], About("prod"))


def something_in_the_way() -> Review:
    return Review(something_is_in_the_way())


def something_to_know() -> Review:
    return Review(something_worth_knowing())


@cache
def hostile() -> Review:
    texts = [verdict(text, message=text, remedy=text, title=text, path=text) for text in ALL]
    problems = tuple(Problem("RCL1101", text, Place(text, 1, 1, 1), text) for text in ALL)
    return Review(judged(hostile_text(), *texts), problems)


@cache
def many() -> Review:
    names = [f"acme-many-{number:03}" for number in range(300)]
    live = "{{name: {name}, versioning: Enabled, tags: {{Owner: somebody}}}}"
    wanted = "{{name: {name}, versioning: Suspended, tags: {{Owner: data}}}}"
    return Review(document(*(plan(wanted.format(name=name), live.format(name=name)) for name in names)))


REVIEWS: tuple[Callable[[], Review], ...] = (
    nothing,
    specs_that_are_in_order,
    specs_that_are_not,
    something_of_every_kind,
    something_in_the_way,
    something_to_know,
    hostile,
    many,
)
TEXTS = st.one_of(
    st.sampled_from(ALL), st.text(max_size=30), st.text("]({}<>&:,%#[\r\n\x00\ud800\ufffe\"'", max_size=12)
)


@cache
def worth_knowing() -> dict[str, Any]:
    """Made once: each example only changes its texts."""
    return something_worth_knowing()


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """Whatever text in whatever part of a check."""
    severities = st.sampled_from(["error", "warning"])
    waivers = st.none() | st.fixed_dictionaries({"reason": TEXTS, "owner": TEXTS, "expires": TEXTS})
    words = {"title": TEXTS, "path": TEXTS, "message": TEXTS, "remedy": TEXTS}
    places = st.none() | st.fixed_dictionaries(
        {"file": TEXTS, "line": st.integers(0, 3), "column": st.integers(0, 3), "end_column": st.integers(0, 9)}
    )
    verdicts = st.fixed_dictionaries(
        {"rule": TEXTS, "severity": severities, "waiver": waivers, "place": places} | words
    )
    made = deepcopy(worth_knowing())
    for bucket in made["buckets"]:
        bucket["name"] = draw(TEXTS)
        bucket["source"] = {"file": draw(TEXTS), "line": 3}
        bucket["guardrails"] = draw(st.lists(verdicts, max_size=3))
    place = Place(draw(TEXTS), draw(st.integers(0, 4)), 1, draw(st.integers(0, 9)))
    problem = Problem("RCL1101", draw(TEXTS), draw(st.sampled_from([None, place])), draw(TEXTS))
    return Review(made if draw(st.booleans()) else None, (problem,), About(draw(st.none() | TEXTS)))


def named(make: Callable[[], Review]) -> str:
    """What a check is called in files and in the names of tests."""
    return make.__name__.replace("_", "-")


def every() -> Iterator[Review]:
    """All of them."""
    return (make() for make in REVIEWS)
