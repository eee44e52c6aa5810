"""Lifecycle configurations that S3 refuses and moto accepts.

Source: the S3 User Guide's lifecycle pages, with codes that LocalStack's snapshot tests recorded from AWS or that
ceph/s3-tests expects, unless it says otherwise.

What nobody seems to have asked AWS is accepted: a minimum of 30 days in STANDARD_IA (gone from the API reference
in 2026), an upper bound for sizes in a filter (the largest object has grown from 5 to 50 TB), two rules with the
same prefix in the old form, an `And` with one member.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, time
from itertools import pairwise
from xml.etree.ElementTree import Element

from reconciler.sandbox.documents import DEFAULT_MINIMUM_SIZE, MINIMUM_SIZE_HEADER
from reconciler.sandbox.messages import MalformedXML, S3Error

MOST_RULES = 1000
LONGEST_ID = 255
MOST_NONCURRENT_VERSIONS = 100
MINIMUM_SIZES = {DEFAULT_MINIMUM_SIZE, "varies_by_storage_class"}
STORAGE_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
"""From the top of the waterfall to its end (user guide, lifecycle-transition-general-considerations)."""
NEVER = {("ONEZONE_IA", "GLACIER_IR")}
"""The one step down that the guide does not list among the supported ones."""
TRANSITIONS = ("Transition", "NoncurrentVersionTransition")
ACTIONS = ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", *TRANSITIONS)
PREDICATES = ("Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")


def refuse_bad_lifecycle(document: Element, headers: Mapping[str, str]) -> None:
    """Refuse a lifecycle configuration that S3 would refuse."""
    size = headers.get(MINIMUM_SIZE_HEADER, DEFAULT_MINIMUM_SIZE)
    if size not in MINIMUM_SIZES:
        raise S3Error("InvalidRequest", f"Invalid TransitionDefaultMinimumObjectSize found: {size}")
    rules = document.findall("Rule")
    if not 1 <= len(rules) <= MOST_RULES:
        raise MalformedXML
    for rule in rules:
        _refuse_bad_form(rule)
    _refuse_bad_ids([rule.findtext("ID") or "" for rule in rules])
    if len({rule.find("Filter") is None for rule in rules}) > 1:
        raise S3Error("InvalidRequest", "Filter element can only be used in Lifecycle V2.")
    for rule in rules:
        _refuse_bad_filter(rule)
        _refuse_bad_expiration(rule)
        _refuse_bad_transitions(rule)
        _refuse_bad_noncurrent(rule)
        _refuse_bad_order(rule)


def _refuse_bad_form(rule: Element) -> None:
    """A status, exactly one of Filter and Prefix, and something to do."""
    if rule.findtext("Status") not in {"Enabled", "Disabled"}:
        raise MalformedXML
    if (rule.find("Filter") is None) == (rule.find("Prefix") is None):
        raise MalformedXML
    if all(rule.find(action) is None for action in ACTIONS):
        raise S3Error("InvalidRequest", "At least one action needs to be specified in a rule")


def _refuse_bad_ids(ids: list[str]) -> None:
    if any(len(one) > LONGEST_ID for one in ids):
        raise S3Error("InvalidArgument", f"ID length should not exceed allowed limit of {LONGEST_ID}")
    if any(count > 1 for one, count in Counter(ids).items() if one):
        raise S3Error("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")


def _refuse_bad_filter(rule: Element) -> None:
    found = rule.findall("Filter/*")
    if len(found) > 1 or any(one.tag not in PREDICATES for one in found):
        raise MalformedXML
    keys = [tag.findtext("Key") for tag in rule.findall("Filter/And/Tag")]
    if len(keys) != len(set(keys)):
        raise S3Error("InvalidRequest", "Duplicate Tag Keys are not allowed.")
    sizes = [rule.findtext(f"Filter//{name}") for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan")]
    _refuse_bad_sizes(*sizes)
    has_tags = bool(keys) or rule.find("Filter/Tag") is not None
    if has_tags and rule.find("AbortIncompleteMultipartUpload") is not None:
        raise S3Error("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if sizes != [None, None] and rule.find("AbortIncompleteMultipartUpload") is not None:
        raise S3Error("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Object Size.")
    if has_tags and rule.find("Expiration/ExpiredObjectDeleteMarker") is not None:
        raise S3Error("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _refuse_bad_sizes(larger: str | None, smaller: str | None) -> None:
    """Whole numbers of bytes with room between them; with unfinished uploads: aws-cloudformation/cfn-lint#3554."""
    if any(size is not None and not size.isdecimal() for size in (larger, smaller)):
        raise MalformedXML
    if larger is not None and smaller is not None and int(larger) >= int(smaller):
        message = "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        raise S3Error("InvalidRequest", message)


def _refuse_bad_expiration(rule: Element) -> None:
    expiration = rule.find("Expiration")
    if expiration is None:
        return
    if len(expiration) != 1:
        raise MalformedXML
    _refuse_bad_days(expiration.findtext("Days"), "'Days' for Expiration action must be a positive integer", 1)
    _refuse_bad_date(expiration.findtext("Date"))


def _refuse_bad_transitions(rule: Element) -> None:
    for kind in TRANSITIONS:
        classes = [transition.findtext("StorageClass") for transition in rule.findall(kind)]
        if not set(classes) <= set(STORAGE_CLASSES):
            raise MalformedXML
        if len(classes) != len(set(classes)):
            raise S3Error("InvalidRequest", f"'StorageClass' must be different for '{kind}' actions in same 'Rule'")
    for transition in rule.findall("Transition"):
        message = "'Days' for Transition action must be nonnegative"
        _refuse_bad_days(transition.findtext("Days"), message, 0)
        _refuse_bad_date(transition.findtext("Date"))
    timed = [*rule.findall("Transition"), *rule.findall("Expiration")]
    kinds = {child.tag for action in timed for child in action if child.tag in {"Days", "Date"}}
    if len(kinds) > 1:
        raise S3Error(
            "InvalidRequest",
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule",
        )


def _refuse_bad_order(rule: Element) -> None:
    """Objects move down only, and expire after the last move (noobaa/noobaa-core#9969 has AWS's messages).

    The same day for two steps is refused too: each must be greater than the one before.
    """
    for kind, end, names in (
        ("Transition", "Expiration", ("Days", "Date")),
        ("NoncurrentVersionTransition", "NoncurrentVersionExpiration", ("NoncurrentDays",)),
    ):
        for name in names:
            steps = [(_moment(step, name), step.findtext("StorageClass") or "") for step in rule.findall(kind)]
            timed = sorted((STORAGE_CLASSES.index(where), when) for when, where in steps if when is not None)
            for (above, earlier), (below, later) in pairwise(timed):
                if earlier >= later or (STORAGE_CLASSES[above], STORAGE_CLASSES[below]) in NEVER:
                    raise S3Error(
                        "InvalidArgument",
                        f"'{name}' in the {kind} action for StorageClass '{STORAGE_CLASSES[below]}' must be greater "
                        f"than '{name}' in the {kind} action for StorageClass '{STORAGE_CLASSES[above]}'",
                    )
            ends = [when for step in rule.findall(end) if (when := _moment(step, name)) is not None]
            if any(when <= last for when in ends for _, last in timed):
                message = f"'{name}' in the {end} action must be greater than '{name}' in the {kind} action"
                raise S3Error("InvalidArgument", message)


def _moment(action: Element, name: str) -> float | None:
    """When an action is due, as a number; None where it does not say so in these terms."""
    text = action.findtext(name)
    if text is None:
        return None
    return datetime.fromisoformat(text).timestamp() if name == "Date" else int(text)


def _refuse_bad_noncurrent(rule: Element) -> None:
    for kind in ("NoncurrentVersionExpiration", "NoncurrentVersionTransition"):
        least = 1 if kind == "NoncurrentVersionExpiration" else 0
        for action in rule.findall(kind):
            message = f"'NoncurrentDays' for {kind} action must be a positive integer"
            _refuse_bad_days(action.findtext("NoncurrentDays"), message, least)
            newer = action.findtext("NewerNoncurrentVersions")
            if newer is not None and not _is_within(newer, 1, MOST_NONCURRENT_VERSIONS):
                message = f"'NewerNoncurrentVersions' for {kind} action must be a positive integer up to 100"
                raise S3Error("InvalidArgument", message)
            if newer is not None and rule.find("Filter") is None:
                raise S3Error("InvalidRequest", "NewerNoncurrentVersions element can only be used in Lifecycle V2.")
    for abort in rule.findall("AbortIncompleteMultipartUpload"):
        message = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
        _refuse_bad_days(abort.findtext("DaysAfterInitiation"), message, 1)


def _refuse_bad_days(text: str | None, message: str, least: int) -> None:
    if text is not None and not _is_within(text, least, 2**31 - 1):
        raise S3Error("InvalidArgument", message)


def _refuse_bad_date(text: str | None) -> None:
    if text is None:
        return
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedXML from None
    if moment.time() != time():
        raise S3Error("InvalidArgument", "'Date' must be at midnight GMT")


def _is_within(text: str, least: int, most: int) -> bool:
    return text.isdecimal() and least <= int(text) <= most
