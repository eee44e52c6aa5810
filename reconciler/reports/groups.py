"""Buckets that change alike: what reports tell once, with all buckets that it is true of."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from reconciler.planning.changeset import Action
from reconciler.reports.review import Document
from reconciler.reports.text import DANGEROUS, urgency

MOST = 1_000
"""Distinct changes that are told in full, worst first; more are named with the buckets, and the plan has them."""
COMPARED = ("action", "changes", "blockers", "exposure", "evidence")
"""What two buckets have in common that are told together."""


class Group(NamedTuple):
    """Buckets with one change."""

    number: int
    buckets: tuple[Document, ...]

    @property
    def first(self) -> Document:
        """The bucket that it is shown for."""
        return self.buckets[0]

    @property
    def id(self) -> str:
        """Where it stands in the page."""
        return f"change-{self.number}"

    @property
    def is_told(self) -> bool:
        """Whether it is told in full."""
        return self.number <= MOST


def groups_of(buckets: Iterable[Document]) -> tuple[Group, ...]:
    """The distinct changes, those that may hurt most first."""
    alike: dict[str, list[Document]] = {}
    touched = [bucket for bucket in buckets if bucket["action"] != Action.NONE]
    for bucket in sorted(touched, key=urgency):
        alike.setdefault(likeness(bucket), []).append(bucket)
    return tuple(Group(number, tuple(found)) for number, found in enumerate(alike.values(), 1))


def likeness(bucket: Document) -> str:
    """What happens to a bucket, whatever its name: policies and manifests repeat it."""
    whole = json.dumps([bucket.get(name) for name in COMPARED], sort_keys=True)
    return whole.replace(json.dumps(bucket["name"])[1:-1], "\0")


def is_risky(bucket: Document) -> bool:
    """Whether anybody should look twice."""
    return any(change["risk"] in DANGEROUS for change in bucket["changes"])


def place_of(bucket: Document) -> str:
    """``specs/lake.yaml:5``."""
    return f"{bucket['source']['file']}:{bucket['source']['line']}"
