"""Whether a policy denies a caller what it takes to undo it: AWS's own examples, incidents and more, as data."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.bucket import BucketSpec
from reconciler.planning.live import Identity
from reconciler.planning.lock_out import Asking
from reconciler.policy_language.callers import Caller, caller_of
from reconciler.policy_language.decision import Request, denied, guards_of

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "lock_out.yaml").read_text(encoding="utf-8"))
ELEMENTS = {
    "principal": "Principal",
    "not_principal": "NotPrincipal",
    "action": "Action",
    "not_action": "NotAction",
    "resource": "Resource",
    "not_resource": "NotResource",
    "condition": "Condition",
}
ABOUT = {"name", "source", "effect", "caller", "role_arn", "endpoint", "facts", "denied", "open"}
SESSION = "arn:aws:sts::123456789012:assumed-role/etl/run"
ROLE = "arn:aws:iam::123456789012:role/etl"
USUAL = {"Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::lake"}
OF_A_SERVICE = {"Effect": "Deny", "Principal": {"Service": "x.amazonaws.com"}, **USUAL}


def statement_of(case: dict[str, Any]) -> dict[str, Any]:
    """The statement of a case; NotAction takes the place of Action, NotResource of Resource."""
    said = {ELEMENTS[name]: case[name] for name in ELEMENTS if name in case}
    usual = {name: value for name, value in USUAL.items() if f"Not{name}" not in said}
    return {"Effect": case.get("effect", "Deny"), **usual, **said}


def request_of(case: dict[str, Any]) -> Request:
    """The request of a case: as the tool itself would make it, with what it knows."""
    arn = case.get("caller", SESSION)
    role_arn = case.get("role_arn", ROLE if arn == SESSION else "unknown")
    identity = Identity("123456789012", case.get("endpoint"), "us-east-1", caller=arn)
    region = "cn-north-1" if ":aws-cn:" in arn else "us-east-1"
    around = BucketSpec(name="lake", region=region).surroundings("123456789012")
    asking = Asking(identity, around, None if role_arn == "unknown" else role_arn)
    caller = caller_of(arn, None, asking.role_arn)
    request = asking.request(caller, "s3:PutBucketPolicy")
    facts = {name.lower(): (value,) for name, value in case.get("facts", {}).items()}
    return Request(caller, request.action, request.resource, {**request.facts, **facts})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_lock_out(case: dict[str, Any]) -> None:
    assert case.keys() <= {*ABOUT, *ELEMENTS}, "a case has a field that nobody looks at"
    request = request_of(case)
    guards = guards_of({"Statement": [OF_A_SERVICE, "nonsense", statement_of(case)]})
    answer, blamed = denied(guards, request)
    assert answer.value == case["denied"]
    assert [guard.name for guard in blamed] == ([] if case["denied"] == "no" else ["statement 3"])
    if "open" in case:
        assert [question for guard in blamed for question in guard.open_questions(request)] == case["open"]


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names)


def test_whoever_surely_denies_is_blamed_alone() -> None:
    may = {"Sid": "May", "Effect": "Deny", "Principal": "*", **USUAL, "Condition": {"Bool": {"aws:x": "true"}}}
    does = {"Sid": "Does", "Effect": "Deny", "Principal": "*", **USUAL}
    request = request_of({})
    for policy, blamed in (([may, does], ["Does"]), ([may], ["May"]), ([OF_A_SERVICE], [])):
        answer, found = denied(guards_of({"Statement": policy}), request)
        assert [guard.name for guard in found] == [f"statement `{sid}`" for sid in blamed]
        assert answer.value == {"Does": "yes", "May": "unsure", None: "no"}[blamed[0] if blamed else None]


def test_a_statement_about_nothing_is_not_certain() -> None:
    [guard] = guards_of({"Statement": {"Effect": "Deny", "Principal": "*"}})
    assert guard.open_questions(request_of({})) == ("Action", "Resource")


@pytest.mark.parametrize(
    ("arn", "role_arn", "shown"),
    [
        (SESSION, ROLE, ROLE),
        (SESSION, None, "the role etl of account 123456789012"),
        ("arn:aws:iam::123456789012:user/data/ops", None, "arn:aws:iam::123456789012:user/data/ops"),
        ("arn:aws:iam::123456789012:root", None, "arn:aws:iam::123456789012:root"),
        (None, None, "whoever asks"),
    ],
)
def test_a_caller_is_shown_without_the_session(arn: str | None, role_arn: str | None, shown: str) -> None:
    assert caller_of(arn, None, role_arn).shown == shown


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("*", "yes"),
        ("123456789012", "yes"),
        ("999999999999", "no"),
        ("arn:aws:iam::123456789012:root", "yes"),
        ("arn:aws:iam::123456789012:role/etl", "unsure"),
        ("arn:aws:iam::999999999999:role/etl", "no"),
    ],
)
def test_of_whom_only_the_account_is_known(principal: str, named: str) -> None:
    assert Caller("123456789012").is_named_by(principal).value == named
