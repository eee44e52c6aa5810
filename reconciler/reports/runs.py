"""Runs of the past as people read them: a list, the calls of one, and what is told of one that did not finish."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.inert import inert
from reconciler.planning.changeset import BUCKET, FieldChange
from reconciler.planning.comparison import field_changes
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.runs import PastCall, PastRun
from reconciler.planning.storage import path_text
from reconciler.planning.unfinished import CameOf, Unfinished
from reconciler.reports.style import Style
from reconciler.reports.values import columns, count, padded, texts_of, value_text

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
HEADINGS = ("run", "when", "account", "buckets", "calls", "how it ended")
ENDINGS = {
    0: "finished",
    1: "nothing written",
    5: "partly applied",
    130: "interrupted",
}
MOST_TOLD = 5
"""Unanswered calls that are told one by one."""


def ago(then: datetime, now: datetime) -> str:
    """``10 minutes ago``."""
    seconds = (now - then).total_seconds()
    for unit, name in UNITS:
        if seconds >= unit:
            return f"{count(int(seconds // unit), name)} ago"
    return "just now"


def render_runs(runs: Iterable[PastRun], style: Style, now: datetime) -> str:
    """A line for each run, the newest first."""
    rows = [
        (
            inert(run.id),
            ago(run.at, now),
            inert(run.begun.account or "unknown"),
            str(len({call.intent.bucket for call in run.calls})),
            str(len(run.calls)),
            ending(run),
        )
        for run in runs
    ]
    widths = [max(columns(row[index]) for row in (HEADINGS, *rows)) for index in range(len(HEADINGS))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()

    lines = [style.dim(line(HEADINGS)), *map(line, rows)]
    return style.fit("\n".join(lines)) + "\n"


def ending(run: PastRun) -> str:
    """How a run ended, in words."""
    if run.is_running:
        return "still running"
    if run.end is None:
        unanswered = sum(not call.is_answered for call in run.calls)
        return "did not finish" + (f", {count(unanswered, 'call')} unanswered" if unanswered else "")
    return f"{ENDINGS.get(run.end.exit, 'ended')} (exit {run.end.exit})"


def render_run(run: PastRun, style: Style, now: datetime) -> str:
    """One run: what it was about, and its calls in order, with what they changed."""
    begun = run.begun
    where = f"account {begun.account or 'unknown'}" + (f" at {begun.endpoint}" if begun.endpoint else "")
    lines = [
        f"{style.bold('Run ' + inert(run.id))} · {ago(run.at, now)} · {inert(where)} · {ending(run)}",
        style.dim(
            f"  reconcile {inert(begun.tool_version)}, {inert(', '.join(begun.paths))}"
            f" · plan {inert(begun.fingerprint[:12])}"
        ),
    ]
    for call in run.calls:
        lines += call_lines(call, style)
    return style.fit("\n".join(lines)) + "\n"


def call_lines(call: PastCall, style: Style) -> Iterator[str]:
    """One call: when, what, how it ended, and what differs by it."""
    intent = call.intent
    time = intent.at.astimezone(UTC).strftime("%H:%M:%S")
    yield f"  {style.dim(time)}  {style.bold(inert(intent.bucket))}  {inert(intent.operation)}  {how(call, style)}"
    if intent.aspect == BUCKET or intent.aspect not in BucketSpec.aspects():
        return
    after = call.after if isinstance(call.left, Unreadable) else call.left
    if isinstance(call.before, Unreadable) or isinstance(after, Unreadable):
        unknown = call.before if isinstance(call.before, Unreadable) else after
        assert isinstance(unknown, Unreadable)
        yield f"      {inert(intent.aspect)}: {inert(unknown.why)}"
        return
    for change in differences(intent.aspect, call.before, after):
        name = inert(path_text((intent.aspect, *change.path)))
        old, new = texts_of(change.before, change.after)
        if change.before is None:
            yield f"      {style.green('+')} {name}  {value_text(change.after)}"
        elif change.after is None:
            yield f"      {style.red('-')} {name}  {value_text(change.before)}"
        else:
            yield f"      {style.yellow('~')} {name}  {style.red(old)} → {style.green(new)}"


def differences(aspect: str, before: LiveAspect, after: LiveAspect) -> Sequence[FieldChange]:
    """The fields that differ between two documents."""
    old, new = (one if isinstance(one, Aspect) else None for one in (before, after))
    if old == new:
        return ()
    return field_changes(*BucketSpec.aspects()[aspect].pictures(old, new))


def how(call: PastCall, style: Style) -> str:
    """How a call ended."""
    if call.came_true is True:
        return style.green("done") + style.dim(" (the answer was lost; the bucket showed it)")
    if call.result is not None and call.result.error is None:
        return style.green("done")
    if call.result is not None:
        return style.red(f"failed: {inert(call.result.error or '')}")
    return style.red("not done") if call.came_true is False else style.yellow("not answered")


# ── what is told before the next plan ────────────────────────────────────────────────────────────────


def render_unfinished(found: Unfinished, came_of: Sequence[CameOf], style: Style, now: datetime) -> str:
    """What the last run has left undone, and what has come of the calls that nobody saw answered."""
    unanswered = found.unanswered
    many = len(unanswered)
    whose = f" to account {inert(found.run.begun.account)}" if found.run.begun.account else ""
    said = f"The last apply{whose} ({inert(found.run.id)}, {ago(found.run.at, now)}) did not finish: "
    said += f"{count(found.answered, 'call')} {'was' if found.answered == 1 else 'were'} answered, "
    said += f"{many or 'none'} {'was' if many == 1 else 'were'} not" if many else "and none was left without an answer"
    lines = [said + ("." if not unanswered else ":")]
    for call, came in list(zip(unanswered, came_of, strict=True))[:MOST_TOLD]:
        lines.append(f"  {inert(call.words)}: {came.value}")
    if many > MOST_TOLD:
        lines.append(f"  … and {many - MOST_TOLD:,} more")
    return style.fit("\n".join(lines))


def run_document(run: PastRun) -> dict[str, Any]:
    """A run for programs."""
    return {
        "run": run.id,
        "at": run.at.isoformat(),
        "account": run.begun.account,
        "endpoint": run.begun.endpoint,
        "fingerprint": run.begun.fingerprint,
        "paths": list(run.begun.paths),
        "buckets": sorted({call.intent.bucket for call in run.calls}),
        "exit": run.end.exit if run.end else None,
        "running": run.is_running,
        "calls": [call_document(call) for call in run.calls],
    }


def call_document(call: PastCall) -> dict[str, Any]:
    """One call for programs."""
    return {
        "at": call.intent.at.isoformat(),
        "bucket": call.intent.bucket,
        "aspect": call.intent.aspect,
        "operation": call.intent.operation,
        "effect": call.intent.effect,
        "answered": call.is_answered,
        "done": call.has_worked,
        "error": call.result.error if call.result else None,
        "before": call.intent.before,
        "after": call.intent.after,
    }
