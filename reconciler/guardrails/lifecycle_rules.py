"""The rules of a declared lifecycle, as guardrails look at them."""

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.aspects.lifecycle import Lifecycle, Rule
from reconciler.guardrails.rule import Subject

Path = tuple[str | int, ...]

KEEPS_VERSIONS = frozenset({"raw", "curated", "reference", "backup", "lake"})
"""Purposes of buckets whose objects are not to be lost by writing over them."""
GROWS = frozenset({"raw", "processed", "temp", "lake", "logs", "backup", "artifacts"})
"""Purposes of buckets to which something is added every day."""
EMPTIED = frozenset({"temp", "logs"})
"""Those of them from which something is to go again."""


class Acting(NamedTuple):
    """One enabled rule of a lifecycle, and where it stands."""

    path: Path
    """From the bucket: the rule by its id, else by its position."""
    name: str
    """What a person knows it by, in words."""
    rule: Rule

    @property
    def prefix(self) -> str:
        """What the keys begin with that it is about; empty where it is about all of them."""
        return self.rule.filter.prefix or ""

    @property
    def expires_after(self) -> int | None:
        """Days after which it deletes current versions; None where it does not, or does so from a date on."""
        return self.rule.expiration.days if self.rule.expiration is not None else None

    @property
    def expires(self) -> bool:
        """Whether it deletes current versions."""
        end = self.rule.expiration
        return end is not None and (end.days is not None or end.date is not None)


def acting_in(subject: Subject) -> Iterator[Acting]:
    """The enabled rules of the lifecycle that a spec declares."""
    lifecycle = subject.value("lifecycle")
    return rules_of(lifecycle) if isinstance(lifecycle, Lifecycle) else iter(())


def rules_of(lifecycle: Lifecycle) -> Iterator[Acting]:
    """The enabled rules of a lifecycle."""
    for position, rule in enumerate(lifecycle.rules):
        if rule.status == "Enabled":
            where = position if rule.id is None else rule.id
            name = f"rule {position + 1}" if rule.id is None else f"rule {rule.id}"
            yield Acting(("lifecycle", "rules", where), name, rule)


def has_versions(subject: Subject) -> bool:
    """Whether the spec turns versioning on."""
    versioning = subject.value("versioning")
    return versioning is not None and versioning.status == "Enabled"


def days_in_words(days: int) -> str:
    """``1 day``, ``30 days``."""
    return f"{days} day{'' if days == 1 else 's'}"
