"""What a client sees of the layer when it asks for nothing wrong."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox.behaviours import AS_AWS_DOES, Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Error, S3Request
from reconciler.sandbox.messages import ask as ask_application
from reconciler.sandbox.server import Moto

Clients = Callable[..., Any]
Send = Callable[..., tuple[int, str]]
ACCOUNT = "123456789012"
ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
AES256: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
NO_SSE_C = {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}


def code_of(operation: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        operation(**parameters)
    return str(refused.value.response["Error"]["Code"])


def public_access_block_of(s3: Any, bucket: str) -> Any:
    return s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]


def encryption_rules_of(s3: Any, bucket: str) -> Any:
    return s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def ownership_of(s3: Any, bucket: str) -> Any:
    return s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]


def test_sts_says_whose_account_it_is(clients: Clients) -> None:
    assert clients("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_new_bucket_has_the_defaults_of_aws(s3: Any, bucket: str) -> None:
    assert public_access_block_of(s3, bucket) == ALL_BLOCKED
    assert encryption_rules_of(s3, bucket) == [{**AES256, **NO_SSE_C, "BucketKeyEnabled": False}]
    assert ownership_of(s3, bucket) == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_the_versioning_of_a_new_bucket_is_an_empty_document(bucket: str, send: Send) -> None:
    status, body = send("GET", f"/{bucket}?versioning")
    assert (status, "<VersioningConfiguration" in body, "Status" in body) == (200, True, False)


def test_a_new_bucket_has_the_ownership_it_was_created_with(s3: Any) -> None:
    s3.create_bucket(Bucket="lake", ObjectOwnership="ObjectWriter")
    assert ownership_of(s3, "lake") == [{"ObjectOwnership": "ObjectWriter"}]


def test_a_new_bucket_has_the_object_lock_it_was_created_with(s3: Any) -> None:
    s3.create_bucket(Bucket="lake", ObjectLockEnabledForBucket=True)
    lock = s3.get_object_lock_configuration(Bucket="lake")["ObjectLockConfiguration"]
    assert lock == {"ObjectLockEnabled": "Enabled"}
    assert s3.get_bucket_versioning(Bucket="lake")["Status"] == "Enabled"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_new_bucket_has_the_tags_it_was_created_with(clients: Clients, region: str) -> None:
    tags = [{"Key": "team", "Value": "lake"}, {"Key": "empty", "Value": ""}]
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3 = clients(region=region)
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={**where, "Tags": tags})
    assert s3.get_bucket_tagging(Bucket="lake")["TagSet"] == tags
    assert s3.head_bucket(Bucket="lake")["BucketRegion"] == region


@pytest.mark.parametrize(
    ("read", "remove", "code"),
    [
        ("get_public_access_block", "delete_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        (
            "get_bucket_ownership_controls",
            "delete_bucket_ownership_controls",
            "OwnershipControlsNotFoundError",
        ),
        ("get_bucket_tagging", "delete_bucket_tagging", "NoSuchTagSet"),
        (
            "get_bucket_lifecycle_configuration",
            "delete_bucket_lifecycle",
            "NoSuchLifecycleConfiguration",
        ),
        ("get_bucket_policy", "delete_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_replication", "delete_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_bucket_cors", "delete_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "delete_bucket_website", "NoSuchWebsiteConfiguration"),
    ],
)
def test_what_is_removed_is_absent_and_can_be_removed_again(
    s3: Any, bucket: str, read: str, remove: str, code: str
) -> None:
    for _ in range(2):
        answer = getattr(s3, remove)(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert code_of(getattr(s3, read), Bucket=bucket) == code


def test_encryption_goes_back_to_the_default(s3: Any, bucket: str) -> None:
    kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/lake"}}
    rule = {**kms, **NO_SSE_C, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert encryption_rules_of(s3, bucket) == [rule]
    s3.delete_bucket_encryption(Bucket=bucket)
    assert encryption_rules_of(s3, bucket) == [{**AES256, **NO_SSE_C, "BucketKeyEnabled": False}]


@pytest.mark.parametrize("left_out", [{}, {"BlockedEncryptionTypes": {"EncryptionType": []}}])
@pytest.mark.parametrize("word", ["SSE-C", "NONE"])
def test_blocked_encryption_that_a_put_leaves_out_stays(s3: Any, bucket: str, left_out: Any, word: str) -> None:
    blocked = {"BlockedEncryptionTypes": {"EncryptionType": [word]}}
    for rule in ({**AES256, **blocked}, {**AES256, **left_out}):
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        assert encryption_rules_of(s3, bucket) == [{**AES256, **blocked, "BucketKeyEnabled": False}]


def test_a_name_in_the_accounts_own_namespace(clients: Clients) -> None:
    name, s3 = f"lake-{ACCOUNT}-eu-west-1-an", clients(region="eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=name, BucketNamespace="account-regional", CreateBucketConfiguration=where)
    s3.create_bucket(Bucket="lake", BucketNamespace="global", CreateBucketConfiguration=where)
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["lake", name]


def test_the_default_encryption_reaches_objects(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b c", Body=b"x", Metadata={"a_b": "c"})
    found = s3.get_object(Bucket=bucket, Key="a/b c")
    assert (found["ServerSideEncryption"], found["Metadata"]) == ("AES256", {"a_b": "c"})


def test_public_access_flags_left_out_become_false(s3: Any, bucket: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert public_access_block_of(s3, bucket) == dict.fromkeys(ALL_BLOCKED, False) | {"BlockPublicAcls": True}


MIDNIGHT = datetime(2030, 1, 1, tzinfo=UTC)

FILTERS: list[dict[str, Any]] = [
    {},
    {"Prefix": ""},
    {"Prefix": "raw/"},
    {"Tag": {"Key": "a", "Value": ""}},
    {"ObjectSizeGreaterThan": 0},
    {"ObjectSizeLessThan": 10},
    {
        "And": {
            "Prefix": "raw/",
            "Tags": [{"Key": "a", "Value": "b"}],
            "ObjectSizeGreaterThan": 1,
            "ObjectSizeLessThan": 9,
        }
    },
]


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_a_lifecycle_filter_comes_back_in_the_same_form(s3: Any, bucket: str, where: dict[str, Any]) -> None:
    rule = {"ID": "one", "Status": "Enabled", "Filter": where, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]


@pytest.mark.parametrize(
    "actions",
    [
        {"Expiration": {"Date": MIDNIGHT}},
        {"Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"Transitions": [{"Days": 0, "StorageClass": "GLACIER_IR"}], "Expiration": {"Days": 365}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 5}},
        {
            "NoncurrentVersionTransitions": [
                {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2, "StorageClass": "GLACIER"}
            ]
        },
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
    ],
    ids=str,
)
def test_lifecycle_actions_come_back_whole(s3: Any, bucket: str, actions: dict[str, Any]) -> None:
    rule = {"ID": "one", "Status": "Disabled", "Filter": {"Prefix": ""}, **actions}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]


def test_a_lifecycle_rule_without_id_gets_one(s3: Any, bucket: str) -> None:
    rule = {"Status": "Enabled", "Prefix": "raw/", "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule, rule]})
    first, second = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert len(first["ID"]) == len(second["ID"]) == 48
    assert first.pop("ID") != second.pop("ID")
    assert first == second == rule


@pytest.mark.parametrize("size", [None, "all_storage_classes_128K", "varies_by_storage_class"])
def test_the_minimum_transition_size_is_kept(s3: Any, bucket: str, size: str | None) -> None:
    rule = {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    given = {} if size is None else {"TransitionDefaultMinimumObjectSize": size}
    put = s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}, **given)
    got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    expected = size or "all_storage_classes_128K"
    assert put["TransitionDefaultMinimumObjectSize"] == expected
    assert got["TransitionDefaultMinimumObjectSize"] == expected


def test_an_empty_tag_set_is_none(s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": ""}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": ""}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"


OTHER_DOCUMENTS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "put_object_lock_configuration",
        "get_object_lock_configuration",
        "ObjectLockConfiguration",
        {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}},
        },
    ),
    (
        "put_bucket_notification_configuration",
        "get_bucket_notification_configuration",
        "NotificationConfiguration",
        {"EventBridgeConfiguration": {}},
    ),
    (
        "put_bucket_cors",
        "get_bucket_cors",
        "CORSConfiguration",
        {"CORSRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 0}]},
    ),
    (
        "put_bucket_replication",
        "get_bucket_replication",
        "ReplicationConfiguration",
        {
            "Role": f"arn:aws:iam::{ACCOUNT}:role/copy",
            "Rules": [
                {
                    "ID": "one",
                    "Priority": 3,
                    "Status": "Enabled",
                    "Filter": {"Prefix": "raw/"},
                    "DeleteMarkerReplication": {"Status": "Enabled"},
                    "Destination": {"Bucket": "arn:aws:s3:::lake"},
                }
            ],
        },
    ),
]


@pytest.mark.parametrize(("put", "get", "name", "document"), OTHER_DOCUMENTS, ids=lambda value: str(value)[:20])
def test_other_documents_come_back_whole(
    s3: Any, bucket: str, put: str, get: str, name: str, document: dict[str, Any]
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    getattr(s3, put)(Bucket=bucket, **{name: document})
    got = getattr(s3, get)(Bucket=bucket)
    got.pop("ResponseMetadata")
    assert got.get(name, got) == document


def test_notifications_get_ids_and_capitals(s3: Any, bucket: str) -> None:
    topic = {
        "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}]}},
    }
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic]})
    (found,) = s3.get_bucket_notification_configuration(Bucket=bucket)["TopicConfigurations"]
    assert found["Id"]
    assert found["Filter"]["Key"]["FilterRules"] == [{"Name": "Prefix", "Value": "raw/"}]


def test_a_policy_comes_back_as_it_was_put_and_is_not_enforced(s3: Any, bucket: str) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    s3.put_object(Bucket=bucket, Key="k", Body=b"over plain HTTP, which the policy denies and AWS would not see")
    s3.delete_bucket_policy(Bucket=bucket)
    assert code_of(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"


def test_a_deleted_bucket_is_forgotten(s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=bucket)
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket=bucket)
    assert code_of(s3.get_bucket_tagging, Bucket=bucket) == "NoSuchTagSet"


def test_a_bucket_that_is_not_empty_stays(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a")
    assert code_of(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
    assert public_access_block_of(s3, bucket) == ALL_BLOCKED


class TestCreatingAgain:
    def test_us_east_1_shrugs_and_changes_nothing(self, s3: Any, bucket: str) -> None:
        s3.delete_public_access_block(Bucket=bucket)
        s3.create_bucket(Bucket=bucket, ObjectOwnership="ObjectWriter")
        assert ownership_of(s3, bucket) == [{"ObjectOwnership": "BucketOwnerEnforced"}]
        code = code_of(s3.get_public_access_block, Bucket=bucket)
        assert code == "NoSuchPublicAccessBlockConfiguration"

    def test_us_east_1_refuses_when_there_are_tags(self, s3: Any, bucket: str) -> None:
        tags = {"Tags": [{"Key": "a", "Value": "b"}]}
        code = code_of(s3.create_bucket, Bucket=bucket, CreateBucketConfiguration=tags)
        assert code == "BucketAlreadyOwnedByYou"

    def test_other_regions_refuse(self, clients: Clients) -> None:
        s3 = clients(region="eu-west-1")
        where = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration=where)
        code = code_of(s3.create_bucket, Bucket="lake", CreateBucketConfiguration=where)
        assert code == "BucketAlreadyOwnedByYou"


class TestListingBuckets:
    @pytest.fixture(autouse=True)
    def four_buckets(self, clients: Clients) -> None:
        for name in ("raw-2", "raw-1", "web-1"):
            clients().create_bucket(Bucket=name)
        where = {"LocationConstraint": "eu-west-1"}
        clients(region="eu-west-1").create_bucket(Bucket="raw-3", CreateBucketConfiguration=where)

    def test_without_parameters_there_are_no_regions(self, s3: Any) -> None:
        found = s3.list_buckets()["Buckets"]
        assert [bucket["Name"] for bucket in found] == ["raw-1", "raw-2", "raw-3", "web-1"]
        assert not any("BucketRegion" in bucket for bucket in found)

    def test_with_a_parameter_there_are(self, s3: Any) -> None:
        found = s3.list_buckets(MaxBuckets=1000)["Buckets"]
        assert [bucket["BucketRegion"] for bucket in found] == [
            "us-east-1",
            "us-east-1",
            "eu-west-1",
            "us-east-1",
        ]

    def test_pages(self, s3: Any) -> None:
        pages = s3.get_paginator("list_buckets").paginate(Prefix="raw-", PaginationConfig={"PageSize": 2})
        names = [[bucket["Name"] for bucket in page["Buckets"]] for page in pages]
        assert names == [["raw-1", "raw-2"], ["raw-3"]]

    def test_by_region(self, clients: Clients) -> None:
        found = clients(region="eu-west-1").list_buckets(BucketRegion="eu-west-1")["Buckets"]
        assert [bucket["Name"] for bucket in found] == ["raw-3"]

    def test_a_foreign_token(self, s3: Any) -> None:
        assert code_of(s3.list_buckets, ContinuationToken="é?") == "InvalidArgument"


def test_requests_at_the_same_time_do_not_mix(s3: Any) -> None:
    names = [f"lake-{number}" for number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda name: s3.create_bucket(Bucket=name), names))
        found = list(pool.map(lambda name: public_access_block_of(s3, name), names))
    assert found == [ALL_BLOCKED] * len(names)


def test_only_who_knows_the_token_may_reset(s3: Any, bucket: str, send: Send, token: str) -> None:
    assert send("POST", "/_reconcile/reset")[0] == 403
    s3.head_bucket(Bucket=bucket)
    assert send("POST", "/_reconcile/reset", x_reconcile_token=token)[0] == 204
    assert code_of(s3.head_bucket, Bucket=bucket) == "404"


def test_a_connection_stays_open(s3: Any, bucket: str, endpoint: str) -> None:
    connection = HTTPConnection(endpoint.removeprefix("http://"))
    connection.connect()
    socket = connection.sock
    for method, target in (("GET", "/lake?encryption"), ("DELETE", "/lake?policy"), ("HEAD", "/lake")) * 2:
        connection.request(method, target)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status < 300, connection.sock) == (True, socket)
    connection.close()


def test_not_modified_leaves_the_connection_usable(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["ETag"]
    for _ in range(2):
        assert code_of(s3.get_object, Bucket=bucket, Key="a", IfNoneMatch=etag) == "304"


def test_a_conditional_write(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", IfNoneMatch="*")
    assert code_of(s3.put_object, Bucket=bucket, Key="a", IfNoneMatch="*") == "PreconditionFailed"


def test_a_hostile_twin_is_one_behaviour_in_front(moto: Moto) -> None:
    def slow_down(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
        if request.subresource == "policy":
            raise S3Error("SlowDown", "Please reduce your request rate.")
        return ask(request)

    twin = FaithfulS3(moto, (slow_down, *AS_AWS_DOES))
    environ = {"PATH_INFO": "/lake", "QUERY_STRING": "policy", "REQUEST_METHOD": "GET", "wsgi.input": BytesIO()}
    answer = ask_application(twin, environ)
    assert (answer.status, b"<Code>SlowDown</Code>" in answer.body) == (503, True)


def test_a_bucket_may_be_called_like_motos_own_paths(s3: Any) -> None:
    s3.create_bucket(Bucket="moto-api")
    assert public_access_block_of(s3, "moto-api") == ALL_BLOCKED


def test_a_broken_backend_is_an_error_not_a_crash(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_environ: Any, _start_response: Any) -> Any:
        raise KeyError("surprise")

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "POST"}
    answer = FaithfulS3(broken).answer(S3Request("POST", "", "", {}, {}, b"", environ))
    assert (answer.status, b"InternalError" in answer.body) == (500, True)
    assert "surprise" in caplog.text
