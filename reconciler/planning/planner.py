"""The planner: a spec and a live bucket in, a plan out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.aspects.aspect import Aspect, Refusal, Surroundings
from reconciler.aspects.calls import Call, Risk
from reconciler.aspects.managed import Absent
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS
from reconciler.names import namespace_of
from reconciler.planning import lock_out, together
from reconciler.planning.changeset import BUCKET, Action, Blocker, Change, FieldChange, Finding, Origin, Plan
from reconciler.planning.comparison import field_changes
from reconciler.planning.data_loss import with_words_across
from reconciler.planning.digests import NOTHING, digest_of_live, digest_of_place
from reconciler.planning.existence import trouble_with
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.order import aspect_order
from reconciler.problems import Code, Severity

ACCOUNT_UNCHECKED = Code(
    "RCL3001",
    "nobody says whose account this is",
    "The spec names an account, and the endpoint has no STS that could say whose credentials these are: the account is "
    "not checked, and calls do not carry ExpectedBucketOwner. On AWS this cannot happen.",
    Severity.WARNING,
)
KEY_NOT_LOOKED_UP = Code(
    "RCL3002",
    "an alias that nobody could look up",
    "The spec and the live bucket name a KMS key in two ways, and one of them is an alias. Which key it stands for is "
    "asked with kms:DescribeKey; without an answer the two are taken for two keys, and the plan shows a change. Name "
    "the key by its ARN, or allow kms:DescribeKey. Endpoints other than AWS have no KMS that is asked.",
    Severity.WARNING,
)
NOTHING_TO_KEEP = Code(
    "RCL3021",
    "a tombstone of a bucket that is not there",
    "`tombstone: true` keeps the empty bucket so that nobody else can take its name. Where there is no bucket, nothing "
    "is created: its name may be somebody else's by now.",
    Severity.WARNING,
)
CODES = (ACCOUNT_UNCHECKED, KEY_NOT_LOOKED_UP, *lock_out.CODES, NOTHING_TO_KEEP)


def plan_bucket(spec: BucketSpec, live: LiveBucket, identity: Identity, origin: Origin) -> Plan:
    """What has to happen to one bucket."""
    if spec.is_absent:
        return plan_of_absent(spec, live, identity, origin)
    region = region_of(spec, live, identity)
    around = spec.surroundings(account=identity.account, region=region)
    full = spec.filled(around)
    around = around if full is spec else full.surroundings(account=identity.account, region=region)
    spec, declared = full, full.declared()
    siblings = {**declared}
    around = replace(around, siblings=siblings, keys=live.keys)
    exists = live.existence is Existence.EXISTS
    trouble = trouble_with(spec, live, identity) or open_variables(spec)
    nothing_found = {BUCKET: digest_of_place(live.region) if exists else NOTHING}
    if trouble is not None:
        blocker = Blocker(BUCKET, trouble.why, trouble.remedy)
        return Plan(spec, around, origin, exists, region, identity.account, nothing_found, blockers=(blocker,))

    changes: list[Change] = [] if exists else [creation(spec, around, identity.profile)]
    blockers: list[Blocker] = []
    digests = nothing_found
    for name in aspect_order():
        if name not in declared:
            continue
        found = live.aspects.get(name)
        if not isinstance(found, Unreadable):
            digests[name] = digest_of_live(found)
        outcome = compare(name, declared[name], found, around) if exists else compare_new(name, declared[name], around)
        if isinstance(outcome, Change):
            changes.append(outcome)
        else:
            blockers.extend(outcome)
        after = outcome.after if isinstance(outcome, Change) else found
        if isinstance(declared[name], Aspect) and isinstance(after, Aspect):
            # what comes later sees this one as it will be: with what the spec leaves to the live bucket
            siblings[name] = after
    asking = lock_out.Asking(identity, around, live.role_arn)
    remarks = [*findings(spec, live, identity), *lock_out.findings(spec, changes, asking)]
    blockers.extend(lock_out.blockers(spec, changes, tuple(blockers), asking))
    blockers.extend(together.blockers(spec, changes, {blocker.aspect for blocker in blockers}))
    changes = [change for change in changes if change.aspect not in {blocker.aspect for blocker in blockers}]
    changes = with_words_across(changes, around.siblings.get("lifecycle"))
    shut_before, shut_after = lock_out.shut_by(changes, spec, asking)
    return Plan(
        spec,
        around if changes else replace(around, siblings=declared),  # no live document is kept without a reason
        origin,
        exists,
        region,
        identity.account,
        digests,
        tuple(changes),
        tuple(blockers),
        tuple(remarks),
        shut_before=shut_before,
        shut_after=shut_after,
    )


def plan_of_absent(spec: BucketSpec, live: LiveBucket, identity: Identity, origin: Origin) -> Plan:
    """What has to happen to a bucket that is to go, or to become a tombstone: all of it, or nothing."""
    region = region_of(spec, live, identity)
    around = spec.surroundings(account=identity.account, region=region)
    if live.existence is Existence.MISSING:
        gone = tuple(nothing_to_keep(spec))
        return Plan(spec, around, origin, False, region, identity.account, {BUCKET: NOTHING}, findings=gone)
    if spec.tombstone:
        plan = plan_bucket(spec.as_tombstone(), live, identity, origin)
    else:
        trouble = trouble_with(spec, live, identity)
        blockers = (Blocker(BUCKET, trouble.why, trouble.remedy),) if trouble else ()
        seen = {BUCKET: digest_of_place(live.region)}
        told = tuple(findings(spec, live, identity))
        exists = live.existence is Existence.EXISTS
        plan = Plan(spec, around, origin, exists, region, identity.account, seen, blockers=blockers, findings=told)
    if plan.blockers:
        return replace(plan, changes=())
    from reconciler.planning.contents import Contents  # few plans delete anything
    from reconciler.planning.deleting import deletion

    outcome = deletion(spec, live.contents)
    proofs = live.contents.proofs if isinstance(live.contents, Contents) else {}
    plan = replace(plan, live={**plan.live, **proofs})
    if isinstance(outcome, Change):
        return replace(plan, changes=(*plan.changes, outcome))
    return replace(plan, changes=(), blockers=outcome) if outcome else plan


def nothing_to_keep(spec: BucketSpec) -> Iterator[Finding]:
    """That a tombstone is asked for where there is no bucket whose name could be kept."""
    if spec.tombstone:
        said = "there is no such bucket, so there is no name to keep: a tombstone is made of a bucket, never created"
        hint = "to hold a name that is free, describe an empty bucket"
        yield finding(Refusal(NOTHING_TO_KEEP, ("tombstone",), said, hint), ("tombstone",))


def compare(
    name: str, wanted: Aspect | Absent, found: LiveAspect, around: Surroundings
) -> Change | tuple[Blocker, ...]:
    """One aspect: its change, or what blocks it; an empty tuple where there is nothing to do.

    The executor asks the same question after a write, to see whether it has come true.
    """
    if isinstance(found, Unreadable):
        return (Blocker(name, found.why, found.remedy),)
    kind = BucketSpec.aspects()[name]
    before = None if says_nothing(found) else found
    after = kind.target_of_absence(found, around) if isinstance(wanted, Absent) else wanted.target(found, around)
    if before == after or (before is None and says_nothing(after)):
        return ()
    obstacles = tuple(Blocker(name, obstacle.why, obstacle.remedy) for obstacle in kind.obstacles(before, after))
    if obstacles:
        return obstacles
    return Change(
        aspect=name,
        action=Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE,
        before=before,
        after=after,
        fields=field_changes(*kind.pictures(before, after)),
        calls=kind.calls(found, after),
        risk=kind.risk(before, after),
        consequences=tuple(kind.consequences(before, after)),
    )


def compare_new(name: str, wanted: Aspect | Absent, around: Surroundings) -> Change | tuple[Blocker, ...]:
    """One aspect of a bucket that does not exist yet. AWS gives it documents of its own, other servers none.

    What the spec leaves to the bucket is what AWS gives. Nothing has to be done only where the spec is
    fulfilled either way. The calls are those that are right where nothing is given; what is shown is how the
    bucket will differ from the one that AWS gives.
    """
    born = BucketSpec.aspects()[name].born()
    wanted = wanted.target(born, around) if isinstance(wanted, Aspect) else wanted
    outcomes = [compare(name, wanted, given, around) for given in ((None,) if born is None else (None, born))]
    changes = [outcome for outcome in outcomes if isinstance(outcome, Change)]
    if not changes:
        return tuple(blocker for outcome in outcomes if not isinstance(outcome, Change) for blocker in outcome)
    obstacles = list(wanted.obstacles_when_new(around)) if isinstance(wanted, Aspect) else []
    if obstacles:
        return tuple(Blocker(name, obstacle.why, obstacle.remedy) for obstacle in obstacles)
    made = changes[0]
    shown = changes[-1] if changes[-1].fields else made
    risk = shown.after.risk_when_new() if shown.after is not None else shown.risk
    return replace(shown, calls=made.calls, risk=risk, consequences=())


def says_nothing(document: Aspect | None) -> bool:
    """Whether having this document is the same as having none."""
    return document is None or document.means_nothing


def region_of(spec: BucketSpec, live: LiveBucket, identity: Identity) -> str | None:
    """Where the bucket is, or will be. Where regions are mere names, the spec's stands."""
    known = (spec.region, live.region) if identity.profile.free_regions else (live.region, spec.region)
    return known[0] or known[1] or identity.region


def creation(spec: BucketSpec, around: Surroundings, profile: Profile = AWS) -> Change:
    """The bucket itself. us-east-1 is what S3 takes an empty LocationConstraint for, and refuses by name."""
    params: dict[str, Any] = {}
    for aspect in spec.values().values():
        for name, value in aspect.target(None, around).create_params().items():
            params[name] = params.get(name, {}) | value if isinstance(value, dict) else value
    if around.region is not None and around.region != "us-east-1" and not profile.free_regions:
        params["CreateBucketConfiguration"] = {
            "LocationConstraint": around.region,
            **params.get("CreateBucketConfiguration", {}),
        }
    if namespace_of(spec.name) is not None:
        params["BucketNamespace"] = "account-regional"
    return Change(
        aspect=BUCKET,
        action=Action.CREATE,
        before=None,
        after=None,
        fields=(FieldChange(("name",), None, spec.name), FieldChange(("region",), None, around.region)),
        calls=(Call("create_bucket", params),),
        risk=Risk.HARMLESS,
    )


def open_variables(spec: BucketSpec) -> Unreadable | None:
    """A variable whose value nobody knows: the account, where STS does not answer."""
    names = sorted(frozenset[str]().union(*spec.variables.values()))
    if not names:
        return None
    listed = ", ".join(f"${{{name}}}" for name in names)
    return Unreadable(
        f"{listed} has no value here: the endpoint does not say which account this is",
        'write `account: "…"` into the spec' if "account_id" in names else "write `region:` into the spec",
    )


def findings(spec: BucketSpec, live: LiveBucket, identity: Identity) -> Iterator[Finding]:
    """What is worth knowing of the spec, of whom it was compared for, and of what was found."""
    if spec.account is not None and identity.account is None:
        said = f"the endpoint does not say whether this is account {spec.account}: nobody has checked"
        yield finding(Refusal(ACCOUNT_UNCHECKED, ("account",), said), ("account",))
    for refusal in identity.profile.refusals(spec):
        yield finding(refusal, refusal.path)
    for name, found in live.aspects.items():
        if isinstance(found, Aspect):
            for remark in found.remarks():
                yield finding(remark, (name, *remark.path))
    for name, wanted in spec.values().items():
        found = live.aspects.get(name)
        for alias in () if isinstance(found, Unreadable) else wanted.aliases(found):
            if alias not in live.keys:
                said = f"KMS does not say which key `{alias}` is: it is compared by its name"
                yield finding(Refusal(KEY_NOT_LOOKED_UP, (name,), said, "allow kms:DescribeKey"), (name,))


def finding(refusal: Refusal, path: tuple[str | int, ...]) -> Finding:
    """A refusal that is only a warning, as a finding."""
    return Finding(
        refusal.code.code,
        refusal.severity.value,
        tuple(str(part) for part in path),
        refusal.message,
        refusal.help,
    )
