"""Which policies S3 calls public (S3 User Guide, access-control-block-public-access, "The meaning of public").

A policy starts as public and stops being so only where it grants access to fixed values: principals, or values of
certain condition keys without wildcards and variables. What restricts a request in another way (the referer, TLS,
an operator that negates or that is satisfied by a missing key) restricts nothing here.
"""

import ipaddress
from typing import Any

FIXING_KEYS = {
    "aws:principalorgid",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
}
"""What the guide lists besides `aws:SourceIp`."""
FIXING_OPERATORS = {"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike"}
WIDEST = {4: 8, 6: 32}
"""Ranges with a shorter prefix count as the whole internet; none of RFC 1918, which never do, is as wide."""


def is_public(statement: dict[str, Any]) -> bool:
    """Whether a statement lets in the public."""
    if statement["Effect"] != "Allow" or not _is_for_anybody(statement.get("Principal")):
        return False
    conditions: dict[str, dict[str, Any]] = statement.get("Condition", {})
    return not any(
        _is_fixed(operator, key, value) for operator, keys in conditions.items() for key, value in keys.items()
    )


def _is_for_anybody(principal: object) -> bool:
    if not isinstance(principal, dict):
        return True
    federated = [one for one in _as_list(principal.get("Federated", [])) if not str(one).startswith("arn:")]
    return "*" in _as_list(principal.get("AWS", [])) or bool(federated)


def _is_fixed(operator: str, key: str, value: object) -> bool:
    values = [str(one) for one in _as_list(value)]
    if operator == "IpAddress" and key.lower() == "aws:sourceip":
        return all(map(_is_narrow, values))
    if operator not in FIXING_OPERATORS or key.lower() not in FIXING_KEYS:
        return False
    if key.lower() == "s3:dataaccesspointarn":  # a wildcard for the access point's name is fine
        values = [":".join(one.split(":")[:5]) for one in values]
    return not any(character in one for one in values for character in "*?$")


def _is_narrow(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= WIDEST[network.version]


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
