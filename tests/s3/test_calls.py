"""How many calls a plan and its apply make: a count, so that it cannot grow unseen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.endpoints.profiles import UNKNOWN
from reconciler.s3 import executor
from tests.s3.faults import error
from tests.s3.world import World, results

CASES = yaml.safe_load(Path(__file__).with_name("calls.yaml").read_text())
MOST = 16
"""Calls per new bucket with seven aspects, plan and all."""
SEVEN = CASES[0]["after"]


@pytest.fixture
def unnamed(plain_moto: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A server that nobody knows, and that gives a new bucket nothing. Its lanes are one."""
    monkeypatch.setattr(plain_moto, "identity", replace(plain_moto.identity, profile=UNKNOWN))
    monkeypatch.setattr(executor, "CONNECTIONS", 1)
    return plain_moto


def takes_tags(request: Any, memory: Any, ask: Any) -> Any:
    """Creates the bucket with the tags that came along."""
    answer = ask(request)
    body = request.body.replace(b"CreateBucketConfiguration", b"Tagging").replace(b"Tags>", b"TagSet>")
    ask(replace(request.about("tagging", method="PUT", body=body)))
    return answer


def named(aspects: Mapping[str, Any], name: str = "lake-one") -> dict[str, Any]:
    return {"name": name, "region": "us-east-1", **aspects}


def made(world: World) -> Counter[str]:
    """The calls since somebody has asked last."""
    calls = world.clients.calls.copy()
    world.clients.calls.clear()
    return calls


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_calls(case: dict[str, Any], world: World, unnamed: World) -> None:
    place = world if case["server"] == "aws" else unnamed
    if case["server"] == "tags travel":
        place.faults.on("CreateBucket", takes_tags)
    if "before" in case:
        place.set_up(named(case["before"]))
    made(place)
    plan = place.plan(named(case["after"]))
    planned = made(place)
    assert planned == case["plan"] | {"ListBuckets": 1}
    applied = place.apply(plan)
    assert set(results(applied).values()) <= {"applied"}
    calls = made(place)
    assert calls == case["apply"]
    assert (planned + calls).total() - 1 == case["total"]
    assert place.plan(named(case["after"])).changes == ()


def test_a_new_bucket_with_seven_aspects_takes_few_enough() -> None:
    totals = {case["server"]: case["total"] for case in CASES if case["after"] is SEVEN and "before" not in case}
    assert totals.pop("bare") == MOST + 2, "the tags take a call of their own, and a first look"
    assert max(totals.values()) == MOST


def test_what_a_server_has_given_to_no_bucket_it_is_not_asked_for_again(unnamed: World) -> None:
    assert unnamed.make(*(named({"tags": {"a": "b"}}, f"lake-{number}") for number in range(4))).exit_code == 0
    assert unnamed.faults.count("GetBucketTagging") == 1 + 4
    assert unnamed.faults.count("PutBucketTagging") == 4


def test_what_a_server_has_given_once_is_looked_for_in_every_bucket(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "CONNECTIONS", 1)
    world.faults.on("GetBucketTagging", error("NoSuchTagSet", 404), skip=1, times=1)  # it is late once
    specs = [named({"tags": {"a": "b"}}, f"lake-{number}") for number in range(4)]
    assert world.make(*specs).exit_code == 0
    assert world.faults.count("GetBucketTagging") == 4 + 1
    assert world.faults.count("PutBucketTagging") == 1


def test_what_aws_did_not_give_after_all_is_written(world: World) -> None:
    plan = world.plan(named({"encryption": "AES256", "versioning": "Enabled"}))
    world.faults.on("GetBucketEncryption", error("ServerSideEncryptionConfigurationNotFoundError", 404), times=1)
    assert results(world.apply(plan)) == {"bucket": "applied", "encryption": "applied", "versioning": "applied"}
    assert world.faults.writes() == ["CreateBucket", "PutBucketVersioning", "PutBucketEncryption"]
