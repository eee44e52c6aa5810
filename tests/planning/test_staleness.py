import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Changeset, Inputs, Origin
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.plan_schema import plan_schema
from reconciler.planning.planner import plan_bucket
from reconciler.planning.staleness import check_format, moved
from reconciler.planning.storage import fingerprint, to_document, to_text

Document = dict[str, Any]


def saved(*names: str) -> Document:
    plans = [
        plan_bucket(
            BucketSpec.model_validate({"name": name, "region": "us-east-1", "versioning": "Enabled"}),
            LiveBucket(name, Existence.EXISTS, "us-east-1"),
            Identity("123456789012", None, None),
            Origin("specs/lake.yaml", 1),
        )
        for name in names
    ]
    document = to_document(Changeset(tuple(plans), None, Inputs(("specs",), spec_digest="0" * 64)), "1.0")
    return dict(json.loads(to_text(document)))


def changed(change: Callable[[Document], Any]) -> Document:
    document = copy.deepcopy(saved("acme-a", "acme-b"))
    change(document)
    document["fingerprint"] = fingerprint(document)
    return document


@pytest.mark.parametrize("document", [None, [], {}, {"format_version": 1}, "1.0"])
def test_what_is_no_plan(document: Any) -> None:
    with pytest.raises(ReconcileError, match="not a saved plan"):
        check_format(document)


@pytest.mark.parametrize(
    "broken",
    [
        {"inputs": None},
        {"buckets": {}},
        {"buckets": ["x"]},
        {"inputs": {"paths": "specs", "targets": [], "variables": {}}},
        {"inputs": {"paths": [], "targets": [5], "variables": {}}},
        {"inputs": {"paths": [], "targets": [], "variables": []}},
    ],
)
def test_a_plan_that_lacks_its_parts(broken: Document) -> None:
    with pytest.raises(ReconcileError, match="not a saved plan"):
        check_format(saved("acme-a") | broken)


def test_a_plan_of_another_format() -> None:
    check_format(saved("acme-a") | {"format_version": "1.7"})
    with pytest.raises(ReconcileError, match=r"format 2\.0"):
        check_format({"format_version": "2.0"})


def test_a_plan_that_says_that_there_is_none() -> None:
    with pytest.raises(ReconcileError, match="planning failed"):
        check_format({"format_version": "1.0", "error": "x"})


def test_a_plan_that_is_still_true() -> None:
    assert moved(saved("acme-a"), saved("acme-a") | {"tool_version": "2.0"}) == ()


def test_a_plan_that_was_tampered_with() -> None:
    document = saved("acme-a")
    document["buckets"][0]["changes"] = []
    assert moved(document, saved("acme-a")) == ("the file itself was changed after it was written",)


MOVED: list[tuple[Callable[[Document], Any], str]] = [
    (lambda plan: plan.update(endpoint="http://localhost"), "the endpoint: reviewed AWS, now http://localhost"),
    (lambda plan: plan["inputs"].update(spec_digest="1" * 64), "the specs say something else"),
    (lambda plan: plan["buckets"].pop(), "acme-b: no spec describes it any more"),
    (
        lambda plan: plan["buckets"].append({**plan["buckets"][0], "name": "acme-c"}),
        "acme-c: it was not part of the plan",
    ),
    (lambda plan: plan["buckets"][0].update(account="1"), "acme-a: the account: reviewed 123456789012, now 1"),
    (lambda plan: plan["buckets"][0].update(region="x"), "acme-a: the region: reviewed us-east-1, now x"),
    (lambda plan: plan["buckets"][0]["live"].update(bucket="x"), "acme-a: changed in S3 since: the bucket itself"),
    (lambda plan: plan["buckets"][0]["live"].pop("versioning"), "acme-a: changed in S3 since: versioning"),
    (lambda plan: plan["buckets"][0]["blockers"].append({}), "acme-a: what is in the way of the spec has changed"),
    (
        lambda plan: plan["buckets"][0]["changes"].clear(),
        "the same specs and buckets give another plan with this version",
    ),
]


@pytest.mark.parametrize(("change", "said"), MOVED)
def test_what_has_moved(change: Callable[[Document], Any], said: str) -> None:
    assert moved(saved("acme-a", "acme-b"), changed(change)) == (said,)


def test_the_endpoint_the_other_way_around() -> None:
    elsewhere = changed(lambda plan: plan.update(endpoint="http://localhost"))
    assert moved(elsewhere, saved("acme-a", "acme-b")) == ("the endpoint: reviewed http://localhost, now AWS",)


def test_plans_keep_their_contract() -> None:
    schema = plan_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    assert not list(validator.iter_errors(saved("acme-a", "acme-b")))
    assert list(validator.iter_errors({"format_version": "1.0"}))
