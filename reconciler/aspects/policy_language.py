"""When two bucket policies mean the same, and how they differ.

A policy is a small language of its own. AWS reads many spellings of one meaning: lists or single strings,
any order, any case of an action, an account id or its root ARN. Each statement is made canonical, and two
policies are equal when their statements pair up one to one.

Sources: IAM User Guide, "IAM JSON policy elements" (action names and condition keys ignore case, a missing
Version is 2008-10-17, an account id is its root ARN).
"""

import ipaddress
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

OLDEST_VERSION = "2008-10-17"
"""What AWS takes a policy for that states no Version."""
ACCOUNT_ID = re.compile(r"\d{12}\Z")
ROOT_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):root\Z")

NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?\Z", re.ASCII)
"""What two spellings of a number are told from; what is longer is compared as text."""

MEMBERS = ("Action", "NotAction", "Resource", "NotResource")
"""Elements that hold a set of strings, or one string."""
PRINCIPALS = ("Principal", "NotPrincipal")
READING_ORDER = ("Effect", *PRINCIPALS, *MEMBERS, "Condition")
"""The elements of a statement as people read them: who may do what with what, and when."""

Statement = dict[str, Any]


def canonical_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy as data that is equal for policies with one meaning."""
    known = {"Version", "Statement"}
    statements = [canonical_statement(statement) for statement in statements_of(policy)]
    return {
        "Version": policy.get("Version") or OLDEST_VERSION,
        "Statement": sorted(statements, key=text_of),
        **{name: policy[name] for name in sorted(policy) if name not in known and policy[name] not in (None, "")},
    }


def statements_of(policy: Mapping[str, Any]) -> list[Any]:
    """The statements; one object stands for a list of one."""
    return as_list(policy.get("Statement"))


def canonical_statement(statement: Any) -> Any:
    """One statement as data that is equal for statements with one meaning.

    An element that is not known stays as it is: a misspelled one must not be equal to a missing one.
    """
    if not isinstance(statement, Mapping):
        return statement
    canonical: Statement = {}
    for name, value in statement.items():
        if name in MEMBERS:
            canonical[name] = unique(member(name, item) for item in as_list(value))
        elif name in PRINCIPALS:
            canonical[name] = canonical_principal(value)
        elif name == "Condition" and isinstance(value, Mapping):
            canonical[name] = canonical_condition(value)
        else:
            canonical[name] = value
    return {name: canonical[name] for name in sorted(canonical) if canonical[name] not in (None, "", {})}


def member(name: str, value: Any) -> str:
    """An action ignores case; a resource does not."""
    return scalar(value).lower() if name.endswith("Action") else scalar(value)


def canonical_principal(principal: Any) -> Any:
    """Types of principals with their members; ``"*"`` is everybody, like ``{"AWS": "*"}``.

    AWS documents the two as equivalent for resource policies that grant to anonymous users (IAM User
    Guide, "AWS JSON policy elements: Principal").
    """
    if principal == "*":
        return {"AWS": ["*"]}
    if not isinstance(principal, Mapping):
        return principal
    types = {str(kind): unique(map(one_principal, as_list(members))) for kind, members in principal.items()}
    return {kind: types[kind] for kind in sorted(types) if types[kind]}


def one_principal(value: Any) -> str:
    """An account's root ARN is its account id."""
    text = scalar(value)
    root = ROOT_ARN.match(text)
    return root[2] if root else text


def canonical_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Operators as they are, keys in lower case, values as strings."""
    canonical: dict[str, Any] = {}
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping) or len({key.lower() for key in keys}) < len(keys):
            canonical[operator] = keys  # not a condition, or one key in two spellings: who knows what that means
            continue
        canonical[operator] = {
            key.lower(): unique(condition_value(operator, value) for value in as_list(keys[key])) for key in keys
        }
    return {operator: canonical[operator] for operator in sorted(canonical)}


def condition_value(operator: str, value: Any) -> str:
    """Booleans, numbers and networks in one spelling."""
    text = scalar(value)
    kind = operator.rpartition(":")[2].removesuffix("IfExists")
    if kind in ("Bool", "Null"):
        return text.lower()
    if kind.endswith("IpAddress"):
        try:
            return str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            return text
    if kind.startswith("Numeric") and NUMBER.match(text):
        return f"{(Decimal(text) + 0).normalize():f}"
    return text


def scalar(value: Any) -> str:
    """A JSON scalar as the string that AWS takes it for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def as_list(value: Any) -> list[Any]:
    """One value stands for a list of one; nothing, for an empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def unique(values: Iterable[str]) -> list[str]:
    """Sorted, each once."""
    return sorted(set(values))


def text_of(value: Any) -> str:
    """A stable text for sorting and comparing."""
    return json.dumps(value, sort_keys=True, default=str)


def covered(statement: Statement, others: Sequence[Statement]) -> bool:
    """Whether one of these statements says at least as much: the same effect, conditions and kinds of members.

    Wildcards are not weighed: what is not certainly covered counts as not covered.
    """
    return any(says_at_least(other, statement) for other in others)


def says_at_least(other: Statement, statement: Statement) -> bool:
    """Whether `other` has every member that `statement` has, and the same conditions."""
    same = ("Effect", "Condition", "NotPrincipal", "NotAction", "NotResource")
    if any(other.get(name) != statement.get(name) for name in same):
        return False
    members = all(set(statement.get(name, [])) <= set(other.get(name, [])) for name in ("Action", "Resource"))
    return members and principals_in(statement.get("Principal")) <= principals_in(other.get("Principal"))


def principals_in(principal: Any) -> set[tuple[str, str]]:
    """The principals with their types."""
    if not isinstance(principal, dict):
        return {("", text_of(principal))} if principal is not None else set()
    return {(kind, one) for kind, members in principal.items() for one in members}


# ── how two policies differ ──────────────────────────────────────────────────────────────────────────


def pictures(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """Both policies with their statements by name, so that each statement is compared with its counterpart.

    A Sid is a name. Statements without one are paired when they mean the same, else by likeness; what has no
    counterpart never goes by the name of another statement.
    """
    old, new = named_statements(before), named_statements(after)
    partners = counterparts(old, new)
    shown: dict[str, Statement] = {}
    for name, statement in old.items():
        shown[partners.get(name) or unused(name, new.keys() | shown.keys())] = statement
    spelling = spellings(before) | spellings(after)
    return (
        policy_picture(before, shown, spelling) if before is not None else None,
        policy_picture(after, new, spelling) if after is not None else None,
    )


def counterparts(old: Mapping[str, Statement], new: Mapping[str, Statement]) -> dict[str, str]:
    """The statements that are one statement before and after: the same Sid, or no Sid and the most in common."""
    partners = {name: name for name in old if "Sid" in old[name] and old[name]["Sid"] == new.get(name, {}).get("Sid")}
    before, after = ({name: parts(every[name]) for name in every if "Sid" not in every[name]} for every in (old, new))
    pairs = sorted(
        ((likeness(before[one], after[other]), one, other) for one in before for other in after),
        key=lambda pair: -pair[0],
    )
    for in_common, one, other in pairs:
        if in_common > 0 and one not in partners and other not in partners.values():
            partners[one] = other
    return partners


def unused(name: str, taken: Collection[str]) -> str:
    """The name, marked as often as it takes to be nobody else's."""
    while name in taken:
        name += "'"
    return name


def policy_picture(
    policy: Mapping[str, Any], statements: Mapping[str, Statement], spelling: Mapping[str, str]
) -> dict[str, Any]:
    """The policy for people: statements by name, actions as somebody wrote them."""
    canonical = canonical_policy(policy)
    shown = {name: statement_picture(statements[name], spelling) for name in statements}
    return {name: shown if name == "Statement" else value for name, value in canonical.items()}


def statement_picture(statement: Statement, spelling: Mapping[str, str]) -> Statement:
    """One statement for people, in the order in which it is read; its name is its Sid."""
    names = (*(name for name in READING_ORDER if name in statement), *statement)
    shown = {name: statement[name] for name in names if name != "Sid"}
    for name in ("Action", "NotAction"):
        if name in shown:
            shown[name] = [spelling.get(action, action) for action in shown[name]]
    if isinstance(shown.get("Condition"), dict):
        shown["Condition"] = {
            operator: {spelling.get(key, key): values for key, values in keys.items()}
            if isinstance(keys, dict)
            else keys
            for operator, keys in shown["Condition"].items()
        }
    return shown


def named_statements(policy: Mapping[str, Any] | None) -> dict[str, Statement]:
    """Canonical statements by Sid, or by what they say; repeated names are marked."""
    named: dict[str, Statement] = {}
    for statement in statements_of(policy or {}):
        canonical = canonical_statement(statement)
        if not isinstance(canonical, dict):
            canonical = {"not a statement": canonical}
        name = str(canonical.get("Sid") or summary(canonical, statement))
        named[unused(name, named)] = canonical
    return named


def summary(canonical: Statement, written: Any) -> str:
    """A name for a statement that has none: its effect and its first action, as written."""
    actions = as_list(written.get("Action", written.get("NotAction"))) if isinstance(written, Mapping) else []
    first = scalar(actions[0]) if actions else "?"
    return f"{canonical.get('Effect', '?')} {first}" + (f" +{len(actions) - 1}" if len(actions) > 1 else "")


def likeness(one: set[str], other: set[str]) -> float:
    """How much the parts of two statements share, from 0 to 1; statements of opposite effect share nothing."""
    if any(part.startswith("Effect=") for part in one ^ other):
        return 0.0
    return len(one & other) / max(len(one | other), 1)


def parts(statement: Statement) -> set[str]:
    """The members of a statement, for comparing two."""
    found: set[str] = set()
    for name, value in statement.items():
        items: Sequence[Any] = value if isinstance(value, list) else [value]
        found |= {f"{name}={text_of(item)}" for item in items}
    return found


def spellings(policy: Mapping[str, Any] | None) -> dict[str, str]:
    """How the policy spells its actions and condition keys, by their canonical form."""
    spelled: dict[str, str] = {}
    for statement in statements_of(policy or {}):
        if isinstance(statement, Mapping):
            written = [scalar(item) for name in ("Action", "NotAction") for item in as_list(statement.get(name))]
            condition = statement.get("Condition")
            for keys in condition.values() if isinstance(condition, Mapping) else ():
                written += keys if isinstance(keys, Mapping) else ()
            spelled |= {word.lower(): word for word in written}
    return spelled
