"""Reading live buckets: what is there, what is not, and what nobody can tell."""

from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from reconciler.bucket import BucketSpec
from reconciler.errors import CannotReachS3
from reconciler.planning.live import Existence
from reconciler.s3 import reader
from reconciler.sandbox.behaviours import Behaviour
from tests.s3.faults import NO_OWNER, body, error, operation_of
from tests.s3.lakes import EVERY_ASPECT, LAKE, READS_OF_ASPECTS, aspects, blocked_by, existing
from tests.s3.world import ACCOUNT, World

# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


@aspects
def test_only_what_a_spec_declares_is_read_and_only_once(world: World, aspect: str) -> None:
    existing(world)
    world.reader.read([BucketSpec.model_validate(LAKE | {aspect: EVERY_ASPECT[aspect]})])
    assert world.faults.made() == ["ListBuckets", READS_OF_ASPECTS[aspect]]


def test_a_spec_without_aspects_reads_no_aspect(world: World) -> None:
    existing(world)
    world.plan({"name": "lake-one"})
    assert world.faults.made() == ["ListBuckets"]


def test_a_bucket_that_is_not_there_is_not_read(world: World) -> None:
    world.plan(EVERY_ASPECT)
    assert world.faults.made() == ["ListBuckets", "HeadBucket"]


def test_calls_are_counted(world: World) -> None:
    existing(world)
    world.plan(EVERY_ASPECT)
    assert world.clients.calls == {"ListBuckets": 1} | {READS_OF_ASPECTS[name]: 1 for name in BucketSpec.aspects()}


def test_every_call_names_the_expected_owner_where_it_can(world: World) -> None:
    world.make(EVERY_ASPECT)
    world.make(EVERY_ASPECT | {"tags": "absent", "policy": "absent", "manifest": "absent", "lifecycle": "absent"})
    seen = {operation_of(request): request.headers for request in world.faults.requests}
    assert {"PutObject", "DeleteObject", "HeadBucket", "GetObject", "DeleteBucketTagging"} <= seen.keys()
    for operation, headers in seen.items():
        expected = None if operation in NO_OWNER else ACCOUNT
        assert headers.get("x-amz-expected-bucket-owner") == expected, operation


def test_a_plan_writes_nothing(world: World) -> None:
    existing(world)
    world.plan(EVERY_ASPECT)
    assert world.faults.writes() == []


# ── existence and region ─────────────────────────────────────────────────────────────────────────────


def found(world: World, **spec: Any) -> tuple[Existence, str | None]:
    read = BucketSpec.model_validate({"name": "lake-one"} | spec)
    live = world.reader.read([read])["lake-one"]
    return live.existence, live.region


def test_the_listing_says_where_a_bucket_is(world: World) -> None:
    existing(world)
    assert found(world) == (Existence.EXISTS, "us-east-1")
    assert world.faults.count("HeadBucket") == 0


def page(*names: str, token: str = "", region: str = "") -> Behaviour:
    buckets = "".join(
        f"<Bucket><Name>{name}</Name>{f'<BucketRegion>{region}</BucketRegion>' if region else ''}</Bucket>"
        for name in names
    )
    more = f"<ContinuationToken>{token}</ContinuationToken>" if token else ""
    return body(f"<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{more}</ListAllMyBucketsResult>")


def test_a_listing_is_read_page_by_page(world: World) -> None:
    existing(world)
    world.faults.on("ListBuckets", page("a-bucket", token="1", region="us-east-1"), times=1)
    world.faults.on("ListBuckets", page("lake-one", region="us-east-1"), times=1)
    assert found(world) == (Existence.EXISTS, "us-east-1")
    first, second = world.faults.of("ListBuckets")
    assert first.query["max-buckets"] == "10000"
    assert second.query["continuation-token"] == "1"
    assert world.faults.count("HeadBucket") == 0


@pytest.mark.parametrize(
    ("listing", "asked"),
    [
        (error("AccessDenied", 403), 1),
        (error("NotImplemented", 501), 1),
        (body("<html>who are you?</html>"), 1),
        (page("lake-one"), 1),
        (page("a-bucket", token="1"), 2),
        (body("<ListAllMyBucketsResult/>"), 1),
    ],
    ids=["denied", "not implemented", "another document", "no regions", "pages in circles", "truncated"],
)
def test_what_a_listing_does_not_settle_the_bucket_itself_does(world: World, listing: Behaviour, asked: int) -> None:
    existing(world)
    world.faults.on("ListBuckets", listing)
    assert found(world, region="us-east-1") == (Existence.EXISTS, "us-east-1")
    assert world.faults.made() == ["ListBuckets"] * asked + ["HeadBucket"]


def test_a_server_that_always_has_another_page_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    existing(world)
    monkeypatch.setattr(reader, "MOST_PAGES", 3)
    for number in range(9):
        world.faults.on("ListBuckets", page(f"bucket-{number}", token=str(number)), times=1)
    assert found(world)[0] is Existence.EXISTS
    assert world.faults.count("ListBuckets") == 3


def test_a_server_may_not_say_where_a_bucket_is(world: World) -> None:
    world.faults.on("HeadBucket", body(""))
    assert found(world) == (Existence.EXISTS, None)


def test_only_a_plain_404_means_that_there_is_no_bucket(world: World) -> None:
    assert found(world) == (Existence.MISSING, None)


@pytest.mark.parametrize(
    ("head", "why", "remedy"),
    [
        (error("", 403), "the name lake-one is taken", "s3:ListBucket"),
        (error("", 301), "lives in another region", "correct `region:`"),
        (error("", 301, x_amz_bucket_region="eu-west-1"), "lives in another region", "correct `region:`"),
        (error("", 400), "S3 does not say whether the bucket exists: 400", "try again"),
        (error("", 405), "S3 does not say whether the bucket exists: 405", "try again"),
    ],
    ids=["403", "301", "301 in circles", "400", "405"],
)
def test_a_name_that_cannot_be_settled_is_never_created(world: World, head: Behaviour, why: str, remedy: str) -> None:
    world.faults.on("HeadBucket", head)
    said = blocked_by(world)
    assert why in said[0]
    assert remedy in said[1]


def test_a_bucket_that_is_listed_and_says_404_is_not_created(world: World) -> None:
    world.faults.on("ListBuckets", page("lake-one"))
    assert "S3 lists the bucket" in blocked_by(world)[0]


@pytest.mark.parametrize("listed", [True, False])
def test_a_bucket_in_another_region_is_blocked_and_neither_read_nor_written(world: World, listed: bool) -> None:
    existing(world)
    if not listed:
        world.faults.on("ListBuckets", error("AccessDenied", 403))
    plan = world.plan(EVERY_ASPECT | {"region": "eu-west-1"})
    [blocker] = plan.blockers
    assert "lives in us-east-1; the spec says eu-west-1" in blocker.why
    assert "us-east-1" in blocker.remedy
    world.apply(plan)
    assert set(world.faults.made()) <= {"ListBuckets", "HeadBucket"}


def test_a_redirect_to_the_right_region_is_followed_and_told(world: World) -> None:
    world.faults.on("HeadBucket", error("", 301, x_amz_bucket_region="eu-central-1"), times=1)
    world.faults.on("HeadBucket", body("", x_amz_bucket_region="eu-central-1"))
    why, _ = blocked_by(world)
    assert "lives in eu-central-1" in why
    assert [request.region for request in world.faults.of("HeadBucket")] == ["us-east-1", "eu-central-1"]


def test_without_a_region_in_the_spec_a_bucket_is_read_where_it_lives(world: World) -> None:
    world.s3.create_bucket(Bucket="lake-one")
    world.layer.memory["lake-one"].region = "ap-south-1"
    plan = world.plan({"name": "lake-one", "tags": {"a": "b"}})
    assert plan.region == "ap-south-1"
    world.apply(plan)
    assert {request.region for request in world.faults.of("PutBucketTagging")} == {"ap-south-1"}


# ── what ends the run ────────────────────────────────────────────────────────────────────────────────

FATAL = [
    ("ExpiredToken", "expired", "log in again"),
    ("InvalidAccessKeyId", "does not accept", "AWS_PROFILE"),
    ("RequestTimeTooSkewed", "the time of this machine", "set the clock"),
]


@pytest.mark.parametrize(("code", "message", "remedy"), FATAL)
@pytest.mark.parametrize("operation", ["ListBuckets", "GetBucketTagging"])
def test_bad_credentials_end_the_run_wherever_they_are_noticed(
    world: World, operation: str, code: str, message: str, remedy: str
) -> None:
    existing(world)
    world.faults.on(operation, error(code, 400))
    with pytest.raises(CannotReachS3, match=message) as refusal:
        world.plan({"name": "lake-one", "tags": {"a": "b"}})
    assert remedy in (refusal.value.remedy or "")
    assert world.faults.made()[-1] == operation


def test_bad_credentials_end_the_run_also_where_only_the_client_notices(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more_credentials(*_: Any) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(reader.Reader, "_head", no_more_credentials)
    with pytest.raises(CannotReachS3, match="no usable AWS credentials"):
        world.plan({"name": "lake-one"})


def test_what_ends_the_run_leaves_what_has_not_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CONNECTIONS", 1)
    specs = []
    for number in range(20):
        world.s3.create_bucket(Bucket=f"lake-{number}")
        specs.append({"name": f"lake-{number}", "tags": {"a": "b"}})
    world.faults.on("GetBucketTagging", error("ExpiredToken", 400))
    with pytest.raises(CannotReachS3):
        world.plans(*specs)
    assert world.faults.count("GetBucketTagging") < 20
