"""The comment of a pull request: what it looks like (RECONCILE_UPDATE_GOLDEN=1 writes it anew), and its laws."""

import os
import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it.token import Token

from reconciler.problems import Place, Problem, Severity
from reconciler.reports.markdown import LARGEST, LEAST, marker_in, render
from reconciler.reports.markdown_changes import LONGEST_VALUE, parted
from reconciler.reports.review import About, Compared, Review, Stage
from reconciler.reports.text import DANGEROUS
from tests.hostile import ALL, is_inert
from tests.reports.pages import PAGES
from tests.reports.plans import document, plan
from tests.reports.reviews import (
    WAIVER,
    judged,
    many,
    named,
    something_in_the_way,
    something_of_every_kind,
    something_to_know,
    specs_that_are_in_order,
    specs_that_are_not,
    verdict,
)
from tests.reports.reviews import hostile as hostile_check
from tests.reports.specs import AFTER, BEFORE
from tests.reports.test_golden import something_is_lost
from tests.reports.test_markdown_text import ACTIVE, READER, TEXTS

GOLDEN = Path(__file__).parent / "markdown"
KEPT = re.compile(
    r"<!-- [^<>]* -->|</details>"
    r"|<details(?: open)?><summary>(?:<code>[^<>\n]*</code>|[^<>@#\n]|</?b>)*</summary>"
)
"""The HTML that a report may have."""


def loses_data_and_was_counted() -> Review:
    return Review(something_is_lost(), about=About("prod", run_url="https://ci.example/runs/1"))


def a_fork() -> Review:
    about = About("prod", Compared.BASE, head="a1" * 20, base="b2" * 20, run_url="https://ci.example/x y")
    return Review(document(plan(AFTER, BEFORE.replace("days: 365", "days: 300"))), about=about)


def not_applied() -> Review:
    told = ("acme-lake: changed in S3 since: tags", "nothing was written; see @acme/admins")
    about = About("prod", stage=Stage.NOT_APPLIED, told=told, next_command="reconcile apply --auto-approve specs")
    return Review(document(plan("{name: acme-lake, tags: {a: b}}", "{name: acme-lake, tags: {a: c}}")), about=about)


SHOWN: tuple[Callable[[], Review], ...] = (
    *PAGES.values(),
    specs_that_are_in_order,
    specs_that_are_not,
    something_of_every_kind,
    something_in_the_way,
    something_to_know,
    hostile_check,
    many,
    loses_data_and_was_counted,
    a_fork,
    not_applied,
)


def golden(make: Callable[[], Review]) -> Path:
    return GOLDEN / f"{named(make)}.md"


@pytest.mark.parametrize("make", SHOWN, ids=named)
def test_a_comment_looks_like_this(make: Callable[[], Review]) -> None:
    review, file = make(), golden(make)
    text = render(review)
    assert text == render(deepcopy(review))
    assert is_inert(text)
    for fingerprint in {review.document["fingerprint"]} if review.document else ():
        text = text.replace(fingerprint, "0" * 64).replace(fingerprint[:12], "0" * 12)
    if os.environ.get("RECONCILE_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), "RECONCILE_UPDATE_GOLDEN=1 writes it anew: look at the difference"


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {golden(make).name for make in SHOWN}


# ── nothing breaks out ───────────────────────────────────────────────────────────────────────────────


@cache
def something() -> dict[str, Any]:
    """Made once: each example only changes its texts."""
    planned = document(plan(AFTER, BEFORE), endpoint="https://s3.example.com", targets=("acme-lake",))
    need = {"kind": "consent", "about": "acme-lake", "why": "can lose data", "flag": "--allow loses-data"}
    return planned | {"needs": [need, need | {"kind": "limit"}]}


def filled(texts: list[str], at: int = 0) -> Review:
    """A check with these texts wherever a text may stand, one after the other."""
    left = iter(texts[at:] + texts[:at])

    def text() -> str:
        return next(left)

    made = deepcopy(something())
    made["inputs"] |= {"paths": [text(), text()], "targets": [text()]}
    made["endpoint"] = text()
    for need in made["needs"]:
        need |= {"about": text(), "why": text(), "flag": text()}
    bucket = made["buckets"][0]
    bucket |= {"name": text(), "account": text(), "source": {"file": text(), "line": 3}}
    bucket["exposure"] = {"summary": text()}
    bucket["blockers"] = [{"aspect": "tags", "why": text(), "remedy": text()}]
    for found in bucket["findings"]:
        found |= {"message": text(), "remedy": text(), "path": text()}
    for change in bucket["changes"]:
        change["consequences"] = [text(), text()]
        for field in change["fields"][:2]:
            field["before"] = text() if field["before"] is not None else None
            field["after"] = text() if field["after"] is not None else None
    place = {"file": text(), "line": 7, "column": 5, "end_column": 9}
    waiver = {name: text() for name in WAIVER}
    said: dict[str, Any] = {name: text() for name in ("title", "path", "message", "remedy")}
    judged(made, verdict("PUB-01", place=place, **said), verdict(text(), "warning", waiver, **said))
    problem = Problem("RCL1999", text(), Place(text(), 1, 1, 1), text(), Severity.WARNING)
    about = About(text(), head=text(), base=text(), run_url=text(), next_command=text(), told=(text(), text()))
    return Review(made, (problem,), about)


PLACES = 90
"""More texts than there are places for them."""


def shape(text: str) -> list[str]:
    """The blocks of a report, without what they say; what they say is looked at."""
    blocks = READER.parse(text)
    for block in blocks:
        if block.type == "html_block":
            assert all(KEPT.fullmatch(line) for line in block.content.strip().split("\n")), block.content
        for part in block.children or ():
            look_at(part)
    return [f"{block.type} {block.level}" for block in blocks]


def look_at(part: Token) -> None:
    """Nothing is an element, and nobody takes a word for a reference."""
    assert part.type not in ("html_inline", "image"), part
    if part.type == "text" and part.content != "[!CAUTION]":
        said = re.sub(r"public_access_block|\bPUB-01\b", "", part.content)
        assert not ACTIVE.search(said), part.content
    if part.type == "link_open":
        assert re.fullmatch(r"https?://[\w./:~%-]+", str(part.attrs["href"]))


@cache
def harmless_shape() -> list[str]:
    return shape(render(filled([f"word{chr(97 + at % 26)}" for at in range(PLACES)])))


@given(texts=st.lists(TEXTS.filter(bool), min_size=1, max_size=8), at=st.integers(0, 7))
@example(texts=[" "], at=0)
def test_whatever_is_said_the_report_is_made_of_the_same_parts(texts: list[str], at: int) -> None:
    text = render(filled((texts * PLACES)[:PLACES], at))
    assert is_inert(text)
    assert shape(text) == harmless_shape()


def test_every_hostile_text_stays_where_it_is() -> None:
    for at in range(0, len(ALL), 3):
        assert shape(render(filled((ALL * 3)[:PLACES], at))) == harmless_shape()


# ── it fits ──────────────────────────────────────────────────────────────────────────────────────────


def fleet(number: int, name: str, *, alike: bool = False, verdicts: int = 0) -> Review:
    """Many buckets that change: all alike, or each in its own way."""
    made = document(plan(AFTER, BEFORE))
    first = made["buckets"][0]
    buckets = []
    for at in range(number):
        tags = [change | {"consequences": [f"it is number {at}"]} for change in first["changes"]]
        own = {"name": f"{name}-{at:05}", "changes": first["changes"] if alike else tags}
        found = [verdict(f"ACME-{rule}", "error" if rule % 2 else "warning") for rule in range(verdicts)]
        buckets.append(first | own | {"guardrails": found if at == 0 else []})
    made["buckets"] = buckets
    return Review(made, about=About(run_url="https://ci.example/1", told=("x" * 300,) * number))


@given(
    number=st.integers(1, 24),
    name=st.sampled_from(["a", "acme-lake", "`" * 90, "😀" * 90, "\x00" * 90]),
    alike=st.booleans(),
    verdicts=st.integers(0, 9),
    largest=st.sampled_from([LEAST, 30_000, LARGEST]),
)
def test_it_is_never_longer_than_it_may_be(number: int, name: str, alike: bool, verdicts: int, largest: int) -> None:
    text = render(fleet(number, name, alike=alike, verdicts=verdicts), largest=largest)
    assert len(text.encode()) <= largest
    assert text.count("<details") == text.count("</details>")
    assert not any("<details" in block.content for block in READER.parse(text) if block.type == "fence")


@given(texts=st.lists(TEXTS.filter(bool).map(lambda text: text * 200), min_size=1, max_size=3))
@example(texts=["0\x0b\x07¡¡𐖆\U0008f832\U000cdb7d\U000d4922" * 200])
@example(texts=["\x0b\x07¡¡𐖇\U00014647𗧰𗧰" * 200])
@example(texts=["😀" * 900])
@example(texts=["`" * 900])
@example(texts=["a é.b `" * 200])
def test_it_is_never_longer_whatever_it_says(texts: list[str]) -> None:
    assert len(render(filled((texts * PLACES)[:PLACES]), largest=LEAST).encode()) <= LEAST


def cautioned(text: str) -> str:
    """What stands in the block that nobody can fold away."""
    return "\n".join(line for line in text.split("\n") if line.startswith(">"))


@pytest.mark.parametrize("number", [1, 20, 120])
def test_every_risky_bucket_is_named_where_nobody_can_fold_it_away(number: int) -> None:
    said = cautioned(render(fleet(number, "acme-lake")))
    for at in range(number):
        assert f"`acme-lake-{at:05}`" in said


def test_a_table_and_diffs_degrade_and_say_so() -> None:
    whole = render(fleet(3, "acme-lake"))
    assert whole.count("```diff") > 3
    assert "room" not in whole
    some = render(fleet(40, "acme-lake"))
    assert "In a line each, for want of room" in some
    least = render(fleet(90, "acme-lake", verdicts=60), largest=LEAST)
    for said in ("The table of 90 buckets had", r"[0-9]+ more changes had", r"[0-9]+ more findings had"):
        assert re.search(f"{said} no room here", least)
    endless = render(fleet(120, "x" * 90), largest=LEAST)
    assert "too many risky changes" in endless
    assert "120 buckets: " in endless


def test_each_way_to_warn_is_shorter_than_the_one_before() -> None:
    said = [render(fleet(20, "acme-lake"), largest=largest) for largest in (1_000_000, LARGEST, LEAST)]
    fences = [cautioned(text).count("```diff") for text in said]
    assert fences == sorted(fences, reverse=True)
    assert fences[-1] == 0
    assert "more lines: reconcile plan shows them" in render(fleet(8, "acme-lake"), largest=LEAST)


def test_what_was_not_compared_with_live_buckets_is_nothing_to_apply() -> None:
    for review, is_plan in ((something_of_every_kind(), True), (a_fork(), False)):
        found = marker_in(render(review, key="prod"))
        assert found is not None
        assert found.key == "prod"
        assert (found.fingerprint is not None) == is_plan
    paths = [f"specs/{at}.yaml" for at in range(5_000)]
    review = something_of_every_kind()
    assert review.document is not None
    inputs = {**review.document["inputs"], "paths": paths}
    found = marker_in(render(review._replace(document={**review.document, "inputs": inputs})))
    assert found is not None
    assert (found.fingerprint, found.paths) == (None, ())


def test_of_long_values_the_difference_is_shown() -> None:
    same = "x" * 1_000
    for old, new in ((f"{same}a", f"{same}b"), (same, f"{same}b"), ("a", f"b{same}")):
        shown = parted(old, new)
        assert shown[0] != shown[1]
        assert max(map(len, shown)) <= LONGEST_VALUE + 2


def test_a_plan_of_nothing_is_told() -> None:
    assert "\n0 buckets in `" in render(Review(document()))
    nowhere = document()
    assert "\n0 buckets\n" in render(Review(nowhere | {"inputs": nowhere["inputs"] | {"paths": []}}))


def test_the_worst_comes_first() -> None:
    said = cautioned(render(something_of_every_kind()))
    words = [said.index(word) for word in ("can lose data", "loses protection", "widens access")]
    assert words == sorted(words)
    assert len(words) == len(DANGEROUS)


def test_where_only_the_order_changes_both_are_shown() -> None:
    review = deepcopy(something_of_every_kind())
    assert review.document is not None
    for change in review.document["buckets"][0]["changes"]:
        if change["aspect"] == "policy":
            change["fields"][0] |= {"before": ["a", "b"], "after": ["b", "a"]}
    assert re.search(r"^- .*: a, b\n\+ .*: b, a$", render(review), re.MULTILINE)


def test_a_check_that_came_to_no_end_says_nothing_of_specs() -> None:
    told = ("the endpoint does not answer",)
    about = About(stage=Stage.NOT_CHECKED, compared=Compared.NOTHING, told=told)
    text = render(Review(None, (Problem("RCL9004", told[0]),), about))
    assert "reconcile: not checked" in text
    assert "What these specs would do, nobody knows" in text
    assert "not valid" not in text
    assert "Only the specs themselves" not in text
