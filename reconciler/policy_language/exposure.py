"""Whether a policy is public, by AWS's own definition.

A policy counts as public until each of its Allow statements is bound to fixed values: principals that are
named, or one of a short list of condition keys with values that hold neither a wildcard nor a policy
variable. What the list does not name (a referer, TLS, a user agent) binds nothing.

Source: S3 User Guide, "Blocking public access to your Amazon S3 storage", The meaning of "public".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy_language.canonical import canonical_statement
from reconciler.policy_language.conditions import IF_EXISTS, base_of, network_of
from reconciler.policy_language.partition import partition_in
from reconciler.policy_language.principals import EVERYBODY
from reconciler.policy_language.values import Statement, members
from reconciler.policy_language.wrong import Path
from reconciler.problems import Code, Severity

BINDING_KEYS = frozenset(
    {
        "aws:principalorgid",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
"""Condition keys that bind a statement, when their values are fixed. `aws:sourceip` does too, when it is narrow."""
BINDING_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
ACCESS_POINT = re.compile(r"arn:aws[a-z-]*:s3:[a-z0-9-]*:\d{12}:accesspoint/")
"""Up to here, the ARN of an access point must be fixed; its name may be a wildcard."""
ANY_VALUE = re.compile(r"[*?]|\$\{")
BROADEST = {4: 8, 6: 32}
"""Shorter prefixes of IP addresses than these count as the whole world."""


PUBLIC = Code(
    "RCL2411",
    "a public policy that its own bucket refuses",
    "`block_public_policy: true` has S3 refuse every policy that is public, and this one is, by AWS's definition: a "
    "statement lets in somebody who is not named, and no condition binds it to fixed values (S3 User Guide, Blocking "
    "public access, The meaning of public). S3 answers AccessDenied. Name the principals, or, if everybody is meant, "
    "write `block_public_policy: false`.",
)
MAY_BE_REFUSED = Code(
    "RCL2412",
    "a public policy, and nothing said about the block",
    "S3 refuses a public policy while `block_public_policy` is on, which it is in every new bucket, and may be for the "
    "whole account. The spec does not say that it is off. If everybody is meant, write `public_access_block:` with "
    "`block_public_policy: false`; else name the principals.",
    Severity.WARNING,
)


def public_statements(policy: Mapping[str, Any]) -> Iterator[Path]:
    """The paths of the statements that make this policy public."""
    allowing = [
        (path, statement)
        for path, statement in members(policy, "Statement")
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow"
    ]
    partition = partition_in(policy) if allowing else ""
    for path, statement in allowing:
        if is_public(canonical_statement(statement, partition)):
            yield path


def is_public(statement: Statement) -> bool:
    """Whether this statement alone makes a policy public."""
    if statement.get("Effect") != "Allow" or not lets_in_anybody(statement):
        return False
    return not any(binds(*test) for test in tests_of(statement.get("Condition")))


def lets_in_anybody(statement: Statement) -> bool:
    """Whether somebody may come in who is not named. A web identity provider knows whoever signs up there."""
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return True
    if EVERYBODY in principal.get("AWS", ()) or EVERYBODY in principal.get("Service", ()):
        return True
    return any(not provider.startswith("arn:") for provider in principal.get("Federated", ()))


def tests_of(condition: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Every test of a condition: operator, key, values. All of them must hold."""
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield operator, key, values


def binds(operator: str, key: str, values: list[str]) -> bool:
    """Whether only requests with fixed values pass this test.

    `IfExists` and `ForAllValues:` let a request pass that does not have the key at all. Where one key stands in two
    spellings, its values are as they are written: who knows which of them count.
    """
    if operator.endswith(IF_EXISTS) or operator.startswith("ForAllValues:") or not are_texts(values):
        return False
    base = base_of(operator)
    if key == "aws:sourceip":
        return base == "IpAddress" and all(map(is_narrow, values))
    return base in BINDING_OPERATORS and key in BINDING_KEYS and all(is_fixed(key, value) for value in values)


def are_texts(values: Any) -> bool:
    """Whether these are the values of a canonical test, and there are any."""
    return isinstance(values, list) and values != [] and all(isinstance(value, str) for value in values)


def is_fixed(key: str, value: str) -> bool:
    """Whether a value stands for nothing but itself."""
    if key == "s3:dataaccesspointarn":
        return ACCESS_POINT.match(value) is not None
    return ANY_VALUE.search(value) is None


def is_narrow(network: str) -> bool:
    """Whether a range of addresses is not too broad to mean anything; private ranges never are."""
    found = network_of(network)
    if found is None:
        return False
    return found.prefixlen >= BROADEST[found.version] or (found.version == 4 and found.is_private)
