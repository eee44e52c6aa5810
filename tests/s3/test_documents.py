"""Reading documents: a value, none, or the reason why nobody can tell. Only the first two are ever written over."""

import pytest

from reconciler.aspects import manifest
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from tests.s3.faults import body, error, falls_through
from tests.s3.lakes import EVERY_ASPECT, READS_OF_ASPECTS, aspects, blocked_by, existing
from tests.s3.world import World

LISTING = "<ListBucketResult><Name>lake-one</Name></ListBucketResult>"

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


@pytest.mark.parametrize("aspect", [name for name in BucketSpec.aspects() if name != "manifest"])
def test_a_sub_resource_that_falls_through_is_blocked_and_never_deleted(world: World, aspect: str) -> None:
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
    put_manifest(world, b"#" * (manifest.LARGEST + 1))
    why, _ = blocked_by(world, "manifest")
    assert "larger than 1,048,576 bytes" in why


def test_a_manifest_of_the_largest_size_is_read(world: World) -> None:
    put_manifest(world, b"#" * manifest.LARGEST)
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
