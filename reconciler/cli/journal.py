"""What an apply knows of the runs before it, and what it leaves to those after it."""

import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.journal.writing import Journal
    from reconciler.planning.runs import PastRun
    from reconciler.planning.unfinished import Unfinished
    from reconciler.run import Planned
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Past:
    """What runs of the past have to do with this one."""

    begun: frozenset[str] = frozenset()
    """Empty buckets that an unfinished run has created: nobody's word is needed for what happens to them."""
    forgotten: frozenset[str] = frozenset()
    """Buckets that the last run over the same specs had, and this one has not."""
    left: "Unfinished | None" = None
    open: frozenset[str] = frozenset()
    """Buckets that some run has begun and none has finished."""


def look_back(settings: "Settings", planned: "Planned") -> Past:
    """What the journal knows that matters to this plan. Nothing, where there is no journal."""
    from reconciler.settings import NONE

    folder = Path(settings.journal)
    if settings.journal == NONE or not folder.is_dir():
        return Past()
    from reconciler.journal.files import runs_since_trouble
    from reconciler.planning.unfinished import begun_buckets, created_by_unfinished_run, unfinished
    from reconciler.run import empty_among

    now, identity = datetime.now(UTC), planned.identity
    who = identity.account, identity.endpoint
    names = [plan.name for plan in planned.changeset.plans]
    runs = runs_since_trouble(folder, now)
    begun = created_by_unfinished_run(runs, *who, now)
    return Past(
        empty_among(planned, begun) if begun else begun,
        forgotten_since(folder, planned),
        unfinished(runs, *who, names),
        begun_buckets(runs, *who) & {*names},
    )


def forgotten_since(folder: Path, planned: "Planned") -> frozenset[str]:
    """Buckets that the last run over the same specs had, and this one has not."""
    inputs, identity = planned.changeset.inputs, planned.identity
    if inputs.targets:
        return frozenset()
    shard = str(inputs.part.shard) if inputs.part else None
    same = SameSpecs(inputs.paths, dict(inputs.variables), shard)
    return forgotten_in(folder, same, (identity.account, identity.endpoint), planned.declared)


def forgotten_by(settings: "Settings", document: dict[str, Any], account: str | None) -> frozenset[str]:
    """The same for a plan that was put together of shards; `account` is that of the run's own credentials."""
    from reconciler.settings import NONE

    inputs, folder = document["inputs"], Path(settings.journal)
    if settings.journal == NONE or not folder.is_dir() or inputs["targets"]:
        return frozenset()
    names = [bucket["name"] for bucket in document["buckets"]]
    same = SameSpecs(tuple(inputs["paths"]), inputs["variables"], None)
    return forgotten_in(folder, same, (account, document["endpoint"]), names)


class SameSpecs(NamedTuple):
    """What two runs have in common that are about the same buckets."""

    paths: tuple[str, ...]
    variables: dict[str, str]
    shard: str | None


def forgotten_in(
    folder: Path, same: SameSpecs, place: tuple[str | None, str | None], names: Collection[str]
) -> frozenset[str]:
    """Buckets that the last run over the same specs had in an account of an S3, and that are none of these."""
    from reconciler.journal.files import newest_like
    from reconciler.planning.unfinished import forgotten

    def is_meant(run: "PastRun") -> bool:
        found = SameSpecs(run.begun.paths, run.begun.variables, run.begun.shard)
        return run.is_of(*place) and found == same and not run.begun.targets

    last = newest_like(folder, is_meant)
    return forgotten(last, names) if last is not None else frozenset()


def tell_unfinished(past: Past, planned: "Planned", console: Console) -> None:
    """Say what the last run has left undone, and what has come of it."""
    if past.left is None:
        return
    from reconciler.planning.unfinished import came_of
    from reconciler.reports.runs import render_unfinished
    from reconciler.run import look_again

    around = {plan.name: plan.around for plan in planned.changeset.plans}
    live = look_again(planned, {call.intent.bucket for call in past.left.unanswered})
    came = [came_of(call, live.get(call.intent.bucket), around[call.intent.bucket]) for call in past.left.unanswered]
    console.notice(render_unfinished(past.left, came, console.style(sys.stderr), datetime.now(UTC)))


def keep_journal(settings: "Settings", planned: "Planned", document: dict[str, Any], console: Console) -> "Keeper":
    """A journal of this run; none where the team wants none."""
    from reconciler.settings import NONE

    if settings.journal == NONE:
        return Keeper(None)
    from reconciler.journal.writing import About, Journal
    from reconciler.version import __version__

    changeset, identity = planned.changeset, planned.identity
    about = About(
        tool_version=__version__,
        account=identity.account,
        endpoint=identity.endpoint,
        region=identity.region,
        fingerprint=document["fingerprint"],
        paths=changeset.inputs.paths,
        targets=changeset.inputs.targets,
        variables=changeset.inputs.variables,
        buckets=[plan.name for plan in changeset.plans],
        shard=str(changeset.inputs.part.shard) if changeset.inputs.part else None,
    )
    return Keeper(Journal(Path(settings.journal), about, lambda said: console.line(f"warning: {said}")))


@dataclass(frozen=True, slots=True)
class Keeper:
    """The journal of a run from its beginning to its end, if one is kept."""

    journal: "Journal | None"

    @property
    def recorder(self) -> Any:
        """Whom the executor tells."""
        from reconciler.planning.recording import Nobody

        return self.journal or Nobody()

    def end(self, exit_code: int, planned: "Planned", past: Past) -> None:
        """The run has ended. A bucket that was begun before and needs nothing any more is finished, too."""
        if self.journal is None:
            return
        for plan in planned.changeset.plans:
            if plan.name in past.open and not plan.changes and not plan.blockers:
                self.journal.needs_nothing(plan.name)
        self.journal.end(exit_code)
