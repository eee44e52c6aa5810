"""Every rule, with specs that it lets pass and specs that it does not, as data."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from reconciler.bucket import BucketSpec
from reconciler.guardrails.catalogue import own_rules
from reconciler.guardrails.configured import guardrails_of
from reconciler.guardrails.judging import verdicts
from reconciler.guardrails.verdict import Verdict
from reconciler.guardrails.waiving import ABOUT_WAIVERS
from reconciler.planning.storage import path_text
from reconciler.settings import GuardrailSettings

FOLDER = Path(__file__).parent / "cases"
TODAY = date(2026, 11, 23)
FEWEST = 3


class Case(NamedTuple):
    rule: str
    passes: bool
    number: int
    said: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.rule}-{'passes' if self.passes else 'fails'}-{self.number}"


def cases() -> list[Case]:
    return [
        Case(file.stem, kind == "passes", number, said)
        for file in sorted(FOLDER.glob("*.yaml"))
        for kind, entries in yaml.safe_load(file.read_text()).items()
        if kind in ("passes", "fails")
        for number, said in enumerate(entries)
    ]


CASES = cases()


def judged(case: Case) -> list[Verdict]:
    """What the one rule says, with these settings."""
    said = case.said.get("settings")
    spec = BucketSpec.model_validate({"name": "acme-lake", **case.said["bucket"]}, by_name=True, by_alias=False)
    guardrails, mistakes = guardrails_of(GuardrailSettings(rules={case.rule: said} if said else {}))
    assert not mistakes
    return [one for one in verdicts(spec, guardrails, TODAY) if one.rule == case.rule]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_finds_what_it_is_there_for_and_nothing_else(case: Case) -> None:
    found = judged(case)
    expected = [] if case.passes else case.said["expect"]
    assert sorted(path_text(tuple(map(str, one.path))) for one in found) == sorted(one["path"] for one in expected)
    for wanted in expected:
        at = [one for one in found if path_text(tuple(map(str, one.path))) == wanted["path"]]
        assert any(wanted.get("message", "") in one.message for one in at)
        assert wanted.get("severity") in (None, *(one.severity for one in at))
    assert all(one.remedy for one in found)


@pytest.mark.parametrize("rule", own_rules())
def test_every_rule_has_three_of_each(rule: str) -> None:
    for passes in (True, False):
        assert sum(case.rule == rule and case.passes is passes for case in CASES) >= FEWEST


def test_a_spec_with_nothing_but_a_name_breaks_no_rule() -> None:
    guardrails, _ = guardrails_of(GuardrailSettings())
    assert verdicts(BucketSpec(name="acme-lake"), guardrails, TODAY) == ()


def test_each_rule_is_called_as_its_file() -> None:
    for rule in own_rules().values():
        if rule not in ABOUT_WAIVERS:
            room = f"reconciler.guardrails.rules.{rule.id.lower().replace('-', '_')}"
            assert rule.check.__module__ == room
