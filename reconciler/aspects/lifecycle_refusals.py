"""What S3 refuses in lifecycle rules, known without asking it.

Each rule with the error that the API answers; tests/aspects/cases/lifecycle/refusals.yaml has an example of each,
with its source. What only costs money, or does nothing, is a warning.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.aspects.aspect import Aspect, Refusal
from reconciler.aspects.lifecycle_codes import (
    BAD_ID,
    EARLY_MOVE,
    FILTER_DOES_NOT_FIT,
    NO_ACTION,
    NO_RULES,
    NO_SUCH_OBJECT,
    NOT_MIDNIGHT,
    NOT_ONE_TIME,
    NOT_XML,
    OUT_OF_ORDER,
    OUT_OF_RANGE,
    SHORT_STAY,
    WITH_MFA_DELETE,
)
from reconciler.aspects.lifecycle_names import content
from reconciler.aspects.versioning import Versioning
from reconciler.problems import Code
from reconciler.xml_text import unwritable

if TYPE_CHECKING:
    from reconciler.aspects.lifecycle import Rule

MOST_RULES = 1000
LARGEST_SIZE = 1000 * 1024**4
"""Bytes: what S3 names as the bound of sizes in a filter (hashicorp/terraform-provider-aws#41521)."""
LONGEST_KEY = 1024
"""Bytes of an object's key (S3 User Guide, object-keys)."""
MOST_OBJECT_TAGS = 10
"""Tags of an object; their keys have at most 128 characters, their values 256 (S3 User Guide, object-tagging)."""
MOST_DAYS = 2**31 - 1

BILLED_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
INFREQUENT_ACCESS = ("STANDARD_IA", "ONEZONE_IA")

Finding = tuple[Code, tuple[str | int, ...], str]


def refusals_of_rules(rules: "Sequence[Rule]") -> Iterator[Refusal]:
    """Everything that is wrong with these rules, each with the path to it."""
    if not rules:
        yield Refusal(
            NO_RULES,
            (),
            "there is no rule in this",
            "write `lifecycle: absent` to remove all rules, or leave the line out to keep them",
        )
    if len(rules) > MOST_RULES:
        yield Refusal(OUT_OF_RANGE, ("rules",), f"{len(rules)} rules: S3 takes at most {MOST_RULES}")
    yield from the_same_twice(rules)
    for position, rule in enumerate(rules):
        where = position if rule.id is None else rule.id
        for check in CHECKS:
            for code, path, message in check(rule):
                yield Refusal(code, ("rules", where, *path), message)


def refusals_beside(versioning: "Aspect | None") -> Iterator[Refusal]:
    """What another aspect of the same spec does not allow."""
    if isinstance(versioning, Versioning) and versioning.mfa_delete == "Enabled":
        yield Refusal(
            WITH_MFA_DELETE,
            (),
            "this bucket is to have MFA delete, and S3 keeps no lifecycle on such a bucket",
            "give up one of the two",
        )


def the_same_twice(rules: "Sequence[Rule]") -> Iterator[Refusal]:
    """Rules that cannot be told apart, by their ids or, without them, by what they say."""
    seen: set[str] = set()
    for position, rule in enumerate(rules):
        known_by = content(rule) if rule.id is None else rule.id
        if known_by in seen and rule.id is None:
            yield Refusal(BAD_ID, ("rules", position), "another rule without an `id` says just the same", "remove one")
        elif known_by in seen:
            yield Refusal(BAD_ID, ("rules", known_by, "id"), f"two rules have the id `{known_by}`")
        seen.add(known_by)


def an_id(rule: "Rule") -> Iterator[Finding]:
    """The id, if there is one, is neither empty nor too long."""
    if rule.id is not None and not 1 <= len(rule.id) <= 255:
        yield BAD_ID, ("id",), f"this id has {len(rule.id)} characters: S3 takes 1 to 255"


def an_action(rule: "Rule") -> Iterator[Finding]:
    """The rule does something."""
    if not (
        rule.expiration
        or rule.transitions
        or rule.noncurrent_version_transitions
        or rule.noncurrent_version_expiration
        or rule.abort_incomplete_multipart_upload
    ):
        yield (
            NO_ACTION,
            (),
            "this rule does nothing: it has neither an expiration, a transition nor a clean-up",
        )


def one_time_each(rule: "Rule") -> Iterator[Finding]:
    """Days or a date, not both, and one of them throughout the rule."""
    twice = list(times_said_twice(rule))
    yield from twice
    end = rule.expiration
    days = [move.days for move in rule.transitions] + ([end.days] if end else [])
    dates = [move.date for move in rule.transitions] + ([end.date] if end else [])
    if not twice and any(day is not None for day in days) and any(date is not None for date in dates):
        yield NOT_ONE_TIME, (), "this rule mixes days with dates"


def times_said_twice(rule: "Rule") -> Iterator[Finding]:
    """Actions with more than one time."""
    end = rule.expiration
    if end is not None and sum(item is not None for item in (end.days, end.date, end.expired_object_delete_marker)) > 1:
        yield (
            NOT_ONE_TIME,
            ("expiration",),
            "an expiration says one of `days`, `date`, `expired_object_delete_marker`",
        )
    for move in rule.transitions:
        if move.days is not None and move.date is not None:
            yield (
                NOT_ONE_TIME,
                ("transitions", move.storage_class),
                "a transition says `days` or `date`, not both",
            )


def numbers_in_range(rule: "Rule") -> Iterator[Finding]:
    """Every number within what the API takes."""
    end, versions = rule.expiration, rule.noncurrent_version_expiration
    bounds: list[tuple[int | None, int, int, tuple[str | int, ...]]] = [
        (end.days if end else None, 1, MOST_DAYS, ("expiration", "days")),
        (
            versions.noncurrent_days if versions else None,
            1,
            MOST_DAYS,
            ("noncurrent_version_expiration", "noncurrent_days"),
        ),
        (
            versions.newer_noncurrent_versions if versions else None,
            1,
            100,
            ("noncurrent_version_expiration", "newer_noncurrent_versions"),
        ),
        (rule.filter.object_size_greater_than, 0, LARGEST_SIZE, ("filter", "object_size_greater_than")),
        (rule.filter.object_size_less_than, 1, LARGEST_SIZE, ("filter", "object_size_less_than")),
    ]
    uploads = rule.abort_incomplete_multipart_upload
    if uploads is not None:
        path: tuple[str | int, ...] = ("abort_incomplete_multipart_upload", "days_after_initiation")
        bounds.append((uploads.days_after_initiation or 0, 1, MOST_DAYS, path))
    bounds += [(move.days, 0, MOST_DAYS, ("transitions", move.storage_class, "days")) for move in rule.transitions]
    for old in rule.noncurrent_version_transitions:
        at = ("noncurrent_version_transitions", old.storage_class)
        bounds.append((old.noncurrent_days, 0, MOST_DAYS, (*at, "noncurrent_days")))
        bounds.append((old.newer_noncurrent_versions, 1, 100, (*at, "newer_noncurrent_versions")))
    for number, least, most, path in bounds:
        if number is not None and not least <= number <= most:
            yield OUT_OF_RANGE, path, f"{number} is not between {least} and {most}"
    if versions is not None and versions.noncurrent_days is None:
        yield OUT_OF_RANGE, ("noncurrent_version_expiration",), "`noncurrent_days` is missing"
    low, high = rule.filter.object_size_greater_than, rule.filter.object_size_less_than
    if low is not None and high is not None and low >= high:
        yield OUT_OF_RANGE, ("filter",), f"no object is larger than {low} and smaller than {high} bytes"


def dates_at_midnight(rule: "Rule") -> Iterator[Finding]:
    """S3 counts whole days in UTC."""
    if rule.expiration and rule.expiration.date and not rule.expiration.date.endswith("T00:00:00Z"):
        yield NOT_MIDNIGHT, ("expiration", "date"), f"{rule.expiration.date} is not midnight UTC"
    for move in rule.transitions:
        if move.date and not move.date.endswith("T00:00:00Z"):
            yield (
                NOT_MIDNIGHT,
                ("transitions", move.storage_class, "date"),
                f"{move.date} is not midnight UTC",
            )


def steps_in_order(rule: "Rule") -> Iterator[Finding]:
    """Down the waterfall, each class once, and the end last."""
    for name, steps in (
        ("transitions", [(move.storage_class, move.days, move.date) for move in rule.transitions]),
        (
            "noncurrent_version_transitions",
            [(move.storage_class, move.noncurrent_days, None) for move in rule.noncurrent_version_transitions],
        ),
    ):
        for (above, days, date), (below, later_days, later_date) in pairwise(steps):
            at = (name, below)
            if above == below:
                yield OUT_OF_ORDER, at, f"{below} is named twice"
            elif (above, below) == ("ONEZONE_IA", "GLACIER_IR"):
                yield OUT_OF_ORDER, at, "S3 cannot move objects from ONEZONE_IA to GLACIER_IR"
            elif (days or 0, date or "") >= (later_days or 0, later_date or ""):
                yield OUT_OF_ORDER, at, f"the move to {below} is not later than the one to {above}; S3 moves down only"
    yield from the_end_last(rule)


def the_end_last(rule: "Rule") -> Iterator[Finding]:
    """What expires first never moves."""
    end = rule.expiration
    for move in rule.transitions if end else ():
        assert end is not None
        too_late = end.days is not None and move.days is not None and move.days >= end.days
        if too_late or (end.date is not None and move.date is not None and move.date >= end.date):
            yield (
                OUT_OF_ORDER,
                ("expiration",),
                f"objects would expire before or when they move to {move.storage_class}",
            )
    versions = rule.noncurrent_version_expiration
    for old in rule.noncurrent_version_transitions if versions else ():
        assert versions is not None
        if versions.noncurrent_days is not None and old.noncurrent_days >= versions.noncurrent_days:
            yield (
                OUT_OF_ORDER,
                ("noncurrent_version_expiration",),
                f"old versions would expire before or when they move to {old.storage_class}",
            )


def filters_that_fit(rule: "Rule") -> Iterator[Finding]:
    """Delete markers and unfinished uploads have neither tags nor a size."""
    sized = (rule.filter.object_size_greater_than, rule.filter.object_size_less_than) != (None, None)
    missing = " and ".join(word for word, asked in (("tags", rule.filter.tags), ("size", sized)) if asked)
    if missing and rule.expiration is not None and rule.expiration.expired_object_delete_marker:
        yield FILTER_DOES_NOT_FIT, ("expiration", "expired_object_delete_marker"), f"delete markers have no {missing}"
    if missing and rule.abort_incomplete_multipart_upload is not None:
        yield FILTER_DOES_NOT_FIT, ("abort_incomplete_multipart_upload",), f"unfinished uploads have no {missing}"


def filters_that_some_object_fits(rule: "Rule") -> Iterator[Finding]:
    """Prefixes and tags that an object can have."""
    size = len((rule.filter.prefix or "").encode())
    if size > LONGEST_KEY:
        yield NO_SUCH_OBJECT, ("filter", "prefix"), f"{size} bytes: the key of an object has at most {LONGEST_KEY}"
    if len(rule.filter.tags) > MOST_OBJECT_TAGS:
        yield NO_SUCH_OBJECT, ("filter", "tags"), f"{len(rule.filter.tags)} tags: an object has {MOST_OBJECT_TAGS}"
    for key, value in rule.filter.tags.items():
        if len(key) > 128 or len(value) > 256:
            said = "an object's tag has a key of up to 128 and a value of up to 256 characters"
            yield NO_SUCH_OBJECT, ("filter", "tags", key), said


def texts_that_can_be_written(rule: "Rule") -> Iterator[Finding]:
    """What stands in an XML document."""
    texts: list[tuple[tuple[str | int, ...], str | None]] = [
        (("id",), rule.id),
        (("filter", "prefix"), rule.filter.prefix),
    ]
    for key, value in rule.filter.tags.items():
        texts += [(("filter", "tags", key), text) for text in (key, value)]
        if not key:
            yield NOT_XML, ("filter", "tags", key), "a tag has a key of at least one character"
    for path, text in texts:
        wrong = unwritable(text or "")
        if wrong:
            yield NOT_XML, path, wrong


Step = tuple[int, str]


def current_steps(rule: "Rule") -> list[Step]:
    """The days of moves of current versions, in order."""
    return sorted((move.days, move.storage_class) for move in rule.transitions if move.days is not None)


def old_steps(rule: "Rule") -> list[Step]:
    """The days of moves of old versions, in order."""
    return sorted((move.noncurrent_days, move.storage_class) for move in rule.noncurrent_version_transitions)


def stays_that_pay(rule: "Rule") -> Iterator[Finding]:
    """Days in a storage class that are billed although the object is gone."""
    end, old_end = rule.expiration, rule.noncurrent_version_expiration
    for name, steps, last in (
        ("transitions", current_steps(rule), end.days if end else None),
        ("noncurrent_version_transitions", old_steps(rule), old_end.noncurrent_days if old_end else None),
    ):
        for (days, storage_class), leaves in zip(steps, [*(days for days, _ in steps[1:]), last], strict=False):
            billed = BILLED_DAYS.get(storage_class, 0)
            if leaves is not None and days < leaves < days + billed:
                said = f"{leaves - days} days in {storage_class} are billed as {billed}"
                yield SHORT_STAY, (name, storage_class), said


def moves_not_too_early(rule: "Rule") -> Iterator[Finding]:
    """Objects that are young and already too expensive to read."""
    for name, steps in (("transitions", current_steps(rule)), ("noncurrent_version_transitions", old_steps(rule))):
        for days, storage_class in steps:
            if storage_class in INFREQUENT_ACCESS and 0 <= days < BILLED_DAYS[storage_class]:
                said = f"{days} days is early for {storage_class}: it bills every read, and at least 30 days"
                yield EARLY_MOVE, (name, storage_class), said


CHECKS: "tuple[Callable[[Rule], Iterator[Finding]], ...]" = (
    an_id,
    an_action,
    one_time_each,
    numbers_in_range,
    dates_at_midnight,
    steps_in_order,
    filters_that_fit,
    filters_that_some_object_fits,
    texts_that_can_be_written,
    stays_that_pay,
    moves_not_too_early,
)
