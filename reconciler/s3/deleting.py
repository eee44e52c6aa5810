"""Unmaking a bucket: what is in it, then the bucket itself."""

from reconciler.aspects.calls import Call
from reconciler.planning.changeset import Plan
from reconciler.s3.clients import Clients
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader


def unmake(clients: Clients, reader: Reader, patience: Patience, plan: Plan, call: Call) -> None:
    """Carry out one call of a deletion. Raises what S3 raises, or `ReconcileError` with what is in the way."""
    raise NotImplementedError(call.operation)
