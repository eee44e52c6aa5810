"""A fault engine: stands in front of an S3, writes down what it is asked, and answers some of it badly.

It is one more behaviour (`reconciler.sandbox.behaviours`), put before those that make moto answer as AWS does.
Rules name operations as botocore does: ``faults.on("PutBucketTagging", error("OperationAborted", 409), times=2)``.
"""

import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from threading import Lock
from urllib.parse import urlsplit

from botocore.loaders import Loader

from reconciler.sandbox.behaviours import Ask, Behaviour
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Error, S3Request

WITHOUT_SUBRESOURCE = {
    ("PUT", False): "CreateBucket",
    ("HEAD", False): "HeadBucket",
    ("DELETE", False): "DeleteBucket",
    ("GET", False): "ListObjects",
    ("GET", True): "GetObject",
    ("PUT", True): "PutObject",
    ("DELETE", True): "DeleteObject",
    ("HEAD", True): "HeadObject",
}
OF_UPLOADS = {"DELETE": "AbortMultipartUpload", "POST": "CompleteMultipartUpload", "PUT": "UploadPart"}
"""What a request on an object is that names an upload."""
MEDDLER = "me"
"""The key of whoever looks and meddles beside the reconciler."""
READS = ("Get", "Head", "List")
NO_OWNER = {"GetCallerIdentity", "ListBuckets", "CreateBucket"}
"""Operations that have no ExpectedBucketOwner (botocore's service model)."""


@cache
def with_subresource() -> dict[tuple[str, str], str]:
    """The operations on a sub-resource of a bucket, from botocore's own model."""
    operations = Loader().load_service_model("s3", "service-2")["operations"]
    found = {}
    for name, operation in operations.items():
        url = urlsplit(operation["http"]["requestUri"])
        if url.path == "/{Bucket}" and url.query and not operation.get("deprecated"):
            found[operation["http"]["method"], url.query.partition("&")[0].partition("=")[0]] = name
    return found


def operation_of(request: S3Request) -> str:
    """Which operation a request is."""
    if not request.bucket:
        return "GetCallerIdentity" if request.method == "POST" else "ListBuckets"
    if request.subresource:
        return with_subresource()[request.method, request.subresource]
    if request.key and "uploadId" in request.query:
        return OF_UPLOADS[request.method]
    if request.key and "uploads" in request.query:
        return "CreateMultipartUpload"
    for part in ("retention", "legal-hold"):
        if request.key and part in request.query:
            return f"{request.method.capitalize()}Object{part.title().replace('-', '')}"
    return WITHOUT_SUBRESOURCE[request.method, bool(request.key)]


def error(code: str, status: int, message: str = "as told", **headers: str) -> Behaviour:
    """Answers with an error of S3."""
    body = S3Error(code, message).answer().body if code else b""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, memory, ask: Answer(status, {"content-type": "application/xml", **named}, body)


def sts_error(code: str, status: int = 403) -> Behaviour:
    """Answers with an error of STS, which spells it in another way than S3."""
    return body(f"<ErrorResponse><Error><Code>{code}</Code><Message>as told</Message></Error></ErrorResponse>", status)


def body(text: str, status: int = 200, **headers: str) -> Behaviour:
    """Answers with this text."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, memory, ask: Answer(status, named, text.encode())


def done_but_unanswered(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Does what it is asked, and then says something that no client takes for an answer."""
    ask(request)
    return Answer(412, {"content-type": "application/xml"}, S3Error("PreconditionFailed", "seen twice").answer().body)


LOST = "x-connection-was-lost"
"""A header of what no client ever gets: where no socket can be closed, the transport raises instead (`Aws`)."""


def never_arrives(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """The connection is reset before anything is done."""
    return hang_up(request)


def is_done_and_lost(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Does what it is asked; then the connection is reset."""
    with suppress(S3Error):
        ask(request)
    return hang_up(request)


def hang_up(request: S3Request) -> Answer:
    """Close the connection under the client's feet."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    return Answer(500, {LOST: "yes"})


def is_done_and_then(act: Behaviour) -> Behaviour:
    """Does what it is asked, and answers something else: ``is_done_and_then(error("InternalError", 500))``."""

    def does(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        with suppress(S3Error):
            ask(request)
        return act(request, memory, ask)

    return does


def meanwhile(deed: Callable[[], object]) -> Behaviour:
    """Somebody does something else right before this is served. They may not ask the same S3, which is busy."""

    def does(request: S3Request, memory: Memory, ask: Ask) -> Answer:
        deed()
        return ask(request)

    return does


def belongs_to_somebody_else(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """The bucket is another account's by now: whoever expects an owner is told no."""
    if "x-amz-expected-bucket-owner" in request.headers:
        return error("", 403)(request, memory, ask) if request.method == "HEAD" else denied(request, memory, ask)
    return ask(request)


def falls_through(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Takes a sub-resource for the bucket itself, as many S3-compatible servers do."""
    return ask(replace(request, query={}))


denied = error("AccessDenied", 403, "Access Denied")


@dataclass
class Stale:
    """Answers reads of a sub-resource as they were before the last write, so many times."""

    reads: float
    before: Answer | None = None

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        if request.method == "GET":
            if self.before is not None and self.reads > 0:
                self.reads -= 1
                return self.before
            return ask(request)
        try:
            self.before = ask(replace(request.about(request.subresource or "", method="GET"), headers={}))
        except S3Error as absent:
            self.before = absent.answer()
        return ask(request)


def call_of(request: S3Request) -> str:
    """Which call a request is a try of: botocore gives all of its tries one name. Empty for other clients."""
    return request.headers.get("amz-sdk-invocation-id", "")


def is_the_meddler(request: S3Request) -> bool:
    return f"Credential={MEDDLER}/" in request.headers.get("authorization", "")


@dataclass
class Rule:
    """When to act: on an operation, or on any (None); on every try of a call that it once acted on, if `whole`."""

    operation: str | None
    act: Behaviour
    bucket: str | None
    times: float
    skip: int
    whole: bool = False
    only_writes: bool = False
    struck: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def applies(self, operation: str, request: S3Request) -> bool:
        if self.operation not in (None, operation) or self.bucket not in (None, request.bucket):
            return False
        if self.operation is None and is_the_meddler(request):
            return False
        if self.only_writes and operation.startswith(READS):
            return False
        if self.whole:
            if call_of(request) in self.struck | self.passed:
                return call_of(request) in self.struck
            (self.passed if self.skip > 0 or self.times <= 0 else self.struck).add(call_of(request))
        self.skip -= 1
        if self.skip >= 0 or self.times <= 0:
            return False
        self.times -= 1
        return True


@dataclass
class Faults:
    """The behaviour in front: a record of all requests, and the rules for some of them."""

    requests: list[S3Request] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        operation = operation_of(request)
        with self.lock:
            self.requests.append(request)
            rule = next((rule for rule in self.rules if rule.applies(operation, request)), None)
        return rule.act(request, memory, ask) if rule else ask(request)

    def on(
        self,
        operation: str,
        act: Behaviour,
        *,
        times: float = inf,
        skip: int = 0,
        bucket: str | None = None,
        whole: bool = False,
    ) -> None:
        """Answer an operation in another way: so many times, after having let so many pass.

        `whole` counts calls instead of requests: what is done to one is done to all tries of it.
        """
        self.rules.append(Rule(operation, act, bucket, times, skip, whole))

    def on_call(self, number: int, act: Behaviour, *, only_writes: bool = False, whole: bool = True) -> None:
        """Answer one call in another way, whatever it asks for: the first one from now on is number 0.

        With `whole`, all tries of that call; without, the first try alone, which botocore repeats.
        """
        self.rules.append(Rule(None, act, None, 1, number, whole, only_writes))

    def stale(self, subresource: str, reads: float) -> None:
        """Reads answer what was there before a write, so many times."""
        stale = Stale(reads)
        for method in ("GET", "PUT", "DELETE"):
            if (method, subresource) in with_subresource():
                self.on(with_subresource()[method, subresource], stale)

    # ── what was asked ───────────────────────────────────────────────────────────────────────────────

    def made(self, bucket: str | None = None) -> list[str]:
        """The operations, in order; of one bucket, where one is named."""
        return [operation_of(item) for item in self.requests if bucket in (None, item.bucket)]

    def writes(self, bucket: str | None = None) -> list[str]:
        """The operations that change something, in order."""
        return [name for name in self.made(bucket) if not name.startswith(READS)]

    def calls(self) -> list[str]:
        """The operations of the reconciler's calls, each of them once, however often it was tried."""
        first: dict[str, str] = {}
        for item in self.requests:
            if not is_the_meddler(item):
                first.setdefault(call_of(item), operation_of(item))
        return list(first.values())

    def count(self, operation: str) -> int:
        return Counter(self.made())[operation]

    def of(self, operation: str, bucket: str | None = None) -> list[S3Request]:
        """The requests of an operation."""
        asked = [item for item in self.requests if operation_of(item) == operation]
        return [item for item in asked if bucket in (None, item.bucket)]

    def forget(self) -> None:
        """Forget what was asked; the rules stay."""
        self.requests.clear()

    def reset(self) -> None:
        self.requests.clear()
        self.rules.clear()
