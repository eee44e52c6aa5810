"""The path of the caller's role: IAM is asked once, on AWS, and only where a policy depends on the answer."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.planning.changeset import Plan
from reconciler.s3.clients import Clients
from tests.s3.lakes import LAKE
from tests.s3.world import ACCOUNT, World

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/run"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/data/etl"


class Iam:
    """Knows one role, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.arn: str | None = ROLE

    def get_role(self, RoleName: str) -> Any:  # noqa: N803 - IAM's name for it
        self.asked.append(RoleName)
        if self.arn is None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")
        return {"Role": {"Arn": self.arn, "RoleName": RoleName}}


@pytest.fixture
def iam(world: World, monkeypatch: pytest.MonkeyPatch) -> Iam:
    found = Iam()
    monkeypatch.setattr(world.clients, "iam", lambda: found)
    return found


def only(arn: str, name: str = "lake-one", **statement: Any) -> dict[str, Any]:
    """A spec whose policy lets nobody else undo it."""
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*BucketPolicy",
        "Resource": f"arn:aws:s3:::{name}",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn}},
    }
    return LAKE | {"name": name, "policy": {"Version": "2012-10-17", "Statement": denied | statement}}


def plans(world: World, *specs: dict[str, Any], caller: str | None = SESSION) -> list[Plan]:
    """Plans for somebody else than the sandbox's own user."""
    return list(replace(world, identity=replace(world.identity, caller=caller)).plans(*specs))


def changes(plan: Plan) -> list[str]:
    return [change.aspect for change in plan.changes]


@pytest.mark.parametrize(
    ("arn", "blocked"),
    [(ROLE, False), (f"arn:aws:iam::{ACCOUNT}:role/*/etl", False), (f"arn:aws:iam::{ACCOUNT}:role/etl", True)],
)
def test_the_path_decides(world: World, iam: Iam, arn: str, blocked: bool) -> None:
    [plan] = plans(world, only(arn, Condition={"ArnNotLike": {"aws:PrincipalArn": arn}}))
    assert iam.asked == ["etl"]
    assert (plan.blockers != ()) is blocked


def test_iam_is_asked_once_for_all_buckets(world: World, iam: Iam) -> None:
    found = plans(world, *(only(ROLE, name) for name in ("lake-one", "lake-two", "lake-three")))
    assert [plan.blockers for plan in found] == [(), (), ()]
    assert iam.asked == ["etl"]


@pytest.mark.parametrize(
    ("spec", "caller"),
    [
        (LAKE, SESSION),
        (LAKE | {"policy": "absent"}, SESSION),
        (only(f"arn:aws:iam::{ACCOUNT}:role/*", Condition={"Bool": {"aws:SecureTransport": "false"}}), SESSION),
        (only(ROLE, Action="s3:DeleteBucket"), SESSION),
        (only(ROLE), f"arn:aws:iam::{ACCOUNT}:user/ann"),
        (only(ROLE), None),
    ],
)
def test_iam_is_not_asked_where_its_answer_decides_nothing(
    world: World, iam: Iam, spec: dict[str, Any], caller: str | None
) -> None:
    plans(world, spec, caller=caller)
    assert iam.asked == []


@pytest.mark.parametrize("arn", [None, f"arn:aws:iam::{ACCOUNT}:role/other", "arn:aws:iam::999999999999:role/etl", ""])
def test_without_an_answer_nobody_can_prove_anything(world: World, iam: Iam, arn: str | None) -> None:
    iam.arn = arn
    [plan] = plans(world, only(ROLE))
    [blocker] = plan.blockers
    assert changes(plan) == ["bucket"]
    assert "the new policy may lock you out" in blocker.why
    assert blocker.remedy.startswith("allow iam:GetRole for these credentials")


def test_an_endpoint_of_ones_own_has_no_iam(world: World) -> None:
    [plan] = plans(world, only(ROLE))
    assert [blocker.aspect for blocker in plan.blockers] == ["policy"]
    assert Clients(region="us-east-1", endpoint_url="http://127.0.0.1:9").iam() is None
    assert Clients(region="eu-central-1").iam().meta.endpoint_url == "https://iam.amazonaws.com"
    assert Clients(region="cn-north-1").iam().meta.endpoint_url == "https://iam.cn-north-1.amazonaws.com.cn"
