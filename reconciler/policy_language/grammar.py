"""What S3 refuses in a policy: the form, then the rules of each element.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language"; S3 User Guide, "Bucket policies". S3 answers
MalformedPolicy to all of it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.policy_language import resources
from reconciler.policy_language.actions import (
    NOT_ITS_RESOURCE,
    UNKNOWN_ACTION,
    is_exact,
    wrong_with_action,
    wrong_with_its_resources,
)
from reconciler.policy_language.conditions import UNKNOWN_CONDITION, wrong_with_condition, wrong_with_key
from reconciler.policy_language.principals import (
    BAD_PRINCIPAL,
    DELETED,
    EVERYBODY,
    KINDS,
    members_of,
    wrong_with_principal,
)
from reconciler.policy_language.resources import NOT_THIS_BUCKET, wrong_with_resource
from reconciler.policy_language.values import (
    ACTIONS,
    PRINCIPALS,
    RESOURCES,
    STATEMENT_ELEMENTS,
    as_list,
    members,
    statements_of,
)
from reconciler.policy_language.wrong import Home, Path, Reason, Wrong
from reconciler.problems import Code, did_you_mean
from reconciler.xml_text import unwritable

EMPTY = Code(
    "RCL2401",
    "a policy without statements",
    "`policy: {}` could mean two things. `policy: absent` removes the live policy; leaving the line out leaves it "
    "alone. S3 answers MalformedPolicy (Missing required field Statement).",
)
GRAMMAR = Code(
    "RCL2402",
    "a policy that is not one",
    "A bucket policy follows AWS's policy grammar: Version, Id and Statement; in each statement an Effect of exactly "
    "Allow or Deny, a principal, actions and resources. S3 answers MalformedPolicy.",
)
SAME_SID = Code(
    "RCL2403",
    "two statements with one Sid",
    "A Sid is unique within a policy: it is how a plan names the statement. S3 answers MalformedPolicy.",
)
TOO_LARGE = Code(
    "RCL2404",
    "a policy that is too large",
    "A bucket policy has at most 20,480 bytes, counted without insignificant white space. S3 answers MalformedPolicy "
    "(Normalized policy document exceeds the maximum allowed size of 20480 bytes).",
)
CODES = (
    *(EMPTY, GRAMMAR, SAME_SID, TOO_LARGE, NOT_THIS_BUCKET, UNKNOWN_ACTION, UNKNOWN_CONDITION, BAD_PRINCIPAL),
    *(NOT_ITS_RESOURCE, DELETED),
)

LARGEST = 20_480
"""Bytes of a bucket policy (S3 User Guide, "Bucket policies")."""
LOOKED_AT = 2 * LARGEST
"""Characters. Of a policy that is larger still, nothing else is told: looking for what is meant takes its time."""
POLICY_ELEMENTS = ("Version", "Id", "Statement")
EFFECTS = ("Allow", "Deny")
VERSIONS = ("2012-10-17", "2008-10-17")
ESCAPED = re.compile(r"\\[ubf]")
"""How JSON writes control characters; a backslash before one of these letters looks the same."""
EMPTY_VALUE = "`{}` is there and says nothing"


def minified(policy: Mapping[str, Any]) -> str:
    """The policy as text, without insignificant white space, in the order in which it was written."""
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def wrong_with_policy(policy: Mapping[str, Any], text: str, home: Home) -> Iterator[Wrong]:
    """Everything that S3 has against this policy for this bucket, as far as the text and the bucket tell.

    `text` is the policy as it would be sent.
    """
    yield from wrong_with_elements(policy, POLICY_ELEMENTS, "a policy")
    version = policy.get("Version", VERSIONS[0])
    if version is not None and version not in VERSIONS:
        yield Wrong(GRAMMAR, ("Version",), f'a policy has Version "{VERSIONS[0]}"', f'write "{VERSIONS[0]}"')
    if not statements_of(policy):
        instead = "write `absent` to have no policy, or leave the line out to leave the live one alone"
        yield Wrong(EMPTY, (), "there is no statement in this", instead)
        return
    if len(text) > LOOKED_AT:
        yield Wrong(TOO_LARGE, (), f"this policy has {len(text):,} characters: S3 takes at most {LARGEST:,} bytes")
        return
    for path, statement in statements_in(policy):
        for wrong in wrong_with_statement(statement, home):
            yield wrong._replace(path=(*path, *wrong.path))
    yield from repeated_sids(policy)
    yield from wrong_with_text(policy, text)


def statements_in(policy: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The statements with their paths."""
    yield from members(policy, "Statement")


def repeated_sids(policy: Mapping[str, Any]) -> Iterator[Wrong]:
    """Each Sid names one statement; an empty one names none."""
    sids: set[str] = set()
    for path, statement in statements_in(policy):
        sid = statement.get("Sid") if isinstance(statement, Mapping) else None
        if not isinstance(sid, str) or not sid:
            continue
        if sid in sids:
            yield Wrong(SAME_SID, (*path, "Sid"), f"another statement has the Sid `{sid}` already")
        sids.add(sid)


def wrong_with_text(policy: Mapping[str, Any], written: str) -> Iterator[Wrong]:
    """Characters that cannot be sent, else more bytes than S3 takes; `written` is the policy as JSON."""
    # JSON escapes control characters, and half of one stands for itself: where there is neither, nothing is wrong
    may_be_bad = ESCAPED.search(written) is not None or unwritable(written) is not None
    bad = [path for path, text in texts_in(policy) if unwritable(text)] if may_be_bad else []
    for path in bad:
        yield Wrong(
            GRAMMAR, path, "this holds a character that no policy can hold: a control character, or half of one"
        )
    size = 0 if bad else len(written.encode())
    if size > LARGEST:
        yield Wrong(TOO_LARGE, (), f"this policy has {size:,} bytes: S3 takes at most {LARGEST:,}")


def texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in a value, the names of mappings included, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield (*path, name), name
            yield from texts_in(item, (*path, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from texts_in(item, (*path, index))


def newer_names(policy: Mapping[str, Any]) -> list[str]:
    """The actions and condition keys of a live policy that the table does not know, and a spec may vouch for."""
    home, found = Home("", None), set[str]()
    for statement in statements_of(policy):
        if not isinstance(statement, Mapping):
            continue
        actions = [action for name in ACTIONS for action in as_list(statement.get(name)) if isinstance(action, str)]
        found |= {action for action in actions if wrong_with_action(action, home)}
        condition = statement.get("Condition")
        for keys in condition.values() if isinstance(condition, Mapping) else ():
            found |= {key for key in (keys if isinstance(keys, Mapping) else ()) if wrong_with_key(key, home)}
    return sorted(name for name in found if is_exact(name))


# ── one statement ────────────────────────────────────────────────────────────────────────────────────


def wrong_with_statement(statement: Any, home: Home) -> Iterator[Wrong]:
    """What S3 has against one statement, with paths below it."""
    if not isinstance(statement, Mapping):
        yield Wrong(GRAMMAR, (), "a statement is a mapping of elements")
        return
    yield from wrong_with_elements(statement, STATEMENT_ELEMENTS, "a statement")
    if statement.get("Effect") not in EFFECTS and statement.get("Effect", "") is not None:
        where: Path = ("Effect",) if "Effect" in statement else ()
        yield Wrong(GRAMMAR, where, "a statement has an Effect of exactly `Allow` or `Deny`")
    if not isinstance(statement.get("Sid") or "", str):
        yield Wrong(GRAMMAR, ("Sid",), "a Sid is a string")
    yield from wrong_with_choices(statement)
    for name in PRINCIPALS:
        if statement.get(name) is not None:
            yield from wrong_with_principals(name, statement[name], home)
    yield from wrong_with_members(statement, home)
    if statement.get("Condition") is not None:
        yield from wrong_with_conditions(statement["Condition"], home)


def wrong_with_elements(written: Mapping[str, Any], known: Sequence[str], what: str) -> Iterator[Wrong]:
    """Elements that there are not, and elements without a value."""
    for name, value in written.items():
        if name not in known:
            near = did_you_mean(name, known)
            yield Wrong(
                GRAMMAR, (name,), f"{what} has no element `{name}`", f"did you mean `{near}`?" if near else None
            )
        elif value is None and name != "Statement":
            yield Wrong(GRAMMAR, (name,), EMPTY_VALUE.format(name), "leave it out, or say what it is")


def wrong_with_choices(statement: Mapping[str, Any]) -> Iterator[Wrong]:
    """Of who, what and which, each is said once: by naming them, or by naming the others."""
    for pair, what in (
        (PRINCIPALS, "who it is about"),
        (ACTIONS, "what it is about"),
        (RESOURCES, "which resources it is about"),
    ):
        written = [name for name in pair if name in statement]
        if len(written) != 1:
            said = f"a statement says {what}: `{pair[0]}` or `{pair[1]}`, one of them"
            yield Wrong(GRAMMAR, tuple(written[1:]), said)
    if statement.get("Effect") == "Allow" and "NotPrincipal" in statement:
        said = "S3 refuses `NotPrincipal` with `Allow`: it would let in everybody else"
        yield Wrong(GRAMMAR, ("NotPrincipal",), said)


def wrong_with_principals(name: str, principal: Any, home: Home) -> Iterator[Wrong]:
    """Everybody, or a mapping of the kinds of principals that there are to the principals."""
    if principal == EVERYBODY:
        return
    if not isinstance(principal, Mapping) or not principal:
        said = f'`{name}` is "*", or a mapping of AWS, Service, Federated or CanonicalUser to strings'
        yield Wrong(GRAMMAR, (name,), said)
        return
    for kind, written in principal.items():
        if kind not in KINDS:
            near = did_you_mean(kind, KINDS)
            said = f"there is no kind of principals `{kind}`"
            yield Wrong(BAD_PRINCIPAL, (name, kind), said, f"did you mean `{near}`?" if near else None)
        elif not as_list(written):
            yield Wrong(GRAMMAR, (name, kind), f"`{kind}` names nobody")
    for path, kind, member in members_of(principal):
        if not isinstance(member, str):
            if member is not None:
                yield Wrong(GRAMMAR, (name, *path), "a principal is a string")
        elif kind in KINDS and (reason := wrong_with_principal(kind, member, home)):
            yield Wrong(BAD_PRINCIPAL, (name, *path), *reason)


def wrong_with_members(statement: Mapping[str, Any], home: Home) -> Iterator[Wrong]:
    """Actions that S3 has, resources of this bucket, and each action with a resource that it applies to."""
    bad_actions = list(wrong_with_each(statement, ACTIONS, UNKNOWN_ACTION, lambda text: wrong_with_action(text, home)))
    bad = list(wrong_with_each(statement, RESOURCES, NOT_THIS_BUCKET, lambda text: wrong_with_resource(text, home)))
    yield from (*bad_actions, *bad)
    if bad_actions or bad or any(statement.get(name) is None for name in ("Action", "Resource")):
        return
    kinds = frozenset[str]().union(*(resources.kinds_of(text) for text in as_list(statement["Resource"])))
    for path, action in members(statement, "Action"):
        reason = wrong_with_its_resources(action, kinds, home)
        if reason:
            yield Wrong(NOT_ITS_RESOURCE, path, *reason)


def wrong_with_each(
    statement: Mapping[str, Any], names: Sequence[str], code: Code, rule: Callable[[str], Reason | None]
) -> Iterator[Wrong]:
    """Strings or lists of them, each of which keeps a rule."""
    for name in names:
        if statement.get(name) is None:
            continue
        if not as_list(statement[name]):
            yield Wrong(GRAMMAR, (name,), EMPTY_VALUE.format(name))
        for path, member in members(statement, name):
            if not isinstance(member, str):
                yield Wrong(GRAMMAR, path, f"`{name}` is a string or a list of strings")
            elif reason := rule(member):
                yield Wrong(code, path, *reason)


def wrong_with_conditions(condition: Any, home: Home) -> Iterator[Wrong]:
    """A mapping of operators to mappings of keys to values."""
    if not isinstance(condition, Mapping) or not all(isinstance(keys, Mapping) for keys in condition.values()):
        yield Wrong(GRAMMAR, ("Condition",), "`Condition` is a mapping of operators to mappings of keys to values")
        return
    for path, reason in wrong_with_condition(condition, home):
        yield Wrong(UNKNOWN_CONDITION, ("Condition", *path), *reason)
    for operator, keys in condition.items():
        for key, value in keys.items():
            if value is None or any(isinstance(item, Mapping | list | None) for item in as_list(value)):
                yield Wrong(
                    GRAMMAR, ("Condition", operator, key), "the value of a condition is a string or a list of strings"
                )
