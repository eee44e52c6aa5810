"""Buckets that are to go, as plans. Cases are in ``cases/deleting.yaml``."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects.calls import Risk
from reconciler.bucket import OF_DELETION, BucketSpec
from reconciler.endpoints.profiles import AWS
from reconciler.planning.changeset import BUCKET, Action, Change, Changeset, Inputs, Origin, Plan
from reconciler.planning.contents import (
    Contents,
    Entry,
    Locks,
    Upload,
    contents_of,
    most_listed,
    size_in_words,
)
from reconciler.planning.deleting import ABORT, DELETE, EMPTY
from reconciler.planning.limits import exceeded
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.order import lane
from reconciler.planning.permissions import permissions
from reconciler.planning.planner import plan_bucket
from reconciler.planning.storage import to_document
from reconciler.planning.taking_over import everything_of, taken_over
from reconciler.reports.style import Style
from reconciler.reports.text import render
from reconciler.settings import Limits

NAME = "acme-lake"
ME = Identity("123456789012", None, "us-east-1", AWS, "arn:aws:iam::123456789012:user/me")
ORIGIN = Origin("specs/lake.yaml", 3)
CASES = yaml.safe_load((Path(__file__).parent / "cases" / "deleting.yaml").read_text(encoding="utf-8"))
FIELDS = {"name", "bucket", "holds", "spec", "calls", "blocked", "says", "changes", "findings"}


def spec_of(name: str = NAME, **said: Any) -> BucketSpec:
    whole = {"name": name, "region": "us-east-1", "state": "absent", "confirm_delete": name} | said
    return BucketSpec.model_validate(whole)


def live_of(holds: Any, name: str = NAME, **aspects: Any) -> LiveBucket:
    """A bucket that holds this, and none of the documents that are asked for."""
    if holds == "missing":
        return LiveBucket(name, Existence.MISSING)
    asked = dict.fromkeys(("public_access_block", "policy")) | aspects
    live = LiveBucket(name, Existence.EXISTS, "us-east-1", aspects=asked)
    if holds == "unreadable":
        return replace(live, contents=Unreadable("what is in the bucket cannot be read", "allow it"))
    if isinstance(holds, Contents):
        return replace(live, contents=holds)
    if holds == "unknown":
        return live
    locks = Locks(**holds.get("locks", {}))
    return replace(live, contents=Contents(**(holds | {"locks": locks, "digests": ("a", "b")})))


def plan_of(spec: BucketSpec, live: LiveBucket) -> Plan:
    return plan_bucket(spec, live, ME, ORIGIN)


def calls_of(change: Change) -> list[dict[str, Any]]:
    return [{call.operation: dict(call.params)} for call in change.calls]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    assert case.keys() <= FIELDS, "a case has a field that nobody looks at"
    name = case.get("bucket", NAME)
    plan = plan_of(spec_of(name, **case["spec"]), live_of(case["holds"], name))
    assert len(plan.blockers) == len(case.get("blocked", []))
    for blocker, words in zip(plan.blockers, case.get("blocked", []), strict=True):
        assert words in blocker.why
        assert blocker.remedy
        assert blocker.aspect == BUCKET
    unmaking = [change for change in plan.changes if change.aspect == BUCKET]
    assert [call for change in unmaking for call in calls_of(change)] == case.get("calls", [])
    assert [said for change in unmaking for said in change.consequences] == case.get("says", [])
    assert [change.aspect for change in plan.changes if change.aspect != BUCKET] == case.get("changes", [])
    assert [finding.code for finding in plan.findings] == case.get("findings", [])


def test_a_deletion_is_called_one_everywhere() -> None:
    plan = plan_of(spec_of(empty_first=True, max_objects=9), live_of({"objects": 2, "manifest": 1, "bytes": 2048}))
    assert plan.action is Action.DELETE
    assert plan.deletes
    assert plan.risk is Risk.LOSES_DATA
    assert plan.live.keys() == {"bucket", "contents", "uploads"}
    changeset = Changeset((plan,), None, Inputs(("specs",)))
    document = to_document(changeset, "1.0")
    assert document["summary"]["delete"] == 1
    shown = render(document, Style())
    assert "- acme-lake  to delete" in shown
    assert "- the bucket  ! can lose data" in shown
    assert "deletes 2 objects (2.0 KiB)" in shown
    assert "Plan: 1 to delete." in shown
    assert [need.about for need in exceeded(changeset, Limits(buckets_deleted=0))] == ["buckets_deleted"]


def test_a_tombstone_is_an_emptied_bucket_that_stays() -> None:
    spec = spec_of(empty_first=True, max_objects=9, tombstone=True)
    plan = plan_of(spec, live_of({"objects": 2}))
    assert plan.action is Action.UPDATE
    assert plan.deletes
    assert [step.call.operation for step in lane(plan)] == ["put_public_access_block", "put_bucket_policy", EMPTY]
    shown = render(to_document(Changeset((plan,), None, Inputs(("specs",))), "1.0"), Style())
    assert "- everything in it  ! can lose data" in shown


def test_a_tombstone_is_fulfilled_by_what_it_writes() -> None:
    spec = spec_of(tombstone=True)
    first = plan_of(spec, live_of({}))
    after: dict[str, Any] = {change.aspect: change.after for change in first.changes}
    again = plan_of(spec, live_of({}, **after))
    assert again.changes == ()
    assert again.blockers == ()
    assert not again.deletes


def test_a_tombstone_is_a_spec_that_nothing_is_wrong_with() -> None:
    spec = spec_of(empty_first=True, max_objects=9, tombstone=True, account="123456789012").as_tombstone()
    assert list(spec.refusals()) == []
    assert spec.account == "123456789012"
    assert spec.declared().keys() == {"public_access_block", "policy"}
    assert not spec.is_absent


@pytest.mark.parametrize("tombstone", [False, True])
def test_a_bucket_that_is_not_where_the_spec_says_is_left_alone(tombstone: bool) -> None:
    live = replace(live_of({}), region="eu-west-1")
    plan = plan_of(spec_of(tombstone=tombstone), live)
    assert plan.changes == ()
    assert "lives in eu-west-1" in plan.blockers[0].why


def test_a_name_that_is_somebody_elses_is_left_alone() -> None:
    live = LiveBucket(NAME, Existence.UNCLEAR, trouble=Unreadable("taken", "choose another"))
    plan = plan_of(spec_of(), live)
    assert plan.changes == ()
    assert plan.blockers[0].why == "taken"
    assert not plan.exists


def test_a_tombstone_that_cannot_be_closed_is_not_emptied() -> None:
    live = live_of({"objects": 1}, policy=Unreadable("policy cannot be read", "allow it"))
    plan = plan_of(spec_of(empty_first=True, max_objects=9, tombstone=True), live)
    assert plan.changes == ()
    assert [blocker.aspect for blocker in plan.blockers] == ["policy"]


def test_import_never_writes_how_to_delete() -> None:
    live = LiveBucket(NAME, Existence.EXISTS, "us-east-1", aspects=dict.fromkeys(BucketSpec.aspects()))
    assert not everything_of(NAME).is_absent
    for full in (False, True):
        assert not {"state", *OF_DELETION} & taken_over(live, ME, full=full).fields.keys()


def by_sid(specs: Sequence[BucketSpec], *, writing: bool) -> dict[str, Any]:
    return {one["Sid"]: one for one in permissions(specs, writing=writing)["Statement"]}


def test_the_permissions_of_a_deletion() -> None:
    gone, kept = spec_of("acme-gone"), spec_of("acme-kept", tombstone=True)
    emptied = spec_of("acme-emptied", empty_first=True, max_objects=5)
    reading = by_sid([gone, kept, emptied], writing=False)
    assert reading.keys() == {"FindBuckets", "AccountBlock", "Buckets", "LookInto", "OwnManifests", "Contents"}
    assert not any("Delete" in action or "Put" in action for one in reading.values() for action in one["Action"])
    assert reading["Buckets"]["Resource"] == ["arn:aws:s3:::acme-kept"]
    assert "s3:GetBucketPolicy" in reading["Buckets"]["Action"]
    writing = by_sid([gone, kept, emptied], writing=True)
    assert writing["Delete"]["Resource"] == ["arn:aws:s3:::acme-gone", "arn:aws:s3:::acme-emptied"]
    assert writing["Contents"]["Resource"] == ["arn:aws:s3:::acme-emptied/*"], "only what is to be emptied"
    assert writing["OwnManifests"]["Resource"] == [
        f"arn:aws:s3:::{name}/metadata/bucket-manifest.yaml" for name in ("acme-gone", "acme-kept")
    ]
    assert {"s3:DeleteObjectVersion", "s3:AbortMultipartUpload"} <= {*writing["Contents"]["Action"]}
    assert not any("Bypass" in action for one in writing.values() for action in one["Action"])
    assert not any("s3:CreateBucket" in one["Action"] for one in writing.values())
    assert "Delete" not in by_sid([kept], writing=True)
    assert "OwnManifests" not in by_sid([emptied], writing=True)
    assert by_sid([], writing=True).keys() == {"FindBuckets"}


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = st.integers(0, 40)
CONTENTS = st.builds(
    Contents,
    objects=NUMBERS,
    versions=NUMBERS,
    delete_markers=NUMBERS,
    manifest=NUMBERS,
    uploads=NUMBERS,
    is_whole=st.booleans(),
    mfa_delete=st.booleans(),
    locks=st.builds(Locks, locked=st.sampled_from((0, 0, 3)), held=st.sampled_from((0, 0, 3))),
    digests=st.just(("a", "b")),
)
ALLOWED = st.integers(1, 120)


@given(CONTENTS, ALLOWED | st.none(), st.booleans())
def test_nothing_goes_that_the_spec_does_not_let_go(contents: Contents, most: int | None, tombstone: bool) -> None:
    emptying: dict[str, Any] = {} if most is None else {"empty_first": True, "max_objects": most}
    spec = spec_of(tombstone=tombstone, **emptying)
    plan = plan_of(spec, live_of(contents))
    assert not (plan.changes and plan.blockers), "a bucket goes whole or not at all"
    steps = {step.call.operation: step.call.params for step in lane(plan) if step.change.aspect == BUCKET}
    if steps:
        assert contents.foreign <= (most or 0)
        assert not contents.locks.locked + contents.locks.held
        assert not (contents.mfa_delete and contents.listed)
        assert steps.get(EMPTY, {}).get("AtMost", 0) == contents.listed
        assert steps.get(ABORT, {}).get("AtMost", 0) == contents.uploads
        assert (DELETE in steps) is not tombstone
        assert [*steps][-1] == (EMPTY if contents.listed else ABORT) if tombstone else DELETE
        assert plan.deletes
        assert plan.risk is Risk.LOSES_DATA
    elif contents.listed + contents.uploads or not tombstone:
        assert plan.blockers


@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.data())
def test_a_bucket_whose_spec_is_gone_is_not_deleted(names: set[str], data: st.DataObject) -> None:
    """What is left of the specs is planned, and nothing of it is about a bucket that no spec names."""
    left = data.draw(st.sets(st.sampled_from(sorted(names))))
    going = data.draw(st.sets(st.sampled_from(sorted(names))))
    specs = [
        spec_of(f"acme-{one}") if one in going else BucketSpec(name=f"acme-{one}", region="us-east-1") for one in left
    ]
    plans = [plan_of(spec, live_of({}, spec.name)) for spec in specs]
    deleted = {plan.name for plan in plans if plan.deletes}
    assert deleted == {f"acme-{one}" for one in left & going}


ENTRIES = st.lists(
    st.builds(
        Entry,
        key=st.sampled_from(("a", "/a", "m")),
        version=st.sampled_from((None, "null", "1", "2")),
        is_marker=st.booleans(),
        is_latest=st.booleans(),
        size=st.integers(0, 9),
        etag=st.sampled_from(("x", "y")),
        modified=st.sampled_from(("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")),
    ),
    unique_by=lambda entry: (entry.key, entry.version),
)


@given(ENTRIES, st.data())
def test_every_entry_is_counted_once_and_the_order_says_nothing(entries: list[Entry], data: st.DataObject) -> None:
    ours = {entry for entry in entries if entry.key == "m"}
    found = contents_of(entries, ours, [Upload("u", "1")])
    assert found.listed == len(entries)
    assert found.manifest == len(ours)
    assert found.foreign == len(entries) - len(ours) + 1
    shuffled = data.draw(st.permutations(entries))
    assert contents_of(shuffled, ours, [Upload("u", "1")]) == found


@given(ENTRIES.filter(bool), st.data())
def test_a_change_of_what_is_in_the_bucket_changes_its_proof(entries: list[Entry], data: st.DataObject) -> None:
    before = contents_of(entries, set(), [])
    position = data.draw(st.integers(0, len(entries) - 1))
    other = replace(entries[position], etag="other")
    changed = [*entries[:position], other, *entries[position + 1 :]]
    assert contents_of(changed, set(), []).proofs["contents"] != before.proofs["contents"]
    assert contents_of(entries[1:], set(), []).proofs["contents"] != before.proofs["contents"]
    assert contents_of(entries, set(), [Upload("k", "1")]).proofs["uploads"] != before.proofs["uploads"]


def test_nothing_in_words() -> None:
    assert Contents().words == "nothing"
    assert {field.name for field in fields(Contents)} >= {"objects", "versions", "delete_markers", "uploads"}


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 byte"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (4402341478, "4.1 GiB"), (1024**6 * 3, "3,072.0 PiB")],
)
def test_sizes(number: int, words: str) -> None:
    assert size_in_words(number) == words


def test_how_much_is_listed() -> None:
    assert most_listed(spec_of()) == 1000
    assert most_listed(spec_of(empty_first=True, max_objects=5)) == 5
