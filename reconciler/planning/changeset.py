"""What would change: the plan of each bucket, and the changeset of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.aspects.aspect import Aspect, Surroundings
from reconciler.aspects.calls import Call, Risk
from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode
from reconciler.guardrails.verdict import Verdict
from reconciler.planning.sharding import Part
from reconciler.problems import Severity

if TYPE_CHECKING:
    from reconciler.planning.evidence import Evidence
    from reconciler.planning.exposure import Exposed

BUCKET = "bucket"
"""The bucket itself, as an aspect among the others."""


class Action(StrEnum):
    """What happens to a bucket, or to an aspect of it."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    NONE = "none"
    BLOCKED = "blocked"
    """Something that the spec asks for cannot be done, or cannot be known; the rest is still planned."""


class FieldChange(NamedTuple):
    """One field that differs, by its path of names and identities."""

    path: tuple[str, ...]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One aspect that differs, and the calls that make it equal."""

    aspect: str
    action: Action
    before: Aspect | None
    after: Aspect | None
    fields: tuple[FieldChange, ...]
    calls: tuple[Call, ...]
    risk: Risk
    consequences: tuple[str, ...] = ()
    """What it costs, in plain words."""


class Blocker(NamedTuple):
    """Why something that the spec asks for is not planned, and what to do about it."""

    aspect: str
    why: str
    remedy: str


class Finding(NamedTuple):
    """Something worth knowing that stops nothing."""

    code: str
    severity: str
    path: tuple[str, ...]
    message: str
    remedy: str | None = None


class Origin(NamedTuple):
    """Where a bucket is written: a relative POSIX path and a line."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one bucket."""

    spec: BucketSpec
    around: Surroundings
    origin: Origin
    exists: bool
    region: str | None
    account: str | None
    live: Mapping[str, str]
    """A digest of each live document that this plan is based on."""
    changes: tuple[Change, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    """What the guardrails have against the spec. They change nothing of what happens to the bucket."""
    exposure: "Exposed | None" = None
    """In which ways the public can get in, before and after; None where the plan does not change who gets in."""
    evidence: "Evidence | None" = None
    """What of the bucket would go, where somebody asked for it and something may go; outside of the fingerprint."""
    shut_before: frozenset[str] = field(default=frozenset(), compare=False)
    """The aspects whose calls the live policy denies whoever asks, or may: their order depends on it."""
    shut_after: frozenset[str] = field(default=frozenset(), compare=False)
    """The same of the policy that is to take its place. No saved plan holds either: it may be somebody else's."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.spec.name

    @property
    def action(self) -> Action:
        """What happens to the bucket, in a word."""
        if self.blockers:
            return Action.BLOCKED
        if not self.changes:
            return Action.NONE
        if any(change.aspect == BUCKET and change.action is Action.DELETE for change in self.changes):
            return Action.DELETE
        return Action.UPDATE if self.exists else Action.CREATE

    @property
    def deletes(self) -> bool:
        """Whether the bucket itself goes, or is emptied."""
        return self.exists and any(change.aspect == BUCKET for change in self.changes)

    @property
    def risk(self) -> Risk:
        """The worst of its changes."""
        return worst(change.risk for change in self.changes)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan was asked for."""

    paths: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    spec_digest: str = ""
    """Of all that was asked for, also where the plan is about one shard of it."""
    part: Part | None = None
    """Which shard the plan is about; None where it is about all buckets."""


@dataclass(frozen=True, slots=True)
class Changeset:
    """What happens in a run: the plans of its buckets, by name."""

    plans: tuple[Plan, ...]
    endpoint: str | None
    inputs: Inputs

    @property
    def summary(self) -> dict[Action, int]:
        """How many buckets have which action."""
        counts = Counter(plan.action for plan in self.plans)
        return {action: counts[action] for action in Action}

    @property
    def has_changes(self) -> bool:
        """Whether anything at all would be written."""
        return any(plan.changes for plan in self.plans)

    @property
    def is_refused(self) -> bool:
        """Whether a guardrail has something against a spec that nobody has waived."""
        return any(verdict.refuses for plan in self.plans for verdict in plan.verdicts)

    def exit_code(self, detailed: bool = False) -> ExitCode:
        """How ``plan`` ends; `detailed` tells changes from none."""
        if self.summary[Action.BLOCKED]:
            return ExitCode.ERROR
        if self.is_refused:
            return ExitCode.REFUSED
        return ExitCode.CHANGES if detailed and self.has_changes else ExitCode.FINE


def exit_code_of(document: Mapping[str, Any], detailed: bool = False) -> ExitCode:
    """The same of a plan as data: what is blocked first, then what rules refuse, then whether anything changes."""
    if document["summary"][Action.BLOCKED]:
        return ExitCode.ERROR
    verdicts = (verdict for bucket in document["buckets"] for verdict in bucket.get("guardrails", ()))
    if any(verdict["severity"] == Severity.ERROR and not verdict["waiver"] for verdict in verdicts):
        return ExitCode.REFUSED
    changes = any(bucket["changes"] for bucket in document["buckets"])
    return ExitCode.CHANGES if detailed and changes else ExitCode.FINE


def worst(risks: "Sequence[Risk] | Any") -> Risk:
    """The worst of these risks; harmless where there are none."""
    order = list(Risk)
    return min(risks, key=order.index, default=Risk.HARMLESS)
