"""Creating a bucket where the spec says, and knowing afterwards whose it is."""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.aspects.calls import Call
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.live import Existence
from reconciler.s3.clients import Clients
from reconciler.s3.errors import S3_ERRORS, code_of, in_short, is_throttled, is_unanswered, may_have_worked
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader
from reconciler.s3.throttling import sent_once

TRAVELS_BADLY = frozenset(
    {"MalformedXML", "InvalidArgument", "InvalidRequest", "NotImplemented", "UnsupportedArgument"}
)
"""What servers answer to a create call that carries tags or an ownership they do not know there."""
PLAN_AGAIN = "run `reconcile plan` again"


class Creator:
    """Creates one bucket.

    In us-east-1, S3 answers 200 to whoever creates a bucket that is theirs already (API reference): what has
    come into being since the plan was made would be taken for new, and written over. So the name is looked at
    right before each try, and what is there by then is only ours if an earlier try was not answered. One that was
    refused for its rate was.
    """

    def __init__(
        self, clients: Clients, reader: Reader, patience: Patience, plan: Plan, begins: Callable[[], None]
    ) -> None:
        self.client = clients.s3(plan.region)
        self.reader = reader
        self.patience = patience
        self.plan = plan
        self.begins = begins
        """Called right before a try."""
        self.unanswered = False
        """Whether a try may have created the bucket without saying so."""

    def create(self, call: Call) -> None:
        """Create the bucket; return when it is there.

        Tags and ownership travel along, since some organisations refuse buckets without them; a server that
        does not know them there gets them afterwards, in calls of their own.
        """
        try:
            self.persist(call.params)
        except S3_ERRORS as error:
            plainer = without_luggage(call.params)
            if code_of(error) not in TRAVELS_BADLY or plainer == call.params:
                raise
            self.persist(plainer)

    def persist(self, params: Mapping[str, Any]) -> None:
        """Try until it is known that the bucket is there, or is not going to be."""
        try:
            self.patience.persist(lambda: self.once(params))
        except S3_ERRORS as error:
            if not may_have_worked(error):
                raise
            if self.is_there(self.patience.settled, error):
                return
            if not is_unanswered(error) or self.patience.stop.is_set():
                raise
            self.patience.persist(lambda: self.once(params))

    def once(self, params: Mapping[str, Any]) -> None:
        """One look, and one call if there is no such bucket."""
        if self.is_there(0):
            return
        self.begins()
        try:
            with sent_once():
                self.client.create_bucket(Bucket=self.plan.name, **params)
        except S3_ERRORS as error:
            self.unanswered |= may_have_worked(error) and not is_throttled(error)
            if not (self.unanswered and code_of(error) == "BucketAlreadyOwnedByYou"):
                raise  # else it is an earlier try that has created it

    def is_there(self, within: float, lost: Exception | None = None) -> bool:
        """Whether the bucket has come into being by a try of ours. Raises where it is somebody else's, or unclear."""
        found = self.patience.until(
            lambda found: found.existence is not Existence.MISSING, lambda: self.reader.head(self.plan.spec), within
        )
        if found.existence is Existence.EXISTS:
            elsewhere = bool(found.region and self.plan.region) and found.region != self.plan.region
            if not self.unanswered or (elsewhere and not self.reader.identity.profile.free_regions):
                raise ReconcileError("the bucket exists by now", remedy=PLAN_AGAIN)
            return True
        if lost is not None and found.existence is Existence.UNCLEAR:
            assert found.trouble is not None, "a bucket out of reach says why"
            raise ReconcileError(
                f"the answer was lost ({in_short(lost)}), and {found.trouble.why}: nobody can tell "
                "whether it was created",
                remedy=PLAN_AGAIN,
            ) from lost
        return False


def without_luggage(params: Mapping[str, Any]) -> dict[str, Any]:
    """The create call with nothing but the place and the namespace, without which it would be another bucket."""
    place = params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    bare = {"CreateBucketConfiguration": {"LocationConstraint": place}} if place else {}
    return bare | {name: params[name] for name in ("BucketNamespace",) if name in params}
