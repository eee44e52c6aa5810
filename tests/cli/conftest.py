"""The command line in this process, against a sandbox in this process that writes down what it is asked."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
import pytest
from botocore.loaders import create_loader

from reconciler.cli import main as command_line
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.server import Moto, endpoint_of, serve

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSECRETKEY"
SESSION_TOKEN = "FwoGZXIvYXdzEBYaSESSIONTOKEN"
SPEC = """\
buckets:
  - name: acme-lake
    region: us-east-1
    versioning: Enabled
    tags: {Owner: data-platform}
"""


def waived(*rules: str) -> str:
    """Lines of a bucket: that it may break these guardrails, which are not what the test is about."""
    waivers = (f"{{rule: {rule}, reason: a test, owner: tests, expires: 2999-12-31}}" for rule in rules)
    return f"    waivers: [{', '.join(waivers)}]\n"


WITH_MANIFEST = SPEC + "    manifest: {purpose: A lake}\n"
WITHOUT_MANIFEST = SPEC + "    manifest: absent\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Exactly one document, and nothing beside it."""
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    """``--debug`` shows requests until the process ends, which here is that of all tests."""
    yield
    logger = logging.getLogger("botocore.endpoint")
    logger.setLevel(logging.NOTSET)
    logger.filters.clear()


class Recording:
    """Writes down every request, and may be told to answer something else."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.requests: list[tuple[str, str]] = []
        self.instead: Callable[[str, str], bytes | None] = lambda _method, _path: None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ["QUERY_STRING"] else "")
        self.requests.append((environ["REQUEST_METHOD"], path))
        answer = self.instead(*self.requests[-1])
        if answer is None:
            return self._app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("403 Forbidden", [("content-type", "application/xml"), ("content-length", str(len(answer)))])
        return [answer]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """What was written; STS is asked with a POST."""
        return [(method, path) for method, path in self.requests if method not in ("GET", "HEAD") and path != "/"]


def denied(code: str = "AccessDenied") -> bytes:
    """S3's word for no."""
    return f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.fixture(scope="session")
def recording() -> Iterator[Recording]:
    moto = Moto()
    layer = FaithfulS3(moto)
    app = Recording(layer)
    server = serve(app)
    app.address = endpoint_of(server)  # type: ignore[attr-defined]
    app.empty = lambda: layer.reset(moto.reset)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield app
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session", autouse=True)
def models_are_read_once() -> Iterator[None]:
    """A new session reads its descriptions of S3 again, which takes longer than most tests."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _=None: loader)
        yield


@pytest.fixture
def server(recording: Recording) -> Iterator[Recording]:
    recording.requests.clear()
    yield recording
    recording.instead = lambda _method, _path: None
    recording.empty()  # type: ignore[attr-defined]


@pytest.fixture
def endpoint(server: Recording) -> str:
    return server.address  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def s3(endpoint: str) -> Iterator[Any]:
    session = boto3.session.Session("somebody", "else", region_name="us-east-1")
    client = session.client("s3", endpoint_url=endpoint)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def nobody_in_particular(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials that mean nothing, in a folder of one's own, without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", typed(""))
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RECONCILE_SANDBOX_DIR": str(tmp_path / "sandbox"),
        "TERM": "xterm",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name in ("RECONCILE_SANDBOX", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Terminal(io.TextIOWrapper):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


def typed(text: str, kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> io.TextIOWrapper:
    return kind(io.BytesIO(text.encode()), encoding="utf-8")


@pytest.fixture
def offline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command. `says` is typed by a person at a terminal, `piped` comes from another program."""

    def run(*words: str, says: str | None = None, piped: str = "") -> Ended:
        monkeypatch.setattr("sys.stdin", typed(piped) if says is None else typed(says, Terminal))
        code = command_line.main(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err or "--debug" in words
        assert SECRET not in out + err
        assert SESSION_TOKEN not in out + err
        return Ended(code, out, err)

    return run


@pytest.fixture
def reconcile(offline: Run, endpoint: str) -> Run:
    """Run a command against the sandbox of this process."""

    def run(*words: str, **others: Any) -> Ended:
        return offline(*words, "--endpoint-url", endpoint, **others)

    return run


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec in the folder that is looked into by default."""
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "lake.yaml"
    path.write_text(SPEC)
    return path
