"""The law of the lane: whatever call an apply stops at, the bucket is no worse off than before or afterwards.

No moment in between is more public, and none loses more, than the worse of both ends. Every call puts or deletes a
whole document, so the state after any number of calls is known without any S3.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reconciler.aspects.encryption import Encryption, strength
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.managed import ABSENT
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET as THE_BUCKET
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.exposure import DOORS, Acl, Doors, Exposure, Grant, exposure_of
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket
from reconciler.planning.order import lane
from reconciler.planning.planner import plan_bucket
from reconciler.planning.second_look import Found, with_exposure
from reconciler.planning.second_look import given as born
from tests.aspects.strategies import ACCOUNT, BUCKET, IGNORED, LIVE, SPECS, public_access_block_live

State = Mapping[str, LiveAspect]
"""The documents of a bucket, by aspect."""
WATCHED = (*DOORS, "versioning", "lifecycle", "encryption")
CALLERS = (
    None,
    f"arn:aws:iam::{ACCOUNT}:root",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/session",
    f"arn:aws:iam::{ACCOUNT}:user/somebody",
)
OPEN: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Open",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    },
}
grants = st.lists(
    st.builds(Grant, st.sampled_from(("AllUsers", "AuthenticatedUsers")), st.sampled_from(("READ", "WRITE"))),
    max_size=2,
    unique=True,
).map(tuple)


def or_open(name: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Policies are public often enough to matter."""
    return strategy | st.just(BucketSpec.aspects()["policy"].model_validate(OPEN)) if name == "policy" else strategy


@st.composite
def wanted(draw: DrawFn) -> BucketSpec:
    """A spec that says something of what is watched."""
    chosen = draw(st.lists(st.sampled_from(WATCHED), unique=True, min_size=1))
    aspects: dict[str, Any] = {
        name: draw(
            or_open(name, SPECS[name])
            if list(BucketSpec.aspects()[name].refusals_of_absence())
            else or_open(name, SPECS[name]) | st.just(ABSENT)
        )
        for name in chosen
    }
    return BucketSpec.model_construct(
        name=BUCKET, region="us-east-1", ignore_tags=IGNORED, confirm_lock_out=BUCKET, **aspects
    )


@st.composite
def live_states(draw: DrawFn) -> dict[str, LiveAspect]:
    """What is there: each document, or none."""
    found = {name: draw(st.none() | or_open(name, LIVE[name])) for name in WATCHED}
    return {name: None if document is None or document.means_nothing else document for name, document in found.items()}


def plan_of(spec: BucketSpec, live: State | None, caller: str | None, acl: Acl, account: LiveAspect) -> Plan:
    existence = Existence.MISSING if live is None else Existence.EXISTS
    aspects = {name: live[name] for name in spec.declared()} if live is not None else {}
    bucket = LiveBucket(BUCKET, existence, None if live is None else "us-east-1", aspects=aspects)
    identity = Identity(ACCOUNT, None, "us-east-1", caller=caller)
    plan = plan_bucket(spec, bucket, identity, Origin("spec.yaml", 1))
    doors = born(plan) if live is None else {name: live[name] for name in DOORS}
    return with_exposure(plan, Found(doors, acl, account, account_was_asked=True))


def states(plan: Plan, first: State) -> Iterator[State]:
    """The bucket as it is first, and after each call."""
    state = dict(first)
    yield dict(state)
    for step in lane(plan):
        if step.change.aspect == THE_BUCKET:  # an ownership travels with the create call
            ownership = next((one.after for one in plan.changes if one.aspect == "ownership_controls"), None)
            state |= {"ownership_controls": ownership} if ownership else {}
        else:
            state[step.change.aspect] = BucketSpec.aspects()[step.change.aspect].from_calls((step.call,))
        yield dict(state)


# ── more public ──────────────────────────────────────────────────────────────────────────────────────


def exposure(state: State, plan: Plan, acl: Acl, account: LiveAspect) -> Exposure:
    doors: dict[str, Any] = {name: state.get(name) for name in DOORS}
    return exposure_of(Doors(**doors, acl=acl, account_block=account, has_objects=plan.exists))


@given(live_states(), wanted(), st.sampled_from(CALLERS), grants, st.none() | public_access_block_live)
def test_no_state_in_between_is_more_public_than_both_ends(
    live: State, spec: BucketSpec, caller: str | None, granted: tuple[Grant, ...], account: LiveAspect
) -> None:
    acl = Acl(granted)
    plan = plan_of(spec, live, caller, acl, account)
    found = [exposure(state, plan, acl, account) for state in states(plan, live)]
    assert plan.exposure is not None
    assert {way.words for way in plan.exposure.after.ways if way.name} == {
        way.words for way in found[-1].ways if way.name
    }
    event(f"{plan.exposure.verdict}, {'public in between' if any(one.ways for one in found[1:-1]) else 'closed'}")
    ends = (*found[0].ways, *found[-1].ways)
    for at, between in enumerate(found):
        assert all(way.is_among(ends) for way in between.ways), (at, between.ways, ends)


@given(wanted(), st.booleans(), st.none() | public_access_block_live)
def test_a_half_made_bucket_is_no_more_public_than_a_new_one_or_the_finished_one(
    spec: BucketSpec, on_aws: bool, account: LiveAspect
) -> None:
    plan = plan_of(spec, None, None, Acl(), account)
    first: State = {name: BucketSpec.aspects()[name].born() if on_aws else None for name in WATCHED}
    found = [exposure(state, plan, Acl(), account) for state in states(plan, first)]
    for between in found:
        assert all(way.is_among((*found[0].ways, *found[-1].ways)) for way in between.ways)


# ── less recoverable ─────────────────────────────────────────────────────────────────────────────────


def losses(state: State) -> set[tuple[str, str]]:
    """What is gone for good in a bucket like this, and when.

    What is overwritten, or deleted by a rule, is kept as an old version only while versioning is Enabled; a rule about
    old versions deletes them for good wherever there are any.
    """
    versioning, lifecycle = state["versioning"], state["lifecycle"]
    status = versioning.status if isinstance(versioning, Versioning) else None
    rules = [rule for rule in lifecycle.rules if rule.status == "Enabled"] if isinstance(lifecycle, Lifecycle) else []
    lost = set()
    if status != "Enabled":
        lost.add(("overwritten", ""))
        lost |= {
            ("current", f"{rule.filter!r} {rule.expiration!r}")
            for rule in rules
            if rule.expiration and (rule.expiration.days, rule.expiration.date) != (None, None)
        }
    if status is not None:
        lost |= {
            ("old", f"{rule.filter!r} {rule.noncurrent_version_expiration!r}")
            for rule in rules
            if rule.noncurrent_version_expiration
        }
    return lost


def never_had_versions(state: State) -> bool:
    """Every old version there is later would not have been kept at all."""
    return not isinstance(state["versioning"], Versioning) or state["versioning"].status is None


@given(live_states(), wanted(), st.sampled_from(CALLERS))
def test_no_state_in_between_loses_more_than_both_ends(live: State, spec: BucketSpec, caller: str | None) -> None:
    plan = plan_of(spec, live, caller, Acl(), None)
    found = list(states(plan, live))
    bearable = losses(found[0]) | losses(found[-1])
    for between in found:
        worse = losses(between) - bearable
        assert all(what == "old" and never_had_versions(found[0]) for what, _ in worse), worse


# ── written in between ───────────────────────────────────────────────────────────────────────────────


def readable(state: State, plan: Plan) -> Exposure:
    """By which ways the public reads what is written now: by none, if it is encrypted with a key of KMS."""
    encryption = state["encryption"]
    by_kms = strength(encryption if isinstance(encryption, Encryption) else None) > 0
    return Exposure() if by_kms else exposure(state, plan, Acl(), None)


@given(live_states(), wanted())
def test_what_is_written_in_between_is_no_more_readable_than_at_both_ends(live: State, spec: BucketSpec) -> None:
    plan = plan_of(spec, live, None, Acl(), None)
    if plan.shut_after:
        return  # what the new policy denies comes before it: the encryption too
    found = [readable(state, plan) for state in states(plan, live)]
    for between in found:
        assert all(way.is_among((*found[0].ways, *found[-1].ways)) for way in between.ways)
