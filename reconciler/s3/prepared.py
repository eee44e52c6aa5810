"""Prepared calls: reads that ask what boto3 would ask and answer what it would answer, without its plumbing.

What boto3 reads in 2,400 µs of CPU is read in 280 (a document that was seen before; two busy cores, one run). The
first call of each kind is boto3's own, and what it has sent is the pattern for those that follow
(`reconciler.s3.patterns`); they are signed by botocore's signer, go over a connection that is kept
(`reconciler.s3.wire`), and are parsed by botocore's parser. This is the common case and nothing else: an answer 200
with the document that was expected, or a 404 with a code that means "there is none". Whatever else happens, boto3 is
asked, and what it says is the answer: redirects, retries, throttling, tokens that have expired and all other errors
are its own. With a proxy, credentials that do not sign in the usual way, or ``RECONCILE_READER=boto3``, it is asked
for everything.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from reconciler.bucket import BucketSpec
from reconciler.s3.documents import check_document, expected_documents, operation_name
from reconciler.s3.patterns import PLAIN, Pattern, pattern_of
from reconciler.s3.traffic import Traffic
from reconciler.s3.wire import Connections, LostAnswerError, Place, Raw

MOST_PATTERNS = 1_000
"""Patterns of a region. Manifests with a key of their own in each bucket are kinds of their own."""
REMEMBERED = 1_000
"""Answers that are remembered. Most buckets of a fleet hold the same documents, down to the byte."""
THROTTLED = (429, 503)

log = logging.getLogger("botocore.endpoint")
"""Requests are told as botocore tells its own."""

Kind = tuple[Any, ...]
"""An operation with its parameters beside the bucket."""


class Limits(Protocol):
    """Who says when a call may begin."""

    def enter(self) -> None:
        """Wait until a call may begin."""

    def leave(self, *, throttled: bool) -> None:
        """It has ended."""


class UnusualAnswerError(Exception):
    """An answer that boto3 is to be asked for once more."""


class Answer(dict[str, Any]):
    """A document as boto3 answers it, without ResponseMetadata. Others may hold it too: it is not to be changed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


class Headers(dict[str, str]):
    """Headers by their names in lower case, which are found however somebody spells them."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


class Known(NamedTuple):
    """What a kind of call needs once it is prepared."""

    pattern: Pattern
    connections: Connections


class Around(NamedTuple):
    """What prepared calls share with boto3's."""

    credentials: Any
    """botocore's; what they are is asked for each call, so that they may be refreshed at any time."""
    parser: Any
    """botocore's parser for S3's protocol."""
    limits: Limits
    traffic: Traffic
    called: Callable[[str], str | None]
    """How the server calls the document of an operation, where not as AWS does."""


class Prepared:
    """The prepared calls of one client of boto3's, for all threads."""

    def __init__(self, client: Any, around: Around) -> None:
        self.client = client
        self.around = around
        self._known: dict[Kind, Known] = {}
        self._begun: dict[Kind, threading.Event] = {}
        self._connections: dict[Place, Connections] = {}
        self._lock = threading.Lock()
        self._asking = threading.local()
        self._document = lru_cache(REMEMBERED)(self._parsed)
        self._roots = expected_documents()
        rows = [aspect.api for aspect in BucketSpec.aspects().values()]
        self._absent = {operation_name(api.get): api.absent for api in rows}
        client.meta.events.register("before-send.s3", self._learn)
        client.meta.events.register("before-parameter-build.s3", self._name_invocation)

    def ask(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a read, given its name in snake_case. Raises what boto3 would raise."""
        bucket = params["Bucket"]
        if not PLAIN.fullmatch(bucket):
            return self._ask_boto3(operation, params)
        kind = (operation, *(item for item in params.items() if item[0] != "Bucket"))
        known = self._known.get(kind) or self._learned_by_others(kind)
        if known is None:
            return self._ask_and_learn(operation, params, kind)
        invocation = str(uuid.uuid4())
        answer = self._ask(known, bucket, invocation)
        if answer is None:
            return self._ask_once_more(operation, params, invocation)
        if isinstance(answer, ClientError):
            raise answer
        return answer

    def close(self) -> None:
        """Close the connections that nobody is using."""
        with self._lock:
            for connections in self._connections.values():
                connections.close()

    def _ask_boto3(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = getattr(self.client, operation)(**params)
        return answer

    def _ask_once_more(self, operation: str, params: Mapping[str, Any], invocation: str) -> Mapping[str, Any]:
        """Have boto3 ask, as one more try of the same call."""
        self._asking.invocation = invocation
        try:
            return self._ask_boto3(operation, params)
        finally:
            self._asking.invocation = None

    def _name_invocation(self, context: dict[str, Any], **_: Any) -> None:
        """boto3 is about to make a request; all tries of a call have one name."""
        invocation = getattr(self._asking, "invocation", None)
        if invocation is not None:
            context.setdefault("retries", {})["invocation-id"] = invocation

    # ── patterns ─────────────────────────────────────────────────────────────────────────────────────

    def _learned_by_others(self, kind: Kind) -> Known | None:
        """What another thread's first call of this kind shows as soon as it is sent; None for whoever is the first."""
        with self._lock:
            begun = self._begun.get(kind)
            if begun is None:
                self._begun[kind] = threading.Event()
                return None
        begun.wait()
        return self._known.get(kind)

    def _ask_and_learn(self, operation: str, params: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
        self._asking.about = (kind, params["Bucket"])
        try:
            return self._ask_boto3(operation, params)
        finally:
            self._asking.about = None
            self._begun[kind].set()

    def _learn(self, request: Any, event_name: str, **_: Any) -> None:
        """boto3 is about to send this."""
        about = getattr(self._asking, "about", None)
        if about is None:
            return
        kind, bucket = about
        pattern = pattern_of(request, event_name.rpartition(".")[2], bucket)
        place = place_of(self.client, request.url) if pattern else None
        with self._lock:
            if pattern and place and len(self._known) < MOST_PATTERNS:
                connections = self._connections.setdefault(place, Connections(place))
                self._known[kind] = Known(pattern, connections)
        self._begun[kind].set()

    # ── the call ─────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, known: Known, bucket: str, invocation: str) -> Mapping[str, Any] | ClientError | None:
        """The answer, or the error that means that there is no document; None where boto3 is to be asked."""
        try:
            raw = self._send(known, bucket, invocation)
            self.around.traffic.got(len(raw.body))
            if raw.status >= 500 or raw.status in THROTTLED:
                self.around.traffic.repeated()
            return self._understood(known.pattern.operation, raw)
        except (OSError, LostAnswerError) as error:
            self.around.traffic.repeated()
            log.debug("asking boto3, because the answer was lost: %s", error)
        except Exception as error:
            log.debug("asking boto3, because of %s: %s", type(error).__name__, error)
        return None

    def _send(self, known: Known, bucket: str, invocation: str) -> Raw:
        """Send the request, unless somebody else answers it, as they may answer those of botocore."""
        request = known.pattern.request(bucket, invocation, self.around.credentials.get_frozen_credentials())
        event = f"before-send.s3.{known.pattern.operation}"
        throttled = False
        self.around.limits.enter()
        try:
            log.debug("Sending http request: %s", request)
            answers = [answer for _, answer in self.client.meta.events.emit(event, request=request) if answer]
            raw = raw_of(answers[0]) if answers else known.connections.ask(known.pattern.wired(request))
            throttled = raw.status in THROTTLED
            return raw
        finally:
            self.around.limits.leave(throttled=throttled)

    def _understood(self, operation: str, raw: Raw) -> Mapping[str, Any] | ClientError:
        if raw.status == 404:
            return self._absence(operation, raw)
        if raw.status != 200:
            raise UnusualAnswerError(f"an answer {raw.status}")
        model = self.client.meta.service_model.operation_model(operation)
        if model.has_streaming_output:
            return without_metadata(self._parse(operation, 200, raw.headers, BytesIO(raw.body)))
        said = tuple((name, raw.headers[name]) for name in headers_in(model.output_shape) if name in raw.headers)
        return self._document(operation, raw.body, said)

    def _absence(self, operation: str, raw: Raw) -> ClientError:
        """There is none, which boto3 says by raising an error."""
        said = self._parse(operation, raw.status, raw.headers, raw.body)
        code = said["Error"]["Code"]
        if code not in self._absent[operation]:
            raise UnusualAnswerError(f"an answer {raw.status} {code}")
        said["ResponseMetadata"]["RetryAttempts"] = 0
        error: ClientError = self.client.exceptions.from_code(code)(said, operation)
        return error

    def _parsed(self, operation: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Answer:
        """A document, checked as every other one is (`reconciler.s3.documents`)."""
        root = self._roots.get(operation)
        if root is not None:
            shape = self.client.meta.service_model.operation_model(operation).output_shape
            check_document(body, root, operation, shape, self.around.called(operation))
        return Answer(without_metadata(self._parse(operation, 200, dict(headers), body)))

    def _parse(self, operation: str, status: int, headers: dict[str, str], body: Any) -> dict[str, Any]:
        """What botocore's parser makes of an answer."""
        shape = self.client.meta.service_model.operation_model(operation).output_shape
        context = {"operation_name": operation}
        response = {"status_code": status, "headers": Headers(headers), "body": body, "context": context}
        answer: dict[str, Any] = self.around.parser.parse(response, shape)
        return answer


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what is about the transport."""
    del answer["ResponseMetadata"]
    return answer


def raw_of(answer: Any) -> Raw:
    """An answer of botocore's."""
    return Raw(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def place_of(client: Any, url: str) -> Place | None:
    """Where a client of boto3's would send a request, and how; None where there is something in between."""
    http = client._endpoint.http_session  # noqa: SLF001 - what it has made of settings and environment
    verify = http._verify  # noqa: SLF001
    address = urlsplit(url)
    proxy = http._proxy_config.proxy_url_for(url)  # noqa: SLF001
    if proxy or client.meta.config.client_cert or not address.hostname:
        return None
    config = client.meta.config
    port = address.port or (443 if address.scheme == "https" else 80)
    tls = verify if address.scheme == "https" else None
    return Place(address.hostname, port, tls, config.connect_timeout, config.read_timeout)


def headers_in(shape: Any) -> list[str]:
    """The headers that are a part of an answer, in lower case."""
    members = shape.members.values()
    return [one.serialization["name"].lower() for one in members if one.serialization.get("location") == "header"]
