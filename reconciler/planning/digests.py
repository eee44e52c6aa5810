"""Digests of documents and specs: of what they mean, not of how they are written."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.digests import canonical_json, digest, digest_of_text
from reconciler.bucket import BucketSpec

__all__ = ("canonical_json", "digest", "digest_in_parts", "digest_of_live", "digest_of_place", "digest_of_specs")

NOTHING = digest(None)
FOR_REVIEWERS = ("purpose", "waivers")
"""Fields that change nothing: two specs that differ in them alone ask for the same."""


def digest_of_live(document: Aspect | None) -> str:
    """The digest of what a live document means; every spelling of one meaning has the same."""
    return document.digest if document is not None else NOTHING


@cache
def digest_of_place(region: str | None) -> str:
    """The digest of a bucket that is there, and of where."""
    return digest({"region": region})


def digest_of_specs(specs: Iterable[BucketSpec]) -> str:
    """The digest of what specs say, not of how their files are written."""
    return digest_of_text(f"[{','.join(sorted(map(text_of_spec, specs)))}]")


def text_of_spec(spec: BucketSpec) -> str:
    """All that a spec says of what is to be, as canonical JSON."""
    others = spec.model_dump(mode="json", exclude_none=True, exclude={*spec.aspects(), *FOR_REVIEWERS})
    said = {name: canonical_json(value) for name, value in others.items()}
    for name, kind in spec.aspects().items():
        value = getattr(spec, name)
        if isinstance(value, Aspect):
            said[name] = value.as_json() if kind.names_its_bucket else value.written
        elif value is not None:
            said[name] = canonical_json(value.value)
    return f"{{{','.join(f'{canonical_json(name)}:{said[name]}' for name in sorted(said))}}}"


def digest_in_parts(value: Mapping[str, Any], name: str, items: Iterable[Any]) -> str:
    """The digest of this mapping with a list of these items under a name, whose text is never held as a whole."""
    proof = hashlib.sha256()
    for text in texts_of(value, name, items):
        proof.update(text.encode())
    return proof.hexdigest()


def texts_of(value: Mapping[str, Any], name: str, items: Iterable[Any]) -> Iterator[str]:
    """Its canonical JSON, piece by piece."""
    between = "{"
    for part in sorted({*value, name}):
        yield f"{between}{canonical_json(part)}:"
        if part == name:
            yield "["
            for position, item in enumerate(items):
                yield f"{',' if position else ''}{canonical_json(item)}"
            yield "]"
        else:
            yield canonical_json(value[part])
        between = ","
    yield "}"
