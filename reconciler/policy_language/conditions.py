"""When a statement applies: operators, keys and values.

Sources: IAM User Guide, "IAM JSON policy elements: Condition" (key names ignore case) and "Condition operators"
(the list; an address without a prefix length is a /32). Operators are compared exactly: AWS says of keys that their
case is ignored, and of operators it does not; a gateway that copies S3's answers refuses one in another case with
"Invalid Condition type" (versity/versitygw, auth/bucket_policy_condition.go).
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from reconciler.policy_language.values import as_list, scalar, unique
from reconciler.policy_language.wrong import Home, Path, Reason
from reconciler.problems import Code, did_you_mean

UNKNOWN_CONDITION = Code(
    "RCL2407",
    "a condition that AWS does not know",
    "Operators are those of IAM, with their exact case, with `IfExists` after them or `ForAllValues:` or "
    "`ForAnyValue:` before them. Keys that begin with `s3:` are those of S3; a key that is newer than this version's "
    "table is named under the bucket's `allow_unknown_actions:`. S3 answers MalformedPolicy (Invalid Condition type, "
    "Policy has an invalid condition key).",
)

OPERATORS = (
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    *("StringLike", "StringNotLike"),
    *("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"),
    *("NumericGreaterThan", "NumericGreaterThanEquals"),
    *("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"),
    *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress"),
    *("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null"),
)
SETS = ("ForAllValues:", "ForAnyValue:")
IF_EXISTS = "IfExists"
S3_KEY = "s3:"
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,2})?\Z", re.ASCII)
"""What two spellings of a number are told from; what is longer is compared as text."""
NETWORK = re.compile(r"[0-9A-Fa-f:.]+(/(0|[1-9][0-9]{0,2}))?\Z", re.ASCII)
"""An address, or a network by the length of its prefix: a mask (`/255.0.0.0`) is nothing that IAM speaks of."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def canonical_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Operators as they are, keys in one case, values as strings."""
    canonical: dict[str, Any] = {}
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping) or len({canonical_key(key) for key in keys}) < len(keys):
            canonical[operator] = keys  # not a condition, or one key in two spellings: who knows what that means
            continue
        canonical[operator] = {
            canonical_key(key): unique(condition_value(operator, value) for value in as_list(keys[key])) for key in keys
        }
    return {operator: canonical[operator] for operator in sorted(canonical)}


def canonical_key(key: str) -> str:
    """In lower case, but for the tag of an object in it: tags are told by case (S3 User Guide, object-tagging)."""
    name, slash, tag = key.partition("/")
    return name.lower() + slash + (tag if name.lower().startswith(S3_KEY) else tag.lower())


def base_of(operator: str) -> str:
    """An operator without what may stand before and after it."""
    return operator.rpartition(":")[2].removesuffix(IF_EXISTS)


def condition_value(operator: str, value: Any) -> str:
    """Booleans, numbers and networks in one spelling."""
    text = scalar(value)
    kind = base_of(operator)
    if kind in ("Bool", "Null"):
        return text.lower()
    if kind.endswith("IpAddress"):
        return str(network_of(text) or text)
    if kind.startswith("Numeric") and NUMBER.match(text):
        return f"{(Decimal(text) + 0).normalize():f}"
    return text


def network_of(text: str) -> Network | None:
    """The network that an address or a prefix stands for, if it is one."""
    try:
        return ipaddress.ip_network(text, strict=False) if NETWORK.match(text) else None
    except ValueError:
        return None


def wrong_with_condition(condition: Mapping[str, Mapping[str, Any]], home: Home) -> Iterator[tuple[Path, Reason]]:
    """Operators that AWS does not have, and keys that S3 does not have."""
    for operator, keys in condition.items():
        if not is_operator(operator):
            near = did_you_mean(base_of(operator), OPERATORS)
            yield (operator,), Reason(f"there is no operator `{operator}`", f"did you mean `{near}`?" if near else None)
        for key in keys:
            reason = wrong_with_key(key, home)
            if reason:
                yield (operator, key), reason


def is_operator(operator: str) -> bool:
    """Whether IAM has this operator. `Null` asks whether a key exists, and takes no `IfExists`."""
    before, colon, bare = operator.rpartition(":")
    known = bare in OPERATORS or (bare.removesuffix(IF_EXISTS) in OPERATORS and bare != f"Null{IF_EXISTS}")
    return known and before + colon in ("", *SETS)


@cache
def known_keys() -> frozenset[str]:
    """S3's condition keys in lower case, from a table that only policies need."""
    from reconciler.policy_language.s3_actions import CONDITION_KEYS

    return frozenset(key.lower() for key in CONDITION_KEYS)


def wrong_with_key(key: str, home: Home) -> Reason | None:
    """Why S3 does not know this key; those of others (`aws:…`) are not in the table, and not judged."""
    name, slash, _ = key.lower().partition("/")
    if not name.startswith(S3_KEY) or name + slash in known_keys() or key.lower() in home.allowed:
        return None
    from reconciler.policy_language.s3_actions import CONDITION_KEYS

    near = did_you_mean(key, CONDITION_KEYS)
    newer = "if it is newer than this version's table, name it under `allow_unknown_actions:` of the bucket"
    return Reason(f"S3 has no condition key `{key}`", f"did you mean `{near}`? Else, {newer}" if near else newer)
