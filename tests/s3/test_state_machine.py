"""Applies of any spec to any bucket, while faults strike and somebody else writes to it: nothing is lost that way.

A machine of Hypothesis. Each step is an apply with faults and with writes of somebody else in the middle of it, or a
write of somebody else in between; at the end, nothing disturbs the last apply, and the plan after it is empty. What
fails is shrunk to the fewest and smallest steps that fail. RECONCILE_EXAMPLES asks for more examples.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore import xform_name
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET as THE_BUCKET
from reconciler.planning.digests import digest_of_live
from reconciler.planning.exposure import DOORS, Doors, exposure_of
from reconciler.planning.live import Unreadable
from reconciler.planning.outcomes import Result
from reconciler.sandbox.behaviours import AS_AWS_DOES, Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Request
from reconciler.sandbox.server import Moto
from tests.aspects.strategies import BUCKET, LIVE
from tests.s3.converging import buckets, give, meets_a_block, refused, specs
from tests.s3.fault_engine import FAULTS, Attempt, one_read_after_the_other
from tests.s3.faults import READS, Faults, is_the_meddler, operation_of
from tests.s3.watched import MANIFEST, Seen, Watch, aspects_by_subresource, changed_documents, look, losses
from tests.s3.world import Aws, World, world_of

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "10"))
STEPS = 5
pytestmark = pytest.mark.timeout(300 + 2 * EXAMPLES)
STRIKING = [name for name in FAULTS if "stale" not in name and "Ctrl-C" not in name]
"""Who reads what was there before cannot know what somebody else has written since."""
BY_SUBRESOURCE = {name: subresource for subresource, name in aspects_by_subresource().items()}
GROUND = {**{kind.api.put: name for name, kind in BucketSpec.aspects().items()}} | {
    kind.api.delete: name for name, kind in BucketSpec.aspects().items() if kind.api.delete
}
"""Which aspect a call is about."""


@st.composite
def writings(draw: st.DrawFn) -> tuple[str, Aspect | None]:
    """A document that somebody else writes, or takes away."""
    name = draw(st.sampled_from(sorted(BY_SUBRESOURCE)))
    return name, draw(LIVE[name])


@dataclass
class SecondWriter:
    """Writes into the bucket right before a read: between a look and its write nobody can help it."""

    watch: Watch
    todo: list[tuple[int, str, Answer | None]] = field(default_factory=list)
    number: int = 0
    wrote: list[tuple[str, Seen]] = field(default_factory=list)

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        if not is_the_meddler(request) and request.bucket == BUCKET:
            self.number += 1
            if operation_of(request).startswith(READS):
                due = [one for one in self.todo if one[0] <= self.number]
                self.todo = [one for one in self.todo if one[0] > self.number]
                for _, name, answer in due:
                    self.write(memory, name, answer)
        return ask(request)

    def write(self, memory: Memory, name: str, answer: Answer | None) -> None:
        if BUCKET not in memory:
            return
        if answer is None:
            memory[BUCKET].documents.pop(BY_SUBRESOURCE[name], None)
        else:
            memory[BUCKET].documents[BY_SUBRESOURCE[name]] = answer
        seen = look(memory, BUCKET)
        assert seen is not None
        if not self.watch.moments:
            self.watch.moments.append(("the beginning", seen))
        self.watch.moments.append((f"somebody else: {name}", seen))
        self.wrote.append((name, seen))


@dataclass
class Scene:
    """A world with somebody else in it."""

    world: World
    watch: Watch
    second: SecondWriter

    def documents_of(self, writing: Mapping[str, Aspect]) -> dict[str, Answer | None]:
        """How S3 keeps these documents, where it takes them."""
        self.world.reset()
        give(self.world, writing)
        kept = self.world.layer.memory[BUCKET].documents
        return {name: kept.get(BY_SUBRESOURCE[name]) for name in writing}

    def now(self) -> Seen | None:
        return look(self.world.layer.memory, BUCKET)


@pytest.fixture
def scene(moto: Moto, no_pauses: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    faults, watch = Faults(), Watch()
    second = SecondWriter(watch)
    with (
        one_read_after_the_other(monkeypatch),
        world_of(moto, FaithfulS3(moto, (second, faults, watch, *AS_AWS_DOES)), faults) as world,
    ):
        Aws(world.layer).serve(world)
        yield Scene(world, watch, second)
        world.reset()


def machine(scene: Scene) -> type[RuleBasedStateMachine]:
    """The machine in this scene."""

    class Bucket(RuleBasedStateMachine):
        @initialize(live=buckets(), theirs=st.lists(writings(), max_size=4))
        def is_there(self, live: Mapping[str, Aspect] | None, theirs: list[tuple[str, Aspect]]) -> None:
            self.answers = [(name, scene.documents_of({name: document})[name]) for name, document in theirs]
            scene.world.reset()
            if live is not None:
                give(scene.world, live)
            scene.watch.begin(BUCKET)
            scene.second.todo, scene.second.wrote = [], []
            self.spec: BucketSpec | None = None

        @rule(which=st.integers(0, 3))
        def somebody_writes(self, which: int) -> None:
            if which < len(self.answers):
                scene.second.write(scene.world.layer.memory, *self.answers[which])

        @rule(
            spec=specs(),
            faults=st.lists(st.tuples(st.sampled_from(STRIKING), st.integers(0, 40)), max_size=2),
            writes=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3)), max_size=2),
        )
        def is_applied(self, spec: BucketSpec, faults: list[tuple[str, int]], writes: list[tuple[int, int]]) -> None:
            if refused(spec):
                return
            self.spec = spec
            scene.second.todo = [(when, *self.answers[which]) for when, which in writes if which < len(self.answers)]
            run(scene, spec, faults)

        def teardown(self) -> None:
            if getattr(self, "spec", None) is not None:
                assert self.spec is not None
                converges_now(scene, self.spec)

    return Bucket


def run(scene: Scene, spec: BucketSpec, faults: list[tuple[str, int]]) -> Attempt:
    """One apply, and what must hold of each of its writes."""
    scene.world.faults.rules.clear()
    scene.watch.begin(BUCKET)
    scene.second.number = 0
    scene.second.wrote.clear()
    start = scene.now()
    with TemporaryDirectory() as folder:
        attempt = Attempt(scene.world, spec, Path(folder))
        for name, number in faults:
            FAULTS[name](scene.world, attempt, number)
        attempt.go()
    scene.world.faults.rules.clear()
    scene.second.todo.clear()
    assert scene.watch.problems == []
    touches_only_what_the_spec_names(scene, spec)
    if start is not None:
        loses_nobodys_write(scene, attempt)
    for outcome in attempt.applied.outcomes() if attempt.applied else ():
        assert "this should not have happened" not in outcome.why
    stays_within_bounds(scene, start, attempt)
    return attempt


def pairs(scene: Scene) -> Iterator[tuple[str, Seen | None, Seen | None]]:
    """Each moment with the one before it."""
    moments = scene.watch.moments
    for (_, before), (operation, after) in pairwise(moments):
        yield operation, before, after


def touches_only_what_the_spec_names(scene: Scene, spec: BucketSpec) -> None:
    """A write changes the document that it is about, which the spec names, and no object."""
    for operation, before, after in pairs(scene):
        if operation.startswith("somebody else") or operation == "CreateBucket":
            continue
        about = GROUND[xform_name(operation)]
        assert about in spec.declared(), operation
        assert changed_documents(before, after) <= {about}, operation
        assert (before.objects if before else None) == (after.objects if after else None)


def loses_nobodys_write(scene: Scene, attempt: Attempt) -> None:
    """What is written over is what was reviewed, or what this run itself has left."""
    ours: dict[str, set[str]] = {}
    for operation, before, after in pairs(scene):
        if operation.startswith("somebody else: "):
            continue
        assert attempt.plan is not None
        assert before is not None
        assert after is not None
        about = GROUND[xform_name(operation)]
        was = before.documents[about]
        found = before.aspects.get(about)
        assert not isinstance(found, Unreadable)
        reviewed = about == MANIFEST or digest_of_live(found) == attempt.plan.live[about]
        own = was in ours.get(about, set()) or was == after.documents[about]
        assert reviewed or own, f"{operation} has written over what somebody else wrote: {was}"
        ours.setdefault(about, set()).add(after.documents[about])


def stays_within_bounds(scene: Scene, start: Seen | None, attempt: Attempt) -> None:
    """Nobody gets in, and nothing is lost, but as it was before, as it is asked for, or as somebody else has it."""
    moments = [seen for _, seen in scene.watch.moments if seen is not None]
    if not moments:
        return
    first = start or moments[0]
    asked = {change.aspect: change.after for change in attempt.plan.changes} if attempt.plan else {}
    after = {**first.aspects, **{name: document for name, document in asked.items() if name in BY_SUBRESOURCE}}
    bearable = [way for aspects in door_states(first, after, scene) for way in aspects.ways]
    for operation, seen in scene.watch.moments:
        if seen is None or operation.startswith("somebody else"):
            continue
        more = [way.words for way in seen.exposure.ways if not way.is_among(bearable)]
        assert more == [], (operation, more)
    if not scene.second.wrote:
        target = Seen({}, after, first.acl, first.objects)
        had = [*losses(first), *losses(target)]
        kept = first.aspects["versioning"] is not None
        for operation, seen in scene.watch.moments:
            for loss in losses(seen) if seen else ():
                assert loss.is_bearable(had) or (loss.what == "old" and not kept), (operation, loss)


def door_states(first: Seen, after: Mapping[str, Any], scene: Scene) -> Iterator[Any]:
    """Before, afterwards, and whatever somebody else has made of it: their document beside any of the others."""
    for aspects in (first.aspects, after):
        yield exposure_of(doors(first, {name: aspects.get(name) for name in DOORS}))
    for written, seen in scene.second.wrote:
        yield seen.exposure
        if written in DOORS:
            others = [name for name in DOORS if name != written]
            values = [[first.aspects.get(name), after.get(name), seen.aspects.get(name)] for name in others]
            for chosen in product(*values):
                mixed = dict(zip(others, chosen, strict=True)) | {written: seen.aspects.get(written)}
                yield exposure_of(doors(first, mixed))


def doors(first: Seen, aspects: Mapping[str, Any]) -> Doors:
    return Doors(**aspects, acl=first.acl, has_objects=bool(first.objects))


def converges_now(scene: Scene, spec: BucketSpec) -> None:
    """Nothing disturbs this apply: all is done that is not blocked, and then there is nothing to do."""
    last = run(scene, spec, [])
    assert last.applied is not None, last.ended_by
    told = {one.change.aspect: (one.result.value, one.why) for one in last.applied.outcomes()}
    if meets_a_block(told):
        return
    assert {result for result, _ in told.values()} <= {Result.APPLIED.value}, told
    then = scene.world.plan(spec)
    assert last.plan is not None
    assert then.changes == ()
    if any(change.aspect == THE_BUCKET for change in last.plan.changes):
        return  # what blocks something in a new bucket may be another thing than what does in one that exists
    assert then.blockers == last.plan.blockers


def test_law_whatever_happens_meanwhile_nothing_is_lost_and_the_next_apply_finishes(scene: Scene) -> None:
    run_state_machine_as_test(
        machine(scene),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
