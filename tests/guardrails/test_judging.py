"""What a team's settings and a bucket's waivers make of what the rules say."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.bucket import BucketSpec
from reconciler.guardrails.configured import guardrails_of
from reconciler.guardrails.judging import verdicts
from reconciler.guardrails.rule import Offence, Rule, Sensitivity, Subject
from reconciler.guardrails.verdict import Verdict
from reconciler.problems import Severity
from reconciler.settings import Classification, GuardrailSettings

TODAY = date(2026, 11, 23)
RAW: dict[str, Any] = {"name": "acme-raw", "purpose": "raw", "versioning": "Suspended"}


def said(bucket: dict[str, Any], *teams: Rule, **settings: Any) -> list[Verdict]:
    guardrails, mistakes = guardrails_of(GuardrailSettings(**settings), teams)
    assert not mistakes
    return [*verdicts(BucketSpec.model_validate(bucket), guardrails, TODAY)]


def of(rule: str, found: list[Verdict]) -> Verdict | None:
    return next((one for one in found if one.rule == rule), None)


@pytest.mark.parametrize("weight", ["error", "warning"])
def test_a_team_says_what_a_rule_weighs(weight: str) -> None:
    for setting in (weight, {"severity": weight}):
        found = of("VER-01", said(RAW, rules={"VER-01": setting}))
        assert found is not None
        assert found.severity == weight
        assert found.refuses is (weight == "error")


def test_a_rule_of_no_weight_is_not_asked() -> None:
    assert of("VER-01", said(RAW, rules={"VER-01": "none"})) is None
    assert of("VER-01", said(RAW, rules={"VER-01": {"enabled": False}})) is None
    assert of("VER-01", said(RAW, rules={"VER-01": {"enabled": True}})) is not None
    assert of("LIF-01", said(RAW, rules={"VER-01": "none"})) is not None


@pytest.mark.parametrize(("rule", "expires"), [("WVR-01", "2020-01-01"), ("WVR-03", "2029-01-01")])
def test_what_a_team_sets_of_the_rules_about_waivers_counts_too(rule: str, expires: str) -> None:
    waiver = {"rule": "POL-01", "reason": "for a while", "owner": "lake", "expires": expires}
    bucket = {"name": "acme-lake", "waivers": [waiver]}
    assert [one.rule for one in said(bucket)] == [rule]
    assert [one.severity for one in said(bucket, rules={rule: "warning"})] == [Severity.WARNING]
    assert said(bucket, rules={rule: "none"}) == []


def test_a_rule_that_is_off_is_on_as_soon_as_the_team_says_anything_of_it() -> None:
    asked = {"NAM-01": {"convention": "<company>-<environment>-<purpose>"}}
    assert of("NAM-01", said(RAW)) is None
    assert of("NAM-01", said(RAW, rules=asked)) is not None


def test_what_is_waived_refuses_nothing_and_says_whose_word_that_is() -> None:
    waivers = [
        {"rule": "VER-01", "reason": "for a week", "owner": "lake", "expires": "2026-11-30"},
        {"rule": "VER-01", "reason": "for a month", "owner": "lake", "expires": "2026-12-30"},
    ]
    found = said({**RAW, "waivers": waivers})
    waived = of("VER-01", found)
    assert waived is not None
    assert waived.waiver is not None
    assert waived.waiver.reason == "for a month"
    assert waived.severity is Severity.ERROR
    assert not any(one.refuses for one in found)


def test_a_bucket_that_is_to_go_is_not_judged() -> None:
    assert said({"name": "acme-raw", "state": "absent", "confirm_delete": "acme-raw", "purpose": "raw"}) == []


def test_a_team_has_its_own_tag_and_words_for_what_is_confidential() -> None:
    bucket = {"name": "acme-lake", "tags": {"Secrecy": "Geheim"}, "encryption": "AES256"}
    setting = Classification(tag="Secrecy", words={"geheim": "restricted"})
    assert of("ENC-02", said(bucket)) is None
    assert of("ENC-02", said(bucket, classification=setting)) is not None
    assert of("TAG-02", said(bucket, classification=setting)) is None
    unknown = {**bucket, "tags": {"Secrecy": "gehiem"}}
    found = of("TAG-02", said(unknown, classification=setting))
    assert found is not None
    assert found.remedy == "did you mean `geheim`?"


def test_rules_see_a_spec_with_its_variables_filled_in() -> None:
    seen: list[Subject] = []

    def check(subject: Subject) -> Iterator[Offence]:
        seen.append(subject)
        yield Offence(("name",), "seen", "nothing", Severity.WARNING)

    rule = Rule("ACME-01", "A rule", "", "Do something.", check)
    found = said({"name": "acme-lake", "tags": {"Home": "${account_id}/${region}", "Is": "${bucket}"}}, rule)
    assert seen[0].value("tags").root == {"Home": "000000000000/us-east-1", "Is": "acme-lake"}
    assert seen[0].around.stand_ins == {"account", "region"}
    assert seen[0].sensitivity is None
    assert of("ACME-01", found) == Verdict("ACME-01", "A rule", Severity.WARNING, ("name",), "seen", "nothing")


def test_what_a_plan_knows_is_no_stand_in() -> None:
    spec = BucketSpec.model_validate({"name": "acme-lake", "tags": {"Classification": "Restricted"}})
    seen: list[Subject] = []

    def check(subject: Subject) -> Iterator[Offence]:
        seen.append(subject)
        yield from ()

    rule = Rule("ACME-01", "A rule", "", "", check)
    guardrails, _ = guardrails_of(GuardrailSettings(), [rule])
    verdicts(spec, guardrails, TODAY, "123456789012", "eu-west-1")
    assert (seen[0].around.account, seen[0].around.region) == ("123456789012", "eu-west-1")
    assert not seen[0].around.stand_ins
    assert seen[0].sensitivity is Sensitivity.RESTRICTED


@pytest.mark.parametrize(
    "wrong",
    [{"rule": "LIF-01"}, {"rule": "LIF-01", "reason": "r", "owner": "o", "expires": "2027-1-1"}, {"rule": " "}],
)
def test_a_waiver_says_all_that_it_has_to(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BucketSpec.model_validate({"name": "acme-lake", "waivers": [wrong]})
