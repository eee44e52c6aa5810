"""What an apply says when it ends, and what a refusal says."""

import json

import pytest

from reconciler.errors import PlanIsStale, ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.outcomes import Applied, BucketOutcome, Halt, Outcome, Result
from reconciler.reports.outcomes import bucket_line, outcomes_document, render_outcome
from reconciler.reports.refusals import render_refusal
from reconciler.reports.style import Style
from tests.reports.plans import document, plan
from tests.reports.specs import AFTER, BEFORE
from tests.reports.test_golden import something_is_in_the_way

STYLE = Style()
CHANGED = plan(AFTER, BEFORE)
NEXT = "reconcile plan specs/lake.yaml"


def ended(of: Plan, *results: Result) -> BucketOutcome:
    """The changes of a plan with these results; the rest has been applied."""
    missing = len(of.changes) - len(results)
    every = zip(of.changes, (*results, *(Result.APPLIED,) * missing), strict=True)
    return BucketOutcome(
        of, tuple(Outcome(change, result, "" if result is Result.APPLIED else "S3 said no") for change, result in every)
    )


def test_everything_was_applied() -> None:
    applied = Applied((ended(CHANGED),))
    assert render_outcome(applied, STYLE, NEXT) == (
        f"\n✓ Applied: 7 changes in 1 bucket, each read back and found true.\nNext: {NEXT}\n"
    )
    assert bucket_line(applied.buckets[0], STYLE) == "✓ acme-lake  7 changes applied"


@pytest.mark.parametrize(
    ("result", "said"),
    [(Result.FAILED, "1 failed"), (Result.SKIPPED, "1 not tried"), (Result.UNVERIFIED, "1 written, not yet visible")],
)
def test_something_was_not_applied(result: Result, said: str) -> None:
    applied = Applied((ended(CHANGED, result),))
    text = render_outcome(applied, STYLE, NEXT)
    assert f"✗ Partly applied: 6 changes in 1 bucket; {said}." in text
    assert f"✗ acme-lake\n    {CHANGED.changes[0].aspect}  {result.value}: S3 said no\n" in text
    assert bucket_line(applied.buckets[0], STYLE) == "✗ acme-lake  6 changes applied, 1 not"


def test_nothing_was_applied() -> None:
    applied = Applied((ended(CHANGED, *[Result.FAILED] * 7),))
    assert "✗ Not applied: 7 failed." in render_outcome(applied, STYLE, NEXT)
    unseen = Applied((ended(CHANGED, Result.UNVERIFIED, *[Result.FAILED] * 6),))
    assert "✗ Partly applied: 0 changes in 1 bucket; 1 written, not yet visible, 6 failed." in render_outcome(
        unseen, STYLE, NEXT
    )


def test_an_apply_that_was_interrupted_says_so() -> None:
    applied = Applied((ended(CHANGED, Result.SKIPPED),), interrupted=True)
    assert "Interrupted: the calls that were under way were finished, no other was begun.\n" in render_outcome(
        applied, STYLE, NEXT
    )


def test_an_apply_that_was_stopped_at_once_says_what_the_next_one_does() -> None:
    text = render_outcome(Applied((ended(CHANGED, Result.SKIPPED),), interrupted=True, at_once=True), STYLE, NEXT)
    assert "Stopped at once: the next apply looks at what was under way.\n" in text
    assert "Interrupted" not in text


@pytest.mark.parametrize("remedy", ["log in again", None])
def test_what_stops_all_buckets_alike_is_told_once(remedy: str | None) -> None:
    halt = Halt("the AWS credentials have \x1b[2Jexpired", remedy)
    applied = Applied((ended(CHANGED, Result.FAILED), ended(CHANGED, Result.SKIPPED)), halted=halt)
    text = render_outcome(applied, STYLE, NEXT)
    assert text.count("✗ Stopped: the AWS credentials have") == 1
    assert "\x1b" not in text
    assert ("    help: log in again\n" in text) == (remedy is not None)
    assert "The same command goes on where it stopped.\n" in text
    assert outcomes_document(applied, document(CHANGED))["halted"] == {"why": halt.why, "remedy": remedy}


def test_what_is_not_yet_visible_gets_a_sentence() -> None:
    text = render_outcome(Applied((ended(CHANGED, Result.UNVERIFIED),)), STYLE, NEXT)
    assert "S3 may need minutes to show what was written; the next command tells whether it does by then.\n" in text


def test_what_is_blocked_is_told_with_its_remedy() -> None:
    live = "{name: acme-lake, versioning: Enabled, tags: {a: b}}"
    blocked = plan(live.replace("tags", "versioning: absent, tags").replace("versioning: Enabled, ", ""), live)
    applied = Applied((ended(blocked),))
    text = render_outcome(applied, Style(width=80, wraps=True), NEXT)
    assert "    versioning  blocked: S3 cannot take versioning away from a bucket\n" in text
    assert "        help: write `Suspended` to stop new versions" in text
    assert bucket_line(applied.buckets[0], STYLE) == "✗ acme-lake  0 changes applied, 1 blocked"


def test_every_outcome_as_plain_data() -> None:
    planned = document(CHANGED)
    told = outcomes_document(Applied((ended(CHANGED, Result.FAILED),)), planned)
    assert json.loads(json.dumps(told)) == told
    assert told["fingerprint"] == planned["fingerprint"]
    assert told["summary"] == {"applied": 6, "unverified": 0, "failed": 1, "skipped": 0}
    assert told["interrupted"] is False
    [bucket] = told["buckets"]
    assert bucket["outcomes"][0] == {
        "aspect": CHANGED.changes[0].aspect,
        "action": "update",
        "result": "failed",
        "why": "S3 said no",
    }
    assert bucket["outcomes"][1]["why"] is None


def test_a_blocker_is_in_the_document() -> None:
    assert something_is_in_the_way()["buckets"][0]["blockers"]


def test_a_refusal_says_what_is_wrong_and_what_to_do() -> None:
    refusal = ReconcileError("no such\x1b[2Jthing", remedy="try\nthis", code="RCL1234")
    assert render_refusal(refusal, STYLE) == "error[RCL1234]: no such\\x1b[2Jthing\n  = help: try\\nthis\n"
    assert render_refusal(ReconcileError("no"), STYLE) == "error[RCL9000]: no\n"
    assert "\x1b[31m" in render_refusal(refusal, Style(color=True))


def test_a_stale_plan_says_what_moved() -> None:
    text = render_refusal(PlanIsStale(["the specs say something else", "a\u202eb"]), STYLE)
    assert text.splitlines()[1:3] == ["  - the specs say something else", "  - a\\u202eb"]
