"""Single moments of a hostile S3: principals that are not there yet or not any more, answers that are lost."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.sandbox.behaviours import AS_AWS_DOES
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Request
from reconciler.sandbox.server import Moto
from tests.s3.faults import Faults, error
from tests.s3.hostile import (
    HOSTILE,
    HostileWorld,
    Hostility,
    OneWriterPerBucket,
    Unknown,
    knows_no_new_principals,
)
from tests.s3.lakes import LAKE
from tests.s3.world import Clock, World, outcomes, results, world_of

ETL = "arn:aws:iam::123456789012:role/etl"
GRANTING: dict[str, Any] = LAKE | {
    "policy": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": [ETL, "123456789012", "arn:aws:iam::111122223333:root"]},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::lake-one/*",
            }
        ],
    }
}
TAGGED: dict[str, Any] = LAKE | {"tags": {"a": "1", "b": "2", "c": "3", "d": "4"}}
PUT = "PutBucketPolicy"


@pytest.fixture
def lenient(hostile: HostileWorld) -> HostileWorld:
    """An S3 that is hostile to new principals and to nothing else, and a bucket in it."""
    hostile.hostility.does = (knows_no_new_principals,)
    hostile.set_up(LAKE)
    return hostile


# ── principals ───────────────────────────────────────────────────────────────────────────────────────


def test_a_role_that_was_created_a_moment_ago_is_waited_for(lenient: HostileWorld) -> None:
    lenient.hostility.created[ETL] = Unknown(puts=2)
    assert results(lenient.make(GRANTING)) == {"policy": "applied"}
    assert lenient.faults.count(PUT) == 3


def test_a_role_that_takes_the_better_part_of_a_minute_is_waited_for(lenient: HostileWorld) -> None:
    lenient.hostility.created[ETL] = Unknown(until=lenient.clock.now + 50)
    assert results(lenient.make(GRANTING)) == {"policy": "applied"}


def test_a_principal_that_never_appears_fails_with_all_readings_of_it(lenient: HostileWorld) -> None:
    lenient.hostility.created[ETL] = Unknown(puts=1_000)
    plan = lenient.plan(GRANTING)
    started = lenient.clock.now
    why = outcomes(lenient.executor().apply([plan]))["policy"].why
    assert "MalformedPolicy: Invalid principal in policy" in why
    for reading in ("not visible yet", "typing mistake", "deleted"):
        assert reading in why
    assert 60 <= lenient.clock.now - started < 70


def test_no_other_refusal_of_a_policy_is_waited_for(lenient: HostileWorld) -> None:
    lenient.faults.on(PUT, error("MalformedPolicy", 400, "Policy has invalid resource"))
    applied = lenient.make(GRANTING)
    assert "check principals, actions and resources" in outcomes(applied)["policy"].why
    assert lenient.faults.count(PUT) == 1


def test_time_spent_on_a_new_bucket_is_not_taken_from_a_new_principal(lenient: HostileWorld) -> None:
    """100 seconds until S3 knows the bucket leave the principal all of its own minute."""
    spec = json.loads(json.dumps(GRANTING).replace("lake-one", "lake-two"))
    plan = lenient.plan(spec)
    lenient.faults.on(PUT, error("NoSuchBucket", 404), times=24)
    lenient.faults.on(PUT, error("MalformedPolicy", 400, "Invalid principal in policy"), times=3)
    assert results(lenient.apply(plan)) == {"bucket": "applied", "policy": "applied"}
    assert lenient.clock.now > 60


def test_a_deleted_principal_is_a_change(hostile: HostileWorld) -> None:
    hostile.hostility.does = HOSTILE
    hostile.make(GRANTING)
    assert hostile.plan(GRANTING).changes == ()
    hostile.hostility.deleted[ETL] = "AROAEXAMPLE1234567890"
    for _ in range(5):
        [change] = hostile.plan(GRANTING).changes
        assert change.aspect == "policy"


# ── a new bucket ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sub_resource_that_does_not_know_the_new_bucket_yet_is_waited_for_before_it_is_deleted(
    hostile: HostileWorld,
) -> None:
    hostile.hostility.does = ()
    hostile.faults.on("GetPublicAccessBlock", error("NoSuchBucket", 404), times=20)
    applied = hostile.make(LAKE | {"public_access_block": "absent"})
    assert results(applied) == {"bucket": "applied", "public_access_block": "applied"}
    assert hostile.faults.count("DeletePublicAccessBlock") == 1


def test_what_a_new_bucket_got_is_read_back_with_the_patience_for_new_buckets(hostile: HostileWorld) -> None:
    hostile.hostility.does = ()
    hostile.faults.on("GetBucketVersioning", error("NoSuchBucket", 404), times=20)
    assert results(hostile.make(LAKE | {"versioning": "Enabled"})) == {"bucket": "applied", "versioning": "applied"}
    assert hostile.clock.now > 60


# ── lost answers and other writers ───────────────────────────────────────────────────────────────────


def done_and_denied(request: S3Request, memory: Any, ask: Any) -> Answer:
    """Does what it is asked, and answers that something went wrong."""
    ask(request)
    return error("InternalError", 500)(request, memory, ask)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_bucket_that_was_created_with_an_error_is_ours(hostile: HostileWorld, region: str) -> None:
    """botocore asks again, and S3 says that we own the bucket: yes, by now."""
    hostile.hostility.does = ()
    hostile.faults.on("CreateBucket", done_and_denied, times=1)
    hostile.faults.on("HeadBucket", error("", 404), skip=2, times=5)
    applied = hostile.make(TAGGED | {"region": region})
    assert results(applied) == {"bucket": "applied", "tags": "applied"}
    assert hostile.faults.count("CreateBucket") == 2


def test_a_bucket_that_somebody_else_has_created_is_not(hostile: HostileWorld) -> None:
    hostile.hostility.does = ()
    hostile.faults.on("CreateBucket", error("BucketAlreadyOwnedByYou", 409))
    assert results(hostile.make(TAGGED)) == {"bucket": "failed", "tags": "skipped"}


def test_one_run_never_writes_twice_at_once_to_a_bucket_and_waits_for_others(moto: Moto) -> None:
    faults = Faults()
    layer = FaithfulS3(moto, (faults, *AS_AWS_DOES))
    in_front = OneWriterPerBucket(layer)
    with world_of(moto, layer, faults, in_front) as world:
        try:
            assert_one_writer(world, in_front)
        finally:
            world.reset()


def assert_one_writer(world: World, in_front: OneWriterPerBucket) -> None:
    names = [f"lake-{number}" for number in range(6)]
    specs = [
        {**GRANTING, "name": name, "policy": "absent", "tags": {"a": "b"}, "versioning": "Enabled"} for name in names
    ]
    assert world.make(*specs).exit_code == 0
    assert in_front.refused == 0

    @dataclass
    class UntilItPasses(Clock):
        """The other writer is done when somebody has waited twice."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.naps) == 2:
                in_front.busy.clear()

    in_front.busy.add("lake-0")
    world.clock = UntilItPasses()
    assert results(world.make({**specs[0], "tags": {"a": "c"}})) == {"tags": "applied"}
    assert in_front.refused == 2


# ── it is hostile, and it can be told again ──────────────────────────────────────────────────────────


def policies_read(world: HostileWorld, seed: int) -> list[str]:
    """What the reconciler's client is told of a policy, in a row, everything since the last reset being equal."""
    world.hostility.seed = seed
    world.hostility.begin()
    client = world.clients.s3("us-east-1")
    return [client.get_bucket_policy(Bucket="lake-one")["Policy"] for _ in range(8)]


def test_the_same_seed_is_the_same_luck(hostile: HostileWorld) -> None:
    hostile.hostility.does = HOSTILE
    hostile.make(GRANTING)
    assert policies_read(hostile, 5) == policies_read(hostile, 5)
    assert policies_read(hostile, 5) != policies_read(hostile, 6)
    assert len(set(policies_read(hostile, 5))) > 3


def test_the_meddler_is_left_in_peace(hostile: HostileWorld) -> None:
    hostile.s3.create_bucket(Bucket="lake-one")
    for _ in range(30):
        hostile.s3.put_bucket_versioning(Bucket="lake-one", VersioningConfiguration={"Status": "Enabled"})
        assert hostile.s3.get_bucket_versioning(Bucket="lake-one")["Status"] == "Enabled"
    assert hostile.faults.count("PutBucketVersioning") == 30
    assert Hostility().asked == hostile.hostility.asked
