"""The bucket itself: made or unmade, and looked for when the answer was lost."""

from collections.abc import Callable

from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.live import Existence
from reconciler.planning.order import Step
from reconciler.planning.recording import Recorder
from reconciler.s3.clients import Clients
from reconciler.s3.creating import PLAN_AGAIN, Creator
from reconciler.s3.deleting import unmake
from reconciler.s3.errors import S3_ERRORS, code_of, in_short, is_unanswered, may_have_worked
from reconciler.s3.looking import Looker
from reconciler.s3.patience import Patience
from reconciler.s3.progress import Progress


class BucketWriter:
    """Makes the calls that are about a bucket as a whole."""

    def __init__(self, clients: Clients, looker: Looker, patience: Patience, recorder: Recorder) -> None:
        self.clients = clients
        self.looker = looker
        self.patience = patience
        self.recorder = recorder

    def write(self, step: Step, progress: Progress) -> None:
        """Create the bucket, or make one call of its deletion; return when that has come true."""
        plan, begun = progress.plan, False

        def begins() -> None:
            nonlocal begun
            if not begun:
                progress.begin(step, self.patience.stop)
                begun = True
                self.recorder.begins(plan, step, None)

        try:
            if step.call.operation == "create_bucket":
                self.create(step, progress.plan, begins)
            else:
                begins()
                self.unmake(step, plan)
        except Exception as error:
            if begun:
                self.recorder.ended(plan, step, in_short(error))
            raise
        else:
            if begun:
                self.recorder.ended(plan, step, None)
        finally:
            progress.end()

    def create(self, step: Step, plan: Plan, begins: Callable[[], None]) -> None:
        """Create the bucket."""
        creator = Creator(self.clients, self.looker.reader, self.patience, plan, begins)
        try:
            creator.create(step.call)
        except S3_ERRORS:
            if creator.unanswered:
                self.recorder.resolved(plan, step.change, came_true=False)
            raise
        if creator.unanswered:
            self.recorder.resolved(plan, step.change, came_true=True)

    def unmake(self, step: Step, plan: Plan) -> None:
        """Make one call of a deletion. A bucket that is not there any more when nobody has answered is deleted."""
        for tries_left in (1, 0):
            try:
                unmake(self.clients, self.looker.reader, self.patience, plan, step.call)
            except S3_ERRORS as error:
                gone = code_of(error) == "NoSuchBucket"
                if step.call.operation != "delete_bucket" or not (gone or may_have_worked(error)):
                    raise
                if self.is_gone(plan, error):
                    self.recorder.resolved(plan, step.change, came_true=True)
                    return
                if not tries_left or not is_unanswered(error) or self.patience.stop.is_set():
                    self.recorder.resolved(plan, step.change, came_true=False)
                    raise
            else:
                return

    def is_gone(self, plan: Plan, lost: Exception) -> bool:
        """Whether there is no such bucket any more. Raises where nobody can tell."""
        found = self.patience.until(
            lambda found: found.existence is not Existence.EXISTS,
            lambda: self.looker.reader.head(plan.spec),
            self.patience.settled,
        )
        if found.existence is Existence.UNCLEAR:
            why = found.trouble.why if found.trouble else "S3 does not say whether the bucket exists"
            raise ReconcileError(
                f"the answer was lost ({in_short(lost)}), and {why}: nobody can tell whether it was deleted",
                remedy=PLAN_AGAIN,
            ) from lost
        return found.existence is Existence.MISSING
