"""Events: each is what the schema says."""

import json
from typing import Any

from hypothesis import given
from jsonschema import Draft7Validator

from reconciler.planning.event_schema import event_schema
from reconciler.planning.outcomes import Applied, Halt, Result
from reconciler.reports import jsonl
from reconciler.reports.review import Review
from tests.reports.reviews import reviews, something_in_the_way, something_of_every_kind
from tests.reports.test_outcomes import CHANGED, ended

SCHEMA = Draft7Validator(event_schema())


def read(text: str) -> list[dict[str, Any]]:
    """The events; fails for a line that is none."""
    events = [json.loads(line) for line in text.split("\n")[:-1]]
    for event in events:
        SCHEMA.validate(event)
    return events


@given(review=reviews())
def test_any_check_is_a_row_of_events_that_begins_with_the_version(review: Review) -> None:
    types = [event["type"] for event in read(jsonl.render(review))]
    assert types[0] == "version"
    assert types.count("version") == 1
    assert ("change_summary" in types) == (review.document is not None)


def test_every_kind_of_event_of_a_plan() -> None:
    events = read(jsonl.render(something_of_every_kind()) + jsonl.render(something_in_the_way()))
    assert {event["type"] for event in events} == {
        "version",
        "planned_change",
        "guardrail",
        "diagnostic",
        "change_summary",
    }
    assert any(event.get("code") == "blocked" for event in events)


def test_an_apply_in_events() -> None:
    fine, broken = ended(CHANGED), ended(CHANGED, Result.FAILED)
    told = (
        jsonl.begun("read", 1),
        jsonl.read(1),
        jsonl.begun("apply", 1),
        jsonl.progress(broken),
        jsonl.ended(Applied((fine,))),
        jsonl.ended(Applied((broken,), halted=Halt("the clock is wrong"))),
        jsonl.broken_off("nobody knows"),
    )
    events = read("".join(f"{jsonl.line(event)}\n" for event in told))
    assert [event["type"] for event in events[-3:]] == ["apply_complete", "apply_errored", "apply_errored"]
    assert [event["why"] for event in events[-2:]] == ["the clock is wrong", "nobody knows"]
