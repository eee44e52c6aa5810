"""moto as it is, without the layer that makes it answer as AWS does: one more S3 that others wrote."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox.server import Moto
from tests.s3.world import serving
from tests.servers.processes import Running


@contextmanager
def running() -> Iterator[Running]:
    """moto in this very process."""
    with serving(Moto()) as endpoint:
        yield Running(endpoint)
