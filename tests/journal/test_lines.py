"""Lines and runs: a journal may end anywhere and hold anything; what is whole in it counts, and nothing raises."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.journal.lines import line_of, records_in, run_in
from reconciler.planning.runs import PastRun, Record
from reconciler.planning.unfinished import begun_buckets, created_by_unfinished_run, unfinished
from reconciler.reports.runs import render_run, render_runs, run_document
from reconciler.reports.style import Style
from tests.journal.pasts import (
    ACCOUNT,
    LAKE,
    NOON,
    end,
    finished,
    head,
    past,
    resolved,
    result,
    runs,
    tagging,
    tags,
    text,
)


@given(runs())
def test_law_what_is_written_is_read(records: Sequence[Record]) -> None:
    assert list(records_in(text(*records))) == list(records)
    assert all(line_of(record).isascii() for record in records)


@given(runs(), st.data())
def test_law_a_journal_that_was_cut_off_is_a_shorter_journal(records: Sequence[Record], data: st.DataObject) -> None:
    whole = text(*records)
    read = list(records_in(whole[: data.draw(st.integers(0, len(whole)))]))
    assert read == list(records[: len(read)])
    for lines in range(len(records)):
        cut = whole.split(b"\n")[lines]
        begun = b"".join(line + b"\n" for line in whole.split(b"\n")[:lines]) + cut[: len(cut) // 2]
        assert len(list(records_in(begun))) == lines


@given(runs(), st.binary(max_size=40), st.integers(0, 10))
def test_law_garbage_between_the_lines_hides_no_line(records: Sequence[Record], garbage: bytes, at: int) -> None:
    lines = text(*records).splitlines(keepends=True)
    lines[at:at] = [garbage.replace(b"\n", b"") + b"\n"]
    assert list(records_in(b"".join(lines))) == list(records)


anything = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(("record", "at", "call", "format_version", "run", "exit")),
            inside | st.just("run"),
            max_size=5,
        )
    ),
).map(lambda value: json.dumps(value).encode() + b"\n")


@given(st.lists(anything, max_size=4).map(b"".join))
def test_law_no_garbage_raises(data: bytes) -> None:
    assert run_in(data) is None or data.count(b"\n")


@given(runs())
def test_law_whatever_a_journal_says_can_be_told(records: Sequence[Record]) -> None:
    """Documents in it may be none, and aspects may be unheard of."""
    run = run_in(text(*records))
    assert run is not None
    for style in (Style(), Style(color=True, unicode=False)):
        assert render_run(run, style, NOON).count("\n") >= 2 + len(run.calls)
        assert run.id in render_runs([run], style, NOON)
    json.dumps(run_document(run))
    found = unfinished([run], ACCOUNT, None, [LAKE])
    begun = begun_buckets([run], ACCOUNT, None)
    assert created_by_unfinished_run([run], ACCOUNT, None, NOON) <= begun
    assert found is None or {call.intent.bucket for call in found.calls} == {LAKE} <= begun


def test_a_newer_format_is_passed_over() -> None:
    newer = json.loads(line_of(head())) | {"format_version": 2}
    assert run_in(json.dumps(newer).encode() + b"\n" + text(tagging(1, None, tags(a="b")))) is None
    more = json.loads(line_of(head())) | {"something": "new"}
    assert run_in(json.dumps(more).encode() + b"\n") == past()


@pytest.mark.parametrize("depth", [100, 100_000])
def test_what_nests_too_deeply_is_passed_over(depth: int) -> None:
    assert run_in(text(head()) + b'{"record":"end","exit":' + b"[" * depth + b"]" * depth + b"}\n") == past()


def call_of(run: PastRun) -> tuple[bool, bool, bool]:
    [call] = run.calls
    return call.is_answered, call.has_worked, call.may_have_worked


@pytest.mark.parametrize(
    ("records", "answered", "worked", "may_have"),
    [
        ([], False, False, True),
        ([result(1)], True, True, True),
        ([result(1, "AccessDenied")], True, False, False),
        ([result(1, "timeout"), resolved(1, True)], True, True, True),
        ([resolved(1, True), result(1)], True, True, True),
        ([resolved(1, True)], True, True, True),
        ([resolved(1, False)], True, False, False),
        ([result(7), resolved(7, True)], False, False, True),
    ],
)
def test_what_is_known_of_a_call(records: list[Record], answered: bool, worked: bool, may_have: bool) -> None:
    run = past(tagging(1, None, tags(a="b")), *records, finished(), end())
    assert call_of(run) == (answered, worked, may_have)
    assert run.was_cut_off is not answered
