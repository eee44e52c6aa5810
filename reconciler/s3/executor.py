"""The executor: performs planned calls, and nothing else.

Buckets side by side, the calls of one bucket one after the other in the plan's order. The first failure
stops its bucket and no other. What was written is read back until it is true, or until it has been tried
long enough.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from reconciler.aspects.aspect import AT_APPLY, Call
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import BUCKET, Change, Plan
from reconciler.planning.order import Step, lane
from reconciler.planning.outcomes import Applied, BucketOutcome, Outcome, Result
from reconciler.planning.planner import compare
from reconciler.s3.clients import CONNECTIONS, Clients
from reconciler.s3.errors import S3_ERRORS, code_of, refused
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader

TRAVELS_BADLY = frozenset(
    {"MalformedXML", "InvalidArgument", "InvalidRequest", "NotImplemented", "UnsupportedArgument"}
)
"""What servers answer to a create call that carries tags or an ownership they do not know there."""
CREATING = ("s3:CreateBucket", "s3:TagResource")

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
        self.time_of_apply = now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
        self.stop = threading.Event()

    def apply(self, plans: Sequence[Plan]) -> Applied:
        """Carry out every plan; an interruption lets the calls that are under way finish, and begins no other."""
        interrupted = False
        done: list[BucketOutcome] = []
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="apply") as pool:
            lanes = [pool.submit(self.bucket, plan) for plan in plans]
            for under_way in lanes:
                while True:
                    try:
                        outcome = under_way.result()
                        break
                    except KeyboardInterrupt:
                        if interrupted:
                            raise
                        interrupted = True
                        self.stop.set()
                done.append(outcome)
        return Applied(tuple(done), interrupted)

    def bucket(self, plan: Plan) -> BucketOutcome:
        """The lane of one bucket: its calls in order, then a look at what has come of them."""
        results = _Results(plan)
        for step in lane(plan):
            if results.failed or self.stop.is_set():
                break
            if results.is_done(step.change):
                continue
            try:
                self.step(plan, step, results)
            except S3_ERRORS as error:
                actions = CREATING if step.change.aspect == BUCKET else kind_of(plan, step.change).api.to_write
                results.fail(step.change, refused(error, step.call.operation, actions))
            except ReconcileError as error:
                results.fail(step.change, error.message)
        outcome = BucketOutcome(plan, self.verified(plan, results))
        self.progress(outcome)
        return outcome

    def step(self, plan: Plan, step: Step, results: "_Results") -> None:
        """One call."""
        if step.change.aspect == BUCKET:
            self.create(plan, step.call)
            for change in plan.changes:
                travelled = change.after is not None and change.after.create_params()
                if travelled and self.holds(plan, change):  # so there is no need to write it again
                    results.see(change)
        else:
            self.patience.persist(lambda: self.perform(plan, step.call), newborn=not plan.exists)
        results.write(step.change, step.call)

    def perform(self, plan: Plan, call: Call) -> None:
        """Make one call on a bucket, in the name of its owner."""
        client = self.clients.s3(plan.region)
        getattr(client, call.operation)(Bucket=plan.name, **self.reader.owner(plan.spec), **self.dated(call.params))

    def dated(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with the time of this apply where the plan leaves room for it."""
        body = params.get("Body")
        if not isinstance(body, str):
            return dict(params)
        dated = body.replace(f"created_at: {AT_APPLY}", f"created_at: '{self.time_of_apply}'", 1)
        return {**params, "Body": dated.encode()}

    def create(self, plan: Plan, call: Call) -> None:
        """Create the bucket where the spec says, and wait until S3 knows it everywhere.

        Tags and ownership travel along, since some organisations refuse buckets without them; a server that
        does not know them there gets them afterwards, in calls of their own.
        """
        client = self.clients.s3(plan.region)

        def create(params: Mapping[str, Any]) -> None:
            self.patience.persist(lambda: client.create_bucket(Bucket=plan.name, **params))

        try:
            create(call.params)
        except S3_ERRORS as error:
            plainer = without_luggage(call.params)
            if code_of(error) not in TRAVELS_BADLY or plainer == call.params:
                raise
            create(plainer)
        self.patience.persist(
            lambda: client.head_bucket(Bucket=plan.name, **self.reader.owner(plan.spec)), newborn=True
        )

    def verified(self, plan: Plan, results: "_Results") -> tuple[Outcome, ...]:
        """An outcome for every change of the plan, in its order."""
        return tuple(self.outcome(plan, change, results) for change in plan.changes)

    def outcome(self, plan: Plan, change: Change, results: "_Results") -> Outcome:
        """What became of one change."""
        if change.aspect in results.failures:
            return Outcome(change, Result.FAILED, results.failures[change.aspect])
        if not results.is_done(change):
            why = f"after {results.failed} failed" if results.failed else "the run was stopped"
            return Outcome(change, Result.SKIPPED, why)
        if change.aspect == BUCKET or change.aspect in results.seen:
            return Outcome(change, Result.APPLIED)
        if self.stop.is_set():
            return Outcome(change, Result.UNVERIFIED, "written; the run was stopped before it was read back")
        try:
            if self.patience.until(lambda: self.holds(plan, change)):
                return Outcome(change, Result.APPLIED)
        except ReconcileError as error:
            return Outcome(change, Result.UNVERIFIED, f"written; reading it back failed: {error.message}")
        return Outcome(
            change,
            Result.UNVERIFIED,
            f"written; S3 still answers something else after {self.patience.visible:g} s",
        )

    def holds(self, plan: Plan, change: Change) -> bool:
        """Whether the live bucket has become what the change was to make of it."""
        found = self.reader.read_aspect(plan.spec, change.aspect, plan.region)
        return compare(change.aspect, getattr(plan.spec, change.aspect), found, plan.around) == ()


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

    def write(self, change: Change, call: Call) -> None:
        """A call has been made."""
        self.missing[change.aspect] -= 1

    def see(self, change: Change) -> None:
        """The change has come true without a call of its own."""
        self.missing[change.aspect] = 0
        self.seen.add(change.aspect)

    def fail(self, change: Change, why: str) -> None:
        """A call has failed."""
        self.failures[change.aspect] = why

    def is_done(self, change: Change) -> bool:
        """Whether every call of this change has been made, or none is needed."""
        return self.missing[change.aspect] == 0 and change.aspect not in self.failures


def kind_of(plan: Plan, change: Change) -> Any:
    """The aspect's class."""
    return type(plan.spec).aspects()[change.aspect]


def without_luggage(params: Mapping[str, Any]) -> dict[str, Any]:
    """The create call with nothing but the place."""
    place = params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    return {"CreateBucketConfiguration": {"LocationConstraint": place}} if place else {}
