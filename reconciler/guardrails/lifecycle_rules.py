"""The rules of a declared lifecycle, as guardrails look at them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.aspects.lifecycle import Filter, Lifecycle, Rule
from reconciler.aspects.lifecycle_losses import covers
from reconciler.guardrails.rule import Subject

Path = tuple[str | int, ...]
Tag = tuple[str, str]

KEEPS_VERSIONS = frozenset({"raw", "curated", "reference", "backup", "lake"})
"""Purposes of buckets whose objects are not to be lost by writing over them."""
GROWS = frozenset({"raw", "processed", "temp", "lake", "logs", "backup", "artifacts"})
"""Purposes of buckets to which something is added every day."""
EMPTIED = frozenset({"temp", "logs"})
"""Those of them from which something is to go again."""
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
"""Classes whose objects nobody can read until they are restored. By `varies_by_storage_class`, objects of every size go
there (S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle")."""


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

    @property
    def is_about_all(self) -> bool:
        """Whether its filter names no part of the bucket; it may name sizes."""
        return not self.prefix and not self.rule.filter.tags


class Shelves:
    """The rules of a lifecycle, so that those which are about all of a filter's objects are soon found.

    A wider rule has a part of the prefix and a part of the tags: it is looked for under these only.
    """

    def __init__(self, rules: Iterable[Acting]) -> None:
        self._shelves: dict[tuple[str, Tag | None], list[tuple[int, Acting]]] = {}
        for position, one in enumerate(rules):
            first = min(one.rule.filter.tags.items(), default=None)
            self._shelves.setdefault((one.prefix, first), []).append((position, one))
        self._lengths = sorted({len(prefix) for prefix, _ in self._shelves})

    def covering(self, chosen: Filter) -> Iterator[tuple[int, Acting]]:
        """The rules that are about whatever a filter chooses, and which in order each is."""
        prefix = chosen.prefix or ""
        tags = (None, *chosen.tags.items())
        wider = ((prefix[:length], tag) for length in self._lengths if length <= len(prefix) for tag in tags)
        for shelf in wider:
            yield from (found for found in self._shelves.get(shelf, ()) if covers(found[1].rule.filter, chosen))


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


def moves_small_objects(lifecycle: Lifecycle, chosen: Filter) -> bool:
    """Whether a rule with this filter surely archives objects of less than 128 KB, if its sizes take them.

    A filter with a size takes the place of the default (S3 API Reference, PutBucketLifecycleConfiguration).
    """
    has_size = chosen.object_size_greater_than is not None or chosen.object_size_less_than is not None
    return has_size or lifecycle.transition_default_minimum_object_size == "varies_by_storage_class"


def days_in_words(days: int) -> str:
    """``1 day``, ``30 days``."""
    return f"{days} day{'' if days == 1 else 's'}"
