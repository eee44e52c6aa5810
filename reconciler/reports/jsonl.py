"""A run as events: a JSON object in each line, which begins with its `type`. `schemas/event.schema.json` has them all.

`render` tells a check that is over; while one goes on, `reconciler.cli.events` writes the same events one by one.
"""

import json
from collections.abc import Iterator
from typing import Any

from reconciler.inert import inert_json
from reconciler.planning.outcomes import Applied, BucketOutcome, Result
from reconciler.problems import Problem
from reconciler.reports.outcomes import outcome_document
from reconciler.reports.problems import problems_document
from reconciler.reports.review import BLOCKED, Document, Review
from reconciler.version import __version__

FORMAT_VERSION = "1.0"
"""As of plans: additions raise the minor number, and a reader passes over types that it does not know."""

Event = dict[str, Any]


def render(review: Review) -> str:
    """All that a review knows, in the order in which a run would have told it."""
    return "".join(f"{line(event)}\n" for event in events_of(review))


def line(event: Event) -> str:
    """One event; nothing in it does anything to whoever shows it."""
    return inert_json(json.dumps(event, separators=(", ", ": ")))


def events_of(review: Review) -> Iterator[Event]:
    """The events of a check."""
    yield version()
    for problem in review.problems:
        yield diagnostic(problem)
    if review.document is not None:
        yield from events_of_plan(review.document)


def version() -> Event:
    """The first one of all."""
    return {"type": "version", "format_version": FORMAT_VERSION, "tool_version": __version__}


def diagnostic(problem: Problem) -> Event:
    """A problem of the specs, or what has stopped the run."""
    [found] = problems_document([problem])
    return {"type": "diagnostic", "bucket": None, "path": "", **found}


def events_of_plan(document: Document) -> Iterator[Event]:
    """What would change, bucket by bucket, what is to be said of it, and the sum."""
    for bucket in document["buckets"]:
        yield from events_of_bucket(bucket)
    yield {"type": "change_summary", **document["summary"], "fingerprint": document["fingerprint"]}


def events_of_bucket(bucket: Document) -> Iterator[Event]:
    """One bucket; of one that stays as it is only what is to be said of it."""
    name, where = bucket["name"], {"file": bucket["source"]["file"], "line": bucket["source"]["line"]}
    if bucket["changes"] or bucket["blockers"]:
        shown = ("aspect", "action", "risk", "consequences")
        changes = [{key: change.get(key, []) for key in shown} for change in bucket["changes"]]
        who = {"region": bucket["region"], "account": bucket["account"], "action": bucket["action"]}
        yield {"type": "planned_change", "bucket": name, **who, **where, "changes": changes}
    for found in bucket.get("guardrails", ()):
        yield {"type": "guardrail", "bucket": name, **found}
    said = [
        (BLOCKED, "error", item["aspect"], f"{item['aspect']}: {item['why']}", item["remedy"])
        for item in bucket["blockers"]
    ]
    said += [
        (item["code"], item["severity"], item["path"], item["message"], item["remedy"]) for item in bucket["findings"]
    ]
    for code, severity, path, message, remedy in said:
        nowhere = {"column": None, "end_column": None}
        what = {"code": code, "severity": severity, "message": message, "help": remedy}
        yield {"type": "diagnostic", "bucket": name, "path": path, **what, **where, **nowhere}


# ── an apply ─────────────────────────────────────────────────────────────────────────────────────────


def begun(what: str, buckets: int) -> Event:
    """So many buckets are going to be read, or written."""
    return {"type": f"{what}_start", "buckets": buckets}


def read(buckets: int) -> Event:
    """All of them have been read."""
    return {"type": "read_complete", "buckets": buckets}


def progress(outcome: BucketOutcome) -> Event:
    """What became of one bucket."""
    outcomes = [outcome_document(one) for one in outcome.outcomes]
    action = outcome.plan.action.value
    return {"type": "apply_progress", "bucket": outcome.plan.name, "action": action, "outcomes": outcomes}


def ended(applied: Applied) -> Event:
    """What became of all."""
    fine = all(bucket.is_whole for bucket in applied.buckets) and not applied.interrupted
    summary = {result.value: applied.count(result) for result in Result}
    why = applied.halted.why if applied.halted else None
    kind = "apply_complete" if fine else "apply_errored"
    return {"type": kind, "summary": summary, "interrupted": applied.interrupted, "why": why}


def broken_off(why: str) -> Event:
    """An apply that had begun, and whose end nobody knows."""
    return {"type": "apply_errored", "summary": None, "interrupted": False, "why": why}
