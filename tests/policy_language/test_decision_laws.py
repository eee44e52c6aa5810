"""The evaluator against a reference that knows everything.

The reference (`is_denied`) judges one whole request: every key has a value or is missing, the role has a path, each
variable stands for a text. Whatever the evaluator is sure of must be so for every way in which the unknown can turn
out; and where it is unsure of a single test, two ways differ.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.policy_language.callers import Fact, caller_of
from reconciler.policy_language.decision import Request, denied, guards_of
from reconciler.policy_language.patterns import GAP, NO, UNSURE, YES, can_match, like, like_arn, same

ACCOUNT, OTHER = "123456789012", "999999999999"
IAM, STS = f"arn:aws:iam::{ACCOUNT}:", f"arn:aws:sts::{ACCOUNT}:"
BUCKET = "arn:aws:s3:::lake"
Whole = Mapping[str, str | None]
"""Every key of a request with its value, or None where it is missing."""

# ── what is not known, and all that it can be ────────────────────────────────────────────────────────

UNKNOWN: Mapping[str, tuple[str | None, ...]] = {
    "aws:sourcevpce": (None, "vpce-1", "vpce-2", "vpce-*", "none"),
    "aws:principalorgid": (None, "o-1", "O-1", "o-2", "o-?", "none"),
    "aws:sourceip": ("10.1.2.3", "192.0.2.9", "203.0.113.7"),
}
KNOWN: Mapping[str, Fact] = {
    "aws:securetransport": ("true",),
    "aws:calledvia": (None,),
    "s3:tlsversion": ("1.2", "1.3"),
}
PATHS = ("", "data/", "team/etl/", "x/y/z/", "*/", "?*/")
"""Asterisks and question marks are characters that a path may have."""
FILLINGS = ("", "etl", "lake", "o-1", "role/etl", "data/*")
"""What `${aws:x}` may stand for."""
CALLERS = (
    f"{STS}assumed-role/etl/run",
    f"{STS}assumed-role/AWSReservedSSO_A_0/ann",
    f"{IAM}user/data/ops",
    f"{IAM}root",
    f"{STS}federated-user/ann",
)


def completions(arn: str, facts: Mapping[str, Fact], about: str) -> Iterator[tuple[Whole, str]]:
    """Every way in which the unknown may turn out: whole requests, and what the variable stands for.

    What a statement does not speak of turns out in one way.
    """
    caller = caller_of(arn)
    paths = ("", "eu-west-1/") if "AWSReservedSSO" in arn else PATHS
    arns = sorted({one.replace(f"{GAP}/", path) for one in caller.arns for path in paths if GAP in one or not path})
    every = {**UNKNOWN, **facts, "aws:principalarn": tuple(arns)}
    spoken_of = {key: values if key in about.lower() else values[:1] for key, values in every.items()}
    for values in product(*spoken_of.values()):
        for filling in FILLINGS if "${" in about else FILLINGS[:1]:
            yield dict(zip(spoken_of, values, strict=True)), filling


# ── the reference ────────────────────────────────────────────────────────────────────────────────────


def is_denied(statement: Mapping[str, Any], arn: str, action: str, whole: Whole, filling: str) -> bool:
    """Whether a Deny statement is about a whole request. NotPrincipal excepts whoever it names."""

    def fill(text: str) -> str:
        return text.replace("${aws:x}", filling)

    def among(patterns: list[str], text: str) -> bool:
        return any(wild(fill(pattern), text) for pattern in patterns)

    names = {"*", ACCOUNT, f"{IAM}root", arn, str(whole["aws:principalarn"])}
    named = any(one in names for one in statement.get("Principal", statement.get("NotPrincipal"))["AWS"])
    acts = among([one.lower() for one in statement.get("Action", statement.get("NotAction"))], action.lower())
    there = among(statement.get("Resource", statement.get("NotResource")), BUCKET)
    return (
        named is ("Principal" in statement)
        and acts is ("Action" in statement)
        and there is ("Resource" in statement)
        and all(
            holds(operator, [fill(str(value)) for value in values], whole[key.lower()])
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def wild(pattern: str, text: str) -> bool:
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def holds(operator: str, values: list[str], fact: str | None) -> bool:
    every, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if base == "Null":
        return str(fact is None).lower() in values
    if fact is None:
        return every == "ForAllValues" or rest.endswith("IfExists") or "Not" in base
    matched = any(COMPARE[base.replace("Not", "")](value, fact) for value in values)
    return matched is not ("Not" in base)


COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, fact: value == fact,
    "StringEqualsIgnoreCase": lambda value, fact: value.lower() == fact.lower(),
    "StringLike": wild,
    "ArnLike": lambda value, fact: all(map(wild, value.split(":", 5), fact.split(":", 5))),
    "Bool": lambda value, fact: value == fact,
    "IpAddress": lambda value, fact: ip_address(fact) in ip_network(value),
    "NumericLessThan": lambda value, fact: Decimal(fact) < Decimal(value),
    "NumericEquals": lambda value, fact: Decimal(fact) == Decimal(value),
}

# ── small statements ─────────────────────────────────────────────────────────────────────────────────


def some(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


def a_test(operators: tuple[str, ...], key: str, values: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """A test of a key, under any of these operators with and without what may stand around them."""
    around = tuple(f"{before}{one}{after}" for one in operators for before in ("", "ForAllValues:") for after in ENDS)
    return st.tuples(st.sampled_from(around), st.just(key), some(values))


ENDS = ("", "IfExists")
TEXTS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike")
ROLES = (
    *(f"{IAM}role/{path}etl" for path in ("", "data/", "*", "*/", "?*/", "data/*", "${aws:x}")),
    *(f"{IAM}role/*", f"{IAM}role/admin", f"{IAM}role/*admin", f"arn:aws:iam::{OTHER}:role/*", f"{IAM}user/data/*"),
    *(f"{IAM}role/aws-reserved/sso.amazonaws.com/{rest}" for rest in ("*", "eu-west-1/*", "AWSReservedSSO_A_?")),
)
conditions = st.one_of(
    a_test(TEXTS, "aws:PrincipalArn", ROLES),
    st.tuples(st.sampled_from(("ArnLike", "ArnNotLike")), st.just("aws:PrincipalArn"), some(ROLES)),
    a_test(TEXTS, "aws:SourceVpce", ("vpce-1", "vpce-*", "${aws:x}")),
    a_test(TEXTS, "AWS:PrincipalOrgId", ("o-1", "O-1", "o-?", "${aws:x}")),
    a_test(TEXTS, "aws:CalledVia", ("athena.amazonaws.com", "*")),
    a_test(TEXTS, "aws:PrincipalAccount", (ACCOUNT, OTHER, "1234*")),
    a_test(TEXTS, "aws:PrincipalType", ("User", "Account", "*d*")),
    a_test(("Bool",), "aws:SecureTransport", ("true", "false")),
    a_test(("IpAddress", "NotIpAddress"), "aws:SourceIp", ("10.0.0.0/8", "192.0.2.0/24")),
    a_test(("NumericLessThan", "NumericEquals", "NumericNotEquals"), "s3:TlsVersion", ("1.2", "1.3", "1.20")),
    st.tuples(
        st.just("Null"),
        st.sampled_from(("aws:SourceVpce", "aws:CalledVia", "aws:PrincipalArn")),
        some(("true", "false")),
    ),
)
PRINCIPALS = ("*", ACCOUNT, OTHER, f"{IAM}root", f"{IAM}user/data/ops", f"{STS}assumed-role/etl/run", CALLERS[4])
ACTIONS = ("s3:*", "S3:PutBucketPolicy", "s3:Put*", "s3:GetObject", "s3:?utBucketPolicy")
RESOURCES = (BUCKET, f"{BUCKET}/*", "arn:aws:s3:::l*", "arn:aws:s3:::${aws:x}", f"{BUCKET}/${{aws:x}}")


def either(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda sense, value: {f"{sense}{name}": value}, st.sampled_from(("", "", "Not")), values)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for operator, key, values in draw(st.lists(conditions, max_size=2)):
        condition.setdefault(operator, {})[key] = values
    return {
        "Effect": "Deny",
        **draw(either("Principal", some(PRINCIPALS).map(lambda one: {"AWS": one}))),
        **draw(either("Action", some(ACTIONS))),
        **draw(either("Resource", some(RESOURCES))),
        **({"Condition": condition} if condition else {}),
    }


def request_of(arn: str) -> Request:
    caller = caller_of(arn)
    return Request(caller, "s3:PutBucketPolicy", BUCKET, {**KNOWN, **caller.facts})


def ways(statement: Mapping[str, Any], arn: str) -> set[bool]:
    """What the reference says to every way in which the unknown may turn out."""
    return {
        is_denied(statement, arn, "s3:PutBucketPolicy", whole, filling)
        for whole, filling in completions(arn, {**KNOWN, **caller_of(arn).facts}, str(statement))
    }


# ── the laws ─────────────────────────────────────────────────────────────────────────────────────────

EVERYBODY = {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["s3:*"], "Resource": [BUCKET]}


@given(statement=statements(), arn=st.sampled_from(CALLERS))
@example(statement=EVERYBODY, arn=CALLERS[0])
def test_a_sure_answer_stays_whatever_the_unknown_turns_out_to_be(statement: dict[str, Any], arn: str) -> None:
    answer, _ = denied(guards_of({"Statement": statement}), request_of(arn))
    if answer is not UNSURE:
        assert ways(statement, arn) == {answer is YES}


@given(test=conditions, arn=st.sampled_from(CALLERS[:2]))
def test_where_one_test_has_no_answer_two_ways_differ(test: tuple[str, str, list[str]], arn: str) -> None:
    operator, key, values = test[0], test[1], test[2][:1]  # two values together may leave no way out
    statement = EVERYBODY | {"Condition": {operator: {key: values}}}
    answer, _ = denied(guards_of({"Statement": statement}), request_of(arn))
    found = ways(statement, arn)
    if answer is UNSURE and not never_both(values[0]):
        assert found == {True, False}
    if answer is not UNSURE:
        assert found == {answer is YES}


def never_both(value: str) -> bool:
    """Texts for which the few words of `PATHS` and `FILLINGS` do not show both answers."""
    return "${" in value or "aws-reserved" in value


@given(policy=st.lists(statements(), max_size=3), arn=st.sampled_from(CALLERS))
def test_one_statement_that_denies_is_enough_and_no_order_matters(policy: list[dict[str, Any]], arn: str) -> None:
    request = request_of(arn)
    each = [denied(guards_of({"Statement": statement}), request)[0] for statement in policy]
    expected = YES if YES in each else UNSURE if UNSURE in each else NO
    for order in (policy, policy[::-1]):
        answer, blamed = denied(guards_of({"Statement": order}), request)
        assert answer is expected
        assert len(blamed) == (0 if answer is NO else each.count(answer))


@given(statement=statements(), arn=st.sampled_from(CALLERS))
def test_an_allowance_denies_nothing(statement: dict[str, Any], arn: str) -> None:
    assert denied(guards_of({"Statement": statement | {"Effect": "Allow"}}), request_of(arn)) == (NO, ())


# ── patterns ─────────────────────────────────────────────────────────────────────────────────────────

few = st.text("ab*?", max_size=6)
letters = st.text("ab", max_size=6)
gapped = st.text(f"ab{GAP}", max_size=4)
fillings = st.lists(st.text("ab", min_size=1, max_size=3), min_size=4, max_size=4)


@given(pattern=few, text=letters)
def test_patterns_match_as_regular_expressions_do(pattern: str, text: str) -> None:
    assert can_match(pattern, text) is wild(pattern, text)
    assert like(pattern, text) is (YES if wild(pattern, text) else NO)
    assert same(pattern, text) is (YES if pattern == text else NO)


@given(pattern=few, text=gapped, filling=fillings)
def test_a_gap_may_be_anything(pattern: str, text: str, filling: list[str]) -> None:
    parts = text.split(GAP)
    whole = parts[0] + "".join(one + part for one, part in zip(filling, parts[1:], strict=False))
    for compare, really in ((like, wild(pattern, whole)), (same, pattern == whole)):
        answer = compare(pattern, text)
        assert answer is UNSURE or (answer is YES) is really


@given(pattern=few, filling=letters, text=letters)
def test_a_variable_may_be_anything(pattern: str, filling: str, text: str) -> None:
    written = f"a{pattern}${{aws:x}}b"
    assert like(written, text) is not YES
    if wild(written.replace("${aws:x}", filling), text):
        assert like(written, text) is UNSURE
        assert same(written.replace("*", "").replace("?", ""), text) is not YES


@given(parts=st.lists(few, min_size=6, max_size=6), text=st.lists(letters, min_size=6, max_size=6))
def test_the_parts_of_an_arn_are_matched_by_themselves(parts: list[str], text: list[str]) -> None:
    really = all(map(wild, parts, text))
    assert like_arn(":".join(parts), ":".join(text)) is (YES if really else NO)
    assert like_arn(":".join(parts), "".join(text)) is UNSURE


def test_a_pattern_of_many_wildcards_takes_no_time() -> None:
    assert like("*a" * 200 + "b", "a" * 500) is NO
