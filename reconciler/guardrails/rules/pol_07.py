"""POL-07: no condition tests for what no request has."""

import ipaddress
from collections.abc import Iterator

from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import stated_in, tests_in
from reconciler.policy_language.conditions import base_of, network_of
from reconciler.policy_language.patterns import VARIABLE
from reconciler.problems import Severity

PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
        ),
    )
)
"""Ranges from which no request comes over the internet (RFC 1918, 6598, 1122, 3927, 4193, 4291)."""
WITHOUT_WILDCARDS = frozenset(
    {
        *("aws:principalarn", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:userid"),
        *("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce"),
    }
)
"""Keys whose values never hold a `*` themselves."""
ACCOUNTS = frozenset({"aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount"})
EQUALS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")


def check(subject: Subject) -> Iterator[Offence]:
    """Tests with values that the key never has."""
    for stated in stated_in(subject):
        for operator, key, values in tests_in(stated):
            wrong = {value: reason for value in values if (reason := never(operator, key, value))}
            if wrong:
                first, (said, help_) = next(iter(wrong.items()))
                more = f" (and {len(wrong) - 1} of the others cannot be met either)" if len(wrong) > 1 else ""
                some_left = len(wrong) < len(values)
                then = "the others still count" if some_left else what_follows(operator)
                message = f"`{first}` {said}{more}; {then}"
                yield Offence(stated.test(operator, key), message, help_, Severity.WARNING if some_left else None)


def what_follows(operator: str) -> str:
    """What a test means of which no value is ever met."""
    return "the test always passes" if "Not" in base_of(operator) else "the test never passes"


def never(operator: str, key: str, value: str) -> tuple[str, str] | None:
    """Why no request has this value, and what to write instead; a value with a variable may become any other."""
    base = base_of(operator)
    if VARIABLE.search(value):
        return None
    if base in ("IpAddress", "NotIpAddress"):
        return never_an_address(key, value)
    if base == "Bool" and value not in ("true", "false"):
        return "is neither true nor false", 'write "true" or "false"'
    if base in EQUALS and key in WITHOUT_WILDCARDS and {"*", "?"} & {*value}:
        like = base.removesuffix("IgnoreCase").replace("Equals", "Like")
        return f"is compared as it is written, and {base} knows no wildcards", f"write `{like}`"
    if base in EQUALS and key in ACCOUNTS and not (value.isdigit() and len(value) == 12):
        return "is not an account id: it has 12 digits", "write all 12 digits, in quotes"
    return None


def never_an_address(key: str, value: str) -> tuple[str, str] | None:
    """Why no request comes from here."""
    network = network_of(value)
    if network is None:
        return "is no address and no range of them", "write it like `203.0.113.0/24`"
    if key == "aws:sourceip" and any(
        network.version == private.version
        and network.network_address in private
        and network.prefixlen >= private.prefixlen
        for private in PRIVATE
    ):
        return (
            "is a private range, and `aws:SourceIp` holds public addresses only",
            "test `aws:VpcSourceIp`, or `aws:SourceVpce`, for requests that come through a VPC endpoint",
        )
    return None


RULE = Rule(
    id="POL-07",
    title="No condition tests for what no request has",
    why="Such a statement does not do what it seems to: an Allow lets in nobody, a Deny with a negated test shuts out "
    "everybody, and a Deny with a plain one nobody. `aws:SourceIp` holds the public address of who asks, and is "
    "missing from requests through a VPC endpoint, which have `aws:VpcSourceIp` (IAM User Guide, *AWS global "
    "condition context keys*). `StringEquals` compares characters, also `*` and `?` (IAM User Guide, *Condition "
    "operators*).",
    mend="Test a key that such requests have, with values that it can have.",
    check=check,
)
