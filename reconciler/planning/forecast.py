"""What a change of lifecycle or versioning deletes, and when: AWS's arithmetic over the versions of a bucket.

An action is due so many days after an object was created, or after its successor was, rounded up to the next midnight
UTC (S3 User Guide, "Lifecycle configuration elements"). Counted is what is due under the rules to come and not, by
then, under those of before. Versions come one by one, those of a key together and newest first, as S3 lists them; of
each key only a few numbers are kept.

Where AWS says nothing: a version created at midnight itself is due that many days later to the second; versions that
another rule removes meanwhile still count among the newest that are kept. Object lock is not looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf

from reconciler.aspects.lifecycle import Filter, Lifecycle, Rule
from reconciler.aspects.lifecycle_losses import expires, sizes
from reconciler.aspects.versioning import Versioning

DAY = 86_400
HORIZONS = (1, 7, 30)
"""How many midnights are looked ahead: at once is the next one."""
ALIVE, HIDDEN, DELETED = 0, 1, 2
"""What can be of a version; hidden is behind a delete marker, and can be got back."""

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a delete marker, as a listing or an inventory has it."""

    key: str
    size: int
    modified: int
    """When it was created, in seconds since 1970."""
    is_latest: bool = True
    is_delete_marker: bool = False
    is_null: bool = True
    """Whether its version id is ``null``: it was written while versioning was not enabled."""
    tags: Tags | None = None
    """None where nobody has told."""


@dataclass(frozen=True, slots=True)
class Regime:
    """What decides over the versions in a bucket."""

    lifecycle: Lifecycle | None
    versioning: Versioning | None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that act."""
        return tuple(rule for rule in self.lifecycle.rules if rule.status == "Enabled") if self.lifecycle else ()

    @property
    def status(self) -> str | None:
        """Whether deleting hides (Enabled), hides all but null versions (Suspended), or deletes."""
        return self.versioning.status if self.versioning else None


@dataclass(slots=True)
class Amount:
    """So many versions, so many bytes."""

    objects: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """One more."""
        self.objects += 1
        self.bytes += size


@dataclass(slots=True)
class Reach:
    """What happens up to a midnight."""

    midnights: int
    """How many midnights away."""
    deleted: Amount = field(default_factory=Amount)
    """Deleted for good because of the change."""
    hidden: Amount = field(default_factory=Amount)
    """Hidden behind a delete marker because of the change: the version is kept."""
    whole: Amount = field(default_factory=Amount)
    """Deleted or hidden by all rules together, also by those that stay as they are."""


@dataclass(slots=True)
class Forecast:
    """What a change deletes."""

    reaches: tuple[Reach, ...] = field(default_factory=lambda: tuple(Reach(midnights) for midnights in HORIZONS))
    first: int | None = None
    """The first midnight on which something goes that would not have gone, in days since 1970."""
    depends_on_tags: Amount = field(default_factory=Amount)
    """What goes, or goes for good, within 30 days if it has the tags that a rule names."""
    versions: int = 0
    """Versions and delete markers that were looked at."""


def forecast(versions: Iterable[Version], before: Regime, after: Regime, now: datetime) -> Forecast:
    """What the step from one regime to another deletes of these versions."""
    forecaster = Forecaster(before, after, now)
    for version in versions:
        forecaster.add(version)
    return forecaster.found


# ── one rule ─────────────────────────────────────────────────────────────────────────────────────────


def rounded_up(seconds: float) -> int:
    """The midnight at or after a moment, in days since 1970."""
    return int(-(-seconds // DAY))


def day_of(date: str) -> int:
    """The midnight of a lifecycle rule's date."""
    return rounded_up(datetime.fromisoformat(date).timestamp())


class Action:
    """One thing that a rule deletes, made ready to be asked a million times."""

    def __init__(self, chosen: Filter, days: int | None, date: str | None = None, newest: int = 0) -> None:
        self.prefix = chosen.prefix or ""
        self.above, self.below = sizes(chosen)
        self.tags = chosen.tags
        self.days = days
        self.date = None if date is None else day_of(date)
        self.newest = newest

    def may_concern(self, version: Version) -> bool:
        """Whether its key and size are what the rule is about."""
        return version.key.startswith(self.prefix) and self.above < version.size < self.below

    def due(self, since: float) -> float:
        """The midnight on which it acts on what has been so since then."""
        by_days = inf if self.days is None else rounded_up(since) + self.days
        by_date = inf if self.date is None else max(self.date, rounded_up(since))
        return min(by_days, by_date)


def concerned_by(actions: Iterable[Action], tags: Tags) -> Iterator[Action]:
    """The actions that a version with these tags comes under."""
    return (action for action in actions if action.tags.items() <= tags.items())


# ── one key ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fate:
    """The midnights from which on a version is hidden, and deleted for good."""

    hidden: float = inf
    deleted: float = inf

    def at(self, midnight: float) -> int:
        """What is of it then."""
        return DELETED if self.deleted <= midnight else HIDDEN if self.hidden <= midnight else ALIVE


@dataclass(slots=True)
class Stack:
    """What must be known of the newer versions of a key."""

    successor: int = 0
    """When the version above was created."""
    old: int = 0
    """How many old versions are above; delete markers do not count (same page of the User Guide)."""
    hides: float = inf
    """When the current version becomes one more of the old ones."""
    null_goes: float = inf
    """When a delete marker with version id null takes the place of the null version."""


class Court:
    """Decides over the versions of a bucket under one regime."""

    def __init__(self, regime: Regime, tonight: int) -> None:
        self.status = regime.status
        self.tonight = tonight
        self.current: list[Action] = []
        self.old: list[Action] = []
        for rule in regime.rules:
            end, old_end = rule.expiration, rule.noncurrent_version_expiration
            if end is not None and expires(end):
                self.current.append(Action(rule.filter, end.days, end.date))
            if old_end is not None:
                newest = old_end.newer_noncurrent_versions or 0
                self.old.append(Action(rule.filter, old_end.noncurrent_days or 0, newest=newest))
        self.stack = Stack()

    def actions_for(self, version: Version) -> tuple[list[Action], list[Action]]:
        """What may happen to this version: as the current one, and as an old one."""
        current = [action for action in self.current if action.may_concern(version)] if version.is_latest else []
        return current, [action for action in self.old if action.may_concern(version)]

    def fate(self, version: Version, actions: tuple[list[Action], list[Action]], tags: Tags) -> Fate:
        """When it is hidden and deleted, if it has these tags."""
        current, old = (list(concerned_by(some, tags)) for some in actions)
        if not version.is_latest:
            return Fate(deleted=self.fate_of_old(version, old))
        end = max(self.tonight, min((action.due(version.modified) for action in current), default=inf))
        if self.deletes_for_good(version):
            return Fate(deleted=end)
        # hidden, it is the newest of the old versions: only rules that keep none delete it
        after = (action.due(end * DAY) for action in old if action.newest == 0 and end < inf)
        return Fate(hidden=end, deleted=min(after, default=inf))

    def fate_of_old(self, version: Version, old: Sequence[Action]) -> float:
        """When an old version is deleted."""
        stack = self.stack
        due = stack.null_goes if version.is_null else inf
        if self.status is None:  # "no effect" in a bucket without versions
            return due
        for action in old:
            if stack.old >= action.newest:
                due = min(due, action.due(stack.successor))
            elif stack.old + 1 >= action.newest:
                due = min(due, max(action.due(stack.successor), stack.hides))
        return max(due, self.tonight)

    def deletes_for_good(self, version: Version) -> bool:
        """Whether expiry leaves no old version of the current one."""
        return self.status is None or (self.status == "Suspended" and version.is_null)

    def pass_by(self, version: Version, fate: Fate) -> None:
        """Remember of this version what decides over those below it."""
        stack = self.stack
        stack.successor = version.modified
        if version.is_delete_marker:
            return
        if not version.is_latest:
            stack.old += 1
            return
        stack.hides = fate.hidden
        stack.null_goes = fate.hidden if self.status == "Suspended" else inf

    def begin(self, version: Version) -> None:
        """Another key."""
        self.stack = Stack(successor=version.modified)


# ── a bucket ─────────────────────────────────────────────────────────────────────────────────────────


class Forecaster:
    """Takes versions one by one, and counts."""

    def __init__(self, before: Regime, after: Regime, now: datetime) -> None:
        self.tonight = int(now.timestamp() // DAY) + 1
        self.courts = Court(before, self.tonight), Court(after, self.tonight)
        self.found = Forecast()
        self.key: str | None = None

    def add(self, version: Version) -> None:
        """One more version."""
        self.found.versions += 1
        if version.key != self.key:
            self.key = version.key
            for court in self.courts:
                court.begin(version)
        if version.is_delete_marker:
            for court in self.courts:
                court.pass_by(version, Fate())
            return
        actions = [court.actions_for(version) for court in self.courts]
        fates = []
        for tags in self.ways(version, actions):
            before, after = (court.fate(version, own, tags) for court, own in zip(self.courts, actions, strict=True))
            fates.append((before, after))
        self.count(version, fates)
        for court, fate in zip(self.courts, fates[0], strict=True):
            court.pass_by(version, fate)

    def ways(self, version: Version, actions: Iterable[tuple[list[Action], list[Action]]]) -> list[Tags]:
        """The tags that it has; where nobody knows: none, or those of each rule that may concern it."""
        if version.tags is not None:
            return [version.tags]
        ways: list[Tags] = [{}]
        for some in (action for pair in actions for kind in pair for action in kind):
            if some.tags not in ways:
                ways.append(some.tags)
        return ways

    def count(self, version: Version, fates: Sequence[tuple[Fate, Fate]]) -> None:
        """What is worse after than before counts; what is so only with some tags counts apart."""
        for reach in self.found.reaches:
            midnight = self.tonight + reach.midnights - 1
            worse = [lost(before, after, midnight) for before, after in fates]
            certain = min(worse)
            if certain:
                (reach.deleted if certain == DELETED else reach.hidden).add(version.size)
            if min(after.at(midnight) for _, after in fates):
                reach.whole.add(version.size)
        if max(worse) > certain:
            self.found.depends_on_tags.add(version.size)
        first = max(first_loss(before, after) for before, after in fates)
        if first < inf:
            self.found.first = int(min(first, inf if self.found.first is None else self.found.first))


def lost(before: Fate, after: Fate, midnight: float) -> int:
    """What is of a version by then, where that is worse than it would have been."""
    state = after.at(midnight)
    return state if state > before.at(midnight) else ALIVE


def first_loss(before: Fate, after: Fate) -> float:
    """The first midnight on which the change makes a difference for the worse."""
    return min((day for day in (after.hidden, after.deleted) if day < inf and lost(before, after, day)), default=inf)


def midnight_of(day: int) -> datetime:
    """A day since 1970 as a moment."""
    return datetime.fromtimestamp(day * DAY, UTC)
