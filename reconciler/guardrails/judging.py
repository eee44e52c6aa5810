"""Judging: a spec and the rules that are asked in; what they have against it, after the bucket's waivers, out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

from reconciler.bucket import BucketSpec
from reconciler.governance import Waiver
from reconciler.guardrails.rule import Offence, Parameters, Rule, Sensitivity, Subject
from reconciler.guardrails.verdict import Verdict
from reconciler.guardrails.waiving import in_force, wrong_with
from reconciler.problems import Severity


class Asked(NamedTuple):
    """One rule as a team asks it."""

    rule: Rule
    severity: Severity | None = None
    """In place of the rule's own, and of that of each case of it."""
    parameters: Parameters = Parameters()


@dataclass(frozen=True)
class Guardrails:
    """All that a team asks of its buckets."""

    asked: tuple[Asked, ...]
    known: tuple[str, ...]
    """The ids of all rules that there are, also of those that are not asked."""
    tag: str = "Classification"
    """The tag that says how much harm it does when what is in a bucket gets out."""
    words: Mapping[str, Sensitivity] = field(
        default_factory=lambda: {level.name.lower(): level for level in Sensitivity}
    )
    """What may stand there, in lower case."""

    def sensitivity_of(self, spec: BucketSpec) -> Sensitivity | None:
        """As the spec's tag says it; None where it says nothing that is known."""
        tags = spec.values().get("tags")
        said = getattr(tags, "root", {}).get(self.tag)
        return None if said is None else self.words.get(said.lower())

    @cached_property
    def severities(self) -> Mapping[str, Severity | None]:
        """What the team says of the weight of each rule."""
        return {one.rule.id: one.severity for one in self.asked}


def verdicts(
    spec: BucketSpec, guardrails: Guardrails, today: date, account: str | None = None, region: str | None = None
) -> tuple[Verdict, ...]:
    """What the rules have against one spec. `today` is UTC's; `account` and `region` are what is known beside it.

    A bucket that is to go is not judged.
    """
    if spec.is_absent:
        return ()
    found = [*offences(spec, guardrails, account, region)]
    waivers = in_force(spec.waivers, today)
    broken = frozenset(rule.id for rule, _ in found)
    told = [verdict(rule, offence, guardrails, waivers) for rule, offence in found]
    asked = guardrails.severities
    about_waivers = wrong_with(spec.waivers, today, guardrails.known, broken)
    told += [verdict(rule, offence, guardrails, {}) for rule, offence in about_waivers if rule.id in asked]
    return tuple(told)


def offences(
    spec: BucketSpec, guardrails: Guardrails, account: str | None, region: str | None
) -> Iterator[tuple[Rule, Offence]]:
    """What each rule says. What nobody knows of the account and region stands for itself, as in the check of a spec."""
    account, region = spec.account or account, spec.region or region
    unknown = frozenset(name for name, known in (("account", account), ("region", region)) if known is None)
    around = replace(spec.surroundings(account or "0" * 12, region or "us-east-1"), stand_ins=unknown)
    full = spec.filled(around)
    around = replace(around, siblings=full.declared())
    sensitivity = guardrails.sensitivity_of(full)
    for rule, _, parameters in guardrails.asked:
        subject = Subject(full, around, parameters, sensitivity, guardrails.tag, tuple(guardrails.words))
        for offence in rule.check(subject):
            yield rule, offence


def verdict(rule: Rule, offence: Offence, guardrails: Guardrails, waivers: Mapping[str, Waiver]) -> Verdict:
    """One finding, weighed."""
    weight = guardrails.severities.get(rule.id) or offence.severity or rule.severity
    waiver = waivers.get(rule.id)
    return Verdict(rule.id, rule.title, weight, offence.path, offence.message, offence.help or rule.mend, waiver)
