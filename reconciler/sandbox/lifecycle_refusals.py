"""Lifecycle configurations that S3 refuses and moto accepts.

Source: the S3 User Guide's lifecycle pages, with codes that LocalStack's snapshot tests recorded from AWS or that
ceph/s3-tests expects, unless it says otherwise. Which
storage class may follow which is not checked: AWS answers that differently from one year to the next.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from xml.etree.ElementTree import Element

from reconciler.sandbox.documents import DEFAULT_MINIMUM_SIZE, MINIMUM_SIZE_HEADER
from reconciler.sandbox.messages import MalformedXML, S3Error

MOST_RULES = 1000
LONGEST_ID = 255
MOST_NONCURRENT_VERSIONS = 100
MINIMUM_SIZES = {DEFAULT_MINIMUM_SIZE, "varies_by_storage_class"}
STORAGE_CLASSES = {
    "DEEP_ARCHIVE",
    "GLACIER",
    "GLACIER_IR",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "STANDARD_IA",
}
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
    has_tags = bool(keys) or rule.find("Filter/Tag") is not None
    if has_tags and rule.find("AbortIncompleteMultipartUpload") is not None:
        raise S3Error("InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if has_tags and rule.find("Expiration/ExpiredObjectDeleteMarker") is not None:
        raise S3Error("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _refuse_bad_expiration(rule: Element) -> None:
    expiration = rule.find("Expiration")
    if expiration is None:
        return
    if len(expiration) != 1:
        raise MalformedXML
    _refuse_bad_days(expiration.findtext("Days"), "'Days' for Expiration action must be a positive integer", 1)
    _refuse_bad_date(expiration.findtext("Date"))
    last = max(_days(rule.findall("Transition")), default=-1)
    if any(days <= last for days in _days([expiration])):
        raise S3Error(
            "InvalidArgument",
            "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
        )


def _refuse_bad_transitions(rule: Element) -> None:
    for kind in TRANSITIONS:
        classes = [transition.findtext("StorageClass") for transition in rule.findall(kind)]
        if not set(classes) <= STORAGE_CLASSES:
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
                raise S3Error("InvalidRequest", "NewerNoncurrentVersions can only be used with Filter")
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


def _days(actions: Iterable[Element]) -> list[int]:
    return [int(days) for action in actions if (days := action.findtext("Days")) and days.isdecimal()]
