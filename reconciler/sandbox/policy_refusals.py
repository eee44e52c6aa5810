"""Bucket policies that S3 refuses and moto accepts.

Only what can be told from the text and from this bucket: whether principals exist, nobody here can know.
Sources: S3 User Guide, access-control-block-public-access; codes recorded from AWS in LocalStack's tests.
"""

import json
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.documents import Bucket
from reconciler.sandbox.messages import S3Error

LONGEST = 20_480
REQUIRED_FIELDS = {
    "Effect": ("Effect",),
    "Principal": ("Principal", "NotPrincipal"),
    "Action": ("Action", "NotAction"),
    "Resource": ("Resource", "NotResource"),
}
"""What each statement must have, and the other names it goes by."""


def refuse_bad_policy(body: bytes, bucket: Bucket) -> None:
    """Refuse what is no policy for this bucket, and a public one while BlockPublicPolicy is on."""
    if len(body) > LONGEST:
        raise _malformed("Policy exceeds the maximum allowed document size.")
    policy = _parse(body)
    statements = _as_list(policy["Statement"]) if "Statement" in policy else []
    if not statements:
        raise _malformed("Missing required field Statement")
    for statement in statements:
        _refuse_bad_statement(statement, bucket)
    ids = [statement["Sid"] for statement in statements if "Sid" in statement]
    if len(ids) != len(set(ids)):
        raise _malformed("Statement IDs (SID) in a single policy must be unique.")
    if bucket.element("publicAccessBlock", "BlockPublicPolicy") == "true" and any(map(_is_public, statements)):
        raise S3Error(
            "AccessDenied",
            "User is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{bucket.name}" because public policies are prevented by the BlockPublicPolicy '
            "setting in S3 Block Public Access.",
        )


def _parse(body: bytes) -> dict[str, Any]:
    not_json = _malformed("Policies must be valid JSON and the first byte must be '{'")
    if not body.startswith(b"{"):
        raise not_json
    try:
        policy = json.loads(body)
    except (ValueError, RecursionError):
        raise not_json from None
    return dict(policy)


def _refuse_bad_statement(statement: object, bucket: Bucket) -> None:
    if not isinstance(statement, dict):
        raise _malformed("Missing required field Effect")
    for field, names in REQUIRED_FIELDS.items():
        if not any(name in statement for name in names):
            raise _malformed(f"Missing required field {field}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {statement['Effect']}")
    if statement["Effect"] == "Allow" and "NotPrincipal" in statement:
        raise _malformed("Allow with NotPrincipal is not allowed.")
    for resource in _resources(statement):
        if not _may_be_in(resource, bucket.name):
            raise _malformed("Policy has invalid resource")


def _resources(statement: dict[str, Any]) -> Iterator[object]:
    for name in ("Resource", "NotResource"):
        yield from _as_list(statement.get(name, []))


def _may_be_in(resource: object, bucket: str) -> bool:
    """Whether an ARN names this bucket or its objects; one with wildcards has the benefit of the doubt."""
    if not isinstance(resource, str):
        return False
    if any(wildcard in resource.split("/")[0] for wildcard in "*?$"):
        return True
    service, _, name = resource.rpartition(":::")
    return service.startswith("arn:aws") and service.endswith(":s3") and name.split("/")[0] == bucket


def _is_public(statement: dict[str, Any]) -> bool:
    """Simpler than AWS: anybody is allowed and no condition narrows it."""
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    return statement["Effect"] == "Allow" and "*" in _as_list(principal) and not statement.get("Condition")


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _malformed(message: str) -> S3Error:
    return S3Error("MalformedPolicy", message)
