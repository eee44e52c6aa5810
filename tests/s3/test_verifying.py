"""Reading back: until it is true, bounded, per aspect, and all documents of a bucket together."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.sandbox.messages import Answer
from tests.s3.faults import error
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results

EXPIRING: dict[str, Any] = {"lifecycle": {"rules": [{"id": "old", "expiration": {"days": 30}}]}}


def test_every_aspect_has_its_own_time() -> None:
    times = {name: kind.api.visible_within for name, kind in BucketSpec.aspects().items()}
    assert times.pop("lifecycle") == 180
    assert set(times.values()) == {60}


def test_lifecycle_is_waited_for_longer_and_the_waiting_is_shared(lake: World) -> None:
    lake.faults.stale("lifecycle", reads=10**6)
    lake.faults.stale("tagging", reads=10**6)
    applied = lake.make(LAKE | EXPIRING | {"tags": {"a": "b"}, "versioning": "Enabled"})
    assert results(applied) == {"versioning": "applied", "lifecycle": "unverified", "tags": "unverified"}
    assert outcomes(applied)["tags"].why.endswith("after 60 s")
    assert outcomes(applied)["lifecycle"].why.endswith("after 180 s")
    assert 180 <= lake.clock.now < 190, "one after the other it would be 240"


def test_what_agrees_at_once_is_looked_at_once(lake: World) -> None:
    assert lake.make(LAKE | EXPIRING | {"tags": {"a": "b"}}).exit_code == 0
    assert lake.faults.count("GetBucketTagging") == 3, "for the plan, before the write, after it"
    assert lake.clock.naps == []


@pytest.mark.parametrize("shown", ["ONNN", "NN", "ONONNN", "ONNONNONNN"])
def test_once_it_was_old_it_must_be_new_three_times_in_a_row(lake: World, shown: str) -> None:
    """Old and new in turns."""
    old, looks = error("NoSuchTagSet", 404), iter(shown)

    def flaps(request: Any, memory: Any, ask: Any) -> Answer:
        return old(request, memory, ask) if next(looks) == "O" else ask(request)

    lake.faults.on("GetBucketTagging", flaps, skip=2)
    assert results(lake.make(LAKE | {"tags": {"a": "b"}})) == {"tags": "applied"}
    assert "".join(looks) == ("N" if shown == "NN" else ""), "it was looked at just as often as needed"


def test_what_never_agrees_three_times_is_unverified(lake: World) -> None:
    old, looks = error("NoSuchTagSet", 404), iter("ONN" * 1000)

    def flaps(request: Any, memory: Any, ask: Any) -> Answer:
        return old(request, memory, ask) if next(looks) == "O" else ask(request)

    lake.faults.on("GetBucketTagging", flaps, skip=2)
    applied = lake.make(LAKE | {"tags": {"a": "b"}})
    assert results(applied) == {"tags": "unverified"}
    assert applied.exit_code == 5
    assert lake.clock.now < 80
