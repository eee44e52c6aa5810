"""Prepared calls answer what boto3 answers: the same live bucket, whatever is there and whatever goes wrong."""

import os
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.planning.live import LiveBucket, Unreadable
from reconciler.s3.documents import expected_documents, operation_name
from reconciler.sandbox.behaviours import Behaviour
from tests.aspects.strategies import LIVE
from tests.s3.both_readers import REGION, Both, both
from tests.s3.converging import buckets, give, spec_of
from tests.s3.faults import Faults, Stale, body, denied, error, falls_through, is_done_and_then, never_arrives
from tests.s3.hostile import HOSTILE, HostileWorld
from tests.s3.lakes import EVERY_ASPECT, READS_OF_ASPECTS, aspects
from tests.s3.raw_server import HANG_UP, RawServer, raw_server, whole
from tests.s3.world import Aws, World

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "8"))
examples = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
EVERYTHING = BucketSpec.model_validate(EVERY_ASPECT)
"""A spec for which every document is read."""


@pytest.fixture(scope="module")
def readers(faithful: World) -> Iterator[Both]:
    settings = {"region": REGION, "endpoint_url": faithful.clients.endpoint_url}
    with both(faithful.identity, settings) as two:
        two.learn(EVERYTHING)
        yield two
    faithful.reset()


@pytest.fixture(scope="module")
def rough_readers(rough: HostileWorld) -> Iterator[Both]:
    settings = {"region": REGION, "endpoint_url": rough.clients.endpoint_url}
    with both(rough.identity, settings, Aws(rough.layer)) as two:
        two.learn(EVERYTHING)
        yield two


def everything_of(live: Mapping[str, Any]) -> BucketSpec:
    """A spec that declares every aspect of this bucket; where the manifest lies, it says itself."""
    said = {name: live.get(name) or getattr(EVERYTHING, name) for name in BucketSpec.aspects()}
    return spec_of(said)


# ── the law ──────────────────────────────────────────────────────────────────────────────────────────


@examples
@given(live=buckets().filter(lambda one: one is not None))
def test_both_read_the_same_of_any_bucket(faithful: World, readers: Both, live: Any) -> None:
    faithful.reset()
    give(faithful, live)
    found = readers.read(everything_of(live))
    assert isinstance(found, LiveBucket)
    event(f"documents: {sum(one is not None for one in found.aspects.values())}")


@aspects
@examples
@given(data=st.data())
def test_both_read_the_same_of_every_document(faithful: World, readers: Both, aspect: str, data: st.DataObject) -> None:
    live = {aspect: data.draw(LIVE[aspect])}
    faithful.reset()
    give(faithful, live)
    readers.sent.clear()
    readers.read(spec_of(live))
    assert len(readers.sent) == 1 or aspect == "manifest", "it was a prepared call"  # each key is a kind of its own


@examples
@given(live=buckets().filter(lambda one: one is not None), seed=st.integers(0, 2**32))
def test_both_read_the_same_however_it_is_spelled_and_whatever_passes(
    rough: HostileWorld, rough_readers: Both, hostile: HostileWorld, live: Any, seed: int
) -> None:
    rough.hostility.seed, rough.hostility.does = seed, HOSTILE
    rough.reset()
    give(rough, live)
    rough_readers.mean_the_same(everything_of(live))


def changed(world: World) -> None:
    """Somebody else changes some documents."""
    world.s3.put_bucket_tagging(Bucket="lake-one", Tagging={"TagSet": [{"Key": "a", "Value": "new"}]})
    world.s3.put_bucket_versioning(Bucket="lake-one", VersioningConfiguration={"Status": "Suspended"})
    world.s3.delete_bucket_lifecycle(Bucket="lake-one")


def test_what_is_remembered_is_what_it_says_now(faithful: World, readers: Both) -> None:
    faithful.reset()
    faithful.make(EVERY_ASPECT)
    first = readers.read(EVERYTHING)
    assert readers.read(EVERYTHING) == first
    changed(faithful)
    second = readers.read(EVERYTHING)
    assert isinstance(first, LiveBucket)
    assert isinstance(second, LiveBucket)
    differing = {name for name in first.aspects if first.aspects[name] != second.aspects[name]}
    assert differing == {"tags", "versioning", "lifecycle"}


# ── under faults ─────────────────────────────────────────────────────────────────────────────────────

HTML = "<html><body><b>Http/1.1 Service Unavailable</b></body></html>"
FAULTS: dict[str, Behaviour] = {
    "500": error("InternalError", 500),
    "503": error("SlowDown", 503, "Please reduce your request rate."),
    "503 without a word": error("", 503),
    "502 in HTML": body(HTML, 502),
    "501": error("NotImplemented", 501),
    "405": error("MethodNotAllowed", 405),
    "400": error("InvalidRequest", 400),
    "403": denied,
    "403 without a word": error("", 403),
    "404 without a word": error("", 404),
    "404 in HTML": body(HTML, 404),
    "404 in broken XML": body("<Error><Code>NoSuchTagSet", 404),
    "301": error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-1"),
    "301 to nowhere": error("PermanentRedirect", 301),
    "307": error("TemporaryRedirect", 307, location="http://127.0.0.1:9/"),
    "409": error("OperationAborted", 409),
    "expired": error("ExpiredToken", 400),
    "not accepted": error("InvalidAccessKeyId", 403),
    "clock": error("RequestTimeTooSkewed", 403),
    "no bucket": error("NoSuchBucket", 404),
    "no tags": error("NoSuchTagSet", 404),
    "no key": error("NoSuchKey", 404),
    "204": body("", 204),
    "206": body("<Tagging/>", 206),
    "empty": body(""),
    "empty document": body("<Empty/>"),
    "HTML": body(HTML),
    "an error as an answer": body("<Error><Code>InternalError</Code></Error>"),
    "nothing that is XML": body("Hello"),
    "another namespace": body('<x:Tagging xmlns:x="urn:x"><x:TagSet/></x:Tagging>'),
    "the bucket itself": falls_through,
    "lost": never_arrives,
    "lost at first": is_done_and_then(never_arrives),
}


@pytest.fixture
def faults(faithful: World, no_pauses: None) -> Iterator[Faults]:
    faithful.reset()
    faithful.make(EVERY_ASPECT)
    yield faithful.faults
    faithful.reset()


def only(*names: str) -> BucketSpec:
    return BucketSpec.model_validate({name: EVERY_ASPECT[name] for name in ("name", "region", *names)})


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("aspect", ["tags", "policy", "manifest"])
def test_both_say_the_same_of_a_fault(faults: Faults, readers: Both, aspect: str, fault: str) -> None:
    """Of an XML document, of one that is none, and of an object."""
    faults.on(READS_OF_ASPECTS[aspect], FAULTS[fault])
    readers.read(only(aspect))


@aspects
@pytest.mark.parametrize("fault", ["403", "no bucket", "empty", "the bucket itself"])
def test_both_say_the_same_of_what_any_document_may_be(faults: Faults, readers: Both, aspect: str, fault: str) -> None:
    faults.on(READS_OF_ASPECTS[aspect], FAULTS[fault])
    readers.read(only(aspect))


WRONG: dict[str, tuple[str, str]] = {
    "unknown elements": ("</{root}>", "<New>1</New></{root}>"),
    "cut short": ("</{root}>", ""),
    "with something behind": ("</{root}>", "</{root}><!-- and more -->"),
    "with a wrapper": ("{root}", "{operation}Result"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("aspect", [name for name, kind in BucketSpec.aspects().items() if kind.api.document])
def test_both_say_the_same_of_a_document_with_something_wrong(
    faithful: World, faults: Faults, readers: Both, aspect: str, wrong: str
) -> None:
    operation = operation_name(BucketSpec.aspects()[aspect].api.get)
    names = {"root": expected_documents()[operation], "operation": operation}
    said, instead = (text.format(**names) for text in WRONG[wrong])
    subresource = next(iter(faithful.faults.of(operation)[-1].query))
    text = faithful.layer.memory["lake-one"].documents[subresource].body.decode()
    faults.on(operation, body(text.replace(said, instead)))
    readers.read(only(aspect))


@pytest.mark.parametrize("subresource", ["tagging", "versioning", "lifecycle"])
def test_both_are_shown_what_was(faithful: World, faults: Faults, readers: Both, subresource: str) -> None:
    faults.stale(subresource, reads=inf)
    changed(faithful)
    readers.read(EVERYTHING)
    assert any(isinstance(rule.act, Stale) for rule in faults.rules)


# ── what comes over the wire ─────────────────────────────────────────────────────────────────────────

TAGGING = "<Tagging><TagSet><Tag><Key>team</Key><Value>lake</Value></Tag></TagSet></Tagging>"
LENGTH = f"Content-Length: {len(TAGGING)}"
CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS: dict[str, bytes] = {
    "as it should be": whole(TAGGING),
    "in chunks": f"{CHUNKED}5\r\n{TAGGING[:5]}\r\n{len(TAGGING) - 5:X}\r\n{TAGGING[5:]}\r\n0\r\n\r\n".encode(),
    "in chunks that are described": f"{CHUNKED}{len(TAGGING):x};a=b\r\n{TAGGING}\r\n0\r\n\r\n".encode(),
    "in chunks with a trailer": f"{CHUNKED}{len(TAGGING):x}\r\n{TAGGING}\r\n0\r\nA: b\r\n\r\n".encode(),
    "in chunks that break off": f"{CHUNKED}{len(TAGGING):x}\r\n{TAGGING}\r\n".encode() + HANG_UP,
    "in chunks that are none": f"{CHUNKED}x\r\n{TAGGING}\r\n0\r\n\r\n".encode() + HANG_UP,
    "closed behind": whole(TAGGING, "200 OK", "Connection: close") + HANG_UP,
    "closed behind, without a word": whole(TAGGING) + HANG_UP,
    "until it is closed": f"HTTP/1.1 200 OK\r\n\r\n{TAGGING}".encode() + HANG_UP,
    "HTTP/1.0": f"HTTP/1.0 200 OK\r\n{LENGTH}\r\n\r\n{TAGGING}".encode() + HANG_UP,
    "cut short": f"HTTP/1.1 200 OK\r\n{LENGTH}\r\n\r\n{TAGGING[:40]}".encode() + HANG_UP,
    "cut short in its headers": b"HTTP/1.1 200 OK\r\nContent-Len" + HANG_UP,
    "nothing": HANG_UP,
    "with two lengths": f"HTTP/1.1 200 OK\r\n{LENGTH}\r\nContent-Length: 1\r\n\r\n{TAGGING}".encode() + HANG_UP,
    "with a length that only Python reads": whole(TAGGING).replace(b"Length: ", b"Length: +"),
    "with headers that are said twice": whole(TAGGING, "200 OK", "Vary: a", "Vary: b"),
    "with a header without a value": whole(TAGGING, "200 OK", "Server:"),
    "with a folded header": whole(TAGGING, "200 OK", "Server: a", " b"),
    "with more behind it": whole(TAGGING) + b"more" + HANG_UP,
    "without a reason": whole(TAGGING, "200"),
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n" + HANG_UP,
    "a status in digits of its own": whole(TAGGING, "2\u0660\u0660 OK"),
    "tags in other characters": whole(TAGGING.replace("lake", "l\u00e4ke")),
}


TAGS = BucketSpec.model_validate({"name": "lake-one", "region": REGION, "tags": {"a": "b"}})


def decent(request: str) -> bytes:
    return whole(TAGGING)


@pytest.fixture(scope="module")
def odd_server() -> Iterator[RawServer]:
    with raw_server(decent) as server:
        yield server


@pytest.fixture(scope="module")
def readers_of_odd(faithful: World, odd_server: RawServer) -> Iterator[Both]:
    with both(faithful.identity, {"region": REGION, "endpoint_url": odd_server.endpoint}) as readers:
        readers.learn(TAGS)
        yield readers


@pytest.fixture
def odd(odd_server: RawServer, readers_of_odd: Both, no_pauses: None) -> Iterator[RawServer]:
    yield odd_server
    odd_server.answer = decent
    readers_of_odd.prepared.clients.close()
    readers_of_odd.boto3.clients.close()


@pytest.mark.parametrize("answer", ANSWERS)
def test_both_say_the_same_of_whatever_comes_over_the_wire(odd: RawServer, readers_of_odd: Both, answer: str) -> None:
    odd.answer = lambda request: ANSWERS[answer]
    readers_of_odd.sent.clear()
    readers_of_odd.read(TAGS)
    readers_of_odd.read(TAGS)
    assert len(readers_of_odd.sent) == 2


@pytest.mark.parametrize("end", [HANG_UP, b""], ids=["silently", "as announced"])
@pytest.mark.parametrize("requests", [1, 2, 7])
def test_a_server_that_closes_its_connections_is_asked_over_new_ones(
    odd: RawServer, readers_of_odd: Both, requests: int, end: bytes
) -> None:
    odd.requests.clear()

    def answer(request: str) -> bytes:
        last = len(odd.requests) % requests == 0
        return whole(TAGGING, "200 OK", *(["Connection: close"] if last and not end else [])) + end * last

    odd.answer = answer
    readers_of_odd.sent.clear()
    for _ in range(20):
        found = readers_of_odd.prepared.read_aspect(TAGS, "tags", REGION)
        assert found is not None
        assert not isinstance(found, Unreadable)
    assert len(readers_of_odd.sent) == 20
    assert end or len(odd.requests) == 20, "what was announced is no surprise"
