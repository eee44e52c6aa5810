"""Whether one canonical policy lets in more than another."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.policy_language.values import Statement, text_of

VARIABLE = "${"
SAME = ("Effect", "Condition", "NotPrincipal", "NotAction", "NotResource")
"""Elements that have to be the same in both statements."""
MORE = ("Action", "Resource")
"""Elements of which one statement may have more members than the other."""


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
    for name in SAME:  # plain loops: each statement of a policy is compared with each of another
        if other.get(name) != statement.get(name):
            return False
    for name in MORE:
        if not set(statement.get(name, ())).issubset(other.get(name, ())):
            return False
    return principals_in(statement.get("Principal")) <= principals_in(other.get("Principal"))


def principals_in(principal: Any) -> set[tuple[str, str]]:
    """The principals with their types."""
    if not isinstance(principal, dict):
        return {("", text_of(principal))} if principal is not None else set()
    return {(kind, one) for kind, members in principal.items() for one in members}
