"""Whatever stands in the file of a saved plan: it is shown and compared with what is there now, or refused."""

import copy
import json
import re
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import saved
from reconciler.cli.apply import question_of, without_moved
from reconciler.cli.console import Console
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Changeset, Inputs
from reconciler.planning.staleness import expired
from reconciler.planning.storage import fingerprint
from reconciler.reports.style import Style
from reconciler.reports.text import render
from reconciler.run import Planned
from tests.fuzz.mutations import SCALARS, spoiled
from tests.reports.plans import IDENTITY, document, plan
from tests.reports.specs import ABSENT, AFTER, BEFORE, HOSTILE

Plan = dict[str, Any]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
INPUTS = Inputs(("specs/lake.yaml",), spec_digest="0" * 64)
NOW = (plan(AFTER, BEFORE), plan(HOSTILE))
DOCUMENTS = [
    json.loads(json.dumps(made))
    for made in (document(plan(AFTER, BEFORE)), document(plan(ABSENT, BEFORE)), document(*NOW), document(plan(AFTER)))
]
VALUES = SCALARS | st.sampled_from(
    ["delete", "blocked", "bucket", "policy", "tags[", 'a["b"].c', "put_bucket_policy", "create_bucket", {}, [], [[]]]
)
OURS = re.compile("\x1b\\[[0-9;]*m")


def taken(content: bytes) -> Plan | None:
    """The plan that a file is taken for, shown in every style and compared with the plan of now; None if refused."""
    Path("plan.json").write_bytes(content)
    try:
        read = saved.read(Path("plan.json"))
    except ReconcileError:
        return None
    for style in (Style(), Style(color=True, width=40, wraps=True), Style(unicode=False)):
        shown = OURS.sub("", render(read, style, next_command="reconcile apply"))
        assert all(sign == "\n" or sign.isprintable() for sign in shown)
    expired(read, NOON, 3600)
    question_of(read)
    planned = Planned(Changeset(NOW, None, INPUTS), (), cast("Any", None), IDENTITY)
    with suppress(ReconcileError):
        without_moved(planned, read, Console(Namespace(quiet=True)))
    return read


def sealed(made: Any) -> bytes:
    """The document with the fingerprint that goes with it, where it has parts to make one of."""
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        made["fingerprint"] = fingerprint(made)
    return json.dumps(made).encode()


def test_each_of_these_plans_is_taken_as_it_is() -> None:
    for made in DOCUMENTS:
        assert taken(json.dumps(made).encode()) == made


@given(spoiled(st.sampled_from(DOCUMENTS), VALUES))
def test_a_spoiled_plan_with_a_fingerprint_that_fits(made: Any) -> None:
    taken(sealed(made))


@given(spoiled(st.sampled_from(DOCUMENTS), VALUES))
def test_a_spoiled_plan_with_the_fingerprint_of_another(made: Any) -> None:
    read = taken(json.dumps(made).encode())
    if read is not None:
        assert fingerprint(read) == made["fingerprint"]


@given(st.data())
def test_a_plan_with_bytes_replaced(data: st.DataObject) -> None:
    content = json.dumps(data.draw(st.sampled_from(DOCUMENTS))).encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 30, len(content))))
    taken(content[:start] + data.draw(st.binary(max_size=6)) + content[end:])


@given(st.binary(max_size=50) | st.text(st.sampled_from('{}[]":,0e+-.tfn \\u'), max_size=40).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    assert taken(content) is None


def no_call_of_an_aspect(made: Plan) -> None:
    made["buckets"][0]["changes"][0]["calls"][0]["params"] = {}


def half_a_character(made: Plan) -> None:
    made["endpoint"] = "\ud800"


def a_path_that_is_none(made: Plan) -> None:
    made["buckets"][0]["changes"][0]["fields"][0]["path"] = "tags["


def a_policy_that_is_no_text(made: Plan) -> None:
    for change in made["buckets"][0]["changes"]:
        if change["aspect"] == "policy":
            change["calls"][-1]["params"] = {"Policy": ["x"]}


def a_value_without_a_floor(made: Plan) -> None:
    value: Any = None
    for _ in range(200):
        value = [value]
    made["buckets"][0]["changes"][0]["fields"][0]["before"] = value


@pytest.mark.parametrize(
    "spoil",
    [
        no_call_of_an_aspect,
        half_a_character,
        a_path_that_is_none,
        a_policy_that_is_no_text,
        a_value_without_a_floor,
    ],
)
def test_what_was_found_once_is_refused(spoil: Callable[[Plan], None]) -> None:
    made = copy.deepcopy(DOCUMENTS[0])
    spoil(made)
    assert taken(sealed(made)) is None


def test_a_line_break_at_the_end_of_a_code_does_not_break_a_line() -> None:
    made = copy.deepcopy(DOCUMENTS[0])
    finding = {"code": "RCL1000\n", "severity": "warning", "path": "tags", "message": "x", "remedy": None}
    made["buckets"][0]["findings"] = [finding]
    read = taken(sealed(made))
    assert read is not None, "`$` lets a line break pass"
    assert "warning[RCL1000\\n]" in render(read, Style())
