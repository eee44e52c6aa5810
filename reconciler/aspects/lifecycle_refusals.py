"""What S3 refuses in lifecycle rules, known without asking it.

Each rule with the error that the API answers (recorded by LocalStack against AWS, or tested by
ceph/s3-tests). What only costs money is a warning.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.aspects.aspect import Refusal
from reconciler.problems import Code, Severity

if TYPE_CHECKING:
    from reconciler.aspects.lifecycle import Rule

MOST_RULES = 1000
LARGEST_OBJECT = 5 * 1024**4
"""5 TiB in bytes, the bound that the API states for sizes in a filter."""

NO_RULES = Code(
    "RCL2501",
    "a lifecycle without rules",
    "S3 has no empty lifecycle: it answers MalformedXML. `lifecycle: absent` removes all rules; leaving the line out "
    "leaves the live rules alone.",
)
BAD_ID = Code(
    "RCL2502",
    "a rule without a usable id",
    "Every rule needs an `id` of 1 to 255 characters, its own in the bucket. It is how a plan names the rule and how a "
    "rule is known again. S3 answers InvalidArgument to a longer one, and to the same one twice.",
)
NO_ACTION = Code(
    "RCL2503",
    "a rule that does nothing",
    'S3 answers InvalidRequest: "At least one action needs to be specified in a rule".',
)
NOT_ONE_TIME = Code(
    "RCL2504",
    "an action without exactly one time",
    "An expiration has exactly one of `days`, `date` and `expired_object_delete_marker`; a transition has at most one "
    "of `days` and `date`; and a rule does not mix days with dates. S3 answers MalformedXML or InvalidRequest.",
)
OUT_OF_RANGE = Code(
    "RCL2505",
    "a number outside of what S3 takes",
    "Days of an expiration are at least 1, of a transition at least 0; NewerNoncurrentVersions is 1 to 100; sizes are "
    "0 to 5 TiB with the lower below the upper; a configuration has at most 1,000 rules. S3 answers InvalidArgument.",
)
NOT_MIDNIGHT = Code(
    "RCL2506",
    "a date that is not midnight UTC",
    "S3 answers InvalidArgument: \"'Date' must be at midnight GMT\".",
)
OUT_OF_ORDER = Code(
    "RCL2507",
    "steps that S3 would not do in this order",
    "Objects move down only (STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE, and "
    "never from ONEZONE_IA to GLACIER_IR), each class is named once in a rule, and expiry comes after every "
    "transition. S3 answers InvalidArgument or InvalidRequest (User Guide, "
    "lifecycle-transition-general-considerations).",
)
TAGS_DO_NOT_FIT = Code(
    "RCL2508",
    "an action that cannot have this filter",
    "Delete markers and unfinished uploads have no tags, so S3 refuses a filter with tags on rules that clean them up "
    "(User Guide, lifecycle-configuration-examples).",
)
SHORT_STAY = Code(
    "RCL2509",
    "a stay that is billed longer than it lasts",
    "STANDARD_IA and ONEZONE_IA bill at least 30 days, GLACIER_IR and GLACIER 90, DEEP_ARCHIVE 180. Leaving earlier "
    "is allowed and pays the rest all the same.",
    Severity.WARNING,
)
CODES = (
    NO_RULES,
    BAD_ID,
    NO_ACTION,
    NOT_ONE_TIME,
    OUT_OF_RANGE,
    NOT_MIDNIGHT,
    OUT_OF_ORDER,
    TAGS_DO_NOT_FIT,
    SHORT_STAY,
)

BILLED_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}

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
    for above, below in pairwise(rules):
        if above.id == below.id != "":
            yield Refusal(BAD_ID, ("rules", below.id, "id"), f"two rules have the id `{below.id}`")
    for rule in rules:
        for check in CHECKS:
            for code, path, message in check(rule):
                yield Refusal(code, ("rules", rule.id, *path), message)


def an_id(rule: "Rule") -> Iterator[Finding]:
    """The id is there and not too long."""
    if not rule.id:
        yield BAD_ID, (), "this rule has no `id`"
    elif len(rule.id) > 255:
        yield BAD_ID, ("id",), f"this id has {len(rule.id)} characters: S3 takes at most 255"


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
    days = [move.days for move in rule.transitions] + ([end.days] if end else [])
    dates = [move.date for move in rule.transitions] + ([end.date] if end else [])
    if any(day is not None for day in days) and any(date is not None for date in dates):
        yield NOT_ONE_TIME, (), "this rule mixes days with dates"


def numbers_in_range(rule: "Rule") -> Iterator[Finding]:
    """Every number within what the API takes."""
    end, versions = rule.expiration, rule.noncurrent_version_expiration
    bounds: list[tuple[int | None, int, int, tuple[str | int, ...]]] = [
        (end.days if end else None, 1, 2**31 - 1, ("expiration", "days")),
        (
            versions.noncurrent_days if versions else None,
            1,
            2**31 - 1,
            ("noncurrent_version_expiration", "noncurrent_days"),
        ),
        (
            versions.newer_noncurrent_versions if versions else None,
            1,
            100,
            ("noncurrent_version_expiration", "newer_noncurrent_versions"),
        ),
        (rule.filter.object_size_greater_than, 0, LARGEST_OBJECT, ("filter", "object_size_greater_than")),
        (rule.filter.object_size_less_than, 1, LARGEST_OBJECT, ("filter", "object_size_less_than")),
    ]
    uploads = rule.abort_incomplete_multipart_upload
    if uploads is not None:
        path: tuple[str | int, ...] = ("abort_incomplete_multipart_upload", "days_after_initiation")
        bounds.append((uploads.days_after_initiation or 0, 1, 2**31 - 1, path))
    bounds += [(move.days, 0, 2**31 - 1, ("transitions", move.storage_class, "days")) for move in rule.transitions]
    for old in rule.noncurrent_version_transitions:
        at = ("noncurrent_version_transitions", old.storage_class)
        bounds.append((old.noncurrent_days, 0, 2**31 - 1, (*at, "noncurrent_days")))
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
            elif (days or 0, date or "") > (later_days or 0, later_date or ""):
                yield (
                    OUT_OF_ORDER,
                    at,
                    f"objects would be in {below} before {above}, and S3 only moves them down",
                )
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
    """Delete markers and unfinished uploads have no tags."""
    if not rule.filter.tags:
        return
    if rule.expiration is not None and rule.expiration.expired_object_delete_marker:
        yield TAGS_DO_NOT_FIT, ("expiration", "expired_object_delete_marker"), "delete markers have no tags"
    if rule.abort_incomplete_multipart_upload is not None:
        yield TAGS_DO_NOT_FIT, ("abort_incomplete_multipart_upload",), "unfinished uploads have no tags"


def stays_that_pay(rule: "Rule") -> Iterator[Finding]:
    """Days in a storage class that are billed although the object is gone."""
    steps = sorted((move.days, move.storage_class) for move in rule.transitions if move.days is not None)
    ends = [days for days, _ in steps[1:]] + [rule.expiration.days if rule.expiration else None]
    for (days, storage_class), leaves in zip(steps, ends, strict=False):
        billed = BILLED_DAYS.get(storage_class, 0)
        if leaves is not None and days < leaves < days + billed:
            yield (
                SHORT_STAY,
                ("transitions", storage_class),
                f"{leaves - days} days in {storage_class} are billed as {billed}",
            )


CHECKS: "tuple[Callable[[Rule], Iterator[Finding]], ...]" = (
    an_id,
    an_action,
    one_time_each,
    numbers_in_range,
    dates_at_midnight,
    steps_in_order,
    filters_that_fit,
    stays_that_pay,
)
