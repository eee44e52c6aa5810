"""What takes back a run: a spec of what it wrote, as it was before; what no spec can say is a remark."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.rolling_back import GONE, Rollback, rolled_back
from reconciler.planning.taking_over import TakenOver
from reconciler.specs.writing import as_read, spec_file
from tests.journal.pasts import ACCOUNT, LAKE, finished, intent, past, resolved, result, tagging, tags

KINDS = BucketSpec.aspects()
WHO = Identity(ACCOUNT, None, "us-east-1")
DELETED_PRINCIPAL = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "AIDAEXAMPLE"}, '
    '"Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-lake/*"}]}'
)
"""What no spec can say."""
ABOUT = {"name": LAKE, "region": "us-east-1", "account": ACCOUNT}


def labels(**written: str) -> LiveAspect:
    return KINDS["tags"].from_s3(tags(**written))


def now(**aspects: LiveAspect) -> dict[str, LiveBucket]:
    everything: dict[str, LiveAspect] = dict.fromkeys(KINDS)
    return {LAKE: LiveBucket(LAKE, Existence.EXISTS, "us-east-1", aspects={**everything, **aspects})}


GONE_BY_NOW = {LAKE: LiveBucket(LAKE, Existence.MISSING)}


def taken_back(*records: Any, found: dict[str, LiveBucket] | None = None) -> Rollback:
    return rolled_back(past(*records), now() if found is None else found, WHO, as_read)


def bucket_of(*records: Any, found: dict[str, LiveBucket] | None = None) -> TakenOver:
    [bucket] = taken_back(*records, found=found).buckets
    return bucket


def test_what_there_was_is_said_again() -> None:
    found = now(tags=labels(a="new"), policy=Unreadable("denied", "allow it"))
    bucket = bucket_of(tagging(1, tags(a="old"), tags(a="new")), result(1), finished(), found=found)
    assert bucket.fields == ABOUT | {"tags": {"a": "old"}}
    assert bucket.remarks == {}
    assert bucket_of(tagging(1, None, tags(a="new")), result(1)).fields == ABOUT | {"tags": "absent"}
    assert "a: old" in spec_file([bucket])


def test_of_several_calls_the_first_knows_what_there_was() -> None:
    records = [tagging(1, tags(a="1"), tags(a="2")), result(1), tagging(2, tags(a="2"), tags(a="3")), result(2, "no")]
    found = taken_back(*records, found=now(tags=labels(a="3")))
    assert found.buckets[0].fields["tags"] == {"a": "1"}
    assert found.moved == ()
    assert taken_back(*records, found=now(tags=labels(a="4"))).moved == ((LAKE, "tags"),)
    unreadable = now(tags=Unreadable("denied", "allow it"))
    assert taken_back(*records, found=unreadable).moved == ()


@pytest.mark.parametrize(
    ("records", "live", "said"),
    [
        ([result(1, "denied")], "old", False),
        ([result(1, "denied")], "new", True),
        ([result(1, "timeout"), resolved(1, False)], "new", False),
        ([result(1, "timeout"), resolved(1, True)], "old", True),
        ([], "new", True),
        ([], "old", False),
    ],
)
def test_what_was_not_written_is_not_said(records: list[Any], live: str, said: bool) -> None:
    found = taken_back(tagging(1, tags(a="old"), tags(a="new")), *records, found=now(tags=labels(a=live)))
    assert bool(found.buckets) is said


def test_a_bucket_that_the_run_created_stays() -> None:
    records = [intent(1, "create_bucket"), result(1), tagging(2, None, tags(a="b")), result(2)]
    assert taken_back(*records) == Rollback((), (LAKE,), ())
    assert taken_back(*records, found=GONE_BY_NOW) == Rollback()
    assert taken_back(*records, found={}) == Rollback()


def test_a_bucket_that_the_run_deleted_is_made_again_and_stays_empty() -> None:
    bucket = bucket_of(intent(1, "delete_bucket"), result(1), found=GONE_BY_NOW)
    assert (bucket.fields, bucket.remarks) == (ABOUT, {"bucket": GONE})
    records = [tagging(1, tags(a="b"), None), result(1), intent(2, "delete_bucket"), result(2)]
    bucket = bucket_of(*records, found=GONE_BY_NOW)
    assert (bucket.fields, bucket.remarks) == (ABOUT | {"tags": {"a": "b"}}, {"bucket": GONE})
    assert f"# bucket: {GONE[:30]}" in spec_file([bucket])


def test_versioning_that_never_was_is_suspended() -> None:
    on = {"Status": "Enabled"}
    records = [intent(1, "put_bucket_versioning", "versioning", after=on), result(1)]
    bucket = bucket_of(*records, found=now(versioning=KINDS["versioning"].from_s3(on)))
    assert bucket.fields["versioning"] == "Suspended"
    assert "no way back" in bucket.remarks["versioning"]


def test_tags_of_others_stay_theirs() -> None:
    before = tags(a="old") | {"TagSet": [*tags(a="old")["TagSet"], {"Key": "cost:unit", "Value": "1"}]}
    record = tagging(1, before, tags(a="new"), ignore_tags=("cost:*",))
    bucket = bucket_of(record, result(1), found=now(tags=labels(a="new")))
    assert bucket.fields == ABOUT | {"tags": {"a": "old"}, "ignore_tags": ["cost:*"]}


def encryption(*blocked: str, bucket_key: bool = False, algorithm: str = "aws:kms") -> dict[str, Any]:
    rule: dict[str, Any] = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm},
        "BucketKeyEnabled": bucket_key,
    }
    rule |= {"BlockedEncryptionTypes": {"EncryptionType": list(blocked)}} if blocked else {}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (encryption(), encryption(bucket_key=True), {"sse_algorithm": "aws:kms", "bucket_key_enabled": False}),
        (encryption(), encryption("SSE-C"), {"sse_algorithm": "aws:kms", "blocked_encryption_types": []}),
        (
            encryption("SSE-C"),
            encryption(algorithm="AES256"),
            {"sse_algorithm": "aws:kms", "blocked_encryption_types": ["SSE-C"]},
        ),
        (encryption(), encryption(algorithm="AES256"), "aws:kms"),
        (encryption(), None, {"sse_algorithm": "aws:kms", "blocked_encryption_types": []}),
    ],
)
def test_a_switch_that_the_run_turned_is_turned_back(before: Any, after: Any, said: Any) -> None:
    """A spec may leave it to the bucket, and then it would stay as the run has left it."""
    record = intent(1, "put_bucket_encryption", "encryption", before=before, after=after, params=after or {})
    live = KINDS["encryption"].from_s3(after or encryption(algorithm="AES256"))
    bucket = bucket_of(record, result(1), found=now(encryption=live))
    assert bucket.fields["encryption"] == said


def manifest(key: str = "metadata/bucket-manifest.yaml", **body: str) -> dict[str, Any]:
    text = "created_at: '2026-01-01T00:00:00Z'\n" + "".join(f"{name}: {value}\n" for name, value in body.items())
    return {"Key": key, "Body": f"bucket: {LAKE}\nregion: us-east-1\n{text}", "ETag": '"e"'}


def test_a_manifest_brings_along_what_it_speaks_of() -> None:
    words = {"encryption": "aws:kms with the key aws/s3"}
    before, after = manifest(purpose="old", **words), manifest(purpose="new", **words)
    record = intent(1, "put_object", "manifest", before=before, after=after, params=after)
    live: dict[str, LiveAspect] = {
        "manifest": KINDS["manifest"].from_s3(after),
        "encryption": KINDS["encryption"].from_s3(encryption()),
        "lifecycle": Unreadable("denied", "allow it"),
        "tags": labels(a="b"),
        "policy": KINDS["policy"].from_s3({"Policy": DELETED_PRINCIPAL}),
    }
    bucket = bucket_of(record, result(1), found=now(**live))
    assert bucket.fields == ABOUT | {"encryption": "aws:kms", "manifest": {"purpose": "old"}}
    assert bucket.remarks == {}
    without = bucket_of(record, result(1), found=now(manifest=live["manifest"]))
    assert without.fields == ABOUT
    assert "it would change" in without.remarks["manifest"]


@pytest.mark.parametrize(
    ("key", "said"), [("metadata/bucket-manifest.yaml", "absent"), ("elsewhere.yaml", None)], ids=["default", "another"]
)
def test_only_the_manifest_that_the_run_made_can_go_again(key: str, said: str | None) -> None:
    after = manifest(key, purpose="new")
    record = intent(1, "put_object", "manifest", after=after, params=after)
    bucket = bucket_of(record, result(1), found=now(manifest=KINDS["manifest"].from_s3(after)))
    assert bucket.fields.get("manifest") == said
    assert ("elsewhere.yaml" in bucket.remarks.get("manifest", "")) is (said is None)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (intent(1, "put_bucket_shiny", "shiny", before={"a": 1}), "this version does not know it"),
        (tagging(1, {"?": 1}, tags(a="b")), "this version does not understand what the journal says of it"),
        (tagging(1, None, tags(a="b"), before_unknown="denied"), "the journal does not know what there was: denied"),
        (tagging(1, tags(a="${account_id}"), None), "takes for a variable"),
    ],
)
def test_what_cannot_be_said_is_a_remark(record: Any, why: str) -> None:
    bucket = bucket_of(record, result(1), found=now(tags=labels(a="x")))
    assert bucket.fields == ABOUT
    assert why in bucket.remarks[record.aspect]


def test_where_the_bucket_itself_cannot_be_said_nothing_of_it_is() -> None:
    run = past(tagging(1, tags(a="old"), tags(a="new")), result(1))
    found = rolled_back(run, now(tags=labels(a="new")), WHO, lambda fields: {**fields, "region": ["?"]})
    [bucket] = found.buckets
    assert bucket.fields == ABOUT
    assert "region" in bucket.remarks


def test_a_name_of_old_stays_sayable() -> None:
    run = past(tagging(1, tags(a="b"), None, "No_"), result(1))
    [bucket] = rolled_back(run, now(), WHO, as_read).buckets
    assert bucket.fields["legacy_name"] is True
