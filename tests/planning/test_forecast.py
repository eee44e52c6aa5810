"""What a change deletes, and when: AWS's documented dates as data, and a reference model that goes night by night."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reconciler.aspects.calls import Risk
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.lifecycle_losses import losses
from reconciler.aspects.versioning import Versioning
from reconciler.planning.forecast import HORIZONS, Amount, Forecast, Regime, Version, forecast, midnight_of
from tests.planning.lifecycle_model import ALIVE, DELETED, HIDDEN, simulated

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "forecast.yaml").read_text(encoding="utf-8"))
NAMES = {1: "at_once", 7: "within_7_days", 30: "within_30_days"}


def regime(rules: list[dict[str, Any]], status: str | None) -> Regime:
    lifecycle = Lifecycle.model_validate({"rules": [{"id": f"r{at}", **rule} for at, rule in enumerate(rules)]})
    return Regime(lifecycle if rules else None, Versioning.model_validate(status) if status else None)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────


def version_of(written: dict[str, Any]) -> Version:
    return Version(**{"key": "photo.gif", "size": 1, **written, "modified": seconds(written["modified"])})


def result_of(found: Forecast) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for reach in found.reaches:
        parts = {"deleted": reach.deleted, "hidden": reach.hidden, "whole": reach.whole}
        told[NAMES[reach.midnights]] = {name: [part.objects, part.bytes] for name, part in parts.items()}
    told["first"] = None if found.first is None else midnight_of(found.first).isoformat()
    told["depends_on_tags"] = [found.depends_on_tags.objects, found.depends_on_tags.bytes]
    return told


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert case.keys() <= {"name", "source", "now", "versioning", "before", "after", "versions", "expected"}
    was, becomes = case.get("versioning", [None, None])
    before, after = regime(case.get("before", []), was), regime(case.get("after", []), becomes)
    versions = [version_of(written) for written in case["versions"]]
    found = forecast(versions, before, after, datetime.fromisoformat(case["now"]))
    assert found.versions == len(versions)
    result, expected = result_of(found), case["expected"]
    for name in ("first", "depends_on_tags"):
        if name in expected:
            assert result[name] == expected[name], name
    for name in NAMES.values():
        assert {part: result[name][part] for part in expected.get(name, {})} == expected.get(name, {}), name


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────

DATES = ("2020-01-01", "2026-11-23", "2026-11-25", "2026-12-20", "2030-01-01")
filters = st.fixed_dictionaries(
    {},
    optional={
        "prefix": st.sampled_from(("", "a/", "a/b", "c")),
        "tags": st.sampled_from(({"k": "v"}, {"k": "w"}, {"k": "v", "l": "x"})),
        "object_size_greater_than": st.sampled_from((0, 5)),
        "object_size_less_than": st.sampled_from((6, 11)),
    },
)
ends = st.integers(1, 40).map(lambda days: {"days": days}) | st.sampled_from(DATES).map(lambda date: {"date": date})
old_ends = st.fixed_dictionaries(
    {}, optional={"noncurrent_days": st.integers(0, 40), "newer_noncurrent_versions": st.integers(1, 3)}
)
rules = st.fixed_dictionaries(
    {"filter": filters, "status": st.sampled_from(("Enabled", "Enabled", "Enabled", "Disabled"))},
    optional={
        "expiration": ends | st.just({"expired_object_delete_marker": True}),
        "noncurrent_version_expiration": old_ends,
    },
)
rule_lists = st.lists(rules, max_size=3)
statuses = st.sampled_from((None, "Enabled", "Suspended"))
tag_choices: tuple[dict[str, str], ...] = ({}, {"k": "v"}, {"k": "w"}, {"l": "x"}, {"k": "v", "l": "x"})


@st.composite
def stacks(draw: DrawFn, versioned: bool, tags_known: bool) -> list[Version]:
    """The versions of a few keys, newest first, one of them null at the most; at times to the very midnight."""
    found: list[Version] = []
    for key in draw(st.lists(st.sampled_from(("a/b1", "a/x", "c", "d")), unique=True, max_size=3)):
        ages = draw(st.lists(st.integers(0, 50 * 24), min_size=1, max_size=5 if versioned else 1))
        null = draw(st.none() | st.integers(0, len(ages) - 1)) if versioned else 0
        for place, age in enumerate(sorted(ages)):
            found.append(
                Version(
                    key,
                    draw(st.sampled_from((0, 1, 6, 10, 11, 1000))),
                    int((NOW - timedelta(hours=age)).timestamp()),
                    is_latest=place == 0,
                    is_delete_marker=versioned and draw(st.sampled_from((False, False, True))),
                    is_null=place == null,
                    tags=draw(st.sampled_from(tag_choices)) if tags_known else None,
                )
            )
    return found


Step = tuple[Regime, Regime, list[Version]]


@st.composite
def changes(draw: DrawFn, *, tags_known: bool = True, same_status: bool = False) -> Step:
    """A step from one regime to another, and what is in the bucket."""
    old = draw(rule_lists)
    new = draw(rule_lists | st.permutations(old).map(lambda some: some[:2]))
    was = draw(statuses)
    becomes = was if same_status else draw(statuses)
    versions = draw(stacks(versioned=was is not None, tags_known=tags_known))
    return regime(old, was), regime(new, becomes), versions


def states(versions: list[Version], tags: list[dict[str, str]], side: Regime) -> list[list[int]]:
    return simulated(versions, tags, side.rules, side.status, NOW)


def worse(before: int, after: int) -> int:
    return after if after > before else ALIVE


@given(changes())
def test_law_the_forecast_is_what_happens_night_by_night(change: Step) -> None:
    before, after, versions = change
    tags = [dict(version.tags or {}) for version in versions]
    old, new = states(versions, tags, before), states(versions, tags, after)
    found = forecast(versions, before, after, NOW)
    for reach in found.reaches:
        night = reach.midnights - 1
        expected = {HIDDEN: Amount(), DELETED: Amount()}
        whole = Amount()
        for version, was, becomes in zip(versions, old, new, strict=True):
            kind = worse(was[night], becomes[night])
            if kind:
                expected[kind].add(version.size)
            if becomes[night]:
                whole.add(version.size)
        assert (reach.hidden, reach.deleted, reach.whole) == (expected[HIDDEN], expected[DELETED], whole)
    assert found.depends_on_tags == Amount()
    nights = [
        night for was, becomes in zip(old, new, strict=True) for night in range(30) if worse(was[night], becomes[night])
    ]
    tonight = int(NOW.timestamp() // 86_400) + 1
    if nights:
        assert found.first == tonight + min(nights)
    else:
        assert found.first is None or found.first >= tonight + 30


@given(changes(tags_known=False))
def test_law_what_depends_on_tags_is_told_apart(change: Step) -> None:
    before, after, versions = change
    found = forecast(versions, before, after, NOW)
    certain, depends = {HIDDEN: Amount(), DELETED: Amount()}, Amount()
    for place, version in enumerate(versions):
        kinds = []
        for choice in tag_choices:
            tags: list[dict[str, str]] = [{} for _ in versions]
            tags[place] = dict(choice)
            was, becomes = (states(versions, tags, side)[place][29] for side in (before, after))
            kinds.append(worse(was, becomes))
        if min(kinds):
            certain[min(kinds)].add(version.size)
        if max(kinds) > min(kinds):
            depends.add(version.size)
    last = found.reaches[-1]
    assert (last.hidden, last.deleted, found.depends_on_tags) == (certain[HIDDEN], certain[DELETED], depends)


@given(changes(same_status=True), st.booleans())
def test_law_what_no_sentence_names_is_not_lost(change: Step, tags_known: bool) -> None:
    """The words and the risk are true: outside of the rules that they name, and without any, nothing goes sooner."""
    before, after, versions = change
    versions = versions if tags_known else [replace(version, tags=None) for version in versions]
    old, new = (side.lifecycle.rules if side.lifecycle else () for side in (before, after))
    prefixes = tuple(loss.rule.filter.prefix or "" for loss in losses(old, new))
    unnamed = [version for version in versions if not version.key.startswith(prefixes or ("no key",))]
    found = forecast(unnamed, before, after, NOW)
    assert all(reach.deleted == reach.hidden == Amount() for reach in found.reaches)
    assert found.first is None
    assert found.depends_on_tags == Amount()
    said = list(Lifecycle.consequences(before.lifecycle, after.lifecycle))
    assert (Lifecycle.risk(before.lifecycle, after.lifecycle) is Risk.LOSES_DATA) == bool(said)


def has_acted_for_long(rule: dict[str, Any]) -> bool:
    """Whether everything is gone already, which nobody knows who does not know the time."""
    return str(rule.get("expiration", {}).get("date", "2030")) < "2027"


@given(st.lists(rules.filter(lambda rule: not has_acted_for_long(rule)), max_size=1), st.lists(rules, max_size=1))
def test_law_what_a_sentence_names_is_lost_somewhere(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """With one rule before, an object can be found for every sentence: old enough for the new rule alone."""
    before, after = regime(old, "Enabled"), regime(new, "Enabled")
    said = list(losses(before.lifecycle.rules if before.lifecycle else (), after.rules))
    for loss in said:
        chosen = loss.rule.filter
        found = [
            forecast(stack_of_four(key, size, tags, hours), before, after, NOW)
            for key in ("a/b1", "a/x", "c", "d")
            for size in (0, 1, 6, 10, 11, 1000)
            for tags in tag_choices
            for hours in (1, 24 * 45)
            if key.startswith(chosen.prefix or "")
        ]
        impossible = (chosen.object_size_greater_than, chosen.object_size_less_than) == (5, 6)
        assert impossible or any(one.first is not None for one in found)


def stack_of_four(key: str, size: int, tags: dict[str, str], hours: int) -> list[Version]:
    newest = Version(key, size, int((NOW - timedelta(hours=hours)).timestamp()), is_null=False, tags=tags)
    return [newest, *(replace(newest, is_latest=False, modified=newest.modified - age) for age in range(1, 5))]


@given(changes(same_status=True))
def test_law_a_change_of_nothing_deletes_nothing(change: Step) -> None:
    before, _, versions = change
    found = forecast(versions, before, before, NOW)
    assert all(reach.deleted == reach.hidden == Amount() for reach in found.reaches)
    assert found.first is None


@given(changes())
def test_law_longer_reaches_hold_shorter_ones(change: Step) -> None:
    before, after, versions = change
    wholes = [reach.whole.objects for reach in forecast(versions, before, after, NOW).reaches]
    assert wholes == sorted(wholes)
    assert len(wholes) == len(HORIZONS)
    assert max(wholes) <= len(versions)


def test_versions_are_taken_one_by_one() -> None:
    """A million versions are never held at once."""
    seen = 0

    def stream() -> Any:
        nonlocal seen
        for key, group in groupby(f"{number // 3:06}" for number in range(3000)):
            for place, _ in enumerate(group):
                seen += 1
                yield Version(key, 1, seconds("2026-01-01") - place, is_latest=place == 0)

    after = regime([{"expiration": {"days": 1}, "noncurrent_version_expiration": {"noncurrent_days": 1}}], "Enabled")
    found = forecast(stream(), regime([], "Enabled"), after, NOW)
    assert (seen, found.versions) == (3000, 3000)
    assert found.reaches[0].hidden == Amount(1000, 1000)
    assert found.reaches[0].deleted == Amount(2000, 2000)
