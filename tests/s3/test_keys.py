"""KMS keys have many names: id, ARN, alias, and none at all for AWS's own. Two names of one key are no difference."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.s3.clients import Clients
from tests.s3.lakes import LAKE
from tests.s3.world import World

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OF_US = "arn:aws:kms:us-east-1:123456789012:"
ARN, OTHER, OF_AWS = (f"{OF_US}key/{key}" for key in (ID, ID.replace("1", "2"), ID.replace("1", "3")))
KNOWN = {"alias/lake": ARN, f"{OF_US}alias/lake": ARN, "alias/other": OTHER, "alias/aws/s3": OF_AWS}


class Kms:
    """Knows some aliases, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def describe_key(self, KeyId: str) -> Any:  # noqa: N803 - KMS's name for it
        self.asked.append(KeyId)
        if KeyId not in KNOWN:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": "no such alias"}}, "DescribeKey")
        return {"KeyMetadata": {"Arn": KNOWN[KeyId]}}


@pytest.fixture
def kms(world: World, monkeypatch: pytest.MonkeyPatch) -> Kms:
    found = Kms()
    monkeypatch.setattr(world.clients, "kms", lambda _region: found)
    return found


def encrypted(key: str | None, name: str = "lake-one", algorithm: str = "aws:kms") -> dict[str, Any]:
    named = {} if key is None else {"kms_master_key_id": key}
    return LAKE | {"name": name, "encryption": {"sse_algorithm": algorithm, **named}}


@pytest.mark.parametrize(
    ("live", "spec", "asked"),
    [
        (ARN, ARN, []),
        (ARN, ID, []),
        (ARN, "alias/lake", ["alias/lake"]),
        (ID, "alias/lake", ["alias/lake"]),
        ("alias/lake", ARN, ["alias/lake"]),
        ("alias/lake", ID, ["alias/lake"]),
        ("alias/lake", f"{OF_US}alias/lake", ["alias/lake", f"{OF_US}alias/lake"]),
        (OF_AWS, None, ["alias/aws/s3"]),
        (None, OF_AWS, ["alias/aws/s3"]),
        (None, "alias/aws/s3", []),
    ],
)
def test_two_names_of_one_key_are_no_difference(
    world: World, kms: Kms, live: str | None, spec: str | None, asked: list[str]
) -> None:
    world.set_up(encrypted(live))
    kms.asked.clear()
    plan = world.plan(encrypted(spec))
    assert plan.changes == ()
    assert plan.findings == ()
    assert sorted(kms.asked) == sorted(asked)


@pytest.mark.parametrize(
    ("live", "spec"), [(ARN, "alias/other"), ("alias/lake", "alias/other"), (ARN, OTHER), (ARN, None), (None, ARN)]
)
def test_two_keys_are_a_difference_and_the_spec_is_applied(
    world: World, kms: Kms, live: str | None, spec: str | None
) -> None:
    world.set_up(encrypted(live))
    assert [change.aspect for change in world.plan(encrypted(spec)).changes] == ["encryption"]
    assert world.make(encrypted(spec)).exit_code == 0
    assert world.plan(encrypted(spec)).changes == ()


def test_an_alias_that_nobody_could_look_up_is_told(world: World, kms: Kms) -> None:
    world.set_up(encrypted(ARN))
    plan = world.plan(encrypted("alias/unheard-of"))
    assert [change.aspect for change in plan.changes] == ["encryption"]
    [finding] = plan.findings
    assert (finding.code, finding.path, finding.remedy) == ("RCL3002", ("encryption",), "allow kms:DescribeKey")
    assert "`alias/unheard-of`" in finding.message


def test_an_alias_is_looked_up_once_for_all_buckets(world: World, kms: Kms) -> None:
    names = ("lake-one", "lake-two", "lake-three")
    for name in names:
        world.set_up(encrypted(ARN, name))
    kms.asked.clear()
    plans = world.plans(*(encrypted("alias/lake", name) for name in names))
    assert [plan.changes for plan in plans] == [(), (), ()]
    assert kms.asked == ["alias/lake"]


@pytest.mark.parametrize("live", ["AES256", None])
def test_without_a_key_there_is_nothing_to_look_up(world: World, kms: Kms, live: str | None) -> None:
    world.set_up(LAKE | ({"encryption": live} if live else {}))
    kms.asked.clear()
    assert world.plan(encrypted("alias/lake")).changes
    assert kms.asked == []


def test_what_cannot_be_read_needs_no_look(world: World, kms: Kms) -> None:
    from tests.s3.faults import error

    world.set_up(encrypted(ARN))
    world.faults.on("GetBucketEncryption", error("AccessDenied", 403))
    plan = world.plan(encrypted("alias/lake"))
    assert [blocker.aspect for blocker in plan.blockers] == ["encryption"]
    assert kms.asked == []
    assert plan.findings == ()


def test_an_endpoint_of_ones_own_has_no_kms() -> None:
    assert Clients(region="us-east-1", endpoint_url="http://127.0.0.1:9").kms("us-east-1") is None
    assert Clients(region="us-east-1").kms("eu-central-1").meta.endpoint_url == "https://kms.eu-central-1.amazonaws.com"
