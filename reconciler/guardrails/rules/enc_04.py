"""ENC-04: nobody writes with a key that only they have."""

from collections.abc import Iterator

from reconciler.aspects.encryption import Encryption
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import is_denied, places_in
from reconciler.problems import Severity

KEPT = frozenset({"raw", "processed", "curated", "reference", "lake", "backup"})
"""Purposes of buckets whose loss would hurt."""
SSE_C_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"
"""The condition key that a request with a key of the writer's own has."""
HELP = "write `blocked_encryption_types: [SSE-C]` under `encryption:`"


def check(subject: Subject) -> Iterator[Offence]:
    """Encryption that lets writers bring their own keys, where neither it nor the policy refuses them."""
    encryption = subject.value("encryption")
    if not isinstance(encryption, Encryption):
        return
    blocked = encryption.blocked_encryption_types
    asked = subject.is_confidential or subject.purpose in KEPT
    if "SSE-C" in (blocked or ()) or (blocked is None and not asked) or refused_by_policy(subject):
        return
    if blocked is None:
        yield Offence(("encryption",), "the spec does not say that SSE-C is blocked", HELP)
    else:
        yield Offence(("encryption", "blocked_encryption_types"), "writers may bring their own keys (SSE-C)", HELP)


def refused_by_policy(subject: Subject) -> bool:
    """Whether the policy denies everybody to write with a key of their own."""
    objects = places_in(subject)[1]
    return is_denied(subject, "s3:PutObject", objects, {SSE_C_KEY: ("AES256",)})


RULE = Rule(
    id="ENC-04",
    title="Encryption with the writer's own keys (SSE-C) is blocked",
    why="Whoever gets hold of credentials can copy each object over itself, encrypted with a key that only they have, "
    "and ask for ransom: S3 does not keep such keys and cannot decrypt without them. It has happened (Halcyon, "
    "*Codefinger*, January 2025). New buckets block SSE-C since April 2026, and so do the older "
    "ones of accounts that had never used it (S3 User Guide, "
    "*Blocking or unblocking SSE-C for a general purpose bucket*).",
    mend="Write `blocked_encryption_types: [SSE-C]` under `encryption:`, once nobody writes with SSE-C any more.",
    check=check,
    severity=Severity.WARNING,
)
