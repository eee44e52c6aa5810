"""A lifecycle rule in words: ``raw/ → STANDARD_IA after 30 days → deleted after 365 days``.

For the manifest that a bucket keeps about itself, and for whoever reads a plan.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.aspects.lifecycle import Filter, Rule

ARROW = " → "


def in_words(rule: "Rule") -> str:
    """What the rule does, in the order in which it happens; one sentence for each kind of thing."""
    subject = what(rule.filter)
    sentences = [
        ARROW.join([subject, *steps])
        for subject, steps in (
            (subject, list(of_current_versions(rule))),
            (f"old versions of {subject}", list(of_old_versions(rule))),
            (f"unfinished uploads to {subject}", list(of_uploads(rule))),
        )
        if steps
    ]
    return "; ".join(sentences) + (" (disabled)" if rule.status == "Disabled" else "")


def what(chosen: "Filter") -> str:
    """The objects that a filter chooses."""
    words = [chosen.prefix or "all objects"]
    if chosen.tags:
        words.append("tagged " + ", ".join(f"{key}={chosen.tags[key]}" for key in sorted(chosen.tags)))
    if chosen.object_size_greater_than is not None:
        words.append(f"over {chosen.object_size_greater_than} bytes")
    if chosen.object_size_less_than is not None:
        words.append(f"under {chosen.object_size_less_than} bytes")
    return " ".join(words)


def of_current_versions(rule: "Rule") -> Iterator[str]:
    """Transitions by time, then the end."""
    for move in sorted(rule.transitions, key=lambda move: (move.date or "", move.days or 0)):
        yield f"{move.storage_class} {when(move.days, move.date)}"
    end = rule.expiration
    if end is not None and (end.days is not None or end.date is not None):
        yield f"deleted {when(end.days, end.date)}"
    if end is not None and end.expired_object_delete_marker:
        yield "delete markers without versions removed"


def of_old_versions(rule: "Rule") -> Iterator[str]:
    """Noncurrent transitions by time, then the end."""
    for move in sorted(rule.noncurrent_version_transitions, key=lambda move: move.noncurrent_days):
        yield f"{move.storage_class} {when(move.noncurrent_days, None)}{but_the(move.newer_noncurrent_versions)}"
    end = rule.noncurrent_version_expiration
    if end is not None:
        yield f"deleted {when(end.noncurrent_days, None)}{but_the(end.newer_noncurrent_versions)}"


def of_uploads(rule: "Rule") -> Iterator[str]:
    """The clean-up of what was never completed."""
    if rule.abort_incomplete_multipart_upload is not None:
        yield f"aborted {when(rule.abort_incomplete_multipart_upload.days_after_initiation, None)}"


def when(days: int | None, date: str | None) -> str:
    """``after 30 days`` or ``on 2030-01-01``."""
    if date is not None:
        return f"on {date.removesuffix('T00:00:00Z')}"
    return f"after {days or 0} day{'' if days == 1 else 's'}"


def but_the(newest: int | None) -> str:
    """The exception for the newest of the old versions."""
    return f" but the {newest} newest" if newest else ""
