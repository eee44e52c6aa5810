"""Each write re-reads its document right before: what moved stops that bucket, and nothing else does."""

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.planning.changeset import Action
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.faults import Faults, belongs_to_somebody_else, error
from tests.s3.lakes import LAKE
from tests.s3.notes import Notes
from tests.s3.world import World, outcomes, results

EXPIRING: dict[str, Any] = LAKE | {"lifecycle": {"rules": [{"id": "expire-raw", "expiration": {"days": 90}}]}}
SWITCHES = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
THREE_PUTS: dict[str, Any] = LAKE | {
    "public_access_block": dict(zip(SWITCHES, (True, True, False, False), strict=True)),
}
"""From the gates closed and one shield up, to both gates and shields the other way around: several PUTs."""


def block(*on: str) -> dict[str, Any]:
    """A public access block with these switches on, in S3's spelling."""
    return PublicAccessBlock.model_validate({name: name in on for name in SWITCHES}).to_s3()


# ── between the plan and the first write ─────────────────────────────────────────────────────────────


def test_what_moved_is_told_field_by_field(lake: World) -> None:
    lake.set_up(EXPIRING)
    plan = lake.plan(LAKE | {"lifecycle": {"rules": [{"id": "expire-raw", "expiration": {"days": 365}}]}})
    lake.s3.put_bucket_lifecycle_configuration(
        Bucket="lake-one",
        LifecycleConfiguration={
            "Rules": [{"ID": "expire-raw", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]
        },
    )
    lake.faults.forget()
    applied = lake.apply(plan)
    assert results(applied) == {"lifecycle": "failed"}
    assert outcomes(applied)["lifecycle"].why == (
        "put_bucket_lifecycle_configuration: somebody else has changed it since it was reviewed: "
        "rules.expire-raw.expiration.days: reviewed 90, now 30 (run `reconcile plan` again)"
    )
    assert lake.faults.writes() == []


def test_what_is_gone_meanwhile_has_moved_too(lake: World) -> None:
    lake.set_up(LAKE | {"tags": {"a": "1"}})
    plan = lake.plan(LAKE | {"tags": {"a": "2"}})
    lake.s3.delete_bucket_tagging(Bucket="lake-one")
    applied = lake.apply(plan)
    assert "a: reviewed 1, now none" in outcomes(applied)["tags"].why


def test_a_long_list_of_what_moved_is_cut_short(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "2"}})
    theirs = [{"Key": f"key-{number:02}", "Value": "x" * 200} for number in range(15)]
    lake.s3.put_bucket_tagging(Bucket="lake-one", Tagging={"TagSet": theirs})
    why = outcomes(lake.apply(plan))["tags"].why
    assert "key-09" in why
    assert "key-10" not in why
    assert "and 5 more" in why
    assert len(why) < 1_500


def test_what_moved_stops_its_bucket_and_no_other(world: World) -> None:
    specs = [{"name": name, "region": "us-east-1", "tags": {"a": "1"}} for name in ("lake-one", "lake-two")]
    world.set_up(specs[0])
    world.set_up(specs[1])
    plans = world.plans(*({**spec, "tags": {"a": "2"}, "versioning": "Enabled"} for spec in specs))
    tagging = {"TagSet": [{"Key": "a", "Value": "theirs"}]}
    world.s3.put_bucket_tagging(Bucket="lake-one", Tagging=tagging)
    world.faults.forget()
    applied = world.apply(*plans)
    assert results(applied, "lake-one")["tags"] == "failed"
    assert results(applied, "lake-two") == {"versioning": "applied", "tags": "applied"}
    assert applied.exit_code == 5
    assert "PutBucketTagging" not in world.faults.writes("lake-one")


def test_what_somebody_wrote_while_we_waited_is_not_lost(lake: World) -> None:
    """409 OperationAborted says that somebody is writing: what they wrote is looked at before the next try."""
    plan = lake.plan(LAKE | {"tags": {"a": "ours"}})
    theirs = b"<Tagging><TagSet><Tag><Key>a</Key><Value>theirs</Value></Tag></TagSet></Tagging>"

    def busy_with_theirs(request: S3Request, memory: Any, ask: Any) -> Answer:
        headers = {name: value for name, value in request.headers.items() if "checksum" not in name}
        ask(replace(request, body=theirs, headers=headers))
        return error("OperationAborted", 409)(request, memory, ask)

    lake.faults.on("PutBucketTagging", busy_with_theirs, times=1)
    applied = lake.apply(plan)
    assert "somebody else has changed it" in outcomes(applied)["tags"].why
    assert "a: reviewed none, now theirs" in outcomes(applied)["tags"].why
    assert lake.faults.count("PutBucketTagging") == 1


def test_a_bucket_that_is_somebody_elses_by_now_is_left_alone(lake: World) -> None:
    """Deleted, and created again by another account, between the plan and the apply."""
    plan = lake.plan(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"})
    for operation in ("GetBucketVersioning", "GetBucketTagging", "PutBucketVersioning", "PutBucketTagging"):
        lake.faults.on(operation, belongs_to_somebody_else)
    applied = lake.apply(plan)
    assert results(applied) == {"versioning": "failed", "tags": "skipped"}
    why = outcomes(applied)["versioning"].why
    assert "access denied, though it was when this was planned" not in why
    assert "it could be read when this was planned: permissions have changed, or the bucket is another one" in why
    assert lake.faults.writes() == []


def test_a_bucket_that_moved_to_another_region_is_left_alone(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    lake.faults.on("GetBucketTagging", error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-1"))
    applied = lake.apply(plan)
    assert results(applied) == {"tags": "failed"}
    assert "tags cannot be read: PermanentRedirect" in outcomes(applied)["tags"].why
    assert lake.faults.writes() == []


# ── between two calls of one change ──────────────────────────────────────────────────────────────────


@pytest.fixture
def in_steps(lake: World) -> World:
    """A bucket whose public access block takes more than one PUT to become `THREE_PUTS`."""
    lake.s3.put_public_access_block(Bucket="lake-one", **block("block_public_policy", "restrict_public_buckets"))
    lake.faults.forget()
    return lake


def test_every_call_of_a_change_looks_before_it_writes(in_steps: World) -> None:
    plan, notes = in_steps.plan(THREE_PUTS), Notes()
    [change] = plan.changes
    assert len(change.calls) == 3
    in_steps.faults.forget()
    assert in_steps.apply(plan, recorder=notes).exit_code == 0
    look, write = "GetPublicAccessBlock", "PutPublicAccessBlock"
    assert in_steps.faults.made() == [look, write, look, write, look, write, look]
    assert notes.of("begins") == [("put_public_access_block",)] * 3
    assert notes.before["public_access_block"] == PublicAccessBlock.from_calls(change.calls[:2])


@pytest.mark.parametrize("position", [1, 2])
def test_what_moved_between_two_calls_stops_the_bucket(in_steps: World, position: int) -> None:
    plan = in_steps.plan(THREE_PUTS | {"versioning": "Enabled"})
    theirs = b"<IgnorePublicAcls>true</IgnorePublicAcls>"
    meddled: list[bool] = []

    def meddling(request: S3Request, memory: Any, ask: Any) -> Answer:
        if not meddled:
            meddled.append(True)
            ask(replace(request.about("publicAccessBlock", method="PUT", body=as_document(theirs))))
        return ask(request)  # type: ignore[no-any-return]

    in_steps.faults.forget()
    in_steps.faults.on("GetPublicAccessBlock", meddling, skip=position)
    applied = in_steps.apply(plan)
    assert results(applied)["public_access_block"] == "failed"
    why = outcomes(applied)["public_access_block"].why
    assert "somebody else has changed it since it was written: block_public_acls: written true, now false" in why
    assert in_steps.faults.count("PutPublicAccessBlock") == position


def as_document(inside: bytes) -> bytes:
    return b"<PublicAccessBlockConfiguration>" + inside + b"</PublicAccessBlockConfiguration>"


@pytest.mark.parametrize("reads", [1, 3])
def test_a_stale_read_between_two_calls_is_nobody_elses(in_steps: World, reads: int) -> None:
    plan = in_steps.plan(THREE_PUTS)
    in_steps.faults.stale("publicAccessBlock", reads)
    assert results(in_steps.apply(plan)) == {"public_access_block": "applied"}
    assert in_steps.plan(THREE_PUTS).action is Action.NONE


def test_a_read_that_stays_stale_between_two_calls_is_not_written_over(in_steps: World) -> None:
    plan = in_steps.plan(THREE_PUTS)
    in_steps.faults.stale("publicAccessBlock", 10**6)
    applied = in_steps.apply(plan)
    assert "nobody can tell whether somebody else has put it back" in outcomes(applied)["public_access_block"].why
    assert in_steps.faults.count("PutPublicAccessBlock") == 1
    assert 60 <= in_steps.clock.now < 70


# ── what never stops anything ────────────────────────────────────────────────────────────────────────


def test_every_other_document_may_move(lake: World) -> None:
    lake.set_up(EXPIRING)
    plan = lake.plan(EXPIRING | {"tags": {"a": "b"}, "versioning": "Enabled"})
    lake.s3.delete_bucket_lifecycle(Bucket="lake-one")
    policy = {
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lake-one"}]
    }
    lake.s3.put_bucket_policy(Bucket="lake-one", Policy=json.dumps(policy))
    assert lake.apply(plan).exit_code == 0


def test_a_bucket_of_this_run_is_not_read_before_it_is_written(world: World) -> None:
    plan = world.plan(
        {"name": "lake-one", "region": "us-east-1", "versioning": "Enabled", "lifecycle": EXPIRING["lifecycle"]}
    )
    world.faults.forget()
    assert world.apply(plan).exit_code == 0
    assert world.faults.made()[:3] == ["HeadBucket", "CreateBucket", "PutBucketVersioning"]
    assert world.faults.made().index("GetBucketVersioning") > world.faults.made().index(
        "PutBucketLifecycleConfiguration"
    )


# ── the faults themselves ────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("no_pauses")
def test_a_fault_can_be_put_at_any_call_and_strikes_all_its_tries(lake: World) -> None:
    """What a fault engine needs: the n-th call, whatever it is, and all tries of it or only the first."""
    spec = LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"}
    plan = lake.plan(spec)
    lake.faults.forget()
    assert lake.apply(plan).exit_code == 0
    calls = lake.faults.calls()
    assert calls == lake.faults.made()
    lake.s3.delete_bucket_tagging(Bucket="lake-one")
    for whole, tries in ((True, 5), (False, 2)):
        lake.faults.reset()
        plan = lake.plan(LAKE | {"tags": {"a": "b"}})
        lake.faults.reset()
        lake.faults.on_call(1, error("InternalError", 500), whole=whole)
        applied = lake.apply(plan)
        assert lake.faults.calls()[1] == "PutBucketTagging"
        assert lake.faults.count("PutBucketTagging") == tries + (1 if whole else 0)
        assert applied.exit_code == 0
        lake.s3.delete_bucket_tagging(Bucket="lake-one")
    assert Faults().calls() == []
