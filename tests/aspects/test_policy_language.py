"""Which policies mean the same, and which only look alike (facts: policy-equivalence, E1 to E6)."""

import json
from typing import Any

import pytest
from hypothesis import given

from reconciler.aspects import policy_language as language
from reconciler.aspects.calls import Risk
from reconciler.aspects.policy import Policy
from tests.aspects.strategies import LIVE

BASE: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}


def one(**elements: Any) -> dict[str, Any]:
    found = {name: value for name, value in (BASE | elements).items() if value is not Ellipsis}
    return {"Version": "2012-10-17", "Statement": [found]}


def condition(operator: str, value: Any, key: str = "aws:x") -> dict[str, Any]:
    return one(Condition={operator: {key: value}})


S1, S2 = BASE, BASE | {"Effect": "Deny"}

EQUAL: list[tuple[str, Any, Any]] = [
    ("one statement stands for a list", {"Statement": S1}, {"Statement": [S1]}),
    ("order of statements", {"Statement": [S1, S2]}, {"Statement": [S2, S1]}),
    ("a missing Version is the oldest", {"Statement": [S1]}, {"Version": "2008-10-17", "Statement": [S1]}),
    ("an empty Sid is none", one(Sid=""), one()),
    ("null is missing", one(Sid=None, Condition=None), one()),
    ("an empty Id is none", one() | {"Id": ""}, one()),
    ("one action for a list", one(Action="s3:GetObject"), one(Action=["s3:GetObject"])),
    ("order of actions", one(Action=["s3:a", "s3:b"]), one(Action=["s3:b", "s3:a"])),
    ("actions twice", one(Action=["s3:a", "s3:a"]), one(Action="s3:a")),
    ("case of actions", one(Action="S3:getobject"), one(Action="s3:GetObject")),
    ("case of NotAction", one(Action=..., NotAction="S3:x"), one(Action=..., NotAction="s3:X")),
    ("order of resources, and twice", one(Resource=["a", "b", "a"]), one(Resource=["b", "a"])),
    ("an account is its root", one(), one(Principal={"AWS": "arn:aws:iam::111122223333:root"})),
    ("in other partitions too", one(), one(Principal={"AWS": ["arn:aws-cn:iam::111122223333:root"]})),
    ("everybody", one(Principal="*"), one(Principal={"AWS": "*"})),
    ("order of principals", one(Principal={"AWS": ["a", "b"]}), one(Principal={"AWS": ["b", "a"]})),
    ("a kind of principal without members", one(), one(Principal=BASE["Principal"] | {"Service": []})),
    ("no principal in three spellings", one(Principal={}), one(Principal={"AWS": []})),
    ("an empty condition", one(Condition={}), one()),
    (
        "case of condition keys",
        condition("StringEquals", "v", "aws:SourceIp"),
        condition("StringEquals", "v", "AWS:sourceip"),
    ),
    (
        "values of a condition as a set",
        condition("StringEquals", ["b", "a", "a"]),
        condition("StringEquals", ["a", "b"]),
    ),
    ("a boolean is text", condition("Bool", True), condition("Bool", "true")),
    ("case of a boolean", condition("BoolIfExists", "False"), condition("BoolIfExists", False)),
    ("null conditions", condition("Null", "True"), condition("Null", True)),
    ("a number is text", condition("StringEquals", 5), condition("StringEquals", "5")),
    ("numbers", condition("NumericLessThan", "100"), condition("NumericLessThan", 100.0)),
    ("numbers below nought", condition("NumericLessThan", "-0.50"), condition("NumericLessThan", "-0.5")),
    ("no number is less than none", condition("NumericLessThan", "-0"), condition("NumericLessThan", "0")),
    ("one address is a network", condition("IpAddress", "10.0.0.1"), condition("IpAddress", "10.0.0.1/32")),
    ("a network's host part", condition("NotIpAddress", "10.1.2.3/8"), condition("NotIpAddress", "10.0.0.0/8")),
    (
        "IPv6",
        condition("ForAnyValue:IpAddress", "2001:DB8::/32"),
        condition("ForAnyValue:IpAddress", "2001:db8:0::/32"),
    ),
]

NOT_EQUAL: list[tuple[str, Any, Any]] = [
    ("bare principals", one(Principal="*"), one(Principal="arn:aws:iam::1:root")),
    ("everybody and nobody", one(Principal="*"), one(Principal=...)),
    ("a misspelled element", one(Conditon={"Bool": {"a": "b"}}), one()),
    ("a misspelled principal", one(Principals="*"), one()),
    ("statements as a multiset", {"Statement": [S1, S1, S2]}, {"Statement": [S1, S2, S2]}),
    ("one statement twice", {"Statement": [S1, S1]}, {"Statement": [S1]}),
    ("Version", one(), one() | {"Version": "2008-10-17"}),
    ("Id", one() | {"Id": "a"}, one() | {"Id": "b"}),
    ("Sid", one(Sid="A"), one(Sid="a")),
    ("Sid and none", one(Sid="A"), one()),
    ("case of Effect", one(Effect="allow"), one()),
    ("case of resources", one(Resource="arn:aws:s3:::b/X"), one(Resource="arn:aws:s3:::b/x")),
    ("Action and NotAction", one(), one(Action=..., NotAction="s3:GetObject")),
    ("Principal and NotPrincipal", one(), one(Principal=..., NotPrincipal=BASE["Principal"])),
    ("kinds of principals", one(Principal={"AWS": "x"}), one(Principal={"Service": "x"})),
    ("an account and a role in it", one(), one(Principal={"AWS": "arn:aws:iam::111122223333:role/x"})),
    (
        "a deleted role",
        one(Principal={"AWS": "AROAEXAMPLE"}),
        one(Principal={"AWS": "arn:aws:iam::111122223333:role/x"}),
    ),
    ("everybody among others", one(Principal={"AWS": ["*", "a"]}), one(Principal="*")),
    ("case of operators", condition("stringequals", "v"), condition("StringEquals", "v")),
    ("case of values", condition("StringEquals", "v"), condition("StringEquals", "V")),
    ("one key in two spellings", one(Condition={"Bool": {"aws:x": "a", "AWS:x": "b"}}), condition("Bool", "b")),
    ("…the other way around", one(Condition={"Bool": {"aws:x": "a", "AWS:x": "b"}}), condition("Bool", ["a", "b"])),
    ("large numbers", condition("NumericEquals", 9007199254740993), condition("NumericEquals", 9007199254740992)),
    ("underscores are no digits", condition("NumericEquals", "1_000"), condition("NumericEquals", "1000")),
    (
        "larger numbers yet",
        condition("NumericEquals", "1" + "0" * 30),
        condition("NumericEquals", "1" + "0" * 29 + "1"),
    ),
    ("networks", condition("IpAddress", "10.0.0.0/8"), condition("IpAddress", "10.0.0.0/9")),
    ("what is no network", condition("IpAddress", "x"), condition("IpAddress", "y")),
    ("null and none", one(Condition={"StringEquals": None}), one()),
    ("what is no statement", {"Statement": ["x"]}, {"Statement": ["y"]}),
    ("an operator without keys", one(Condition={"Bool": {}}), one()),
]


@pytest.mark.parametrize(("why", "before", "after"), EQUAL, ids=[case[0] for case in EQUAL])
def test_equal(why: str, before: Any, after: Any) -> None:
    assert Policy(before) == Policy(after)
    assert hash(Policy(before)) == hash(Policy(after))


@pytest.mark.parametrize(("why", "before", "after"), NOT_EQUAL, ids=[case[0] for case in NOT_EQUAL])
def test_not_equal(why: str, before: Any, after: Any) -> None:
    assert Policy(before) != Policy(after)
    assert Policy.pictures(Policy(before), Policy(after))[0] != Policy.pictures(Policy(before), Policy(after))[1]


@given(policy=LIVE["policy"])
def test_canonical_once_is_canonical_for_good(policy: Policy) -> None:
    canonical = language.canonical_policy(policy.root)
    assert language.canonical_policy(canonical) == canonical
    assert json.loads(json.dumps(canonical)) == canonical


RISKS: list[tuple[str, Any, Any, Risk]] = [
    ("a new policy that allows", None, one(), Risk.WIDENS_ACCESS),
    ("a new policy that denies", None, one(Effect="Deny"), Risk.CUTS_ACCESS),
    ("an Allow less", {"Statement": [S1, S2]}, {"Statement": [S2]}, Risk.CUTS_ACCESS),
    ("a Deny less", {"Statement": [S1, S2]}, {"Statement": [S1]}, Risk.WIDENS_ACCESS),
    ("an action more", one(), one(Action=["s3:GetObject", "s3:PutObject"]), Risk.WIDENS_ACCESS),
    ("an action less", one(Action=["s3:GetObject", "s3:PutObject"]), one(), Risk.CUTS_ACCESS),
    ("a principal more", one(), one(Principal={"AWS": ["111122223333", "444455556666"]}), Risk.WIDENS_ACCESS),
    ("another kind of principal", one(), one(Principal={"Service": "111122223333"}), Risk.WIDENS_ACCESS),
    ("a condition more is not weighed", one(), condition("Bool", "true"), Risk.WIDENS_ACCESS),
    ("a condition less", condition("Bool", "true"), one(), Risk.WIDENS_ACCESS),
    ("a principal that no policy can have", one(), one(Principal="arn:aws:iam::1:root"), Risk.WIDENS_ACCESS),
    ("no policy any more", one(), None, Risk.CUTS_ACCESS),
    ("no Deny any more", one(Effect="Deny"), None, Risk.WIDENS_ACCESS),
    ("what is no statement", {"Statement": ["x"]}, {"Statement": ["y"]}, Risk.CUTS_ACCESS),
    ("an Allow without a principal", one(), one(Principal=...), Risk.CUTS_ACCESS),
]


@pytest.mark.parametrize(("why", "before", "after", "risk"), RISKS, ids=[case[0] for case in RISKS])
def test_risk(why: str, before: Any, after: Any, risk: Risk) -> None:
    assert Policy.risk(Policy(before) if before else None, Policy(after) if after else None) is risk


def test_names_of_statements() -> None:
    policy = {
        "Statement": [S1, S1, BASE | {"Action": ["s3:a", "s3:b"]}, {"NotAction": "s3:x"}, {}, "x", BASE | {"Sid": "A"}]
    }
    assert list(language.named_statements(policy)) == [
        "Allow s3:GetObject",
        "Allow s3:GetObject'",
        "Allow s3:a +1",
        "? s3:x",
        "? ?",
        "? ?'",
        "A",
    ]


def test_a_policy_is_shown_with_its_words() -> None:
    shown = Policy(one(Sid="A", Condition={"Bool": {"aws:SecureTransport": False}, "X": 5})).picture()
    assert shown["Statement"] == {
        "A": {
            "Effect": "Allow",
            "Principal": {"AWS": ["111122223333"]},
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::b/*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}, "X": 5},
        }
    }


def test_a_policy_of_nothing() -> None:
    assert Policy({}).means_nothing
    assert Policy.from_response({"Policy": "{}"}) is None


def test_account_ids_keep_their_zeros() -> None:
    from reconciler.strict_yaml import Source, parse

    node, _ = parse(Source("x", "Statement: [{Principal: {AWS: 012345678901}, Sid: 1.10}]"))
    assert node is not None
    assert Policy.model_validate(node.plain()).root["Statement"] == [
        {"Principal": {"AWS": "012345678901"}, "Sid": "1.10"}
    ]
