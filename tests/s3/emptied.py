"""Buckets that are to go: how they are filled, and what is looked at when they are gone."""

from typing import Any

from moto.s3.models import s3_backends

from reconciler.planning.changeset import Action
from reconciler.planning.outcomes import Applied
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes

NAME: str = LAKE["name"]
GONE: dict[str, Any] = LAKE | {"state": "absent", "confirm_delete": NAME}
EMPTIED: dict[str, Any] = GONE | {"empty_first": True, "max_objects": 3000}
TOMBSTONE: dict[str, Any] = EMPTIED | {"tombstone": True}
ODD_KEYS = (
    *("/", "//a", "/leading", "trailing/", "a//b", ".", "..", "a/../b"),
    *("a b", "a+b", "a%20b", "a%2Bb", "a&b<c>\"'", "tab\there", "é/ü/漢字", "😀", "?x=y", "#z", " ", "x" * 1024),
)
UNWRITABLE = ("bell\x07", "\x1b[2J/", "\ufffe")
"""Keys that S3 takes and XML cannot hold. moto cannot list them: it is told what to answer."""


def put(world: World, *keys: str, text: str = "x", **params: Any) -> None:
    for key in keys:
        world.s3.put_object(Bucket=NAME, Key=key, Body=text.encode(), **params)


def put_many(world: World, number: int) -> None:
    """More objects than anybody wants to wait for."""
    for position in range(number):
        s3_backends["123456789012"]["aws"].put_object(NAME, f"{position:05}", b"x")


def switch_versioning(world: World, status: str, **params: Any) -> None:
    document = {"Status": status, **params}
    extra = {"MFA": "serial 123456"} if "MFADelete" in params else {}
    world.s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=document, **extra)


def keys_left(world: World) -> list[str]:
    """Every version and delete marker, by key."""
    found = world.s3.list_object_versions(Bucket=NAME)
    return sorted(item["Key"] for kind in ("Versions", "DeleteMarkers") for item in found.get(kind, []))


def is_there(world: World) -> bool:
    return NAME in {bucket["Name"] for bucket in world.s3.list_buckets()["Buckets"]}


def applied(world: World, spec: dict[str, Any]) -> Applied:
    """Plan and apply what nothing is in the way of."""
    plan = world.plan(spec)
    assert plan.blockers == ()
    world.faults.forget()
    return world.apply(plan)


def blocked(world: World, spec: dict[str, Any]) -> str:
    """Why nothing is done; nothing is."""
    plan = world.plan(spec)
    assert plan.changes == ()
    world.faults.forget()
    world.apply(plan)
    assert world.faults.writes() == []
    return "; ".join(blocker.why for blocker in plan.blockers)


def is_gone(world: World, spec: dict[str, Any] = EMPTIED) -> None:
    """The bucket goes, and then nothing is left to do."""
    result = applied(world, spec)
    assert result.exit_code == 0, outcomes(result)
    every_call_names_the_owner(world)
    assert not is_there(world)
    again = world.plan(spec)
    assert (again.changes, again.blockers, again.action) == ((), (), Action.NONE)


def why(result: Applied) -> str:
    return outcomes(result)["bucket"].why


def every_call_names_the_owner(world: World) -> None:
    for request in world.faults.requests:
        if request.bucket:
            assert request.headers.get("x-amz-expected-bucket-owner") == "123456789012", request
        assert "x-amz-bypass-governance-retention" not in request.headers
