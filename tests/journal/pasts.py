"""Records of runs that never were, for tests of what is made of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from reconciler.journal.lines import line_of, run_in
from reconciler.planning.runs import (
    BucketRecord,
    EndRecord,
    IntentRecord,
    PastRun,
    Record,
    ResolvedRecord,
    ResultRecord,
    RunRecord,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNT = "123456789012"
LAKE = "acme-lake"


def head(at: datetime = NOON, **others: Any) -> RunRecord:
    said: dict[str, Any] = {
        "tool_version": "1.0",
        "run": at.strftime("%Y%m%dT%H%M%S.000Z-0a1b"),
        "account": ACCOUNT,
        "endpoint": None,
        "region": "us-east-1",
        "fingerprint": "f" * 64,
        "paths": ("specs",),
        "targets": (),
        "buckets": (LAKE,),
    }
    return RunRecord(at=at, **(said | others))


def intent(number: int, operation: str, aspect: str = "bucket", bucket: str = LAKE, **others: Any) -> IntentRecord:
    said: dict[str, Any] = {"region": "us-east-1", "params": {}, "effect": "neutral"}
    moment = NOON + timedelta(seconds=number)
    return IntentRecord(at=moment, call=number, bucket=bucket, aspect=aspect, operation=operation, **(said | others))


def result(number: int, error: str | None = None) -> ResultRecord:
    return ResultRecord(at=NOON, call=number, error=error)


def resolved(number: int, came_true: bool) -> ResolvedRecord:
    return ResolvedRecord(at=NOON, call=number, came_true=came_true)


def finished(bucket: str = LAKE, whole: bool = True) -> BucketRecord:
    return BucketRecord(at=NOON, bucket=bucket, whole=whole, outcomes={"tags": "applied"})


def end(code: int = 0) -> EndRecord:
    return EndRecord(at=NOON, exit=code)


def past(*records: Record, at: datetime = NOON, **others: Any) -> PastRun:
    """A run with these records, read back from its lines."""
    found = run_in(text(head(at, **others), *records))
    assert found is not None
    return found


def text(*records: Record) -> bytes:
    return b"".join(map(line_of, records))


def tags(**labels: str) -> dict[str, Any]:
    """Tags in S3's spelling."""
    return {"TagSet": [{"Key": key, "Value": value} for key, value in labels.items()]}


def tagging(number: int, before: Any, after: Any, bucket: str = LAKE, **others: Any) -> IntentRecord:
    """A change of tags."""
    said = {"before": before, "after": after, "params": {"Tagging": after} if after else {}} | others
    return intent(number, "put_bucket_tagging" if after else "delete_bucket_tagging", "tags", bucket, **said)


# ── any run at all ───────────────────────────────────────────────────────────────────────────────────

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from("abc"), inside, max_size=2),
    max_leaves=4,
)
wires = st.none() | st.dictionaries(st.sampled_from(("TagSet", "Status", "Policy", "Key", "Body")), plain, max_size=3)


@st.composite
def runs(draw: st.DrawFn) -> Sequence[Record]:
    """The records of a run, in an order in which they can be written."""
    records: list[Record] = [head()]
    for number in range(1, draw(st.integers(0, 4)) + 1):
        aspect = draw(st.sampled_from(("tags", "versioning", "policy", "manifest", "bucket", "unheard_of")))
        said: dict[str, Any] = {"before": draw(wires), "after": draw(wires), "params": draw(wires) or {}}
        said |= {"before_unknown": draw(st.sampled_from((None, None, "denied")))}
        operation = draw(st.sampled_from(("put_bucket_tagging", "delete_bucket_policy", "create_bucket", "put_object")))
        records.append(intent(number, operation, aspect, draw(st.sampled_from((LAKE, "acme-logs"))), **said))
        records += draw(st.sampled_from(([], [result(number)], [result(number, "no")])))
        records += draw(st.sampled_from(([], [], [resolved(number, True)], [resolved(number, False)])))
    records += draw(st.sampled_from(([], [finished()], [finished(whole=False)])))
    return records + draw(st.sampled_from(([], [end()], [end(130)])))
