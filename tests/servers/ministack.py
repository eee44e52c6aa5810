"""MiniStack (MIT, pure Python). It binds 0.0.0.0 unless it is told otherwise, and checks no signatures."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.processes import Running, free_port, installed, plain_environment, run_folder, started, wait_for

REQUIREMENT = "ministack==1.5.33"


@contextmanager
def running() -> Iterator[Running]:
    """MiniStack, S3 and STS."""
    programs = installed("ministack", REQUIREMENT)
    with run_folder("ministack") as run:
        port = free_port()
        env = plain_environment(run, BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port), PERSIST_STATE="0")
        endpoint = f"http://127.0.0.1:{port}"
        with started([programs / "ministack"], run / "log", env) as process:
            wait_for(endpoint, process, run / "log")
            yield Running(endpoint)
