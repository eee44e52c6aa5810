"""A rollback brings back what was there: whatever was live, whatever was applied, wherever the run stopped."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from reconciler.bucket import BucketSpec
from reconciler.journal.files import all_runs, files_in
from reconciler.journal.lines import run_in
from reconciler.journal.writing import About, Journal
from reconciler.planning.changeset import Plan
from reconciler.planning.live import LiveBucket, Unreadable
from reconciler.planning.rolling_back import Rollback, rolled_back
from reconciler.planning.runs import PastRun
from reconciler.planning.taking_over import everything_of
from reconciler.planning.unfinished import is_now
from reconciler.specs.loader import load
from reconciler.specs.writing import as_read, spec_file
from tests.aspects.strategies import BUCKET
from tests.s3.converging import buckets, give, refused, specs
from tests.s3.world import NOON, World, outcomes

ABOUT = About("0", "123456789012", None, "us-east-1", "0" * 64, ("specs",), (), {}, (BUCKET,))
with_a_server = settings(max_examples=settings().max_examples, suppress_health_check=list(HealthCheck))


def everything(world: World) -> LiveBucket:
    return world.reader.read([everything_of(BUCKET)])[BUCKET]


def journalled(world: World, plan: Plan, folder: Path) -> PastRun | None:
    """The run that carries out this plan, as its journal tells of it."""
    journal = Journal(folder, ABOUT, pytest.fail, lambda: NOON)
    applied = world.apply(plan, recorder=journal)
    journal.end(applied.exit_code)
    return next(all_runs(folder), None)


def cut_off(folder: Path) -> Iterator[PastRun]:
    """The same run, killed after some of its calls; the last of them was made, and nobody saw it answered."""
    [file] = files_in(folder)
    lines = file.read_bytes().splitlines(keepends=True)
    for index, line in enumerate(lines):
        if b'"record": "intent"' in line:
            run = run_in(b"".join(lines[: index + 1]))
            assert run is not None
            yield run


def loaded(found: Rollback, folder: Path) -> BucketSpec:
    """What a person would apply."""
    file = folder / "back.yaml"
    file.write_text(spec_file(found.buckets, remarks=["It takes back."]), encoding="utf-8")
    [declared] = load([str(file)]).buckets
    return declared.spec


@with_a_server
@given(spec=specs(), live=buckets().filter(lambda live: live is not None))
def test_law_a_rollback_brings_back_what_a_run_wrote(faithful: World, spec: BucketSpec, live: Any) -> None:
    faithful.reset()
    give(faithful, live)
    assume(not refused(spec))
    before = everything(faithful)
    with TemporaryDirectory() as place:
        run = journalled(faithful, faithful.plan(spec), Path(place) / "runs")
        if run is None:
            return
        found = rolled_back(run, {BUCKET: everything(faithful)}, faithful.identity, as_read)
        assert found.created == ()
        assert found.moved == ()
        for cut in cut_off(Path(place) / "runs"):
            part = rolled_back(cut, {BUCKET: everything(faithful)}, faithful.identity, as_read)
            assert [bucket.fields.keys() <= found.buckets[0].fields.keys() for bucket in part.buckets] in ([], [True])
        if not found.buckets:
            return
        [taken] = found.buckets
        back = loaded(found, Path(place))
    plan = faithful.plan(back)
    told = outcomes(faithful.apply(plan))
    assume(not any("BlockPublicPolicy" in outcome.why or "public" in outcome.why for outcome in told.values()))
    assert {outcome.result.value for outcome in told.values()} <= {"applied"}, (told, taken)
    blocked = {blocker.aspect for blocker in plan.blockers}
    now = everything(faithful)
    wrote = {call.intent.aspect for call in run.calls if call.has_worked}
    for aspect in BucketSpec.aspects():
        old, new = before.aspects[aspect], now.aspects[aspect]
        if aspect in blocked or aspect in taken.remarks or isinstance(old, Unreadable) or isinstance(new, Unreadable):
            continue
        assert is_now(aspect, old, new, plan.around), (aspect, aspect in wrote, old, new, taken)
