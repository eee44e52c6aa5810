"""How two policies differ: their statements paired, and each shown as people read it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.policy_language.canonical import canonical_policy, canonical_statements
from reconciler.policy_language.conditions import canonical_key
from reconciler.policy_language.values import (
    ACTIONS,
    STATEMENT_ELEMENTS,
    Statement,
    as_list,
    scalar,
    statements_of,
    text_of,
)

MORE_THAN_NOT = 0.5
"""The likeness from which two statements are more like each other than not."""
MOST_PAIRS = 100_000
"""Statements are compared each with each up to here: those of a policy that AWS takes (20 KB) make 66,000 pairs."""
MOST_STROKES = 3


def pictures(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """Both policies with their statements by name, so that each statement is compared with its counterpart.

    A Sid is a name. What has no counterpart of the same name is paired with what is most like it, and what has no
    counterpart at all never goes by the name of another statement.
    """
    old, new = named_statements(before), named_statements(after)
    partners = counterparts(old, new)
    renamed = {new_name for name, new_name in partners.items() if old[name].get("Sid") != new[new_name].get("Sid")}
    shown: dict[str, Statement] = {}
    marks, taken = Counter[str](), {*new}
    for name, statement in old.items():
        known_as = partners.get(name) or unused(name, taken, marks)
        taken.add(known_as)
        shown[known_as] = statement
    spelling = spellings(before) | spellings(after)
    return (
        policy_picture(before, shown, spelling, renamed) if before is not None else None,
        policy_picture(after, new, spelling, renamed) if after is not None else None,
    )


def counterparts(old: Mapping[str, Statement], new: Mapping[str, Statement]) -> dict[str, str]:
    """The statements that are one statement before and after: the same Sid, else the most in common.

    Where a Sid says otherwise, two statements are one only if they have more in common than not.
    """
    partners = {name: name for name in old if "Sid" in old[name] and old[name]["Sid"] == new.get(name, {}).get("Sid")}
    taken = set(partners.values())
    before = {name: parts(old[name]) for name in old if name not in partners}
    after = {name: parts(new[name]) for name in new if name not in taken}
    pairs: list[tuple[float, str, str]] = []
    if len(before) * len(after) <= MOST_PAIRS:
        pairs = [(-likeness(before[one], after[other]), one, other) for one in before for other in after]
        pairs.sort(key=lambda pair: pair[0])
    for unlike, one, other in pairs:
        nameless = "Sid" not in old[one] and "Sid" not in new[other]
        if -unlike > (0 if nameless else MORE_THAN_NOT) and one not in partners and other not in taken:
            partners[one] = other
            taken.add(other)
    return partners


def unused(name: str, taken: Collection[str], marks: Counter[str]) -> str:
    """The name, marked until it is nobody else's: with strokes, then with a number. `marks` counts them by name."""
    free = name
    while free in taken:
        marks[name] += 1
        free = name + ("'" * marks[name] if marks[name] <= MOST_STROKES else f"'{marks[name]}")
    return free


def policy_picture(
    policy: Mapping[str, Any],
    statements: Mapping[str, Statement],
    spelling: Mapping[str, str],
    renamed: Collection[str],
) -> dict[str, Any]:
    """The policy for people: statements by name, actions as somebody wrote them."""
    canonical = canonical_policy(policy)
    shown = {name: statement_picture(statements[name], spelling, name in renamed) for name in statements}
    return {name: shown if name == "Statement" else value for name, value in canonical.items()}


def statement_picture(statement: Statement, spelling: Mapping[str, str], is_renamed: bool) -> Statement:
    """One statement for people, in the order in which it is read; its name is its Sid, which is shown if it changes."""
    names = (*(name for name in STATEMENT_ELEMENTS if name in statement), *statement)
    shown = {name: statement[name] for name in names if name != "Sid" or is_renamed}
    for name in ACTIONS:
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
    marks = Counter[str]()
    policy = policy or {}
    for statement, canonical in zip(statements_of(policy), canonical_statements(policy), strict=True):
        if not isinstance(canonical, dict):
            canonical = {"not a statement": canonical}
        name = str(canonical.get("Sid") or summary(canonical, statement))
        named[unused(name, named, marks)] = canonical
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
    """The members of a statement, for comparing two; its name is none of them."""
    found: set[str] = set()
    for name, value in statement.items():
        if name == "Sid":
            continue
        items: Sequence[Any] = value if isinstance(value, list) else [value]
        found |= {f"{name}={text_of(item)}" for item in items}
    return found


def spellings(policy: Mapping[str, Any] | None) -> dict[str, str]:
    """How the policy spells its actions and condition keys, by their canonical form."""
    spelled: dict[str, str] = {}
    for statement in statements_of(policy or {}):
        if isinstance(statement, Mapping):
            written = [scalar(item) for name in ACTIONS for item in as_list(statement.get(name))]
            spelled |= {action.lower(): action for action in written}
            condition = statement.get("Condition")
            for keys in condition.values() if isinstance(condition, Mapping) else ():
                spelled |= {canonical_key(key): key for key in (keys if isinstance(keys, Mapping) else ())}
    return spelled
