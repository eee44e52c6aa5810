"""Runs of the past, as a journal tells of them: what was begun, what was answered, what was there before.

A journal is never believed where S3 can be asked. It may end anywhere, also in the middle of a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.calls import Call
from reconciler.bucket import BucketSpec
from reconciler.errors import ExitCode
from reconciler.planning.changeset import BUCKET
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.sharding import Shard

CREATE = "create_bucket"
DELETE = "delete_bucket"
Wire = dict[str, Any]


class Record(BaseModel):
    """One line of a journal."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: AwareDatetime


class RunRecord(Record):
    """A run begins."""

    record: Literal["run"] = "run"
    format_version: Literal[1] = 1
    """A file of another format is passed over."""
    tool_version: str
    run: str
    account: str | None
    endpoint: str | None
    region: str | None
    fingerprint: str
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    buckets: tuple[str, ...]
    """All buckets of the plan, also those that do not change."""
    variables: dict[str, str] = Field(default_factory=dict)
    shard: Annotated[str, Field(pattern=r"^[1-9]\d{0,5}/[1-9]\d{0,5}$")] | None = None
    """Which part of the specs, like ``3/10``; None for all of them."""


class IntentRecord(Record):
    """A call is about to be made."""

    record: Literal["intent"] = "intent"
    call: int
    bucket: str
    region: str | None
    aspect: str
    operation: str
    params: Wire
    effect: str
    before: Wire | None = None
    """The document that the call replaces, in S3's spelling; None where there was none."""
    before_unknown: str | None = None
    """Why nobody knows what there was."""
    after: Wire | None = None
    """The document that the whole change leaves, of which the call may be a part."""
    ignore_tags: tuple[str, ...] = ()
    """Tags that the spec leaves to others."""


class ResultRecord(Record):
    """A call was answered, or failed."""

    record: Literal["result"] = "result"
    call: int
    error: str | None = None


class ResolvedRecord(Record):
    """The bucket itself has shown whether a call came true whose answer was lost."""

    record: Literal["resolved"] = "resolved"
    call: int
    came_true: bool


class BucketRecord(Record):
    """All that was tried of one bucket has been tried."""

    record: Literal["bucket"] = "bucket"
    bucket: str
    whole: bool
    outcomes: dict[str, str]


class EndRecord(Record):
    """The run has ended by itself."""

    record: Literal["end"] = "end"
    exit: int


AnyRecord = Annotated[
    RunRecord | IntentRecord | ResultRecord | ResolvedRecord | BucketRecord | EndRecord, Field(discriminator="record")
]


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call of a run, and what is known of it."""

    intent: IntentRecord
    result: ResultRecord | None = None
    came_true: bool | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the run itself knew how the call ended."""
        return self.result is not None or self.came_true is not None

    @property
    def has_worked(self) -> bool:
        """Whether the call has certainly done its work."""
        return self.came_true is True or (self.result is not None and self.result.error is None)

    @property
    def may_have_worked(self) -> bool:
        """Whether the call may have done its work. One that was refused, or whose answer was lost, tells no more."""
        return self.has_worked or not self.is_answered

    @property
    def words(self) -> str:
        """The call and its bucket."""
        return f"{self.intent.operation} of {self.intent.bucket}"

    @property
    def before(self) -> LiveAspect:
        """What there was before."""
        if self.intent.before_unknown is not None:
            return Unreadable(f"the journal does not know what there was: {self.intent.before_unknown}", "look at it")
        return document(self.intent.aspect, self.intent.before)

    @property
    def after(self) -> LiveAspect:
        """What the whole change leaves."""
        return document(self.intent.aspect, self.intent.after)

    @property
    def left(self) -> LiveAspect:
        """What this one call leaves, which may be a step on the way."""
        kind = BucketSpec.aspects().get(self.intent.aspect)
        if kind is None:
            return NOT_KNOWN
        if self.intent.operation == kind.api.delete:
            return None
        try:
            return kind.from_calls([Call(self.intent.operation, self.intent.params)])
        except Exception:  # a journal may hold anything
            return NOT_KNOWN


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run, as far as its journal goes."""

    begun: RunRecord
    calls: tuple[PastCall, ...] = ()
    finished: Mapping[str, BucketRecord] = field(default_factory=dict)
    """The buckets of which all was tried, by name."""
    end: EndRecord | None = None
    is_running: bool = False
    """Whether a process is at it right now."""
    is_private: bool = True
    """Whether nobody but this user could have written the file."""

    @property
    def id(self) -> str:
        """What the run goes by."""
        return self.begun.run

    @property
    def at(self) -> datetime:
        """When it began."""
        return self.begun.at

    @property
    def place(self) -> tuple[str | None, str | None]:
        """The account and the S3 that it wrote to."""
        return self.begun.account, self.begun.endpoint

    @property
    def shard(self) -> Shard | None:
        """Which part of the specs it was about; None for all of them."""
        return Shard(*map(int, self.begun.shard.split("/"))) if self.begun.shard else None

    def is_of(self, account: str | None, endpoint: str | None) -> bool:
        """Whether it wrote to this account of this S3."""
        return self.place == (account, endpoint)

    @property
    def was_cut_off(self) -> bool:
        """Whether it did not get to its end: killed, interrupted, or gone before its last calls were answered."""
        interrupted = self.end is not None and self.end.exit == ExitCode.INTERRUPTED
        return self.end is None or interrupted or not all(call.is_answered for call in self.calls)

    def is_whole(self, bucket: str) -> bool:
        """Whether all that the spec asked of a bucket was written and seen."""
        return bucket in self.finished and self.finished[bucket].whole

    def made(self, bucket: str, operation: str, *, certainly: bool = False) -> bool:
        """Whether it may have made such a call of a bucket as a whole."""
        return any(
            (call.has_worked if certainly else call.may_have_worked)
            for call in self.calls
            if (call.intent.bucket, call.intent.aspect, call.intent.operation) == (bucket, BUCKET, operation)
        )


NOT_KNOWN = Unreadable("this version does not understand what the journal says of it", "look at the bucket itself")


def document(aspect: str, wire: Wire | None) -> LiveAspect:
    """A document of a journal; one that this version does not understand is neither there nor absent."""
    kind = BucketSpec.aspects().get(aspect)
    if wire is None:
        return None
    if kind is None:
        return NOT_KNOWN
    try:
        found: Aspect = kind.from_s3(wire)
    except Exception:  # a journal may hold anything
        return NOT_KNOWN
    return None if found.means_nothing else found
