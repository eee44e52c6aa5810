"""What a policy says to one request: it is denied, it is not, or nobody can prove either.

Whoever asks knows some facts about the request (who, over TLS) and not others (from which address, with which
tags). A test on an unknown fact has no answer, and an answer that depends on it is `UNSURE`. A sure answer stays
whatever the unknown facts turn out to be.

Sources: IAM User Guide, "Policy evaluation logic", "AWS JSON policy elements: Principal" and "NotPrincipal",
"Condition operators", "Single-valued vs. multivalued context keys" (sets, and keys that are missing).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from reconciler.policy_language.callers import Caller, Fact, Kind
from reconciler.policy_language.canonical import canonical_statements
from reconciler.policy_language.conditions import (
    IF_EXISTS,
    NUMBER,
    base_of,
    canonical_key,
    condition_value,
    is_operator,
    network_of,
)
from reconciler.policy_language.exposure import tests_of
from reconciler.policy_language.patterns import (
    NO,
    UNSURE,
    YES,
    Sure,
    all_of,
    any_of,
    like,
    like_arn,
    opposite,
    same,
    same_ignoring_case,
    sure,
)
from reconciler.policy_language.principals import EVERYBODY
from reconciler.policy_language.values import Statement, scalar, statements_of

FOR_ALL, FOR_ANY = "ForAllValues:", "ForAnyValue:"
NUMBERS = frozenset({"s3:tlsversion"})
"""Keys that hold numbers, of those that anybody here may know."""
TRUTH = {"true", "false"}


class Request(NamedTuple):
    """One call, and what is known about it."""

    caller: Caller
    action: str
    resource: str
    facts: Mapping[str, Fact]
    """By keys in lower case. A key that is not here may have any value, or none."""


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A Deny statement in its canonical form, with what a person knows it by."""

    name: str
    statement: Statement
    keys: Mapping[str, str]
    """The keys of its conditions as they are written."""

    def applies(self, request: Request) -> Sure:
        """Whether it is about this request."""
        return all_of(answer for _, answer in self.parts(request))

    def open_questions(self, request: Request) -> tuple[str, ...]:
        """The elements of the statement, or the tests of its conditions, that have no answer."""
        return tuple(dict.fromkeys(part for part, answer in self.parts(request) if answer is UNSURE))

    def parts(self, request: Request) -> Iterator[tuple[str, Sure]]:
        """What all has to be true for the statement to apply."""
        statement = self.statement
        yield element_in(statement, "Action"), about(statement, "Action", request.action.lower())
        yield element_in(statement, "Resource"), about(statement, "Resource", request.resource)
        yield element_in(statement, "Principal"), about_caller(statement, request.caller)
        condition = statement.get("Condition", {})
        if not (isinstance(condition, dict) and all(isinstance(keys, dict) for keys in condition.values())):
            yield "Condition", UNSURE
        for operator, key, values in tests_of(condition):
            yield f"{operator} {self.keys.get(key, key)}", holds(operator, key, values, request.facts)


def guards_of(policy: Mapping[str, Any]) -> tuple[Guard, ...]:
    """The Deny statements of a policy."""
    return tuple(
        Guard(named(statement, position), canonical, keys_in(statement.get("Condition")))
        for position, (statement, canonical) in enumerate(
            zip(statements_of(policy), canonical_statements(policy), strict=True), start=1
        )
        if isinstance(canonical, dict) and canonical.get("Effect") == "Deny"
    )


def named(statement: Mapping[str, Any], position: int) -> str:
    """How a person finds a statement: by its Sid, else by its position, counted from 1."""
    return f"statement `{scalar(statement['Sid'])}`" if statement.get("Sid") else f"statement {position}"


def keys_in(condition: Any) -> dict[str, str]:
    """The keys of a condition as they are written, by their canonical form."""
    return {canonical_key(key): key for _, key, _ in tests_of(condition)}


def denied(guards: Sequence[Guard], request: Request) -> tuple[Sure, tuple[Guard, ...]]:
    """Whether any of these statements is about the request, and which ones are; if none is, which ones may be."""
    answers = [(guard.applies(request), guard) for guard in guards]
    answer = any_of(answer for answer, _ in answers)
    return answer, tuple(guard for one, guard in answers if one is answer and one is not NO)


# ── who, what and where ──────────────────────────────────────────────────────────────────────────────


def element_in(statement: Statement, name: str) -> str:
    """The element or its opposite, whichever the statement has."""
    return f"Not{name}" if f"Not{name}" in statement else name


def about_caller(statement: Statement, caller: Caller) -> Sure:
    """Whether a statement's principals include the caller.

    Whom NotPrincipal names is not surely excepted: AWS wants the account, the role and the session named, and
    denies anybody who has a permissions boundary all the same (IAM User Guide, "NotPrincipal"). The root user has
    none. AWS recommends `aws:PrincipalArn` in a condition instead.
    """
    if "NotPrincipal" not in statement:
        return any_named(statement.get("Principal"), caller)
    named = any_named(statement["NotPrincipal"], caller)
    spared = caller.kind is Kind.ROOT or names_everybody(statement["NotPrincipal"])
    return opposite(named) if named is not YES or spared else UNSURE


def names_everybody(principal: Any) -> bool:
    """Whether everybody is among these principals."""
    return isinstance(principal, dict) and EVERYBODY in principal.get("AWS", ())


def any_named(principal: Any, caller: Caller) -> Sure:
    """Whether one of these principals is the caller.

    Services are not who asks here. Which account a canonical user is, and which identity provider a session comes
    from, nobody here knows.
    """
    if not isinstance(principal, dict):
        return UNSURE
    answers = [caller.is_named_by(one) for one in principal.get("AWS", ())]
    answers += [UNSURE for kind in principal if kind not in ("AWS", "Service") and may_be(kind, caller)]
    return any_of(answers)


def may_be(kind: str, caller: Caller) -> bool:
    """Whether a principal of this type may be the caller."""
    return kind != "Federated" or caller.kind in (None, Kind.ROLE)


def about(statement: Statement, name: str, text: str) -> Sure:
    """Whether a statement's actions or resources include this one."""
    element = element_in(statement, name)
    if element not in statement:
        return UNSURE
    found = any_of(like(pattern, text) for pattern in statement[element])
    return found if element == name else opposite(found)


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────


def holds(operator: str, key: str, values: Any, facts: Mapping[str, Fact]) -> Sure:
    """Whether a test passes, as far as the facts tell: surely only if it does so for every value that is possible."""
    if key not in facts or not isinstance(values, list) or not values or not is_operator(operator):
        return UNSURE
    if base_of(operator).startswith("Numeric") and key not in NUMBERS:
        return UNSURE
    answers = {passes(operator, values, fact) for fact in facts[key]}
    return answers.pop() if len(answers) == 1 else UNSURE


def passes(operator: str, values: list[str], fact: str | None) -> Sure:
    """Whether a test passes for a request in which its key has this value, or none."""
    base = base_of(operator)
    if base == "Null":
        is_plain = operator == base and TRUTH.issuperset(values)
        return sure(("true" if fact is None else "false") in values) if is_plain else UNSURE
    negated = "Not" in base
    if fact is None:
        return without_key(operator, negated)
    compare = COMPARISONS.get(base.replace("Not", ""))
    if compare is None:
        return UNSURE
    found = any_of(compare(value, condition_value(operator, fact)) for value in values)
    return opposite(found) if negated else found


def without_key(operator: str, negated: bool) -> Sure:
    """Whether a test passes for a request that does not have its key.

    Of `ForAnyValue:` AWS says that it fails then, and of the others that they pass if they are negated or say
    `IfExists`. What counts for both at once is written nowhere.
    """
    passes_anyway = negated or operator.endswith(IF_EXISTS)
    if operator.startswith(FOR_ALL):
        return YES
    return UNSURE if operator.startswith(FOR_ANY) and passes_anyway else sure(passes_anyway)


def same_truth(value: str, fact: str) -> Sure:
    """True or false; what is neither compares with nothing that is documented."""
    return sure(value == fact) if {value, fact} <= TRUTH else UNSURE


def within(value: str, fact: str) -> Sure:
    """An address in a network."""
    network, address = network_of(value), network_of(fact)
    if address is None or "${" in value:
        return UNSURE
    return sure(network is not None and address.network_address in network)


def numbers(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, str], Sure]:
    """A comparison of two numbers: the fact's with the statement's."""

    def compared(value: str, fact: str) -> Sure:
        return sure(compare(Decimal(fact), Decimal(value))) if NUMBER.match(value) and NUMBER.match(fact) else UNSURE

    return compared


COMPARISONS: Mapping[str, Callable[[str, str], Sure]] = {
    "StringEquals": same,
    "StringEqualsIgnoreCase": same_ignoring_case,
    "StringLike": like,
    "Bool": same_truth,
    "ArnEquals": like_arn,
    "ArnLike": like_arn,
    "IpAddress": within,
    "NumericEquals": numbers(lambda fact, value: fact == value),
    "NumericLessThan": numbers(lambda fact, value: fact < value),
    "NumericLessThanEquals": numbers(lambda fact, value: fact <= value),
    "NumericGreaterThan": numbers(lambda fact, value: fact > value),
    "NumericGreaterThanEquals": numbers(lambda fact, value: fact >= value),
}
"""How a statement's value is compared with a fact. Of dates and binary values nobody here knows any."""
