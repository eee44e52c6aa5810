"""Evidence of data loss: what was looked for, what was found, and what nobody can tell.

What a listing or an inventory shows is no part of what is agreed to: two plans that would do the same are the same
plan, whatever the bucket holds by now.
"""

from dataclasses import dataclass
from typing import Any

from reconciler.planning.forecast import Amount, Forecast, Reach, midnight_of

LIMIT = 1_000_000
"""Versions of a bucket that are looked at unless somebody says otherwise: a thousand calls of a listing."""
NAMES = {1: "at_once", 7: "within_7_days", 30: "within_30_days"}


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """Where evidence is to be looked for."""

    listing: bool = True
    """Whether buckets that no inventory is about are listed."""
    inventories: tuple[str, ...] = ()
    """S3 Inventory reports, as ``s3://bucket/path/manifest.json``."""
    limit: int = LIMIT
    """Versions of a bucket that are looked at."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about one bucket."""

    source: str
    """What was looked at, in words."""
    forecast: Forecast | None
    """None where nobody can tell: that is never the same as nothing."""
    complete: bool = True
    """Whether everything that the change concerns was looked at; if not, the amounts are "at least"."""
    cannot_tell: tuple[str, ...] = ()
    """What could not be told, a sentence each."""

    @property
    def bytes_within_30_days(self) -> int:
        """Bytes that are deleted or hidden within 30 days, or would be if they have the tags that a rule names."""
        if self.forecast is None:
            return 0
        last = self.forecast.reaches[-1]
        return last.deleted.bytes + last.hidden.bytes + self.forecast.depends_on_tags.bytes


# ── as data ──────────────────────────────────────────────────────────────────────────────────────────


def evidence_document(found: Evidence) -> dict[str, Any]:
    """What was found, as plain data; null where nobody can tell."""
    forecast = found.forecast
    document: dict[str, Any] = {
        "source": found.source,
        "complete": found.complete,
        "cannot_tell": list(found.cannot_tell),
        "first": None if forecast is None or forecast.first is None else moment_of(forecast.first),
        "depends_on_tags": amount(forecast.depends_on_tags) if forecast else None,
    }
    reaches = {NAMES[reach.midnights]: reach for reach in forecast.reaches} if forecast else {}
    return document | {name: reach_document(reaches[name]) if reaches else None for name in NAMES.values()}


def moment_of(day: int) -> str:
    """A midnight as JSON has it."""
    return midnight_of(day).isoformat().replace("+00:00", "Z")


def reach_document(reach: Reach) -> dict[str, Any]:
    """What happens up to one midnight."""
    return {"deleted": amount(reach.deleted), "hidden": amount(reach.hidden), "whole": amount(reach.whole)}


def amount(found: Amount) -> dict[str, int]:
    """So many objects, so many bytes."""
    return {"objects": found.objects, "bytes": found.bytes}
