"""LocalStack's S3 provider. It is told that it is in no container, to load S3 and STS alone, and to stay on loopback.

Its default server ignores the host of GATEWAY_LISTEN and binds 0.0.0.0; hypercorn does as it is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.processes import Running, free_port, installed, plain_environment, run_folder, started, wait_for

REQUIREMENT = "localstack-core[base-runtime]==4.13.1"


@contextmanager
def running() -> Iterator[Running]:
    """LocalStack, S3 and STS. The first call to S3 loads it, which takes some seconds."""
    programs = installed("localstack", REQUIREMENT)
    with run_folder("localstack") as run:
        port = free_port()
        env = plain_environment(
            run,
            GATEWAY_LISTEN=f"127.0.0.1:{port}",
            GATEWAY_SERVER="hypercorn",
            OVERRIDE_IN_DOCKER="0",
            FILESYSTEM_ROOT=str(run),
            DISABLE_EVENTS="1",
            SKIP_SSL_CERT_DOWNLOAD="1",
            DNS_ADDRESS="0",
            SERVICES="s3,sts",
            STRICT_SERVICE_LOADING="1",
        )
        endpoint = f"http://127.0.0.1:{port}"
        with started([programs / "python", "-m", "localstack.runtime.main"], run / "log", env) as process:
            wait_for(endpoint, process, run / "log")
            yield Running(endpoint)
