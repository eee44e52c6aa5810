"""Digests: short proofs that a spec, a live document or a plan is still the one that was reviewed."""

import hashlib
import json
from typing import Any

ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no insignificant white space."""
    return ENCODER.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of plain data, in hexadecimal."""
    return digest_of_text(canonical_json(value))


def digest_of_text(text: str) -> str:
    """SHA-256 of a text, in hexadecimal. Raises UnicodeEncodeError for half a character (\\ud800)."""
    return hashlib.sha256(text.encode()).hexdigest()
