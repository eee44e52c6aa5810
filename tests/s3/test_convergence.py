"""Law 5: plan, apply, and the next plan is empty; whatever the spec and whatever was there before.

Specs and live documents are those of the laws of the aspects (`tests.aspects.strategies`). Against moto behind
the layer that makes it answer as AWS does. RECONCILE_EXAMPLES asks for more examples.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from reconciler.run import Access, Question, carry_out, make_plan
from tests.aspects.strategies import LIVE
from tests.s3.converging import buckets, converges, spec_of, specs
from tests.s3.lakes import EVERY_ASPECT
from tests.s3.world import World

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "12"))
ROOT = Path(__file__).parents[2]

every_aspect = pytest.mark.parametrize("aspect", BucketSpec.aspects())
with_a_server = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


@with_a_server
@given(spec=specs(), live=buckets())
@example(spec=spec_of({}), live={})
def test_law_5_what_was_applied_needs_no_more_changes(faithful: World, spec: BucketSpec, live: Any) -> None:
    converges(faithful, spec, live)


@every_aspect
@with_a_server
@given(data=st.data())
def test_law_5_every_aspect_converges_by_itself(faithful: World, aspect: str, data: st.DataObject) -> None:
    converges(faithful, data.draw(specs((aspect,))), data.draw(st.none() | LIVE[aspect].map(lambda one: {aspect: one})))


@pytest.fixture(autouse=True)
def an_empty_world(world: World) -> None:
    """What the last example left behind is of no use to the next test."""


# ── the example specs ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", ["lake.yaml", "fleet.yaml"])
def test_the_example_specs_converge(world: World, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.chdir(ROOT)
    question, access = Question((f"specs/{file}",), {}), Access(endpoint_url=world.clients.endpoint_url)
    planned = make_plan(question, access)
    assert {plan.action for plan in planned.changeset.plans} == {Action.CREATE}
    assert carry_out(planned, patience=world.clock.patience()).exit_code == 0
    again = make_plan(question, access)
    assert {plan.action for plan in again.changeset.plans} == {Action.NONE}
    world.faults.forget()
    assert carry_out(again).buckets == ()
    assert world.faults.made() == []


def test_moto_without_the_layer_converges_too(plain_moto: World) -> None:
    """It gives a new bucket nothing, where AWS gives documents of its own; and it enforces policies by itself."""
    spec = EVERY_ASPECT | {"policy": "absent", "public_access_block": {"block_public_acls": False}}
    assert plain_moto.make(spec).exit_code == 0
    assert not plain_moto.plan(spec).changes
    assert plain_moto.s3.get_public_access_block(Bucket="lake-one")["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
