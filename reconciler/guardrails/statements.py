"""The statements of a declared policy, as the rules about them look at them: who, what, where, and when.

What a statement means is known in `reconciler.policy_language`; here are the questions that several rules ask of it.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from reconciler.aspects.policy import Policy
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.guardrails.rule import Subject
from reconciler.policy_language import actions
from reconciler.policy_language.actions import is_exact
from reconciler.policy_language.callers import Fact
from reconciler.policy_language.canonical import canonical_statements
from reconciler.policy_language.decision import about, holds, keys_in, named, names_everybody
from reconciler.policy_language.exposure import are_texts, is_public, tests_of
from reconciler.policy_language.partition import partition_in
from reconciler.policy_language.patterns import GAP, YES, all_of, can_match, sure
from reconciler.policy_language.principals import ARN
from reconciler.policy_language.resources import BUCKET, OBJECT, kinds_of
from reconciler.policy_language.values import RESOURCES, Statement, read, statements_of

Path = tuple[str | int, ...]

ANY_ACTION = f"s3:{GAP}"
"""Whatever S3 can do, now and later."""
READS = ("s3:Get", "s3:List")
"""How the actions begin that change nothing."""
WELL_KNOWN = frozenset({"s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy"})
MOST_NAMED = 3
"""Actions that a message names; more are counted."""


class Stated(NamedTuple):
    """One statement of a policy."""

    path: Path
    """From the bucket: the statement by its Sid, else by its position."""
    name: str
    """What a person knows it by, in words."""
    statement: Statement
    """In its canonical form."""
    keys: Mapping[str, str]
    """The keys of its conditions as they are written."""

    def element(self, name: str) -> Path:
        """The path of an element, or of its opposite, whichever there is; else of the statement."""
        return next(((*self.path, one) for one in (name, f"Not{name}") if one in self.statement), self.path)

    def test(self, operator: str, key: str) -> Path:
        """The path of a test of its conditions."""
        return (*self.path, "Condition", operator, self.keys.get(key, key))


def stated_in(subject: Subject) -> tuple[Stated, ...]:
    """The statements of the policy that a spec declares."""
    policy = subject.value("policy")
    return stated(policy.text) if isinstance(policy, Policy) else ()


@lru_cache(maxsize=8)
def stated(text: str) -> tuple[Stated, ...]:
    """The statements of a policy; found out once, although several rules ask for them, one after the other."""
    policy = read(text)
    pairs = zip(statements_of(policy), canonical_statements(policy), strict=True)
    return tuple(
        Stated(
            ("policy", "Statement", str(statement.get("Sid", position))),
            named(statement, position + 1),
            statement,
            keys_in(written.get("Condition")),
        )
        for position, (written, statement) in enumerate(pairs)
        if isinstance(statement, dict)
    )


def grants_in(subject: Subject) -> Iterator[Stated]:
    """Those that let somebody in."""
    return (one for one in stated_in(subject) if one.statement.get("Effect") == "Allow")


def public_grants_in(subject: Subject) -> Iterator[Stated]:
    """Those that make the policy public, by AWS's definition."""
    return (one for one in grants_in(subject) if is_public(one.statement))


def is_held_back(subject: Subject) -> bool:
    """Whether the spec keeps out everybody all the same, as long as the switch stays on."""
    block = subject.value("public_access_block")
    return isinstance(block, PublicAccessBlock) and block.restrict_public_buckets is True


def own_account(subject: Subject) -> str | None:
    """The account that the bucket is in; None where nobody knows."""
    return None if "account" in subject.around.stand_ins else subject.around.account


def account_of(principal: str) -> str | None:
    """The account of a principal of the kind AWS; None where it says none."""
    arn = ARN.match(principal)
    account = (arn["account"] or arn["session_account"] or "") if arn else principal
    return account if account.isdigit() else None


def places_in(subject: Subject) -> tuple[str, str]:
    """The bucket's ARN, and that of whatever object in it, as the policy of its spec would write them."""
    policy = subject.value("policy")
    partition = partition_in(policy.root) if isinstance(policy, Policy) else subject.around.partition
    bucket = f"arn:{partition}:s3:::{subject.around.bucket}"
    return bucket, f"{bucket}/{GAP}"


def is_denied(subject: Subject, action: str, resource: str, facts: Mapping[str, Fact]) -> bool:
    """Whether the policy surely denies this to everybody, whoever asks, in a request with these facts."""
    return any(
        one.statement.get("Effect") == "Deny" and is_about(one.statement, action, resource, facts)
        for one in stated_in(subject)
    )


def is_about(statement: Statement, action: str, resource: str, facts: Mapping[str, Fact]) -> bool:
    """Whether a statement is surely about every such request."""
    answers = [
        sure(names_everybody(statement.get("Principal"))),
        about(statement, "Action", action.lower()),
        about(statement, "Resource", resource),
        *(holds(operator, key, values, facts) for operator, key, values in tests_of(statement.get("Condition"))),
    ]
    return all_of(answers) is YES


def says_everything(statement: Statement) -> bool:
    """Whether its actions are all that there are, or all but some."""
    return "NotAction" in statement or about(statement, "Action", ANY_ACTION) is YES


def actions_of(statement: Statement) -> frozenset[str]:
    """The names of the actions that a statement is about, of those that its resources can be used with."""
    written = [text for name in RESOURCES for text in statement.get(name, ())]
    kinds = frozenset({BUCKET, OBJECT}) if "NotResource" in statement else frozenset().union(*map(kinds_of, written))
    element = "NotAction" if "NotAction" in statement else "Action"
    found = matched(tuple(statement.get(element, ())), kinds)
    return used_with(kinds) - found if element == "NotAction" else found


@cache
def used_with(kinds: frozenset[str]) -> frozenset[str]:
    """The actions on buckets, on objects, or on both."""
    from reconciler.policy_language.s3_actions import ACTIONS  # a table that only policies need

    return frozenset(name for name, about_them in ACTIONS.items() if kinds.intersection(about_them))


@lru_cache(maxsize=1024)
def matched(patterns: tuple[str, ...], kinds: frozenset[str]) -> frozenset[str]:
    """The actions that one of these patterns matches; a name that the table does not know is let stand."""
    known = frozenset(name for name in used_with(kinds) if any(can_match(one, name.lower()) for one in patterns))
    return known | {pattern for pattern in patterns if is_exact(pattern) and actions.kinds_of(pattern) is None}


def in_words(names: frozenset[str] | set[str]) -> str:
    """Names in a row, those first that people know; of many, the first few."""
    first = sorted(names, key=lambda name: (name not in WELL_KNOWN, name))[:MOST_NAMED]
    more = len(names) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


def tests_in(stated: Stated) -> Iterator[tuple[str, str, list[str]]]:
    """Every test of its conditions: operator, key, values. One key in two spellings is no test."""
    found: Iterator[tuple[str, str, Any]] = tests_of(stated.statement.get("Condition"))
    return ((operator, key, values) for operator, key, values in found if are_texts(values))


def values_of(stated: Stated, key: str, operators: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """The values that a key is tested for with one of these operators, each time with the operator."""
    return (
        (operator, values) for operator, tested, values in tests_in(stated) if tested == key and operator in operators
    )
