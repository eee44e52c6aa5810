"""The way through: specs are loaded, live buckets read, plans made, and plans carried out.

The command line and Python programs take the same way. Nothing here prints or asks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler import fleet
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS, SANDBOX
from reconciler.errors import ReconcileError, WrongAccount
from reconciler.fleet import Member
from reconciler.meter import NOBODY, Meter
from reconciler.planning.changeset import Changeset, Inputs, Plan
from reconciler.planning.digests import digest, digest_of_specs
from reconciler.planning.live import Existence, Identity, LiveBucket
from reconciler.planning.sharding import Part, Shard
from reconciler.problems import Problem
from reconciler.question import Access as Access
from reconciler.question import Question as Question
from reconciler.question import load_specs
from reconciler.specs.files import relative
from reconciler.specs.loader import Declared, Loaded, refuse_for

if TYPE_CHECKING:
    from reconciler.bucket import BucketSpec
    from reconciler.guardrails.judging import Guardrails
    from reconciler.planning.evidence import EvidenceAsked
    from reconciler.planning.outcomes import Applied, BucketOutcome
    from reconciler.planning.rolling_back import Rollback
    from reconciler.planning.runs import PastRun
    from reconciler.planning.taking_over import TakenOver
    from reconciler.s3.clients import Clients
    from reconciler.s3.reader import Reader
    from reconciler.settings import Account, Lock


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
    others: tuple[Member, ...] = ()
    """Other accounts than that of the run's own credentials, which `clients` and `identity` are about."""

    @property
    def members(self) -> tuple[Member, ...]:
        """All accounts that have buckets here, the run's own first."""
        elsewhere = {name for member in self.others for name in member.names}
        own = frozenset(plan.name for plan in self.changeset.plans if plan.name not in elsewhere)
        return (Member(self.clients, self.identity, own), *self.others)

    def plans_of(self, member: Member) -> tuple[Plan, ...]:
        """The plans of one account."""
        return tuple(plan for plan in self.changeset.plans if plan.name in member.names)


class Found(NamedTuple):
    """Live buckets as specs, and why some of those that were asked for are not among them, by name."""

    buckets: "tuple[TakenOver, ...]"
    out_of_reach: Mapping[str, str]


Notice = Callable[[str], None]


def make_plan(
    question: Question,
    access: Access,
    notice: Notice = lambda _: None,
    evidence: "EvidenceAsked | None" = None,
    meter: Meter = NOBODY,
    guardrails: "Guardrails | None" = None,
) -> Planned:
    """What would change. Reads S3 and writes nothing; no S3 call is made before the account is known.

    Without `guardrails` no rule is asked.
    """
    loaded = load_specs(question, access.endpoint_profile, access.accounts)
    meter.lap("loading specs")
    return plan_loaded(loaded, question, access, notice, evidence, meter, guardrails)


def plan_loaded(
    loaded: Loaded,
    question: Question,
    access: Access,
    notice: Notice = lambda _: None,
    evidence: "EvidenceAsked | None" = None,
    meter: Meter = NOBODY,
    guardrails: "Guardrails | None" = None,
) -> Planned:
    """What would change for specs that have been loaded already; and what of the buckets goes, if that is asked."""
    chosen = [bucket for bucket in loaded.buckets if not question.targets or bucket.spec.name in question.targets]

    clients = clients_of(access)
    identity = clients.identity()
    meter.lap("asking who we are")
    specs = [bucket.spec for bucket in chosen]
    tell_profile(identity.profile, notice)
    refuse_for(identity.profile, chosen)
    parts = entered(chosen, question.shard, Member(clients, identity), access.accounts, notice)
    looked_at = read_all(parts, evidence, notice, meter)
    if guardrails is not None:
        looked_at = judged(looked_at, chosen, guardrails)
        meter.lap("asking the guardrails")
    changeset = Changeset(
        looked_at,
        endpoint=identity.endpoint,
        inputs=Inputs(
            paths=tuple(relative(path) for path in question.paths),
            variables=dict(sorted(question.variables.items())),
            targets=tuple(sorted(question.targets)),
            spec_digest=digest_of_specs(specs),
            part=Part(
                question.shard,
                len(chosen),
                how_asked(identity, evidence, review_of(specs, guardrails, access.accounts)),
            )
            if question.shard
            else None,
        ),
    )
    names = frozenset(spec.name for spec in specs)
    others = tuple(part.member for part in parts if part.member.account is not None)
    return Planned(changeset, loaded.warnings, clients, identity, loaded.files, names, others)


def entered(
    chosen: "Sequence[Declared]",
    shard: Shard | None,
    home: Member,
    accounts: "Sequence[Account]",
    notice: Notice,
) -> list[fleet.Reading]:
    """The accounts of these buckets, or of those of a shard, ready to be read. S3 is not asked before all are known.

    Raises `WrongAccount` where credentials belong to another account than it is said.
    """
    from reconciler.s3.clients import CONNECTIONS, check_accounts
    from reconciler.specs.accounts import placed

    places = placed(chosen, accounts) if accounts else {None: chosen}
    check_accounts(
        home.identity, {bucket.spec.name: bucket.spec.account for bucket in places.get(None, ()) if bucket.spec.account}
    )
    own = {
        account: [bucket for bucket in buckets if shard is None or shard.holds(bucket.spec.name)]
        for account, buckets in places.items()
    }
    work = [(account, buckets) for account, buckets in own.items() if buckets] or [(None, [])]
    parts = fleet.side_by_side(lambda place: fleet.enter(home, *place), work)
    for part in parts:
        number, account = len(part.buckets), part.member.identity.account or "unknown"
        notice(f"Reading {number} bucket{'' if number == 1 else 's'} of account {account}")
    fleet.share_threads([part.reader for part in parts if part.reader], CONNECTIONS, fleet.AT_ONCE)
    return parts


def read_all(
    parts: "Sequence[fleet.Reading]", evidence: "EvidenceAsked | None", notice: Notice, meter: Meter
) -> tuple[Plan, ...]:
    """The plans of all accounts by name, and what they take from their buckets, if that is asked."""
    fleet.side_by_side(fleet.list_buckets, parts)
    meter.lap("listing buckets")
    total = sum(len(part.buckets) for part in parts)
    with meter.over("Reading", total, parts[0].member.clients.traffic) as done:
        fleet.side_by_side(lambda part: fleet.read(part, done), parts)
    meter.lap("reading and comparing")
    if evidence is not None:
        for part in parts:
            if part.reader is not None:
                part.plans = gathered(part.plans, part.reader, evidence, notice)
        meter.lap("gathering evidence")
    return tuple(sorted((plan for part in parts for plan in part.plans), key=lambda plan: plan.name))


def judged(plans: Sequence[Plan], buckets: Sequence[Declared], guardrails: "Guardrails") -> tuple[Plan, ...]:
    """The plans with what the rules have against their specs."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from reconciler.specs.judged import by_bucket
    from reconciler.specs.judged import judged as each

    known = {plan.name: (plan.account, plan.region) for plan in plans}
    meant = (bucket for bucket in buckets if bucket.spec.name in known)
    found = by_bucket(each(meant, guardrails, datetime.now(UTC).date(), lambda bucket: known[bucket.spec.name]))
    return tuple(replace(plan, verdicts=found[plan.name]) if plan.name in found else plan for plan in plans)


def how_asked(identity: Identity, evidence: "EvidenceAsked | None", review: str) -> dict[str, str | None]:
    """How S3 was asked, for whoever puts the plans of several shards together."""
    sources = [*(["listing"] if evidence and evidence.listing else []), *(evidence.inventories if evidence else ())]
    return {
        "account": identity.account,
        "region": identity.region,
        "endpoint_profile": identity.profile.name,
        "review": review,
        "evidence": f"{', '.join(sources)}, at most {evidence.limit} versions" if evidence else None,
    }


def review_of(specs: "Sequence[BucketSpec]", guardrails: "Guardrails | None", accounts: "Sequence[Account]") -> str:
    """A digest of what changes nothing in S3, and what is said of it: rules, waivers, accounts.

    The role that somebody has assumed is no part of it: an apply may have another one than its plan.
    """
    asked = guardrails.asked if guardrails else ()
    rules = [(one.rule.id, one.severity, one.parameters.model_dump(mode="json")) for one in asked]
    told = [spec.model_dump(mode="json", include={"name", "purpose", "waivers"}) for spec in specs]
    tag = (guardrails.tag, dict(guardrails.words)) if guardrails else None
    return digest([rules, tag, told, [one.model_dump(mode="json", exclude={"role_arn"}) for one in accounts]])


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

    from reconciler.planning.taking_over import everything_of, taken_over
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

    found: dict[str, LiveBucket] = {}
    for member in planned.members:
        specs = [plan.spec for plan in planned.plans_of(member) if plan.name in names and not member.is_shut]
        found |= Reader(member.clients, member.identity).read(specs) if specs else {}
    return found


def empty_among(planned: Planned, names: Collection[str]) -> frozenset[str]:
    """Which of these buckets hold nothing that is not the tool's own. Asked only where the answer decides anything."""
    from reconciler.planning.consent import risky
    from reconciler.s3.contents import Bag, is_empty
    from reconciler.s3.reader import Reader

    return frozenset(
        plan.name
        for member in planned.members
        for plan in planned.plans_of(member)
        if plan.name in names and plan.exists and list(risky(plan))
        if is_empty(
            Bag(member.clients.s3(plan.region), plan.name, Reader(member.clients, member.identity).owner), plan.spec
        )
    )


def roll_back(run: "PastRun", access: Access, notice: Notice = lambda _: None) -> "Rollback":
    """What takes back a run of the past, as far as specs can say it. Reads S3 and writes nothing.

    Raises `WrongAccount` where these credentials lead to another account, or another S3; an account that the settings
    list is reached as they say.
    """
    from reconciler.planning.rolling_back import rolled_back
    from reconciler.planning.taking_over import everything_of
    from reconciler.s3.reader import Reader
    from reconciler.specs.writing import as_read

    clients = clients_of(access)
    identity = clients.identity()
    tell_profile(identity.profile, notice)
    way = next((one for one in access.accounts if one.account == run.begun.account), None)
    if way is not None and identity.account != way.account:
        entered = fleet.enter(Member(clients, identity), way)
        if entered.shut:
            raise entered.shut
        clients, identity = entered.member.clients, entered.member.identity
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
    progress: "Callable[[BucketOutcome], None]" = lambda _: None,
    lock: "Lock | None" = None,
    meter: Meter = NOBODY,
    notice: Notice = lambda _: None,
    **settings: Any,
) -> "Applied":
    """Do what the plan says. What is blocked stays undone and is part of the outcome.

    Raises `ReconcileError`, before anything is written, for what would stop the run half-way, and `Locked` while
    another run holds the lock.
    """
    from contextlib import nullcontext

    from reconciler.s3 import preflight
    from reconciler.s3.lock import HeldLock

    plans = [plan for plan in planned.changeset.plans if plan.changes or plan.blockers]
    with meter.over("Applying", len(plans), planned.clients.traffic) as done:

        def ended(outcome: "BucketOutcome") -> None:
            done()
            progress(outcome)

        work = fleet.shared_out(planned.members, plans, ended, **settings)
        try:
            if not planned.changeset.has_changes:
                return fleet.carried_out(work)
            for one in work:
                preflight.check(one.plans, one.clients, width=one.executor.width)
            halt = fleet.halting(work)
            held = HeldLock(lock, planned.clients, planned.identity, halt, notice=notice) if lock else None
            for one in work:
                one.executor.may_begin = held.is_valid if held else one.executor.may_begin
            with held.while_applying(plans) if held else nullcontext():
                applied = fleet.carried_out(work)
                if held and applied.at_once:
                    held.leave()
            return applied
        finally:
            for member in planned.members:
                member.clients.close()
            meter.lap("applying")
