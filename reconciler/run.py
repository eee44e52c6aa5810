"""The way through: specs are loaded, live buckets read, plans made, and plans carried out.

The command line and Python programs take the same way. Nothing here prints or asks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS, SANDBOX, profile_named
from reconciler.errors import ReconcileError, UsageError, WrongAccount
from reconciler.meter import NOBODY, Meter
from reconciler.planning.changeset import Changeset, Inputs, Origin, Plan
from reconciler.planning.consent import risky
from reconciler.planning.digests import digest_of_specs
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.outcomes import Applied, BucketOutcome
from reconciler.planning.planner import plan_bucket
from reconciler.planning.rolling_back import Rollback, rolled_back
from reconciler.planning.runs import PastRun
from reconciler.planning.sharding import Part, Shard
from reconciler.planning.taking_over import TakenOver, everything_of, taken_over
from reconciler.problems import Problem, did_you_mean
from reconciler.specs.files import relative
from reconciler.specs.loader import Declared, Loaded, load, refuse_for

if TYPE_CHECKING:
    from reconciler.planning.evidence import EvidenceAsked
    from reconciler.s3.clients import Clients
    from reconciler.s3.reader import Listing, Reader
    from reconciler.settings import Lock


@dataclass(frozen=True, slots=True)
class Access:
    """Which S3, and as whom."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    sandbox: bool = False
    endpoint_profile: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a plan is asked for."""

    paths: tuple[str, ...]
    variables: Mapping[str, str]
    targets: tuple[str, ...] = ()
    shard: Shard | None = None
    """Which part of the buckets; None for all of them."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A changeset with what is needed to carry it out."""

    changeset: Changeset
    warnings: tuple[Problem, ...]
    clients: "Clients"
    identity: Identity
    files: tuple[str, ...] = ()
    """The spec files that were read."""
    declared: frozenset[str] = frozenset()
    """The names of all buckets that were asked for, also those of other shards."""


@dataclass(frozen=True, slots=True)
class Found:
    """Live buckets as specs, and why some of those that were asked for are not among them, by name."""

    buckets: tuple[TakenOver, ...]
    out_of_reach: Mapping[str, str]


Notice = Callable[[str], None]


def load_specs(question: Question, endpoint_profile: str | None = None) -> Loaded:
    """The specs that are asked for. Raises `InvalidSpecs` with every problem of every file."""
    loaded = load(question.paths, question.variables, profile_named(endpoint_profile or AWS.name))
    names = [bucket.spec.name for bucket in loaded.buckets]
    for target in question.targets:
        if target not in names:
            near = did_you_mean(target, names)
            raise UsageError(
                f"no spec describes the bucket `{target}`",
                remedy=f"did you mean `{near}`?" if near else "check --target",
            )
    return loaded


def make_plan(
    question: Question,
    access: Access,
    notice: Notice = lambda _: None,
    evidence: "EvidenceAsked | None" = None,
    meter: Meter = NOBODY,
) -> Planned:
    """What would change. Reads S3 and writes nothing; no S3 call is made before the account is known."""
    loaded = load_specs(question, access.endpoint_profile)
    meter.lap("loading specs")
    return plan_loaded(loaded, question, access, notice, evidence, meter)


def plan_loaded(
    loaded: Loaded,
    question: Question,
    access: Access,
    notice: Notice = lambda _: None,
    evidence: "EvidenceAsked | None" = None,
    meter: Meter = NOBODY,
) -> Planned:
    """What would change for specs that have been loaded already; and what of the buckets goes, if that is asked."""
    chosen = [bucket for bucket in loaded.buckets if not question.targets or bucket.spec.name in question.targets]
    own = [bucket for bucket in chosen if question.shard is None or question.shard.holds(bucket.spec.name)]

    clients = clients_of(access)
    from reconciler.s3.clients import check_accounts
    from reconciler.s3.exposure import SecondLook
    from reconciler.s3.reader import Reader

    identity = clients.identity()
    meter.lap("connecting")
    specs = [bucket.spec for bucket in chosen]
    tell_profile(identity.profile, notice)
    refuse_for(identity.profile, chosen)
    check_accounts(identity, {spec.name: spec.account for spec in specs if spec.account})
    notice(f"Reading {len(own)} bucket{'' if len(own) == 1 else 's'} of account {identity.account or 'unknown'}")
    reader = Reader(clients, identity)
    listing = reader.listing([bucket.spec.name for bucket in own]) if own else {}
    meter.lap("listing buckets")
    with meter.over("Reading", len(own), clients.traffic) as done:
        looked_at = SecondLook(reader).at(compared(own, reader, listing, done))
    meter.lap("reading and comparing")
    if evidence is not None:
        looked_at = gathered(looked_at, reader, evidence, notice)
        meter.lap("gathering evidence")
    changeset = Changeset(
        looked_at,
        endpoint=identity.endpoint,
        inputs=Inputs(
            paths=tuple(relative(path) for path in question.paths),
            variables=dict(sorted(question.variables.items())),
            targets=tuple(sorted(question.targets)),
            spec_digest=digest_of_specs(specs),
            part=Part(question.shard, len(chosen), how_asked(identity, evidence)) if question.shard else None,
        ),
    )
    names = frozenset(spec.name for spec in specs)
    return Planned(changeset, loaded.warnings, clients, identity, loaded.files, names)


def how_asked(identity: Identity, evidence: "EvidenceAsked | None") -> dict[str, str | None]:
    """How S3 was asked, for whoever puts the plans of several shards together."""
    sources = [*(["listing"] if evidence and evidence.listing else []), *(evidence.inventories if evidence else ())]
    return {
        "account": identity.account,
        "region": identity.region,
        "endpoint_profile": identity.profile.name,
        "evidence": f"{', '.join(sources)}, at most {evidence.limit} versions" if evidence else None,
    }


def compared(
    chosen: Sequence[Declared], reader: "Reader", listing: "Listing", done: Callable[[], None]
) -> Iterator[tuple[Plan, LiveBucket]]:
    """Each bucket's plan as soon as the bucket is read, with what it was made of."""
    with closing(reader.each([bucket.spec for bucket in chosen], listing, done)) as found:
        for bucket, live in zip(chosen, found, strict=True):
            origin = Origin(bucket.place.file, bucket.place.line)
            yield plan_bucket(bucket.spec, live, reader.identity, origin), live


def gathered(plans: Sequence[Plan], reader: "Reader", evidence: "EvidenceAsked", notice: Notice) -> tuple[Plan, ...]:
    """The plans, with what they take from their buckets."""
    from datetime import UTC, datetime

    from reconciler.s3.evidence import Gathering

    return Gathering(reader, evidence, datetime.now(UTC), notice).of(plans)


def tell_profile(profile: Profile, notice: Notice) -> None:
    """Say which profile is gone by, where it is not AWS."""
    if profile not in (AWS, SANDBOX):
        notice(f"Endpoint profile: {profile.name} ({profile.about})")


def clients_of(access: Access) -> "Clients":
    """The clients of a run. boto3 takes 200 ms to load: whoever only validates does not pay for it."""
    from reconciler.s3.clients import Clients

    return Clients(
        profile=access.profile,
        region=access.region,
        endpoint_url=access.endpoint_url,
        sandbox=access.sandbox,
        endpoint_profile=access.endpoint_profile,
    )


def take_over(
    names: Sequence[str], pattern: str | None, access: Access, *, full: bool = False, notice: Notice = lambda _: None
) -> Found:
    """Specs of live buckets: of these names, or, where there are none, of all that match a pattern.

    Reads S3 and writes nothing.
    """
    from fnmatch import fnmatchcase

    from reconciler.s3.reader import Reader
    from reconciler.specs.writing import as_read

    clients = clients_of(access)
    identity = clients.identity()
    tell_profile(identity.profile, notice)
    reader = Reader(clients, identity)
    listing = reader.listing()
    chosen = sorted(set(names)) if names else sorted(name for name in listing if fnmatchcase(name, pattern or "*"))
    if not chosen:
        raise ReconcileError(
            f"account {identity.account or 'unknown'} shows no bucket" + (f" like {pattern}" if pattern else ""),
            remedy="name the buckets; listing them all needs s3:ListAllMyBuckets",
        )
    notice(f"Reading {len(chosen)} bucket{'' if len(chosen) == 1 else 's'} of account {identity.account or 'unknown'}")
    live = reader.read([everything_of(name) for name in chosen], listing)
    clients.close()
    there = [live[name] for name in chosen if live[name].existence is Existence.EXISTS]
    return Found(
        tuple(taken_over(bucket, identity, full=full, as_read=as_read) for bucket in there),
        {name: out_of_reach(live[name]) for name in chosen if live[name] not in there},
    )


def look_again(planned: Planned, names: Collection[str]) -> dict[str, LiveBucket]:
    """These buckets of a plan as they are now. What was read to make the plan is not kept."""
    from reconciler.s3.reader import Reader

    specs = [plan.spec for plan in planned.changeset.plans if plan.name in names]
    return Reader(planned.clients, planned.identity).read(specs) if specs else {}


def empty_among(planned: Planned, names: Collection[str]) -> frozenset[str]:
    """Which of these buckets hold nothing that is not the tool's own. Asked only where the answer decides anything."""
    from reconciler.s3.contents import Bag, is_empty
    from reconciler.s3.reader import Reader

    owner = Reader(planned.clients, planned.identity).owner
    return frozenset(
        plan.name
        for plan in planned.changeset.plans
        if plan.name in names and plan.exists and list(risky(plan))
        if is_empty(Bag(planned.clients.s3(plan.region), plan.name, owner), plan.spec)
    )


def roll_back(run: PastRun, access: Access, notice: Notice = lambda _: None) -> Rollback:
    """What takes back a run of the past, as far as specs can say it. Reads S3 and writes nothing.

    Raises `WrongAccount` where these credentials lead to another account, or another S3.
    """
    from reconciler.s3.reader import Reader
    from reconciler.specs.writing import as_read

    clients = clients_of(access)
    identity = clients.identity()
    tell_profile(identity.profile, notice)
    if not run.is_of(identity.account, identity.endpoint):
        here, there = place_in_words(identity.account, identity.endpoint), place_in_words(*run.place)
        raise WrongAccount(f"the run wrote to {there}, and this is {here}", remedy="use its credentials and endpoint")
    names = sorted({call.intent.bucket for call in run.calls})
    notice(f"Reading {len(names)} bucket{'' if len(names) == 1 else 's'} of account {identity.account or 'unknown'}")
    live = Reader(clients, identity).read([everything_of(name) for name in names])
    clients.close()
    return rolled_back(run, live, identity, as_read)


def place_in_words(account: str | None, endpoint: str | None) -> str:
    """Which account of which S3."""
    return f"account {account or 'unknown'}" + (f" at {endpoint}" if endpoint else "")


def out_of_reach(bucket: LiveBucket) -> str:
    """Why there is nothing to say about a bucket."""
    return f"{bucket.trouble.why} ({bucket.trouble.remedy})" if bucket.trouble else "there is no such bucket"


def carry_out(
    planned: Planned,
    progress: Callable[[BucketOutcome], None] = lambda _: None,
    lock: "Lock | None" = None,
    meter: Meter = NOBODY,
    **settings: Any,
) -> Applied:
    """Do what the plan says. What is blocked stays undone and is part of the outcome.

    Raises `ReconcileError`, before anything is written, for what would stop the run half-way, and `Locked` while
    another run holds the lock.
    """
    from contextlib import nullcontext

    from reconciler.s3 import preflight
    from reconciler.s3.executor import Executor
    from reconciler.s3.lock import HeldLock
    from reconciler.s3.reader import Reader

    plans: Sequence[Any] = [plan for plan in planned.changeset.plans if plan.changes or plan.blockers]
    with meter.over("Applying", len(plans), planned.clients.traffic) as done:

        def ended(outcome: BucketOutcome) -> None:
            done()
            progress(outcome)

        executor = Executor(planned.clients, Reader(planned.clients, planned.identity), progress=ended, **settings)
        try:
            if not planned.changeset.has_changes:
                return executor.apply(plans)
            preflight.check(plans, planned.clients)
            held = HeldLock(lock, planned.clients, planned.identity, executor.halt) if lock else None
            executor.may_begin = held.is_valid if held else executor.may_begin
            with held.while_applying(plans) if held else nullcontext():
                applied = executor.apply(plans)
                if held and applied.at_once:
                    held.leave()
            return applied
        finally:
            planned.clients.close()
            meter.lap("applying")
