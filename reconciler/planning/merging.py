"""Merging: the plans of all shards in, the one plan that a single run would have given out.

Byte for byte, so that it does not matter to whoever reviews or applies it how it was made. Which is only so where all
parts were asked the same question: whatever differs is a refusal that names the file.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.errors import ReconcileError
from reconciler.planning.changeset import BUCKET, Action
from reconciler.planning.evidence import NAMES
from reconciler.planning.limits import Tally, beyond_limits
from reconciler.planning.needs import Kind
from reconciler.planning.sharding import Shard, part_of
from reconciler.planning.staleness import CLOCKS_DIFFER
from reconciler.planning.storage import fingerprint, need
from reconciler.settings import Limits

NOT_ONE_PLAN = "RCL4005"
REVIEW = "review"
"""The name of what `reconciler.run.review_of` digests."""
MOST = 5
"""Files or shards that are named one by one."""
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedPart:
    """The plan of one shard, and the file that it is in."""

    file: str
    document: Document

    @property
    def shard(self) -> Shard:
        """Which one it is."""
        found = part_of(self.document)
        assert found is not None, "whoever asks has seen that it is one"
        return found


def whole_of(parts: Sequence[SavedPart], tool_version: str) -> dict[str, Any]:
    """The plan of all buckets; of what it needs beyond a yes, everything but the limits.

    Raises `ReconcileError` unless these are all shards of one plan, each once.
    """
    refuse_what_is_no_shard(parts)
    refuse_differences(parts, tool_version)
    refuse_gaps(parts)
    refuse_strangers(parts)
    first = parts[0].document
    buckets = sorted((bucket for part in parts for bucket in part.document["buckets"]), key=lambda item: item["name"])
    words = [one for part in parts for one in part.document.get("needs", ()) if one["kind"] != Kind.LIMIT]
    document = {name: value for name, value in first.items() if name not in ("asked", "created_at")} | {
        "inputs": {name: value for name, value in first["inputs"].items() if name != "shard"},
        "buckets": buckets,
        "summary": summary(buckets),
        "needs": sorted(words, key=lambda one: (one["kind"] == Kind.CONSENT, str(one["about"]))),
    }
    document["fingerprint"] = fingerprint(document)
    return document


def with_limits(document: Document, limits: Limits, forgotten: Collection[str] = ()) -> dict[str, Any]:
    """The plan with all that it needs: first the limits that it is beyond."""
    beyond = [need(one) for one in beyond_limits(tally_of_document(document, forgotten), limits)]
    return {**document, "needs": [*beyond, *document["needs"]]}


def restricted(document: Document, shard: Shard) -> dict[str, Any]:
    """What a plan of all buckets says of one shard, with the fingerprint of the plan that the shard itself makes."""
    buckets = [bucket for bucket in document["buckets"] if shard.holds(bucket["name"])]
    place = {"index": shard.index, "total": shard.total, "of_buckets": len(document["buckets"])}
    inputs = {**document["inputs"], "shard": place}
    part = {**document, "inputs": inputs, "buckets": buckets, "summary": summary(buckets)}
    return part | {"fingerprint": fingerprint(part)}


def summary(buckets: Sequence[Document]) -> dict[str, int]:
    """How many buckets there are of each action."""
    actions = Counter(bucket["action"] for bucket in buckets)
    return {action.value: actions[action.value] for action in Action}


def tally_of_document(document: Document, forgotten: Collection[str] = ()) -> Tally:
    """What of a plan is counted for the limits, from what the document says."""
    buckets = document["buckets"]
    found = [bucket["evidence"] for bucket in buckets if "evidence" in bucket]
    last = NAMES[max(NAMES)]
    told = [one for one in found if one[last] is not None]
    return Tally(
        whole=len(buckets),
        changed=sum(bool(bucket["changes"]) and not of_itself(bucket) for bucket in buckets),
        deleted=sum(bool(of_itself(bucket) - {Action.CREATE.value}) for bucket in buckets),
        expiring=sum(
            one[last]["deleted"]["bytes"] + one[last]["hidden"]["bytes"] + one["depends_on_tags"]["bytes"]
            for one in told
        ),
        untold=sum(one[last] is None or not one["complete"] for one in found),
        forgotten=tuple(sorted(forgotten)),
        is_chosen=bool(document["inputs"]["targets"]),
    )


def of_itself(bucket: Document) -> set[str]:
    """What happens to the bucket itself: it is created, deleted or emptied, or nothing of this."""
    return {change["action"] for change in bucket["changes"] if change["aspect"] == BUCKET}


def oldest(parts: Sequence[SavedPart], now: datetime) -> str:
    """When the first of the parts was made: a plan is as old as the oldest thing in it.

    Raises `ReconcileError` where one does not say, or says what cannot be.
    """
    made: list[tuple[float, str]] = []
    for part in parts:
        written: Any = part.document.get("created_at")
        try:
            age = (now - datetime.fromisoformat(written)).total_seconds()
        except (ValueError, TypeError) as error:
            said = f"{part.file} does not say when it was made, so nobody could tell when the whole expires"
            raise refuse(said, "save parts with `reconcile plan --shard … --out`, or leave --out out") from error
        if age < -CLOCKS_DIFFER:
            raise refuse(
                f"{part.file} was made in the future, at {written}", "check the clocks, and plan that shard again"
            )
        made.append((-age, written))
    return min(made)[1]


# ── what is not one plan ─────────────────────────────────────────────────────────────────────────────


def refuse(said: str, remedy: str) -> ReconcileError:
    """Why these files do not make one plan."""
    return ReconcileError(said, remedy=remedy, code=NOT_ONE_PLAN)


def refuse_what_is_no_shard(parts: Sequence[SavedPart]) -> None:
    """Raise for a plan that is about all buckets already."""
    whole = [part.file for part in parts if part_of(part.document) is None or "asked" not in part.document]
    if whole:
        raise refuse(
            f"{listed(whole)}: a plan of all buckets, not of a shard",
            "leave it out; shards are made with `reconcile plan --shard 1/10 --out part-1.json`",
        )


def refuse_differences(parts: Sequence[SavedPart], tool_version: str) -> None:
    """Raise where the parts were not asked the same, naming those that differ from most of the others."""
    for what, path, hint in questions(parts):
        values = [at(part.document, path) for part in parts]
        usual, _ = Counter(map(repr, values)).most_common(1)[0]
        others = [part.file for part, found in zip(parts, values, strict=True) if repr(found) != usual]
        if others:
            here = next(found for found in values if repr(found) != usual)
            there = next(found for found in values if repr(found) == usual)
            raise refuse(f"{listed(others)}: {what} than the other parts{in_words(here, there)}", hint)
    made_by = parts[0].document["tool_version"]
    if made_by != tool_version:
        raise refuse(
            f"{parts[0].file} was made by reconcile {made_by}, and this is {tool_version}",
            "merge with the version that made the parts",
        )


def questions(parts: Sequence[SavedPart]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What all parts have in common: what is said where it differs, where it stands, and what to do then."""
    again = "plan that shard again, as the others were"
    specs = "the specs have changed meanwhile: plan all shards of one commit"
    yield "made by another version of reconcile", ("tool_version",), again
    yield "made with another format", ("format_version",), again
    yield "shards of another number", ("inputs", "shard", "total"), again
    yield "about another S3", ("endpoint",), again
    yield "of other paths", ("inputs", "paths"), again
    yield "with other variables", ("inputs", "variables"), again
    yield "of other targets", ("inputs", "targets"), again
    yield "made of other specs", ("inputs", "spec_digest"), specs
    yield "of another number of buckets", ("inputs", "shard", "of_buckets"), specs
    for name in sorted({name for part in parts for name in part.document["asked"]} - {REVIEW}):
        yield f"made with another {name.replace('_', ' ')}", ("asked", name), again
    yield (
        "made with other rules, parameters of rules, waivers or `accounts:`",
        ("asked", REVIEW),
        "plan all shards with the same specs and the same reconcile.yaml",
    )


def at(document: Document, path: Sequence[str]) -> Any:
    """What stands at a path; None where nothing does."""
    found: Any = document
    for name in path:
        found = found.get(name, {}) if name != path[-1] else found.get(name)
    return found


def in_words(here: object, there: object) -> str:
    """Both sides of a difference, where they are short enough to help."""
    pair = [text if isinstance(text, str | int) else "none" if text is None else "" for text in (here, there)]
    if "" in pair or any(len(str(text)) > 60 for text in pair):
        return ""
    return f" ({pair[0]}, not {pair[1]})"


def refuse_gaps(parts: Sequence[SavedPart]) -> None:
    """Raise unless each shard is there once."""
    files: dict[Shard, list[str]] = {}
    for part in parts:
        files.setdefault(part.shard, []).append(part.file)
    for shard, found in sorted(files.items(), key=lambda item: item[0].index):
        if len(set(found)) < len(found):
            raise refuse(f"{found[0]} is named {len(found)} times", "name each part once")
        if len(found) > 1:
            raise refuse(f"shard {shard} is there {len(found)} times: {listed(found)}", "leave out all but the newest")
    total = parts[0].shard.total
    missing = [Shard(index, total) for index in range(1, total + 1) if Shard(index, total) not in files]
    if missing:
        is_missing = "is missing" if len(missing) == 1 else "are missing"
        raise refuse(
            f"{listed(missing)} {is_missing}: {len(parts)} of {total} shards are here",
            f"make it with `reconcile plan --shard {missing[0]} --out FILE`, then merge all of them",
        )


def refuse_strangers(parts: Sequence[SavedPart]) -> None:
    """Raise where a shard holds what is not its own, or all together do not hold as much as there is."""
    for part in parts:
        for name in (bucket["name"] for bucket in part.document["buckets"]):
            if not part.shard.holds(name):
                raise refuse(f"{part.file}: {name} does not belong to shard {part.shard}", "plan that shard again")
    names = Counter(bucket["name"] for part in parts for bucket in part.document["buckets"])
    whole = parts[0].document["inputs"]["shard"]["of_buckets"]
    if len(names) != whole or names.total() != whole:
        raise refuse(f"these shards hold {names.total():,} buckets, and the specs {whole:,}", "plan all shards again")


def listed(names: Sequence[object]) -> str:
    """The first of these names, and how many more there are."""
    more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
    return ", ".join(map(str, names[:MOST])) + more
