"""Whatever a policy holds, live or in a spec: it is a document or a ValueError, and nothing that looks at it fails."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.planning.live import Identity
from reconciler.planning.lock_out import Asking, shut_out
from reconciler.policy_language.callers import Caller, caller_of
from reconciler.policy_language.decision import Request, denied, guards_of
from reconciler.policy_language.exposure import public_statements
from reconciler.policy_language.grammar import newer_names
from tests.aspects.strategies import anything
from tests.aspects.test_odd_documents import policy_like
from tests.fuzz.mutations import SCALARS, spoiled

ARN = "arn:aws:sts::123456789012:assumed-role/deploy/ci"
CALLERS = (Caller(), caller_of(ARN), caller_of("arn:aws:iam::123456789012:root"), caller_of(None, "123456789012"))
FACTS = {"aws:securetransport": ("true",), "aws:principalarn": ("arn:aws:iam::123456789012:role/deploy",)}
IDENTITY = Identity("123456789012", None, None, caller=ARN)


def statement(**elements: Any) -> dict[str, Any]:
    usual = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-lake/*"}
    return usual | elements


POLICIES = [
    {
        "Version": "2012-10-17",
        "Statement": [statement(Sid="A"), statement(Effect="Allow", Principal={"AWS": "1" * 12})],
    },
    {
        "Statement": statement(
            Condition={"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/${aws:username}", "x"]}}
        )
    },
    {
        "Version": "2008-10-17",
        "Id": "x",
        "Statement": [
            statement(Condition={"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:TlsVersion": "1.2"}}),
            statement(Principal={"AWS": ["AIDAEXAMPLEEXAMPLE123", ARN], "Service": "logging.s3.amazonaws.com"}),
            {"Effect": "Deny", "NotPrincipal": {"AWS": ARN}, "NotAction": "s3:Get*", "NotResource": "arn:aws:s3:::*"},
            statement(Sid="A", Effect="Allow", Condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::1/128"]}}),
            statement(
                Condition={"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": ["a"]}, "Null": {"s3:x": "true"}}
            ),
        ],
    },
]
VALUES = SCALARS | st.sampled_from(
    [
        [],
        {},
        [[]],
        {"AWS": []},
        "arn:aws:s3:::acme-lake",
        "s3:GetObject",
        "s3:*Object*?",
        "*" * 40,
        "Allow",
        "2012-10-17",
    ]
)
policies = spoiled(st.sampled_from(POLICIES), VALUES) | policy_like | anything


def looked_at(policy: Policy, other: Policy) -> None:
    """Everything that anybody asks of a policy, alone and beside another one."""
    for one, two in ((policy, other), (other, policy), (None, policy), (policy, None), (policy, policy)):
        json.dumps(Policy.pictures(one, two))
        Policy.risk(one, two)
        list(Policy.consequences(one, two))
    assert policy == policy
    list(policy.remarks())
    list(public_statements(policy.root))
    newer_names(policy.root)
    with contextlib.suppress(ValueError):
        policy.as_spec(BucketSpec(name="acme-lake").surroundings())
    guards = guards_of(policy.root)
    for caller in CALLERS:
        denied(guards, Request(caller, "s3:PutBucketPolicy", "arn:aws:s3:::acme-lake", FACTS))
        for guard in guards:
            guard.open_questions(Request(caller, "s3:GetBucketPolicy", "arn:aws:s3:::acme-lake", {}))


def asked_for(policy: Any) -> Iterator[str]:
    """The codes of what is wrong with a policy in a spec; nobody is locked out of one without an answer."""
    keep = "arn:aws:iam::123456789012:role/deploy"
    try:
        spec = BucketSpec.model_validate({"name": "acme-lake", "policy": policy, "keep_access": [keep]})
    except ValidationError:
        return
    yield from (refusal.code.code for refusal in spec.refusals())
    declared = spec.values().get("policy")
    if isinstance(declared, Policy):
        for shut in shut_out(spec, declared, Asking(IDENTITY, spec.surroundings("123456789012", "us-east-1"))):
            assert shut.why
            assert shut.remedy


@given(policies, policies)
def test_a_live_policy(written: Any, beside: Any) -> None:
    read = []
    for one in (written, beside):
        with contextlib.suppress(ValueError):
            read.append(Policy.from_s3({"Policy": json.dumps(one)}))
    if read:
        looked_at(read[0], read[-1])


@given(policies)
def test_a_policy_in_a_spec(written: Any) -> None:
    assert all(code.startswith("RCL") for code in asked_for(written))


@given(st.text(st.sampled_from('{}[]":,0e+-.tfn \\uS'), max_size=40) | st.text(max_size=20))
def test_text_that_is_hardly_a_policy(text: str) -> None:
    with contextlib.suppress(ValueError):
        looked_at(Policy.from_s3({"Policy": text}), Policy({}))
