"""How a hostile S3 spells the documents that it answers: another way on every read, and the same meaning.

Works on the XML and JSON of the answers, so it shares nothing with the reconciler's own idea of a document. The
order of children, forms of a filter and defaults are drawn with the luck that is passed in.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any
from xml.etree.ElementTree import Element, SubElement

Respell = Callable[[Random, Element], None]

ROOT_OF_ACCOUNT = re.compile(r"arn:aws:iam::(\d{12}):root")


def reorder(luck: Random, parent: Element, name: str) -> None:
    """Shuffle the children of a name; the others stay where they are."""
    places = [place for place, child in enumerate(parent) if child.tag == name]
    children = [parent[place] for place in places]
    luck.shuffle(children)
    for place, child in zip(places, children, strict=True):
        parent[place] = child


def lifecycle(luck: Random, root: Element) -> None:
    """Ceph sorts rules and transitions (seen with 16.2 and 18.2); forms of the filter: API reference, LifecycleRule."""
    reorder(luck, root, "Rule")
    for rule in root.findall("Rule"):
        refilter(luck, rule)
        for name in ("Transition", "NoncurrentVersionTransition"):
            reorder(luck, rule, name)
        for moment in rule.iter("Date"):
            moment.text = luck.choice((moment.text or "", *spellings_of_midnight(moment.text or "")))
        days = rule.find("Expiration/Days")
        expiration = rule.find("Expiration")
        if expiration is not None and days is not None and luck.random() < 0.2:
            SubElement(expiration, "ExpiredObjectDeleteMarker").text = "false"


def spellings_of_midnight(text: str) -> tuple[str, ...]:
    day = text[:10]
    return f"{day}T00:00:00Z", f"{day}T00:00:00.000Z", f"{day}T00:00:00+00:00"


def refilter(luck: Random, rule: Element) -> None:
    """One of the forms in which S3 and its like spell which objects a rule is about.

    `Filter: {}`, an empty prefix in it and one in the rule itself are all objects: Ceph answers the last for the
    first. An `And` with one member is that member; a prefix in the rule is the older form of one in a filter.
    """
    written = rule.find("Filter")
    members = [Element("Prefix")] if written is None else [one for one in written if one.tag != "And"]
    if written is None:
        members[0].text = rule.findtext("Prefix")
    members += rule.findall("Filter/And/*")
    members = [one for one in members if one.tag != "Prefix" or one.text]
    rule[:] = [child for child in rule if child.tag not in ("Filter", "Prefix")]

    old_form = len(members) == 1 and members[0].tag == "Prefix"
    if not members or old_form:
        form = luck.choice(("rule", "filter", "and" if members else "nothing"))
    else:
        form = "filter" if len(members) == 1 and luck.random() < 0.5 else "and"
    if form == "rule":
        SubElement(rule, "Prefix").text = members[0].text if members else ""
        return
    around = SubElement(rule, "Filter")
    if form == "and":
        around = SubElement(around, "And")
        if luck.random() < 0.3 and all(one.tag != "Prefix" for one in members):
            SubElement(around, "Prefix").text = ""
    if form == "filter" and not members:
        SubElement(around, "Prefix").text = ""
    luck.shuffle(members)
    around.extend(members)


def tagging(luck: Random, root: Element) -> None:
    """In another order: Ceph sorts them, AWS promises none."""
    for tags in root.findall("TagSet"):
        reorder(luck, tags, "Tag")


def versioning(luck: Random, root: Element) -> None:
    """Ceph says of every bucket that MFA delete is off."""
    if root.find("MfaDelete") is None and luck.random() < 0.5:
        SubElement(root, "MfaDelete").text = "Disabled"


def encryption(luck: Random, root: Element) -> None:
    """What is off may be left out; what is not blocked may read NONE (cloudposse/terraform-aws-s3-bucket#287)."""
    for rule in root.findall("Rule"):
        off = rule.find("BucketKeyEnabled")
        if off is not None and off.text == "false" and luck.random() < 0.5:
            rule.remove(off)
        blocked = rule.find("BlockedEncryptionTypes")
        if blocked is None:
            SubElement(SubElement(rule, "BlockedEncryptionTypes"), "EncryptionType").text = "NONE"
        elif blocked.findtext("EncryptionType") == "NONE" and luck.random() < 0.5:
            rule.remove(blocked)


def public_access_block(luck: Random, root: Element) -> None:
    """Switches in any order; one that is off may be left out, as the API has it (PublicAccessBlockConfiguration)."""
    switches = [switch for switch in root if switch.text == "true" or luck.random() < 0.5]
    luck.shuffle(switches)
    root[:] = switches


RESPELL: Mapping[str, Respell] = {
    "encryption": encryption,
    "lifecycle": lifecycle,
    "publicAccessBlock": public_access_block,
    "tagging": tagging,
    "versioning": versioning,
}
"""By sub-resource. An ownership has only one spelling."""


# ── policies ─────────────────────────────────────────────────────────────────────────────────────────


def policy(luck: Random, text: str, renamed: Mapping[str, str]) -> str:
    """A policy as AWS answers it: principals shuffled, respelled, and renamed where they were deleted.

    IAM User Guide, "AWS JSON policy elements: Principal": an account id may become the ARN of its root, and a
    principal that is deleted its unique id. The order changes from read to read
    (hashicorp/terraform-provider-aws#11801); MinIO answers ``{"AWS": ["*"]}`` for ``"*"``.
    """
    document = json.loads(text)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for name in ("Principal", "NotPrincipal"):
            if name in statement:
                statement[name] = principal(luck, statement[name], renamed)
    return json.dumps(document, indent=luck.choice((None, 2)))


def principal(luck: Random, written: Any, renamed: Mapping[str, str]) -> Any:
    if written == "*":
        return luck.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
    kinds = [(kind, one_or_many(luck, members, renamed)) for kind, members in written.items()]
    luck.shuffle(kinds)
    return dict(kinds)


def one_or_many(luck: Random, members: Any, renamed: Mapping[str, str]) -> Any:
    listed = [members] if isinstance(members, str) else members
    found = [renamed.get(one) or account(luck, one) for one in listed]
    luck.shuffle(found)
    return found[0] if len(found) == 1 and luck.random() < 0.5 else found


def account(luck: Random, member: str) -> str:
    """An account id or the ARN of its root, which is the same."""
    number = member if re.fullmatch(r"\d{12}", member) else None
    root = ROOT_OF_ACCOUNT.fullmatch(member)
    number = root[1] if root else number
    return luck.choice((number, f"arn:aws:iam::{number}:root")) if number else member


def principals_in(text: str) -> Iterable[str]:
    """The users and roles that a policy names."""
    return sorted(set(re.findall(r"arn:aws:iam::\d{12}:(?:user|role)/[^\"]+", text)))
