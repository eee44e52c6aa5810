"""What an apply needs beyond a yes: somebody's word for each risk, and limits that hold."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.aspects.calls import Risk
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Action, Change, Changeset, Inputs, Origin, Plan
from reconciler.planning.consent import ASKED_FOR, consents, missing, unneeded, wrong_with_word
from reconciler.planning.evidence import Evidence
from reconciler.planning.forecast import Amount, Forecast, Reach
from reconciler.planning.limits import NoSuchLimitError, exceeded, lifted
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.needs import Kind
from reconciler.planning.planner import plan_bucket
from reconciler.settings import Limits

KINDS = BucketSpec.aspects()
MANIFEST = KINDS["manifest"].from_s3({"Key": "metadata/bucket-manifest.yaml", "Body": "bucket: x\n", "ETag": '"e"'})
SOMEBODYS = KINDS["manifest"].from_s3({"Key": "k", "Body": "not: [a manifest", "ETag": '"e"'})
ENABLED = KINDS["versioning"].from_s3({"Status": "Enabled"})
NO_ACLS = KINDS["ownership_controls"].born()
ENFORCED = KINDS["ownership_controls"].from_s3(
    {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
)
UNDER_A_KEY = KINDS["encryption"].model_validate(
    {"sse_algorithm": "aws:kms", "kms_master_key_id": "arn:aws:kms:us-east-1:123456789012:key/one"}, by_name=True
)
EXPIRY = {"rules": [{"id": "a", "expiration": {"days": 1}}]}


def plan_of(written: dict[str, Any], name: str = "acme-lake", *, new: bool = False, **live: Any) -> Plan:
    spec = BucketSpec.model_validate({"name": name, "region": "us-east-1", **written})
    found = (
        LiveBucket(name, Existence.MISSING) if new else LiveBucket(name, Existence.EXISTS, "us-east-1", aspects=live)
    )
    return plan_bucket(spec, found, Identity("123456789012", None, None), Origin("s.yaml", 1))


def changeset(*plans: Plan, targets: tuple[str, ...] = ()) -> Changeset:
    return Changeset(plans, None, Inputs(("specs",), targets=targets))


# ── consent ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("plan", "said", "flag"),
    [
        (plan_of({"manifest": "absent"}, manifest=MANIFEST), "loses data (manifest)", "loses-data"),
        (
            plan_of({"manifest": {"purpose": "x", "key": "k"}}, manifest=SOMEBODYS),
            "loses data (manifest)",
            "loses-data",
        ),
        (plan_of({"lifecycle": EXPIRY}), "loses data (lifecycle)", "loses-data"),
        (
            plan_of({"encryption": "aws:kms"}, encryption=UNDER_A_KEY),
            "loses protection (encryption)",
            "loses-protection",
        ),
        (
            plan_of({"versioning": "Suspended"}, versioning=ENABLED),
            "loses protection (versioning)",
            "loses-protection",
        ),
        (
            plan_of({"ownership_controls": "ObjectWriter", "tags": {"a": "b"}}, ownership_controls=NO_ACLS),
            "widens access (ownership_controls)",
            "widens-access",
        ),
    ],
)
def test_a_risk_needs_somebodys_word(plan: Plan, said: str, flag: str) -> None:
    [need] = consents(changeset(plan))
    assert (need.kind, need.about, need.why) == (Kind.CONSENT, "acme-lake", said)
    assert need.flag == f"--allow {flag}:acme-lake"
    assert missing([need], []) == (need,)
    assert missing([need], [f"{flag}:acme-pond", "cuts-access:acme-lake"]) == (need,)
    assert missing([need], [f"{flag}:acme-lake"]) == ()
    assert consents(changeset(plan), begun={"acme-lake"}) == (), "an unfinished run has created it"
    assert consents(changeset(plan), begun={"acme-pond"}) == (need,)


def test_a_deletion_always_needs_a_word() -> None:
    plan = deleted(plan_of({"tags": {"a": "b"}}))
    assert [need.flag for need in consents(changeset(plan), begun={"acme-lake"})] == ["--allow loses-data:acme-lake"]


@pytest.mark.parametrize(
    ("body", "is_ours"),
    [
        ("bucket: acme-lake\ncreated_at: '2026-11-22T12:00:00Z'\n", True),
        ("bucket: acme-pond\ncreated_at: '2026-11-22T12:00:00Z'\n", False),
        ("bucket: acme-lake\n", False),
        ('{"db_password": "x", "hosts": [1, 2]}', False),
    ],
)
def test_only_our_own_manifest_is_replaced_without_a_word(body: str, is_ours: bool) -> None:
    found = KINDS["manifest"].from_s3({"Key": "conf/app.json", "Body": body, "ETag": '"e"'})
    plan = plan_of({"manifest": {"purpose": "x", "key": "conf/app.json"}}, manifest=found)
    assert [need.why for need in consents(changeset(plan))] == ([] if is_ours else ["loses data (manifest)"])
    said = ("the object under conf/app.json is no manifest of this bucket, and is replaced",)
    assert plan.changes[0].consequences == (() if is_ours else said)


def test_each_risk_of_a_bucket_is_asked_for_once_the_worst_first() -> None:
    written = {"versioning": "Suspended", "lifecycle": EXPIRY, "manifest": "absent", "tags": {"a": "b"}}
    needs = consents(changeset(plan_of(written, versioning=ENABLED, manifest=MANIFEST)))
    assert [need.why for need in needs] == ["loses data (lifecycle, manifest)", "loses protection (versioning)"]


def test_what_can_be_taken_back_and_what_is_new_needs_no_word() -> None:
    closing = {"public_access_block": dict.fromkeys(("block_public_acls", "ignore_public_acls"), True)}
    assert consents(changeset(plan_of(closing), plan_of({"tags": {"a": "b"}}))) == ()
    new = {"lifecycle": EXPIRY, "ownership_controls": "ObjectWriter", "manifest": {"purpose": "x"}}
    assert consents(changeset(plan_of(new, new=True))) == ()


@given(st.lists(st.sampled_from(list(Risk)), max_size=6), st.sets(st.sampled_from(list(ASKED_FOR))))
def test_what_is_allowed_and_what_is_missing_are_all_that_is_needed(risks: list[Risk], allowed: set[Risk]) -> None:
    change = Change("tags", Action.UPDATE, None, None, (), (), Risk.HARMLESS)
    plan = replace(plan_of({"tags": {"a": "b"}}), changes=tuple(replace(change, risk=risk) for risk in risks))
    needs = consents(changeset(plan))
    assert [need.flag for need in needs] == [f"--allow {risk}:acme-lake" for risk in ASKED_FOR if risk in risks]
    words = [f"{risk}:acme-lake" for risk in allowed]
    met = {need.flag for need in needs} - {need.flag for need in missing(needs, words)}
    assert met == {f"--allow {risk}:acme-lake" for risk in allowed & set(risks)}
    assert set(unneeded(needs, words)) == {f"{risk}:acme-lake" for risk in allowed - set(risks)}


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        ("loses-data:acme-lake", None),
        ("loses-data:acme:lake", None),
        ("loses-data", "it names no bucket: write it like loses-data:my-bucket"),
        ("loses-data:", "it names no bucket: write it like loses-data:my-bucket"),
        ("", "it names no bucket: write it like loses-data:my-bucket"),
        ("lose-data:acme-lake", "there is no such risk: did you mean loses-data?"),
        ("x:acme-lake", "the risks are loses-data, loses-protection, widens-access"),
        ("harmless:acme-lake", "the risks are loses-data, loses-protection, widens-access"),
    ],
)
def test_words_that_allow_nothing(word: str, wrong: str | None) -> None:
    assert wrong_with_word(word) == wrong


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────


def fleet(changed: int, unchanged: int = 0, new: int = 0) -> list[Plan]:
    plans = [plan_of({"tags": {"a": "b"}}, f"acme-changed-{number}") for number in range(changed)]
    tags = KINDS["tags"].from_s3({"TagSet": [{"Key": "a", "Value": "b"}]})
    plans += [plan_of({"tags": {"a": "b"}}, f"acme-same-{number}", tags=tags) for number in range(unchanged)]
    return plans + [plan_of({"tags": {"a": "b"}}, f"acme-new-{number}", new=True) for number in range(new)]


CHANGED, UNCHANGED = fleet(60), fleet(0, 60)


def deleted(plan: Plan) -> Plan:
    change = Change(BUCKET, Action.DELETE, None, None, (), (), Risk.LOSES_DATA)
    return replace(plan, changes=(change,))


def beyond(*plans: Plan, forgotten: tuple[str, ...] = (), **limits: Any) -> dict[str, tuple[str, str]]:
    needs = exceeded(changeset(*plans), Limits(**limits), forgotten)
    assert all(need.kind is Kind.LIMIT for need in needs)
    return {need.about: (need.why, need.flag) for need in needs}


def test_so_many_existing_buckets_may_change() -> None:
    plans = fleet(changed=3, new=20)
    assert beyond(*plans, buckets_changed=3) == {}
    assert beyond(*plans, buckets_changed=2) == {
        "buckets_changed": (
            "3 existing buckets change; `limits: buckets_changed` allows 2",
            "--limit buckets_changed=3",
        )
    }


def test_so_many_buckets_may_be_deleted() -> None:
    plans = [deleted(plan) for plan in fleet(changed=2)]
    assert beyond(*plans, buckets_deleted=2, buckets_changed=0) == {}
    assert beyond(*plans)["buckets_deleted"] == (
        "2 buckets are deleted; `limits: buckets_deleted` allows 1",
        "--limit buckets_deleted=2",
    )


@pytest.mark.parametrize(("changed", "unchanged"), [(9, 0), (5, 5), (50, 50)])
def test_a_share_of_the_fleet_may_change(changed: int, unchanged: int) -> None:
    assert beyond(*fleet(changed, unchanged)) == {}


def test_more_than_a_share_may_not() -> None:
    plans = fleet(changed=6, unchanged=5)
    said = "55% of 11 buckets change (6); `limits: share_of_fleet` allows 50%"
    assert beyond(*plans) == {"share_of_fleet": (said, "--limit share_of_fleet=55%")}
    assert beyond(*plans, share_of_fleet="55%") == {}
    assert beyond(*plans, share_of_fleet="100%") == {}
    assert exceeded(changeset(*plans, targets=("acme-changed-1",)), Limits()) == (), "these were named one by one"


def test_so_many_bytes_may_expire() -> None:
    month = Reach(30, deleted=Amount(3, 600 * 1024**2), hidden=Amount(1, 100 * 1024**2))
    found = Evidence("a listing", Forecast(reaches=(month,), depends_on_tags=Amount(1, 400 * 1024**2)))
    plans = [replace(plan_of({"lifecycle": EXPIRY}), evidence=found), plan_of({"tags": {"a": "b"}})]
    assert beyond(*plans) == {}
    assert beyond(*plans, bytes_expiring="1100MiB") == {}
    said = "1.1 GiB would expire within 30 days; `limits: bytes_expiring` allows 1.0 GiB"
    assert beyond(*plans, bytes_expiring="1GiB") == {"bytes_expiring": (said, "--limit bytes_expiring=2GiB")}


def test_what_nobody_can_tell_is_not_nothing() -> None:
    plan = plan_of({"lifecycle": EXPIRY})
    denied = replace(plan, evidence=Evidence("a listing", None, complete=False, cannot_tell=("denied",)))
    partly = replace(plan, evidence=Evidence("a listing", Forecast(), complete=False))
    said = "nobody can tell how much of a bucket would expire within 30 days; `limits: bytes_expiring` allows 1.0 TiB"
    for untold in (denied, partly):
        assert beyond(untold) == {"bytes_expiring": (said, "--limit bytes_expiring=999999999PiB")}
    [(why, _)] = beyond(denied, partly).values()
    assert why.startswith("nobody can tell how much of 2 buckets would expire")
    assert beyond(denied, partly, bytes_expiring="999999999PiB") == {}


def test_buckets_that_no_spec_describes_any_more() -> None:
    gone = tuple(f"acme-gone-{number}" for number in range(11))
    [(why, flag)] = beyond(forgotten=gone).values()
    assert why == (
        "11 buckets of the last apply have no spec any more (acme-gone-0, acme-gone-1, acme-gone-10, …); "
        "`limits: buckets_forgotten` allows 10"
    )
    assert flag == "--limit buckets_forgotten=11"
    assert beyond(forgotten=gone[:10]) == {}


@given(st.integers(0, 60), st.integers(0, 60))
@example(29, 21)  # 0.58 * 50 is less than 29
def test_the_flag_that_is_offered_lifts_its_limit(changed: int, unchanged: int) -> None:
    plans = changeset(*CHANGED[:changed], *UNCHANGED[:unchanged])
    strict = Limits(buckets_changed=0, share_of_fleet="0%")
    words = dict(need.flag.removeprefix("--limit ").split("=") for need in exceeded(plans, strict))
    assert exceeded(plans, lifted(strict, words)) == ()


def test_a_limit_is_lifted_by_its_name() -> None:
    assert lifted(Limits(), {"bytes_expiring": "5TiB"}) == Limits(bytes_expiring="5TiB")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("bucket_changed", "5", "there is no limit `bucket_changed`: did you mean `buckets_changed`?"),
        ("x", "5", "there is no limit `x`: there are buckets_changed, buckets_deleted, "),
        ("share_of_fleet", "0.5", "`0.5` is no value for share_of_fleet: write it like `30%`"),
        ("share_of_fleet", "130%", "`130%` is no value for share_of_fleet: write it like `30%`"),
        ("bytes_expiring", "lots", "`lots` is no value for bytes_expiring: write it like `500GiB`"),
        ("buckets_changed", "-1", "`-1` is no value for buckets_changed: write a whole number, like `100`"),
    ],
)
def test_limits_that_cannot_be(name: str, value: str, said: str) -> None:
    with pytest.raises(NoSuchLimitError) as refused:
        lifted(Limits(), {name: value})
    assert str(refused.value).startswith(said)
