"""LIF-02: with versioning, old versions do not pile up for ever."""

from collections.abc import Iterator

from reconciler.guardrails.lifecycle_rules import GROWS, KEEPS_VERSIONS, Acting, acting_in, has_versions
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity


def check(subject: Subject) -> Iterator[Offence]:
    """A bucket with versions and without a rule about all of the old ones. What LIF-01 says is not said again."""
    if not has_versions(subject):
        return
    declared = subject.is_declared("lifecycle")
    if not declared and subject.purpose not in KEEPS_VERSIONS - GROWS:
        return
    old = [
        one
        for one in acting_in(subject)
        if one.rule.noncurrent_version_expiration or one.rule.noncurrent_version_transitions
    ]
    if any(one.is_about_all for one in old):
        return
    about = "old versions" if not old else "all old versions"
    kept = "each is kept for ever" if not old else f"those {elsewhere(old)} are kept for ever"
    said = f"versioning is Enabled, and no lifecycle rule of the spec is about {about}: {kept}"
    yield Offence(("lifecycle",) if declared else (), said)


def elsewhere(rules: list[Acting]) -> str:
    """What these rules, each with a filter, are not about."""
    if any(one.rule.filter.tags for one in rules):
        return f"that do not fit the filter of {' or '.join(one.name for one in rules)}"
    return f"outside of {', '.join(sorted({one.prefix for one in rules}))}"


RULE = Rule(
    id="LIF-02",
    title="With versioning, a rule removes or archives old versions",
    why="In a bucket with versions nothing is deleted for good: an object that is written over, deleted or expired "
    "stays as an old version, and is billed like any other (S3 User Guide, *Lifecycle and versioning*). Only a rule "
    "with `noncurrent_version_expiration` ends that, and one with a prefix does so for what is under it. A bucket "
    "whose lifecycle the spec leaves alone is asked only where its `purpose` is `curated` or `reference`.",
    mend="Add a rule like `{id: clean-up-old-versions, noncurrent_version_expiration: {noncurrent_days: 90}}`.",
    check=check,
    severity=Severity.WARNING,
    controls={"Security Hub": ("S3.10",)},
)
