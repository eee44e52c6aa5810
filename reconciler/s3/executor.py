"""The executor: performs planned calls, and nothing else.

Buckets side by side, the calls of one bucket one after the other in the plan's order. The first failure
stops its bucket and no other; what fails for every bucket alike (credentials, the clock, the lock) stops the
run before its next call. What was written is read back until it is true, or until it has been tried long
enough.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from reconciler.errors import CannotReachS3, ReconcileError
from reconciler.planning.changeset import BUCKET, Change, Plan
from reconciler.planning.order import Step, lane
from reconciler.planning.outcomes import Applied, BucketOutcome, Halt
from reconciler.planning.recording import Nobody, Recorder
from reconciler.s3.born_with import BornWith
from reconciler.s3.bucket_calls import BucketWriter
from reconciler.s3.clients import CONNECTIONS, Clients
from reconciler.s3.errors import S3_ERRORS, credentials_refused, in_short, refused
from reconciler.s3.lanes import Lanes
from reconciler.s3.limiter import heed
from reconciler.s3.looking import Looker, kind_of
from reconciler.s3.patience import Patience
from reconciler.s3.presses import Presses
from reconciler.s3.progress import Progress, StoppedError
from reconciler.s3.quietly import Quietly
from reconciler.s3.reader import Reader
from reconciler.s3.verifying import Verifier
from reconciler.s3.writing import Writer
from reconciler.scalars import moment

CREATING = ("s3:CreateBucket", "s3:TagResource")
DELETING = ("s3:DeleteBucket",)
LOOKS_UP = 0.05
"""Seconds after which a run that waits for its lanes hears that somebody wants to stop. A signal that comes right
before Python begins to wait for good would wake nobody."""

log = logging.getLogger(__name__)


class Executor:
    """Carries out the plans of one run."""

    def __init__(
        self,
        clients: Clients,
        reader: Reader,
        patience: Patience | None = None,
        progress: Callable[[BucketOutcome], None] | None = None,
        recorder: Recorder = Nobody(),  # noqa: B008 - it keeps nothing
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.patience = patience or Patience()
        self.progress = progress or (lambda _: None)
        self.recorder = Quietly(recorder)
        self.stop = self.patience.stop
        self.may_begin: Callable[[], bool] = lambda: True
        """Asked right before each call, by whoever holds a lock."""
        self.halted: Halt | None = None
        self.width = CONNECTIONS
        """Buckets at a time."""
        self.left = False
        """Whether somebody has stopped the run at once: what its lanes still find out is told to nobody."""
        time_of_apply = moment(now().replace(microsecond=0))
        looker = Looker(reader, self.patience)
        self.born_with = BornWith(looker)
        self.writer = Writer(clients, looker, self.patience, self.recorder, time_of_apply, self.notice)
        self.buckets = BucketWriter(clients, looker, self.patience, self.recorder)
        self.verifier = Verifier(looker, self.patience, self.notice)

    # ── all buckets ──────────────────────────────────────────────────────────────────────────────────

    def apply(self, plans: Sequence[Plan], heard: Presses | None = None) -> Applied:
        """Carry out every plan.

        An interruption lets the calls that are under way finish, and begins no other; a second one ends the run
        where it is. In another thread than the main one, `heard` is whoever hears of them.
        """
        so_far = [Progress(plan, self.may_begin) for plan in plans]
        with Presses() as own:
            presses = heard or own
            lanes = Lanes(self.bucket, so_far, self.width)
            while not (lanes.wait(LOOKS_UP) or self.left):
                self.heed(presses.count)
            ended = dict(lanes.ended)
            outcomes = tuple(ended.get(number) or one.left_at_once() for number, one in enumerate(so_far))
            return Applied(outcomes, interrupted=presses.count > 0, at_once=self.left, halted=self.halted)

    def heed(self, presses: int) -> None:
        """Begin no other call once somebody wants to stop; wait for none once they say so again.

        What a lane repeats, or does page by page, asks for `stop` alone: so whether the lock still holds is asked
        here as well.
        """
        if presses or not (self.stop.is_set() or self.may_begin()):
            self.stop.set()
        self.left = presses > 1

    def halt(self, why: str, remedy: str | None = None) -> None:
        """Stop the whole run before its next call; the first reason is the one that is told."""
        self.halted = self.halted or Halt(why, remedy)
        self.stop.set()

    def notice(self, error: ReconcileError) -> None:
        """Stop the run for what would fail in every bucket: nobody accepts these credentials any more."""
        if isinstance(error, CannotReachS3):
            self.halt(error.message, error.remedy)

    # ── one bucket ───────────────────────────────────────────────────────────────────────────────────

    def bucket(self, progress: Progress) -> BucketOutcome:
        """The lane of one bucket: its calls in order, then a look at what has come of them."""
        heed(self.stop)
        plan = progress.plan
        for step in lane(plan):
            if progress.failed or self.stop.is_set():
                break
            if not progress.is_done(step.change):
                self.attempt(step, progress)
        verified = self.verifier.verify(plan, progress.written())
        outcome = BucketOutcome(
            plan, tuple(progress.outcome(change, verified.get(change.aspect)) for change in plan.changes)
        )
        self.tell(outcome)
        return outcome

    def tell(self, outcome: BucketOutcome) -> None:
        """Tell whoever keeps a journal, and whoever watches."""
        self.recorder.finished(outcome)
        if not self.left:
            with suppress(OSError, ValueError):  # whoever watched has left
                self.progress(outcome)

    def attempt(self, step: Step, progress: Progress) -> None:
        """One call, and what became of it."""
        plan, change, operation = progress.plan, step.change, step.call.operation
        try:
            self.perform(step, progress)
        except StoppedError:
            pass
        except S3_ERRORS as error:
            fatal = credentials_refused(error)
            if fatal is not None:
                self.notice(fatal)
                progress.fail(change, f"{operation}: {fatal.message}")
            else:
                progress.fail(change, refused(error, operation, self.actions(plan, step)))
        except CannotReachS3 as error:
            self.notice(error)
            progress.fail(change, f"{operation}: {error.message}")
        except ReconcileError as error:
            progress.fail(change, f"{operation}: {error.message} ({error.remedy})")
        except Exception as error:  # a mistake of ours may not hide what became of all the other buckets
            fatal = credentials_refused(error)
            if fatal is not None:
                self.notice(fatal)
            log.info("%s of %s", operation, plan.name, exc_info=True)
            said = fatal.message if fatal else f"this should not have happened: {in_short(error)}"
            progress.fail(change, f"{operation}: {said}")

    def perform(self, step: Step, progress: Progress) -> None:
        """Make the call, and see what came with it."""
        if step.change.aspect != BUCKET:
            self.writer.write(progress.plan, step, progress)
            progress.write(step)
            return
        self.buckets.write(step, progress)
        progress.write(step)
        if step.call.operation == "create_bucket":
            self.see_what_has_come(step.change, progress)

    def see_what_has_come(self, bucket: Change, progress: Progress) -> None:
        """What has come with the new bucket need not be written again; and it shows that the bucket is there."""
        for change in self.born_with.found(progress.plan):
            progress.see(change)
            progress.see(bucket)

    def actions(self, plan: Plan, step: Step) -> Sequence[str]:
        """The IAM actions that a call may need."""
        if step.change.aspect != BUCKET:
            actions: Sequence[str] = kind_of(plan, step.change).api.to_write
            return actions
        return CREATING if step.call.operation == "create_bucket" else DELETING
