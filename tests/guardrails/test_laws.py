"""What holds of every rule, whatever a spec says."""

import importlib
import pkgutil
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.governance import Purpose
from reconciler.guardrails import rules
from reconciler.guardrails.rule import Offence, Rule, Sensitivity, Subject
from reconciler.policy_language.exposure import public_statements
from reconciler.policy_language.values import STATEMENT_ELEMENTS, as_list, statements_of
from tests.aspects.strategies import ACCOUNT, BUCKET, SPECS, some_of

RULES: dict[str, Rule] = {
    module.name: importlib.import_module(f"{rules.__name__}.{module.name}").RULE
    for module in pkgutil.iter_modules(rules.__path__)
}

nonsense = st.recursive(
    st.none() | st.booleans() | st.sampled_from(("*", "", "Allow", "10.0.0.0/8", "arn:aws:s3:::x", "s3:*", "a:b:c")),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(("AWS", "Service", "Bool", "IpAddress", "aws:SourceIp", "aws:sourceip")), inner
        )
    ),
    max_leaves=4,
)
broken_statements = some_of(
    dict.fromkeys((name for name in STATEMENT_ELEMENTS if name != "Effect"), nonsense),
    Effect=st.sampled_from(("Allow", "Deny")),
)
broken_policies = st.lists(st.none() | broken_statements, min_size=1, max_size=3).map(
    lambda statements: Policy.model_validate({"Statement": statements})
)
sensitivities = st.none() | st.sampled_from(Sensitivity)


@st.composite
def specs(draw: DrawFn, policies: SearchStrategy[Policy]) -> BucketSpec:
    declared = draw(some_of({**SPECS, "policy": policies}))
    purpose = draw(st.none() | st.sampled_from(get_args(Purpose)))
    return BucketSpec.model_construct(name=BUCKET, region="us-east-1", purpose=purpose, **declared)


def subject(rule: Rule, spec: BucketSpec, sensitivity: Sensitivity | None, *, is_known: bool) -> Subject:
    around = spec.surroundings(account=ACCOUNT)
    around = around if is_known else replace(around, stand_ins=frozenset({"account", "region"}))
    return Subject(spec, around, rule.parameters.model_construct(), sensitivity)


def is_well_said(offence: Offence) -> bool:
    """Whether it names a field of the spec, and says what is wrong with it."""
    fields = {*BucketSpec.model_fields}
    return (not offence.path or offence.path[0] in fields) and offence.message.strip(". ") != ""


NOT_A_STATEMENT = BucketSpec.model_construct(name=BUCKET, policy=Policy.model_validate({"Statement": [None, "x"]}))


@example(spec=NOT_A_STATEMENT, sensitivity=None, is_known=True)
@given(spec=specs(SPECS["policy"]) | specs(broken_policies), sensitivity=sensitivities, is_known=st.booleans())
def test_every_rule_answers_to_every_spec(spec: BucketSpec, sensitivity: Sensitivity | None, is_known: bool) -> None:
    for name, rule in RULES.items():
        seen = subject(rule, spec, sensitivity, is_known=is_known)
        offences = list(rule.check(seen))
        assert all(map(is_well_said, offences)), name
        assert list(rule.check(seen)) == offences, name


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_spec_that_says_nothing_offends_no_rule(rule: Rule) -> None:
    assert list(rule.check(subject(rule, BucketSpec(name=BUCKET), None, is_known=False))) == []


@given(policy=SPECS["policy"])
def test_what_aws_calls_public_is_found_and_nothing_else(policy: Policy) -> None:
    spec = BucketSpec.model_construct(name=BUCKET, policy=policy)
    found = {
        offence.path
        for rule in (RULES["pub_03"], RULES["pub_04"])
        for offence in rule.check(subject(rule, spec, None, is_known=True))
    }
    public = [
        statements_of(policy.root)[int(path[1]) if len(path) > 1 else 0] for path in public_statements(policy.root)
    ]
    assert len(found) == len([one for one in public if "s3:*" not in as_list(one.get("NotAction"))])
