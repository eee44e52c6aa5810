"""What became of an apply, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.inert import inert
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.reports.style import Style
from reconciler.reports.values import count, wrapped


def bucket_line(bucket: BucketOutcome, style: Style) -> str:
    """One bucket in a line, as soon as it is done."""
    name = inert(bucket.plan.name)
    done = sum(outcome.result is Result.APPLIED for outcome in bucket.outcomes)
    if bucket.is_whole:
        return style.fit(f"{style.green('✓')} {name}  {count(done, 'change')} applied")
    left, blocked = len(bucket.outcomes) - done, len(bucket.plan.blockers)
    rest = (f", {left} not" if left else "") + (f", {blocked} blocked" if blocked else "")
    return style.fit(f"{style.red('✗')} {name}  {count(done, 'change')} applied{rest}")


def render_outcome(applied: Applied, style: Style, next_command: str) -> str:
    """The end of an apply: what was done, what was not and why, and what to do next."""
    lines = [""]
    for bucket in applied.buckets:
        if not bucket.is_whole:
            lines += troubles(bucket, style)
    done = applied.count(Result.APPLIED)
    said = f"{count(done, 'change')} in {count(len(applied.buckets), 'bucket')}"
    rest = [
        f"{number} {words}"
        for result, words in (
            (Result.UNVERIFIED, "written, not yet visible"),
            (Result.FAILED, "failed"),
            (Result.SKIPPED, "not tried"),
        )
        if (number := applied.count(result))
    ]
    blocked = sum(len(bucket.plan.blockers) for bucket in applied.buckets)
    rest += [f"{blocked} blocked"] if blocked else []
    if not rest:
        lines.append(f"{style.green('✓ Applied:')} {said}, each read back and found true.")
    elif done or applied.count(Result.UNVERIFIED):
        lines.append(f"{style.red('✗ Partly applied:')} {said}; {', '.join(rest)}.")
    else:
        lines.append(f"{style.red('✗ Not applied:')} {', '.join(rest)}.")
    lines += endings(applied, style)
    lines.append(f"Next: {style.cyan(inert(next_command))}")
    return style.fit("\n".join(lines)) + "\n"


def endings(applied: Applied, style: Style) -> Iterator[str]:
    """What is to be known of a run that did not end as it was meant to."""
    if applied.count(Result.UNVERIFIED):
        yield "S3 may need minutes to show what was written; the next command tells whether it does by then."
    if applied.halted is not None:
        yield from wrapped(f"{style.red('✗ Stopped:')} ", inert(applied.halted.why), style)
        if applied.halted.remedy:
            yield from wrapped(f"    {style.cyan('help:')} ", inert(applied.halted.remedy), style)
        yield "The same command goes on where it stopped."
    if applied.at_once:
        yield "Stopped at once: the next apply looks at what was under way."
    elif applied.interrupted:
        yield "Interrupted: the calls that were under way were finished, no other was begun."


def troubles(bucket: BucketOutcome, style: Style) -> Iterator[str]:
    """What was not done in a bucket, and why."""
    yield f"{style.red('✗')} {style.bold(inert(bucket.plan.name))}"
    for outcome in bucket.outcomes:
        if outcome.result is not Result.APPLIED:
            head = f"    {style.red(outcome.change.aspect)}  {outcome.result.value}: "
            yield from wrapped(head, inert(outcome.why), style)
    for blocker in bucket.plan.blockers:
        yield from wrapped(f"    {style.red(blocker.aspect)}  blocked: ", inert(blocker.why), style)
        yield from wrapped(f"        {style.cyan('help:')} ", inert(blocker.remedy), style)


def outcomes_document(applied: Applied, plan: Mapping[str, Any]) -> dict[str, Any]:
    """The end of an apply as JSON."""
    return {
        "format_version": plan["format_version"],
        "tool_version": plan["tool_version"],
        "fingerprint": plan["fingerprint"],
        "endpoint": plan["endpoint"],
        "buckets": [
            {
                "name": bucket.plan.name,
                "action": bucket.plan.action.value,
                "outcomes": [outcome_document(outcome) for outcome in bucket.outcomes],
                "blockers": [
                    {"aspect": item.aspect, "why": item.why, "remedy": item.remedy} for item in bucket.plan.blockers
                ],
            }
            for bucket in applied.buckets
        ],
        "summary": {result.value: applied.count(result) for result in Result},
        "interrupted": applied.interrupted,
        "at_once": applied.at_once,
        "halted": {"why": applied.halted.why, "remedy": applied.halted.remedy} if applied.halted else None,
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """One change and what became of it."""
    return {
        "aspect": outcome.change.aspect,
        "action": outcome.change.action.value,
        "result": outcome.result.value,
        "why": outcome.why or None,
    }
