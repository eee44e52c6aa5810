from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects.calls import Call
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.managed import ABSENT
from reconciler.planning import storage
from reconciler.planning.changeset import Action, Change
from reconciler.planning.planner import compare
from reconciler.reports.timeline import DELETED, KEPT, Lane, lifecycle_before, timelines
from tests.aspects.strategies import lifecycle_live
from tests.reports.plans import ACCOUNT, spec_of

AROUND = spec_of("{name: acme-lake, versioning: Enabled}").surroundings(account=ACCOUNT, region="us-east-1")


def change_between(before: Lifecycle | None, after: Lifecycle | None) -> Mapping[str, Any] | None:
    """The change of the lifecycle as a plan document tells it, if there is any."""
    found = compare("lifecycle", after or ABSENT, before, AROUND)
    return storage.change(found) if isinstance(found, Change) else None


def of_rules(before: str | None, after: str | None) -> list[Any]:
    """The timelines between two lists of rules in YAML."""
    sides = [
        spec_of(f"{{name: acme-lake, lifecycle: {{rules: [{rules}]}}}}").lifecycle if rules else None
        for rules in (before, after)
    ]
    was, becomes = (side if isinstance(side, Lifecycle) else None for side in sides)
    size = {"transition_default_minimum_object_size": "all_storage_classes_128K"}
    change = change_between(was.model_copy(update=size) if was else None, becomes)
    assert change is not None
    return list(timelines(change))


@given(lifecycle_live, st.none() | lifecycle_live)
def test_what_was_before_is_found_again_from_the_plan(before: Lifecycle, after: Lifecycle | None) -> None:
    change = change_between(before, after)
    if change is None:
        assert before == after
        return
    becomes = Lifecycle.from_calls([Call(**call) for call in change["calls"]]) if after is not None else None
    assert lifecycle_before(change, becomes) == before


@given(st.none() | lifecycle_live, lifecycle_live)
def test_a_line_of_ages_has_no_gaps_and_ends_once(before: Lifecycle | None, after: Lifecycle) -> None:
    change = change_between(before, after)
    for timeline in timelines(change) if change else ():
        assert timeline.before or timeline.after
        for band in timeline.bands:
            places = [band.marks[day] for day in sorted(band.marks)]
            assert places == sorted(set(places))
            assert places[0] == 0
            assert places[-1] < 1
            for lane in (band.before, band.after):
                if lane is not None:
                    assert has_no_gaps(lane)
                    assert {stay.start for stay in lane.stays} <= band.marks.keys()


def has_no_gaps(lane: Lane) -> bool:
    ends = [stay.end for stay in lane.stays]
    starts = [stay.start for stay in lane.stays]
    states = [stay.state for stay in lane.stays]
    return starts[0] == 0 and ends[-1] is None and ends[:-1] == starts[1:] and DELETED not in states[:-1]


def test_only_rules_that_change_have_a_picture() -> None:
    stays = "{id: stays, expiration: {days: 9}}"
    before = f"{stays}, {{id: sooner, expiration: {{days: 30}}}}, {{id: goes, expiration: {{days: 1}}}}"
    after = f"{stays}, {{id: sooner, expiration: {{days: 7}}}}, {{id: new, expiration: {{days: 2}}}}"
    found = {timeline.rule: timeline.action for timeline in of_rules(before, after)}
    assert found == {"goes": Action.DELETE, "new": Action.CREATE, "sooner": Action.UPDATE}


@pytest.mark.parametrize(
    ("rule", "states", "notes"),
    [
        ("expiration: {days: 9}", [(KEPT, 0), (DELETED, 9)], ()),
        ("expiration: {date: 2030-01-01}", [(KEPT, 0)], ("deleted on 2030-01-01",)),
        (
            "expiration: {expired_object_delete_marker: true}",
            [(KEPT, 0)],
            ("delete markers without versions are removed",),
        ),
        ("transitions: [{date: 2030-01-01, storage_class: GLACIER}]", [(KEPT, 0)], ("GLACIER on 2030-01-01",)),
        ("transitions: [{days: 0, storage_class: GLACIER}]", [("GLACIER", 0)], ()),
        (
            "noncurrent_version_expiration: {noncurrent_days: 9, newer_noncurrent_versions: 3}",
            [(KEPT, 0), (DELETED, 9)],
            ("deleted but the 3 newest",),
        ),
        (
            "noncurrent_version_transitions: [{newer_noncurrent_versions: 2, storage_class: GLACIER}]",
            [("GLACIER", 0)],
            ("GLACIER but the 2 newest",),
        ),
        ("abort_incomplete_multipart_upload: {days_after_initiation: 7}", [(KEPT, 0), (DELETED, 7)], ()),
    ],
)
def test_what_a_rule_does_by_age(rule: str, states: list[tuple[str, int]], notes: tuple[str, ...]) -> None:
    [timeline] = of_rules(None, f"{{id: r, {rule}}}")
    [band] = timeline.bands
    assert band.after is not None
    assert [(stay.state, stay.start) for stay in band.after.stays] == states
    assert band.after.notes == notes


def test_a_disabled_rule_does_nothing() -> None:
    [timeline] = of_rules("{id: r, expiration: {days: 9}}", "{id: r, status: Disabled, expiration: {days: 9}}")
    [band] = timeline.bands
    assert band.before is not None
    assert band.after is not None
    assert (band.before.enabled, band.after.enabled) == (True, False)


def test_a_saved_plan_that_does_not_tell_what_was_there_has_no_picture() -> None:
    change = change_between(None, spec_lifecycle("{id: r, expiration: {days: 9}}"))
    assert change is not None
    odd = {**change, "action": "update", "fields": [{"path": "rules.r.expiration.days", "before": "soon", "after": 9}]}
    assert list(timelines(odd)) == []


def spec_lifecycle(rules: str) -> Lifecycle:
    found = spec_of(f"{{name: acme-lake, lifecycle: {{rules: [{rules}]}}}}").lifecycle
    assert isinstance(found, Lifecycle)
    return found
