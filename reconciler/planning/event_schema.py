"""The contract of the events of a run (`--report jsonl=…`) as a JSON Schema: one of these objects stands in each line.

As of plans: additions raise the minor number of `format_version`, and a reader passes over types that it does not know.
"""

from reconciler.aspects.calls import Risk
from reconciler.planning.changeset import Action
from reconciler.planning.outcomes import Result
from reconciler.planning.plan_schema import FORMAT_VERSION, MAYBE_TEXT, TEXT, Schema, open_object
from reconciler.problems import Severity

NUMBER: Schema = {"type": "integer", "minimum": 0}
MAYBE_NUMBER: Schema = {"type": ["integer", "null"]}
SEVERITY: Schema = {"enum": [severity.value for severity in Severity]}
ACTION: Schema = {"enum": [action.value for action in Action]}


def event_schema() -> Schema:
    """One event."""
    events = {**about_all(), **about_a_bucket(), **about_an_apply()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "An event of a run of `reconcile`",
        "description": "What is written as a line each, while a command goes on; the first one is `version`.",
        "oneOf": [{"$ref": f"#/definitions/{name}"} for name in events],
        "definitions": events,
    }


def event(name: str, description: str, **fields: Schema) -> Schema:
    """An event with its type."""
    return open_object(description, {"type": {"const": name}} | fields)


def about_all() -> dict[str, Schema]:
    """What is told of a whole run."""
    counts = {action.value: NUMBER for action in Action}
    return {
        "version": event("version", "The first event.", format_version=FORMAT_VERSION, tool_version=TEXT),
        "read_start": event("read_start", "Buckets are going to be read.", buckets=NUMBER),
        "read_complete": event("read_complete", "All of them have been read.", buckets=NUMBER),
        "change_summary": event(
            "change_summary", "How many buckets come, change, go; and the plan's mark.", **counts, fingerprint=TEXT
        ),
    }


def about_a_bucket() -> dict[str, Schema]:
    """What is told of one bucket, or of the specs."""
    change = open_object(
        "One aspect that changes.",
        {
            "aspect": TEXT,
            "action": ACTION,
            "risk": {"enum": [risk.value for risk in Risk]},
            "consequences": {"type": "array", "items": TEXT},
        },
    )
    place = open_object("Where it is written.", {"file": TEXT, "line": NUMBER, "column": NUMBER, "end_column": NUMBER})
    waiver = open_object("Why it is let pass.", {"reason": TEXT, "owner": TEXT, "expires": TEXT})
    return {
        "planned_change": event(
            "planned_change",
            "A bucket that would change, or cannot.",
            bucket=TEXT,
            region=MAYBE_TEXT,
            account=MAYBE_TEXT,
            action=ACTION,
            file=TEXT,
            line=NUMBER,
            changes={"type": "array", "items": change},
        ),
        "guardrail": event(
            "guardrail",
            "What a rule has against a bucket.",
            bucket=TEXT,
            rule=TEXT,
            title=TEXT,
            severity=SEVERITY,
            path=TEXT,
            message=TEXT,
            remedy=MAYBE_TEXT,
            place={"oneOf": [place, {"type": "null"}]},
            waiver={"oneOf": [waiver, {"type": "null"}]},
        ),
        "diagnostic": event(
            "diagnostic",
            "A problem of the specs or of a bucket, or what has stopped the run.",
            code=TEXT,
            severity=SEVERITY,
            message=TEXT,
            help=MAYBE_TEXT,
            bucket=MAYBE_TEXT,
            path=TEXT,
            file=MAYBE_TEXT,
            line=MAYBE_NUMBER,
            column=MAYBE_NUMBER,
            end_column=MAYBE_NUMBER,
        ),
    }


def about_an_apply() -> dict[str, Schema]:
    """What is told while plans are carried out."""
    outcome = open_object(
        "One change and what became of it.",
        {"aspect": TEXT, "action": ACTION, "result": {"enum": [result.value for result in Result]}, "why": MAYBE_TEXT},
    )
    summary = open_object("How many changes ended how.", {result.value: NUMBER for result in Result})
    end = {"interrupted": {"type": "boolean"}, "why": MAYBE_TEXT}
    return {
        "apply_start": event("apply_start", "Buckets are going to be written.", buckets=NUMBER),
        "apply_progress": event(
            "apply_progress",
            "One bucket has been written.",
            bucket=TEXT,
            action=ACTION,
            outcomes={"type": "array", "items": outcome},
        ),
        "apply_complete": event("apply_complete", "All was written, and seen.", summary=summary, **end),
        "apply_errored": event(
            "apply_errored",
            "Not all of it was; without a summary nobody knows how much.",
            summary={"oneOf": [summary, {"type": "null"}]},
            **end,
        ),
    }
