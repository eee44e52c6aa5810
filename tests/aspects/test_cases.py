"""Examples as data: a live document and a spec, and what has to become of them.

Each file under ``cases/<aspect>/`` is a list of cases:

    name, live (S3's answer, or `absent`), spec (as people write it), beside (other fields of the bucket's spec),
    new_bucket; and expected: action, fields {path: [before, after]}, calls [{operation: params}],
    effects, risk, consequences [sentences], blockers [words that the reason holds]

Cases in `equivalences.yaml` are facts about AWS and name their source. `refusals.yaml` is another kind of file: see
`test_refusal_cases`.
"""

import json
from typing import Any

import pytest
import yaml

from reconciler.aspects.calls import Call
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Change
from reconciler.planning.planner import compare, compare_new
from reconciler.planning.storage import path_text, plain
from tests.aspects.case_files import EQUIVALENCES, cases_in
from tests.aspects.strategies import ACCOUNT, BUCKET
from tests.aspects.test_laws import complaints

EXPECTED = {"action", "fields", "calls", "effects", "risk", "consequences", "blockers"}
GIVEN = {"name", "live", "spec", "beside", "new_bucket", "source"}


def cases() -> list[Any]:
    return [
        pytest.param(file.aspect, case, id=f"{file.aspect}/{file.path.stem}: {case['name']}")
        for file, case in cases_in(refusals=False)
    ]


@pytest.mark.parametrize("case", [case for file, case in cases_in(refusals=False) if file.path.name == EQUIVALENCES])
def test_a_fact_about_aws_names_its_source(case: dict[str, Any]) -> None:
    assert case["source"]
    assert case["action"] in ("none", "update", "create")


def answer(live: Any) -> Any:
    """A live document as boto3 gives it; a policy may be written as data."""
    policy = live.get("Policy")
    return live | {"Policy": json.dumps(policy)} if isinstance(policy, dict) else live


def readable(call: Call) -> dict[str, Any]:
    """A call with its texts as data."""
    params = plain(call.params)
    if "Policy" in params:
        params["Policy"] = json.loads(params["Policy"])
    if "Body" in params:
        params["Body"] = yaml.safe_load(params["Body"])
    return {call.operation: params}


@pytest.mark.parametrize(("aspect", "case"), cases())
def test_case(aspect: str, case: dict[str, Any]) -> None:
    assert case.keys() <= GIVEN | EXPECTED, "a case has a field that nobody looks at"
    written = {"name": BUCKET, "region": "us-east-1", **case.get("beside", {}), aspect: case["spec"]}
    spec = BucketSpec.model_validate(written)
    around = spec.surroundings(account=ACCOUNT)
    spec = spec.filled(around)
    kind = BucketSpec.aspects()[aspect]
    live = None if case["live"] == "absent" else kind.from_response(answer(case["live"]))
    wanted = spec.declared()[aspect]
    new = case.get("new_bucket", False)
    outcome = compare_new(aspect, wanted, around) if new else compare(aspect, wanted, live, around)
    assert {name: value for name, value in result_of(outcome).items() if name in case} == {
        name: value for name, value in case.items() if name in EXPECTED
    }
    for call in outcome.calls if isinstance(outcome, Change) else ():
        assert complaints(call) == ""


def result_of(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Change):
        return {
            "action": outcome.action.value,
            "fields": {path_text(field.path): [field.before, field.after] for field in outcome.fields},
            "calls": [readable(call) for call in outcome.calls],
            "effects": [call.effect.value for call in outcome.calls],
            "risk": outcome.risk.value,
            "consequences": list(outcome.consequences),
        }
    if outcome == ():
        return {"action": "none"}
    return {"action": "blocked", "blockers": [blocker.why for blocker in outcome]}


def test_every_aspect_has_five_cases() -> None:
    counts = dict.fromkeys(BucketSpec.aspects(), 0)
    for param in cases():
        counts[param.values[0]] = counts.get(param.values[0], 0) + 1
    assert all(count >= 5 for count in counts.values()), counts
