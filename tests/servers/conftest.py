"""The servers that RECONCILE_SERVERS names, each started once; MiniStack where it says nothing.

One that cannot be installed or started here is skipped with the reason. RECONCILE_RESULTS=1 (`make
test-servers`) writes down what came out, for docs/endpoints.md.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.s3.conftest import nothing_of_this_machine
from tests.servers import ceph, localstack, ministack, moto
from tests.servers.place import Remote, place_at
from tests.servers.processes import NotHereError, Running
from tests.servers.results import Results

__all__ = ["nothing_of_this_machine"]

SERVERS: dict[str, Callable[[], AbstractContextManager[Running]]] = {
    "ministack": ministack.running,
    "localstack": localstack.running,
    "ceph": ceph.running,
    "moto": moto.running,
}
CHOSEN = os.environ.get("RECONCILE_SERVERS", "ministack").split()


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    """What came out, by server."""
    found = Results()
    yield found
    if os.environ.get("RECONCILE_RESULTS"):
        found.write()


@pytest.fixture(scope="package", params=CHOSEN)
def place(request: pytest.FixtureRequest, nothing_of_this_machine: None) -> Iterator[Remote]:
    """A server to plan and apply in."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            running = SERVERS[request.param]()
            server = running.__enter__()
        except NotHereError as why:
            pytest.skip(f"{request.param.upper()} CANNOT RUN HERE: {why}")
        try:
            patch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
            patch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
            with place_at(server) as place:
                yield place
        finally:
            running.__exit__(None, None, None)
