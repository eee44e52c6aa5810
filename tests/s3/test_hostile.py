"""The laws over a hostile S3 (`tests.s3.hostile`): nothing it does makes a plan say more than there is to do.

Law 5: plan, apply, and the plan of two minutes later is empty. Law 6: what the spec leaves alone is as it was.
Laws 1 and 3 through the server: however a document is spelled by a GET, it is read as the same. RECONCILE_EXAMPLES
asks for more examples of each.
"""

import os
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.calls import AT_APPLY
from reconciler.aspects.managed import Absent
from reconciler.aspects.markers import KeptFromLive, marker_of
from reconciler.aspects.tags import is_ignored
from reconciler.bucket import BucketSpec
from reconciler.planning.digests import digest_of_live
from reconciler.planning.live import Unreadable
from reconciler.s3.errors import code_of
from reconciler.s3.reader import Reader, document_of
from reconciler.sandbox.documents import tag_set
from reconciler.sandbox.messages import Answer
from tests.aspects.strategies import BUCKET, IGNORED, LIVE
from tests.s3.converging import buckets, converges, give, meets_a_block, refused, spec_of, specs
from tests.s3.hostile import HostileWorld
from tests.s3.world import outcomes

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "8"))
pytestmark = pytest.mark.timeout(120 + EXAMPLES)
every_aspect = pytest.mark.parametrize("aspect", BucketSpec.aspects())
with_a_hostile_server = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
seeds = st.integers(0, 2**32)


@pytest.fixture(autouse=True)
def an_empty_world(hostile: HostileWorld) -> None:
    """What the last example left behind is of no use to the next test."""


# ── law 5 ────────────────────────────────────────────────────────────────────────────────────────────


@with_a_hostile_server
@given(spec=specs(), live=buckets(), seed=seeds)
def test_law_5_what_was_applied_needs_no_more_changes(
    rough: HostileWorld, spec: BucketSpec, live: Any, seed: int
) -> None:
    converges_roughly(rough, spec, live, seed)


@every_aspect
@with_a_hostile_server
@given(data=st.data(), seed=seeds)
def test_law_5_every_aspect_converges_by_itself(
    rough: HostileWorld, aspect: str, data: st.DataObject, seed: int
) -> None:
    live = data.draw(st.none() | LIVE[aspect].map(lambda one: {aspect: one}))
    converges_roughly(rough, data.draw(specs((aspect,))), live, seed)


def converges_roughly(world: HostileWorld, spec: BucketSpec, live: Mapping[str, Aspect] | None, seed: int) -> None:
    """Converges; and not because nothing could be read."""
    world.hostility.seed = seed
    converges(world, spec, live)
    if not refused(spec):
        assert [blocker for blocker in world.plan(spec).blockers if "cannot be read" in blocker.why] == []


# ── law 6 ────────────────────────────────────────────────────────────────────────────────────────────


def documents(world: HostileWorld) -> dict[str, Aspect | None]:
    """Every document of the bucket, as somebody reads it whom the hostile S3 leaves in peace."""
    return {name: document(world, kind) for name, kind in BucketSpec.aspects().items()}


def document(world: HostileWorld, kind: type[Aspect]) -> Aspect | None:
    params = kind.get_params(None)
    try:
        answer = getattr(world.s3, kind.api.get)(Bucket=BUCKET, **params)
    except ClientError as error:
        if code_of(error) in kind.api.absent:
            return None
        raise
    return kind.from_response({**params, **document_of(answer)})


def plant_tags_of_aws(world: HostileWorld) -> None:
    """CloudFormation tags its buckets, and nobody else may."""
    memory = world.layer.memory[BUCKET]
    tags = memory.tags() | {"aws:cloudformation:stack-name": "lake"}
    memory.documents["tagging"] = Answer(
        headers={"content-type": "application/xml"}, body=tag_set([*map(tag, tags.items())])
    )


def tag(item: tuple[str, str]) -> Element:
    element = Element("Tag")
    SubElement(element, "Key").text, SubElement(element, "Value").text = item
    return element


def left_alone(spec: BucketSpec, found: Mapping[str, Aspect | None]) -> dict[str, Any]:
    """What a spec says nothing about, of what was found."""
    kept: dict[str, Any] = {}
    for name, before in found.items():
        wanted = getattr(spec, name)
        if wanted is None:
            kept[name] = before
        elif name == "tags" and before is not None:
            kept[name] = {key: value for key, value in before.root.items() if is_foreign(key)}  # type: ignore[attr-defined]
        elif not isinstance(wanted, Absent):
            marks = {field: marker_of(info, KeptFromLive) for field, info in type(wanted).model_fields.items()}
            left_out = [field for field in marks if marks[field] and field != "etag" and getattr(wanted, field) is None]
            for field in left_out:  # no document at all says what its defaults say
                value = marks[field].default if before is None else getattr(before, field)
                kept |= {(name, field): value} if value not in (None, AT_APPLY) else {}
    return kept


def is_foreign(key: str) -> bool:
    return is_ignored(key, IGNORED)


@with_a_hostile_server
@given(spec=specs(), live=buckets().filter(lambda one: one is not None), seed=seeds)
def test_law_6_what_a_spec_leaves_alone_stays(rough: HostileWorld, spec: BucketSpec, live: Any, seed: int) -> None:
    stays(rough, spec, live, seed)


@every_aspect
@with_a_hostile_server
@given(data=st.data(), seed=seeds)
def test_law_6_what_one_aspect_leaves_alone_stays(
    rough: HostileWorld, aspect: str, data: st.DataObject, seed: int
) -> None:
    stays(rough, data.draw(specs((aspect,))), {aspect: data.draw(LIVE[aspect])}, seed)


def stays(rough: HostileWorld, spec: BucketSpec, live: Mapping[str, Aspect], seed: int) -> None:
    """What the spec says nothing about is as it was before the apply."""
    rough.hostility.seed = seed
    rough.reset()
    give(rough, live)
    plant_tags_of_aws(rough)
    if refused(spec):
        return
    before = left_alone(spec, documents(rough))
    applied = rough.apply(rough.plan(spec))
    told = {name: (outcome.result.value, outcome.why) for name, outcome in outcomes(applied).items()}
    assert meets_a_block(told) or set(told.values()) <= {("applied", "")}, told
    after = left_alone(spec, documents(rough))
    assert {what: after.get(what, "gone") for what in before} == before


# ── laws 1 and 3 ─────────────────────────────────────────────────────────────────────────────────────


@every_aspect
@with_a_hostile_server
@given(data=st.data(), seed=seeds)
def test_laws_1_and_3_a_document_is_read_as_the_same_however_it_is_spelled(
    rough: HostileWorld, aspect: str, data: st.DataObject, seed: int
) -> None:
    rough.hostility.seed = seed
    rough.reset()
    kind = BucketSpec.aspects()[aspect]
    give(rough, {aspect: data.draw(LIVE[aspect])})
    peaceful = document(rough, kind)
    spec, reader = spec_of({aspect: peaceful}), Reader(rough.clients, rough.identity)
    for _ in range(4):
        read = reader.read_aspect(spec, aspect, "us-east-1")
        assert not isinstance(read, Unreadable), read
        assert read == peaceful
        assert digest_of_live(read) == digest_of_live(peaceful)
    event(f"absent: {peaceful is None}")
