"""Law 5: plan, apply, and the next plan is empty; whatever the spec and whatever was there before.

Specs and live documents are those of the laws of the aspects (`tests.aspects.strategies`). Against moto behind
the layer that makes it answer as AWS does. RECONCILE_EXAMPLES asks for more examples.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.managed import ABSENT
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Action
from reconciler.run import Access, Question, carry_out, make_plan
from tests.aspects.strategies import BUCKET, IGNORED, LIVE, SPECS
from tests.s3.lakes import EVERY_ASPECT
from tests.s3.world import World, outcomes

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "25"))
ROOT = Path(__file__).parents[2]

every_aspect = pytest.mark.parametrize("aspect", BucketSpec.aspects())
with_a_server = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


def may_be_absent(name: str) -> bool:
    return not list(BucketSpec.aspects()[name].refusals_of_absence())


@st.composite
def specs(draw: DrawFn, names: tuple[str, ...] | None = None) -> BucketSpec:
    """A spec with some aspects, or with these, that S3 would not refuse."""
    chosen = names or draw(st.lists(st.sampled_from(sorted(SPECS)), unique=True, min_size=1))
    aspects = {name: draw(SPECS[name] | st.just(ABSENT) if may_be_absent(name) else SPECS[name]) for name in chosen}
    return spec_of({name: value for name, value in aspects.items() if name in BucketSpec.aspects()})


def spec_of(aspects: Mapping[str, Any]) -> BucketSpec:
    return BucketSpec.model_construct(name=BUCKET, region="us-east-1", ignore_tags=IGNORED, **aspects)


@st.composite
def buckets(draw: DrawFn) -> dict[str, Aspect] | None:
    """What was there before: no bucket, or one that holds any of the documents."""
    if draw(st.booleans()):
        return None
    chosen = draw(st.lists(st.sampled_from(sorted(BucketSpec.aspects())), unique=True))
    return {name: draw(LIVE[name]) for name in chosen}


def give(world: World, live: Mapping[str, Aspect]) -> None:
    """Have a bucket that holds these documents, as far as S3 takes them."""
    world.s3.create_bucket(Bucket=BUCKET)
    world.s3.delete_public_access_block(Bucket=BUCKET)
    for name, document in sorted(live.items(), key=lambda one: one[0] == "public_access_block"):  # after the policy
        kind = BucketSpec.aspects()[name]
        if name == "tags":  # AWS's own tags come from nobody's call
            meant = {key: value for key, value in document.root.items() if not key.startswith("aws:")}  # type: ignore[attr-defined]
            document = kind.model_validate(meant)
        if document.means_nothing or list(kind.obstacles(None, document)):
            continue
        for call in kind.calls(None, document):
            getattr(world.s3, call.operation)(Bucket=BUCKET, **call.params)


def refused(spec: BucketSpec) -> bool:
    """Whether S3 would refuse it: the loader has told the person before anybody plans."""
    return any(refusal.severity == "error" for refusal in spec.refusals())


def converges(world: World, spec: BucketSpec, live: Mapping[str, Aspect] | None) -> None:
    world.reset()
    if live is not None:
        give(world, live)
    if refused(spec):
        return
    first = world.plan(spec)
    applied = world.apply(first)
    told = {name: (outcome.result.value, outcome.why) for name, outcome in outcomes(applied).items()}
    if meets_a_block(told):
        return
    assert set(told.values()) <= {("applied", "")}, told

    second = world.plan(spec)
    assert second.changes == ()
    assert second.blockers == first.blockers
    world.faults.forget()
    world.apply(second)
    assert world.faults.writes() == []


def meets_a_block(told: Mapping[str, tuple[str, str]]) -> bool:
    """S3 refuses a public policy while a block that the spec leaves alone is on; the person is told."""
    end, why = told.get("policy", ("", ""))
    return end == "failed" and "prevented by the BlockPublicPolicy" in why


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
