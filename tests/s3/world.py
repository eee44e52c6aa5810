"""A world to plan and apply in: an S3 with a fault engine in front, and a patience that does not take any time."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Changeset, Inputs, Origin, Plan
from reconciler.planning.digests import digest_of_specs
from reconciler.planning.live import Identity
from reconciler.planning.outcomes import Applied, Outcome
from reconciler.planning.planner import plan_bucket
from reconciler.s3.clients import Clients
from reconciler.s3.executor import Executor
from reconciler.s3.exposure import SecondLook
from reconciler.s3.limiter import Limiter, Pace
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import ask
from reconciler.sandbox.server import Moto, endpoint_of, serve
from tests.s3.faults import LOST, Faults
from tests.s3.faults import MEDDLER as MEDDLER

ACCOUNT = "123456789012"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 0
    naps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.naps.append(seconds)

    def time(self) -> float:
        return self.now

    def patience(self, **settings: Any) -> Patience:
        return Patience(clock=self.time, sleep=self.sleep, **settings)


@dataclass
class World:
    """An S3 and everything that is needed to reconcile with it."""

    moto: Moto
    layer: FaithfulS3
    faults: Faults
    clients: Clients
    identity: Identity
    s3: Any
    """Another client, for looking and meddling; what it does is on record too."""
    clock: Clock = field(default_factory=Clock)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Hypothesis would tell every request."""
        printer.text(f"{type(self).__name__}()")

    def reset(self) -> None:
        self.faults.reset()
        self.layer.reset(self.moto.reset)
        self.clients.calls.clear()
        for limiter in self.clients.limiters.values():
            limiter.pace, limiter.served_at = Pace(), None
        self.clock = Clock()

    def new_limiter(self) -> Limiter:
        """One that waits by this world's clock."""
        return Limiter(lambda: self.clock.time(), lambda seconds: self.clock.sleep(seconds))

    @property
    def reader(self) -> Reader:
        return Reader(self.clients, self.identity)

    def executor(self, **settings: Any) -> Executor:
        patience = settings.pop("patience", None) or self.clock.patience()
        return Executor(self.clients, self.reader, patience, now=lambda: NOON, **settings)

    def plans(self, *specs: Mapping[str, Any] | BucketSpec) -> tuple[Plan, ...]:
        """What would change."""
        read = [spec if isinstance(spec, BucketSpec) else BucketSpec.model_validate(spec) for spec in specs]
        reader = self.reader
        origin = Origin("spec.yaml", 1)
        with closing(reader.each(read)) as found:
            return SecondLook(reader).at(
                (plan_bucket(spec, live, self.identity, origin), live) for spec, live in zip(read, found, strict=True)
            )

    def plan(self, spec: Mapping[str, Any] | BucketSpec) -> Plan:
        return self.plans(spec)[0]

    def changeset(self, *specs: Mapping[str, Any]) -> Changeset:
        read = [BucketSpec.model_validate(spec) for spec in specs]
        return Changeset(
            self.plans(*read), self.identity.endpoint, Inputs(("specs",), spec_digest=digest_of_specs(read))
        )

    def apply(self, *plans: Plan, **settings: Any) -> Applied:
        return self.executor(**settings).apply(plans)

    def make(self, *specs: Mapping[str, Any]) -> Applied:
        """Plan and apply."""
        return self.apply(*self.plans(*specs))

    def set_up(self, spec: Mapping[str, Any]) -> None:
        """Have a bucket like this, off the record."""
        assert self.make(spec).exit_code == 0
        self.faults.forget()


def outcomes(applied: Applied, bucket: str | None = None) -> dict[str, Outcome]:
    """The outcome of every aspect of a bucket."""
    chosen = [item for item in applied.buckets if bucket in (None, item.plan.name)]
    return {outcome.change.aspect: outcome for item in chosen for outcome in item.outcomes}


def results(applied: Applied, bucket: str | None = None) -> dict[str, str]:
    """How every aspect of a bucket ended."""
    return {aspect: outcome.result.value for aspect, outcome in outcomes(applied, bucket).items()}


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """A server on loopback in a thread of its own."""
    server = serve(app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint_of(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def world_of(moto: Moto, layer: FaithfulS3, faults: Faults, app: WSGIApplication | None = None) -> Iterator[World]:
    """A world whose S3 is this layer, or something in front of it."""
    with serving(app or layer) as endpoint:
        clients = Clients(region="us-east-1", endpoint_url=endpoint)
        identity = clients.identity()
        s3 = boto3.session.Session(MEDDLER, "too").client("s3", endpoint_url=endpoint, region_name="us-east-1")
        faults.forget()  # who is asking was asked to build this world, not by a test
        world = World(moto, layer, faults, clients, identity, s3)
        clients.new_limiter = world.new_limiter
        yield world
        clients.close()
        s3.close()


# ── AWS itself, as far as a client can tell ──────────────────────────────────────────────────────────


class Raw(BytesIO):
    """What botocore reads an answer from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Aws:
    """Answers requests to AWS's own endpoints from an application in this process; nothing goes over a network."""

    app: WSGIApplication

    def join(self, clients: Clients) -> Clients:
        """Have every client that is made from now on ask here."""
        clients._session.events.register("before-send", self.answer)
        return clients

    def serve(self, world: World) -> None:
        """Have all clients of a world ask here, without a network in between."""
        self.join(world.clients)
        world.s3.meta.events.register("before-send", self.answer)

    def answer(self, request: Any, **_: Any) -> Any:
        url = urlsplit(request.url)
        sent: Any = request.body or b""
        if isinstance(sent, str):
            sent = sent.encode()
        body: bytes = sent if isinstance(sent, bytes) else sent.read()
        named = {
            name.upper().replace("-", "_"): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        environ = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(url.path),
            "QUERY_STRING": url.query,
            "SERVER_NAME": url.hostname,
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": url.netloc,
            **{name if name == "CONTENT_TYPE" else f"HTTP_{name}": value for name, value in named.items()},
        }
        answer = ask(self.app, environ)
        if LOST in answer.headers:
            raise ConnectionClosedError(endpoint_url=request.url)
        headers = HTTPHeaders()
        for name, text in answer.headers.items():
            headers[name] = text
        return AWSResponse(request.url, answer.status, headers, Raw(answer.body))
