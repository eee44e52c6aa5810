import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Changeset, Inputs, Origin
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.plan_schema import plan_schema
from reconciler.planning.planner import plan_bucket
from reconciler.planning.staleness import (
    Moved,
    check_format,
    expired,
    moved_as_a_whole,
    moved_buckets,
    shortly,
    stopped,
)
from reconciler.planning.storage import fingerprint, to_document, to_text

Document = dict[str, Any]
IDENTITY = Identity("123456789012", None, None)


def saved(*names: str) -> Document:
    plans = [
        plan_bucket(
            BucketSpec.model_validate({"name": name, "region": "us-east-1", "versioning": "Enabled"}),
            LiveBucket(name, Existence.EXISTS, "us-east-1"),
            IDENTITY,
            Origin("specs/lake.yaml", 1),
        )
        for name in names
    ]
    document = to_document(Changeset(tuple(plans), None, Inputs(("specs",), spec_digest="0" * 64)), "1.0")
    return dict(json.loads(to_text(document)))


def changed(change: Callable[[Document], Any]) -> Document:
    document = copy.deepcopy(saved("acme-a", "acme-b"))
    change(document)
    document["fingerprint"] = fingerprint(document)
    return document


@pytest.mark.parametrize("document", [None, [], {}, {"format_version": 1}, "1.0"])
def test_what_is_no_plan(document: Any) -> None:
    with pytest.raises(ReconcileError, match="not a saved plan"):
        check_format(document, "plan.json")


@pytest.mark.parametrize(
    "broken",
    [
        {"inputs": None},
        {"buckets": {}},
        {"buckets": ["x"]},
        {"inputs": {"paths": "specs", "targets": [], "variables": {}}},
        {"inputs": {"paths": [], "targets": [5], "variables": {}}},
        {"inputs": {"paths": [], "targets": [], "variables": []}},
    ],
)
def test_a_plan_that_lacks_its_parts(broken: Document) -> None:
    with pytest.raises(ReconcileError, match="not a saved plan"):
        check_format(saved("acme-a") | broken, "plan.json")


def test_a_plan_of_another_format() -> None:
    check_format(saved("acme-a") | {"format_version": "1.7"}, "plan.json")
    with pytest.raises(ReconcileError, match=r"format 2\.0"):
        check_format({"format_version": "2.0"}, "plan.json")


def test_a_plan_that_says_that_there_is_none() -> None:
    with pytest.raises(ReconcileError, match="planning failed"):
        check_format({"format_version": "1.0", "error": "x"}, "plan.json")


def moved(reviewed: Document, now: Document) -> tuple[str, ...]:
    """Everything that has moved, as a whole or in a bucket."""
    whole = moved_as_a_whole(reviewed, now)
    return whole or tuple(text for found in moved_buckets(reviewed, now).values() for part in found for text in part)


def test_a_plan_that_is_still_true() -> None:
    assert moved(saved("acme-a"), saved("acme-a") | {"tool_version": "2.0"}) == ()


def test_a_plan_that_was_tampered_with() -> None:
    document = saved("acme-a")
    document["buckets"][0]["changes"] = []
    assert moved(document, saved("acme-a")) == ("the file itself was changed after it was written",)


MOVED: list[tuple[Callable[[Document], Any], str]] = [
    (lambda plan: plan.update(endpoint="http://localhost"), "the endpoint: reviewed AWS, now http://localhost"),
    (lambda plan: plan["buckets"][0].update(spec="1" * 64), "acme-a: its spec says something else"),
    (lambda plan: plan["buckets"].pop(), "acme-b: no spec describes it any more"),
    (
        lambda plan: plan["buckets"].append({**plan["buckets"][0], "name": "acme-c"}),
        "acme-c: it was not part of the plan",
    ),
    (lambda plan: plan["buckets"][0].update(account="1"), "acme-a: the account: reviewed 123456789012, now 1"),
    (lambda plan: plan["buckets"][0].update(region="x"), "acme-a: the region: reviewed us-east-1, now x"),
    (lambda plan: plan["buckets"][0]["live"].update(bucket="x"), "acme-a: changed in S3 since: the bucket itself"),
    (lambda plan: plan["buckets"][0]["live"].pop("versioning"), "acme-a: changed in S3 since: versioning"),
    (
        lambda plan: plan["buckets"][0]["blockers"].append({"aspect": "tags", "why": "tags are odd", "remedy": "r"}),
        "acme-a: tags are odd",
    ),
    (lambda plan: plan["buckets"][0]["changes"].clear(), "acme-a: this version makes another plan of it"),
]


@pytest.mark.parametrize(("change", "said"), MOVED)
def test_what_has_moved(change: Callable[[Document], Any], said: str) -> None:
    assert moved(saved("acme-a", "acme-b"), changed(change)) == (said,)


def test_the_endpoint_the_other_way_around() -> None:
    elsewhere = changed(lambda plan: plan.update(endpoint="http://localhost"))
    assert moved(elsewhere, saved("acme-a", "acme-b")) == ("the endpoint: reviewed http://localhost, now AWS",)


# ── what was reviewed, and what is there now ─────────────────────────────────────────────────────────


def tagged(**tags: str) -> Document:
    """The plan of a bucket that has these tags, and is to have two others."""
    spec = BucketSpec.model_validate(
        {"name": "acme-a", "region": "us-east-1", "tags": {"team": "data", "note": "x" * 70}, "versioning": "Enabled"}
    )
    found = BucketSpec.aspects()["tags"].from_s3({"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})
    versioned = BucketSpec.aspects()["versioning"].from_s3({"Status": "Enabled"})
    live = LiveBucket("acme-a", Existence.EXISTS, "us-east-1", aspects={"tags": found, "versioning": versioned})
    plan = plan_bucket(spec, live, IDENTITY, Origin("specs/lake.yaml", 1))
    return to_document(Changeset((plan,), None, Inputs(("specs",), spec_digest="0" * 64)), "1.0")


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ({"team": "a"}, {"team": "b"}, ["team: reviewed a, now b"]),
        ({"team": "a"}, {}, ["team: reviewed a, now none"]),
        ({"team": "data"}, {"team": "b"}, ["team: reviewed data, now b"]),
        ({"team": "a"}, {"team": "data"}, ["team: reviewed a, now data"]),
        ({"team": "a"}, {"team": "a", "more": "1"}, ["more: reviewed none, now 1"]),
        ({}, {"note": "x" * 70}, [f"note: reviewed none, now {'x' * 60}…"]),
    ],
)
def test_what_was_reviewed_and_what_is_there_now(then: dict[str, str], now: dict[str, str], said: list[str]) -> None:
    sentences = [f"acme-a: {sentence}" for sentence in said]
    assert moved(tagged(**then), tagged(**now)) == ("acme-a: changed in S3 since: tags", *sentences)


def test_where_the_spec_moved_as_well_nothing_is_said_of_fields() -> None:
    then, now = tagged(team="a"), tagged(team="b")
    now["buckets"][0]["spec"] = "1" * 64
    assert moved(then, now) == ("acme-a: its spec says something else", "acme-a: changed in S3 since: tags")


def found(**aspects: Any) -> Document:
    """The plan of a bucket whose documents read like this; `trouble` is why none of them does."""
    spec = {"name": "acme-a", "tags": {"team": "data"}, "versioning": "Enabled"}
    trouble = aspects.pop("trouble", None)
    existence, region = (Existence.UNCLEAR, None) if trouble else (Existence.EXISTS, "us-east-1")
    live = LiveBucket("acme-a", existence, region, trouble, aspects)
    plan = plan_bucket(BucketSpec.model_validate(spec), live, IDENTITY, Origin("specs/lake.yaml", 1))
    return to_document(Changeset((plan,), None, Inputs(("specs",), spec_digest="0" * 64)), "1.0")


SHUT = Unreadable("tags cannot be read: access denied", "allow s3:GetBucketTagging")
SHUT_OUT = Unreadable("the bucket cannot be read: access denied", "allow s3:ListBucket")
TAGS = BucketSpec.aspects()["tags"].from_s3({"TagSet": [{"Key": "team", "Value": "a"}]})
VERSIONED = BucketSpec.aspects()["versioning"].from_s3({"Status": "Enabled"})


def test_what_cannot_be_read_has_not_moved() -> None:
    """Nobody knows what is there: it is not told to be what the spec says, or nothing."""
    reviewed = found(tags=TAGS, versioning=VERSIONED)
    for now, why in ((found(tags=SHUT, versioning=VERSIONED), SHUT.why), (found(trouble=SHUT_OUT), SHUT_OUT.why)):
        assert moved_buckets(reviewed, now) == {"acme-a": Moved((), (f"acme-a: {why}",))}


def test_what_can_be_read_again_has_not_moved_either() -> None:
    for then, why in ((found(tags=SHUT), SHUT.why), (found(trouble=SHUT_OUT), SHUT_OUT.why)):
        told = moved_buckets(then, found(tags=TAGS))["acme-a"].told
        assert told == (f"acme-a: not in the way any more: {why}",)


def test_what_moved_beside_what_cannot_be_read_is_told() -> None:
    now = moved_buckets(found(tags=TAGS), found(tags=SHUT, versioning=VERSIONED))["acme-a"]
    assert now.told == ("acme-a: changed in S3 since: versioning", "acme-a: status: reviewed none, now Enabled")
    assert now.in_the_way == (f"acme-a: {SHUT.why}",)


def test_what_was_in_the_way_and_still_is_has_not_moved() -> None:
    now = moved_buckets(found(tags=SHUT), found(tags=SHUT, versioning=VERSIONED))["acme-a"]
    assert now.told == ("acme-a: changed in S3 since: versioning", "acme-a: status: reviewed none, now Enabled")
    assert now.in_the_way == ()


def test_a_bucket_that_nobody_can_tell_of_says_what_is_in_the_way() -> None:
    plan = plan_bucket(
        BucketSpec.model_validate({"name": "acme-a", "region": "us-east-1", "tags": {"team": "data"}}),
        LiveBucket("acme-a", Existence.EXISTS, "us-east-1", aspects={"tags": SHUT}),
        IDENTITY,
        Origin("specs/lake.yaml", 1),
    )
    [left] = stopped(Changeset((plan,), None, Inputs(("specs",))), {"acme-a": Moved((), (SHUT.why,))}).plans
    assert [blocker.why for blocker in left.blockers] == ["nobody can tell whether it is as it was reviewed", SHUT.why]


def test_a_value_that_is_no_text() -> None:
    assert shortly(["a", 1]) == '["a", 1]'


def test_a_bucket_that_has_moved_is_left_alone_and_the_others_go_on() -> None:
    plans = tuple(
        plan_bucket(
            BucketSpec.model_validate({"name": name, "region": "us-east-1", "versioning": "Enabled"}),
            LiveBucket(name, Existence.EXISTS, "us-east-1"),
            IDENTITY,
            Origin("specs/lake.yaml", 1),
        )
        for name in ("acme-a", "acme-b")
    )
    left = stopped(Changeset(plans, None, Inputs(("specs",))), {"acme-a": Moved(("acme-a: one", "acme-a: two"))})
    assert left.plans[1] == plans[1]
    assert left.plans[0].changes == ()
    assert [blocker.why for blocker in left.plans[0].blockers] == ["not as it was reviewed: one; two"]


# ── age ──────────────────────────────────────────────────────────────────────────────────────────────

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "after", "said"),
    [
        ("2026-11-22T11:00:00Z", 3600, None),
        ("2026-11-22T12:04:00Z", 3600, None),
        ("2026-01-01T12:00:00Z", None, None),
        (None, None, None),
        (
            "2026-11-22T10:59:00Z",
            3600,
            "it is 61 minutes old, and plans expire after 60 minutes (`plans_expire_after`)",
        ),
        ("2026-11-20T10:59:00Z", 3600, "it is 2 days old, and plans expire after 60 minutes (`plans_expire_after`)"),
        ("2026-11-22T11:59:00Z", 30, "it is 60 seconds old, and plans expire after 30 seconds (`plans_expire_after`)"),
        ("2026-11-22T12:06:00Z", 60, "it was made in the future, at 2026-11-22T12:06:00Z: check the clocks"),
        (None, 60, "it does not say when it was made: save plans with `reconcile plan --out`"),
        ("yesterday", 60, "when it was made cannot be read: save plans with `reconcile plan --out`"),
        ("2026-11-22T11:00:00", 60, "when it was made cannot be read: save plans with `reconcile plan --out`"),
        (5, 60, "when it was made cannot be read: save plans with `reconcile plan --out`"),
    ],
)
def test_how_old_a_plan_may_be(written: Any, after: int | None, said: str | None) -> None:
    document = {"created_at": written} if written is not None else {}
    assert expired(document, NOON, after) == said


def test_plans_keep_their_contract() -> None:
    schema = plan_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    assert not list(validator.iter_errors(saved("acme-a", "acme-b")))
    assert list(validator.iter_errors({"format_version": "1.0"}))
