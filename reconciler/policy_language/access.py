"""Whether one canonical policy lets in more than another."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.policy_language.values import Statement, text_of

VARIABLE = "${"


def covered(statement: Statement, others: Sequence[Statement]) -> bool:
    """Whether one of these statements says at least as much: the same effect, conditions and kinds of members.

    Wildcards are not weighed: what is not certainly covered counts as not covered.
    """
    return any(says_at_least(other, statement) for other in others)


def reads_variables_differently(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two canonical policies have another Version and at least one of them a policy variable.

    ``${aws:username}`` stands for a name since 2012-10-17, and for these characters before that (IAM User Guide, "IAM
    JSON policy elements: Version"): either may let in more, as an Allow or as a Deny.
    """
    variables = any(VARIABLE in text_of(policy["Statement"]) for policy in (one, other))
    return variables and one["Version"] != other["Version"]


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
