"""A fleet: the accounts of one run side by side, each with credentials, clients and calls of its own.

What goes wrong in one account is told of its own buckets, and stops no other. One account alone takes the same way.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from reconciler.errors import CannotReachS3
from reconciler.planning.accounts import out_of_reach, within_regions
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.live import Identity
from reconciler.planning.planner import plan_bucket
from reconciler.specs.loader import Declared

if TYPE_CHECKING:
    from reconciler.planning.outcomes import Applied, BucketOutcome
    from reconciler.s3.clients import Clients
    from reconciler.s3.executor import Executor
    from reconciler.s3.reader import Listing, Reader
    from reconciler.settings import Account

AT_ONCE = 8
"""Accounts that are worked on at the same time; they share the threads of a run."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Member:
    """One account of a run: which buckets are its own, and how they are reached."""

    clients: "Clients"
    identity: Identity
    names: frozenset[str] = frozenset()
    account: "Account | None" = None
    """What the settings say of it; None for the run's own credentials."""
    is_shut: bool = False
    """Whether nobody lets us in: then there is nothing that these clients could be asked."""


@dataclass(slots=True)
class Reading:
    """The buckets of one account on their way to plans."""

    member: Member
    buckets: Sequence[Declared]
    reader: "Reader | None" = None
    """None where nobody lets us in."""
    listing: "Listing" = field(default_factory=dict)
    shut: CannotReachS3 | None = None
    """Why nothing of this account can be read."""
    plans: tuple[Plan, ...] = ()


def enter(home: Member, account: "Account | None", buckets: Sequence[Declared] = ()) -> Reading:
    """One account, ready to be read; or why it is not. Raises `WrongAccount` where the way in leads elsewhere."""
    from reconciler.s3 import accounts
    from reconciler.s3.reader import Reader

    names = frozenset(bucket.spec.name for bucket in buckets)
    if account is None:
        member = Member(home.clients, home.identity, names)
        return Reading(member, buckets, Reader(home.clients, home.identity))
    try:
        clients, identity = accounts.enter(account, home.clients, home.identity.caller)
    except CannotReachS3 as error:
        region = account.regions[0] if account.regions else home.identity.region
        outside = Identity(account.account, home.identity.endpoint, region, home.identity.profile)
        return Reading(Member(home.clients, outside, names, account, is_shut=True), buckets, shut=error)
    return Reading(Member(clients, identity, names, account), buckets, Reader(clients, identity))


def list_buckets(reading: Reading) -> None:
    """See which buckets there are."""
    if reading.reader is None or not reading.buckets:
        return
    try:
        reading.listing = reading.reader.listing([bucket.spec.name for bucket in reading.buckets])
    except CannotReachS3 as error:
        shut_out(reading, error)


def read(reading: Reading, done: Callable[[], None]) -> None:
    """Read the buckets of one account, and make their plans."""
    from reconciler.s3.exposure import SecondLook

    if reading.reader is not None:
        try:
            reading.plans = SecondLook(reading.reader).at(compared(reading, done))
        except CannotReachS3 as error:
            shut_out(reading, error)
    if reading.shut is not None:
        reading.plans = tuple(out_of_reach_plan(bucket, reading, done) for bucket in reading.buckets)


def shut_out(reading: Reading, error: CannotReachS3) -> None:
    """Nothing of this account is known; of the run's own credentials, that is the end."""
    if reading.member.account is None:
        raise error
    reading.reader, reading.shut = None, error
    reading.member = replace(reading.member, is_shut=True)


def compared(reading: Reading, done: Callable[[], None]) -> Iterable[tuple[Plan, Any]]:
    """Each bucket's plan as soon as the bucket is read, with what it was made of."""
    reader = reading.reader
    assert reader is not None, "whoever is shut out reads nothing"
    with closing(reader.each([bucket.spec for bucket in reading.buckets], reading.listing, done)) as found:
        for bucket, live in zip(reading.buckets, found, strict=True):
            plan = plan_bucket(bucket.spec, live, reader.identity, origin_of(bucket))
            yield within_regions(plan, reading.member.account), live


def out_of_reach_plan(bucket: Declared, reading: Reading, done: Callable[[], None]) -> Plan:
    """What a plan says of a bucket whose account nobody lets us into."""
    assert reading.shut is not None, "otherwise it would have been read"
    live = out_of_reach(bucket.spec.name, reading.shut.message, reading.shut.remedy)
    done()
    return plan_bucket(bucket.spec, live, reading.member.identity, origin_of(bucket))


def origin_of(bucket: Declared) -> Origin:
    """Where a bucket is written."""
    return Origin(bucket.place.file, bucket.place.line)


def share_threads(parts: Sequence[Any], width: int, at_once: int) -> None:
    """Have so many accounts together use as many threads as one alone would: each reader or executor has its part."""
    for part in parts:
        part.width = max(1, width // max(1, min(len(parts), at_once)))


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The same for all accounts, so many at a time; whatever ends the run in one of them ends it in all."""
    if len(items) == 1:
        return [work(items[0])]
    from reconciler.s3.crowd import Crowd

    with Crowd(AT_ONCE, "account") as crowd:
        return crowd.all(work, items)


# ── carrying out ─────────────────────────────────────────────────────────────────────────────────────


class Work(NamedTuple):
    """What is to be done in one account, and who does it."""

    executor: "Executor"
    clients: "Clients"
    plans: Sequence[Plan]


def shared_out(
    members: Iterable[Member], plans: Sequence[Plan], ended: "Callable[[BucketOutcome], None]", **settings: Any
) -> list[Work]:
    """The plans of a run by account; one account at least."""
    from reconciler.s3.clients import CONNECTIONS
    from reconciler.s3.executor import Executor
    from reconciler.s3.reader import Reader

    parts = [(member, [plan for plan in plans if plan.name in member.names]) for member in members]
    parts = [(member, own) for member, own in parts if own] or parts[:1]
    work: list[Work] = []
    for member, own in parts:
        executor = Executor(member.clients, Reader(member.clients, member.identity), progress=ended, **settings)
        work.append(Work(executor, member.clients, own))
    share_threads([one.executor for one in work], CONNECTIONS, len(work))
    return work


def halting(work: Sequence[Work]) -> Callable[[str, str | None], None]:
    """What stops all accounts."""

    def halt(why: str, remedy: str | None = None) -> None:
        for one in work:
            one.executor.halt(why, remedy)

    return halt


def carried_out(work: Sequence[Work]) -> "Applied":
    """The plans of all accounts, each by its own executor. One interruption is heard by all of them."""
    from reconciler.s3.executor import LOOKS_UP
    from reconciler.s3.lanes import Lanes
    from reconciler.s3.presses import Presses

    if len(work) == 1:
        return work[0].executor.apply(work[0].plans)
    with Presses() as presses:
        lanes = Lanes(lambda one: one.executor.apply(one.plans, presses), work, len(work))
        while not lanes.wait(LOOKS_UP):
            pass
        return together([lanes.ended[number] for number in range(len(work))])


def together(parts: "Sequence[Applied]") -> "Applied":
    """What became of all accounts, as of one run."""
    from reconciler.planning.outcomes import Applied, Halt

    buckets = [bucket for part in parts for bucket in part.buckets]
    halted = [part.halted for part in parts if part.halted]
    return Applied(
        tuple(sorted(buckets, key=lambda bucket: bucket.plan.name)),
        interrupted=any(part.interrupted for part in parts),
        at_once=any(part.at_once for part in parts),
        halted=Halt("; ".join(dict.fromkeys(one.why for one in halted)), halted[0].remedy) if halted else None,
    )
