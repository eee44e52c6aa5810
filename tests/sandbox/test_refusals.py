"""What S3 refuses and moto accepts, one row per reason."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox.documents import tag_set
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer

Clients = Callable[..., Any]
Send = Callable[..., tuple[int, str]]


def code_of(operation: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        operation(**parameters)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    "name",
    [
        *("Lake", "la..ke", "la.-ke", "-lake", "lake-", "la", "la_ke", "192.168.5.4", "l" * 64),
        *("xn--lake", "lake-s3alias", "sthree-lake", "lake--x-s3", "lake.mrap", "amzn-s3-demo-lake"),
    ],
)
def test_names(send: Send, s3: Any, name: str) -> None:
    status, body = send("PUT", f"/{name}")
    assert (status, "<Code>InvalidBucketName</Code>" in body) == (400, True)
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("region", "configuration", "code"),
    [
        ("us-east-1", {"LocationConstraint": "us-east-1"}, "InvalidLocationConstraint"),
        ("us-east-1", {"LocationConstraint": "mars"}, "InvalidLocationConstraint"),
        ("us-east-1", {}, "MalformedXML"),
        ("eu-west-1", {"LocationConstraint": "eu-west-2"}, "IllegalLocationConstraintException"),
        ("eu-west-1", {"Tags": [{"Key": "a", "Value": "b"}]}, "IllegalLocationConstraintException"),
        ("us-east-1", {"Tags": [{"Key": "aws:a", "Value": "b"}]}, "InvalidTag"),
        ("us-east-1", {"Tags": [{"Key": "a", "Value": "b"}] * 2}, "InvalidTag"),
    ],
)
def test_creating(clients: Clients, region: str, configuration: dict[str, Any], code: str) -> None:
    s3 = clients(region=region)
    assert code_of(s3.create_bucket, Bucket="lake", CreateBucketConfiguration=configuration) == code
    assert s3.list_buckets()["Buckets"] == []


OURS = "lake-123456789012-us-east-1-an"
NAMESPACES = [
    ("lake-an", {}, "InvalidBucketName"),
    (OURS, {}, "MissingNamespaceHeader"),
    (OURS, {"BucketNamespace": "global"}, "InvalidNamespaceHeader"),
    ("lake", {"BucketNamespace": "account-regional"}, "InvalidNamespaceHeader"),
    (OURS.replace("us-east-1", "us-west-2"), {"BucketNamespace": "account-regional"}, "InvalidNamespaceHeader"),
    (OURS.replace("123456789012", "111122223333"), {"BucketNamespace": "account-regional"}, "InvalidNamespaceHeader"),
    (OURS, {"BucketNamespace": "mine"}, "InvalidArgument"),
]


@pytest.mark.parametrize(("name", "given", "code"), NAMESPACES)
def test_namespaces(s3: Any, name: str, given: dict[str, str], code: str) -> None:
    assert code_of(s3.create_bucket, Bucket=name, **given) == code
    assert s3.list_buckets()["Buckets"] == []


def test_creating_with_an_unknown_ownership(s3: Any) -> None:
    assert code_of(s3.create_bucket, Bucket="lake", ObjectOwnership="Everybody") == "InvalidArgument"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "subresource",
    [
        *("analytics&id=a", "inventory&id=a", "metrics&id=a", "intelligent-tiering&id=a"),
        *("requestPayment", "abac", "metadataTable", "session", "nonsense"),
    ],
)
def test_unknown_subresources_reach_no_bucket(s3: Any, bucket: str, send: Send, method: str, subresource: str) -> None:
    for name in (bucket, "missing"):
        status, body = send(method, f"/{name}?{subresource}")
        assert (status, "<Code>NotImplemented</Code>" in body) == (501, True)
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == [bucket]


@pytest.mark.parametrize(("method", "subresource"), [("DELETE", "versioning"), ("PUT", "location")])
def test_known_subresources_with_another_method(bucket: str, send: Send, method: str, subresource: str) -> None:
    assert send(method, f"/{bucket}?{subresource}")[0] == 501


def test_two_subresources_at_once(bucket: str, send: Send) -> None:
    status, body = send("DELETE", f"/{bucket}?tagging&policy")
    assert (status, "Conflicting query string parameters: tagging, policy" in body) == (400, True)


@pytest.mark.parametrize("subresource", ["lifecycle", "policy", "tagging", "versioning", "encryption"])
def test_a_missing_bucket_is_reported_first(send: Send, subresource: str) -> None:
    status, body = send("PUT", f"/missing?{subresource}", "nonsense")
    assert (status, "<Code>NoSuchBucket</Code>" in body) == (404, True)


def test_another_owner(s3: Any, bucket: str) -> None:
    s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner="123456789012")
    for read in (s3.get_bucket_versioning, s3.get_bucket_encryption, s3.delete_bucket):
        assert code_of(read, Bucket=bucket, ExpectedBucketOwner="999999999999") == "AccessDenied"
    s3.head_bucket(Bucket=bucket)


def lifecycle(**changes: Any) -> list[dict[str, Any]]:
    rule = {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 9}}
    return [{name: value for name, value in {**rule, **changes}.items() if value is not None}]


AFTER_DAYS = {"Days": 9, "StorageClass": "GLACIER"}
AFTER_DATE = {"Date": "2030-01-01T00:00:00Z", "StorageClass": "GLACIER"}


def steps(**classes: int) -> list[dict[str, Any]]:
    return [{"StorageClass": name, "Days": days} for name, days in classes.items()]


def dates(**classes: int) -> list[dict[str, Any]]:
    return [{"StorageClass": name, "Date": f"{year}-01-01T00:00:00Z"} for name, year in classes.items()]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        (lifecycle(Status="enabled"), "MalformedXML"),
        (lifecycle(Filter=None), "MalformedXML"),
        (lifecycle(Filter={"Prefix": "a", "ObjectSizeLessThan": 9}), "MalformedXML"),
        (lifecycle(Expiration={"Days": 9, "ExpiredObjectDeleteMarker": True}), "MalformedXML"),
        (lifecycle(Expiration={"Days": 0}), "InvalidArgument"),
        (lifecycle(Expiration={"Days": -1}), "InvalidArgument"),
        (lifecycle(Expiration={"Date": "2030-01-01T12:00:00Z"}), "InvalidArgument"),
        (lifecycle(Expiration=None), "InvalidRequest"),
        (lifecycle(ID="x" * 256), "InvalidArgument"),
        (lifecycle() * 2, "InvalidArgument"),
        (lifecycle() + lifecycle(ID="two", Filter=None, Prefix="a"), "InvalidRequest"),
        (lifecycle(Transitions=[AFTER_DAYS]), "InvalidArgument"),
        (lifecycle(Expiration=None, Transitions=[{**AFTER_DAYS, "Days": -1}]), "InvalidArgument"),
        (lifecycle(Transitions=[AFTER_DATE]), "InvalidRequest"),
        (lifecycle(Expiration=None, Transitions=[AFTER_DAYS, AFTER_DAYS]), "InvalidRequest"),
        (lifecycle(Transitions=[{"Days": 1, "StorageClass": "ICE"}]), "MalformedXML"),
        (lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 0}), "InvalidArgument"),
        (
            lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}),
            "InvalidArgument",
        ),
        (
            lifecycle(
                Filter={"Tag": {"Key": "a", "Value": "b"}},
                AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1},
            ),
            "InvalidRequest",
        ),
        (lifecycle(Filter={"And": {"Tags": [{"Key": "a", "Value": "b"}] * 2}}), "InvalidRequest"),
        (lifecycle(Filter={"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 9}}), "InvalidRequest"),
        (lifecycle(Filter={"ObjectSizeLessThan": -1}), "MalformedXML"),
        (
            lifecycle(Filter={"ObjectSizeLessThan": 9}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            "InvalidRequest",
        ),
        (lifecycle(Transitions=steps(GLACIER=2, STANDARD_IA=3)), "InvalidArgument"),
        (lifecycle(Transitions=steps(GLACIER=2, DEEP_ARCHIVE=2)), "InvalidArgument"),
        (lifecycle(Transitions=steps(ONEZONE_IA=2, GLACIER_IR=3)), "InvalidArgument"),
        (lifecycle(Expiration=None, Transitions=dates(GLACIER=2031, ONEZONE_IA=2032)), "InvalidArgument"),
        (lifecycle(Expiration={"Date": "2031-01-01T00:00:00Z"}, Transitions=dates(GLACIER=2031)), "InvalidArgument"),
        (
            lifecycle(
                NoncurrentVersionTransitions=[{"NoncurrentDays": 3, "StorageClass": "GLACIER"}],
                NoncurrentVersionExpiration={"NoncurrentDays": 3},
            ),
            "InvalidArgument",
        ),
        (
            lifecycle(
                Filter=None,
                Prefix="a",
                NoncurrentVersionExpiration={"NoncurrentDays": 3, "NewerNoncurrentVersions": 3},
            ),
            "InvalidRequest",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_lifecycle(s3: Any, bucket: str, rules: list[dict[str, Any]], code: str) -> None:
    put = s3.put_bucket_lifecycle_configuration
    assert code_of(put, Bucket=bucket, LifecycleConfiguration={"Rules": rules}) == code
    read = code_of(s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    assert read == "NoSuchLifecycleConfiguration"


WAY_DOWN = [
    steps(STANDARD_IA=1, INTELLIGENT_TIERING=2, ONEZONE_IA=3, GLACIER=4, DEEP_ARCHIVE=5),
    steps(DEEP_ARCHIVE=5, GLACIER_IR=2, GLACIER=3),
    [{"StorageClass": "GLACIER"}],
]


@pytest.mark.parametrize("transitions", WAY_DOWN, ids=str)
def test_lifecycle_down_the_waterfall(s3: Any, bucket: str, transitions: list[dict[str, Any]]) -> None:
    configuration = {"Rules": lifecycle(Transitions=transitions)}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert found["Transitions"] == transitions


def test_mfa_delete_asks_for_the_token_and_takes_no_lifecycle(s3: Any, bucket: str) -> None:
    with_mfa = {"Status": "Enabled", "MFADelete": "Enabled"}
    put = s3.put_bucket_versioning
    assert code_of(put, Bucket=bucket, VersioningConfiguration=with_mfa) == "AccessDenied"
    put(Bucket=bucket, VersioningConfiguration=with_mfa, MFA="arn:aws:iam::123456789012:mfa/root 123456")
    assert code_of(put, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}) == "AccessDenied"
    configuration = {"Rules": lifecycle()}
    put = s3.put_bucket_lifecycle_configuration
    assert code_of(put, Bucket=bucket, LifecycleConfiguration=configuration) == "InvalidRequest"


def test_lifecycle_with_an_unknown_minimum_size(s3: Any, bucket: str) -> None:
    code = code_of(
        s3.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": lifecycle()},
        TransitionDefaultMinimumObjectSize="tiny",
    )
    assert code == "InvalidRequest"


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([("aws:a", "b")], "InvalidTag"),
        ([("a", "b"), ("a", "c")], "InvalidTag"),
        ([("a" * 129, "b")], "InvalidTag"),
        ([("a", "b" * 257)], "InvalidTag"),
        ([("a,b", "c")], "InvalidTag"),
        ([("a", "b\tc")], "InvalidTag"),
        ([(f"a{number}", "b") for number in range(51)], "BadRequest"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_tags(s3: Any, bucket: str, tags: list[tuple[str, str]], code: str) -> None:
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tags]}
    assert code_of(s3.put_bucket_tagging, Bucket=bucket, Tagging=tagging) == code
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"


def test_system_tags_must_be_sent_back_as_they_are(s3: Any, bucket: str, layer: FaithfulS3) -> None:
    system, other = {"Key": "aws:stack", "Value": "a"}, {"Key": "team", "Value": "b"}
    planted = ET.fromstring("<Tag><Key>aws:stack</Key><Value>a</Value></Tag>")
    layer.memory[bucket].documents["tagging"] = Answer(body=tag_set([planted]))

    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [system, other]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [system, other]
    for tags in ([other], [{**system, "Value": "c"}]):
        assert code_of(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": tags}) == "InvalidTag"


AES256 = {"SSEAlgorithm": "AES256"}


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": AES256}] * 2, "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "ROT13"}}], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {**AES256, "KMSMasterKeyID": "a"}}], "InvalidArgument"),
    ],
)
def test_encryption(s3: Any, bucket: str, rules: list[dict[str, Any]], code: str) -> None:
    put = s3.put_bucket_encryption
    assert code_of(put, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}) == code


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"Status": "enabled"}, "MalformedXML"),
        ({"Status": "Disabled"}, "MalformedXML"),
        ({}, "IllegalVersioningConfigurationException"),
    ],
)
def test_versioning(s3: Any, bucket: str, configuration: dict[str, str], code: str) -> None:
    put = s3.put_bucket_versioning
    assert code_of(put, Bucket=bucket, VersioningConfiguration=configuration) == code
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_versioning_under_an_object_lock(s3: Any) -> None:
    s3.create_bucket(Bucket="lake", ObjectLockEnabledForBucket=True)
    suspended = {"Status": "Suspended"}
    code = code_of(s3.put_bucket_versioning, Bucket="lake", VersioningConfiguration=suspended)
    assert code == "InvalidBucketState"


def test_versioning_under_replication(s3: Any, bucket: str, layer: FaithfulS3) -> None:
    layer.memory[bucket].documents["replication"] = Answer()
    code = code_of(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert code == "InvalidBucketState"


def test_object_lock_needs_versioning(s3: Any, bucket: str) -> None:
    lock = {"ObjectLockEnabled": "Enabled"}
    put = s3.put_object_lock_configuration
    assert code_of(put, Bucket=bucket, ObjectLockConfiguration=lock) == "InvalidBucketState"
    read = code_of(s3.get_object_lock_configuration, Bucket=bucket)
    assert read == "ObjectLockConfigurationNotFoundError"


@pytest.mark.parametrize("rules", [["Everybody"], ["ObjectWriter", "ObjectWriter"], []])
def test_ownership(s3: Any, bucket: str, rules: list[str]) -> None:
    controls = {"Rules": [{"ObjectOwnership": rule} for rule in rules]}
    put = s3.put_bucket_ownership_controls
    assert code_of(put, Bucket=bucket, OwnershipControls=controls) == "MalformedXML"


def test_acls_where_the_owner_owns_everything(s3: Any, bucket: str) -> None:
    assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessControlListNotSupported"
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert code_of(s3.create_bucket, Bucket="pond", ACL="public-read") == "InvalidBucketAclWithObjectOwnership"


def test_acls_and_ownership_that_do_not_go_together(s3: Any, bucket: str) -> None:
    def own(by: str) -> None:
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": by}]})

    own("ObjectWriter")
    assert code_of(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessDenied"
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert code_of(own, by="BucketOwnerEnforced") == "InvalidBucketAclWithObjectOwnership"
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    own("BucketOwnerEnforced")


@pytest.mark.parametrize("body", ["", "nonsense", "<Other/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><Tagging>&b;</Tagging>"])
@pytest.mark.parametrize("subresource", ["tagging", "lifecycle", "publicAccessBlock", "replication", "website"])
def test_documents_that_are_none(bucket: str, send: Send, subresource: str, body: str) -> None:
    status, answer = send("PUT", f"/{bucket}?{subresource}", body)
    assert (status, "<Code>MalformedXML</Code>" in answer) == (400, True)
