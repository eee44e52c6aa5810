"""What a prepared call sends: what boto3 would send, wherever the endpoint is and whoever asks."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.utils import parse_timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.endpoints.profiles import UNKNOWN
from reconciler.errors import CannotReachS3
from reconciler.planning.live import Identity, Unreadable
from reconciler.s3.clients import Clients
from reconciler.s3.patterns import PLAIN, pattern_of
from reconciler.s3.reader import Reader
from reconciler.s3.timestamps import read_timestamp
from reconciler.s3.wire import Connections, Raw
from tests.aspects.strategies import BUCKET
from tests.s3.faults import body, denied, error
from tests.s3.lakes import EVERY_ASPECT
from tests.s3.raw_server import RawServer, certificates, raw_server, whole
from tests.s3.world import ACCOUNT, World
from tests.s3.world import Raw as RawBody

REGION = "us-east-1"
OPERATIONS = {kind.api.get for kind in BucketSpec.aspects().values()}
TAGGING = "<Tagging><TagSet><Tag><Key>team</Key><Value>lake</Value></Tag></TagSet></Tagging>"


def params(operation: str, bucket: str) -> dict[str, str]:
    more = {"Key": "metadata/a manifest+ü.yaml"} if operation == "get_object" else {}
    return {"Bucket": bucket, "ExpectedBucketOwner": ACCOUNT, **more}


# ── the same request ─────────────────────────────────────────────────────────────────────────────────


class Nobody:
    """Answers every request, so that nothing is sent; and keeps what was asked."""

    def __init__(self, clients: Clients) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        answer: Any = self.answer
        clients._session.events.register("before-send", answer)

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        headers = request.headers.items()
        told = {name: value.decode() if isinstance(value, bytes) else value for name, value in headers}
        self.asked.append((request.url, told))
        answer = b"<Error><Code>NoSuchTagSet</Code><Message>none</Message></Error>"
        return AWSResponse(request.url, 404, HTTPHeaders(), RawBody(answer))


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always noon, and every call has the same name: then its signature is the same."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: datetime(2026, 11, 22, 12))  # noqa: DTZ001
    monkeypatch.setattr("uuid.uuid4", lambda: "00000000-0000-4000-8000-000000000000")


SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true"},
    "dual stack": {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "both": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "a token": {"AWS_SESSION_TOKEN": "a session's token"},
    "in Lambda": {"AWS_LAMBDA_FUNCTION_NAME": "plan", "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793"},
    "endpoint": {"AWS_ENDPOINT_URL_S3": "https://S3.example.com:9000"},
    "endpoint with a path": {"AWS_ENDPOINT_URL_S3": "http://s3.example.com:80/here/it/is"},
    "VPC endpoint": {"AWS_ENDPOINT_URL_S3": "https://bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com:443"},
    "IPv6": {"AWS_ENDPOINT_URL_S3": "http://[::1]:9000"},
}


ELSEWHERE = [("as it is", "cn-north-1"), ("as it is", "ap-southeast-7"), ("FIPS", "us-gov-west-1")]
ELSEWHERE += [("dual stack", "cn-north-1"), ("both", "us-gov-west-1"), ("endpoint", "eu-central-1")]


@pytest.mark.parametrize(("setting", "region"), [*((setting, REGION) for setting in SETTINGS), *ELSEWHERE])
def test_a_prepared_request_is_that_of_boto3(
    monkeypatch: pytest.MonkeyPatch, at_noon: None, setting: str, region: str
) -> None:
    """With its signature: a hash of all that matters of a request."""
    for name, value in SETTINGS[setting].items():
        monkeypatch.setenv(name, value)
    clients = Clients(region=region)
    nobody, client = Nobody(clients), clients.s3(region)
    operations = OPERATIONS if region == REGION else {"get_bucket_tagging", "get_object"}
    for operation in sorted(operations):
        nobody.asked.clear()
        for bucket in ("learned.from-1", "another-bucket"):
            with pytest.raises(client.exceptions.ClientError):
                clients.ask(region, operation, params(operation, bucket))
        with pytest.raises(client.exceptions.ClientError):
            getattr(client, operation)(**params(operation, "another-bucket"))
        known = clients._prepared[region]._known  # type: ignore[union-attr]
        assert len([kind for kind in known if kind[0] == operation]) == 1, "it is prepared"
        first, *prepared, last = nobody.asked
        assert "learned.from-1" in first[0]
        expected = {name.lower(): value for name, value in last[1].items()}
        mine = {name.lower(): value for name, value in prepared[0][1].items()}
        assert f"//{mine.pop('host')}" in last[0].lower()
        assert (prepared[0][0], mine) == (last[0], expected)


@given(bucket=st.from_regex(r"[a-zA-Z0-9_.:/-]{3,80}", fullmatch=True))
@example("lake--use1-az4--x-s3")
@example("arn:aws:s3:us-east-1:123456789012:accesspoint/lake")
@example("lake-o01234567890123456789012345678901234567890123456789012345678901234--op-s3")
@example("My_Bucket")
@example("..")
def test_only_names_that_are_plain_stand_in_a_pattern(bucket: str) -> None:
    if PLAIN.fullmatch(bucket):
        assert re.fullmatch(r"[a-z0-9.-]{3,63}", bucket)
        assert "--" not in bucket


@pytest.mark.parametrize("bucket", ["My_Bucket", "lake--use1-az4--x-s3"])
def test_other_names_are_boto3s(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    clients = Clients(region=REGION)
    monkeypatch.setattr(clients.s3(REGION), "get_bucket_tagging", lambda **asked: asked)
    assert clients.ask(REGION, "get_bucket_tagging", {"Bucket": bucket}) == {"Bucket": bucket}


AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=1"


class Sent:
    """A request as botocore might have made it."""

    def __init__(self, **differing: Any) -> None:
        self.method, self.body = differing.pop("method", "GET"), differing.pop("body", b"")
        self.url = differing.pop("url", "https://s3.us-east-1.amazonaws.com/lake-one?tagging")
        scope = differing.pop("authorization", AUTHORIZATION)
        self.headers = {"Authorization": scope, "X-Amz-Date": "20261122T120000Z", **differing.pop("headers", {})}


def test_a_pattern_is_learned() -> None:
    pattern = pattern_of(Sent(), "GetBucketTagging", "lake-one")
    assert pattern is not None
    assert (pattern.before, pattern.after) == ("https://s3.us-east-1.amazonaws.com/", "?tagging")
    assert (pattern.signed, pattern.unsigned) == ({"Host": "s3.us-east-1.amazonaws.com"}, {})
    assert (pattern.region, pattern.service) == ("us-east-1", "s3")


UNUSUAL: dict[str, dict[str, Any]] = {
    "a write": {"method": "PUT"},
    "a body": {"body": b"<a/>"},
    "nobody's": {"authorization": ""},
    "signed for all regions": {"authorization": "AWS4-ECDSA-P256-SHA256 Credential=A/20261122/s3/aws4_request, "},
    "signed with its name": {"authorization": AUTHORIZATION.replace("host", "amz-sdk-invocation-id;host")},
    "signed as long ago": {"authorization": "AWS A:b"},
    "a virtual host": {"url": "https://lake-one.s3.us-east-1.amazonaws.com/?tagging"},
    "the name twice": {"url": "https://lake-one.example.com/lake-one?tagging"},
    "the name in an object's key": {"url": "https://s3.example.com/lake-one/lake-one.yaml"},
    "no name": {"url": "https://s3.us-east-1.amazonaws.com/other?tagging"},
    "the beginning of a name": {"url": "https://s3.us-east-1.amazonaws.com/lake-one-more?tagging"},
    "a password": {"url": "https://a:b@s3.us-east-1.amazonaws.com/lake-one?tagging"},
    "S3 Express": {"headers": {"x-amz-s3session-token": "t"}},
    "another try": {"headers": {"amz-sdk-request": "attempt=2; max=5"}},
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_no_pattern(what: str) -> None:
    assert pattern_of(Sent(**UNUSUAL[what]), "GetBucketTagging", "lake-one") is None


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────


def decent(request: str) -> bytes:
    return whole(TAGGING)


@pytest.fixture(scope="module")
def everyone() -> Iterator[RawServer]:
    with raw_server(decent) as server:
        yield server


@pytest.fixture
def server(everyone: RawServer) -> RawServer:
    everyone.answer = decent
    everyone.requests.clear()
    return everyone


@contextmanager
def tags_reader(server: RawServer) -> Iterator[Reader]:
    clients = Clients(region=REGION, endpoint_url=server.endpoint)
    yield Reader(clients, Identity(ACCOUNT, server.endpoint, REGION, UNKNOWN))
    clients.close()


TAGS = BucketSpec.model_validate({"name": "lake-one", "region": REGION, "tags": {"a": "b"}})


def read_tags(reader: Reader) -> Any:
    return reader.read_aspect(TAGS, "tags", REGION)


def headers(request: str) -> dict[str, str]:
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in request.split("\r\n")[1:])}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What prepared calls send."""
    requests: list[bytes] = []
    ask = Connections.ask

    def told(connections: Connections, request: bytes) -> Raw:
        requests.append(request)
        return ask(connections, request)

    monkeypatch.setattr(Connections, "ask", told)
    return requests


def give_credentials(reader: Reader, credentials: Any, now: Any) -> None:
    credentials._time_fetcher = now
    session: Any = reader.clients._session
    session._session._credentials = credentials


def test_credentials_are_refreshed_in_the_middle_of_a_run(server: RawServer, sent: list[bytes]) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    made: list[str] = []

    def refresh() -> dict[str, str]:
        made.append(f"key{len(made)}")
        expiry = (now + timedelta(hours=1)).isoformat()
        return {"access_key": made[-1], "secret_key": "s", "token": f"token of {made[-1]}", "expiry_time": expiry}

    with tags_reader(server) as reader:
        give_credentials(reader, RefreshableCredentials.create_from_metadata(refresh(), refresh, "a test"), lambda: now)
        for _ in range(8):
            read_tags(reader)
            now += timedelta(minutes=20)
    tokens = [headers(request)["x-amz-security-token"] for request in server.requests]
    keys = [headers(request)["authorization"].split("Credential=")[1].split("/")[0] for request in server.requests]
    assert tokens == [f"token of {key}" for key in keys]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(made) == 3
    assert len(sent) == 7, "the first one is boto3's"


def test_credentials_that_cannot_be_refreshed_end_the_run_as_with_boto3(server: RawServer, sent: list[bytes]) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = {"access_key": "a", "secret_key": "s", "token": "t", "expiry_time": (now + timedelta(hours=1)).isoformat()}
    with tags_reader(server) as reader:
        credentials = RefreshableCredentials.create_from_metadata(first, lambda: first, "a test")
        give_credentials(reader, credentials, lambda: now)
        read_tags(reader)
        now += timedelta(hours=2)
        with pytest.raises(RuntimeError, match="still expired"):
            read_tags(reader)
    assert len(server.requests) == 1
    assert sent == []


def test_expired_credentials_end_the_run(world: World, sent: list[bytes]) -> None:
    world.make(EVERY_ASPECT)
    read_tags(world.reader)
    world.faults.on("GetBucketTagging", error("ExpiredToken", 400))
    with pytest.raises(CannotReachS3, match="have expired"):
        read_tags(world.reader)


def test_without_credentials_boto3_says_so(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with tags_reader(server) as reader, pytest.raises(CannotReachS3, match="no usable AWS credentials"):
        read_tags(reader)


def test_credentials_that_are_none_in_the_end_are_boto3s_to_tell(server: RawServer) -> None:
    class Lost(Credentials):
        def get_frozen_credentials(self) -> Any:
            raise OSError("the key is gone")

    with tags_reader(server) as reader:
        read_tags(reader)
        prepared = reader.clients._prepared[REGION]
        assert prepared is not None
        prepared.around = prepared.around._replace(credentials=Lost("a", "b"))
        assert read_tags(reader) is not None


# ── how it is sent ───────────────────────────────────────────────────────────────────────────────────


def three_times(server: RawServer) -> list[Any]:
    with tags_reader(server) as reader:
        return [read_tags(reader) for _ in range(3)]


def test_the_first_call_of_a_kind_is_boto3s(server: RawServer, sent: list[bytes]) -> None:
    assert len({str(tags.root) for tags in three_times(server)}) == 1
    assert (len(server.requests), len(sent)) == (3, 2)


def test_boto3_is_asked_for_everything_where_somebody_says_so(
    server: RawServer, sent: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILE_READER", "boto3")
    three_times(server)
    assert (len(server.requests), len(sent)) == (3, 0)


@pytest.mark.parametrize(("no_proxy", "prepared"), [("", 0), ("127.0.0.1", 2), ("example.com", 0)])
def test_through_a_proxy_boto3_asks(
    server: RawServer, sent: list[bytes], monkeypatch: pytest.MonkeyPatch, no_proxy: str, prepared: int
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.endpoint)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert [str(tags.root) for tags in three_times(server)] == ["{'team': 'lake'}"] * 3
    assert (len(server.requests), len(sent)) == (3, prepared)
    absolute = [request for request in server.requests if request.startswith("GET http://")]
    assert len(absolute) == (3 if not prepared else 0)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RawServer, Path]]:
    bundle, context = certificates(tmp_path_factory.mktemp("ca"))
    with raw_server(decent, context) as server:
        yield server, bundle


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_ca_of_ones_own(
    secure: tuple[RawServer, Path], sent: list[bytes], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    server, bundle = secure
    server.requests.clear()
    monkeypatch.setenv(name, str(bundle))
    before = server.connections
    assert [str(tags.root) for tags in three_times(server)] == ["{'team': 'lake'}"] * 3
    assert (len(server.requests), len(sent)) == (3, 2)
    assert server.connections == before + 2, "boto3's one and ours"


def distrusted(server: RawServer, no_pauses: None) -> list[Any]:
    server.requests.clear()
    found = three_times(server)
    assert all(isinstance(tags, Unreadable) and "SSL" in tags.why for tags in found)
    assert len({tags.why for tags in found}) == 1
    assert server.requests == []
    return found


def test_a_ca_that_nobody_knows_is_not_believed(
    secure: tuple[RawServer, Path], sent: list[bytes], no_pauses: None
) -> None:
    distrusted(secure[0], no_pauses)
    assert len(sent) == 2


def test_a_certificate_of_somebody_else_is_not_believed(
    secure: tuple[RawServer, Path], sent: list[bytes], monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    server, bundle = secure
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    monkeypatch.setattr(server, "endpoint", server.endpoint.replace("localhost", "127.0.0.1"))
    distrusted(server, no_pauses)
    assert len(sent) == 2


def test_many_threads_learn_from_one_call(server: RawServer, sent: list[bytes]) -> None:
    found: list[str] = []
    with tags_reader(server) as reader:
        reader.clients.s3(REGION)
        threads = [threading.Thread(target=lambda: found.append(str(read_tags(reader).root))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == ["{'team': 'lake'}"] * 16
    assert (len(server.requests), len(sent)) == (16, 15)


def test_what_is_closed_opens_again(server: RawServer, sent: list[bytes]) -> None:
    with tags_reader(server) as reader:
        for _ in range(3):
            assert read_tags(reader) is not None
            reader.clients.close()
    assert len(sent) == 2


# ── who is told ──────────────────────────────────────────────────────────────────────────────────────


class Turnstile:
    """Limits that only count."""

    def __init__(self) -> None:
        self.inside = 0
        self.left: list[bool] = []

    def enter(self) -> None:
        self.inside += 1

    def leave(self, *, throttled: bool) -> None:
        self.inside -= 1
        self.left.append(throttled)


def test_limits_hear_of_every_call_and_how_it_ended(server: RawServer, no_pauses: None) -> None:
    slow = whole("<Error><Code>SlowDown</Code></Error>", "503 Slow Down")
    with tags_reader(server) as reader:
        read_tags(reader)
        prepared, limits = reader.clients._prepared[REGION], Turnstile()
        assert prepared is not None
        prepared.around = prepared.around._replace(limits=limits)
        read_tags(reader)
        server.answer = lambda request: slow
        read_tags(reader)
        prepared.around.traffic.retries = 0
        server.answer = lambda request: b"nonsense\r\n\r\n"
        read_tags(reader)
    assert limits.inside == 0
    assert limits.left == [False, True, False]


def test_calls_and_bytes_are_counted(world: World) -> None:
    world.make(EVERY_ASPECT)
    read_tags(world.reader)
    world.clients.calls.clear()
    received = world.clients.traffic.received
    read_tags(world.reader)
    assert world.clients.calls == {"GetBucketTagging": 1}
    assert world.clients.traffic.received > received
    world.faults.on("GetBucketTagging", denied)
    read_tags(world.reader)
    assert world.clients.calls == {"GetBucketTagging": 3}, "a refusal is asked for once more, by boto3"


def test_all_tries_of_a_call_have_one_name(world: World, no_pauses: None) -> None:
    world.make(EVERY_ASPECT)
    read_tags(world.reader)
    world.faults.forget()
    world.faults.on("GetBucketTagging", body("", 503), times=2)
    read_tags(world.reader)
    read_tags(world.reader)
    names = [request.headers["amz-sdk-invocation-id"] for request in world.faults.of("GetBucketTagging")]
    assert names == [names[0]] * 3 + [names[3]]
    assert names[0] != names[3]


def test_debug_shows_requests_and_no_secret(server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    with tags_reader(server) as reader:
        read_tags(reader)
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="botocore.endpoint"):
            read_tags(reader)
    [line] = [record.getMessage() for record in caplog.records if record.name == "botocore.endpoint"]
    assert line == f"Sending http request: <GET {server.endpoint}/lake-one?tagging>"


# ── timestamps ───────────────────────────────────────────────────────────────────────────────────────

moments = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001
written = moments.map(lambda one: one.isoformat(timespec="milliseconds") + "Z")
in_headers = moments.map(lambda one: f"{one:%a, %d %b} {one.year:04} {one:%H:%M:%S} GMT")
anything = (
    written | in_headers | moments.map(lambda one: one.isoformat()) | st.text(max_size=30) | st.integers(0, 2**32)
)


@given(anything)
@example("2026-11-22T12:00:00.000Z")
@example("2026-02-30T12:00:00.000Z")
@example("Sun, 22 Nov 2026 12:00:00 GMT")
@example("Mon, 22 Nov 2026 12:00:00 GMT")
@example("Sun, 31 Feb 2026 12:00:00 GMT")
@example("Sun, 22 Foo 2026 12:00:00 GMT")
@example("Sun, 22 Nov 2026 25:00:00 GMT")
@example("20261122")
@example(1795348800)
def test_a_timestamp_is_read_as_botocore_reads_it(value: Any) -> None:
    def result(parse: Any) -> Any:
        try:
            return parse(value)
        except (ValueError, RuntimeError) as refusal:
            return type(refusal)

    assert result(read_timestamp) == result(parse_timestamp)


def test_the_name_of_a_bucket_of_the_tests_is_plain() -> None:
    assert PLAIN.fullmatch(BUCKET)
