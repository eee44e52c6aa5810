"""TAG-02: what tags say about a bucket can be understood, and is said once."""

from collections.abc import Iterator

from reconciler.aspects.manifest import Manifest
from reconciler.aspects.tags import Tags
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity, did_you_mean


def check(subject: Subject) -> Iterator[Offence]:
    """A classification that no rule understands, and keys that differ in case only."""
    tags = subject.value("tags")
    if not isinstance(tags, Tags):
        return
    yield from of_the_classification(subject, tags)
    seen: dict[str, str] = {}
    for key in tags.root:
        other = seen.setdefault(key.lower(), key)
        if other != key:
            said = f"`{key}` and `{other}` differ in case only, and are two tags"
            yield Offence(("tags", key), said, "keep one of them", Severity.WARNING)


def of_the_classification(subject: Subject, tags: Tags) -> Iterator[Offence]:
    """What is wrong with the tag on which other rules depend."""
    wanted = subject.classification_tag
    for key, value in tags.root.items():
        if key != wanted and key.lower() == wanted.lower() and wanted not in tags.root:
            said = f"`{key}` is not the tag `{wanted}`: the rules about confidential data do not see it"
            yield Offence(("tags", key), said, f"write `{wanted}`")
        elif key == wanted and subject.sensitivity is None:
            near = did_you_mean(value.lower(), subject.classifications)
            instead = f"did you mean `{near}`?" if near else f"write one of {', '.join(subject.classifications)}"
            yield Offence(("tags", key), f"`{value}` is no classification that the rules know", instead)
    manifest, tagged = subject.value("manifest"), tags.root.get(wanted)
    in_manifest = manifest.data.classification if isinstance(manifest, Manifest) and manifest.data else None
    if tagged is not None and in_manifest is not None and tagged.lower() != in_manifest.lower():
        message = f"the manifest says `{in_manifest}`, and the tag `{wanted}` says `{tagged}`"
        yield Offence(("manifest", "data", "classification"), message, "say the same in both", Severity.WARNING)


RULE = Rule(
    id="TAG-02",
    title="The classification is a word that the rules know, and no tag is spelled in two ways",
    why="The `Classification` tag decides what is asked of a bucket: a KMS key, stricter grants. With a word that no "
    "rule knows, or a key in another case, nothing of that is asked, and nobody is told. Keys of tags are case "
    "sensitive (S3 User Guide, *Using cost allocation S3 bucket tags*): `Owner` and `owner` are two tags.",
    mend="Write `public`, `internal`, `confidential` or `restricted`, and each key in one spelling.",
    check=check,
)
