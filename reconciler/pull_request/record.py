"""What a comment remembers of the plan beside its fingerprint, so that an apply can say what has moved since.

It decides nothing: whether anything moved is told by the fingerprint alone. It stands in a comment of HTML at the end
of the comment, and holds beginnings of digests, never a value.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

BEGIN, END = "<!-- reconcile:record ", " -->"
LONGEST = 5_000
"""Characters. A comment on GitHub has 65,536, of which the report takes 60,000 bytes."""
BEGINNING = 8
"""Characters of a digest: enough to see that two differ, for whoever means no harm."""


class Record(NamedTuple):
    """What was reviewed, in short."""

    closed: bool = False
    """Whether the plan was carried out: then the comment is never edited again."""
    live: bool = False
    """Whether the plan was made against live buckets: only then it can be what was reviewed."""
    buckets: Mapping[str, Mapping[str, str]] = {}
    """By name: beginnings of digests, of the `spec` and of each live document."""


def record_of(document: Mapping[str, Any] | None, *, closed: bool = False) -> Record:
    """What to remember of a plan."""
    if document is None:
        return Record(closed)
    return Record(closed, True, {bucket["name"]: digests_of(bucket) for bucket in document["buckets"]})


def digests_of(bucket: Mapping[str, Any]) -> dict[str, str]:
    """What decides what the plan of a bucket says."""
    live = {f"live.{aspect}": digest[:BEGINNING] for aspect, digest in bucket["live"].items()}
    return {"spec": bucket["spec"][:BEGINNING], **live}


def written(record: Record) -> str:
    """The record as it stands in a comment. What would be too long is left out: then an apply says less."""
    for buckets in (record.buckets, {}):
        text = json.dumps({**record._asdict(), "buckets": buckets}, separators=(",", ":"))
        for character in "-<>":
            text = text.replace(character, f"\\u{ord(character):04x}")
        if len(text) <= LONGEST:
            break
    return BEGIN + text + END


def record_in(body: str) -> Record:
    """The record at the end of a comment; an empty one where there is none that could be read."""
    line = body.rstrip().rpartition("\n")[2]
    if not (line.startswith(BEGIN) and line.endswith(END)):
        return Record()
    try:
        found = json.loads(line.removeprefix(BEGIN).removesuffix(END))
        buckets = {
            str(name): {str(what): str(digest) for what, digest in digests.items()}
            for name, digests in found["buckets"].items()
        }
        return Record(found["closed"] is True, found["live"] is True, buckets)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Record()


def moved(record: Record, document: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was reviewed, in sentences; nothing where the record does not say enough."""
    now = {bucket["name"]: digests_of(bucket) for bucket in document["buckets"]}
    if not record.buckets:
        return
    for name in sorted(record.buckets.keys() | now.keys()):
        if name not in now:
            yield f"{name}: no spec describes it any more"
        elif name not in record.buckets:
            yield f"{name}: it was not part of the plan"
        else:
            yield from moved_in(name, record.buckets[name], now[name])


def moved_in(name: str, reviewed: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """What is not as it was reviewed in one bucket."""
    for what in sorted(reviewed.keys() | now.keys(), reverse=True):
        if reviewed.get(what) == now.get(what):
            continue
        aspect = what.removeprefix("live.")
        if what == "spec":
            yield f"{name}: its spec says something else"
        else:
            yield f"{name}: changed in S3 since: {'the bucket itself' if aspect == 'bucket' else aspect}"
