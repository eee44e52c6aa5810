"""Whose word is needed for which risk in which bucket.

What may lose data or protection or open a door is agreed to by class and bucket: ``--allow loses-data:acme-lake``, or
the bucket's name typed at a terminal. Consent is about data and access that exist: a bucket that this run creates, or
that an unfinished run has created, needs none until it is to be deleted.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from reconciler.aspects.calls import Risk
from reconciler.planning.changeset import Change, Changeset, Plan
from reconciler.planning.needs import Kind, Need
from reconciler.problems import did_you_mean
from reconciler.settings import RULE_ID

ASKED_FOR = {
    Risk.LOSES_DATA: "loses data",
    Risk.LOSES_PROTECTION: "loses protection",
    Risk.WIDENS_ACCESS: "widens access",
}
"""The risks that need somebody's word. Cutting access and costing money can be taken back."""


def consents(changeset: Changeset, begun: Collection[str] = ()) -> tuple[Need, ...]:
    """Everything that has to be agreed to, by bucket; `begun` names buckets that an unfinished run has created."""
    return tuple(
        Need(Kind.CONSENT, plan.name, why(risk, changes), f"--allow {risk.value}:{plan.name}")
        for plan in changeset.plans
        if plan.exists and (plan.deletes or plan.name not in begun)
        for risk, changes in risky(plan)
    )


def broken(changeset: Changeset) -> tuple[Need, ...]:
    """The rules that buckets which are to be changed break, and nobody has waived; a rule of a bucket once."""
    found = {
        (plan.name, verdict.rule): f"breaks {verdict.rule}: {verdict.message}"
        for plan in changeset.plans
        if plan.changes
        for verdict in reversed(plan.verdicts)
        if verdict.refuses
    }
    return tuple(
        Need(Kind.GUARDRAIL, name, why, f"--allow {rule}:{name}") for (name, rule), why in sorted(found.items())
    )


def risky(plan: Plan) -> Iterator[tuple[Risk, list[Change]]]:
    """The changes of a bucket that need somebody's word, by their risk, the worst first."""
    order = list(Risk)
    chosen = sorted((one for one in plan.changes if one.risk in ASKED_FOR), key=lambda one: order.index(one.risk))
    for risk, changes in groupby(chosen, key=lambda one: one.risk):
        yield risk, list(changes)


def why(risk: Risk, changes: Iterable[Change]) -> str:
    """What may be lost, and by the change of what."""
    return f"{ASKED_FOR[risk]} ({', '.join(change.aspect for change in changes)})"


def missing(needs: Iterable[Need], allowed: Iterable[str]) -> tuple[Need, ...]:
    """The needs that none of these ``class:bucket`` words meets."""
    flags = {f"--allow {word}" for word in allowed}
    return tuple(need for need in needs if need.flag not in flags)


def unneeded(needs: Iterable[Need], allowed: Iterable[str]) -> tuple[str, ...]:
    """The words that nothing in the plan asks for."""
    flags = {need.flag for need in needs}
    return tuple(word for word in allowed if f"--allow {word}" not in flags)


def wrong_with_word(word: str) -> str | None:
    """Why this is not a consent, or None."""
    risk, colon, bucket = word.partition(":")
    if not colon or not bucket:
        return "it names no bucket: write it like loses-data:my-bucket"
    known = [one.value for one in ASKED_FOR]
    if risk in known or RULE_ID.match(risk):
        return None
    near = did_you_mean(risk, known)
    return f"there is no such risk: did you mean {near}?" if near else f"the risks are {', '.join(known)}"
