"""Carrying out plans: order, patience, failures, interruptions, and a look at what has come of it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from reconciler.aspects.calls import Effect
from reconciler.planning.changeset import Action
from reconciler.planning.order import lane
from reconciler.s3 import looking, writing
from tests.s3.faults import body, done_but_unanswered, error
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results

KEY = "metadata/bucket-manifest.yaml"
PUBLIC: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "All",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::lake-one/*",
        }
    ],
}


# ── order ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_tightens_is_first_and_what_loosens_last(lake: World) -> None:
    spec = LAKE | {
        "versioning": "Suspended",
        "public_access_block": {
            "block_public_acls": True,
            "ignore_public_acls": True,
            "block_public_policy": False,
            "restrict_public_buckets": False,
        },
        "policy": PUBLIC,
        "tags": {"a": "b"},
    }
    plan = lake.plan(spec)
    effects = [step.call.effect for step in lane(plan)]
    assert effects == sorted(effects, key=list(Effect).index)
    assert len(set(effects)) > 1
    assert lake.apply(plan).exit_code == 0
    assert [name.lower() for name in lake.faults.writes()] == [
        step.call.operation.replace("_", "") for step in lane(plan)
    ]


def test_a_public_policy_is_replaced_before_the_shield_drops(lake: World) -> None:
    lake.make(LAKE | {"public_access_block": {"block_public_policy": False, "restrict_public_buckets": False}})
    lake.make(LAKE | {"policy": PUBLIC})
    lake.faults.forget()
    strict = PUBLIC | {"Statement": [PUBLIC["Statement"][0] | {"Effect": "Deny"}]}
    block = {"block_public_policy": True, "restrict_public_buckets": True}
    assert lake.make(LAKE | {"policy": strict, "public_access_block": block}).exit_code == 0
    assert lake.faults.writes() == ["PutPublicAccessBlock", "PutBucketPolicy"]
    lake.faults.forget()
    assert lake.make(LAKE | {"policy": PUBLIC, "public_access_block": "absent"}).exit_code == 0
    assert lake.faults.writes() == ["PutPublicAccessBlock", "PutBucketPolicy", "DeletePublicAccessBlock"]


# ── patience ─────────────────────────────────────────────────────────────────────────────────────────

WAITED_FOR = [
    ("PutBucketTagging", "OperationAborted", "A conflicting conditional operation is in progress", 409, 120),
    ("PutBucketPolicy", "MalformedPolicy", "Invalid principal in policy", 400, 60),
]
DENYING = LAKE | {"tags": {"a": "b"}, "policy": PUBLIC | {"Statement": [PUBLIC["Statement"][0] | {"Effect": "Deny"}]}}


@pytest.mark.parametrize(("operation", "code", "message", "status", "_limit"), WAITED_FOR)
def test_what_passes_by_itself_is_waited_for(
    lake: World, operation: str, code: str, message: str, status: int, _limit: float
) -> None:
    lake.faults.on(operation, error(code, status, message), times=4)
    assert lake.make(DENYING).exit_code == 0
    assert lake.faults.count(operation) == 5
    assert len(lake.clock.naps) == 4
    assert len(set(lake.clock.naps)) == 4, "not in step with everybody else"


@pytest.mark.parametrize(("operation", "code", "message", "status", "limit"), WAITED_FOR)
def test_what_does_not_pass_is_given_up(
    lake: World, operation: str, code: str, message: str, status: int, limit: float
) -> None:
    lake.faults.on(operation, error(code, status, message))
    applied = lake.make(DENYING)
    assert "failed" in results(applied).values()
    assert limit <= lake.clock.now < limit + 10


def test_any_other_malformed_policy_fails_at_once(lake: World) -> None:
    lake.faults.on("PutBucketPolicy", error("MalformedPolicy", 400, "Action does not apply to any resource(s)"))
    applied = lake.make(DENYING)
    assert results(applied) == {"policy": "failed", "tags": "applied"}
    assert "check principals, actions and resources" in outcomes(applied)["policy"].why
    assert lake.faults.count("PutBucketPolicy") == 1


def test_throttling_is_waited_for_by_botocore(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    lake.faults.on("PutBucketTagging", error("SlowDown", 503), times=3)
    assert lake.make(LAKE | {"tags": {"a": "b"}}).exit_code == 0
    assert lake.clients.calls["PutBucketTagging"] == 4


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_failure_stops_its_bucket_and_no_other(world: World) -> None:
    names = ("lake-one", "lake-two", "lake-three")
    specs = [{"name": name, "region": "us-east-1", "versioning": "Enabled", "lifecycle": EXPIRING} for name in names]
    world.faults.on("PutBucketVersioning", error("AccessDenied", 403, "Access Denied"), bucket="lake-two")
    applied = world.make(*specs)
    good = {"bucket": "applied", "versioning": "applied", "lifecycle": "applied"}
    assert results(applied, "lake-one") == results(applied, "lake-three") == good
    assert results(applied, "lake-two") == {"bucket": "applied", "versioning": "failed", "lifecycle": "skipped"}
    assert outcomes(applied, "lake-two")["lifecycle"].why == "after versioning failed"
    assert "allow s3:PutBucketVersioning for these credentials" in outcomes(applied, "lake-two")["versioning"].why
    assert applied.exit_code == 5
    assert "PutBucketLifecycleConfiguration" not in world.faults.made("lake-two")


EXPIRING = {"rules": [{"id": "old", "expiration": {"days": 30}}]}


def test_where_nothing_was_written_it_is_an_error(lake: World) -> None:
    lake.faults.on("PutBucketTagging", error("AccessDenied", 403))
    assert lake.make(LAKE | {"tags": {"a": "b"}}).exit_code == 1


def test_what_is_blocked_stays_undone_and_the_rest_is_applied(lake: World) -> None:
    lake.faults.on("GetBucketPolicy", error("AccessDenied", 403))
    applied = lake.make(DENYING)
    assert results(applied) == {"tags": "applied"}
    assert not applied.buckets[0].is_whole
    assert applied.exit_code == 5
    assert lake.faults.writes() == ["PutBucketTagging"]


def test_a_denied_policy_may_be_a_public_one(lake: World) -> None:
    lake.faults.on("PutBucketPolicy", error("AccessDenied", 403))  # the organization's block, which nobody can read
    applied = lake.make(LAKE | {"policy": PUBLIC, "public_access_block": "absent"})
    assert "block_public_policy is on, in the bucket or the account" in outcomes(applied)["policy"].why


def test_a_mistake_of_ours_in_one_bucket_does_not_hide_what_became_of_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = world.plans(
        *({"name": name, "region": "us-east-1", "versioning": "Enabled"} for name in ("lake-a", "lake-b"))
    )
    monkeypatch.setattr(writing.Writer, "dated", lambda self, params: params["nothing"])
    applied = world.apply(*plans)
    for name in ("lake-a", "lake-b"):
        assert results(applied, name) == {"bucket": "applied", "versioning": "failed"}
        assert "this should not have happened: KeyError" in outcomes(applied, name)["versioning"].why


def test_a_mistake_of_ours_while_looking_leaves_it_unverified(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = lake.plan(LAKE | {"versioning": "Enabled"})
    monkeypatch.setattr(looking, "compare", lambda *_: 1 / 0)
    applied = lake.apply(plan)
    assert results(applied) == {"versioning": "unverified"}
    assert "reading it back failed: division by zero" in outcomes(applied)["versioning"].why


def test_progress_is_told_for_every_bucket(world: World) -> None:
    told: list[str] = []
    plans = world.plans(*({"name": name, "region": "us-east-1"} for name in ("lake-a", "lake-b")))
    world.apply(*plans, progress=lambda outcome: told.append(outcome.plan.name))
    assert sorted(told) == ["lake-a", "lake-b"]


# ── answers that were lost ───────────────────────────────────────────────────────────────────────────


def test_a_write_whose_answer_was_lost_is_seen_to_have_worked(lake: World) -> None:
    plan = lake.plan(LAKE | {"versioning": "Enabled"})

    def lose_the_answer(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="here")

    client = lake.clients.s3("us-east-1")
    client.meta.events.register("after-call.s3.PutBucketVersioning", lose_the_answer)
    try:
        assert results(lake.apply(plan)) == {"versioning": "applied"}
    finally:
        client.meta.events.unregister("after-call.s3.PutBucketVersioning", lose_the_answer)
    assert lake.faults.count("PutBucketVersioning") == 1


def test_a_write_that_was_lost_altogether_has_failed(lake: World) -> None:
    plan = lake.plan(LAKE | {"versioning": "Enabled"})
    lake.faults.on("PutBucketVersioning", error("PreconditionFailed", 412))
    assert results(lake.apply(plan)) == {"versioning": "failed"}


# ── verification ─────────────────────────────────────────────────────────────────────────────────────


def test_a_stale_read_is_read_again(lake: World) -> None:
    lake.faults.stale("tagging", reads=4)
    lake.faults.stale("versioning", reads=2)
    assert lake.make(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"}).exit_code == 0
    assert lake.faults.count("GetBucketTagging") == 1 + 1 + 4 + 3, "once it was stale, it must agree three times"
    assert lake.faults.count("GetBucketVersioning") == 1 + 1 + 2 + 3
    assert lake.faults.count("PutBucketTagging") == 1


def test_what_never_becomes_visible_is_unverified(lake: World) -> None:
    lake.faults.stale("tagging", reads=10**6)
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert results(applied) == {"tags": "unverified"}
    assert outcomes(applied)["tags"].why == "written; S3 still answers something else, after 60 s"
    assert applied.exit_code == 5
    assert 60 <= lake.clock.now < 70


def test_what_cannot_be_read_back_is_unverified_and_says_why(lake: World) -> None:
    lake.faults.on("GetBucketTagging", error("AccessDenied", 403), skip=2)
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert outcomes(applied)["tags"].why == "written; tags cannot be read: access denied, after 60 s"


def test_credentials_that_expire_before_the_look_leave_it_unverified(lake: World) -> None:
    lake.faults.on("GetBucketTagging", error("ExpiredToken", 400), skip=2)
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert "reading it back failed: the AWS credentials have expired" in outcomes(applied)["tags"].why


def test_a_document_that_s3_spells_in_another_way_is_seen_to_be_the_same(lake: World) -> None:
    spelled = "<Tagging><TagSet><Tag><Value>2</Value><Key>b</Key></Tag><Tag><Key>a</Key></Tag></TagSet></Tagging>"
    lake.faults.on("GetBucketTagging", body(spelled), skip=2)
    assert lake.make(LAKE | {"tags": {"a": "", "b": "2"}}).exit_code == 0


# ── the manifest ─────────────────────────────────────────────────────────────────────────────────────


def manifest(world: World) -> str:
    return str(world.s3.get_object(Bucket="lake-one", Key=KEY)["Body"].read().decode())


def test_the_moment_of_creation_is_set_once_and_kept(lake: World) -> None:
    lake.make(LAKE | {"manifest": {"purpose": "one"}})
    assert "created_at: '2026-11-22T12:00:00Z'" in manifest(lake)
    plan = lake.plan(LAKE | {"manifest": {"purpose": "two", "environment": "(set when applied)"}})
    assert lake.executor().apply([plan]).exit_code == 0
    text = manifest(lake)
    assert "created_at: '2026-11-22T12:00:00Z'" in text
    assert "purpose: two" in text
    assert "environment: (set when applied)" in text


def test_only_the_line_of_the_moment_is_filled_in(lake: World) -> None:
    spec = LAKE | {"manifest": {"purpose": "created_at: (set when applied)"}}
    assert lake.make(spec).exit_code == 0
    assert "purpose: 'created_at: (set when applied)'" in manifest(lake)


def test_a_new_manifest_is_not_written_over_one_that_came_meanwhile(lake: World) -> None:
    plan = lake.plan(LAKE | {"manifest": {"purpose": "ours"}})
    lake.s3.put_object(Bucket="lake-one", Key=KEY, Body=b"purpose: theirs\n")
    applied = lake.apply(plan)
    assert results(applied) == {"manifest": "failed"}
    assert "somebody else has changed it" in outcomes(applied)["manifest"].why
    assert manifest(lake) == "purpose: theirs\n"


@pytest.mark.parametrize("wanted", [{"purpose": "ours"}, "absent"])
def test_an_edited_manifest_is_neither_written_over_nor_deleted(lake: World, wanted: Any) -> None:
    lake.make(LAKE | {"manifest": {"purpose": "old"}})
    plan = lake.plan(LAKE | {"manifest": wanted})
    lake.s3.put_object(Bucket="lake-one", Key=KEY, Body=b"purpose: theirs\n")
    assert results(lake.apply(plan)) == {"manifest": "failed"}
    assert manifest(lake) == "purpose: theirs\n"


def test_a_write_of_the_manifest_that_met_itself_is_no_conflict(lake: World) -> None:
    lake.faults.on("PutObject", done_but_unanswered, times=1)
    assert lake.make(LAKE | {"manifest": {"purpose": "ours"}}).exit_code == 0


def test_a_conflict_that_is_under_way_fails(lake: World) -> None:
    lake.faults.on("PutObject", error("ConditionalRequestConflict", 409))
    assert "right now" in outcomes(lake.make(LAKE | {"manifest": {"purpose": "x"}}))["manifest"].why


# ── nothing to do ────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_plan_writes_nothing(lake: World) -> None:
    lake.make(DENYING)
    lake.faults.forget()
    plan = lake.plan(DENYING)
    assert plan.action is Action.NONE
    assert lake.apply(plan).exit_code == 0
    assert lake.faults.writes() == []


def test_the_policy_is_written_as_the_person_spelled_it(lake: World) -> None:
    lake.make(DENYING)
    assert json.loads(lake.faults.of("PutBucketPolicy")[0].body) == DENYING["policy"]
