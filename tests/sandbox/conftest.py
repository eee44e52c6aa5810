"""A sandbox in this process, on loopback, emptied after every test."""

import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.server import Moto, WithControls, endpoint_of, serve

Clients = Callable[..., Any]
Send = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def no_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def moto() -> Moto:
    return Moto()


@pytest.fixture(scope="session")
def layer(moto: Moto) -> FaithfulS3:
    return FaithfulS3(moto)


@pytest.fixture(scope="session")
def token() -> str:
    return "a token"


@pytest.fixture(scope="session")
def running(moto: Moto, layer: FaithfulS3, token: str) -> Iterator[str]:
    server = serve(WithControls(layer, token, lambda: layer.reset(moto.reset)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield endpoint_of(server)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def endpoint(running: str, moto: Moto, layer: FaithfulS3) -> Iterator[str]:
    yield running
    layer.reset(moto.reset)


@pytest.fixture(scope="session")
def all_clients(running: str) -> Iterator[Clients]:
    """Made once each: they hold no state, and making one takes longer than most tests."""
    session = boto3.session.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
    made: dict[tuple[str, str], Any] = {}
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1, "mode": "standard"})

    def client(service: str = "s3", region: str = "us-east-1") -> Any:
        if (service, region) not in made:
            made[service, region] = session.client(
                service,  # type: ignore[call-overload]
                endpoint_url=running,
                region_name=region,
                config=config,
            )
        return made[service, region]

    yield client
    for one in made.values():
        one.close()


@pytest.fixture
def clients(endpoint: str, all_clients: Clients) -> Clients:
    return all_clients


@pytest.fixture
def s3(clients: Clients) -> Any:
    return clients()


@pytest.fixture
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="lake")
    return "lake"


@pytest.fixture
def send(endpoint: str) -> Send:
    """For what boto3 would not send."""

    def request(method: str, target: str, body: str = "", **headers: str) -> tuple[int, str]:
        connection = HTTPConnection(endpoint.removeprefix("http://"))
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, body.encode(), {"content-length": str(len(body.encode())), **named})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    return request
