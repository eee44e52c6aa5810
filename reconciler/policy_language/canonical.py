"""One spelling for each meaning: two policies are equal when their canonical forms are.

Statements are compared as a multiset: each one is paired with one of the other policy. What is no known element
stays as it is, so that a misspelled one is never equal to a missing one.

Sources: IAM User Guide, "IAM JSON policy elements" (action names and condition keys ignore case, Effect does not;
a missing Version is 2008-10-17).
"""

from collections.abc import Mapping
from typing import Any

from reconciler.policy_language.conditions import canonical_condition
from reconciler.policy_language.partition import partition_in
from reconciler.policy_language.principals import canonical_principal
from reconciler.policy_language.values import (
    ACTIONS,
    MEMBERS,
    PRINCIPALS,
    Statement,
    as_list,
    scalar,
    statements_of,
    text_of,
    unique,
)

OLDEST_VERSION = "2008-10-17"
"""What AWS takes a policy for that states no Version."""


def canonical_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy as data that is equal for policies with one meaning."""
    known = {"Version", "Statement"}
    return {
        "Version": policy.get("Version") or OLDEST_VERSION,
        "Statement": sorted(canonical_statements(policy), key=text_of),
        **{name: policy[name] for name in sorted(policy) if name not in known and policy[name] not in (None, "")},
    }


def canonical_statements(policy: Mapping[str, Any]) -> list[Any]:
    """The statements in the order in which they are written."""
    partition = partition_in(policy)
    return [canonical_statement(statement, partition) for statement in statements_of(policy)]


def canonical_statement(statement: Any, partition: str) -> Any:
    """One statement as data that is equal for statements with one meaning."""
    if not isinstance(statement, Mapping):
        return statement
    canonical: Statement = {}
    for name, value in statement.items():
        if name in MEMBERS:
            canonical[name] = unique(member(name, item) for item in as_list(value))
        elif name in PRINCIPALS:
            canonical[name] = canonical_principal(value, partition)
        elif name == "Condition" and isinstance(value, Mapping):
            canonical[name] = canonical_condition(value)
        else:
            canonical[name] = value
    return {name: canonical[name] for name in sorted(canonical) if canonical[name] not in (None, "", {})}


def member(name: str, value: Any) -> str:
    """An action ignores case; a resource does not."""
    return scalar(value).lower() if name in ACTIONS else scalar(value)
