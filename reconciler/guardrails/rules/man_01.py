"""MAN-01: no lifecycle rule deletes the bucket's own manifest."""

from collections.abc import Iterator

from reconciler.aspects.manifest import Manifest
from reconciler.guardrails.lifecycle_rules import Acting, acting_in, days_in_words
from reconciler.guardrails.rule import Offence, Rule, Subject


def check(subject: Subject) -> Iterator[Offence]:
    """Expirations whose filter the manifest fits."""
    manifest = subject.value("manifest")
    if not isinstance(manifest, Manifest):
        return
    for one in acting_in(subject):
        if one.expires and is_about(one, manifest, subject):
            days = one.expires_after
            when = f"after {days_in_words(days)}" if days is not None else "from a date on"
            said = f"{one.name} deletes the bucket's manifest ({manifest.key}) {when}"
            yield Offence((*one.path, "expiration"), said)


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
    title="No lifecycle rule deletes the bucket's manifest",
    why="The manifest is an object like any other: a rule without a filter expires it with the rest. From then on "
    "whoever finds the bucket no longer learns whose it is, until the next apply writes the manifest anew; and every "
    "plan until then shows a change that nobody made.",
    mend="Give the rule a filter with the prefix that it is about.",
    check=check,
)
