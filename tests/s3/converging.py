"""Law 5 as functions: specs and buckets of any kind, and what it means that they converge.

After an apply, the plan is empty; and so is the plan of what `import` writes of the bucket.

Whoever has an S3 to plan and apply in (a `World` on moto, a server of somebody else) asks `converges`.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.managed import ABSENT
from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS
from reconciler.planning.changeset import Plan
from reconciler.planning.live import Identity
from reconciler.planning.lock_out import UNDOING, Asking
from reconciler.planning.outcomes import Applied
from reconciler.planning.taking_over import everything_of, taken_over
from reconciler.policy_language.callers import Kind
from reconciler.policy_language.decision import guards_of
from reconciler.policy_language.patterns import NO
from reconciler.s3.clients import Clients
from reconciler.s3.reader import Reader
from reconciler.specs.loader import load
from reconciler.specs.writing import spec_file
from tests.aspects.strategies import BUCKET, IGNORED, LIVE, SPECS
from tests.s3.faults import READS
from tests.s3.world import outcomes


class Place(Protocol):
    """Somewhere to plan and apply."""

    clients: Clients
    identity: Identity
    s3: Any
    """Another client, for looking and meddling."""

    def reset(self) -> None:
        """Forget everything that an example has left behind."""

    def plan(self, spec: BucketSpec, /) -> Plan: ...

    def apply(self, *plans: Plan) -> Applied: ...


def may_be_absent(name: str) -> bool:
    return not list(BucketSpec.aspects()[name].refusals_of_absence())


@st.composite
def specs(draw: DrawFn, names: tuple[str, ...] | None = None) -> BucketSpec:
    """A spec with some aspects, or with these, that S3 would not refuse."""
    chosen = names or draw(st.lists(st.sampled_from(sorted(SPECS)), unique=True, min_size=1))
    aspects = {name: draw(SPECS[name] | st.just(ABSENT) if may_be_absent(name) else SPECS[name]) for name in chosen}
    meant = {"confirm_lock_out": BUCKET} if draw(st.booleans()) else {}
    return spec_of({name: value for name, value in aspects.items() if name in BucketSpec.aspects()} | meant)


def spec_of(aspects: Mapping[str, Any]) -> BucketSpec:
    return BucketSpec.model_construct(name=BUCKET, region="us-east-1", ignore_tags=IGNORED, **aspects)


@st.composite
def buckets(draw: DrawFn) -> dict[str, Aspect] | None:
    """What was there before: no bucket, or one that holds any of the documents."""
    if draw(st.booleans()):
        return None
    chosen = draw(st.lists(st.sampled_from(sorted(BucketSpec.aspects())), unique=True))
    return {name: draw(LIVE[name]) for name in chosen}


def give(place: Place, live: Mapping[str, Aspect]) -> None:
    """Have a bucket that holds these documents, as far as S3 takes them."""
    place.s3.create_bucket(Bucket=BUCKET)
    place.s3.delete_public_access_block(Bucket=BUCKET)
    for name, document in sorted(live.items(), key=lambda one: one[0] == "public_access_block"):  # after the policy
        kind = BucketSpec.aspects()[name]
        if name == "tags":  # AWS's own tags come from nobody's call
            meant = {key: value for key, value in document.root.items() if not key.startswith("aws:")}  # type: ignore[attr-defined]
            document = kind.model_validate(meant)
        cannot_be = refused(spec_of({name: document}), place.identity.profile)
        if document.means_nothing or cannot_be or list(kind.obstacles(None, document)):
            continue
        for call in kind.calls(None, document):
            getattr(place.s3, call.operation)(Bucket=BUCKET, **call.params)


def refused(spec: BucketSpec, profile: Profile = AWS) -> set[str]:
    """What of it this S3 would refuse: the loader has told the person before anybody plans."""
    return {str(refusal.path[0]) for refusal in profile.refusals(spec) if refusal.severity == "error"}


def converges(place: Place, spec: BucketSpec, live: Mapping[str, Aspect] | None) -> None:
    place.reset()
    if live is not None:
        give(place, live)
    if refused(spec):
        return
    spec = spec.model_copy(update=dict.fromkeys(refused(spec, place.identity.profile)))  # the rest of it
    first = place.plan(spec)
    for change in first.changes:  # law 4: a change names what differs and has calls; law 2: boto3 takes them, below
        assert change.fields
        assert change.calls
    applied = place.apply(first)
    told = {name: (outcome.result.value, outcome.why) for name, outcome in outcomes(applied).items()}
    if locks_out(place, spec):
        assert "policy" not in told
    else:
        assert not is_blocked_for_lock_out(first)
    if meets_a_block(told) or any("a new bucket blocks public policies" in one.why for one in first.blockers):
        return
    assert set(told.values()) <= {("applied", "")}, told

    second = place.plan(spec)
    assert second.changes == ()
    assert second.blockers == first.blockers
    made = place.clients.calls.copy()
    place.apply(second)
    assert [name for name in place.clients.calls - made if not name.startswith(READS)] == []

    taken = place.plan(imported(place))
    assert taken.changes == ()
    assert taken.blockers == ()


def is_blocked_for_lock_out(plan: Plan) -> bool:
    """Whether the policy is not put because it would lock out the caller, or may."""
    return any("lock you out" in blocker.why for blocker in plan.blockers if blocker.aspect == "policy")


def locks_out(place: Place, spec: BucketSpec) -> bool:
    """Whether the evaluator says that this policy keeps the caller from undoing it, or may, and nobody means it."""
    policy = spec.values().get("policy")
    asking = Asking(place.identity, spec.surroundings(place.identity.account))
    if not isinstance(policy, Policy) or spec.confirm_lock_out:
        return False
    if asking.caller.kind is Kind.ROOT and asking.spares_root:
        return False
    requests = [asking.request(asking.caller, action) for action in UNDOING]
    return any(guard.applies(request) is not NO for guard in guards_of(policy.root) for request in requests)


def imported(place: Place) -> BucketSpec:
    """What `import` would write of the bucket, read back by the loader."""
    live = Reader(place.clients, place.identity).read([everything_of(BUCKET)])[BUCKET]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(spec_file([taken_over(live, place.identity)]), encoding="utf-8")
        [declared] = load([str(file)]).buckets
    return declared.spec


def meets_a_block(told: Mapping[str, tuple[str, str]]) -> bool:
    """S3 refuses a public policy while a block that the spec leaves alone is on; the person is told."""
    end, why = told.get("policy", ("", ""))
    ceph = "put_bucket_policy: AccessDenied: None (" in why  # it gives no reason, and calls more policies public
    return end == "failed" and ("prevented by the BlockPublicPolicy" in why or ceph)
