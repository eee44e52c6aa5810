"""The second look: what is read to tell whether a bucket is public, and what a plan says of it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.aspects.calls import Risk
from reconciler.aspects.public_access_block import GATES, SHIELDS
from reconciler.errors import CannotReachS3
from reconciler.planning.changeset import Action
from reconciler.planning.exposure import Public, Verdict
from reconciler.s3.clients import Clients
from tests.s3.faults import error, falls_through
from tests.s3.lakes import EVERY_ASPECT, LAKE
from tests.s3.world import Aws, World, results

READ: dict[str, Any] = {
    "Sid": "PublicRead",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::lake-one/*",
}
OPEN = {"Version": "2012-10-17", "Statement": [READ]}
PARTNER = {"Version": "2012-10-17", "Statement": [READ | {"Principal": {"AWS": "111122223333"}}]}
NO_BLOCK = {"public_access_block": "absent"}
SIBLINGS = {"GetBucketPolicy", "GetPublicAccessBlock", "GetBucketOwnershipControls"}


class Account:
    """What S3 keeps of an account, and how often it was asked for."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0

    def get_public_access_block(self, AccountId: str) -> Any:  # noqa: N803 - S3's name for it
        self.asked += 1
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": "as told"}}, "GetPublicAccessBlock")
        return self.answer


def account(world: World, monkeypatch: pytest.MonkeyPatch, answer: Any) -> Account:
    found = Account(answer)
    monkeypatch.setattr(world.clients, "s3control", lambda _region: found)
    return found


def blocking(*switches: str) -> dict[str, Any]:
    spelled = {name: "".join(map(str.capitalize, name.split("_"))) for name in (*GATES, *SHIELDS)}
    return {"PublicAccessBlockConfiguration": {wire: name in switches for name, wire in spelled.items()}}


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_without_changes_makes_no_call_more(world: World) -> None:
    world.set_up(EVERY_ASPECT)
    world.plan(EVERY_ASPECT)
    world.plan(EVERY_ASPECT | {"tags": {"Owner": "other"}})
    assert "GetBucketAcl" not in world.faults.made()
    world.faults.forget()
    world.plan(LAKE | {"policy": EVERY_ASPECT["policy"]})
    assert world.faults.made() == ["ListBuckets", "GetBucketPolicy"]


def test_what_decides_is_read_and_each_of_it_once(lake: World) -> None:
    plan = lake.plan(LAKE | {"ownership_controls": "ObjectWriter"})
    assert sorted(lake.faults.made()) == sorted(["ListBuckets", *SIBLINGS, "GetBucketAcl"])
    assert plan.live.keys() == {"bucket", "policy", "public_access_block", "ownership_controls", "acl"}
    assert lake.apply(plan).exit_code == 0


def test_an_acl_that_does_not_count_is_not_read(lake: World) -> None:
    plan = lake.plan(LAKE | {"policy": PARTNER})
    assert sorted(lake.faults.made()) == sorted(["ListBuckets", *SIBLINGS])
    assert plan.exposure is not None
    assert (plan.exposure.verdict, plan.exposure.summary) == (Verdict.SAME, None)


def test_a_new_bucket_has_nothing_to_look_at(world: World) -> None:
    plan = world.plan(LAKE | NO_BLOCK | {"policy": OPEN})
    assert world.faults.made() == ["ListBuckets", "HeadBucket"]
    assert plan.exposure is not None
    assert plan.exposure.before is None
    assert plan.exposure.summary == "is public: statement PublicRead lets in everybody (s3:GetObject)"


# ── what it comes to ─────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_that_becomes_public_and_one_that_stops_being_so(lake: World) -> None:
    plan = lake.plan(LAKE | NO_BLOCK | {"policy": OPEN})
    assert plan.exposure is not None
    assert plan.exposure.summary == "becomes public: statement PublicRead lets in everybody (s3:GetObject)"
    assert {change.risk for change in plan.changes} == {Risk.WIDENS_ACCESS}
    assert lake.apply(plan).exit_code == 0
    back = lake.plan(LAKE | {"policy": PARTNER})
    assert back.exposure is not None
    assert back.exposure.summary == "no longer public"


def test_a_public_acl(lake: World) -> None:
    lake.set_up(LAKE | NO_BLOCK | {"ownership_controls": "ObjectWriter"})
    lake.s3.put_bucket_acl(Bucket="lake-one", ACL="public-read")
    plan = lake.plan(LAKE | {"policy": PARTNER})
    assert plan.exposure is not None
    assert plan.exposure.summary == "stays public: the ACL lets in everybody (READ)"
    closed = lake.plan(LAKE | {"public_access_block": {"ignore_public_acls": True}})
    assert closed.exposure is not None
    assert (closed.exposure.verdict, closed.exposure.after.public) == (Verdict.LESS, Public.NO)


@pytest.mark.parametrize("answer", [error("AccessDenied", 403), error("NotImplemented", 501), falls_through])
def test_an_acl_that_nobody_could_read(lake: World, answer: Any) -> None:
    lake.set_up(LAKE | NO_BLOCK | {"ownership_controls": "ObjectWriter"})
    lake.faults.on("GetBucketAcl", answer)
    plan = lake.plan(LAKE | {"policy": PARTNER})
    assert plan.exposure is not None
    assert plan.exposure.after.public is Public.UNKNOWN
    assert plan.blockers == ()
    [finding] = [one for one in plan.findings if one.code == "RCL3003"]
    assert (finding.path, finding.remedy) == (("acl",), "allow s3:GetBucketAcl for these credentials")
    assert "acl" not in plan.live
    assert lake.apply(plan).exit_code == 0


def test_a_document_that_nobody_could_read_blocks_nothing(lake: World) -> None:
    lake.faults.on("GetBucketPolicy", error("AccessDenied", 403))
    plan = lake.plan(LAKE | NO_BLOCK)
    assert plan.exposure is not None
    assert plan.exposure.summary == "may become public: the policy cannot be read"
    assert plan.action is Action.UPDATE


def test_credentials_that_expire_in_the_middle_end_the_run(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    account(lake, monkeypatch, "ExpiredToken")
    with pytest.raises(CannotReachS3):
        lake.plan(LAKE | NO_BLOCK | {"policy": OPEN})


# ── what a block would refuse ────────────────────────────────────────────────────────────────────────


def test_a_policy_that_the_bucket_refuses_is_known_before_the_first_write(lake: World) -> None:
    plan = lake.plan(LAKE | {"policy": OPEN, "tags": {"Owner": "me"}})
    assert [change.aspect for change in plan.changes] == ["tags"]
    assert [blocker.why for blocker in plan.blockers] == [
        "the bucket blocks public policies, and statement PublicRead lets in everybody (s3:GetObject)"
    ]
    assert results(lake.apply(plan)) == {"tags": "applied"}
    assert lake.faults.writes() == ["PutBucketTagging"]


def test_a_shield_stays_while_the_policy_that_comes_with_it_is_refused(lake: World) -> None:
    wide = OPEN | {"Statement": [READ | {"Sid": "Wide", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]}]}
    lake.set_up(LAKE | NO_BLOCK | {"policy": wide})
    closed = blocking(*GATES, *SHIELDS)
    lake.s3.put_public_access_block(Bucket="lake-one", **closed)
    opened = {"public_access_block": {"restrict_public_buckets": False}}
    plan = lake.plan(LAKE | opened | {"policy": OPEN, "tags": {"Owner": "me"}})
    assert [blocker.aspect for blocker in plan.blockers] == ["policy", "public_access_block"]
    assert plan.exposure is not None
    assert (plan.exposure.verdict, plan.exposure.after.public) == (Verdict.SAME, Public.NO)
    lake.faults.forget()
    assert results(lake.apply(plan)) == {"tags": "applied"}
    assert lake.faults.writes() == ["PutBucketTagging"]
    found = lake.s3.get_public_access_block(Bucket="lake-one")
    assert found["PublicAccessBlockConfiguration"] == closed["PublicAccessBlockConfiguration"]


def test_a_policy_that_the_account_refuses(lake: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = account(lake, monkeypatch, blocking("block_public_policy"))
    more = LAKE | {"name": "lake-two"}
    lake.set_up(more)
    plans = lake.plans(*(spec | NO_BLOCK | {"policy": OPEN} for spec in (LAKE, LAKE | {"name": "lake-two"})))
    assert [blocker.why for plan in plans for blocker in plan.blockers] == 2 * [
        "the account blocks public policies, and statement PublicRead lets in everybody (s3:GetObject)",
        "it would drop what may shield the policy that is there, and the new policy is blocked",
    ]
    assert found.asked == 1
    assert all("account_public_access_block" in plan.live for plan in plans)


@pytest.mark.parametrize(
    ("answer", "public", "blocked"),
    [
        ("NoSuchPublicAccessBlockConfiguration", Public.YES, False),
        ("AccessDenied", Public.UNKNOWN, False),
        ({"PublicAccessBlockConfiguration": {"Shiny": True}}, Public.UNKNOWN, False),
        (blocking(), Public.YES, False),
        (blocking("restrict_public_buckets"), Public.NO, False),
        (blocking("block_public_policy"), Public.NO, True),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_what_the_account_says(
    world: World, monkeypatch: pytest.MonkeyPatch, exists: bool, answer: Any, public: Public, blocked: bool
) -> None:
    account(world, monkeypatch, answer)
    if exists:
        world.set_up(LAKE)
    plan = world.plan(LAKE | NO_BLOCK | {"policy": OPEN})
    assert plan.exposure is not None
    assert (plan.exposure.after.public, bool(plan.blockers)) == (public, blocked)
    assert ("account_public_access_block" in plan.live) is (public is not Public.UNKNOWN)


def test_only_aws_has_accounts_that_block(world: World) -> None:
    assert world.clients.s3control("us-east-1") is None


def test_the_account_is_asked_in_the_region_of_the_bucket() -> None:
    asked: list[tuple[str, str]] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        asked.append((environ["HTTP_HOST"], environ["PATH_INFO"]))
        start_response("404 Not Found", [("content-type", "application/xml")])
        return [b"<Error><Code>NoSuchPublicAccessBlockConfiguration</Code><Message>none</Message></Error>"]

    clients = Aws(app).join(Clients(region="us-east-1"))
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        clients.s3control("eu-west-3").get_public_access_block(AccountId="123456789012")
    assert asked == [("123456789012.s3-control.eu-west-3.amazonaws.com", "/v20180820/configuration/publicAccessBlock")]
