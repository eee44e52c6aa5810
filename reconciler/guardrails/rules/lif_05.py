"""LIF-05: moving objects to a cheaper class does not cost more than it saves."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import Field

from reconciler.aspects.lifecycle import Filter, Lifecycle
from reconciler.guardrails.lifecycle_rules import (
    ARCHIVES,
    Acting,
    Path,
    Shelves,
    days_in_words,
    moves_small_objects,
    rules_of,
)
from reconciler.guardrails.prices import (
    AS_OF,
    LEAST_MOVED,
    PRICES,
    saving,
    saving_a_gigabyte,
    saving_a_month,
)
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.problems import Severity
from reconciler.sizes import in_units

MILLION = 1_000_000
PRICED = f"prices of us-east-1, {AS_OF}"
NO_VERSIONS = ", if the bucket keeps no old versions"

Told = tuple[str, str | None]


class Sizes(Parameters):
    """What is known of the objects."""

    object_size: Annotated[int | None, Field(ge=1, le=50 * 1024**4, strict=True, examples=[262144])] = None
    """Bytes of a usual object. Without it, only what holds for objects of every size is said."""


class Move(NamedTuple):
    """One transition: from where, to where, for how long, and of which sizes."""

    path: Path
    before: str
    after: str
    days: int | None
    """Until the object is moved on or deleted; None where it stays."""
    smallest: int
    largest: int | None
    smallest_is_said: bool
    """Whether the spec itself asks for objects that small."""
    supposed: str = ""
    """What is taken for granted about how long it stays, as the end of a sentence."""


def check(subject: Subject) -> Iterator[Offence]:
    """Moves that never pay: of all objects, of usual ones, or of the small ones that the spec asks for."""
    lifecycle = subject.value("lifecycle")
    if isinstance(lifecycle, Lifecycle):
        yield from dear_moves(lifecycle, subject.is_declared("versioning"), subject.parameters.object_size)


class Ends:
    """When the objects of a lifecycle are gone."""

    def __init__(self, lifecycle: Lifecycle, has_versions: bool) -> None:
        rules = list(rules_of(lifecycle))
        self._shelves = Shelves(rules)
        self.has_versions = has_versions or any(
            one.rule.noncurrent_version_expiration or one.rule.noncurrent_version_transitions for one in rules
        )
        """Whether there may be versions. In a bucket of which nothing says so, there are supposed to be none."""

    def of_current(self, chosen: Filter) -> int | None:
        """Days after which current versions are gone for good; None where that is never, or nobody knows.

        In a bucket with versions they stay on as old versions.
        """
        days = [one.expires_after for _, one in self._shelves.covering(chosen)]
        first = min((found for found in days if found is not None), default=None)
        if first is None or not self.has_versions:
            return first
        later = self.of_old(chosen)
        return first + later if later is not None else None

    def of_old(self, chosen: Filter) -> int | None:
        """Days after which old versions are gone; None where some of them stay."""
        ends = [one.rule.noncurrent_version_expiration for _, one in self._shelves.covering(chosen)]
        days = [end.noncurrent_days for end in ends if end is not None and not end.newer_noncurrent_versions]
        return min((found for found in days if found is not None), default=None)


@lru_cache(maxsize=256)
def dear_moves(lifecycle: Lifecycle, has_versions: bool, size: int | None) -> tuple[Offence, ...]:
    """What one lifecycle spends in vain, found out once: the buckets of a fleet share it."""
    ends = Ends(lifecycle, has_versions)
    moves = [move for one in rules_of(lifecycle) for move in moves_of(one, lifecycle, ends)]
    told = [(move.path, of_all_sizes(move) or of_usual_size(move, size) or of_small_ones(move)) for move in moves]
    return tuple(Offence(path, *found) for path, found in told if found is not None)


def of_all_sizes(move: Move) -> Told | None:
    """A move that loses money with whatever object."""
    kinks = [size for size in (LEAST_MOVED,) if move.smallest < size < (move.largest or size + 1)]
    sizes = [move.smallest, *kinks, *([move.largest] if move.largest is not None else [])]
    if any(saves(move, size) for size in sizes):
        return None
    if move.largest is None and (move.days is None or saving_a_gigabyte(move.before, move.after, move.days) > 0):
        return None
    if move.largest is None:
        said = f"moving objects to {move.after} costs more than it saves, whatever their size"
    else:
        said = f"moving objects of at most {in_units(move.largest)} to {move.after} costs more than it saves"
    if move.days is None:
        return f"{said}, however long they stay ({PRICED})", "leave the transition out, or move larger objects"
    stay = f"for they stay for {days_in_words(move.days)} only{move.supposed}"
    return f"{said}, {stay} ({PRICED})", "leave the transition out, or let the objects stay for longer"


def of_usual_size(move: Move, size: int | None) -> Told | None:
    """A move that loses money with an object of the usual size."""
    if size is None or not move.smallest <= size <= (move.largest or size) or saves(move, size):
        return None
    what = f"at {in_units(size)} an object, moving a million of them to {move.after}"
    if move.days is None:
        return f"{what} never pays, however long they stay ({PRICED})", None
    fee = PRICES[move.after].transition * MILLION / 1000
    gain = (saving(move.before, move.after, size, move.days) * MILLION) + fee
    back = f"and saves ${gain:,.2f}" if gain > 0 else f"and then costs ${-gain:,.2f} more"
    return f"{what} costs ${fee:,.2f} {back} in {days_in_words(move.days)}{move.supposed} ({PRICED})", None


def of_small_ones(move: Move) -> Told | None:
    """A move of small objects, that the spec asks for, and that costs more each month than leaving them."""
    if not move.smallest_is_said or saving_a_month(move.before, move.after, move.smallest) > 0:
        return None
    low, high = move.smallest, 1024 * LEAST_MOVED
    while high - low > 1:
        middle = (low + high) // 2
        pays = saving_a_month(move.before, move.after, middle) > 0
        low, high = (low, middle) if pays else (middle, high)
    said = f"objects of less than {in_units(high)} cost more in {move.after} than in {move.before}, month by month"
    return f"{said} ({PRICED})", f"write `object_size_greater_than: {high}` into the filter"


def saves(move: Move, size: int) -> bool:
    """Whether moving an object of this size pays, be it after years."""
    if move.days is None:
        return saving_a_month(move.before, move.after, size) > 0
    return saving(move.before, move.after, size, move.days) > 0


def moves_of(one: Acting, lifecycle: Lifecycle, ends: Ends) -> Iterator[Move]:
    """The transitions of a rule that are counted in days."""
    chosen = one.rule.filter
    current = [(move.storage_class, move.days) for move in one.rule.transitions if move.days is not None]
    old = [(move.storage_class, move.noncurrent_days) for move in one.rule.noncurrent_version_transitions]
    supposed = "" if ends.has_versions else NO_VERSIONS
    for name, steps, end_of, said in (
        ("transitions", current, ends.of_current, supposed),
        ("noncurrent_version_transitions", old, ends.of_old, ""),
    ):
        end = end_of(chosen) if steps else None
        befores = ["STANDARD", *(storage_class for storage_class, _ in steps)]
        moved_on = [*(days for _, days in steps[1:]), None]
        for before, (after, days), leave in zip(befores, steps, moved_on, strict=False):
            last = min((day for day in (leave, end) if day is not None), default=None)
            if last is None or last > days:
                sizes = sizes_of(chosen, after in ARCHIVES and moves_small_objects(lifecycle, chosen))
                stay = last - days if last is not None else None
                yield Move((*one.path, name, after), before, after, stay, *sizes, said if last != leave else "")


def sizes_of(chosen: Filter, varies: bool) -> tuple[int, int | None, bool]:
    """The sizes of the objects that are moved, and whether the spec itself asks for the smallest of them.

    A filter with a size takes the place of the default of 128 KB.
    """
    lower, upper = chosen.object_size_greater_than, chosen.object_size_less_than
    largest = upper - 1 if upper is not None else None
    if lower is not None:
        return lower + 1, largest, True
    if upper is not None:
        return 0, largest, False
    return (0, None, True) if varies else (LEAST_MOVED, None, False)


RULE = Rule(
    id="LIF-05",
    title="A transition saves more than it costs",
    why="Moving an object is billed per object, at once; what it saves is billed per byte, month by month. Small "
    "objects, and those that expire soon, cost more than if they had stayed: classes bill a least number of days and "
    "of bytes, and an archived object 40 KB more than it has (S3 User Guide, *Understanding and managing Amazon S3 "
    "storage classes*). Only what is certain is said, at the prices of us-east-1 in " + AS_OF + ", without what "
    "reading would cost; where nothing speaks of versions, there are supposed to be none. Tell the rule the size of a "
    "usual object, and it says more.",
    mend="Move larger objects only (`object_size_greater_than`), keep them for longer, or leave the transition out.",
    check=check,
    severity=Severity.WARNING,
    parameters=Sizes,
)
