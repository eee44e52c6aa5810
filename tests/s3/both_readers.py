"""Two readers of the same S3: one with prepared calls, one that asks boto3 for everything."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.errors import ReconcileError
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.s3.clients import Clients
from reconciler.s3.limiter import Limiter
from reconciler.s3.reader import Reader
from reconciler.s3.wire import Connections, Raw
from tests.s3.world import Aws, Clock

REGION = "us-east-1"


@dataclass
class Both:
    """Two readers, and what the prepared one has sent by itself."""

    prepared: Reader
    boto3: Reader
    sent: list[bytes] = field(default_factory=list)

    def learn(self, spec: BucketSpec) -> None:
        """Have seen a request of each kind."""
        read(self.prepared, spec.model_copy(update={"name": "warming-up"}))
        self.sent.clear()

    def read(self, spec: BucketSpec) -> LiveBucket | str:
        """What both say, which is the same to the letter."""
        found, expected = read(self.prepared, spec), read(self.boto3, spec)
        assert found == expected
        assert repr(found) == repr(expected)
        return found

    def mean_the_same(self, spec: BucketSpec) -> None:
        """What both say means the same, when the S3 does not say it twice in the same way."""
        assert read(self.prepared, spec) == read(self.boto3, spec)


def read(reader: Reader, spec: BucketSpec) -> LiveBucket | str:
    """Every document that a spec declares, of a bucket that is listed; or why the run ends."""
    try:
        aspects = {name: reader.read_aspect(spec, name, REGION) for name in spec.declared()}
    except ReconcileError as error:
        return f"{error.code} {error}"
    return LiveBucket(spec.name, Existence.EXISTS, REGION, aspects=aspects)


@contextmanager
def both(identity: Identity, clients: Mapping[str, Any], aws: Aws | None = None) -> Iterator[Both]:
    """Two readers with these settings; in front of an S3 without a network in between, where one is given."""
    mine, theirs, clock = Clients(**clients), Clients(**clients), Clock()
    mine.new_limiter = theirs.new_limiter = lambda: Limiter(clock.time, clock.sleep)
    if aws is not None:
        aws.join(mine)
        aws.join(theirs)
    with pytest.MonkeyPatch.context() as patch:
        sent: list[bytes] = []
        ask = Connections.ask

        def told(connections: Connections, request: bytes) -> Raw:
            sent.append(request)
            return ask(connections, request)

        patch.setattr(Connections, "ask", told)
        patch.setenv("RECONCILE_READER", "boto3")
        theirs._prepare(REGION)
        patch.delenv("RECONCILE_READER")
        yield Both(Reader(mine, identity), Reader(theirs, identity), sent)
    mine.close()
    theirs.close()
