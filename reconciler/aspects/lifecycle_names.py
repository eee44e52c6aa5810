"""Names for lifecycle rules that have none of their own.

S3 makes up an id for every rule that is sent without one, so a spec that has none is not a spec without
rules: its rule is the live one that says the same. A rule that is not there yet is named after what it is
about (`expire-raw-3f2a9c1b`), so that a plan can name it, and that a changed number of days changes the rule
rather than replaces it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.aspects.lifecycle import Rule

LONGEST_WORDS = 40
"""Characters of a prefix that are repeated in a name."""


def with_ids(wanted: "Sequence[Rule]", live: "Sequence[Rule]" = ()) -> "tuple[Rule, ...]":
    """The same rules, by id: those without one have that of the live rule that says the same, or a made-up one."""
    named = [rule for rule in wanted if rule.id is not None]
    if len(named) == len(wanted):
        return in_order(named)
    taken: set[str | None] = {rule.id for rule in named}
    free: dict[str, list[Rule]] = {}
    for rule in live:
        if rule.id not in taken:
            free.setdefault(content(rule), []).append(rule)
    new: list[Rule] = []
    for rule in sorted((rule for rule in wanted if rule.id is None), key=content):
        same = free.get(content(rule))
        if same:
            named.append(same.pop(0))
        else:
            new.append(rule)
    taken = {rule.id for rule in named}
    for rule in new:
        name = next(name for name in names_for(rule) if name not in taken)
        taken.add(name)
        named.append(rule.model_copy(update={"id": name}))
    return in_order(named)


def in_order(rules: "Sequence[Rule]") -> "tuple[Rule, ...]":
    """Rules by id: their order means nothing to S3. What they say is only asked where two have one id."""
    if len({rule.id or "" for rule in rules}) == len(rules):
        return tuple(sorted(rules, key=lambda rule: rule.id or ""))
    return tuple(sorted(rules, key=lambda rule: (rule.id or "", content(rule))))


def content(rule: "Rule") -> str:
    """All that a rule says but its name."""
    return json.dumps(rule.model_dump(mode="json", exclude={"id"}), sort_keys=True)


def names_for(rule: "Rule") -> Iterator[str]:
    """Names that say what a rule is about, the best first."""
    what = "expire" if rule.expiration or rule.noncurrent_version_expiration else "clean-up"
    if what == "clean-up" and (rule.transitions or rule.noncurrent_version_transitions):
        what = "archive"
    words = re.sub(r"[^A-Za-z0-9]+", "-", rule.filter.prefix or "")[:LONGEST_WORDS].strip("-")
    does = sorted(name for name in type(rule).model_fields if name not in ("id", "status") and getattr(rule, name))
    text = json.dumps([rule.filter.model_dump(mode="json"), does], sort_keys=True)
    while True:
        yield "-".join(word for word in (what, words, sha256(text.encode()).hexdigest()[:8]) if word)
        # two rules about the same objects that do the same at other times: the second name is made of all they say
        text += content(rule)
