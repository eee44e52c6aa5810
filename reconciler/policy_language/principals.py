"""Who a statement is about: accounts, users, roles, services.

Sources: IAM User Guide, "AWS JSON policy elements: Principal" and "IAM identifiers" (unique ID prefixes).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy_language.values import PRINCIPALS, as_list, members, scalar, statements_of, unique
from reconciler.policy_language.wrong import Home, Path, Reason
from reconciler.problems import Code, Severity

BAD_PRINCIPAL = Code(
    "RCL2408",
    "a principal that cannot be one",
    "A principal is everybody (`*`), an account id of 12 digits, the full ARN of a user, role or session, or a service "
    "such as `logging.s3.amazonaws.com`. Parts of it cannot be wildcards, and the unique ids of users and roles "
    "(AIDA…, AROA…) cannot be written (IAM User Guide, AWS JSON policy elements: Principal). S3 answers "
    "MalformedPolicy (Invalid principal in policy).",
)
DELETED = Code(
    "RCL2410",
    "a principal that was deleted",
    "AWS keeps a user or role in a policy by its unique id and shows its ARN. When it is deleted, the id shows "
    "through: AIDA… for a user, AROA… for a role. The statement does not apply to a user or role of the same name that "
    "is created again, until the policy is put again (IAM User Guide, AWS JSON policy elements: Principal).",
    Severity.WARNING,
)

KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
EVERYBODY = "*"
ROOT = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):root\Z", re.ASCII)
UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]+\Z")
DELETED_ONES = {"AIDA": "user", "AROA": "role"}
"""Unique ids by their prefix: of all that IAM has, only users and roles can be principals (groups cannot)."""
CANONICAL_USER = re.compile(r"[0-9a-f]{64,}\Z")
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\Z", re.ASCII | re.IGNORECASE)
ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?:"
    r"iam::(?P<account>[\w.-]*):(?:root|(?:user|role)/.+)"
    r"|sts::(?P<session_account>[\w.-]*):(?:assumed-role/.+/.+|federated-user/.+))\Z",
    re.ASCII,
)
"""Accounts may be words: `cloudfront` is one of AWS's own, and Ceph has tenants, the empty one among them."""
BY_CONDITION = 'name `"*"` as the principal, and the ones that are meant under Condition: ArnLike, aws:PrincipalArn'


def canonical_principal(principal: Any, partition: str) -> Any:
    """Types of principals with their members; ``"*"`` is everybody, like ``{"AWS": "*"}``.

    AWS documents the two as equivalent for resource policies that grant to anonymous users (IAM User
    Guide, "AWS JSON policy elements: Principal").
    """
    if principal == EVERYBODY:
        return {"AWS": [EVERYBODY]}
    if not isinstance(principal, Mapping):
        return principal
    types = {
        str(kind): unique(one_principal(member, partition) for member in as_list(written))
        for kind, written in principal.items()
    }
    return {kind: types[kind] for kind in sorted(types) if types[kind]}


def one_principal(value: Any, partition: str) -> str:
    """An account's root ARN is its account id, in the partition of the bucket and in no other."""
    text = scalar(value)
    root = ROOT.match(text)
    return root[2] if root and root[1] == partition else text


def members_of(principal: Any) -> Iterator[tuple[Path, str, Any]]:
    """Every principal with the path that leads to it, and its kind."""
    for kind in principal if isinstance(principal, Mapping) else ():
        yield from ((path, kind, member) for path, member in members(principal, kind))


def deleted_in(policy: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The principals of a live policy that AWS cannot name any more, with their paths: by Sid, else by position."""
    for index, statement in enumerate(statements_of(policy)):
        for name in PRINCIPALS if isinstance(statement, Mapping) else ():
            for path, kind, member in members_of(statement.get(name)):
                if kind == "AWS" and isinstance(member, str) and UNIQUE_ID.match(member):
                    yield ("Statement", scalar(statement.get("Sid") or index), name, *path), member


def wrong_with_principal(kind: str, text: str, home: Home) -> Reason | None:
    """Why S3 cannot take this for a principal of its kind; whether it exists, nobody here can know."""
    if not text:
        return Reason("this principal is empty")
    if kind == "Service" and text != EVERYBODY and not SERVICE.match(text):
        return Reason(f"`{text}` is not a service", "write it in full, like `logging.s3.amazonaws.com`")
    return wrong_with_arn(text, home) if kind == "AWS" else None


def wrong_with_arn(text: str, home: Home) -> Reason | None:
    """Why this is no account, user, role or session."""
    if text == EVERYBODY or CANONICAL_USER.match(text):
        return None
    if text.isdigit():
        return None if len(text) == 12 else Reason(f"an account id has 12 digits, and `{text}` has {len(text)}")
    if UNIQUE_ID.match(text):
        what = DELETED_ONES[text[:4]]
        return Reason(
            f"`{text}` is what AWS shows for a {what} that was deleted",
            f"write the ARN of a {what} that exists",
        )
    if "*" in text or "?" in text:
        return Reason("a principal is written in full: S3 refuses wildcards in a part of it", BY_CONDITION)
    arn = ARN.match(text)
    if arn is None:
        return Reason(
            f"`{text}` is not a principal",
            f"write an account id, or an ARN like arn:{home.partition or 'aws'}:iam::123456789012:role/etl",
        )
    account = arn["account"] or arn["session_account"] or ""
    if account.isdigit() and len(account) != 12:
        return Reason(f"an account id has 12 digits, and `{account}` has {len(account)}")
    if home.partition and arn["partition"] != home.partition:
        return Reason(f"this principal is in partition {arn['partition']}, and the bucket is in {home.partition}")
    return None
