"""What an apply knows of the runs before it, and what it leaves to those after it."""

import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.fleet import Member
    from reconciler.journal.writing import Journal
    from reconciler.planning.recording import Recorder
    from reconciler.planning.runs import PastRun
    from reconciler.planning.unfinished import Unfinished
    from reconciler.run import Planned
    from reconciler.settings import Settings


class Past(NamedTuple):
    """What runs of the past have to do with this one."""

    begun: frozenset[str] = frozenset()
    """Empty buckets that an unfinished run has created: nobody's word is needed for what happens to them."""
    forgotten: frozenset[str] = frozenset()
    """Buckets that the last run over the same specs had, and this one has not."""
    left: "tuple[Unfinished, ...]" = ()
    """The last run in each account, where it did not get to its end."""
    open: frozenset[str] = frozenset()
    """Buckets that some run has begun and none has finished."""


def look_back(settings: "Settings", planned: "Planned") -> Past:
    """What the journal knows that matters to this plan. Nothing, where there is no journal."""
    from reconciler.settings import NONE

    folder = Path(settings.journal)
    if settings.journal == NONE or not folder.is_dir():
        return Past()
    from reconciler.journal.files import runs_since_trouble
    from reconciler.planning.unfinished import Unfinished, begun_buckets, created_by_unfinished_run, unfinished
    from reconciler.run import empty_among

    now, runs = datetime.now(UTC), runs_since_trouble(folder, datetime.now(UTC))
    begun: frozenset[str] = frozenset()
    left: list[Unfinished] = []
    open_ones: frozenset[str] = frozenset()
    for member in planned.members:
        who = member.identity.account, member.identity.endpoint
        begun |= created_by_unfinished_run(runs, *who, now) & member.names
        found = unfinished(runs, *who, member.names)
        left += [found] if found else []
        open_ones |= begun_buckets(runs, *who) & member.names
    return Past(
        empty_among(planned, begun) if begun else begun,
        forgotten_since(settings, planned),
        tuple(left),
        open_ones,
    )


def forgotten_since(settings: "Settings", planned: "Planned") -> frozenset[str]:
    """Buckets that the last runs over the same specs had, and this one has not; of a shard, only its own."""
    inputs = planned.changeset.inputs
    if inputs.targets:
        return frozenset()
    same = SameSpecs(inputs.paths, dict(inputs.variables))
    found = forgotten_in(settings, same, planned.identity.account, planned.identity.endpoint, planned.declared)
    part = inputs.part
    return found if part is None else frozenset(name for name in found if part.shard.holds(name))


def forgotten_by(settings: "Settings", document: dict[str, Any], account: str | None) -> frozenset[str]:
    """The same for a plan that was put together of shards; `account` is that of the run's own credentials."""
    from reconciler.settings import NONE

    inputs = document["inputs"]
    if settings.journal == NONE or not Path(settings.journal).is_dir() or inputs["targets"]:
        return frozenset()
    names = [bucket["name"] for bucket in document["buckets"]]
    same = SameSpecs(tuple(inputs["paths"]), inputs["variables"])
    return forgotten_in(settings, same, account, document["endpoint"], names)


class SameSpecs(NamedTuple):
    """What runs have in common that are about the same buckets, be it all of them or those of a shard."""

    paths: tuple[str, ...]
    variables: dict[str, str]


def forgotten_in(
    settings: "Settings", same: SameSpecs, home: str | None, endpoint: str | None, names: Collection[str]
) -> frozenset[str]:
    """Buckets that the last runs over the same specs had in any of the accounts, and that are none of these."""
    from reconciler.journal.files import runs_like
    from reconciler.planning.unfinished import forgotten

    found: frozenset[str] = frozenset()
    for account in dict.fromkeys((home, *(one.account for one in settings.accounts))):

        def is_meant(run: "PastRun", account: str | None = account) -> bool:
            specs = SameSpecs(run.begun.paths, run.begun.variables)
            return run.is_of(account, endpoint) and specs == same and not run.begun.targets

        found |= forgotten(runs_like(Path(settings.journal), is_meant), names)
    return found


def tell_unfinished(past: Past, planned: "Planned", console: Console) -> None:
    """Say what the last run has left undone, and what has come of it."""
    if not past.left:
        return
    from reconciler.planning.unfinished import came_of
    from reconciler.reports.runs import render_unfinished
    from reconciler.run import look_again

    around = {plan.name: plan.around for plan in planned.changeset.plans}
    live = look_again(planned, {call.intent.bucket for left in past.left for call in left.unanswered})
    for left in past.left:
        came = [came_of(call, live.get(call.intent.bucket), around[call.intent.bucket]) for call in left.unanswered]
        console.notice(render_unfinished(left, came, console.style(sys.stderr), datetime.now(UTC)))


def keep_journal(settings: "Settings", planned: "Planned", document: dict[str, Any], console: Console) -> "Keeper":
    """A journal of this run, one for each account; none where the team wants none."""
    from reconciler.settings import NONE

    if settings.journal == NONE:
        return Keeper({})
    from reconciler.journal.writing import About, Journal
    from reconciler.version import __version__

    inputs = planned.changeset.inputs
    journals: dict[str | None, Journal] = {}

    def warn(said: str) -> None:
        console.line(f"warning: {said}")

    for account, members in by_account(planned).items():
        identity = members[0].identity
        about = About(
            tool_version=__version__,
            account=account,
            endpoint=identity.endpoint,
            region=identity.region,
            fingerprint=document["fingerprint"],
            paths=inputs.paths,
            targets=inputs.targets,
            variables=inputs.variables,
            buckets=[plan.name for member in members for plan in planned.plans_of(member)],
            shard=str(inputs.part.shard) if inputs.part else None,
        )
        journals[account] = Journal(Path(settings.journal), about, warn)
    return Keeper(journals)


def by_account(planned: "Planned") -> dict[str | None, list["Member"]]:
    """Who has buckets in each account; one account at least."""
    members = [member for member in planned.members if member.names] or [planned.members[0]]
    found: dict[str | None, list[Member]] = {}
    for member in members:
        found.setdefault(member.identity.account, []).append(member)
    return found


class Keeper(NamedTuple):
    """The journals of a run from its beginning to its end, if any are kept: one for each account."""

    journals: "Mapping[str | None, Journal]"

    @property
    def recorder(self) -> "Recorder":
        """Whom the executor tells."""
        from reconciler.planning.recording import ByAccount, Nobody

        if len(self.journals) == 1:
            return next(iter(self.journals.values()))
        return ByAccount(self.journals) if self.journals else Nobody()

    def end(self, exit_code: int, planned: "Planned", past: Past) -> None:
        """The run has ended. A bucket that was begun before and needs nothing any more is finished, too."""
        for plan in planned.changeset.plans if self.journals else ():
            if plan.name in past.open and not plan.changes and not plan.blockers:
                self.journals[plan.account].needs_nothing(plan.name)
        for journal in self.journals.values():
            journal.end(exit_code)
