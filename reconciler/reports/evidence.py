"""What of a bucket would go, in one sentence: ``at once 1,204 objects (4.1 GiB) are deleted for good, …``."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.reports.values import count
from reconciler.sizes import in_units

Found = Mapping[str, Any]
WHEN = {"at_once": "at once", "within_7_days": "within 7 days", "within_30_days": "within 30 days"}
HOW = {"deleted": "deleted for good", "hidden": "hidden behind a delete marker"}


def evidence_text(found: Found) -> str:
    """How much goes and when, what was looked at, and what nobody can tell."""
    parts = [*amounts(found), f"{found['source']}{'' if found['complete'] else ', and there are more'}"]
    if found["at_once"] is None:
        parts = []
    unclear = found["depends_on_tags"]
    if unclear and unclear["objects"]:
        verb = "depends" if unclear["objects"] == 1 else "depend"
        parts.append(f"{amount(unclear)} {verb} on tags that nobody has told")
    return " · ".join([*parts, *(f"cannot tell: {why}" for why in found["cannot_tell"])])


def amounts(found: Found) -> Iterator[str]:
    """What goes up to each midnight: for good, and only hidden. What is not complete is at least so much."""
    reaches = {said: found[name] for name, said in WHEN.items()}
    if reaches["at once"] is None:
        return
    told = [part for how in HOW for part in amounts_of(how, reaches)]
    at_least = "" if found["complete"] else "at least "
    if told:
        yield at_least + "; ".join(told) + f"; first on {day(found['first'])}"
    elif found["first"]:
        yield f"nothing goes within 30 days; first on {day(found['first'])}"
    else:
        yield "nothing of what is there goes" if found["complete"] else "nothing of what was looked at goes"


def amounts_of(how: str, reaches: Mapping[str, Found]) -> Iterator[str]:
    """One kind of going. A reach that holds nothing, or no more than the one before it, is not told."""
    said: list[str] = []
    last: Found = {"objects": 0, "bytes": 0}
    for when, reach in reaches.items():
        there = reach[how]
        if there != last:
            verb = "is" if there["objects"] == 1 else "are"
            said.append(f"{amount(there)} {when}" if said else f"{when} {amount(there)} {verb} {HOW[how]}")
            last = there
    if said:
        yield ", ".join(said)


def amount(found: Found) -> str:
    """``1,204 objects (4.1 GiB)``."""
    return f"{count(found['objects'], 'object')} ({in_units(found['bytes'])})"


def day(moment: str) -> str:
    """``2026-11-23 00:00 UTC``."""
    return moment.replace("T", " ").removesuffix(":00Z") + " UTC"
