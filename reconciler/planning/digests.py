"""Digests of documents and specs: of what they mean, not of how they are written."""

from collections.abc import Iterable

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.digests import canonical_json, digest, digest_of_text
from reconciler.bucket import BucketSpec

__all__ = ("canonical_json", "digest", "digest_of_live", "digest_of_specs")

NOTHING = digest(None)


def digest_of_live(document: Aspect | None) -> str:
    """The digest of what a live document means; every spelling of one meaning has the same."""
    return document.digest if document is not None else NOTHING


def digest_of_specs(specs: Iterable[BucketSpec]) -> str:
    """The digest of what specs say, not of how their files are written."""
    written = sorted(canonical_json(spec.model_dump(mode="json", exclude_none=True)) for spec in specs)
    return digest_of_text(f"[{','.join(written)}]")
