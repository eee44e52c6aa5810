"""MAN-01: no lifecycle rule deletes the bucket's own manifest, or archives it."""

from collections.abc import Iterator

from reconciler.aspects.lifecycle import Lifecycle, Transition
from reconciler.aspects.manifest import Manifest
from reconciler.guardrails.lifecycle_rules import ARCHIVES, Acting, days_in_words, moves_small_objects, rules_of
from reconciler.guardrails.rule import Offence, Rule, Subject


def check(subject: Subject) -> Iterator[Offence]:
    """Expirations, and transitions to the archive, whose filter the manifest fits."""
    manifest, lifecycle = subject.value("manifest"), subject.value("lifecycle")
    if not isinstance(manifest, Manifest) or not isinstance(lifecycle, Lifecycle):
        return
    for one in rules_of(lifecycle):
        moves = archiving(one, lifecycle)
        if not (one.expires or moves) or not is_about(one, manifest, subject):
            continue
        if one.expires:
            said = f"{one.name} deletes the bucket's manifest ({manifest.key}) {when(one.expires_after)}"
            yield Offence((*one.path, "expiration"), said)
        else:
            said = f"{one.name} archives the bucket's manifest ({manifest.key}) {when(moves[0].days)}"
            path = (*one.path, "transitions", moves[0].storage_class)
            yield Offence(path, f"{said}: nobody can read it there, and no plan can look at it")


def archiving(one: Acting, lifecycle: Lifecycle) -> list[Transition]:
    """What of a rule takes an object as small as a manifest to the archive."""
    if not moves_small_objects(lifecycle, one.rule.filter):
        return []
    return [move for move in one.rule.transitions if move.storage_class in ARCHIVES]


def when(days: int | None) -> str:
    """When a rule acts."""
    return f"after {days_in_words(days)}" if days is not None else "from a date on"


def is_about(one: Acting, manifest: Manifest, subject: Subject) -> bool:
    """Whether a rule is surely about the manifest, which has no tags."""
    chosen = one.rule.filter
    if chosen.tags or not manifest.key.startswith(one.prefix):
        return False
    if chosen.object_size_greater_than is None and chosen.object_size_less_than is None:
        return True
    size = len(manifest.target(None, subject.around).text().encode())
    lower, upper = chosen.object_size_greater_than, chosen.object_size_less_than
    return (lower is None or lower < size) and (upper is None or size < upper)


RULE = Rule(
    id="MAN-01",
    title="No lifecycle rule deletes or archives the bucket's manifest",
    why="The manifest is an object like any other: a rule without a filter expires it with the rest. From then on "
    "whoever finds the bucket no longer learns whose it is, until the next apply writes the manifest anew; and every "
    "plan until then shows a change that nobody made. In GLACIER or DEEP_ARCHIVE it is there and cannot be read, and "
    "plan and apply end with an error. By default objects of less than 128 KB are not moved; they are by a rule whose "
    "filter has a size, and where `transition_default_minimum_object_size` is `varies_by_storage_class` (S3 API "
    "Reference, *PutBucketLifecycleConfiguration*).",
    mend="Give the rule a filter with the prefix that it is about.",
    check=check,
)
