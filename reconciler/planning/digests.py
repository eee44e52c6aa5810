"""Digests: short proofs that a spec, a live document or a plan is still the one that was reviewed."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no insignificant white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of plain data, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_of_live(document: Aspect | None) -> str:
    """The digest of what a live document means; every spelling of one meaning has the same."""
    return digest(document.meaning() if document is not None else None)


def digest_of_specs(specs: Iterable[BucketSpec]) -> str:
    """The digest of what specs say, not of how their files are written."""
    written = [spec.model_dump(mode="json", exclude_none=True) for spec in specs]
    return digest(sorted(written, key=canonical_json))
