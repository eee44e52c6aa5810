"""What S3 bills for storage classes, and whether moving an object pays.

USD in us-east-1. Other regions differ in the amounts, little in how these relate.
"""

from typing import NamedTuple

AS_OF = "2025-10"
"""Storage: AWS Price List API, retrieved 2025-10-28. Transitions: the same, as of 2024-07 (infracost's
s3_bucket_test.golden); sources differ for GLACIER (0.03 and 0.05), and this is the lower one."""
KIB = 1024
GIB = 1024**3
"""Bytes that are billed as one GB. Where AWS means 10^9, storage costs 7 percent more."""
DAYS_OF_A_MONTH = 30
LEAST_MOVED = 128 * KIB
"""Bytes. Smaller objects are not moved unless the rule or the lifecycle says otherwise (S3 User Guide, "Transitioning
objects using Amazon S3 Lifecycle")."""


class Price(NamedTuple):
    """What one class costs."""

    storage: float
    """A GB and month."""
    transition: float = 0
    """A thousand objects that are moved into it."""
    least_days: int = 0
    """Days that are billed at the least."""
    least_bytes: int = 0
    """Bytes of an object that are billed at the least."""
    overhead: int = 0
    """Bytes of an object that are billed beside it, in this class."""
    overhead_in_standard: int = 0
    """Bytes of an object that are billed beside it, as STANDARD."""
    monitoring: float = 0
    """A thousand objects and month."""


PRICES = {
    "STANDARD": Price(0.023),
    "STANDARD_IA": Price(0.0125, 0.01, 30, 128 * KIB),
    # at its best: what nobody reads for 90 days costs as much as in the Archive Instant Access tier
    "INTELLIGENT_TIERING": Price(0.004, 0.01, monitoring=0.0025),
    "ONEZONE_IA": Price(0.01, 0.01, 30, 128 * KIB),
    "GLACIER_IR": Price(0.004, 0.02, 90, 128 * KIB),
    "GLACIER": Price(0.0036, 0.03, 90, overhead=32 * KIB, overhead_in_standard=8 * KIB),
    "DEEP_ARCHIVE": Price(0.00099, 0.05, 180, overhead=32 * KIB, overhead_in_standard=8 * KIB),
}
"""By class (aws.amazon.com/s3/pricing, S3 User Guide "Understanding and managing Amazon S3 storage classes": minimum
durations, sizes and the 40 KB of an archived object)."""


TIERS = {"INTELLIGENT_TIERING": ((30, PRICES["STANDARD"].storage), (60, PRICES["STANDARD_IA"].storage))}
"""Days, and what a GB costs in a month of them, before a class costs what is above: objects begin in the Frequent
Access tier, and move on after 30 and 90 days without being read (S3 User Guide, "How S3 Intelligent-Tiering works")."""
AT_WORST = {
    "INTELLIGENT_TIERING": Price(PRICES["STANDARD"].storage, monitoring=PRICES["INTELLIGENT_TIERING"].monitoring)
}
"""What a class costs of which only the best price is above, if the objects are read again and again."""


def priced(storage_class: str, price: Price, size: float, storage: float) -> float:
    """USD for a month of one object of this many bytes, where a GB costs `storage`."""
    standard = PRICES["STANDARD"].storage
    if storage_class == "INTELLIGENT_TIERING" and size < LEAST_MOVED:
        return size * standard / GIB  # never tiered, and not monitored
    in_class = (max(size, price.least_bytes) + price.overhead) * storage
    return (in_class + price.overhead_in_standard * standard) / GIB + price.monitoring / 1000


def left_behind(storage_class: str, size: float) -> float:
    """USD that an object costs in each month that it is not in this class any more, at the most."""
    price = AT_WORST.get(storage_class, PRICES[storage_class])
    return priced(storage_class, price, size, price.storage)


def billed_days(storage_class: str, days: int) -> int:
    """Days that are billed of so many in a class."""
    return max(days, PRICES[storage_class].least_days)


def a_gigabyte(storage_class: str, days: int) -> float:
    """The price of a GB and month, added up over the days that are billed of so many."""
    rest, total = billed_days(storage_class, days), 0.0
    for tier, storage in TIERS.get(storage_class, ()):
        total += min(rest, tier) * storage
        rest -= min(rest, tier)
    return total + rest * PRICES[storage_class].storage


def saving(before: str, after: str, size: float, days: int) -> float:
    """USD that moving one object saves until it is moved on or deleted after so many days; negative where it costs."""
    billed = billed_days(after, days)
    moved = priced(after, PRICES[after], size, a_gigabyte(after, days) / billed) * billed
    return (left_behind(before, size) * days - moved) / DAYS_OF_A_MONTH - PRICES[after].transition / 1000


def saving_a_month(before: str, after: str, size: float) -> float:
    """USD that an object saves in each month once it has been moved, and what moving it has cost is forgotten."""
    return left_behind(before, size) - priced(after, PRICES[after], size, PRICES[after].storage)


def saving_a_gigabyte(before: str, after: str, days: int) -> float:
    """USD that a GB of objects saves which are so large that nothing counts but their size."""
    stays = AT_WORST.get(before, PRICES[before]).storage * days
    return (stays - a_gigabyte(after, days)) / DAYS_OF_A_MONTH
