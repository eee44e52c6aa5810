"""An S3 that is as difficult as the real one: the hostile half, in front of the faithful one (`reconciler.sandbox`).

`Hostility` is one behaviour made of several (`HOSTILE`); each of them says where it was seen. What it does follows
from a seed: the luck of a request depends on the seed, the operation, and how often that was asked, and not on the
order in which threads happen to ask. Time is the clock of the world.

The meddler, who sets up buckets and looks at them afterwards, is left in peace.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from reconciler.planning.changeset import Plan
from reconciler.planning.outcomes import Applied
from reconciler.sandbox.behaviours import AS_AWS_DOES, Ask
from reconciler.sandbox.documents import MINIMUM_SIZE_HEADER, ROOTS, Memory
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Error, S3Request, as_xml, read_document
from reconciler.sandbox.server import Moto
from tests.s3 import respelled
from tests.s3.faults import READS, Faults, error, operation_of
from tests.s3.world import MEDDLER, World, world_of

TWO_MINUTES = 120
"""After which everything has settled: the longest that anything here lasts is 100 seconds."""
SETTLES = 30
"""Seconds after a write in which reads may still answer the old document."""


@dataclass
class Unknown:
    """A principal that was created a moment ago: refused for so many PUTs, and until this time."""

    puts: float = 0
    until: float = 0


@dataclass
class Hostility:
    """What a hostile S3 does to those who ask it, and the luck with which it does."""

    does: "tuple[Hostile, ...]" = ()
    now: Callable[[], float] = lambda: 0
    seed: int = 0
    luck: Random = field(default_factory=Random)
    """That of the request being served; the layer serves one after another."""
    deleted: dict[str, str] = field(default_factory=dict)
    """The ARNs of users and roles that were deleted, and their ids."""
    created: dict[str, Unknown] = field(default_factory=dict)
    """The ARNs of users and roles that were created a moment ago."""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_a_row: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often an operation on a bucket has been answered badly since it last went well."""
    born: dict[str, float] = field(default_factory=dict)
    was: dict[tuple[str, str], "Was"] = field(default_factory=dict)

    def begin(self) -> None:
        """Forget everything but the seed and what it does."""
        for memory in (self.deleted, self.created, self.asked, self.in_a_row, self.born, self.was):
            memory.clear()

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        """Answer one request: the outermost behaviour first."""
        if f"Credential={MEDDLER}/" in request.headers.get("authorization", ""):
            return ask(request)
        about = (operation_of(request), request.bucket)
        self.asked[about] += 1
        self.luck = Random(f"{self.seed} {about} {self.asked[about]}")
        return self._ask(request, memory, ask, self.does)

    def _ask(self, request: S3Request, memory: Memory, ask: Ask, does: "tuple[Hostile, ...]") -> Answer:
        if not does:
            return ask(request)
        first, *rest = does
        return first(self, request, memory, lambda onward: self._ask(onward, memory, ask, tuple(rest)))

    def strikes(self, what: str, request: S3Request, chance: float, most: int) -> bool:
        """Whether bad luck has it now, which it has at most so often in a row."""
        about = (what, f"{operation_of(request)} {request.bucket}")
        if self.in_a_row[about] < most and self.luck.random() < chance:
            self.in_a_row[about] += 1
            return True
        self.in_a_row[about] = 0
        return False


Hostile = Callable[[Hostility, S3Request, Memory, Ask], Answer]


def writes(request: S3Request) -> bool:
    return not operation_of(request).startswith(READS)


# ── what passes by itself ────────────────────────────────────────────────────────────────────────────


def has_trouble(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """503 SlowDown and 500 InternalError now and then, the latter sometimes after the work is done.

    API reference, "Error responses": both mean try again. Not more than two in a row: botocore makes five attempts.
    """
    if not hostility.strikes("trouble", request, 0.08, most=2):
        return ask(request)
    if hostility.luck.random() < 0.5:
        return error("SlowDown", 503, "Please reduce your request rate.")(request, memory, ask)
    if hostility.luck.random() < 0.5:
        ask(request)
    message = "We encountered an internal error. Please try again."
    return error("InternalError", 500, message)(request, memory, ask)


def is_busy(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """409 OperationAborted to a write of the bucket's configuration that meets another one.

    hashicorp/terraform-provider-aws#7628, ansible/ansible#67811: also to those who write one after another.
    """
    if request.key or not writes(request) or not hostility.strikes("busy", request, 0.15, most=3):
        return ask(request)
    message = "A conflicting conditional operation is currently in progress against this resource. Please try again."
    return error("OperationAborted", 409, message)(request, memory, ask)


def appears_late(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """A new bucket is unknown to HEAD, to its sub-resources and to the listing, each for a while of its own.

    hashicorp/terraform-provider-aws#7803 and #41363; that provider waits for two minutes.
    """
    operation = operation_of(request)
    if operation == "ListBuckets":
        return without_late_buckets(hostility, ask(request))
    if operation == "CreateBucket":
        is_new = request.bucket not in memory
        answer = ask(request)
        if is_new and answer.succeeded:
            hostility.born[request.bucket] = hostility.now()
        return answer
    if is_late(hostility, request.bucket, operation):
        code = "" if operation == "HeadBucket" else "NoSuchBucket"
        return error(code, 404, "The specified bucket does not exist")(request, memory, ask)
    return ask(request)


def is_late(hostility: Hostility, bucket: str, operation: str) -> bool:
    if bucket not in hostility.born:
        return False
    lag = Random(f"{hostility.seed} {bucket} {operation}").choice((0, 0, 0, 2, 20, 100))
    return hostility.now() < hostility.born[bucket] + lag


def without_late_buckets(hostility: Hostility, answer: Answer) -> Answer:
    listing = read_document(answer.body, "ListAllMyBucketsResult")
    buckets = listing.find("Buckets")
    assert buckets is not None
    buckets[:] = [one for one in buckets if not is_late(hostility, one.findtext("Name", ""), "ListBuckets")]
    return Answer.document(listing)


@dataclass
class Was:
    """What a document was before a write, and what the next reads answer: the old one or the new one."""

    answer: Answer
    reads: list[bool]
    until: float


def answers_what_was(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """An old document for some reads after a write, and old and new in turns.

    S3 User Guide, "Amazon S3 data consistency model": bucket configurations are eventually consistent. That they
    flap is told in the comments of ansible-collections/community.aws, plugins/modules/s3_lifecycle.py. Objects do not.
    """
    if request.subresource is None:
        return ask(request)
    about = (request.bucket, request.subresource)
    if request.method == "GET":
        was = hostility.was.get(about)
        if was is not None and hostility.now() < was.until and was.reads and was.reads.pop():
            return was.answer
        return ask(request)
    before = looked_at(request, ask)
    answer = ask(request)
    if answer.succeeded and before is not None:
        luck = hostility.luck
        reads = [luck.random() < 0.7 for _ in range(luck.choice((0, 0, 1, 2, 4, 8)))]
        hostility.was[about] = Was(before, reads, hostility.now() + SETTLES)
    return answer


def looked_at(request: S3Request, ask: Ask) -> Answer | None:
    """What a GET of the sub-resource answers."""
    try:
        return ask(replace(request.about(request.subresource or "", method="GET"), headers={}))
    except S3Error as absent:
        return absent.answer() if absent.code != "NoSuchBucket" else None


# ── principals ───────────────────────────────────────────────────────────────────────────────────────


def knows_no_new_principals(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """MalformedPolicy for a user or role that was created a moment ago, or for a typing mistake: it sounds the same.

    hashicorp/terraform#4315; hashicorp/terraform-provider-aws retries it for two minutes (bucket_policy.go).
    """
    if (request.method, request.subresource) == ("PUT", "policy"):
        unknown = {
            arn: hostility.created.setdefault(arn, some_time(hostility))
            for arn in respelled.principals_in(request.body.decode())
        }
        for arn, one in unknown.items():
            if one.puts > 0 or hostility.now() < one.until:
                one.puts -= 1
                body = (
                    S3Error("MalformedPolicy", "Invalid principal in policy", Detail=f'"AWS" : "{arn}"').answer().body
                )
                return Answer(400, {"content-type": "application/xml"}, body)
    return ask(request)


def some_time(hostility: Hostility) -> Unknown:
    return Unknown(until=hostility.now() + hostility.luck.choice((0, 0, 0, 5, 40)))


def shuffles_and_renames_principals(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Principals in another order and spelling on every read; a deleted one as the id that it had: `respelled.policy`.

    IAM User Guide, "AWS JSON policy elements: Principal".
    """
    answer = ask(request)
    if (request.method, request.subresource) != ("GET", "policy") or not answer.succeeded:
        return answer
    text = respelled.policy(hostility.luck, answer.body.decode(), hostility.deleted)
    return Answer(answer.status, without_length(answer), text.encode())


# ── spellings ────────────────────────────────────────────────────────────────────────────────────────


def respells_documents(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Other spellings of the same document: `respelled.RESPELL`, each with its source."""
    answer = ask(request)
    respell = respelled.RESPELL.get(request.subresource or "")
    if respell is None or request.method != "GET" or not answer.succeeded:
        return answer
    root = read_document(answer.body, ROOTS[request.subresource or ""])
    respell(hostility.luck, root)
    return Answer(answer.status, without_length(answer), as_xml(root))


def echoes_less(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """The default minimum size is not always echoed, as by Ceph (hashicorp/terraform-provider-aws#46021)."""
    answer = ask(request)
    if request.method != "GET" or hostility.luck.random() < 0.5:
        return answer
    headers = {name: value for name, value in answer.headers.items() if value != "all_storage_classes_128K"}
    assert answer.headers.keys() - headers.keys() <= {MINIMUM_SIZE_HEADER}
    return replace(answer, headers=headers)


def names_errors_otherwise(hostility: Hostility, request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """NoSuchTagSetError for NoSuchTagSet, as S3-compatible servers have it (the errors.go of Terraform's provider)."""
    try:
        answer = ask(request)
    except S3Error as absent:
        answer = absent.answer()
    if request.subresource == "tagging" and hostility.luck.random() < 0.5:
        renamed = answer.body.replace(b"<Code>NoSuchTagSet</Code>", b"<Code>NoSuchTagSetError</Code>")
        return Answer(answer.status, without_length(answer), renamed)
    return answer


def without_length(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-length"}


HOSTILE: tuple[Hostile, ...] = (
    has_trouble,
    appears_late,
    is_busy,
    knows_no_new_principals,
    names_errors_otherwise,
    echoes_less,
    shuffles_and_renames_principals,
    respells_documents,
    answers_what_was,
)
"""From the client inwards. Any part of it, in this order, is an S3 as well."""


# ── a world with it ──────────────────────────────────────────────────────────────────────────────────


@dataclass
class OneWriterPerBucket:
    """409 OperationAborted to a write that comes while another one to the same bucket is under way.

    This one stands outside of the layer, which serves one request after another.
    """

    app: WSGIApplication
    busy: set[str] = field(default_factory=set)
    refused: int = 0
    lock: Lock = field(default_factory=Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        bucket, _, key = environ["PATH_INFO"].removeprefix("/").partition("/")
        if key or environ["REQUEST_METHOD"] not in ("PUT", "DELETE"):
            return self.app(environ, start_response)
        with self.lock:
            is_busy = bucket in self.busy
            self.busy.add(bucket)
            self.refused += is_busy
        if is_busy:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            body = S3Error("OperationAborted", "A conflicting conditional operation is in progress").answer().body
            return Answer(409, {"content-type": "application/xml"}, body).send(start_response, head=False)
        try:
            return self.app(environ, start_response)
        finally:
            with self.lock:
                self.busy.discard(bucket)


@dataclass
class HostileWorld(World):
    """A world whose S3 is hostile; what it plans next, it plans two minutes later."""

    hostility: Hostility = field(default_factory=Hostility)

    def reset(self) -> None:
        super().reset()
        self.hostility.begin()

    def apply(self, *plans: Plan, **settings: Any) -> Applied:
        applied = super().apply(*plans, **settings)
        self.clock.sleep(TWO_MINUTES)
        return applied


@contextmanager
def hostile_world(moto: Moto, does: tuple[Hostile, ...] = HOSTILE) -> Iterator[HostileWorld]:
    """A world with a hostile S3."""
    faults, hostility = Faults(), Hostility(does)
    layer = FaithfulS3(moto, (faults, hostility, *AS_AWS_DOES))
    with world_of(moto, layer, faults) as plain:
        world = HostileWorld(moto, layer, faults, plain.clients, plain.identity, plain.s3, hostility=hostility)
        hostility.now = lambda: world.clock.now
        world.clients.new_limiter = world.new_limiter
        yield world
