"""What lifecycle rules do to an object as it grows older, before and after a change: the data of a picture.

Made of the plan document alone: the rules to have are in the call, and those of before are found by undoing the
fields that change. Ages are in days. What happens on a date, or only to some versions, has no place on a line of
ages and is a note.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from math import sqrt
from typing import Any, NamedTuple

from pydantic import ValidationError

from reconciler.aspects.calls import Call
from reconciler.aspects.lifecycle import Lifecycle, Rule
from reconciler.aspects.lifecycle_words import but_the, in_words, when
from reconciler.planning.changeset import Action
from reconciler.planning.storage import path_parts
from reconciler.reports.view import unpictured

KEPT = "kept"
DELETED = "deleted"
LEAST_SHARE = 0.4
"""The narrowest span of a line, as a part of the widest: each is wide enough to hold its name."""


class Stay(NamedTuple):
    """Where an object is from one age to another; without an end, from then on."""

    state: str
    """A storage class, `kept` as it is, or `deleted`."""
    start: int
    end: int | None


class Lane(NamedTuple):
    """What one rule does to one kind of thing."""

    stays: tuple[Stay, ...]
    notes: tuple[str, ...] = ()
    enabled: bool = True


class Band(NamedTuple):
    """One kind of thing, before and after."""

    title: str
    """What grows older."""
    age: str
    """What its age is counted from."""
    states: Mapping[str, str]
    """What it means for such a thing to be kept, or deleted."""
    before: Lane | None
    after: Lane | None

    @property
    def marks(self) -> Mapping[int, float]:
        """The ages at which something happens, and how far along the line each is, from 0 to 1.

        A square root keeps a week visible beside ten years; the line says that it is no scale.
        """
        lanes = [lane for lane in (self.before, self.after) if lane is not None]
        days = sorted({stay.start for lane in lanes for stay in lane.stays} | {0})
        spans = [sqrt(after - before) for before, after in pairwise(days)]
        widest = max(spans, default=1.0)
        spans = [max(span, LEAST_SHARE * widest) for span in spans]
        whole = sum(spans) + widest
        """The last span, of what happens from then on, is as wide as the widest."""
        return {day: sum(spans[:number]) / whole for number, day in enumerate(days)}


class Timeline(NamedTuple):
    """One rule."""

    rule: str
    action: Action
    before: str | None
    after: str | None
    """The same in words."""
    bands: tuple[Band, ...]


def timelines(change: Mapping[str, Any]) -> Iterator[Timeline]:
    """The rules that a change of the lifecycle makes, alters or takes away, by id.

    None at all where the fields of a saved plan do not tell what was there before.
    """
    after = lifecycle_after(change)
    before = lifecycle_before(change, after)
    if before is None and change["action"] != Action.CREATE:
        return
    old, new = (rules_of(side) for side in (before, after))
    touched = {path[1] for path in map(path_parts, paths_of(change)) if path[0] == "rules" and len(path) > 1}
    for name in sorted(touched & (old.keys() | new.keys())):
        was, becomes = old.get(name), new.get(name)
        bands = tuple(bands_of(was, becomes))
        action = Action.CREATE if was is None else Action.DELETE if becomes is None else Action.UPDATE
        yield Timeline(name, action, in_words(was) if was else None, in_words(becomes) if becomes else None, bands)


def paths_of(change: Mapping[str, Any]) -> list[str]:
    """The paths of the fields that change."""
    return [field["path"] for field in change["fields"]]


def rules_of(document: Lifecycle | None) -> dict[str, Rule]:
    """The rules by id."""
    return {rule.id: rule for rule in document.rules if rule.id is not None} if document is not None else {}


def lifecycle_after(change: Mapping[str, Any]) -> Lifecycle | None:
    """The document to have, from the calls."""
    if change["action"] == Action.DELETE:
        return None
    return Lifecycle.from_calls([Call(**call) for call in change["calls"]])


def lifecycle_before(change: Mapping[str, Any], after: Lifecycle | None) -> Lifecycle | None:
    """The document of before: the one to have, with each field that changes as it was.

    None where there was none, or where the fields do not make a document again.
    """
    if change["action"] == Action.CREATE:
        return None
    shown = deepcopy(after.picture()) if after is not None else {}
    for field in change["fields"]:
        undo(shown, path_parts(field["path"]), field["before"])
    try:
        return Lifecycle.model_validate(unpictured(Lifecycle, shown), by_name=True, by_alias=False)
    except ValidationError:
        return None


def undo(shown: dict[str, Any], path: tuple[str, ...], before: Any) -> None:
    """Put one field back; mappings that hold nothing any more go with it."""
    *above, last = path
    places = [shown]
    for part in above:
        places.append(places[-1].setdefault(part, {}))
    if before is not None:
        places[-1][last] = before
        return
    places[-1].pop(last, None)
    for place, part in zip(reversed(places[:-1]), reversed(above), strict=True):
        if not place[part]:
            del place[part]


# ── one rule ─────────────────────────────────────────────────────────────────────────────────────────


def bands_of(before: Rule | None, after: Rule | None) -> Iterator[Band]:
    """Each kind of thing that either of both rules is about."""
    for title, age, kept, deleted, lane_of in (
        ("Objects", "days since they were created", "as uploaded", "deleted", current_versions),
        ("Old versions", "days since a newer one took their place", "as it was", "deleted", old_versions),
        ("Unfinished uploads", "days since they were begun", "waiting for the rest", "aborted", uploads),
    ):
        was, becomes = (lane_of(rule) if rule is not None else None for rule in (before, after))
        if was is not None or becomes is not None:
            yield Band(title, age, {KEPT: kept, DELETED: deleted}, was, becomes)


def current_versions(rule: Rule) -> Lane | None:
    """Storage classes by age, then the end."""
    moves = [(move.days, move.storage_class) for move in rule.transitions if move.days is not None]
    notes = [f"{move.storage_class} {when(None, move.date)}" for move in rule.transitions if move.date is not None]
    end = rule.expiration
    if end is not None and end.date is not None:
        notes.append(f"deleted {when(None, end.date)}")
    if end is not None and end.expired_object_delete_marker:
        notes.append("delete markers without versions are removed")
    return lane(rule, moves, end.days if end is not None else None, notes)


def old_versions(rule: Rule) -> Lane | None:
    """The same of versions that are no longer the newest; some of them may be spared."""
    moves = [(move.noncurrent_days, move.storage_class) for move in rule.noncurrent_version_transitions]
    spared: list[tuple[str, int]] = [
        (move.storage_class, move.newer_noncurrent_versions)
        for move in rule.noncurrent_version_transitions
        if move.newer_noncurrent_versions
    ]
    end = rule.noncurrent_version_expiration
    if end is not None and end.newer_noncurrent_versions:
        spared.append((DELETED, end.newer_noncurrent_versions))
    notes = [f"{what}{but_the(newest)}" for what, newest in spared]
    return lane(rule, moves, (end.noncurrent_days or 0) if end is not None else None, notes)


def uploads(rule: Rule) -> Lane | None:
    """How long the parts of an upload wait for the rest."""
    abort = rule.abort_incomplete_multipart_upload
    return lane(rule, [], (abort.days_after_initiation or 0) if abort is not None else None, [])


def lane(rule: Rule, moves: Iterable[tuple[int, str]], end: int | None, notes: list[str]) -> Lane | None:
    """The stays between the days on which something happens; None for a rule that is not about these things."""
    steps = sorted(moves)
    if end is not None:
        steps = [*(step for step in steps if step[0] < end), (end, DELETED)]
    if not steps and not notes:
        return None
    steps = [(0, KEPT), *steps]
    ends = [*(day for day, _ in steps[1:]), None]
    stays = [Stay(state, day, leaves) for (day, state), leaves in zip(steps, ends, strict=True)]
    lasting = tuple(stay for stay in stays if stay.end is None or stay.start < stay.end)
    return Lane(lasting, tuple(notes), rule.status == "Enabled")
