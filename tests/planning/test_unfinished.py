"""What runs of the past have left undone, bucket by bucket; and what the bucket shows of a call nobody saw answered."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.aspects.calls import AT_APPLY
from reconciler.bucket import BucketSpec
from reconciler.planning.live import Existence, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.runs import IntentRecord, PastCall, PastRun
from reconciler.planning.sharding import Shard
from reconciler.planning.unfinished import (
    FRESH,
    CameOf,
    begun_buckets,
    came_of,
    created_by_unfinished_run,
    forgotten,
    is_now,
    unfinished,
)
from tests.aspects.strategies import LIVE
from tests.journal.pasts import (
    ACCOUNT,
    LAKE,
    NOON,
    end,
    finished,
    intent,
    past,
    resolved,
    result,
    tagging,
    tags,
)

KINDS = BucketSpec.aspects()
CREATED = intent(1, "create_bucket")
AROUND = BucketSpec(name=LAKE).surroundings(ACCOUNT, "us-east-1")


def created(*runs: PastRun) -> set[str]:
    return set(created_by_unfinished_run(runs, ACCOUNT, None, NOON))


# ── buckets that need nobody's word ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "records",
    [
        [CREATED],
        [CREATED, result(1)],
        [CREATED, result(1, "timeout"), resolved(1, True)],
        [CREATED, result(1), finished(whole=False), end(5)],
        [CREATED, result(1), finished(whole=False), end(130)],
    ],
)
def test_a_bucket_that_an_unfinished_run_has_created(records: list[Any]) -> None:
    assert created(past(*records)) == {LAKE}


@pytest.mark.parametrize(
    "records",
    [
        [],
        [CREATED, result(1, "BucketAlreadyExists")],
        [CREATED, result(1, "timeout"), resolved(1, False)],
        [CREATED, result(1), finished()],
        [CREATED, result(1), finished(), end()],
        [tagging(1, None, tags(a="b")), result(1)],
        [intent(1, "create_bucket", "tags")],
        [intent(1, "delete_bucket")],
    ],
)
def test_any_other_bucket(records: list[Any]) -> None:
    assert created(past(*records)) == set()


def test_a_later_run_finishes_what_an_earlier_one_began() -> None:
    begun, later = past(CREATED, result(1)), past(finished(), at=NOON + timedelta(seconds=1))
    assert created(begun, later) == created(later, begun) == set()
    other = past(finished("acme-logs"), end(), at=NOON + timedelta(seconds=1))
    assert created(begun, other) == {LAKE}
    before = past(finished(), end(), at=NOON - timedelta(seconds=1))
    assert created(begun, before) == {LAKE}, "an older bucket of that name is gone"


@pytest.mark.parametrize("others", [{"account": "999999999999"}, {"endpoint": "sandbox"}, {"account": None}])
def test_another_account_or_another_s3_has_other_buckets(others: Any) -> None:
    assert created(past(CREATED, **others)) == set()
    assert begun_buckets([past(CREATED, **others)], ACCOUNT, None) == set()
    assert unfinished([past(CREATED, **others)], ACCOUNT, None, [LAKE]) is None


@pytest.mark.parametrize(
    ("age", "counts"),
    [
        (timedelta(), True),
        (FRESH, True),
        (FRESH + timedelta(seconds=1), False),
        (-timedelta(minutes=5), True),
        (-timedelta(minutes=6), False),
    ],
)
def test_after_a_day_somebody_may_rely_on_what_is_in_it(age: timedelta, counts: bool) -> None:
    assert bool(created(past(CREATED, at=NOON - age))) is counts


def test_a_file_that_somebody_else_could_have_written_is_not_believed() -> None:
    from dataclasses import replace

    assert created(replace(past(CREATED), is_private=False)) == set()
    running = replace(past(CREATED), is_running=True)
    assert created(running) == set(), "it is not ours to finish"
    assert begun_buckets([running], ACCOUNT, None) == set()
    assert unfinished([running], ACCOUNT, None, [LAKE]) is None


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────


def test_the_last_run_that_did_not_finish() -> None:
    run = past(
        tagging(1, None, tags(a="b")),
        result(1),
        tagging(2, None, tags(a="b"), "acme-logs"),
        intent(3, "put_bucket_policy", "policy"),
        finished("acme-done"),
    )
    found = unfinished([run], ACCOUNT, None, [LAKE, "acme-done"])
    assert found is not None
    assert (found.run, found.answered) == (run, 1)
    assert [call.words for call in found.unanswered] == ["put_bucket_policy of acme-lake"]
    assert unfinished([run], ACCOUNT, None, ["acme-other"]) is None
    assert begun_buckets([run], ACCOUNT, None) == {LAKE, "acme-logs"}


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], True),
        ([result(1)], True),
        ([result(1), finished(whole=False), end(130)], True),
        ([finished(whole=False), end(130)], True),
        ([result(1), finished(whole=False), end(5)], False),
        ([result(1), finished(), end(0)], False),
        ([result(1), finished()], False),
    ],
)
def test_only_what_nobody_has_told_yet_is_told(records: list[Any], told: bool) -> None:
    run = past(tagging(1, None, tags(a="b")), *records)
    assert (unfinished([run], ACCOUNT, None, [LAKE]) is not None) is told
    later = past(finished(), end(), at=NOON + timedelta(minutes=1))
    assert unfinished([later, run], ACCOUNT, None, [LAKE]) is None


def test_the_newest_one_is_told() -> None:
    first = past(tagging(1, None, tags(a="b")))
    second = past(tagging(1, None, tags(a="b"), "acme-logs"), at=NOON + timedelta(minutes=1))
    for runs in ([first, second], [second, first]):
        found = unfinished(runs, ACCOUNT, None, [LAKE, "acme-logs"])
        assert found is not None
        assert found.run == second
        found = unfinished(runs, ACCOUNT, None, [LAKE])
        assert found is not None
        assert found.run == first


def test_buckets_that_no_spec_has_any_more() -> None:
    last = past(
        intent(1, "delete_bucket", bucket="acme-gone"),
        result(1),
        intent(2, "delete_bucket", bucket="acme-maybe"),
        buckets=(LAKE, "acme-gone", "acme-maybe", "acme-logs"),
    )
    assert forgotten([last], [LAKE]) == {"acme-logs", "acme-maybe"}
    assert forgotten([last], [LAKE, "acme-logs", "acme-maybe", "acme-new"]) == set()
    assert forgotten([], [LAKE]) == set()


SHARDS = st.none() | st.integers(1, 4).flatmap(lambda total: st.integers(1, total).map(lambda i: Shard(i, total)))
FLEETS = st.frozensets(st.sampled_from([f"acme-{number}" for number in range(12)]))


@given(history=st.lists(st.tuples(FLEETS, SHARDS), max_size=6), now=FLEETS)
@example(history=[(frozenset({"acme-1"}), Shard(2, 2)), (frozenset({"acme-1", "acme-2"}), None)], now=frozenset())
@example(history=[(frozenset({"acme-1", "acme-2"}), Shard(i, 2)) for i in (1, 2, 1)], now=frozenset())
def test_of_each_bucket_the_newest_run_counts_that_was_about_it(
    history: list[tuple[frozenset[str], Shard | None]], now: frozenset[str]
) -> None:
    """However a fleet was shared out, and however often the number of its shards has changed."""
    runs = [
        past(buckets=tuple(name for name in declared if shard is None or shard.holds(name)), shard=shard and str(shard))
        for declared, shard in history
    ]
    last: dict[str, bool] = {}
    for declared, shard in reversed(history):
        for name in (f"acme-{number}" for number in range(12)):
            if shard is None or shard.holds(name):
                last[name] = name in declared
    assert forgotten(runs, now) == {name for name, there in last.items() if there} - now


def test_no_more_runs_are_looked_at_than_matter() -> None:
    """A hundred journals of large fleets are not read for nothing."""
    halves = [past(shard="2/2"), past(shard="1/2"), past(shard="2/2")]
    left = iter([*halves, past()])
    forgotten(left, [LAKE])
    assert len(list(left)) == 2
    left = iter([past(), *halves])
    forgotten(left, [LAKE])
    assert len(list(left)) == 3


# ── what came of a call ──────────────────────────────────────────────────────────────────────────────


def live(existence: Existence = Existence.EXISTS, **aspects: LiveAspect) -> LiveBucket:
    return LiveBucket(LAKE, existence, "us-east-1", aspects=aspects)


def came(record: IntentRecord, found: LiveBucket | None) -> CameOf:
    return came_of(PastCall(record), found, AROUND)


@pytest.mark.parametrize(
    ("now", "came_out"),
    [
        (tags(a="new"), CameOf.TRUE),
        (tags(a="old"), CameOf.NOT),
        (tags(a="else"), CameOf.OTHER),
        (None, CameOf.OTHER),
        ("unreadable", CameOf.UNKNOWN),
        ("not read", CameOf.UNKNOWN),
    ],
)
def test_the_bucket_shows_what_came_of_a_call(now: Any, came_out: CameOf) -> None:
    documents: dict[str, LiveAspect] = {}
    if now != "not read":
        documents["tags"] = Unreadable("denied", "") if now == "unreadable" else now and KINDS["tags"].from_s3(now)
    found = LiveBucket(LAKE, Existence.EXISTS, aspects=documents)
    assert came(tagging(1, tags(a="old"), tags(a="new")), found) is came_out


@pytest.mark.parametrize(
    ("operation", "missing", "exists"),
    [
        ("create_bucket", CameOf.NOT, CameOf.TRUE),
        ("delete_bucket", CameOf.TRUE, CameOf.NOT),
        ("delete_objects", CameOf.UNKNOWN, CameOf.UNKNOWN),
    ],
)
def test_the_bucket_itself(operation: str, missing: CameOf, exists: CameOf) -> None:
    record = intent(1, operation)
    assert came(record, live(Existence.MISSING)) is missing
    assert came(record, live()) is exists
    assert came(record, live(Existence.UNCLEAR)) is CameOf.UNKNOWN
    assert came(record, None) is CameOf.UNKNOWN


def test_a_document_of_a_bucket_that_is_gone() -> None:
    assert came(tagging(1, None, tags(a="b")), live(Existence.MISSING)) is CameOf.OTHER


def test_a_deletion_that_was_done() -> None:
    record = tagging(1, tags(a="b"), None)
    assert came(record, live(tags=None)) is CameOf.TRUE
    assert came(record, live(tags=KINDS["tags"].from_s3(tags(a="b")))) is CameOf.NOT
    aes = KINDS["encryption"].from_s3(
        {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        }
    )
    gone = intent(1, "delete_bucket_encryption", "encryption", before={"a": 1})
    assert came(gone, live(encryption=aes)) is CameOf.TRUE, "AES256 is what AWS leaves"


def switches(*on: str) -> dict[str, Any]:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {"PublicAccessBlockConfiguration": {name: name in on for name in names}}


def test_a_call_may_be_a_step_of_several() -> None:
    record = intent(
        1,
        "put_public_access_block",
        "public_access_block",
        before=switches("BlockPublicAcls"),
        after=switches("BlockPublicPolicy"),
        params=switches("BlockPublicAcls", "BlockPublicPolicy"),
    )
    kind = KINDS["public_access_block"]
    for now in (("BlockPublicAcls", "BlockPublicPolicy"), ("BlockPublicPolicy",)):
        assert came(record, live(public_access_block=kind.from_s3(switches(*now)))) is CameOf.TRUE
    assert came(record, live(public_access_block=kind.from_s3(switches("IgnorePublicAcls")))) is CameOf.OTHER


def test_the_time_and_the_edition_of_a_manifest_are_the_buckets() -> None:
    planned = {"Key": "k.yaml", "Body": f"bucket: {LAKE}\ncreated_at: {AT_APPLY}\npurpose: x\n", "ETag": '"old"'}
    record = intent(1, "put_object", "manifest", after=planned, params=planned)
    body = f"bucket: {LAKE}\ncreated_at: '2026-11-22T12:00:00Z'\npurpose: x\n"
    found = KINDS["manifest"].from_s3({"Key": "k.yaml", "Body": body, "ETag": '"new"'})
    assert came(record, live(manifest=found)) is CameOf.TRUE
    other = KINDS["manifest"].from_s3({"Key": "k.yaml", "Body": body + "environment: prod\n", "ETag": '"new"'})
    assert came(record, live(manifest=other)) is CameOf.OTHER


@pytest.mark.parametrize(
    "record",
    [
        intent(1, "put_bucket_shiny", "shiny", before={"a": 1}, after={"b": 2}),
        intent(1, "put_bucket_tagging", "tags", before={"?": 1}, after={"?": 2}),
        intent(1, "put_bucket_tagging", "tags", before_unknown="denied", after={"?": 2}, params={"Tagging": []}),
    ],
)
def test_what_this_version_does_not_understand_is_nothing_it_has_an_opinion_on(record: IntentRecord) -> None:
    call = PastCall(record)
    assert isinstance(call.before, Unreadable)
    assert isinstance(call.after, Unreadable)
    assert isinstance(call.left, Unreadable)
    found = live(tags=KINDS["tags"].from_s3(tags(a="b")), shiny=None)
    assert came(record, found) in (CameOf.OTHER, CameOf.UNKNOWN)


@pytest.mark.parametrize("aspect", KINDS)
@given(data=st.data())
def test_law_a_document_of_the_journal_is_the_live_one(aspect: str, data: st.DataObject) -> None:
    """Through S3's spelling and JSON, and back."""
    document = data.draw(LIVE[aspect])
    [call] = past(intent(1, "x", aspect, before=document.to_s3(), after=document.to_s3())).calls
    assert is_now(aspect, call.before, document, AROUND)
    assert is_now(aspect, call.after, document, AROUND)
    assert document.means_nothing or not is_now(aspect, call.before, None, AROUND)
