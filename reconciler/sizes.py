"""Amounts of bytes, as people write and read them."""

import re

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
SIZE = re.compile(rf"([0-9]{{1,9}}) ?({'|'.join(UNITS)})\Z")


def bytes_in(text: str) -> int | None:
    """Bytes from ``500GiB``; None where it says no size."""
    found = SIZE.match(text)
    if found is None:
        return None
    unit: int = 1024 ** UNITS.index(found[2])
    return int(found[1]) * unit


def in_units(number: float) -> str:
    """Bytes in the largest unit of which there is at least one: ``4.1 GiB``."""
    unit = 0
    while number >= 1024 and unit < len(UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{int(number)} {UNITS[0]}" if unit == 0 else f"{number:,.1f} {UNITS[unit]}"
