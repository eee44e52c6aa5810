"""What a team decides once for all its runs: `reconcile.yaml`, beside the specs.

Nothing here changes what a plan says; it says how much of it may be carried out without another word, how long a
review is good for, and where runs leave their traces.
"""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reconciler.scalars import Text

DURATION = re.compile(r"(\d+)(s|m|h|d)\Z")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZE = re.compile(r"(\d+) ?(B|KiB|MiB|GiB|TiB|PiB)\Z")
SHARE = re.compile(r"(\d{1,3})%\Z")
NEVER = "never"
NONE = "none"


def duration(value: object) -> object:
    """Seconds from ``90s``, ``15m``, ``24h`` or ``7d``; None from ``never``."""
    if value is None or isinstance(value, int) or value == NEVER:
        return None if value == NEVER else value
    found = DURATION.match(str(value))
    if found is None:
        raise ValueError("write it like `90s`, `15m`, `24h` or `7d`")
    return int(found[1]) * SECONDS[found[2]]


def size(value: object) -> object:
    """Bytes from ``500GiB``."""
    found = SIZE.match(str(value))
    if found is None:
        raise ValueError("write it like `500GiB`")
    return int(found[1]) * 1024 ** ("B", "KiB", "MiB", "GiB", "TiB", "PiB").index(found[2])


def share(value: object) -> object:
    """A fraction from ``30%``."""
    found = SHARE.match(str(value))
    if found is None or int(found[1]) > 100:
        raise ValueError("write it like `30%`")
    return int(found[1]) / 100


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Settings):
    """How much one run may do before somebody says that it is meant. `--limit NAME=VALUE` lifts one for one run."""

    buckets_changed: Annotated[int, Field(ge=0)] = 100
    """Existing buckets that change. Buckets that are only created count nothing: nobody has data in them."""
    buckets_deleted: Annotated[int, Field(ge=0)] = 1
    """Buckets that are deleted."""
    share_of_fleet: Annotated[float, BeforeValidator(share)] = 0.5
    """How many of all buckets in the specs may change in a way that asks for consent; counts from ten buckets on."""
    bytes_expiring: Annotated[int, BeforeValidator(size)] = 1024**4
    """Bytes that changed lifecycle rules would delete within 30 days, as far as `--evidence` tells."""
    buckets_forgotten: Annotated[int, Field(ge=0)] = 10
    """Buckets that the last apply of the same paths managed and no spec describes any more."""


class Lock(_Settings):
    """An object that keeps two applies from running at once."""

    bucket: Text
    """A bucket that every run may read and write; none that the specs delete."""
    key: Text = "reconcile.lock"
    region: Text | None = None
    expires_after: Annotated[int, BeforeValidator(duration), Field(ge=15)] = 120
    """Seconds after its last heartbeat in which the lock of a run that died still holds."""


class Settings(_Settings):
    """`reconcile.yaml`."""

    journal: Text = ".reconcile/runs"
    """The folder of the journal; `none` keeps none."""
    plans_expire_after: Annotated[int | None, BeforeValidator(duration)] = 24 * 3600
    """Seconds for which a saved plan may be applied; `never`."""
    limits: Limits = Limits()
    lock: Lock | None = None
