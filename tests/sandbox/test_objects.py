"""Listing and deleting objects, as AWS does it and moto does not."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]
BUCKET = "acme-lake"


@pytest.fixture
def s3(clients: Clients) -> Any:
    found = clients()
    found.create_bucket(Bucket=BUCKET)
    return found


def delete(s3: Any, *objects: dict[str, str], **params: Any) -> list[tuple[str, str]]:
    """What DeleteObjects says of the keys that it has not deleted."""
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [*objects], "Quiet": True}, **params)
    return [(error["Key"], error["Code"]) for error in answer.get("Errors", [])]


def versions(s3: Any) -> list[tuple[str, str]]:
    found = s3.list_object_versions(Bucket=BUCKET)
    return [(item["Key"], item["VersionId"]) for kind in ("Versions", "DeleteMarkers") for item in found.get(kind, [])]


def switch(s3: Any, status: str, **more: str) -> None:
    extra = {"MFA": "serial 123456"} if more else {}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status, **more}, **extra)


def test_at_most_a_thousand_keys_at_once(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="0", Body=b"x")
    with pytest.raises(ClientError, match="MalformedXML"):
        delete(s3, *({"Key": str(number)} for number in range(1001)))
    assert versions(s3) == [("0", "null")]
    assert delete(s3, *({"Key": str(number)} for number in range(1000))) == []
    assert versions(s3) == []


def test_a_deletion_on_the_condition_that_nothing_has_changed(s3: Any) -> None:
    etag = s3.put_object(Bucket=BUCKET, Key="a b", Body=b"x")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="b", Body=b"x")
    assert delete(s3, {"Key": "a b", "ETag": '"other"'}) == [("a b", "PreconditionFailed")]
    assert delete(s3, {"Key": "a b", "ETag": '"other"'}, {"Key": "b"}) == [("a b", "PreconditionFailed")]
    assert versions(s3) == [("a b", "null")]
    assert delete(s3, {"Key": "a b", "ETag": etag}, {"Key": "never", "ETag": etag}) == []
    assert versions(s3) == []


def test_no_version_goes_without_mfa(s3: Any) -> None:
    switch(s3, "Enabled")
    version = s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")["VersionId"]
    switch(s3, "Enabled", MFADelete="Enabled")
    assert delete(s3, {"Key": "a", "VersionId": version}) == [("a", "AccessDenied")]
    assert delete(s3, {"Key": "a", "VersionId": version}, MFA="serial 123456") == []


def test_while_versioning_is_suspended_one_version_goes_alone(s3: Any) -> None:
    switch(s3, "Enabled")
    first, second = (s3.put_object(Bucket=BUCKET, Key="a", Body=text)["VersionId"] for text in (b"1", b"2"))
    switch(s3, "Suspended")
    assert delete(s3, {"Key": "a", "VersionId": second}) == []
    assert versions(s3) == [("a", first)]
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=first)
    assert versions(s3) == []


def test_keys_are_listed_in_url_encoding_for_whoever_asks(s3: Any) -> None:
    for key in ("a b", "a+b", "/é&<"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    s3.create_multipart_upload(Bucket=BUCKET, Key="u p")
    encoded = s3.list_object_versions(Bucket=BUCKET, EncodingType="url")
    assert [item["Key"] for item in encoded["Versions"]] == ["/%C3%A9%26%3C", "a+b", "a%2Bb"]
    assert {key for key, _ in versions(s3)} == {"a b", "a+b", "/é&<"}
    assert s3.list_multipart_uploads(Bucket=BUCKET, EncodingType="url")["Uploads"][0]["Key"] == "u+p"
    assert s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"][0]["Key"] == "u p"


def test_a_bucket_with_nothing_but_a_delete_marker_is_not_empty(s3: Any) -> None:
    switch(s3, "Enabled")
    version = s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="a")
    s3.delete_object(Bucket=BUCKET, Key="a", VersionId=version)
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=BUCKET)
