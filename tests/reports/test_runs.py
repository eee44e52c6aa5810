"""Runs as people read them; nothing in a journal can play with the terminal."""

from datetime import timedelta
from typing import Any

import pytest

from reconciler.planning.unfinished import CameOf, unfinished
from reconciler.reports.runs import ago, render_run, render_runs, render_unfinished, run_document
from reconciler.reports.style import Style
from tests.journal.pasts import ACCOUNT, LAKE, NOON, end, finished, intent, past, resolved, result, tagging, tags

LATER = NOON + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (600, "10 minutes ago"),
        (7199, "1 hour ago"),
        (200_000, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    assert ago(NOON, NOON + timedelta(seconds=seconds)) == said


def test_a_list_of_runs() -> None:
    from dataclasses import replace

    runs = [
        replace(past(CREATED, at=NOON + timedelta(minutes=9)), is_running=True),
        past(CREATED, result(1), tagging(2, None, tags(a="b"))),
        past(CREATED, result(1), end(), at=NOON - timedelta(days=3), account=None),
        past(CREATED, result(1), end(5), at=NOON - timedelta(days=4)),
        past(CREATED, result(1), end(77), at=NOON - timedelta(days=5)),
        past(at=NOON - timedelta(days=6)),
    ]
    assert render_runs(runs, Style(), LATER) == (
        "run                        when            account       buckets  calls  how it ended\n"
        "20261122T120900.000Z-0a1b  1 minute ago    123456789012  1        1      still running\n"
        "20261122T120000.000Z-0a1b  10 minutes ago  123456789012  1        2      did not finish, 1 call unanswered\n"
        "20261119T120000.000Z-0a1b  3 days ago      unknown       1        1      finished (exit 0)\n"
        "20261118T120000.000Z-0a1b  4 days ago      123456789012  1        1      partly applied (exit 5)\n"
        "20261117T120000.000Z-0a1b  5 days ago      123456789012  1        1      ended (exit 77)\n"
        "20261116T120000.000Z-0a1b  6 days ago      123456789012  0        0      did not finish\n"
    )


CREATED = intent(1, "create_bucket")


def test_the_calls_of_a_run_in_order() -> None:
    run = past(
        CREATED,
        result(1),
        tagging(2, tags(a="1", b="2"), tags(a="1", b="3", c="\x1b[2J")),
        result(2, "AccessDenied: \u202eno"),
        tagging(3, tags(a="1"), None),
        result(3, "timeout"),
        resolved(3, True),
        tagging(4, tags(a="1"), tags(a="1")),
        resolved(4, False),
        tagging(5, {"?": 1}, tags(a="1")),
        tagging(6, None, {"?": 1}),
        finished(),
        end(1),
        endpoint="http://127.0.0.1:9000",
    )
    assert render_run(run, Style(), LATER) == (
        "Run 20261122T120000.000Z-0a1b · 10 minutes ago · account 123456789012 at http://127.0.0.1:9000 · "
        "nothing written (exit 1)\n"
        "  reconcile 1.0, specs · plan ffffffffffff\n"
        "  12:00:01  acme-lake  create_bucket  done\n"
        "  12:00:02  acme-lake  put_bucket_tagging  failed: AccessDenied: \\u202eno\n"
        "      ~ tags.b  2 → 3\n"
        '      + tags.c  "\\x1b[2J"\n'
        "  12:00:03  acme-lake  delete_bucket_tagging  done (the answer was lost; the bucket showed it)\n"
        "      - tags.a  1\n"
        "  12:00:04  acme-lake  put_bucket_tagging  not done\n"
        "  12:00:05  acme-lake  put_bucket_tagging  not answered\n"
        "      tags: this version does not understand what the journal says of it\n"
        "  12:00:06  acme-lake  put_bucket_tagging  not answered\n"
        "      tags: this version does not understand what the journal says of it\n"
    )
    document = run_document(run)
    assert [call["done"] for call in document["calls"]] == [True, False, True, False, False, False]
    assert document["calls"][1]["error"] == "AccessDenied: \u202eno"
    assert (document["exit"], document["buckets"], document["running"]) == (1, [LAKE], False)


def told(*records: Any, came: CameOf = CameOf.TRUE) -> str:
    found = unfinished([past(*records)], ACCOUNT, None, [LAKE])
    assert found is not None
    return render_unfinished(found, [came] * len(found.unanswered), Style(), LATER)


def test_what_is_told_before_the_next_plan() -> None:
    head = "The last apply to account 123456789012 (20261122T120000.000Z-0a1b, 10 minutes ago) did not finish: "
    assert told(CREATED, result(1), tagging(2, None, tags(a="b"))) == (
        f"{head}1 call was answered, 1 was not:\n  put_bucket_tagging of acme-lake: it was done"
    )
    assert told(CREATED, result(1), tagging(2, None, tags(a="b")), result(2)) == (
        f"{head}2 calls were answered, and none was left without an answer."
    )
    many = [tagging(number, None, tags(a="b")) for number in range(1, 9)]
    assert told(*many, came=CameOf.NOT) == (
        f"{head}0 calls were answered, 8 were not:\n"
        + "  put_bucket_tagging of acme-lake: it was not done\n" * 5
        + "  … and 3 more"
    )
