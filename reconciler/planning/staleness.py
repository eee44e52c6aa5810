"""Whether a saved plan is still true, and what has moved if it is not.

A saved plan is never carried out from its own words: the same question is asked again, and the answer has
to be the one that was reviewed. What moved in one bucket stops that bucket and no other.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from reconciler.errors import ReconcileError
from reconciler.planning.changeset import BUCKET, Blocker, Changeset, Plan
from reconciler.planning.storage import FORMAT_VERSION, fingerprint

NOT_A_PLAN = "RCL4003"
MOST_FIELDS = 10
"""Fields of one document that are told."""
LONGEST = 60
"""Characters of a value that are told."""
CLOCKS_DIFFER = 300
"""Seconds by which the clocks of two machines may differ."""


class Moved(NamedTuple):
    """Why a bucket is not as it was reviewed."""

    told: tuple[str, ...]
    """What is another than it was, in sentences."""
    in_the_way: tuple[str, ...] = ()
    """What is in the way now and was not then: often, that something cannot be read. Nobody can tell of the rest."""


def check_format(document: Any, file: str) -> None:
    """Raise `ReconcileError` for what is not a plan, or is one of another major version."""
    no_plan = ReconcileError(
        f"{file} is not a saved plan", remedy="make one with `reconcile plan --out`", code=NOT_A_PLAN
    )
    version = document.get("format_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise no_plan
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ReconcileError(
            f"{file} has format {version}; this version reads {FORMAT_VERSION}",
            remedy="make the plan with the same version of reconcile that is to use it",
            code=NOT_A_PLAN,
        )
    if "error" in document:
        said = f"{file} is no plan: planning failed"
        raise ReconcileError(said, remedy="run `reconcile plan` again", code=NOT_A_PLAN)
    if not has_the_parts(document):
        raise no_plan


def has_the_parts(document: Mapping[str, Any]) -> bool:
    """Whether the parts are there that are read before the fingerprint vouches for the rest."""
    inputs, buckets = document.get("inputs"), document.get("buckets")
    if not (isinstance(inputs, dict) and isinstance(buckets, list)):
        return False
    lists = all(is_texts(inputs.get(name)) for name in ("paths", "targets"))
    return lists and isinstance(inputs.get("variables"), dict) and all(isinstance(item, dict) for item in buckets)


def is_texts(value: Any) -> bool:
    """Whether this is a list of strings."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def moved_as_a_whole(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes the reviewed plan another one altogether, in sentences."""
    if fingerprint(reviewed) != reviewed.get("fingerprint"):
        return ("the file itself was changed after it was written",)
    return tuple(differences_of_questions(reviewed, now))


def differences_of_questions(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What is asked now and was not asked then, or the other way around."""
    if reviewed["endpoint"] != now["endpoint"]:
        yield f"the endpoint: reviewed {reviewed['endpoint'] or 'AWS'}, now {now['endpoint'] or 'AWS'}"
    before = {bucket["name"] for bucket in reviewed["buckets"]}
    after = {bucket["name"] for bucket in now["buckets"]}
    for name in sorted(before ^ after):
        yield f"{name}: no spec describes it any more" if name in before else f"{name}: it was not part of the plan"


def moved_buckets(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Moved]:
    """The buckets whose plan would be another one now, each with what has moved."""
    before = {bucket["name"]: bucket for bucket in reviewed["buckets"]}
    moved = {bucket["name"]: bucket for bucket in now["buckets"] if differ(before[bucket["name"]], bucket)}
    return {name: what_moved(before[name], bucket) for name, bucket in moved.items()}


def what_moved(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Moved:
    """What moved in a bucket whose plan would be another one now."""
    name = now["name"]
    told = tuple(differences_of_bucket(reviewed, now))
    in_the_way = tuple(f"{name}: {found['why']}" for found in now["blockers"] if found not in reviewed["blockers"])
    return Moved(told if told or in_the_way else (f"{name}: this version makes another plan of it",), in_the_way)


def stopped(changeset: Changeset, moved: Mapping[str, Moved]) -> Changeset:
    """The same changeset with nothing done in the buckets that have moved."""

    def left_alone(plan: Plan) -> Plan:
        told = "; ".join(sentence.removeprefix(f"{plan.name}: ") for sentence in moved[plan.name].told)
        why = f"not as it was reviewed: {told}" if told else "nobody can tell whether it is as it was reviewed"
        blocker = Blocker(BUCKET, why, "review a new plan of it" if told else "mend what is in the way")
        return replace(plan, changes=(), blockers=(blocker, *plan.blockers), evidence=None)

    return replace(changeset, plans=tuple(left_alone(plan) if plan.name in moved else plan for plan in changeset.plans))


def differ(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two plans of a bucket would not do the same."""
    return fingerprint({"buckets": [reviewed]}) != fingerprint({"buckets": [now]})


def differences_of_bucket(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What moved in one bucket."""
    name = now["name"]
    blocked = {found["aspect"] for found in (*reviewed["blockers"], *now["blockers"])}
    for what in ("account", "region"):
        if reviewed[what] != now[what] and BUCKET not in blocked:  # where it lives may be what nobody can tell
            yield f"{name}: the {what}: reviewed {reviewed[what]}, now {now[what]}"
    same_spec = reviewed.get("spec") == now["spec"]
    if not same_spec:
        yield f"{name}: its spec says something else"
    for found in reviewed["blockers"]:
        if found not in now["blockers"]:
            yield f"{name}: not in the way any more: {found['why']}"
    for aspect in sorted(known_aspects(reviewed, now, blocked)):
        if reviewed["live"].get(aspect) != now["live"].get(aspect):
            what = "the bucket itself" if aspect == BUCKET else aspect
            yield f"{name}: changed in S3 since: {what}"
            if same_spec and aspect not in blocked:
                yield from differences_of_aspect(name, fields_of(reviewed, aspect), fields_of(now, aspect))


def known_aspects(reviewed: Mapping[str, Any], now: Mapping[str, Any], blocked: Collection[str]) -> set[str]:
    """The aspects of a bucket that can be compared: what could not be read on one side says nothing."""
    before, after = set(reviewed["live"]), set(now["live"])
    if BUCKET in blocked:
        return (before & after) - {BUCKET}
    # a second look is taken at what else decides who gets in only while the plan changes that: one side may have none
    only_once = {bool(reviewed.get("exposure")), bool(now.get("exposure"))} == {True, False}
    return before & after if only_once else (before & after) | ((before ^ after) - set(blocked))


def fields_of(bucket: Mapping[str, Any], aspect: str) -> dict[str, Mapping[str, Any]]:
    """The fields of an aspect that change, by their paths."""
    changes = (change for change in bucket["changes"] if change["aspect"] == aspect)
    return {field["path"]: field for change in changes for field in change["fields"]}


def differences_of_aspect(
    bucket: str, reviewed: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """The fields that moved: what was reviewed, and what is there now. What no plan changes is as the spec has it."""
    for path in sorted(reviewed.keys() | now.keys())[:MOST_FIELDS]:
        then = reviewed[path]["before"] if path in reviewed else now[path]["after"]
        found = now[path]["before"] if path in now else reviewed[path]["after"]
        if then != found:
            yield f"{bucket}: {path}: reviewed {shortly(then)}, now {shortly(found)}"


def shortly(value: Any) -> str:
    """A value in a few words."""
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def expired(reviewed: Mapping[str, Any], now: datetime, expire_after: int | None) -> str | None:
    """Why this plan is too old to be applied, or None. `expire_after` is in seconds; None is never."""
    if expire_after is None:
        return None
    written = reviewed.get("created_at")
    if written is None:
        return "it does not say when it was made: save plans with `reconcile plan --out`"
    try:
        made = datetime.fromisoformat(written)
        age = (now - made).total_seconds()
    except (ValueError, TypeError):
        return "when it was made cannot be read: save plans with `reconcile plan --out`"
    if age < -CLOCKS_DIFFER:
        return f"it was made in the future, at {written}: check the clocks"
    if age > expire_after:
        return f"it is {in_words(age)} old, and plans expire after {in_words(expire_after)} (`plans_expire_after`)"
    return None


def in_words(seconds: float) -> str:
    """A time in its largest unit, rounded down."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s"
    return f"{int(seconds)} seconds"
