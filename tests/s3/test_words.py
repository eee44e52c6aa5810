"""What the room knows by itself: documents, errors and outcomes in words, and patience."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, SSOError

from reconciler.errors import ExitCode
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.s3.documents import check_document, expected_documents, operation_name
from reconciler.s3.errors import WrongDocumentError, code_of, ends_the_run, message_of, refused
from tests.s3.lakes import LAKE
from tests.s3.world import Clock, World


def client_error(code: str | None = None, message: str = "said", status: int = 400) -> ClientError:
    error: Any = {"Error": {"Message": message} | ({"Code": code} if code else {})}
    return ClientError(error | {"ResponseMetadata": {"HTTPStatusCode": status}}, "GetThing")


# ── documents ────────────────────────────────────────────────────────────────────────────────────────


def check(body: bytes, operation: str = "GetBucketTagging") -> None:
    shape = boto3.session.Session("a", "b").client("s3", "us-east-1").meta.service_model.operation_model(operation)
    check_document(body, expected_documents()[operation], operation, shape.output_shape)


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging><TagSet/></Tagging>",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet/></Tagging>',
        b"  <s3:Tagging xmlns:s3='x'><s3:TagSet/></s3:Tagging>",
        b"<GetBucketTaggingResponse><TagSet/></GetBucketTaggingResponse>",
    ],
)
def test_the_right_document_is_known_in_every_spelling(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "answered with nothing"),
        (b"plain words", "answered with nothing"),
        (b"<!DOCTYPE x><Tagging/>", "answered with nothing"),
        (b"<Taggings/>", "answered with Taggings instead of Tagging"),
        (b"<GetBucketPolicyResponse/>", "answered with GetBucketPolicyResponse instead"),
        (b"<Tagging><TagSet>", "broken XML"),
        (b"<Tagging><Owner/><TagSet/></Tagging>", "it holds Tagging.Owner,"),
    ],
)
def test_any_other_document_is_told(body: bytes, told: str) -> None:
    with pytest.raises(WrongDocumentError, match=told):
        check(body)


def test_operations_are_spelled_as_s3_spells_them() -> None:
    assert operation_name("get_public_access_block") == "GetPublicAccessBlock"
    assert expected_documents()["GetBucketVersioning"] == "VersioningConfiguration"
    assert "GetObject" not in expected_documents()


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (client_error("NoSuchKey", " gone "), "NoSuchKey", "gone"),
        (client_error(None, "", 503), "503", ""),
        (ClientError({}, "GetThing"), "", ""),
        (NoRegionError(), "", "You must specify a region."),
    ],
)
def test_an_error_has_a_code_and_a_message_where_there_are_any(error: Exception, code: str, message: str) -> None:
    assert (code_of(error), message_of(error)) == (code, message)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoRegionError(), "no AWS region is set"),
        (NoCredentialsError(), "no usable AWS credentials"),
        (SSOError(), "no usable AWS credentials"),
        (client_error("RequestTimeTooSkewed"), "the time of this machine"),
    ],
)
def test_what_ends_the_run_says_how_to_go_on(error: Exception, told: str) -> None:
    refusal = ends_the_run(error, None)
    assert refusal is not None
    assert told in refusal.message
    assert refusal.remedy


def test_what_concerns_one_call_does_not_end_the_run() -> None:
    assert ends_the_run(client_error("AccessDenied"), None) is None


@pytest.mark.parametrize(
    ("error", "operation", "told"),
    [
        (client_error("NewThing"), "put_x", "put_x: NewThing: said"),
        (client_error("OperationAborted"), "put_x", "(S3 is still busy with this bucket or its name: try again later)"),
        (client_error("AccessDenied", "no"), "put_x", "(allow s3:A and s3:B for these credentials)"),
        (
            client_error("AccessDenied", "not authorized to perform: s3:C on"),
            "put_x",
            "(allow s3:C for these credentials)",
        ),
        (client_error("AccessDenied"), "put_bucket_policy", "a public policy is also refused"),
    ],
)
def test_a_refused_call_is_told_with_advice(error: Exception, operation: str, told: str) -> None:
    assert refused(error, operation, ("s3:A", "s3:B")).endswith(told) or told in refused(error, operation, ("s3:A",))


# ── patience ─────────────────────────────────────────────────────────────────────────────────────────


def test_pauses_grow_to_a_limit_and_are_never_the_same() -> None:
    clock = Clock()
    assert clock.patience().until(lambda seen: False, lambda: 1, within=60) == 1
    assert 0.125 <= clock.naps[0] <= 0.25
    assert 2.5 <= max(clock.naps) <= 5
    assert 60 <= clock.now < 65


def test_what_is_right_at_once_is_not_waited_for() -> None:
    clock = Clock()
    assert clock.patience().until(lambda seen: seen == 1, lambda: 1, within=60) == 1
    assert clock.naps == []


def test_a_stopped_run_looks_once_and_waits_for_nothing() -> None:
    clock = Clock()
    patience = clock.patience()
    patience.stop.set()
    assert patience.until(lambda seen: False, lambda: 1, within=60) == 1
    with pytest.raises(ClientError):
        patience.persist(aborted)
    assert clock.naps == []


def aborted() -> None:
    raise client_error("OperationAborted")


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ends", "interrupted", "expected"),
    [
        ([], False, ExitCode.FINE),
        ([Result.APPLIED, Result.APPLIED], False, ExitCode.FINE),
        ([Result.APPLIED, Result.UNVERIFIED], False, ExitCode.PARTLY_APPLIED),
        ([Result.UNVERIFIED], False, ExitCode.PARTLY_APPLIED),
        ([Result.APPLIED, Result.FAILED, Result.SKIPPED], False, ExitCode.PARTLY_APPLIED),
        ([Result.FAILED, Result.SKIPPED], False, ExitCode.ERROR),
        ([Result.APPLIED], True, ExitCode.INTERRUPTED),
    ],
)
def test_the_exit_code_says_how_it_ended(
    world: World, ends: list[Result], interrupted: bool, expected: ExitCode
) -> None:
    plan = world.plan(LAKE)
    bucket = BucketOutcome(plan, tuple(Outcome(plan.changes[0], end) for end in ends))
    applied = Applied((bucket,), interrupted)
    assert applied.exit_code is expected
    assert applied.count(Result.APPLIED) == ends.count(Result.APPLIED)
