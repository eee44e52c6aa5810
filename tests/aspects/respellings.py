"""How S3 and servers like it may answer the same document in other words.

A respeller takes a document on the wire and gives another one that means the same: lists in another order,
one element for a list of one, defaults left out or filled in, older forms of the document.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import yaml
from hypothesis import strategies as st

from reconciler.aspects.manifest import Manifest
from reconciler.quoting import Quoting
from tests.aspects.strategies import NUMBERS

Draw = Callable[[Any], Any]
Wire = dict[str, Any]
Respeller = Callable[[Draw, Wire], Wire]


def maybe(draw: Draw) -> bool:
    return bool(draw(st.booleans()))


def shuffled(draw: Draw, items: list[Any]) -> list[Any]:
    return list(draw(st.permutations(items)))


def without(mapping: Wire, *names: str) -> Wire:
    return {name: value for name, value in mapping.items() if name not in names}


# ── versioning, encryption, switches, ownership, tags ────────────────────────────────────────────────


def versioning(draw: Draw, wire: Wire) -> Wire:
    return without(wire, "MFADelete") if wire["MFADelete"] == "Disabled" and maybe(draw) else wire


def encryption(draw: Draw, wire: Wire) -> Wire:
    rule = dict(wire["ServerSideEncryptionConfiguration"]["Rules"][0])
    default = dict(rule["ApplyServerSideEncryptionByDefault"])
    key = default.get("KMSMasterKeyID")
    if key is None and default["SSEAlgorithm"] != "AES256" and maybe(draw):
        default["KMSMasterKeyID"] = draw(
            st.sampled_from(("alias/aws/s3", "arn:aws:kms:us-east-1:123456789012:alias/aws/s3"))
        )
    elif key is not None and "alias/" not in key and maybe(draw):
        last = key.rpartition("/")[2]
        default["KMSMasterKeyID"] = last if "/" in key else f"arn:aws:kms:us-east-1:123456789012:key/{last}"
    if maybe(draw):
        rule.setdefault("BucketKeyEnabled", False)
    if maybe(draw):
        rule.setdefault("BlockedEncryptionTypes", {"EncryptionType": draw(st.sampled_from((["NONE"], [])))})
    rule["ApplyServerSideEncryptionByDefault"] = default
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


def public_access_block(draw: Draw, wire: Wire) -> Wire:
    switches = wire["PublicAccessBlockConfiguration"]
    kept = {name: on for name, on in switches.items() if on or maybe(draw)}
    return {"PublicAccessBlockConfiguration": dict(shuffled(draw, list(kept.items())))}


def tags(draw: Draw, wire: Wire) -> Wire:
    return {
        "TagSet": [
            without(tag, "Value") if not tag["Value"] and maybe(draw) else tag for tag in shuffled(draw, wire["TagSet"])
        ]
    }


def as_it_is(draw: Draw, wire: Wire) -> Wire:
    return wire


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────


def one_or_many(draw: Draw, value: Any, respell: Callable[[Any], Any]) -> Any:
    items = [respell(item) for item in (value if isinstance(value, list) else [value])]
    items = shuffled(draw, items + items[: draw(st.integers(0, 1))])
    return items[0] if len(items) == 1 and maybe(draw) else items


NETWORKS = {
    "10.0.0.1": ("10.0.0.1", "10.0.0.1/32"),
    "10.0.0.0/8": ("10.0.0.0/8", "10.1.2.3/8"),
    "2001:db8::/32": ("2001:db8::/32", "2001:0DB8:0:0::/32", "2001:db8:0:0:0:0:0:1/32"),
}


UNQUOTED = "unquoted: "


def scalar(draw: Draw, operator: str, value: Any) -> Any:
    if operator == "Bool":
        on = str(value).lower() == "true"
        return draw(st.sampled_from((on, str(on), str(on).lower())))
    if value in NUMBERS:
        return draw(st.sampled_from((value, UNQUOTED + value)))
    if operator.startswith("Numeric"):
        number = str(value).removesuffix(".0")
        return draw(st.sampled_from((int(number), number, f"{number}.0")))
    return draw(st.sampled_from(NETWORKS.get(value, (value,))))


def principal(draw: Draw, value: Any) -> Any:
    def member(text: str) -> str:
        account = text.removeprefix("arn:aws:iam::").removesuffix(":root")
        return draw(st.sampled_from((account, f"arn:aws:iam::{account}:root"))) if account.isdigit() else text

    if value == "*":
        return draw(st.sampled_from(("*", {"AWS": "*"}, {"AWS": ["*"]})))
    kinds = {kind: one_or_many(draw, members, member) for kind, members in shuffled(draw, list(value.items()))}
    return kinds | ({"Federated": []} if maybe(draw) else {})


def condition(draw: Draw, written: Mapping[str, Mapping[str, Any]]) -> Wire:
    def named(key: str) -> str:
        name, slash, tag = key.partition("/")  # the keys of tags are told by case
        return str(draw(st.sampled_from((name, name.lower(), name.upper())))) + slash + tag

    return {
        operator: {named(key): one_or_many(draw, value, partial(scalar, draw, operator)) for key, value in keys.items()}
        for operator, keys in shuffled(draw, list(written.items()))
    }


def statement(draw: Draw, written: Wire) -> Wire:
    respelled: Wire = {}
    for name, value in shuffled(draw, list(written.items())):
        if name in ("Action", "NotAction"):
            respelled[name] = one_or_many(draw, value, lambda action: action.upper() if maybe(draw) else action)
        elif name in ("Resource", "NotResource"):
            respelled[name] = one_or_many(draw, value, str)
        elif name in ("Principal", "NotPrincipal"):
            respelled[name] = principal(draw, value)
        elif name == "Condition":
            respelled[name] = condition(draw, value)
        else:
            respelled[name] = value
    if maybe(draw):
        respelled.setdefault("Sid", "")
        respelled.setdefault("Condition", {})
    return respelled


def policy(draw: Draw, wire: Wire) -> Wire:
    document = json.loads(wire["Policy"])
    listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    listed = [statement(draw, written) for written in shuffled(draw, listed)]
    document["Statement"] = listed[0] if len(listed) == 1 and maybe(draw) else listed
    if document.get("Version", "2008-10-17") == "2008-10-17":
        document = without(document, "Version") | ({"Version": "2008-10-17"} if maybe(draw) else {})
    text = json.dumps(document, indent=draw(st.sampled_from((None, 2))))
    return {"Policy": re.sub(f'"{UNQUOTED}([^"]*)"', r"\1", text)}


# ── lifecycle ────────────────────────────────────────────────────────────────────────────────────────


def chosen(draw: Draw, written: Wire) -> Wire:
    """The part of a rule that says which objects it is about."""
    inside = written.get("And")
    if inside is not None:
        prefixed = {"Prefix": ""} if "Prefix" not in inside and maybe(draw) else {}
        tagged = {"Tags": shuffled(draw, inside["Tags"])} if "Tags" in inside else {}
        return {"Filter": {"And": {**prefixed, **inside, **tagged}}}
    if written == {"Prefix": ""}:
        return dict(draw(st.sampled_from(({"Filter": {}}, {"Filter": written}, {"Prefix": ""}, {}))))
    if "Tag" in written:
        return {
            "Filter": draw(st.sampled_from((written, {"And": {"Tags": [written["Tag"]]}}, written | {"Prefix": ""})))
        }
    forms: list[Wire] = [{"Filter": written}, {"Filter": {"And": written}}]
    if "Prefix" in written:
        forms.append({"Prefix": written["Prefix"]})
    return dict(draw(st.sampled_from(forms)))


def dated(draw: Draw, action: Wire) -> Wire:
    if "Date" not in action:
        return action
    moment = datetime.fromisoformat(action["Date"])
    spellings = (moment, moment.strftime("%Y-%m-%d"), moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"), action["Date"])
    return action | {"Date": draw(st.sampled_from(spellings))}


def lifecycle_rule(draw: Draw, rule: Wire) -> Wire:
    respelled = without(rule, "Filter") | chosen(draw, rule["Filter"])
    for name in ("Transitions", "NoncurrentVersionTransitions"):
        if name in rule:
            respelled[name] = [
                without(move, "Days", "NoncurrentDays")
                if 0 in (move.get("Days"), move.get("NoncurrentDays")) and maybe(draw)
                else dated(draw, move)
                for move in shuffled(draw, rule[name])
            ]
    if "Expiration" in rule:
        off = {"ExpiredObjectDeleteMarker": False} if maybe(draw) else {}
        respelled["Expiration"] = off | dated(draw, rule["Expiration"])
    return respelled


def lifecycle(draw: Draw, wire: Wire) -> Wire:
    rules = [lifecycle_rule(draw, rule) for rule in shuffled(draw, wire["Rules"])]
    size = wire["TransitionDefaultMinimumObjectSize"]
    left_out = size == "all_storage_classes_128K" and maybe(draw)
    return {"Rules": rules} | ({} if left_out else {"TransitionDefaultMinimumObjectSize": size})


# ── manifest ─────────────────────────────────────────────────────────────────────────────────────────


def manifest(draw: Draw, wire: Wire) -> Wire:
    read = Manifest.from_s3(wire)
    again = wire | {"ETag": '"another"'}
    if read.unreadable_text is not None:
        return again
    body = read.body() | {"created_at": "2026-01-01T00:00:00Z"}
    text = yaml.dump(
        body,
        Dumper=Quoting,
        sort_keys=maybe(draw),
        default_flow_style=maybe(draw),
        allow_unicode=maybe(draw),
        width=draw(st.sampled_from((20, 10_000))),
    )
    return again | {"Body": "# somebody tidied this up\n\n" + text}


RESPELLERS: Mapping[str, Respeller] = {
    "versioning": versioning,
    "encryption": encryption,
    "public_access_block": public_access_block,
    "policy": policy,
    "lifecycle": lifecycle,
    "tags": tags,
    "manifest": manifest,
    "ownership_controls": as_it_is,
}
