"""What buckets have in common, as the `defaults:` of one file.

Only what the loader would merge back into just the same buckets is factored out: every choice is tried by
merging.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from reconciler.bucket import BucketSpec
from reconciler.nodes import Node, Source
from reconciler.planning.taking_over import TakenOver
from reconciler.quoting import Quoting
from reconciler.specs.fields import identities
from reconciler.specs.merging import merged
from reconciler.strict_yaml import parse

Path = tuple[str, ...]

UNMANAGED = "unmanaged"
NOTHING: Any = object()
"""What a bucket says of a field of which it says nothing."""
CANNOT: Any = object()
"""No words that a bucket could add to these defaults make what it is."""


def factored(buckets: Sequence[TakenOver]) -> tuple[dict[str, Any], tuple[TakenOver, ...]]:
    """The `defaults:` of these buckets, and the buckets with what is still to be said of them.

    Where a bucket's policy speaks of the bucket itself, ``${bucket}`` stands for its name, so that buckets whose
    policies differ in nothing else have it in common.
    """
    if len(buckets) > 1:
        buckets = [replace(bucket, fields=speaking_of_itself(bucket.fields, bucket.name)) for bucket in buckets]
    defaults: dict[str, Any] = {}
    rest: list[dict[str, Any]] = [{} for _ in buckets]
    for name in BucketSpec.model_fields:
        values = [bucket.fields.get(name, NOTHING) for bucket in buckets]
        shared = NOTHING if name == "name" or len(buckets) == 1 else in_common(name, values)
        if shared is not NOTHING:
            defaults[name] = shared
            values = [beyond(name, shared, value) for value in values]
        for fields, value in zip(rest, values, strict=True):
            if value is not NOTHING:
                fields[name] = value
    return defaults, tuple(replace(bucket, fields=fields) for bucket, fields in zip(buckets, rest, strict=True))


def speaking_of_itself(value: Any, bucket: str) -> Any:
    """Plain data with ``${bucket}`` for the bucket's name in its own ARN."""
    if isinstance(value, Mapping):
        return {name: speaking_of_itself(item, bucket) for name, item in value.items()}
    if isinstance(value, list):
        return [speaking_of_itself(item, bucket) for item in value]
    if not isinstance(value, str):
        return value
    return re.sub(rf"^(arn:[\w-]+:s3:::){re.escape(bucket)}(?=/|\Z)", r"\1${bucket}", value)


def in_common(name: str, values: Sequence[Any]) -> Any:
    """The default for a field that spares the buckets most of their words; `NOTHING` where none does."""
    shortest, fewest = NOTHING, words_in(values)
    for candidate in candidates(name, values):
        own = [beyond(name, candidate, value) for value in values]
        if CANNOT not in own and words_in([candidate, *own]) < fewest:
            shortest, fewest = candidate, words_in([candidate, *own])
    return shortest


def words_in(values: Sequence[Any]) -> int:
    """How much there is to read, roughly."""
    return sum(len(repr(value)) for value in values if value is not NOTHING)


def candidates(name: str, values: Sequence[Any]) -> Iterator[Any]:
    """What all buckets say that say much, then what more than half of them say."""
    detailed = [value for value in values if isinstance(value, Mapping)]
    if 2 * len(detailed) > len(values):
        everywhere = in_all(detailed, (name,))
        if everywhere:
            yield everywhere
    texts = Counter(text_of(value, (name,)) for value in values if value is not NOTHING)
    for text, count in texts.most_common(1):
        if 2 * count > len(values):
            yield next(value for value in values if value is not NOTHING and text_of(value, (name,)) == text)


def in_all(values: Sequence[Any], path: Path) -> Any:
    """What all of these values have in common: entries of mappings, items with identity; None for nothing."""
    first, *others = values
    if all(text_of(value, path) == text_of(first, path) for value in others):
        return first
    if all(isinstance(value, Mapping) for value in values):
        names = [name for name in first if all(name in other for other in others)]
        found = {name: in_all([value[name] for value in values], (*path, name)) for name in names}
        return {name: value for name, value in found.items() if value is not None} or None
    if path in identities() and all(isinstance(value, list) for value in values):
        theirs = [{text_of(item, path) for item in value} for value in others]
        return [item for item in first if all(text_of(item, path) in texts for texts in theirs)] or None
    return None


def beyond(name: str, shared: Any, value: Any) -> Any:
    """What a bucket says besides the default, so that both together are its value; `CANNOT` where nothing does it."""
    if value is NOTHING:
        return UNMANAGED if name in BucketSpec.aspects() else CANNOT
    if text_of(value, (name,)) == text_of(shared, (name,)):
        return NOTHING
    for own in (difference(shared, value, (name,)), value):
        if own and text_of(merged(node_of(shared), node_of(own), (name,)).plain(), (name,)) == text_of(value, (name,)):
            return own
    return CANNOT


def difference(shared: Any, value: Any, path: Path) -> Any:
    """The entries and items that the default does not have already."""
    if isinstance(shared, Mapping) and isinstance(value, Mapping):
        rest = {name: difference(shared.get(name, NOTHING), item, (*path, name)) for name, item in value.items()}
        return {name: item for name, item in rest.items() if item is not NOTHING}
    if text_of(value, path) == text_of(shared, path):
        return NOTHING
    if path in identities() and isinstance(shared, list) and isinstance(value, list):
        have = {text_of(item, path) for item in shared}
        return [item for item in value if text_of(item, path) not in have]
    return value


def text_of(value: Any, path: Path) -> str:
    """A text that is equal for data that says the same: the order of names and of items with identity says nothing."""
    if isinstance(value, Mapping):
        return repr(sorted((name, text_of(item, (*path, name))) for name, item in value.items()))
    if isinstance(value, list):
        texts = [text_of(item, path) for item in value]
        return repr(sorted(texts) if path in identities() else texts)
    return repr(value)


def node_of(value: Any) -> Node:
    """Plain data as the strict reader would have read it."""
    node, _ = parse(Source("defaults", yaml.dump(value, Dumper=Quoting, allow_unicode=True)))
    assert node is not None, "what is written can be read"
    return node
