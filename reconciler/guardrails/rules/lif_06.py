"""LIF-06: the prefixes of lifecycle rules are what keys begin with."""

from collections.abc import Iterator

from reconciler.guardrails.lifecycle_rules import acting_in
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.problems import Severity


def check(subject: Subject) -> Iterator[Offence]:
    """Prefixes with a slash in front, which no key has, and without one at the end, which take more than one folder."""
    for one in acting_in(subject):
        path = (*one.path, "filter", "prefix")
        if one.prefix.startswith("/"):
            said = f"{one.name} is about keys that begin with a slash, as hardly any key does"
            inside = one.prefix.lstrip("/")
            yield Offence(path, said, f"write `{inside}`" if inside else "leave `prefix` out to mean every object")
        elif one.prefix and not one.prefix.endswith("/"):
            said = f"{one.name} is also about `{one.prefix}-old/` and whatever else begins with `{one.prefix}`"
            yield Offence(path, said, f"write `{one.prefix}/` for what is inside", Severity.WARNING)


RULE = Rule(
    id="LIF-06",
    title="The prefix of a lifecycle rule ends with a slash and does not begin with one",
    why="A prefix is compared with the key, letter by letter (S3 User Guide, *Lifecycle configuration elements*). Keys "
    "as consoles, SDKs and Spark write them do not begin with a slash, so that a rule for `/logs/` does nothing, and "
    "nobody is told. A rule for `raw` is one for `raw-backup/` as well, which is a warning: a prefix may mean that.",
    mend="Write the prefix like `raw/`.",
    check=check,
)
