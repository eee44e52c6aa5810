"""Every fault at every call: an apply that one of them meets, the apply after it, and what must hold of both.

One bucket has one lane and is read one document after the other here, so the calls of an apply always come in the
same order, and each of them has a number. A fault strikes at a number; then somebody logs in again, so to say, and
the next run is one that nothing disturbs.
"""

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from botocore import xform_name

from reconciler.bucket import BucketSpec
from reconciler.errors import ReconcileError
from reconciler.journal.files import all_runs
from reconciler.journal.writing import About, Journal
from reconciler.planning.changeset import BUCKET, Plan
from reconciler.planning.outcomes import Applied, Result
from reconciler.planning.runs import PastRun
from reconciler.planning.unfinished import CameOf, came_of, unfinished
from reconciler.s3.executor import Executor
from reconciler.sandbox.behaviours import Ask, Behaviour
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Error, S3Request
from reconciler.specs.loader import load
from tests.s3.faults import READS, Rule, error, is_done_and_lost, never_arrives, operation_of
from tests.s3.watched import MANIFEST, Checkpoint, Ends, Seen, Watch, changed_documents, in_short
from tests.s3.world import NOON, World

# ── what is applied ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Representative:
    """One apply that stands for many: what was there, and what is to be."""

    name: str
    after: BucketSpec
    before: BucketSpec | None = None
    beside: tuple[Mapping[str, Mapping[str, Any]], ...] = ()
    aws_tags: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    written: Any = None
    """The spec as a person writes it."""

    def __str__(self) -> str:
        return self.name

    def set_up(self, world: World) -> None:
        """Have the bucket as it was before, with what others have put beside."""
        world.reset()
        if self.before is None:
            return
        first = world.apply(*world.plans(self.before.model_copy(update={"ignore_tags": ()})))
        assert first.exit_code == 0, [outcome.why for outcome in first.outcomes()]
        for call in self.beside:
            for operation, params in call.items():
                getattr(world.s3, operation)(Bucket=self.before.name, **params)
        if self.aws_tags:
            plant_tags(world, self.before.name, self.aws_tags)


def plant_tags(world: World, bucket: str, tags: Mapping[str, str]) -> None:
    """Tags that nobody's call could write."""
    memory = world.layer.memory[bucket]
    more = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags.items())
    was = memory.documents["tagging"]
    memory.documents["tagging"] = replace(was, body=was.body.replace(b"</TagSet>", f"{more}</TagSet>".encode()))


@cache
def representatives() -> tuple[Representative, ...]:
    rows = yaml.safe_load(Path(__file__).with_name("applies.yaml").read_text())
    return tuple(representative(**row) for row in rows)


def representative(name: str, file: str | None = None, after: Any = None, before: Any = None, **more: Any) -> Any:
    if file is not None:
        [declared] = load([str(Path(__file__).parents[2] / file)]).buckets
        return Representative(name, declared.spec, file=file)
    was = BucketSpec.model_validate(before) if before else None
    beside = tuple(more.pop("beside", ()))
    return Representative(name, BucketSpec.model_validate(after), was, beside, written=after, **more)


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Stale:
    """Every read after a write answers, so many times, what it would have answered before it."""

    reads: float
    before: dict[tuple[str, str | None], list[Any]] = field(default_factory=dict)

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        if request.key or not request.bucket:
            return ask(request)  # objects and listings are consistent
        about = (request.bucket, request.subresource)
        if operation_of(request).startswith(READS):
            was = self.before.get(about) or self.before.get((request.bucket, "born"), [None, 0])
            if was[1] <= 0:
                return ask(request)
            was[1] -= 1
            if isinstance(was[0], S3Error):
                raise was[0]
            return was[0]  # type: ignore[no-any-return]
        if request.creates_a_bucket:
            self.before[request.bucket, None] = [Answer(404), self.reads]
            return ask(request)
        if request.subresource in (None, "delete"):
            return ask(request)
        try:
            seen: Any = ask(replace(request.about(request.subresource or "", method="GET"), headers={}))
        except S3Error as absent:
            seen = absent
        self.before[about] = [seen, self.reads]
        return ask(request)


class CtrlC:
    """Somebody presses Ctrl-C, once or twice, while a call is under way; it is answered when they have been heard."""

    def __init__(self, attempt: "Attempt", times: int) -> None:
        self.attempt = attempt
        self.times = times

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        main = threading.main_thread().ident
        assert main is not None
        executor = self.attempt.executor
        for press in range(self.times):
            signal.pthread_kill(main, signal.SIGINT)
            if executor is None:
                break  # it is still planning, and ends
            assert executor.stop.wait(20)
            while press and not executor.left:
                threading.Event().wait(0.001)
        return ask(request)


Arm = Callable[[World, "Attempt", int], None]


def once(act: Behaviour) -> Arm:
    """The first try of one call; botocore may repeat it."""
    return lambda world, attempt, number: world.faults.on_call(number, act, whole=False)


def every_try(act: Behaviour) -> Arm:
    """All tries of one call: more than botocore makes."""
    return lambda world, attempt, number: world.faults.on_call(number, act)


def from_then_on(act: Callable[[], Behaviour]) -> Arm:
    """That call and all that come after it."""
    return lambda world, attempt, number: world.faults.rules.append(Rule(None, act(), None, inf, number))


def first_lost_then_gone() -> Behaviour:
    """The first try is done and not answered; no later one arrives."""
    tries = []

    def act(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        tries.append(request)
        return (is_done_and_lost if len(tries) == 1 else never_arrives)(request, memory, ask)

    return act


FAULTS: Mapping[str, Arm] = {
    "500": once(error("InternalError", 500)),
    "500 to every try": every_try(error("InternalError", 500)),
    "503 to every try": every_try(error("SlowDown", 503)),
    "409": once(error("OperationAborted", 409)),
    "403": every_try(error("AccessDenied", 403, "Access Denied")),
    "connection reset before": once(never_arrives),
    "connection reset before every try": every_try(never_arrives),
    "done and not answered": once(is_done_and_lost),
    "done and not answered, every try": every_try(is_done_and_lost),
    "done and not answered, then out of reach": lambda world, attempt, number: world.faults.on_call(
        number, first_lost_then_gone()
    ),
    "token expired": from_then_on(lambda: error("ExpiredToken", 400)),
    "out of reach": from_then_on(lambda: never_arrives),
    "done and not answered, then out of reach for good": from_then_on(first_lost_then_gone),
    "stale reads": from_then_on(lambda: Stale(3)),
    "stale reads for an hour": from_then_on(lambda: Stale(inf)),
    "Ctrl-C": lambda world, attempt, number: world.faults.on_call(number, CtrlC(attempt, 1), whole=False),
    "Ctrl-C twice": lambda world, attempt, number: world.faults.on_call(number, CtrlC(attempt, 2), whole=False),
}


# ── one case ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Attempt:
    """One run: a plan and its apply, with a journal; it may end in any way."""

    world: World
    spec: BucketSpec
    folder: Path
    at: datetime = NOON
    plan: Plan | None = None
    applied: Applied | None = None
    ended_by: BaseException | None = None
    executor: Executor | None = None

    def go(self) -> "Attempt":
        try:
            self.plan = self.world.plan(self.spec)
            about = About("0", None, None, None, "", (), (), {}, (self.spec.name,))
            journal = Journal(self.folder, about, warn=complain, now=lambda: self.at)
            self.executor = self.world.executor(recorder=journal)
            self.applied = self.executor.apply([self.plan])
            wait_for_lanes()
            if not self.applied.at_once:
                journal.end(int(self.applied.exit_code))
        except (ReconcileError, KeyboardInterrupt) as end:
            self.ended_by = end
        return self


def complain(message: str) -> None:
    raise AssertionError(message)


def wait_for_lanes() -> None:
    """What nobody waits for any more would end with its process; here it ends before the next run begins."""
    for thread in threading.enumerate():
        if thread.name.startswith("apply-"):
            thread.join(20)


@dataclass
class Stage:
    """A world with one representative apply in it, as often as one likes."""

    world: World
    watch: Watch
    apply: Representative
    start: Checkpoint
    ends: Ends
    calls: tuple[str, ...]
    """The calls of an apply that nothing disturbs, in order."""

    @classmethod
    def of(cls, world: World, watch: Watch, apply: Representative) -> "Stage":
        apply.set_up(world)
        stage = cls(world, watch, apply, Checkpoint.of(world), Ends(None, None, {}), ())
        stage.calls = stage.undisturbed()
        stage.ends = Ends.of(watch.moments, empties=apply.after.empty_first)
        assert not stage.ends.wrong_with(watch.moments), stage.ends.wrong_with(watch.moments)
        stage.leaves_alone_what_the_spec_does_not_name()
        if apply.before is None:  # whoever resumes meets a bucket as S3 makes it
            stage.undisturbed(born=True)
            stage.ends.allow(watch.moments)
        return stage

    def leaves_alone_what_the_spec_does_not_name(self) -> None:
        """Of a bucket that exists: each other document says one thing from beginning to end, and so do others' tags."""
        if self.ends.before is None:
            return
        named = {*self.apply.after.reading.declared()} | ({MANIFEST} if self.apply.after.is_absent else set())
        changed = {name for name, texts in self.ends.between.items() if len(texts) > 1} - named
        assert changed == set()
        for key, value in self.apply.aws_tags.items():
            for text in self.ends.between["tags"]:
                assert json.loads(text).get(key) == value

    def undisturbed(self, *, born: bool = False) -> tuple[str, ...]:
        """Apply it without any fault; the calls of that."""
        with TemporaryDirectory() as name:
            run = self.begin(Path(name))
            if born:
                self.world.s3.create_bucket(Bucket=self.apply.after.name)
            run.go()
            assert run.applied is not None
            assert run.applied.exit_code == 0, [outcome.why for outcome in run.applied.outcomes()]
            assert not self.watch.problems, self.watch.problems
            return tuple(self.world.faults.calls())

    def begin(self, folder: Path) -> Attempt:
        """The bucket as it was before, and a run that has not begun."""
        self.start.restore(self.world)
        self.watch.begin(self.apply.after.name)
        self.watch.before_a_write = Foretold(folder)
        return Attempt(self.world, self.apply.after, folder)

    def case(self, fault: str, number: int) -> list[str]:
        """One fault at one call, the run that it meets, and the runs after it: what is wrong with any of that."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            first = self.begin(folder)
            FAULTS[fault](self.world, first, number)
            first.go()
            self.world.faults.rules.clear()
            self.watch.before_a_write = Foretold(folder)
            wrong = [f"first run: {problem}" for problem in self.wrong_with_run(first)]
            wrong += self.wrong_with_journal(folder)
            second = Attempt(self.world, self.apply.after, folder, NOON + timedelta(minutes=5)).go()
            wrong += self.wrong_with_second(second)
            wrong += self.ends.wrong_with(self.watch.moments)
            return wrong + self.watch.problems

    # ── what must hold ───────────────────────────────────────────────────────────────────────────────

    def now(self) -> Seen | None:
        return self.watch.moments[-1][1] if self.watch.moments else self.ends.before

    def wrong_with_run(self, run: Attempt) -> Iterator[str]:
        """What a run tells, against what the bucket shows."""
        if run.applied is None:
            if self.watch.moments:
                yield f"it ended with {run.ended_by!r} and had written"
            return
        seen, before = self.now(), self.ends.before
        for outcome in run.applied.outcomes():
            aspect, told = outcome.change.aspect, outcome.result
            if "this should not have happened" in outcome.why:
                yield outcome.why
            if aspect == BUCKET:
                continue
            text = seen.documents.get(aspect) if seen else None
            new = self.ends.after.documents.get(aspect) if self.ends.after else None
            if told in (Result.APPLIED, Result.UNVERIFIED) and text != new:
                yield f"{aspect} is told as {told}, and is {text}"
            if told is Result.SKIPPED and before and text not in self.ends.between[aspect]:
                yield f"{aspect} is told as skipped, and is {text}"

    def wrong_with_second(self, second: Attempt) -> Iterator[str]:
        """The run that nothing disturbs gets everything done, and the next plan is empty."""
        if second.applied is None:
            yield f"the second run ended with {second.ended_by!r}"
            return
        if second.applied.exit_code != 0:
            told = [(one.change.aspect, one.result.value, one.why) for one in second.applied.outcomes()]
            blocked = second.plan.blockers if second.plan else ()
            yield f"the second run ended with {second.applied.exit_code}: {told} {blocked}"
        yield from self.wrong_with_the_end()

    def wrong_with_the_end(self) -> Iterator[str]:
        """All is done, and as it would have been without a fault."""
        last = self.world.plan(self.apply.after)
        if last.changes or last.blockers:
            yield f"the plan after it is not empty: {[change.aspect for change in last.changes]} {last.blockers}"
        seen, after = self.now(), self.ends.after
        if (seen.documents if seen else None) != (after.documents if after else None):
            yield f"it does not end as it would have without a fault: {in_short(seen)}"

    def wrong_with_journal(self, folder: Path) -> Iterator[str]:
        """Every difference has an intent; every call is answered, or the bucket shows what came of it."""
        runs = list(all_runs(folder))
        intents = [call for run in runs for call in run.calls]
        seen, before = self.now(), self.ends.before
        changed = changed_documents(before, seen)
        missing = changed - {call.intent.aspect for call in intents}
        if missing and not any(call.intent.aspect == BUCKET for call in intents):
            yield f"nothing in the journal explains what became of {', '.join(sorted(missing))}"
        for run in runs:
            if run.end is not None:
                for call in run.calls:
                    if not call.is_answered:
                        yield f"the journal does not say what came of {call.words}, and the run has ended by itself"
        yield from self.unexplained(runs)

    def unexplained(self, runs: list[PastRun]) -> Iterator[str]:
        if not runs:
            return
        left = unfinished(runs, runs[0].begun.account, runs[0].begun.endpoint, [self.apply.after.name])
        if left is None or not left.unanswered:
            return
        reader = self.world.reader
        live = reader.read([self.apply.after])[self.apply.after.name]
        around = self.apply.after.surroundings("123456789012", "us-east-1")
        for call in left.unanswered:
            what = came_of(call, live, around)
            if what not in (CameOf.TRUE, CameOf.NOT) and call.intent.operation not in ("delete_objects",):
                yield f"{call.words}: {what.value}"


@dataclass
class Foretold:
    """Whether the journal has told of a write before the S3 hears of it, and of what it replaces."""

    folder: Path

    def __call__(self, operation: str, seen: Seen | None) -> None:
        newest = next(all_runs(self.folder))
        name = xform_name(operation)
        calls = [call for call in newest.calls if call.intent.operation == name and call.result is None]
        assert calls, f"the journal tells of {[call.words for call in newest.calls]}"


@contextmanager
def one_read_after_the_other(patch: Any) -> Iterator[None]:
    """The calls of a run have an order, and the disk is not waited for."""
    patch.setattr("reconciler.s3.reader.CONNECTIONS", 1)
    patch.setattr("os.fsync", lambda _: None)
    yield
