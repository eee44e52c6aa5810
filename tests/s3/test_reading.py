"""Reading live buckets: what is there, what is not, and what nobody can tell."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import CannotReachS3
from reconciler.planning.changeset import Action
from reconciler.planning.live import Existence
from reconciler.s3 import reader
from reconciler.sandbox.behaviours import Behaviour
from tests.s3.faults import NO_OWNER, body, error, falls_through, operation_of
from tests.s3.world import ACCOUNT, World

LISTING = "<ListBucketResult><Name>lake-one</Name></ListBucketResult>"
EVERY_ASPECT: dict[str, Any] = {
    "name": "lake-one",
    "region": "us-east-1",
    "versioning": "Enabled",
    "encryption": "AES256",
    "public_access_block": {"block_public_acls": True},
    "policy": {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::lake-one/*"},
    },
    "lifecycle": {"rules": [{"id": "old", "expiration": {"days": 30}}]},
    "tags": {"Owner": "data"},
    "manifest": {"purpose": "A lake"},
}
EVERY_ASPECT |= {"ownership_controls": "BucketOwnerEnforced"} if "ownership_controls" in BucketSpec.aspects() else {}
READS_OF_ASPECTS = {
    "versioning": "GetBucketVersioning",
    "encryption": "GetBucketEncryption",
    "public_access_block": "GetPublicAccessBlock",
    "policy": "GetBucketPolicy",
    "lifecycle": "GetBucketLifecycleConfiguration",
    "tags": "GetBucketTagging",
    "manifest": "GetObject",
    "ownership_controls": "GetBucketOwnershipControls",
}
aspects = pytest.mark.parametrize("aspect", BucketSpec.aspects())


def existing(world: World, name: str = "lake-one") -> None:
    world.s3.create_bucket(Bucket=name)
    world.faults.forget()


def blocked_by(world: World, *aspects: str, **spec: Any) -> tuple[str, str]:
    """Why an aspect is blocked and what to do, with nothing planned for it."""
    chosen = {name: EVERY_ASPECT[name] for name in ("name", "region", *aspects)} | spec
    plan = world.plan(chosen)
    assert plan.action is Action.BLOCKED
    assert plan.changes == ()
    [blocker] = plan.blockers
    assert blocker.aspect == (aspects[0] if aspects else "bucket")
    return blocker.why, blocker.remedy


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


@aspects
def test_only_what_a_spec_declares_is_read_and_only_once(world: World, aspect: str) -> None:
    existing(world)
    world.plan({"name": "lake-one", "region": "us-east-1", aspect: EVERY_ASPECT[aspect]})
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


# ── documents ────────────────────────────────────────────────────────────────────────────────────────


@aspects
def test_a_read_that_is_denied_is_blocked_and_names_the_action(world: World, aspect: str) -> None:
    existing(world)
    world.faults.on(READS_OF_ASPECTS[aspect], error("AccessDenied", 403, "Access Denied"))
    why, remedy = blocked_by(world, aspect)
    assert why == f"{aspect} cannot be read: access denied"
    assert BucketSpec.aspects()[aspect].api.to_read[0] in remedy


def test_a_manifest_that_may_not_be_read_may_also_be_missing(world: World) -> None:
    existing(world)
    world.faults.on("GetObject", error("AccessDenied", 403, "Access Denied"))
    assert "s3:GetObject and s3:ListBucket" in blocked_by(world, "manifest")[1]


def test_the_action_that_aws_names_is_named_and_its_session_is_not(world: World) -> None:
    existing(world)
    said = "User: arn:aws:sts::1:assumed-role/r/session-77 is not authorized to perform: kms:Decrypt on resource: x"
    world.faults.on("GetObject", error("AccessDenied", 403, said))
    why, remedy = blocked_by(world, "manifest")
    assert "allow kms:Decrypt for" in remedy
    assert "session-77" not in why + remedy


@aspects
@pytest.mark.parametrize(("code", "status"), [("MethodNotAllowed", 405), ("NotImplemented", 501)])
def test_what_an_endpoint_does_not_support_is_blocked(world: World, aspect: str, code: str, status: int) -> None:
    existing(world)
    world.faults.on(READS_OF_ASPECTS[aspect], error(code, status))
    assert f"does not support it ({code})" in blocked_by(world, aspect)[0]


@aspects
def test_no_such_bucket_is_not_taken_for_an_absent_document(world: World, aspect: str) -> None:
    existing(world)
    world.faults.on(READS_OF_ASPECTS[aspect], error("NoSuchBucket", 404))
    assert "S3 lists the bucket and says that it does not exist" in blocked_by(world, aspect)[0]


@aspects
def test_an_error_that_nobody_knows_is_not_taken_for_an_absent_document(world: World, aspect: str) -> None:
    existing(world)
    world.faults.on(READS_OF_ASPECTS[aspect], error("NoSuchThing", 404))
    assert "NoSuchThing" in blocked_by(world, aspect)[0]


def test_an_error_without_a_code_is_told_by_its_status(world: World) -> None:
    existing(world)
    world.faults.on("GetBucketTagging", body("<Error/>", 418))
    assert "418" in blocked_by(world, "tags")[0]


def test_an_archived_manifest_is_blocked_with_the_reason(world: World) -> None:
    existing(world)
    world.faults.on("GetObject", error("InvalidObjectState", 403))
    assert "archived" in blocked_by(world, "manifest")[0]


@aspects
def test_a_sub_resource_that_falls_through_is_blocked_and_never_deleted(world: World, aspect: str) -> None:
    if aspect == "manifest":
        pytest.skip("an object is no sub-resource")
    existing(world)
    for operation in (READS_OF_ASPECTS[aspect], READS_OF_ASPECTS[aspect].replace("Get", "Delete")):
        world.faults.on(operation, falls_through)
    wanted = EVERY_ASPECT[aspect] if aspect == "versioning" else "absent"
    plan = world.plan({"name": "lake-one", aspect: wanted})
    [blocker] = plan.blockers
    assert "cannot be" in blocker.why
    assert "take it out of the spec" in blocker.remedy
    world.apply(plan)
    assert world.faults.writes() == []
    assert "lake-one" in world.layer.memory


@pytest.mark.parametrize(
    ("aspect", "document", "why"),
    [
        ("tags", LISTING, "answered with ListBucketResult instead of Tagging"),
        ("tags", "", "answered with nothing instead of Tagging"),
        (
            "tags",
            "<Tagging><TagSet><Tag><Key>a</Key><Colour>b</Colour></Tag></TagSet></Tagging>",
            "Tagging.TagSet.Colour",
        ),
        ("tags", "<Tagging/>", "tag_set"),
        (
            "versioning",
            "<VersioningConfiguration><Status>Enabled</Status><Retention>9</Retention></VersioningConfiguration>",
            "it holds VersioningConfiguration.Retention, which this version does not know",
        ),
        ("versioning", "<VersioningConfiguration><Status>Paused</Status></VersioningConfiguration>", "status"),
        ("encryption", "<ServerSideEncryptionConfiguration/>", "cannot be understood"),
        (
            "lifecycle",
            "<LifecycleConfiguration><Rule><ID>x</ID><Shred><Days>1</Days></Shred></Rule></LifecycleConfiguration>",
            "LifecycleConfiguration.Rule.Shred",
        ),
        ("public_access_block", LISTING, "answered with ListBucketResult instead of PublicAccessBlockConfiguration"),
        ("policy", LISTING, "cannot be understood"),
        ("policy", "[]", "cannot be understood"),
        ("policy", '{"Version": "\\ud800"}', "cannot be understood"),
    ],
)
def test_a_document_that_is_not_understood_is_blocked_and_never_written_over(
    world: World, aspect: str, document: str, why: str
) -> None:
    existing(world)
    world.faults.on(READS_OF_ASPECTS[aspect], body(document))
    said, remedy = blocked_by(world, aspect)
    assert why in said
    assert said.startswith(f"{aspect} cannot be ")
    assert "take it out of the spec" in remedy


def test_a_document_may_be_called_after_its_operation(world: World) -> None:
    existing(world)
    world.faults.on("GetBucketTagging", body("<GetBucketTaggingResult><TagSet/></GetBucketTaggingResult>"))
    assert world.plan({"name": "lake-one", "tags": {"a": "b"}}).action is Action.UPDATE


def test_one_unreadable_aspect_leaves_the_others_planned(world: World) -> None:
    existing(world)
    world.faults.on("GetBucketPolicy", error("AccessDenied", 403))
    plan = world.plan(EVERY_ASPECT)
    assert [blocker.aspect for blocker in plan.blockers] == ["policy"]
    assert {"tags", "versioning", "lifecycle", "manifest"} <= {change.aspect for change in plan.changes}


# ── odd live documents ───────────────────────────────────────────────────────────────────────────────


def test_mfa_delete_is_told_and_stops_a_change_of_versioning(world: World) -> None:
    existing(world)
    world.faults.on(
        "GetBucketVersioning",
        body(
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>"
        ),
    )
    plan = world.plan({"name": "lake-one", "versioning": "Enabled"})
    assert (plan.action, [item.code for item in plan.findings]) == (Action.NONE, ["RCL2103"])
    plan = world.plan({"name": "lake-one", "versioning": "Suspended"})
    assert plan.action is Action.BLOCKED
    assert "root user" in plan.blockers[0].why


def put_manifest(world: World, content: bytes, key: str = "metadata/bucket-manifest.yaml") -> None:
    existing(world)
    world.s3.put_object(Bucket="lake-one", Key=key, Body=content)
    world.faults.forget()


def test_an_object_that_is_too_large_is_no_manifest_and_is_not_written_over(world: World) -> None:
    put_manifest(world, b"#" * (reader.LARGEST_MANIFEST + 1))
    why, _ = blocked_by(world, "manifest")
    assert "larger than 1,048,576 bytes" in why


def test_a_manifest_of_the_largest_size_is_read(world: World) -> None:
    put_manifest(world, b"#" * reader.LARGEST_MANIFEST)
    assert world.plan({"name": "lake-one", "manifest": {"purpose": "x"}}).action is Action.UPDATE


@pytest.mark.parametrize("content", [b"purpose: caf\xe9\xff", "purpose: x".encode("utf-16"), b"\x00\x01", b""])
def test_a_manifest_in_no_known_letters_is_replaced(world: World, content: bytes) -> None:
    put_manifest(world, content)
    spec = {"name": "lake-one", "manifest": {"purpose": "x"}}
    assert world.make(spec).exit_code == 0
    assert world.plan(spec).action is Action.NONE


def test_a_manifest_is_read_under_the_key_that_its_variables_make(world: World) -> None:
    spec = {"name": "lake-one", "region": "us-east-1", "manifest": {"key": "about/${bucket}/${region}.yaml"}}
    assert world.make(spec).exit_code == 0
    assert "about/lake-one/us-east-1.yaml" in [request.key for request in world.faults.of("PutObject")]
    assert world.plan(spec).action is Action.NONE


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
