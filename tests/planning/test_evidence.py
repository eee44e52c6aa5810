"""For which plans evidence is looked for, where in the bucket, and what becomes of it in the plan's document."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Changeset, Inputs, Origin, Plan
from reconciler.planning.data_loss import is_threatened, outermost, threat_of
from reconciler.planning.evidence import Evidence
from reconciler.planning.forecast import Amount, Forecast, Reach, Regime
from reconciler.planning.limits import exceeded
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.plan_schema import plan_schema
from reconciler.planning.planner import plan_bucket
from reconciler.planning.staleness import Moved, stopped
from reconciler.planning.storage import to_document
from reconciler.settings import Limits

ENABLED, SUSPENDED = (Versioning.from_s3({"Status": status}) for status in ("Enabled", "Suspended"))


def rules(*written: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"id": f"r{at}", **rule} for at, rule in enumerate(written)]}


def lifecycle(*written: dict[str, Any]) -> Lifecycle:
    size = {"transition_default_minimum_object_size": "all_storage_classes_128K"}
    return Lifecycle.model_validate(rules(*written) | size)


def plan_of(written: dict[str, Any], *, new: bool = False, **live: Any) -> Plan:
    spec = BucketSpec.model_validate({"name": "acme-lake", "region": "us-east-1", **written})
    found = LiveBucket("acme-lake", Existence.EXISTS, "us-east-1", aspects=live)
    missing = LiveBucket("acme-lake", Existence.MISSING)
    return plan_bucket(
        spec, missing if new else found, Identity("123456789012", None, "us-east-1"), Origin("s.yaml", 1)
    )


EXPIRY = {"expiration": {"days": 30}}
SHORTER, LONGER = {"expiration": {"days": 7}}, {"expiration": {"days": 90}}
THREATS: list[tuple[Plan, bool]] = [
    (plan_of({"lifecycle": rules(SHORTER)}, lifecycle=lifecycle(EXPIRY)), True),
    (plan_of({"lifecycle": rules(EXPIRY)}), True),
    (plan_of({"lifecycle": rules(LONGER)}, lifecycle=lifecycle(EXPIRY)), False),
    (plan_of({"lifecycle": rules(EXPIRY)}, lifecycle=lifecycle(EXPIRY)), False),
    (plan_of({"lifecycle": rules(EXPIRY)}, new=True), False),
    (plan_of({"versioning": "Suspended"}, versioning=ENABLED), True),
    (plan_of({"versioning": "Suspended"}), False),
    (plan_of({"versioning": "Enabled"}, versioning=SUSPENDED), False),
    (plan_of({"versioning": "Suspended"}, new=True), False),
    (plan_of({"tags": {"a": "b"}}), False),
]


@pytest.mark.parametrize(("plan", "threatened"), THREATS)
def test_evidence_is_looked_for_where_something_may_go(plan: Plan, threatened: bool) -> None:
    assert is_threatened(plan) is threatened


def test_only_the_keys_that_are_concerned_are_looked_at() -> None:
    before = lifecycle({"filter": {"prefix": "old/"}, **EXPIRY}, {"filter": {"prefix": "raw/"}, **EXPIRY})
    after = lifecycle({"filter": {"prefix": "old/"}, **EXPIRY}, {"filter": {"prefix": "raw/"}, **SHORTER})
    plan = plan_of({"lifecycle": {"rules": [rule.model_dump(exclude_none=True) for rule in after.rules]}})
    threat = threat_of(plan, Regime(before, ENABLED), Regime(after, ENABLED))
    assert threat is not None
    assert threat.prefixes == ("raw/",)
    assert not threat.needs_old_versions


def test_suspending_versions_concerns_every_rule_that_expires() -> None:
    plan = plan_of({"versioning": "Suspended"}, versioning=ENABLED)
    held = lifecycle(
        {"filter": {"prefix": "a/"}, **EXPIRY},
        {"filter": {"prefix": "b/"}, **EXPIRY, "status": "Disabled"},
        {"filter": {"prefix": "c/"}, "noncurrent_version_expiration": {"noncurrent_days": 3}},
        {"filter": {"prefix": "d/"}, "expiration": {"expired_object_delete_marker": True}},
    )
    threat = threat_of(plan, Regime(held, ENABLED), Regime(held, SUSPENDED))
    assert threat is not None
    assert threat.prefixes == ("a/",)
    assert threat.needs_old_versions
    assert threat_of(plan, Regime(None, ENABLED), Regime(None, SUSPENDED)) is None


@given(st.lists(st.text("ab/", max_size=4)), st.text("ab/", max_size=6))
@example(["a/b", "a/", "b"], "a/b/")
def test_law_outermost_prefixes_hold_the_same_keys_and_each_only_once(prefixes: list[str], key: str) -> None:
    found = outermost(prefixes)
    assert sum(key.startswith(prefix) for prefix in found) == any(key.startswith(prefix) for prefix in prefixes)


# ── words across aspects ─────────────────────────────────────────────────────────────────────────────

GIVEN_UP = "objects that are overwritten or deleted from now on cannot be got back; old versions stay"


def consequences(plan: Plan, aspect: str) -> tuple[str, ...]:
    return next(change.consequences for change in plan.changes if change.aspect == aspect)


def test_giving_up_versions_makes_expiry_final() -> None:
    held = rules(EXPIRY, {"filter": {"prefix": "a/"}, **SHORTER})
    suspended = plan_of({"versioning": "Suspended", "lifecycle": held}, versioning=ENABLED)
    assert consequences(suspended, "versioning") == (
        GIVEN_UP,
        "expiry then deletes for good what is written from now on: no old version is kept (rules: r0, r1)",
    )
    many = plan_of({"versioning": "Suspended", "lifecycle": rules(*[EXPIRY] * 4)}, versioning=ENABLED)
    assert consequences(many, "versioning")[1].endswith("(rules: r0, r1, r2, …)")
    no_rule = plan_of({"versioning": "Suspended", "lifecycle": "absent"}, versioning=ENABLED)
    assert consequences(no_rule, "versioning") == (GIVEN_UP,)
    assert consequences(plan_of({"versioning": "Suspended"}, versioning=ENABLED), "versioning") == (GIVEN_UP,)
    kept = plan_of({"versioning": "Enabled", "lifecycle": held})
    assert consequences(kept, "versioning") == ()


# ── in the plan ──────────────────────────────────────────────────────────────────────────────────────


def forecast_of(deleted: int, hidden: int, tagged: int) -> Forecast:
    reaches = tuple(Reach(midnights, Amount(1, deleted), Amount(1, hidden)) for midnights in (1, 7, 30))
    return Forecast(reaches, 20_000, Amount(1, tagged))


COUNTED = Evidence("listing of 3 versions", forecast_of(10, 200, 3000))
NOBODY_KNOWS = Evidence("nothing that could be counted", None, False, ("access denied",))


def changeset(evidence: Evidence | None) -> Changeset:
    plan = replace(plan_of({"lifecycle": rules(EXPIRY)}), evidence=evidence)
    return Changeset((plan,), None, Inputs(("specs",), spec_digest="0" * 64))


@pytest.mark.parametrize("evidence", [COUNTED, NOBODY_KNOWS])
def test_evidence_is_in_the_document_and_outside_of_the_fingerprint(evidence: Evidence) -> None:
    document = to_document(changeset(evidence), "1")
    assert not list(Draft7Validator(plan_schema()).iter_errors(document))
    without = to_document(changeset(None), "1")
    assert "evidence" not in without["buckets"][0]
    assert document["fingerprint"] == without["fingerprint"]
    shown = document["buckets"][0]["evidence"]
    assert shown["source"] == evidence.source
    if evidence is NOBODY_KNOWS:
        assert (shown["at_once"], shown["first"], shown["depends_on_tags"]) == (None, None, None)
    else:
        assert shown["within_7_days"]["hidden"] == {"objects": 1, "bytes": 200}
        assert shown["first"] == "2024-10-04T00:00:00Z"
    nothing = to_document(changeset(replace(COUNTED, forecast=Forecast())), "1")
    assert nothing["buckets"][0]["evidence"]["first"] is None


def test_the_limit_of_bytes_counts_whatever_may_go() -> None:
    assert (COUNTED.bytes_within_30_days, NOBODY_KNOWS.bytes_within_30_days) == (3210, 0)
    [need] = exceeded(changeset(COUNTED), Limits(bytes_expiring="1KiB"))
    assert need.about == "bytes_expiring"
    assert exceeded(changeset(COUNTED), Limits(bytes_expiring="4KiB")) == ()
    left_alone = stopped(changeset(COUNTED), {"acme-lake": Moved(("it moved",))})
    assert left_alone.plans[0].evidence is None
