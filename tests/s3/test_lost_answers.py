"""Answers that do not come: every write, lost before it is served or after, is settled by reading."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.changeset import Action
from reconciler.sandbox.behaviours import Behaviour
from tests.s3.faults import body, error, is_done_and_lost, is_done_and_then, never_arrives
from tests.s3.lakes import LAKE
from tests.s3.notes import Notes
from tests.s3.world import World, outcomes, results

pytestmark = pytest.mark.usefixtures("no_pauses")


def denying(action: str) -> dict[str, Any]:
    resource = "arn:aws:s3:::lake-one/*"
    return {"Statement": [{"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}]}


BLOCK = {"block_public_acls": True, "ignore_public_acls": True, "block_public_policy": True}
FULL: dict[str, Any] = LAKE | {
    "versioning": "Enabled",
    "tags": {"a": "b"},
    "encryption": "aws:kms",
    "lifecycle": {"rules": [{"id": "old", "expiration": {"days": 30}}]},
    "ownership_controls": "ObjectWriter",
    "public_access_block": BLOCK | {"restrict_public_buckets": False},
    "policy": denying("s3:DeleteObject"),
    "manifest": {"purpose": "ours"},
}
ASPECTS = sorted(FULL.keys() - LAKE.keys())
EMPTY: dict[str, Any] = LAKE | dict.fromkeys(ASPECTS, "absent") | {"versioning": "Suspended"}
PUTS = [
    ("PutBucketVersioning", "versioning"),
    ("PutBucketTagging", "tags"),
    ("PutBucketEncryption", "encryption"),
    ("PutBucketLifecycleConfiguration", "lifecycle"),
    ("PutBucketOwnershipControls", "ownership_controls"),
    ("PutPublicAccessBlock", "public_access_block"),
    ("PutBucketPolicy", "policy"),
    ("PutObject", "manifest"),
]
DELETES = [
    ("DeleteBucketTagging", "tags"),
    ("DeleteBucketEncryption", "encryption"),
    ("DeleteBucketLifecycle", "lifecycle"),
    ("DeleteBucketOwnershipControls", "ownership_controls"),
    ("DeletePublicAccessBlock", "public_access_block"),
    ("DeleteBucketPolicy", "policy"),
    ("DeleteObject", "manifest"),
]
LOSSES: dict[str, Behaviour] = {
    "reset before": never_arrives,
    "reset after it was applied": is_done_and_lost,
    "500 before": error("InternalError", 500),
    "500 after it was applied": is_done_and_then(error("InternalError", 500)),
    "503 after it was applied": is_done_and_then(error("ServiceUnavailable", 503)),
    "502 and no XML": is_done_and_then(error("", 502)),
}
DONE = {"reset after it was applied", "500 after it was applied", "503 after it was applied", "502 and no XML"}
every_loss = pytest.mark.parametrize("loss", LOSSES)


def survives(
    world: World, operation: str, aspect: str, before: dict[str, Any], spec: dict[str, Any], loss: str
) -> None:
    """One aspect goes from one document to another although all tries of its first call are lost."""
    world.set_up({**before, "policy": "absent"} if aspect != "policy" else before)
    wanted = LAKE | {aspect: spec[aspect]}
    plan = world.plan(wanted)
    notes = Notes()
    world.faults.forget()
    world.faults.on(operation, LOSSES[loss], times=1, whole=True)
    applied = world.apply(plan, recorder=notes)
    assert results(applied) == {aspect: "applied"}, outcomes(applied)[aspect].why
    assert world.plan(wanted).action is Action.NONE
    assert ("resolved", aspect, str(loss in DONE)) in notes.told
    assert notes.told.count(("resolved", aspect, str(loss in DONE))) == 1
    begun, ended = len(notes.of("begins")), len(notes.of("ended"))
    assert begun == ended, "what was begun has ended, before anything else began"


@every_loss
@pytest.mark.parametrize(("operation", "aspect"), PUTS)
def test_a_put_whose_answer_is_lost_is_settled_by_reading(world: World, operation: str, aspect: str, loss: str) -> None:
    survives(world, operation, aspect, LAKE | {"public_access_block": "absent"}, FULL, loss)


@every_loss
@pytest.mark.parametrize(("operation", "aspect"), DELETES)
def test_a_delete_whose_answer_is_lost_is_settled_by_reading(
    world: World, operation: str, aspect: str, loss: str
) -> None:
    survives(world, operation, aspect, FULL, EMPTY, loss)


@every_loss
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_bucket_whose_creation_is_not_answered_is_ours(world: World, region: str, loss: str) -> None:
    spec = {"name": "lake-one", "region": region, "tags": {"a": "b"}, "versioning": "Enabled"}
    plan, notes = world.plan(spec), Notes()
    world.faults.on("CreateBucket", LOSSES[loss], times=1, whole=True)
    applied = world.apply(plan, recorder=notes)
    assert set(results(applied).values()) == {"applied"}, outcomes(applied)["bucket"].why
    assert ("resolved", "bucket", "True") in notes.told
    assert world.plan(spec).action is Action.NONE


def test_a_bucket_that_came_to_be_elsewhere_in_the_meantime_is_not_ours(world: World) -> None:
    plan = world.plan({"name": "lake-one", "region": "eu-west-1"})
    world.faults.on("CreateBucket", never_arrives, whole=True)
    world.faults.on("HeadBucket", body("", x_amz_bucket_region="us-east-1"), skip=1)
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "failed"}
    assert "the bucket exists by now" in outcomes(applied)["bucket"].why


def test_whether_a_bucket_was_created_that_nobody_may_look_at_nobody_can_tell(world: World) -> None:
    plan = world.plan({"name": "lake-one", "region": "us-east-1"})
    world.faults.on("CreateBucket", is_done_and_lost, whole=True)
    world.faults.on("HeadBucket", error("", 403), skip=1)
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "failed"}
    assert "nobody can tell whether it was created" in outcomes(applied)["bucket"].why


# ── what is lost for good ────────────────────────────────────────────────────────────────────────────


def test_a_call_that_never_arrives_is_tried_once_more_and_has_failed(lake: World) -> None:
    plan, notes = lake.plan(LAKE | {"tags": {"a": "b"}, "versioning": "Enabled"}), Notes()
    lake.faults.forget()
    lake.faults.on("PutBucketTagging", never_arrives, whole=True)
    applied = lake.apply(plan, recorder=notes)
    assert results(applied)["tags"] == "failed"
    assert "ConnectionClosedError" in outcomes(applied)["tags"].why
    assert len(notes.of("resolved")) == 2
    assert lake.faults.calls().count("PutBucketTagging") == 2
    assert lake.faults.count("PutBucketTagging") == 10
    assert lake.plan(LAKE | {"tags": {"a": "b"}}).changes


def test_what_cannot_be_read_nobody_can_tell(lake: World) -> None:
    plan, notes = lake.plan(LAKE | {"tags": {"a": "b"}}), Notes()
    lake.faults.on("PutBucketTagging", is_done_and_lost, whole=True)
    lake.faults.on("GetBucketTagging", error("AccessDenied", 403), skip=1)
    applied = lake.apply(plan, recorder=notes)
    assert results(applied) == {"tags": "failed"}
    why = outcomes(applied)["tags"].why
    assert "the answer was lost (ConnectionClosedError" in why
    assert "nobody can tell whether it was done (run `reconcile plan` again)" in why
    assert notes.of("resolved") == []
    assert lake.faults.calls().count("PutBucketTagging") == 1, "what nobody can tell is not tried again"


def test_a_third_state_is_somebody_else(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "ours"}})
    theirs = b"<Tagging><TagSet><Tag><Key>a</Key><Value>theirs</Value></Tag></TagSet></Tagging>"

    def overtaken(request: Any, memory: Any, ask: Any) -> Any:
        headers = {name: value for name, value in request.headers.items() if "checksum" not in name}
        ask(replace(request, body=theirs, headers=headers))
        return never_arrives(request, memory, ask)

    lake.faults.on("PutBucketTagging", overtaken, whole=True)
    applied = lake.apply(plan)
    assert results(applied) == {"tags": "failed"}
    assert (
        "somebody else has changed it since it was reviewed: a: reviewed none, now theirs"
        in outcomes(applied)["tags"].why
    )
    assert lake.faults.calls().count("PutBucketTagging") == 1
    assert lake.s3.get_bucket_tagging(Bucket="lake-one")["TagSet"] == [{"Key": "a", "Value": "theirs"}]


def test_a_stale_read_after_a_lost_answer_is_not_believed_at_once(lake: World) -> None:
    plan, notes = lake.plan(LAKE | {"tags": {"a": "b"}}), Notes()
    lake.faults.on("PutBucketTagging", is_done_and_lost, times=1, whole=True)
    old = error("NoSuchTagSet", 404)
    lake.faults.on("GetBucketTagging", old, skip=1, times=3)
    assert results(lake.apply(plan, recorder=notes)) == {"tags": "applied"}
    assert notes.of("resolved") == [("tags", "True")]
    assert lake.faults.calls().count("PutBucketTagging") == 1


def test_a_repeated_delete_that_finds_nothing_has_worked(lake: World) -> None:
    lake.set_up(LAKE | {"tags": {"a": "b"}})
    plan = lake.plan(LAKE | {"tags": "absent"})
    lake.faults.on("DeleteBucketTagging", is_done_and_then(error("NoSuchTagSet", 404)), times=1)
    assert results(lake.apply(plan)) == {"tags": "applied"}
    assert lake.faults.count("DeleteBucketTagging") == 1


def test_a_refusal_that_met_the_result_of_the_first_try_is_no_refusal(lake: World) -> None:
    """A policy that denies its own writing: the second try of botocore meets it."""
    plan = lake.plan(LAKE | {"policy": denying("s3:GetObject")})
    lake.faults.on("PutBucketPolicy", is_done_and_lost, times=1)
    lake.faults.on("PutBucketPolicy", error("AccessDenied", 403))
    assert results(lake.apply(plan)) == {"policy": "applied"}


# ── credentials that end half-way ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestTimeTooSkewed", "InvalidAccessKeyId"])
def test_what_fails_everywhere_stops_the_whole_run(world: World, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("reconciler.s3.executor.CONNECTIONS", 1)
    specs = [{"name": f"lake-{name}", "region": "us-east-1", "versioning": "Enabled"} for name in ("a", "b", "c")]
    plans = world.plans(*specs)
    world.faults.on("PutBucketVersioning", error(code, 400), bucket="lake-b")
    applied = world.apply(*plans)
    assert results(applied, "lake-a") == {"bucket": "applied", "versioning": "applied"}
    assert results(applied, "lake-b")["versioning"] == "failed"
    assert results(applied, "lake-c") == {"bucket": "skipped", "versioning": "skipped"}
    assert applied.exit_code == 5
    assert applied.halted
    assert applied.halted.remedy
    assert world.faults.writes("lake-c") == []
    world.faults.reset()
    assert world.make(*specs).exit_code == 0, "the same command goes on where it stopped"


def test_credentials_that_end_before_anything_was_written_are_an_error(lake: World) -> None:
    lake.faults.on("PutBucketTagging", error("ExpiredToken", 400))
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert applied.exit_code == 1
    assert outcomes(applied)["tags"].why == "put_bucket_tagging: the AWS credentials have expired (ExpiredToken)"
    assert applied.halted
    assert "log in again" in (applied.halted.remedy or "")


def test_credentials_that_end_while_a_lost_answer_is_settled(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    lake.faults.on("PutBucketTagging", is_done_and_lost, whole=True)
    lake.faults.on("GetBucketTagging", error("ExpiredToken", 400), skip=1)
    applied = lake.apply(plan)
    assert "nobody can tell whether it was done" in outcomes(applied)["tags"].why
    assert applied.halted


def test_a_recorder_that_breaks_stops_nothing(lake: World) -> None:
    class Broken(Notes):
        def note(self, *words: str) -> None:
            raise OSError("no space left on device")

    assert lake.apply(lake.plan(LAKE | {"tags": {"a": "b"}}), recorder=Broken()).exit_code == 0


# ── deletions ────────────────────────────────────────────────────────────────────────────────────────

GONE: dict[str, Any] = LAKE | {"state": "absent", "confirm_delete": "lake-one"}


@every_loss
def test_a_deletion_whose_answer_is_lost_is_settled_by_looking_for_the_bucket(lake: World, loss: str) -> None:
    plan, notes = lake.plan(GONE), Notes()
    lake.faults.on("DeleteBucket", LOSSES[loss], times=1, whole=True)
    applied = lake.apply(plan, recorder=notes)
    assert results(applied) == {"bucket": "applied"}, outcomes(applied)["bucket"].why
    assert "lake-one" not in lake.layer.memory
    assert notes.of("begins") == [("delete_bucket",)]
    assert len(notes.of("ended")) == 1


def test_whether_a_bucket_is_gone_that_nobody_may_look_at_nobody_can_tell(lake: World) -> None:
    plan = lake.plan(GONE)
    lake.faults.on("DeleteBucket", is_done_and_lost, whole=True)
    lake.faults.on("HeadBucket", error("", 403))
    applied = lake.apply(plan)
    assert "nobody can tell whether it was deleted" in outcomes(applied)["bucket"].why


def test_a_deletion_that_never_arrives_has_failed(lake: World) -> None:
    plan = lake.plan(GONE)
    lake.faults.on("DeleteBucket", never_arrives, whole=True)
    assert results(lake.apply(plan)) == {"bucket": "failed"}
    assert "lake-one" in lake.layer.memory
