"""Versions and the rules that delete: where one of the two is blocked, the other one waits."""

from typing import Any

import pytest

from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Origin
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable
from reconciler.planning.planner import plan_bucket

UNREADABLE = Unreadable("S3 did not answer", "try again")


def rules(days: int) -> dict[str, Any]:
    size = "all_storage_classes_128K"
    return {"transition_default_minimum_object_size": size, "rules": [{"id": "old", "expiration": {"days": days}}]}


def live(name: str, value: Any) -> Any:
    return UNREADABLE if value is None else BucketSpec.aspects()[name].model_validate(value)


@pytest.mark.parametrize(
    ("versioning", "lifecycle", "wanted", "days", "blocked"),
    [
        pytest.param("Enabled", None, "Suspended", 365, {"versioning", "lifecycle"}, id="versions are kept meanwhile"),
        pytest.param("Suspended", None, "Enabled", 7, {"lifecycle"}, id="keeping versions waits for nothing"),
        pytest.param(None, 365, "Enabled", 7, {"versioning", "lifecycle"}, id="a shorter retention waits for versions"),
        pytest.param(None, 7, "Enabled", 365, {"versioning"}, id="a longer one waits for nothing"),
        pytest.param(None, 365, "Suspended", 7, {"versioning"}, id="nor one that has no versions to wait for"),
        pytest.param("Enabled", 7, "Suspended", 365, set(), id="both can be done"),
    ],
)
def test_what_waits(versioning: str | None, lifecycle: int | None, wanted: str, days: int, blocked: set[str]) -> None:
    spec = BucketSpec.model_validate(
        {"name": "lake-one", "region": "us-east-1", "versioning": wanted, "lifecycle": rules(days)}
    )
    aspects = {
        "versioning": live("versioning", versioning),
        "lifecycle": live("lifecycle", lifecycle and rules(lifecycle)),
    }
    bucket = LiveBucket("lake-one", Existence.EXISTS, "us-east-1", aspects=aspects)
    plan = plan_bucket(spec, bucket, Identity("123456789012", None, "us-east-1"), Origin("spec.yaml", 1))
    assert {blocker.aspect for blocker in plan.blockers} == blocked
    assert {change.aspect for change in plan.changes} == {"versioning", "lifecycle"} - blocked
