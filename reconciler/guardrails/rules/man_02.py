"""MAN-02: lifecycle rules are about prefixes that the manifest's structure knows."""

import re
from collections.abc import Iterator

from reconciler.aspects.manifest import Manifest
from reconciler.guardrails.lifecycle_rules import acting_in
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity, did_you_mean

PLACEHOLDER = re.compile(r"[*?<{$]")
"""From here on, the structure speaks of many folders at once: ``sales/<year>/``."""


def check(subject: Subject) -> Iterator[Offence]:
    """Prefixes outside of everything that the structure names."""
    manifest = subject.value("manifest")
    if not isinstance(manifest, Manifest) or not manifest.structure:
        return
    known = [PLACEHOLDER.split(key.lstrip("/"), maxsplit=1)[0] for key in manifest.structure]
    if "" in known:
        return  # it speaks of the whole bucket
    for one in acting_in(subject):
        prefix = one.prefix.lstrip("/")  # LIF-06 says that it begins with one
        if manifest.key.startswith(prefix) or any(is_within(prefix, key) for key in known):
            continue
        near = did_you_mean(prefix, known)
        said = f"{one.name} is about `{one.prefix}`, which the manifest's structure does not know"
        yield Offence((*one.path, "filter", "prefix"), said, f"did you mean `{near}`?" if near else None)


def is_within(prefix: str, key: str) -> bool:
    """Whether a prefix is about something inside of what the structure names, or about all of that."""
    return prefix.startswith(key) or key.startswith(prefix) or f"{key}/".startswith(prefix)


RULE = Rule(
    id="MAN-02",
    title="Lifecycle rules are about prefixes that the manifest knows",
    why="The manifest's `structure` says which prefixes there are. A rule for another one is a misspelled prefix, "
    "which does nothing where it was to archive or to expire, or a folder that nobody has described.",
    mend="Write the prefix as the structure has it, or describe it under `manifest.structure:`.",
    check=check,
    severity=Severity.WARNING,
)
