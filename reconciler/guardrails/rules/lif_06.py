"""LIF-06: the prefixes of lifecycle rules are what keys begin with."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.guardrails.lifecycle_rules import acting_in
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity

ADDRESS = re.compile(r"^(?:s3[an]?://|arn:[a-z-]+:s3:::)(?P<bucket>[^/]*)/*", re.IGNORECASE)
"""What stands before a key where the whole address of an object is written."""
WILDCARD = re.compile(r"(?P<sign>[*?]|%[YmdHMj](?![0-9A-Fa-f])|[<{][A-Za-z_:]+[>}])")
"""What stands for something else in other languages: `*`, `%Y`, `<year>`. Before two hexadecimal digits, `%` is part of
an address."""
WILDCARDS_ONLY = re.compile(r"[*/]*")


class Mistake(NamedTuple):
    """A way to write a prefix that few keys begin with."""

    pattern: re.Pattern[str]
    said: str
    """What the rule is about then."""
    severity: Severity
    """A warning where keys may well be so."""


MISTAKES = (
    Mistake(ADDRESS, "that begin with the address of a bucket: a key is what follows it", Severity.ERROR),
    Mistake(re.compile(r"^/"), "that begin with a slash, as hardly any key does", Severity.ERROR),
    Mistake(re.compile(r"^\.{1,2}/"), "that begin with a dot: S3 has no folder that it stands for", Severity.ERROR),
    Mistake(WILDCARD, "with `{sign}` in them: a prefix is taken letter by letter, without wildcards", Severity.ERROR),
    Mistake(re.compile(r"//"), "with two slashes and nothing in between", Severity.WARNING),
    Mistake(re.compile(r"\\"), "with a backslash, which parts no folders", Severity.WARNING),
    Mistake(re.compile(r"^\s|/\s|\s/|\s$"), "with a blank beside a slash", Severity.WARNING),
)
"""What such a rule is about keys of; in the order in which it is told, one of a prefix."""


def check(subject: Subject) -> Iterator[Offence]:
    """Prefixes that hardly any key begins with, and those without a slash at the end, which take more than a folder."""
    for one in acting_in(subject):
        found = mistake_in(one.prefix, subject.spec.name)
        path = (*one.path, "filter", "prefix")
        if found is not None:
            said, severity = found
            yield Offence(path, f"{one.name} {said}", instead_of(one.prefix, subject.spec.name), severity)
        elif one.prefix and not one.prefix.endswith("/"):
            said = f"{one.name} is also about `{one.prefix}-old/` and whatever else begins with `{one.prefix}`"
            yield Offence(path, said, f"write `{one.prefix}/` for what is inside", Severity.WARNING)


def mistake_in(prefix: str, bucket: str) -> tuple[str, Severity] | None:
    """What is wrong with a prefix, and how surely."""
    for mistake in MISTAKES:
        found = mistake.pattern.search(prefix)
        if found is not None:
            return f"is about keys {mistake.said.format_map(found.groupdict())}", mistake.severity
    if prefix.startswith(f"{bucket}/"):
        return "is about a folder by the bucket's own name, which is no part of a key", Severity.WARNING
    return None


def instead_of(prefix: str, bucket: str) -> str:
    """What to write in place of a prefix that few keys begin with. Nothing that takes more than was meant."""
    address = ADDRESS.match(prefix)
    if address is not None and address["bucket"] != bucket:
        return "write what the keys of this bucket begin with"
    key = prefix[address.end() :] if address is not None else prefix.removeprefix(f"{bucket}/")
    folders = [folder.strip() for folder in key.replace("\\", "/").split("/")]
    key = re.sub(r"^(?:\.{0,2}/)+", "", re.sub("/{2,}", "/", "/".join(folders)))
    sign = WILDCARD.search(key)
    if sign is not None and not WILDCARDS_ONLY.fullmatch(key, sign.start()):
        return "write a rule for each prefix that is meant, or give the objects a tag and let the filter ask for it"
    key = key[: sign.start()] if sign is not None else key
    return f"write `{key}`" if key else "leave `prefix` out to mean every object"


RULE = Rule(
    id="LIF-06",
    title="The prefix of a lifecycle rule is what keys begin with, up to a slash",
    why="A prefix is compared with the key, letter by letter (S3 User Guide, *Lifecycle configuration elements*), and "
    "knows no wildcards (AWS re:Post, *How do I troubleshoot issues with my S3 Lifecycle configuration rules?*). Keys "
    "as consoles, SDKs and Spark write them begin with no slash, no dot and no name of a bucket, so that a rule for "
    "`/logs/`, `*/tmp/` or `s3://acme-lake/logs/` does nothing, and nobody is told. A rule for `raw` is one for "
    "`raw-backup/` as well, which is a warning: a prefix may mean that.",
    mend="Write the prefix like `raw/`.",
    check=check,
)
