"""Which plans take objects from a bucket, and which keys they are about; and what it costs across aspects."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.aspects.calls import Risk
from reconciler.aspects.lifecycle import Lifecycle, Rule
from reconciler.aspects.lifecycle_losses import expires, losses
from reconciler.aspects.versioning import Versioning, suspends
from reconciler.planning.changeset import Change, Plan

if TYPE_CHECKING:
    from reconciler.planning.forecast import Regime

LIFECYCLE, VERSIONING = "lifecycle", "versioning"
MOST_RULES = 3
"""Rules that are named in a sentence."""


class Threat(NamedTuple):
    """What the plan of a bucket takes from its objects: the step between two regimes, and the keys it is about."""

    before: "Regime"
    after: "Regime"
    prefixes: tuple[str, ...]
    """Where in the bucket to look; an empty prefix is everywhere."""

    @property
    def needs_old_versions(self) -> bool:
        """Whether old versions can go, so that those of a key must be seen together."""
        of_old = any(rule.noncurrent_version_expiration for side in (self.before, self.after) for rule in side.rules)
        return of_old or "Suspended" in (self.before.status, self.after.status)


def change_of(plan: Plan, aspect: str) -> Change | None:
    """How an aspect changes, if it does."""
    return next((change for change in plan.changes if change.aspect == aspect), None)


def is_threatened(plan: Plan) -> bool:
    """Whether the plan may take objects from a bucket that exists: less is retained, or versioning is suspended."""
    lifecycle, versioning = change_of(plan, LIFECYCLE), change_of(plan, VERSIONING)
    shortens = lifecycle is not None and lifecycle.risk is Risk.LOSES_DATA
    return plan.exists and (shortens or (versioning is not None and gives_up_versions(versioning)))


def gives_up_versions(change: Change) -> bool:
    """Whether versioning is suspended."""
    before, after = (side if isinstance(side, Versioning) else None for side in (change.before, change.after))
    return suspends(before, after)


def threat_of(plan: Plan, before: "Regime", after: "Regime") -> Threat | None:
    """Which keys to look at; None where there is no rule that could take any."""
    old, new = (side.lifecycle.rules if side.lifecycle else () for side in (before, after))
    concerned = [loss.rule for loss in losses(old, new)]
    versioning = change_of(plan, VERSIONING)
    if versioning is not None and gives_up_versions(versioning):
        concerned += expiring(after.rules)
    prefixes = outermost(rule.filter.prefix or "" for rule in concerned)
    return Threat(before, after, prefixes) if prefixes else None


def outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    """The prefixes that lie in no other of them, in order."""
    found: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return tuple(found)


def expiring(rules: Iterable[Rule]) -> Iterator[Rule]:
    """The enabled rules that delete current versions."""
    for rule in rules:
        if rule.status == "Enabled" and rule.expiration is not None and expires(rule.expiration):
            yield rule


def with_words_across(changes: Sequence[Change], lifecycle: Any) -> list[Change]:
    """The changes, and what giving up versions means for the rules that the bucket will have."""
    rules = list(expiring(lifecycle.rules)) if isinstance(lifecycle, Lifecycle) else []
    names = ", ".join(str(rule.id) for rule in rules[:MOST_RULES]) + (", …" if len(rules) > MOST_RULES else "")
    said = f"expiry then deletes for good what is written from now on: no old version is kept (rules: {names})"
    return [
        replace(change, consequences=(*change.consequences, said))
        if rules and change.aspect == VERSIONING and gives_up_versions(change)
        else change
        for change in changes
    ]
