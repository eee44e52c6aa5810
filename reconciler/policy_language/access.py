"""Whether one canonical policy lets in more than another."""

from collections.abc import Sequence
from typing import Any

from reconciler.policy_language.values import Statement, text_of


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
