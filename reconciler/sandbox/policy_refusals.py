"""Bucket policies that S3 refuses and moto accepts.

Only what can be told from the text and from this bucket: whether principals exist, nobody here can know, so a
principal that looks like one has the benefit of the doubt, and so has an action that looks like one of S3's.
Which condition keys exist, and which of them go with which action, is not checked either.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and "AWS JSON policy elements: Principal"; S3 User
Guide, access-control-block-public-access; codes and messages recorded from AWS in LocalStack's tests, or
quoted from AWS by versity/versitygw#647 to #650.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.documents import Bucket
from reconciler.sandbox.messages import S3Error
from reconciler.sandbox.public_policies import is_public

LONGEST = 20_480
"""In bytes, white space between the tokens not counted (MIT-LCP/physionet-build#2094)."""
VERSIONS = ("2008-10-17", "2012-10-17")
FIELDS = {"Version", "Id", "Statement"}
REQUIRED_FIELDS = {
    "Effect": ("Effect",),
    "Principal": ("Principal", "NotPrincipal"),
    "Action": ("Action", "NotAction"),
    "Resource": ("Resource", "NotResource"),
}
"""What each statement must have, and the other names it goes by."""
STATEMENT_FIELDS = {name for names in REQUIRED_FIELDS.values() for name in names} | {"Sid", "Condition"}

ACTION = re.compile(r"\*|s3[a-z-]*:[\w*?]+", re.IGNORECASE | re.ASCII)
A_NAME = r"[\w+=,.@/*-]+"
PRINCIPALS = {
    "AWS": re.compile(
        r"\*|\d{12}|A[A-Z]{2}A[A-Z0-9]+"
        rf"|arn:aws[a-z-]*:iam::\d{{12}}:(root|(user|role)/{A_NAME})"
        r"|arn:aws[a-z-]*:iam::cloudfront:user/CloudFront Origin Access Identity \w+"
        rf"|arn:aws[a-z-]*:sts::\d{{12}}:(assumed-role|federated-user)/{A_NAME}",
        re.ASCII,
    ),
    "Service": re.compile(r"\*|[a-z0-9.-]+\.amazon(aws)?\.com(\.cn)?|[a-z0-9.-]+\.aws\.internal"),
    "Federated": re.compile(r"\*|[\w-]+(\.[\w-]+)+|arn:aws[a-z-]*:iam::\d{12}:(saml|oidc)-provider/.+"),
    "CanonicalUser": re.compile(r"\*|[0-9a-f]{64}"),
}
"""By kind, what a principal can look like. ``AIDA…`` and ``AROA…`` are ids of users and roles."""

OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Arn(Not)?(Equals|Like)|(Not)?IpAddress|Bool|BinaryEquals"
    r"|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?))"
    r"(IfExists)?"
    r"|Null"
)
"""IAM User Guide, "IAM JSON policy elements: Condition operators"."""

OF_BUCKETS = re.compile(
    r"s3:(ListBucket|ListBucketVersions|ListBucketMultipartUploads|GetBucket\w+|PutBucket\w+)", re.I
)
OF_OBJECTS = re.compile(r"s3:(Get|Put|Delete|Restore)Object(Acl|Tagging|Version|VersionAcl|VersionTagging)?", re.I)
"""Actions whose names leave no doubt (Service Authorization Reference, Amazon S3)."""


def refuse_bad_policy(body: bytes, bucket: Bucket) -> None:
    """Refuse what is no policy for this bucket, and a public one while BlockPublicPolicy is on."""
    policy = _parse(body)
    if len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")) > LONGEST:
        raise _malformed("Policy exceeds the maximum allowed document size.")
    for name in policy.keys() - FIELDS:
        raise _malformed(f"Unknown field {name}")
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    statements = _as_list(policy["Statement"]) if "Statement" in policy else []
    if not statements:
        raise _malformed("Missing required field Statement")
    for statement in statements:
        _refuse_bad_statement(statement, bucket)
    ids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(ids) != len(set(ids)):
        raise _malformed("Statement IDs (SID) in a single policy must be unique.")
    if bucket.element("publicAccessBlock", "BlockPublicPolicy") == "true" and any(map(is_public, statements)):
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
    for name in statement.keys() - STATEMENT_FIELDS:
        raise _malformed(f"Unknown field {name}")
    for field, names in REQUIRED_FIELDS.items():
        found = [name for name in names if name in statement]
        if not found:
            raise _malformed(f"Missing required field {field}")
        if len(found) > 1:
            raise _malformed(f"Statement contains both {' and '.join(found)}")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {statement['Effect']}")
    if not isinstance(statement.get("Sid", ""), str):
        raise _malformed("Invalid policy syntax.")
    if statement["Effect"] == "Allow" and "NotPrincipal" in statement:
        raise _malformed("Allow with NotPrincipal is not allowed.")
    _refuse_bad_principals(statement.get("Principal", statement.get("NotPrincipal")))
    _refuse_bad_actions(statement, bucket)
    _refuse_bad_conditions(statement.get("Condition", {}))


def _refuse_bad_principals(principal: object) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict):
        raise _malformed("Invalid policy syntax.")
    for kind, members in principal.items():
        if kind not in PRINCIPALS:
            raise _malformed(f"Unknown field {kind}")
        for member in _as_list(members):
            if not (isinstance(member, str) and PRINCIPALS[kind].fullmatch(member)):
                raise _malformed("Invalid principal in policy")


def _refuse_bad_actions(statement: dict[str, Any], bucket: Bucket) -> None:
    """The actions and resources of a statement, and whether one of them has nothing to do with the others."""
    actions = _as_list(statement.get("Action", statement.get("NotAction")))
    if not all(isinstance(action, str) and ACTION.fullmatch(action) for action in actions):
        raise _malformed("Policy has invalid action")
    resources = list(_resources(statement))
    if not all(_may_be_in(resource, bucket.name) for resource in resources):
        raise _malformed("Policy has invalid resource")
    if "Action" not in statement or "Resource" not in statement:
        return
    for action in actions:
        of_bucket, of_object = OF_BUCKETS.fullmatch(action), OF_OBJECTS.fullmatch(action)
        fits = not of_bucket or any("/" not in one or "*" in one.split("/")[0] for one in resources)
        fits &= not of_object or any("/" in one or "*" in one for one in resources)
        if not fits:
            raise _malformed("Action does not apply to any resource(s) in statement")


def _resources(statement: dict[str, Any]) -> Iterator[Any]:
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


def _refuse_bad_conditions(condition: object) -> None:
    """Operators that exist, each with keys and their values."""
    if not isinstance(condition, dict):
        raise _malformed("Invalid policy syntax.")
    for operator, keys in condition.items():
        if not OPERATOR.fullmatch(operator):
            raise _malformed(f"Invalid Condition type : {operator}")
        if not isinstance(keys, dict):
            raise _malformed("Invalid policy syntax.")


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _malformed(message: str) -> S3Error:
    return S3Error("MalformedPolicy", message)
