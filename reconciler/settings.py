"""What a team decides once for all its runs: `reconcile.yaml`, beside the specs.

Nothing here changes what a plan says; it says how much of it may be carried out without another word, how long a
review is good for, and where runs leave their traces.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reconciler.names import wrong_with_old_name
from reconciler.problems import Code
from reconciler.scalars import Text, as_written
from reconciler.sizes import bytes_in

BAD_SETTING = Code(
    "RCL1402",
    "a value that this setting cannot have",
    "Durations are written like `90s`, `15m`, `24h` or `7d`, sizes like `500GiB`, shares like `30%`, numbers without "
    "quotes; only `plans_expire_after` may also be `never`. `reconcile explain settings` lists all settings.",
)
CODES = (BAD_SETTING,)

DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d)\Z")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHARE = re.compile(r"([0-9]{1,3})%\Z")
NUMBER = re.compile(r"[0-9]{1,9}\Z")
NEVER = "never"
NONE = "none"
LONGEST_LOCK = 86400
"""Seconds. What says that it holds for longer is taken for no lock at all."""
SHORTEST_LOCK = 15
"""Seconds. A heartbeat that is late by one slow answer must not lose the lock."""
LONGEST_KEY = 1024
"""Bytes (S3 User Guide, "Naming Amazon S3 objects")."""


def write(what: str) -> PydanticCustomError:
    """The refusal of a value: what to write instead."""
    return PydanticCustomError(BAD_SETTING.code, "write {what}", {"what": what})


def duration(value: object) -> int:
    """Seconds from ``90s``, ``15m``, ``24h`` or ``7d``."""
    found = DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise write("it like `90s`, `15m`, `24h` or `7d`")
    return int(found[1]) * SECONDS[found[2]]


def duration_or_never(value: object) -> int | None:
    """Seconds, or None from ``never``."""
    return None if value == NEVER else duration(value)


def duration_of_a_lock(value: object) -> int:
    """Seconds, enough of them for a heartbeat to be late."""
    seconds = duration(value)
    if not SHORTEST_LOCK <= seconds <= LONGEST_LOCK:
        raise write(f"`{SHORTEST_LOCK}s` to `1d`")
    return seconds


def name_of_a_bucket(value: str) -> str:
    """A name that S3 takes, or once took."""
    if wrong_with_old_name(value):
        raise write("the name of a bucket: 3 to 255 letters, digits, dots, hyphens and underscores")
    return value


def key_of_an_object(value: str) -> str:
    """A key that S3 takes."""
    if not 0 < len(value.encode("utf-8", "surrogatepass")) <= LONGEST_KEY:
        raise write(f"a key of 1 to {LONGEST_KEY} bytes")
    return value


def size(value: object) -> int:
    """Bytes from ``500GiB``."""
    found = bytes_in(value) if isinstance(value, str) else None
    if found is None:
        raise write("it like `500GiB`")
    return found


def share(value: object) -> int:
    """Percent from ``30%``."""
    found = SHARE.match(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 100:
        raise write("it like `30%`")
    return int(found[1])


def number(value: object) -> int:
    """A whole number, also one that a command line gives as text."""
    text = str(as_written(value))
    if isinstance(value, bool) or not isinstance(value, int | str) or not NUMBER.match(text):
        raise write("a whole number, like `100`")
    return int(text)


def folder(value: object) -> object:
    """The name of a folder, which cannot be empty."""
    value = as_written(value)
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise write("the name of a folder, or `none`")
    return value


def said(default: str) -> Any:
    """A default as people would write it: it takes the way of every written value."""
    return Field(default=default, validate_default=True)


Number = Annotated[int, BeforeValidator(number)]
Share = Annotated[int, BeforeValidator(share)]
Size = Annotated[int, BeforeValidator(size)]
Folder = Annotated[str, BeforeValidator(folder)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Settings):
    """How much one run may do before somebody says that it is meant. `--limit NAME=VALUE` lifts one for one run."""

    buckets_changed: Number = 100
    """Existing buckets that change. Buckets that are only created count nothing: nobody has data in them."""
    buckets_deleted: Number = 1
    """Buckets that are deleted."""
    share_of_fleet: Share = said("50%")
    """How many of all buckets in the specs may change, in percent; counts from ten buckets on."""
    bytes_expiring: Size = said("1TiB")
    """Bytes that changed lifecycle rules would delete within 30 days, as far as `--evidence` tells."""
    buckets_forgotten: Number = 10
    """Buckets that the last apply of the same paths managed and no spec describes any more."""


class Lock(_Settings):
    """An object that keeps two applies from running at once."""

    bucket: Annotated[Text, AfterValidator(name_of_a_bucket)]
    """A bucket that every run may read and write; none that the specs delete."""
    key: Annotated[Text, AfterValidator(key_of_an_object)] = "reconcile.lock"
    """Where in the bucket the lock lies."""
    region: Text | None = None
    """Where that bucket is, if it is not where the run's other buckets are."""
    expires_after: Annotated[int, BeforeValidator(duration_of_a_lock)] = said("2m")
    """How long after its last heartbeat the lock of a run that died still holds."""


class Settings(_Settings):
    """What a team decides once for all its runs: `reconcile.yaml`."""

    journal: Folder = ".reconcile/runs"
    """The folder of the journal, from where the command runs; `none` keeps none."""
    plans_expire_after: Annotated[int | None, BeforeValidator(duration_or_never)] = said("24h")
    """How long a saved plan may be applied; `never` for always."""
    limits: Limits = Field(default_factory=Limits)
    """How much one run may do before somebody says that it is meant."""
    lock: Lock | None = None
    """An object that keeps two applies from running at once; left out, nothing does."""
