"""Who is asking, and whom: profiles, regions, endpoints, accounts. Nothing here goes over a network."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, CredentialRetrievalError
from botocore.loaders import Loader

from reconciler.errors import CannotReachS3, ReconcileError, UsageError, WrongAccount
from reconciler.planning.changeset import Action
from reconciler.planning.live import Identity
from reconciler.run import Access, Question, carry_out, make_plan
from reconciler.s3 import accounts
from reconciler.s3.clients import Clients, check_accounts, is_of_aws
from reconciler.s3.errors import credentials_refused, is_unanswered
from reconciler.sandbox.behaviours import Behaviour
from reconciler.settings import Account as AccountSettings
from tests.s3.faults import body, error, never_arrives, sts_error
from tests.s3.world import ACCOUNT, Aws, World

SPEC = """
buckets:
  - name: lake-one
    region: eu-west-1
    {account}
    tags: {{Owner: "${{account_id}}"}}
  - name: lake-two
    region: us-east-1
    versioning: Enabled
"""
NO_STS = [
    error("NotImplemented", 501),
    sts_error("InvalidClientTokenId"),
    sts_error("ExpiredToken"),
    error("MethodNotAllowed", 405),
    body("<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"),
    body("<html>who are you?</html>"),
    body("no XML at all"),
]
BUSY = {
    "slow down": error("SlowDown", 503),
    "throttled": sts_error("Throttling", 400),
    "too many": error("TooManyRequestsException", 429),
    "broken": error("InternalError", 500),
    "a page of a balancer": body("<!DOCTYPE html><html>502</html>", 502),
    "an empty answer": body("", 504),
    "a lost connection": never_arrives,
}
"""What says nothing of whether there is an STS."""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lake.yaml"
    path.write_text(SPEC.format(account=""))
    return path


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Every client asks AWS's own endpoints, all of which are the world's S3."""
    aws = Aws(world.layer)
    make = Clients.__init__

    def joined(self: Clients, **settings: Any) -> None:
        make(self, **settings)
        aws.join(self)

    monkeypatch.setattr(Clients, "__init__", joined)
    return aws


def ask(*paths: Path | str) -> Question:
    return Question(tuple(str(path) for path in paths), {})


def endpoint(world: World) -> str:
    assert world.clients.endpoint_url
    return world.clients.endpoint_url


# ── on AWS itself ────────────────────────────────────────────────────────────────────────────────────


def test_on_aws_the_account_is_known_before_any_call_to_s3(world: World, aws: Aws, spec: Path) -> None:
    planned = make_plan(ask(spec), Access())
    assert world.faults.made()[:2] == ["GetCallerIdentity", "ListBuckets"]
    assert world.faults.count("GetCallerIdentity") == 1
    assert planned.identity == Identity(ACCOUNT, None, None)
    assert planned.changeset.endpoint is None


def test_on_aws_each_bucket_is_reached_at_the_endpoint_of_its_region(world: World, aws: Aws, spec: Path) -> None:
    planned = make_plan(ask(spec), Access())
    assert carry_out(planned, patience=world.clock.patience()).exit_code == 0
    assert {(request.bucket, request.headers["host"]) for request in world.faults.requests} == {
        ("", "sts.us-east-1.amazonaws.com"),
        ("", "s3.us-east-1.amazonaws.com"),
        ("lake-one", "s3.eu-west-1.amazonaws.com"),
        ("lake-two", "s3.us-east-1.amazonaws.com"),
    }
    assert make_plan(ask(spec), Access()).changeset.summary[Action.NONE] == 2


@pytest.mark.parametrize("answer", NO_STS[:6])
def test_on_aws_nothing_is_asked_of_s3_when_the_account_is_unknown(
    world: World, aws: Aws, spec: Path, answer: Behaviour
) -> None:
    world.faults.on("GetCallerIdentity", answer)
    with pytest.raises(CannotReachS3) as refusal:
        make_plan(ask(spec), Access())
    assert refusal.value.remedy
    assert set(world.faults.made()) == {"GetCallerIdentity"}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredToken", "credentials have expired"),
        ("InvalidClientTokenId", "does not accept the credentials"),
        ("SignatureDoesNotMatch", "does not accept the credentials"),
        ("RequestTimeTooSkewed", "the time of this machine"),
        ("AccessDenied", "does not say whose credentials"),
    ],
)
def test_credentials_that_sts_refuses_are_told_with_a_remedy(
    world: World, aws: Aws, spec: Path, code: str, message: str
) -> None:
    world.faults.on("GetCallerIdentity", sts_error(code))
    with pytest.raises(CannotReachS3, match=message) as refusal:
        make_plan(ask(spec), Access())
    assert refusal.value.remedy


def test_an_endpoint_of_aws_has_its_accounts_at_sts(world: World, aws: Aws, spec: Path) -> None:
    private = "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com"
    planned = make_plan(ask(spec), Access(endpoint_url=private))
    asked = [request.headers["host"] for request in world.faults.requests]
    assert asked[:2] == ["sts.us-east-1.amazonaws.com", private.removeprefix("https://")]
    assert planned.identity == Identity(ACCOUNT, private, None)
    world.faults.on("GetCallerIdentity", sts_error("AccessDenied"))
    with pytest.raises(CannotReachS3):
        make_plan(ask(spec), Access(endpoint_url=private))


@pytest.mark.usefixtures("no_pauses")
def test_a_region_that_does_not_answer_blocks_its_buckets_only(world: World, aws: Aws, spec: Path) -> None:
    from botocore.exceptions import EndpointConnectionError

    answer = aws.answer

    def only_us_east_1(request: Any, **more: Any) -> Any:
        if "eu-west-1" in request.url:
            raise EndpointConnectionError(endpoint_url=request.url)
        return answer(request, **more)

    aws.answer = only_us_east_1  # type: ignore[method-assign]
    changeset = make_plan(ask(spec), Access()).changeset
    one, two = changeset.plans
    assert (one.action, two.action) == (Action.BLOCKED, Action.CREATE)
    assert "EndpointConnectionError" in one.blockers[0].why
    assert "check `region:`" in one.blockers[0].remedy


# ── the wrong account ────────────────────────────────────────────────────────────────────────────────


def test_the_wrong_account_is_told_before_any_call_to_s3(world: World, aws: Aws, spec: Path) -> None:
    spec.write_text(SPEC.format(account='account: "999999999999"'))
    with pytest.raises(WrongAccount, match=f"belong to account {ACCOUNT}; the spec of lake-one says 999999999999"):
        make_plan(ask(spec), Access())
    assert world.faults.made() == ["GetCallerIdentity"]


def test_the_wrong_account_of_a_bucket_that_is_no_target_does_not_matter(world: World, aws: Aws, spec: Path) -> None:
    spec.write_text(SPEC.format(account='account: "999999999999"'))
    assert make_plan(Question((str(spec),), {}, ("lake-two",)), Access()).changeset.plans[0].name == "lake-two"


def test_every_wrong_account_is_counted() -> None:
    wrong = dict.fromkeys(("a", "b", "c"), "999999999999")
    with pytest.raises(WrongAccount, match=r"the spec of a says 999999999999 \(and 2 more\)"):
        check_accounts(Identity(ACCOUNT, None, None), wrong | {"d": ACCOUNT})


# ── an endpoint of one's own ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", NO_STS)
def test_an_endpoint_without_sts_has_no_account_and_no_expected_owner(
    world: World, spec: Path, answer: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    world.faults.on("GetCallerIdentity", answer)
    spec.write_text(SPEC.format(account=f'account: "{ACCOUNT}"'))
    planned = make_plan(ask(spec), Access(endpoint_url=endpoint(world)))
    assert planned.identity.account is None
    assert planned.changeset.plans[0].account is None
    assert carry_out(planned, patience=world.clock.patience()).exit_code == 0
    assert not any("x-amz-expected-bucket-owner" in request.headers for request in world.faults.requests)
    assert world.layer.memory["lake-one"].tags() == {"Owner": ACCOUNT}


@pytest.mark.parametrize("answer", BUSY.values(), ids=BUSY.keys())
def test_an_endpoint_whose_sts_is_busy_is_asked_again_and_not_taken_for_one_without(
    world: World, spec: Path, answer: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who would be told another account a moment later is not let through now."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    spec.write_text(SPEC.format(account='account: "111122223333"'))
    world.faults.on("GetCallerIdentity", answer, times=2)
    with pytest.raises(WrongAccount):
        make_plan(ask(spec), Access(endpoint_url=endpoint(world)))
    assert set(world.faults.made()) == {"GetCallerIdentity"}


@pytest.mark.parametrize("answer", [*BUSY.values(), body("<html>wait</html>", 429)], ids=[*BUSY, "a limiter's page"])
def test_an_endpoint_whose_sts_stays_busy_is_not_asked_anything_else(
    world: World, spec: Path, answer: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    world.faults.on("GetCallerIdentity", answer)
    with pytest.raises(CannotReachS3, match=r"does not (say whose credentials these are|answer)") as refusal:
        make_plan(ask(spec), Access(endpoint_url=endpoint(world)))
    assert refusal.value.remedy
    assert set(world.faults.made()) == {"GetCallerIdentity"}


@pytest.mark.parametrize("answer", BUSY.values(), ids=BUSY.keys())
def test_a_role_whose_renewal_sts_does_not_answer_is_no_lost_answer_of_s3(
    world: World, answer: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody need find out what became of a call that was never sent."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    home = Clients(endpoint_url=endpoint(world), region="us-east-1")
    role = AccountSettings(account=ACCOUNT, role_arn=f"arn:aws:iam::{ACCOUNT}:role/reconcile")
    clients, _ = accounts.enter(role, home, None)
    later = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr("botocore.credentials._local_now", lambda: later)
    clients.credentials._time_fetcher = lambda: later
    world.faults.on("GetCallerIdentity", answer)  # as the fake calls whatever STS is asked
    with pytest.raises(CredentialRetrievalError) as failure:
        clients.s3(None).put_bucket_tagging(Bucket="lake-one", Tagging={"TagSet": []})
    assert not is_unanswered(failure.value)
    ended = credentials_refused(failure.value)
    assert ended is not None
    assert "credentials from assume-role" in ended.message
    assert "PutBucketTagging" not in world.faults.made()
    with pytest.raises(CannotReachS3, match=r"the role .* cannot be assumed") as refusal:
        accounts.enter(role, home, None)
    assert "see that STS can be reached" in (refusal.value.remedy or "")


def test_without_sts_the_account_of_a_variable_must_be_in_the_spec(world: World, spec: Path) -> None:
    world.faults.on("GetCallerIdentity", error("NotImplemented", 501))
    planned = make_plan(ask(spec), Access(endpoint_url=endpoint(world)))
    [blocker] = planned.changeset.plans[0].blockers
    assert "${account_id} has no value here" in blocker.why
    assert "`account:" in blocker.remedy.replace('"…"', "")
    assert planned.changeset.plans[1].action is Action.CREATE


def test_an_endpoint_that_does_not_answer_is_told(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(CannotReachS3, match=f"{url} does not answer") as refusal:
            make_plan(ask(spec), Access(endpoint_url=url))
    assert "--endpoint-url" in (refusal.value.remedy or "")


@pytest.mark.parametrize("url", ["s3.example.com", "ftp://s3.example.com", "http://", "http://a_b:9000", "https://x y"])
def test_what_is_no_url_is_a_mistake_of_usage(url: str) -> None:
    with pytest.raises(UsageError, match="is not the URL of an endpoint"):
        Clients(endpoint_url=url)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_an_endpoint_of_the_environment_is_asked_and_shown(
    world: World, spec: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, endpoint(world))
    planned = make_plan(ask(spec), Access())
    assert planned.changeset.endpoint == endpoint(world)
    assert world.faults.made()[0] == "GetCallerIdentity"


def test_an_endpoint_of_the_environment_can_be_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example.com")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Clients().endpoint_url is None


def test_an_endpoint_of_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example.com")
    assert Clients(endpoint_url="http://other.example.com").endpoint_url == "http://other.example.com"


# ── profiles and regions ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    path.write_text(
        "[profile lake]\nregion = eu-north-1\nservices = of-lake\n"
        "[services of-lake]\ns3 =\n  endpoint_url = http://lake.example.com\n"
    )
    return path


def test_a_profile_says_where(config: Path) -> None:
    clients = Clients(profile="lake")
    assert (clients.region, clients.endpoint_url) == ("eu-north-1", "http://lake.example.com")


@pytest.mark.parametrize(
    ("region", "environment", "expected"),
    [
        (None, {}, None),
        (None, {"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        (None, {"AWS_DEFAULT_REGION": "us-west-1", "AWS_REGION": "us-west-2"}, "us-west-2"),
        ("eu-west-3", {"AWS_DEFAULT_REGION": "us-west-1", "AWS_REGION": "us-west-2"}, "eu-west-3"),
    ],
)
def test_the_region_is_the_one_that_is_said_last(
    monkeypatch: pytest.MonkeyPatch, region: str | None, environment: dict[str, str], expected: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Clients(region=region).region == expected


@pytest.mark.parametrize("said", ["option", "environment"])
def test_a_profile_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    if said == "environment":
        monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CannotReachS3, match="nobody") as refusal:
        Clients(profile="nobody" if said == "option" else None)
    assert "list-profiles" in (refusal.value.remedy or "")


def test_a_configuration_that_is_none_is_told(config: Path) -> None:
    config.write_text("[profile")
    with pytest.raises(CannotReachS3, match="the AWS configuration cannot be used") as refusal:
        Clients()
    assert "~/.aws/config" in (refusal.value.remedy or "")


def test_no_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CannotReachS3, match="no usable AWS credentials") as refusal:
        Clients().identity()
    assert "--profile" in (refusal.value.remedy or "")
    assert refusal.value.code == "RCL5002"


def test_half_of_the_credentials_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CannotReachS3, match="no usable AWS credentials"):
        Clients().identity()


def test_a_region_that_cannot_be_one_is_told() -> None:
    with pytest.raises(ReconcileError, match="not a region"):
        Clients(region="not a region").identity()


# ── the sandbox, and what all clients share ──────────────────────────────────────────────────────────


def test_nothing_of_this_machine_reaches_the_sandbox(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "http://127.0.0.1:9"
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    clients = Clients(sandbox=True, endpoint_url=endpoint(world))
    assert clients.identity() == Identity(ACCOUNT, "sandbox", "us-east-1")
    assert clients.s3(None).list_buckets()["Buckets"] == []
    clients.close()


def test_a_client_is_made_once_for_a_region_by_whichever_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = Clients(region="us-east-1")
    made: list[str] = []

    def make(region: str) -> object:
        made.append(region)
        return object()

    monkeypatch.setattr(clients, "_make_s3", make)
    threads = [threading.Thread(target=clients.s3, args=(region,)) for region in [None, "us-east-1", "eu-west-1"] * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["eu-west-1", "us-east-1"]


def test_no_call_is_lost_from_the_count() -> None:
    clients = Clients(region="us-east-1")

    def count() -> None:
        for _ in range(500):
            clients._count("before-send.s3.GetObject")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clients.calls == {"GetObject": 4000}


def test_what_is_closed_opens_again(world: World) -> None:
    clients = Clients(region="us-east-1", endpoint_url=endpoint(world))
    for _ in range(2):
        clients.s3(None).list_buckets()
        clients.close()


def test_retries_and_addresses_are_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    config = Clients(region="us-east-1").s3(None).meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}, "what is tried again is ours to say"
    assert config.s3["addressing_style"] == "path"
    assert config.user_agent.startswith("reconcile/")


def test_every_endpoint_of_aws_is_known_as_one() -> None:
    """No S3 call is made on AWS before STS has said whose account it is."""
    for partition in Loader().load_data("partitions")["partitions"]:
        for suffix in (partition["outputs"]["dnsSuffix"], partition["outputs"]["dualStackDnsSuffix"]):
            assert is_of_aws(f"https://s3.some-region-1.{suffix}"), suffix
    assert not is_of_aws("https://amazonaws.com.example.org")
    assert not is_of_aws("http://127.0.0.1:9000")


def test_a_role_that_can_no_longer_be_assumed_is_no_missing_permission() -> None:
    """It is met wherever the next call happens to be: for whoever reads, it is not about that document."""

    def refusal(call: str) -> ClientError:
        said = "not authorized to perform: sts:AssumeRole"
        return ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, call)

    refused = credentials_refused(refusal("AssumeRole"))
    assert isinstance(refused, CannotReachS3)
    assert refused.message.startswith("the role cannot be assumed (AccessDenied)")
    assert credentials_refused(refusal("GetBucketTagging")) is None
