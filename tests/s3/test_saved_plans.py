"""Saved plans: carried out when they are still true, refused with what has moved when they are not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.errors import ExitCode, PlanIsStale, ReconcileError
from reconciler.planning.staleness import check_format, moved_as_a_whole, moved_buckets
from reconciler.planning.storage import fingerprint, to_document, to_text
from tests.s3.world import World

SPEC: dict[str, Any] = {
    "name": "lake-one",
    "region": "us-east-1",
    "versioning": "Enabled",
    "tags": {"a": "1"},
    "manifest": {"purpose": "x"},
}
OTHER: dict[str, Any] = {"name": "lake-two", "region": "us-east-1", "versioning": "Enabled"}
Document = dict[str, Any]


def document(world: World, *specs: dict[str, Any], version: str = "1.0.0") -> Document:
    """A plan as it comes back from its file."""
    read: Document = json.loads(to_text(to_document(world.changeset(*(specs or (SPEC, OTHER))), version)))
    return read


@pytest.fixture
def saved(world: World) -> Document:
    """A plan of two buckets, of which one exists."""
    world.set_up({"name": "lake-one", "region": "us-east-1", "tags": {"a": "0"}})
    return document(world)


def moved(reviewed: Document, now: Document) -> tuple[str, ...]:
    """Everything that has moved, as a whole or in a bucket."""
    whole = moved_as_a_whole(reviewed, now)
    return whole or tuple(text for found in moved_buckets(reviewed, now).values() for part in found for text in part)


def test_a_plan_that_is_still_true_has_moved_nowhere(world: World, saved: Document) -> None:
    assert moved(saved, document(world)) == ()


def test_another_version_of_the_tool_or_another_time_does_not_matter(world: World, saved: Document) -> None:
    assert moved(saved | {"created_at": "2026-11-22T12:00:00Z"}, document(world, version="9.9.9")) == ()


def test_another_place_in_the_specs_does_not_matter(world: World, saved: Document) -> None:
    now = document(world)
    now["buckets"][0]["source"] = {"file": "other.yaml", "line": 99}
    assert moved(saved, now) == ()


def test_a_changed_spec_is_told(world: World, saved: Document) -> None:
    assert moved(saved, document(world, SPEC | {"tags": {"a": "2"}}, OTHER)) == (
        "lake-one: its spec says something else",
    )


def test_a_spec_that_is_gone_and_one_that_is_new_are_told(world: World, saved: Document) -> None:
    new = {"name": "lake-three", "region": "us-east-1"}
    assert moved(saved, document(world, SPEC, new)) == (
        "lake-three: it was not part of the plan",
        "lake-two: no spec describes it any more",
    )


@pytest.mark.parametrize(
    ("meddle", "told"),
    [
        (
            lambda s3: s3.put_bucket_tagging(
                Bucket="lake-one", Tagging={"TagSet": [{"Key": "a", "Value": "9"}]}, ExpectedBucketOwner="123456789012"
            ),
            "lake-one: changed in S3 since: tags",
        ),
        (
            lambda s3: s3.put_bucket_versioning(Bucket="lake-one", VersioningConfiguration={"Status": "Enabled"}),
            "lake-one: changed in S3 since: versioning",
        ),
        (
            lambda s3: s3.put_object(Bucket="lake-one", Key="metadata/bucket-manifest.yaml", Body=b"purpose: y"),
            "lake-one: changed in S3 since: manifest",
        ),
        (lambda s3: s3.create_bucket(Bucket="lake-two"), "lake-two: changed in S3 since: the bucket itself"),
        (lambda s3: s3.delete_bucket(Bucket="lake-one"), "lake-one: changed in S3 since: the bucket itself"),
    ],
    ids=["tags", "versioning", "manifest", "appeared", "vanished"],
)
def test_a_live_document_that_changed_is_told(
    world: World, saved: Document, meddle: Callable[[Any], Any], told: str
) -> None:
    meddle(world.s3)
    assert told in moved(saved, document(world))


def test_a_live_document_that_is_not_in_the_plan_does_not_matter(world: World, saved: Document) -> None:
    world.s3.put_bucket_encryption(
        Bucket="lake-one",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    assert moved(saved, document(world)) == ()


def changed(document: Document, **above: Any) -> Document:
    """Another plan that is whole in itself."""
    other = {**json.loads(json.dumps(document)), **above}
    return other | {"fingerprint": fingerprint(other)}


def test_another_endpoint_is_told(world: World, saved: Document) -> None:
    told = moved(saved, changed(document(world), endpoint=None))
    assert told == (f"the endpoint: reviewed {world.clients.endpoint_url}, now AWS",)
    assert moved(changed(saved, endpoint=None), document(world))[0].startswith("the endpoint: reviewed AWS, now http")


@pytest.mark.parametrize("what", ["account", "region"])
def test_another_account_or_region_is_told(world: World, saved: Document, what: str) -> None:
    now = document(world)
    now["buckets"][0][what] = "other"
    assert moved(saved, changed(now))[0].startswith(f"lake-one: the {what}: reviewed ")


def test_what_is_in_the_way_now_is_told(world: World, saved: Document) -> None:
    now = document(world)
    now["buckets"][0]["blockers"] = [{"aspect": "tags", "why": "w", "remedy": "r"}]
    assert moved(saved, changed(now)) == ("lake-one: w",)


def test_a_version_that_plans_in_another_way_is_told(world: World, saved: Document) -> None:
    now = document(world)
    now["buckets"][0]["changes"][0]["calls"] = []
    assert moved(saved, changed(now)) == ("lake-one: this version makes another plan of it",)


def test_every_byte_of_the_file_counts(saved: Document) -> None:
    """Except for the tool's version and the places in the specs, which change nothing."""
    text = to_text(saved)
    for old, new in (('"Enabled"', '"Enabler"'), ('"lake-one"', '"lake-eno"'), ('"risk": "', '"risk": "x')):
        assert text.count(old)
        tampered = json.loads(text.replace(old, new, 1))
        assert moved(tampered, saved) == ("the file itself was changed after it was written",)


def test_a_plan_that_moved_ends_with_its_own_exit_code() -> None:
    refusal = PlanIsStale(["this", "that"])
    assert (refusal.exit_code, refusal.moved) == (ExitCode.STALE, ("this", "that"))


# ── what is no plan ──────────────────────────────────────────────────────────────────────────────────

INPUTS = {"paths": ["specs"], "variables": {}, "targets": [], "spec_digest": ""}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "not a saved plan"),
        ("text", "not a saved plan"),
        (None, "not a saved plan"),
        ({}, "not a saved plan"),
        ({"format_version": 1.0}, "not a saved plan"),
        ({"format_version": "2.0"}, "has format 2.0; this version reads 1"),
        ({"format_version": "10.0"}, "has format 10.0"),
        ({"format_version": "1.0", "error": {"code": "RCL5001"}}, "planning failed"),
        ({"format_version": "1.0"}, "not a saved plan"),
        ({"format_version": "1.0", "inputs": INPUTS}, "not a saved plan"),
        ({"format_version": "1.0", "inputs": INPUTS, "buckets": ["x"]}, "not a saved plan"),
        ({"format_version": "1.0", "inputs": INPUTS | {"paths": "specs"}, "buckets": []}, "not a saved plan"),
        ({"format_version": "1.0", "inputs": INPUTS | {"targets": [1]}, "buckets": []}, "not a saved plan"),
        ({"format_version": "1.0", "inputs": INPUTS | {"variables": []}, "buckets": []}, "not a saved plan"),
    ],
)
def test_what_is_no_plan_is_refused(content: Any, told: str) -> None:
    with pytest.raises(ReconcileError, match=told) as refusal:
        check_format(content, "plan.json")
    assert refusal.value.code == "RCL4003"
    assert refusal.value.remedy


def test_a_later_minor_version_is_read(saved: Document) -> None:
    check_format(saved | {"format_version": "1.9", "new": "field"}, "plan.json")
