"""Which policies mean the same, and which only look alike, beside the facts in cases/policy/equivalences.yaml.

These are spellings that AWS refuses and other servers may answer.
"""

import json
from typing import Any

import pytest
from hypothesis import given

from reconciler.aspects.policy import Policy
from reconciler.policy_language.canonical import canonical_policy
from reconciler.policy_language.partition import partition_in
from tests.aspects.strategies import LIVE
from tests.policy_language.examples import ROOT, S1, S2, condition, one

EQUAL: list[tuple[str, Any, Any]] = [
    ("null is missing", one(Sid=None, Condition=None), one()),
    ("no principal in three spellings", one(Principal={}), one(Principal={"AWS": []})),
    ("no principal at all", one(Principal={}), one(Principal=...)),
    ("a root where no resource names a partition", one(Resource="r"), one(Resource="r", Principal={"AWS": ROOT})),
    ("numbers below nought", condition("NumericLessThan", "-0.50"), condition("NumericLessThan", "-0.5")),
    ("no number is less than none", condition("NumericLessThan", "-0"), condition("NumericLessThan", "0")),
    ("numbers with an exponent", condition("NumericEquals", "1.5E3"), condition("NumericEquals", "1500")),
    ("a number where text is compared", condition("StringEquals", 5), condition("StringEquals", "5")),
    ("a set operator", condition("ForAnyValue:IpAddress", "::1"), condition("ForAnyValue:IpAddress", "::1/128")),
]

NOT_EQUAL: list[tuple[str, Any, Any]] = [
    ("one statement twice", {"Statement": [S1, S1]}, {"Statement": [S1]}),
    ("repeated ones in unequal numbers", {"Statement": [S1, S1, S2]}, {"Statement": [S1, S2, S2]}),
    ("Sid and none", one(Sid="A"), one()),
    ("Id", one() | {"Id": "a"}, one() | {"Id": "b"}),
    ("one key in two spellings", one(Condition={"Bool": {"aws:x": "a", "AWS:x": "b"}}), condition("Bool", "b")),
    ("…the other way around", one(Condition={"Bool": {"aws:x": "a", "AWS:x": "b"}}), condition("Bool", ["a", "b"])),
    ("underscores are no digits", condition("NumericEquals", "1_000"), condition("NumericEquals", "1000")),
    (
        "very large numbers",
        condition("NumericEquals", "1" + "0" * 30),
        condition("NumericEquals", "1" + "0" * 29 + "1"),
    ),
    ("what is no network", condition("IpAddress", "x"), condition("IpAddress", "y")),
    ("what only looks like one", condition("IpAddress", "10.0.0.256"), condition("IpAddress", "10.0.0.257")),
    ("an address with a zone", condition("IpAddress", "fe80::1%1"), condition("IpAddress", "fe80::1")),
    ("a prefix that begins with nought", condition("IpAddress", "10.0.0.0/08"), condition("IpAddress", "10.0.0.0/8")),
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
    canonical = canonical_policy(policy.root)
    assert canonical_policy(canonical) == canonical
    assert json.loads(json.dumps(canonical)) == canonical


@pytest.mark.parametrize(
    ("resources", "partition"),
    [
        ([], "aws"),
        (["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"], "aws-cn"),
        (["arn:aws-us-gov:s3:::b", "r", 5], "aws-us-gov"),
        (["arn:aws-cn:s3:::b", "arn:aws:s3:::b"], "aws"),
    ],
)
def test_a_policy_is_in_the_partition_of_its_resources(resources: list[Any], partition: str) -> None:
    statements = [{"Resource": resources[:1]}, {"NotResource": resources[1:]}, "no statement"]
    assert partition_in({"Statement": statements}) == partition


@pytest.mark.parametrize(
    ("principals", "partition"),
    [
        (["111122223333", "*", 5], "aws"),
        (["arn:aws-cn:iam::111122223333:root", "arn:aws-cn:sts::111122223333:assumed-role/etl/x"], "aws-cn"),
        (["arn:aws-cn:iam::111122223333:root", "arn:aws-us-gov:iam::111122223333:root"], "aws"),
    ],
)
def test_a_policy_without_it_is_in_the_partition_of_its_principals(principals: list[Any], partition: str) -> None:
    everywhere = {"Resource": "arn:*:s3:::b/*"}
    nameless = [
        {"Principal": {"AWS": principals[:1]}, **everywhere},
        {"NotPrincipal": {"AWS": principals[1:]}, **everywhere},
        {"Principal": "*", **everywhere},
    ]
    assert partition_in({"Statement": nameless}) == partition
    named = {"Resource": "arn:aws-iso:s3:::b"}
    assert partition_in({"Statement": [*nameless, named]}) == "aws-iso"
