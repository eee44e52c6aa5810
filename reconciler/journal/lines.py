"""Records as lines, and lines as runs. A line counts once it is whole; one that nobody understands is passed over."""

import json
from collections.abc import Iterator

from pydantic import TypeAdapter, ValidationError

from reconciler.planning.runs import (
    AnyRecord,
    BucketRecord,
    EndRecord,
    IntentRecord,
    PastCall,
    PastRun,
    Record,
    ResolvedRecord,
    ResultRecord,
    RunRecord,
)

ANY: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)


def line_of(record: Record) -> bytes:
    """A record as a line: ASCII, so that no cut falls into a letter."""
    return json.dumps(record.model_dump(mode="json")).encode() + b"\n"


def records_in(data: bytes) -> Iterator[AnyRecord]:
    """The records of a file, as far as it goes."""
    *lines, _cut_off = data.split(b"\n")
    for line in lines:
        try:
            yield ANY.validate_json(line)
        except ValidationError:
            continue


def run_in(data: bytes) -> PastRun | None:
    """The run that a file tells of; None where it tells of none that this version understands."""
    begun: RunRecord | None = None
    calls: dict[int, PastCall] = {}
    finished: dict[str, BucketRecord] = {}
    end: EndRecord | None = None
    for record in records_in(data):
        if isinstance(record, RunRecord):
            begun = begun or record
        elif isinstance(record, IntentRecord):
            calls.setdefault(record.call, PastCall(record))
        elif isinstance(record, ResultRecord) and record.call in calls:
            call = calls[record.call]
            calls[record.call] = PastCall(call.intent, call.result or record, call.came_true)
        elif isinstance(record, ResolvedRecord) and record.call in calls:
            call = calls[record.call]
            calls[record.call] = PastCall(call.intent, call.result, record.came_true)
        elif isinstance(record, BucketRecord):
            finished[record.bucket] = record
        elif isinstance(record, EndRecord):
            end = end or record
    return PastRun(begun, tuple(calls.values()), finished, end) if begun is not None else None
