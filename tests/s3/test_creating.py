"""Creating buckets: where, with what, and what happens in the moments after."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from tests.s3.faults import done_but_unanswered, error, falls_through
from tests.s3.world import World, outcomes, results

TAGGED: dict[str, Any] = {"name": "lake-one", "region": "us-east-1", "tags": {"Owner": "data", "Empty": ""}}
refusals = pytest.mark.parametrize(
    ("code", "status"),
    [("MalformedXML", 400), ("InvalidArgument", 400), ("InvalidRequest", 400), ("NotImplemented", 501)],
)


def sent(world: World) -> str:
    """The body of the first create call."""
    return world.faults.of("CreateBucket")[0].body.decode()


def without_tags(request: Any, memory: Any, ask: Any) -> Any:
    """Creates the bucket and drops the tags."""
    answer = ask(request)
    memory[request.bucket].documents.pop("tagging")
    return answer


# ── where ────────────────────────────────────────────────────────────────────────────────────────────


def test_us_east_1_is_created_without_a_location_constraint(world: World) -> None:
    world.make({"name": "lake-one", "region": "us-east-1"})
    assert world.faults.of("CreateBucket")[0].body == b""


def test_every_other_region_is_named_and_signed_for(world: World) -> None:
    world.make({"name": "lake-one", "region": "eu-west-1"})
    assert "<LocationConstraint>eu-west-1</LocationConstraint>" in sent(world)
    assert world.faults.of("CreateBucket")[0].region == "eu-west-1"


def test_one_run_creates_buckets_in_several_regions(world: World) -> None:
    regions = {"lake-one": "us-east-1", "lake-two": "eu-west-1", "lake-three": "ap-southeast-2"}
    specs = [{"name": name, "region": region, "tags": {"a": "b"}} for name, region in regions.items()]
    assert world.make(*specs).exit_code == 0
    assert {name: world.layer.memory[name].region for name in regions} == regions
    for name, region in regions.items():
        after_listing = [request for request in world.faults.requests if request.bucket == name]
        assert {request.region for request in after_listing} == {region}
    assert all(plan.action is Action.NONE for plan in world.plans(*specs))


def test_without_a_region_anywhere_nothing_is_created(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = type(world.identity)(world.identity.account, world.identity.endpoint, None)
    monkeypatch.setattr(world, "identity", nowhere)
    plan = world.plan({"name": "lake-one"})
    assert "in which region to create it" in plan.blockers[0].why


# ── tags and ownership travel along ──────────────────────────────────────────────────────────────────


def test_tags_travel_in_the_create_call_are_read_back_and_not_written_again(world: World) -> None:
    applied = world.make(TAGGED)
    assert "<Key>Owner</Key><Value>data</Value>" in sent(world)
    assert world.faults.made()[2:] == ["HeadBucket", "CreateBucket", "GetBucketTagging"]
    assert results(applied) == {"bucket": "applied", "tags": "applied"}


def test_tags_that_the_server_dropped_are_written(world: World) -> None:
    world.faults.on("CreateBucket", without_tags)
    assert world.make(TAGGED).exit_code == 0
    assert world.faults.writes() == ["CreateBucket", "PutBucketTagging"]


@refusals
def test_tags_that_the_create_call_may_not_carry_are_written_afterwards(world: World, code: str, status: int) -> None:
    world.faults.on("CreateBucket", error(code, status), times=1)
    applied = world.make(TAGGED | {"region": "eu-west-1"})
    assert applied.exit_code == 0
    first, second = world.faults.of("CreateBucket")
    assert b"<Tags>" in first.body
    assert b"<Tags>" not in second.body
    assert b"<LocationConstraint>eu-west-1" in second.body
    assert world.faults.writes() == ["CreateBucket", "CreateBucket", "PutBucketTagging"]


@refusals
def test_a_create_call_that_carries_nothing_is_not_tried_twice(world: World, code: str, status: int) -> None:
    world.faults.on("CreateBucket", error(code, status))
    assert results(world.make({"name": "lake-one", "region": "eu-west-1"})) == {"bucket": "failed"}
    assert world.faults.count("CreateBucket") == 1


def test_tags_that_cannot_be_read_back_are_written(world: World) -> None:
    world.faults.on("GetBucketTagging", error("AccessDenied", 403), times=1, whole=True)
    assert world.make(TAGGED).exit_code == 0
    assert world.faults.count("PutBucketTagging") == 1


def test_credentials_that_expire_while_reading_back_are_no_failure_of_the_bucket(world: World) -> None:
    world.faults.on("GetBucketTagging", error("ExpiredToken", 400), times=1)
    assert results(world.make(TAGGED)) == {"bucket": "applied", "tags": "applied"}


@pytest.mark.skipif("ownership_controls" not in BucketSpec.aspects(), reason="no field of BucketSpec yet")
@pytest.mark.parametrize("ownership", ["BucketOwnerEnforced", "ObjectWriter"])
def test_a_declared_ownership_travels_in_the_create_call(world: World, ownership: str) -> None:
    spec = TAGGED | {"ownership_controls": ownership}
    assert world.make(spec).exit_code == 0
    assert world.faults.of("CreateBucket")[0].headers["x-amz-object-ownership"] == ownership
    assert world.faults.writes() == ["CreateBucket"]
    assert world.plan(spec).action is Action.NONE


@pytest.mark.skipif("ownership_controls" not in BucketSpec.aspects(), reason="no field of BucketSpec yet")
def test_an_ownership_that_the_create_call_may_not_carry_is_written_afterwards(world: World) -> None:
    world.faults.on("CreateBucket", error("NotImplemented", 501), times=1)
    assert world.make(TAGGED | {"ownership_controls": "ObjectWriter"}).exit_code == 0
    assert "x-amz-object-ownership" not in world.faults.of("CreateBucket")[1].headers
    assert "PutBucketOwnershipControls" in world.faults.writes()


# ── what a new bucket is born with ───────────────────────────────────────────────────────────────────

NOT_BLOCKED: dict[str, Any] = {"name": "lake-one", "region": "us-east-1", "public_access_block": "absent"}


def test_what_aws_gives_a_new_bucket_is_taken_away_where_the_spec_denies_it(world: World) -> None:
    assert world.make(NOT_BLOCKED).exit_code == 0
    assert world.faults.writes()[-1] == "DeletePublicAccessBlock"
    assert world.plan(NOT_BLOCKED).action is Action.NONE


def test_what_a_server_does_not_give_is_not_deleted(world: World) -> None:
    plan = world.plan(NOT_BLOCKED)
    world.faults.on("GetPublicAccessBlock", error("NoSuchPublicAccessBlockConfiguration", 404))
    assert world.apply(plan).exit_code == 0
    assert "DeletePublicAccessBlock" not in world.faults.made()


def test_a_sub_resource_that_a_server_does_not_know_is_not_deleted_from_a_new_bucket(world: World) -> None:
    plan = world.plan(NOT_BLOCKED)
    for operation in ("GetPublicAccessBlock", "DeletePublicAccessBlock"):
        world.faults.on(operation, falls_through)
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "applied", "public_access_block": "failed"}
    assert "answered with ListBucketResult" in outcomes(applied)["public_access_block"].why
    assert "lake-one" in world.layer.memory


def test_credentials_that_expire_before_a_deletion_are_told(world: World) -> None:
    plan = world.plan(NOT_BLOCKED)
    world.faults.on("GetPublicAccessBlock", error("ExpiredToken", 400))
    applied = world.apply(plan)
    assert "credentials have expired" in outcomes(applied)["public_access_block"].why
    assert applied.halted
    assert "log in again" in (applied.halted.remedy or "")


# ── the moments after ────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_that_s3_does_not_know_yet_is_waited_for(world: World) -> None:
    world.faults.on("HeadBucket", error("", 404), times=3)
    world.faults.on("PutBucketVersioning", error("NoSuchBucket", 404), times=4)
    assert world.make(TAGGED | {"versioning": "Enabled"}).exit_code == 0
    assert world.faults.count("PutBucketVersioning") == 5


def test_a_bucket_that_never_appears_is_unverified_and_the_rest_skipped(world: World) -> None:
    plan = world.plan({"name": "lake-one", "region": "us-east-1", "versioning": "Enabled"})
    world.faults.on("HeadBucket", error("", 404))
    world.faults.on("PutBucketVersioning", error("NoSuchBucket", 404))
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "unverified", "versioning": "failed"}
    assert "does not show the bucket yet" in outcomes(applied)["bucket"].why
    assert "gone" not in outcomes(applied)["bucket"].why
    assert applied.exit_code == 5


def test_a_new_bucket_that_may_not_be_looked_at_still_gets_its_settings(world: World) -> None:
    plan = world.plan({"name": "lake-one", "region": "us-east-1", "versioning": "Enabled"})
    world.faults.on("HeadBucket", error("", 403))
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "applied", "versioning": "applied"}, "its versioning shows that it is there"


def test_an_existing_bucket_that_is_gone_is_not_waited_for_and_not_created(world: World) -> None:
    world.set_up({"name": "lake-one", "region": "us-east-1"})
    plan = world.plan({"name": "lake-one", "versioning": "Enabled"})
    world.s3.delete_bucket(Bucket="lake-one")
    applied = world.apply(plan)
    assert results(applied) == {"versioning": "failed"}
    assert "says that it does not exist" in outcomes(applied)["versioning"].why
    assert world.faults.count("PutBucketVersioning") == 0
    assert world.faults.count("CreateBucket") == 0


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        ("BucketAlreadyExists", 409, "choose another one"),
        ("BucketAlreadyOwnedByYou", 409, "run `reconcile plan` again"),
        ("TooManyBuckets", 400, "raise the quota"),
        ("AccessDenied", 403, "allow s3:CreateBucket and s3:TagResource"),
        ("ExpiredToken", 400, "the AWS credentials have expired"),
        ("SomethingNew", 400, "SomethingNew: as told"),
    ],
)
def test_a_bucket_that_cannot_be_created_fails_with_advice_and_skips_the_rest(
    world: World, code: str, status: int, advice: str
) -> None:
    world.faults.on("CreateBucket", error(code, status))
    applied = world.make(TAGGED | {"versioning": "Enabled"})
    assert results(applied) == {"bucket": "failed", "versioning": "skipped", "tags": "skipped"}
    assert advice in outcomes(applied)["bucket"].why
    assert outcomes(applied)["tags"].why == "after bucket failed"
    assert applied.exit_code == 1
    assert bool(applied.halted) == (code == "ExpiredToken")


def test_a_name_that_is_being_deleted_is_waited_for(world: World) -> None:
    world.faults.on("CreateBucket", error("OperationAborted", 409), times=5)
    assert world.make(TAGGED).exit_code == 0
    assert world.faults.count("CreateBucket") == 6


def test_a_bucket_whose_creation_was_done_and_not_answered_is_there(world: World) -> None:
    world.faults.on("CreateBucket", done_but_unanswered, times=1)
    assert results(world.make({"name": "lake-one", "region": "us-east-1"})) == {"bucket": "applied"}
