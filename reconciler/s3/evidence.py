"""Evidence of data loss: what is in the buckets from which a plan takes something, and what of it would go.

Asked for only, because listing a large bucket takes its time. What S3 does not tell is "cannot tell", never nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.versioning import Versioning
from reconciler.planning.changeset import Plan
from reconciler.planning.data_loss import LIFECYCLE, VERSIONING, Threat, change_of, is_threatened, threat_of
from reconciler.planning.evidence import Evidence, EvidenceAsked
from reconciler.planning.forecast import Forecast, Regime, Version, forecast
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.s3.inventory import Report, opened, rows
from reconciler.s3.reader import Reader
from reconciler.s3.versions import CannotTellError, Notice, Told, in_order, listed

NAMED_PREFIXES = 3
"""Prefixes that are named; more are counted."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Sides:
    """The regimes before and after, and what of them had to be guessed."""

    before: Regime
    after: Regime
    cannot_tell: tuple[str, ...] = ()


class Gathering:
    """Gathers the evidence for the plans of one run."""

    def __init__(self, reader: Reader, asked: EvidenceAsked, now: datetime, notice: Notice = lambda _: None) -> None:
        self.reader = reader
        self.asked = asked
        self.now = now
        self.notice = notice
        self.reports: dict[str, Report] = {}
        self.unusable: list[str] = []

    def of(self, plans: Sequence[Plan]) -> tuple[Plan, ...]:
        """The plans, those that take something from their buckets with what was found."""
        if any(map(is_threatened, plans)):
            self.open_reports(plans)
        return tuple(replace(plan, evidence=self.of_one(plan)) if is_threatened(plan) else plan for plan in plans)

    def open_reports(self, plans: Sequence[Plan]) -> None:
        """The inventories by the buckets that they are about. One about no bucket of this plan is told."""
        names = {plan.name for plan in plans if is_threatened(plan)}
        for url in self.asked.inventories:
            try:
                report = opened(self.reader.clients.s3(self.region_of_reports(plans)), url)
            except CannotTellError as error:
                self.unusable.append(str(error))
                continue
            self.reports[report.source] = report
            if report.source not in names:
                self.notice(f"{url} is about {report.source!r}, from which this plan takes nothing")

    def region_of_reports(self, plans: Sequence[Plan]) -> str | None:
        """Reports lie in the region of the bucket that they are about (same page of the User Guide)."""
        return next((plan.region for plan in plans if is_threatened(plan)), None)

    def of_one(self, plan: Plan) -> Evidence | None:
        """What was found about one bucket; None where no rule could take anything."""
        try:
            sides = self.sides(plan)
            threat = threat_of(plan, sides.before, sides.after)
            if threat is None:
                return None
            found = self.look(plan, threat)
        except CannotTellError as error:
            return Evidence("nothing that could be counted", None, False, (str(error),))
        return replace(found, cannot_tell=(*sides.cannot_tell, *found.cannot_tell))

    def look(self, plan: Plan, threat: Threat) -> Evidence:
        """By an inventory about this bucket, else by a listing where that is asked for too."""
        report = self.reports.get(plan.name)
        if report is not None:
            return self.from_report(plan, threat, report)
        if self.asked.listing:
            return self.from_listing(plan, threat)
        raise CannotTellError("; ".join(self.unusable) or "no inventory that was named is about this bucket")

    # ── what the rules are ───────────────────────────────────────────────────────────────────────────

    def sides(self, plan: Plan) -> Sides:
        """Lifecycle and versioning before and after; what the plan does not change is read."""
        rules, versioning = (self.before_and_after(plan, aspect) for aspect in (LIFECYCLE, VERSIONING))
        guessed: tuple[str, ...] = ()
        for side in rules:
            if isinstance(side, Unreadable):
                raise CannotTellError(f"{side.why} ({side.remedy})")
        if any(isinstance(side, Unreadable) for side in versioning):
            guessed = ("versioning cannot be read: what expires is counted as deleted for good",)
        before, after = (
            Regime(
                lifecycle if isinstance(lifecycle, Lifecycle) else None,
                status if isinstance(status, Versioning) else None,
            )
            for lifecycle, status in zip(rules, versioning, strict=True)
        )
        return Sides(before, after, guessed)

    def before_and_after(self, plan: Plan, aspect: str) -> tuple[LiveAspect, LiveAspect]:
        """An aspect on both sides."""
        change = change_of(plan, aspect)
        if change is not None:
            return change.before, change.after
        live = self.reader.read_aspect(plan.spec, aspect, plan.region)
        return live, live

    # ── what the bucket holds ────────────────────────────────────────────────────────────────────────

    def from_listing(self, plan: Plan, threat: Threat) -> Evidence:
        """By listing the versions under the prefixes that are concerned."""
        told = Told(f"Listing {plan.name}", self.asked.limit, self.notice)
        client: Any = self.reader.clients.s3(plan.region)
        versions = told.passed_on(listed(client, plan.name, threat.prefixes, self.reader.owner))
        found = self.forecast(versions, threat)
        return Evidence(f"listing of {where(told.seen, threat.prefixes)}", found, told.complete)

    def from_report(self, plan: Plan, threat: Threat, report: Report) -> Evidence:
        """By reading an inventory. Only where old versions can go, its rows are sorted, in memory."""
        told = Told(f"Reading the inventory of {plan.name}", self.asked.limit, self.notice)
        client: Any = self.reader.clients.s3(plan.region)
        versions = rows(client, report, threat.prefixes)
        together = threat.needs_old_versions and report.has_old_versions
        if together:
            found = self.forecast(in_order(list(told.passed_on(versions))), threat)
        else:
            found = self.forecast(told.passed_on(version for version in versions if version.is_latest), threat)
        age = max(0, int((self.now - report.created).total_seconds() // HOUR))
        source = f"inventory of {report.created:%Y-%m-%d %H:%M} UTC ({age:,} h old): "
        return Evidence(
            source + where(told.seen, threat.prefixes), found, told.complete, tuple(gaps(threat, report, age))
        )

    def forecast(self, versions: Iterable[Version], threat: Threat) -> Forecast:
        """What of them goes."""
        return forecast(versions, threat.before, threat.after, self.now)


def gaps(threat: Threat, report: Report, age: int) -> Iterable[str]:
    """What a report does not tell."""
    if threat.needs_old_versions and not report.has_old_versions:
        yield "the inventory has current versions only: what becomes of old ones cannot be told"
    if threat.after.status == "Suspended" and not report.has_old_versions:
        yield "the inventory has no version ids: what expires is counted as deleted for good"
    if age >= 48:
        yield f"the inventory is {age // 24:,} days old: what was written since is not in it"


def where(number: int, prefixes: Sequence[str]) -> str:
    """How much was looked at, and where in the bucket."""
    counted = f"{number:,} version{'' if number == 1 else 's'}"
    if prefixes == ("",):
        return counted
    more = f" and {len(prefixes) - NAMED_PREFIXES:,} more" if len(prefixes) > NAMED_PREFIXES else ""
    return f"{counted} under {', '.join(prefixes[:NAMED_PREFIXES])}{more}"
