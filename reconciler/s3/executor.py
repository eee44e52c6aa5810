"""The executor: performs planned calls, and nothing else.

Buckets side by side, the calls of one bucket one after the other in the plan's order. The first failure
stops its bucket and no other. What was written is read back until it is true, or until it has been tried
long enough.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from reconciler.aspects.calls import AT_APPLY, Call
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import BUCKET, Action, Blocker, Change, Plan
from reconciler.planning.digests import digest_of_live
from reconciler.planning.live import Existence, LiveAspect, Unreadable
from reconciler.planning.order import Step, lane
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.planning.planner import compare
from reconciler.s3.clients import CONNECTIONS, Clients
from reconciler.s3.deleting import unmake
from reconciler.s3.errors import S3_ERRORS, code_of, may_have_worked, refused, was_retried
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader
from reconciler.scalars import moment

TRAVELS_BADLY = frozenset(
    {"MalformedXML", "InvalidArgument", "InvalidRequest", "NotImplemented", "UnsupportedArgument"}
)
"""What servers answer to a create call that carries tags or an ownership they do not know there."""
CREATING = ("s3:CreateBucket", "s3:TagResource")

log = logging.getLogger(__name__)

Progress = Callable[[BucketOutcome], None]


class Executor:
    """Carries out the plans of one run."""

    def __init__(
        self,
        clients: Clients,
        reader: Reader,
        patience: Patience | None = None,
        progress: Progress | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.clients = clients
        self.reader = reader
        self.patience = patience or Patience()
        self.progress = progress or (lambda _: None)
        self.time_of_apply = moment(now().replace(microsecond=0))
        self.stop = self.patience.stop

    def apply(self, plans: Sequence[Plan]) -> Applied:
        """Carry out every plan; an interruption lets the calls that are under way finish, and begins no other."""
        # Ctrl-C reaches only the main thread, which therefore does nothing but wait
        with ThreadPoolExecutor(1) as conductor:
            lanes = conductor.submit(self.side_by_side, plans)
            interrupted = self.interrupted_before(lanes)
        return Applied(lanes.result(), interrupted)

    def side_by_side(self, plans: Sequence[Plan]) -> tuple[BucketOutcome, ...]:
        """All buckets, so many at a time."""
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="apply") as pool:
            return tuple(pool.map(self.bucket, plans))

    def interrupted_before(self, lanes: "Future[Any]") -> bool:
        """Wait for every lane, however often somebody wants to stop; whether somebody did."""
        interrupted = False
        while not lanes.done():
            try:
                if interrupted:
                    self.stop.set()
                wait([lanes])
            except KeyboardInterrupt:
                interrupted = True
        return interrupted

    def bucket(self, plan: Plan) -> BucketOutcome:
        """The lane of one bucket: its calls in order, then a look at what has come of them."""
        results = _Results(plan)
        for step in lane(plan):
            if results.failed or self.stop.is_set():
                break
            if not results.is_done(step.change):
                self.attempt(plan, step, results)
        outcome = BucketOutcome(plan, tuple(self.outcome(plan, change, results) for change in plan.changes))
        with suppress(OSError, ValueError):  # whoever watched has left; the other buckets are not to suffer
            self.progress(outcome)
        return outcome

    def attempt(self, plan: Plan, step: Step, results: "_Results") -> None:
        """One call, and what became of it."""
        change, operation = step.change, step.call.operation
        try:
            if change.aspect == BUCKET:
                self.on_bucket(plan, step.call)
            elif self.is_needed(plan, step, results):
                self.patience.persist(lambda: self.perform(plan, step.call), newborn=not plan.exists)
        except S3_ERRORS as error:
            if may_have_worked(error) and self.has_come_true(plan, change):
                results.see(change)
            else:
                actions = CREATING if change.aspect == BUCKET else kind_of(plan, change).api.to_write
                results.fail(change, refused(error, operation, actions))
        except ReconcileError as error:
            results.fail(change, f"{operation}: {error.message} ({error.remedy})")
        except Exception as error:  # a mistake of ours may not hide what became of all the other buckets
            log.info("%s of %s", operation, plan.name, exc_info=True)
            results.fail(change, f"{operation}: this should not have happened: {type(error).__name__}: {error}")
        else:
            results.write(change)
            if step.call.operation == "create_bucket" and self.has_appeared(plan):
                self.see_what_travelled(plan, results)

    def is_needed(self, plan: Plan, step: Step, results: "_Results") -> bool:
        """Whether to make a call, by one more look at the document it is about to write or delete.

        S3 has no conditional writes for configuration: what somebody else wrote since the plan was made would
        be lost with the next whole document. In a bucket that has just been created, a server that does not
        know a sub-resource may take the deletion of it for the deletion of the bucket: nothing is deleted
        whose GET has not answered with it.
        """
        change = step.change
        deletes = step.call.operation == kind_of(plan, change).api.delete
        profile = self.reader.identity.profile
        if deletes and change.aspect in profile.deletes_bucket:
            raise ReconcileError(
                f"{profile.name} would delete the bucket itself", remedy=f"take {change.aspect} out of the spec"
            )
        if results.has_begun(change) if plan.exists else not deletes:
            return True
        found = self.document(plan, change)
        if isinstance(found, Unreadable):
            raise ReconcileError(found.why, remedy=found.remedy)
        if plan.exists and digest_of_live(found) != plan.live[change.aspect]:
            raise ReconcileError("somebody else has changed it since it was read", remedy="run `reconcile plan` again")
        return found is not None or not deletes

    def on_bucket(self, plan: Plan, call: Call) -> None:
        """Make the bucket, or unmake it."""
        if call.operation == "create_bucket":
            self.create(plan, call)
        else:
            unmake(self.clients, self.reader, self.patience, plan, call)

    def perform(self, plan: Plan, call: Call) -> None:
        """Make one call on a bucket, in the name of its owner."""
        client = self.clients.s3(plan.region)
        getattr(client, call.operation)(Bucket=plan.name, **self.reader.owner, **self.dated(call.params))

    def dated(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the time of this apply where the plan leaves room for it."""
        body = params.get("Body")
        if not isinstance(body, str):
            return dict(params)
        dated = body.replace(f"\ncreated_at: {AT_APPLY}\n", f"\ncreated_at: '{self.time_of_apply}'\n", 1)
        return {**params, "Body": dated.encode()}

    def create(self, plan: Plan, call: Call) -> None:
        """Create the bucket where the spec says.

        Tags and ownership travel along, since some organisations refuse buckets without them; a server that
        does not know them there gets them afterwards, in calls of their own.

        In us-east-1, S3 answers 200 to whoever creates a bucket that is theirs already (API reference): what
        has come into being since the plan was made would be taken for new, and written over.
        """
        client = self.clients.s3(plan.region)
        if self.reader.head(plan.spec).existence is Existence.EXISTS:
            raise ReconcileError("the bucket exists by now", remedy="run `reconcile plan` again")

        retried: list[bool] = []

        def ask(params: Mapping[str, Any]) -> None:
            try:
                client.create_bucket(Bucket=plan.name, **params)
            except S3_ERRORS as error:
                retried.append(was_retried(error))
                if not (any(retried) and code_of(error) == "BucketAlreadyOwnedByYou"):
                    raise  # else it is the first try that has created it, and answered with an error

        def create(params: Mapping[str, Any]) -> None:
            self.patience.persist(lambda: ask(params))

        try:
            create(call.params)
        except S3_ERRORS as error:
            plainer = without_luggage(call.params)
            if code_of(error) not in TRAVELS_BADLY or plainer == call.params:
                raise
            create(plainer)

    def has_appeared(self, plan: Plan) -> bool:
        """Wait until S3 knows the new bucket everywhere, where it lets us ask."""
        client = self.clients.s3(plan.region)
        try:
            self.patience.persist(lambda: client.head_bucket(Bucket=plan.name, **self.reader.owner), newborn=True)
        except S3_ERRORS:
            return False
        return True

    def see_what_travelled(self, plan: Plan, results: "_Results") -> None:
        """What has come with the create call need not be written again."""
        for change in plan.changes:
            may_travel = change.after is not None and change.after.create_params()
            if change.aspect == BUCKET or (may_travel and self.has_come_true(plan, change)):
                results.see(change)

    # ── looking again ────────────────────────────────────────────────────────────────────────────────

    def outcome(self, plan: Plan, change: Change, results: "_Results") -> Outcome:
        """What became of one change."""
        if change.aspect in results.failures:
            return Outcome(change, Result.FAILED, results.failures[change.aspect])
        if not results.is_done(change):
            why = f"after {results.failed} failed" if results.failed else "the run was stopped"
            return Outcome(change, Result.SKIPPED, why)
        if change.aspect in results.seen:
            return Outcome(change, Result.APPLIED)
        if self.stop.is_set():
            return Outcome(change, Result.UNVERIFIED, "written; the run was stopped before it was read back")
        return self.verified(plan, change)

    def verified(self, plan: Plan, change: Change) -> Outcome:
        """What became of a change that was written: read it back until it is there."""
        try:
            left = self.patience.until(lambda left: left == (), lambda: self.left_to_do(plan, change))
        except Exception as error:  # it is written, whatever goes wrong now
            log.info("reading back %s of %s", change.aspect, plan.name, exc_info=True)
            return Outcome(change, Result.UNVERIFIED, f"written; reading it back failed: {error}")
        if left == ():
            return Outcome(change, Result.APPLIED)
        seen = left[0].why if isinstance(left, tuple) else "S3 still answers something else"
        return Outcome(change, Result.UNVERIFIED, f"written; {seen}, after {self.patience.visible:g} s")

    def left_to_do(self, plan: Plan, change: Change) -> Change | tuple[Blocker, ...]:
        """What still stands between the live bucket and this change; an empty tuple when it has come true."""
        if change.aspect == BUCKET:
            found = self.reader.head(plan.spec)
            if change.action is Action.DELETE:
                gone = found.existence is Existence.MISSING
                return () if gone else (Blocker(BUCKET, "S3 still shows the bucket", ""),)
            there = found.existence is Existence.EXISTS
            why = found.trouble.why if found.trouble else "S3 does not show the bucket yet"
            return () if there else (Blocker(BUCKET, why, ""),)
        document = self.document(plan, change)
        return compare(change.aspect, getattr(plan.spec, change.aspect), document, plan.around)

    def document(self, plan: Plan, change: Change) -> LiveAspect:
        """The live document; of a new bucket, which its sub-resources may not know yet, with patience."""

        def persist(call: Callable[[], Any]) -> Any:
            return self.patience.persist(call, newborn=not plan.exists)

        return self.reader.read_aspect(plan.spec, change.aspect, plan.region, persist)

    def has_come_true(self, plan: Plan, change: Change) -> bool:
        """Whether there is nothing left to do for a change; not when nobody can tell."""
        try:
            return self.left_to_do(plan, change) == ()
        except Exception:
            log.info("looking at %s of %s", change.aspect, plan.name, exc_info=True)
            return False


class _Results:
    """What has been done of one plan so far."""

    def __init__(self, plan: Plan) -> None:
        self.missing = {change.aspect: len(change.calls) for change in plan.changes}
        self.failures: dict[str, str] = {}
        self.seen: set[str] = set()

    @property
    def failed(self) -> str:
        """The aspect that failed, if one did."""
        return next(iter(self.failures), "")

    def write(self, change: Change) -> None:
        """A call has been made."""
        self.missing[change.aspect] -= 1

    def see(self, change: Change) -> None:
        """The change has come true without a call of its own."""
        self.missing[change.aspect] = 0
        self.seen.add(change.aspect)

    def fail(self, change: Change, why: str) -> None:
        """A call has failed."""
        self.failures[change.aspect] = why

    def has_begun(self, change: Change) -> bool:
        """Whether a call of this change has been made."""
        return self.missing[change.aspect] < len(change.calls)

    def is_done(self, change: Change) -> bool:
        """Whether every call of this change has been made, or none is needed."""
        return self.missing[change.aspect] == 0 and change.aspect not in self.failures


def kind_of(plan: Plan, change: Change) -> Any:
    """The aspect's class."""
    return type(plan.spec).aspects()[change.aspect]


def without_luggage(params: Mapping[str, Any]) -> dict[str, Any]:
    """The create call with nothing but the place and the namespace, without which it would be another bucket."""
    place = params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    bare = {"CreateBucketConfiguration": {"LocationConstraint": place}} if place else {}
    return bare | {name: params[name] for name in ("BucketNamespace",) if name in params}
