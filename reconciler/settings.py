"""What a team decides once for all its runs: `reconcile.yaml`, beside the specs.

Nothing here changes what a plan says; it says how much of it may be carried out without another word, how long a
review is good for, and where runs leave their traces.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reconciler.names import REGION, wrong_with_old_name
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
ACCOUNT = re.compile(r"[0-9]{12}\Z")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}\Z", re.ASCII)
"""IAM API reference, Role: a path of up to 512 characters and a name of up to 64."""
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}\Z", re.ASCII)
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
"""STS API reference, AssumeRole."""
RULE_ID = re.compile(r"[A-Z][A-Z0-9]{1,11}-[0-9]{2,3}\Z")
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


def id_of_an_account(value: str) -> str:
    """The id of an account."""
    if not ACCOUNT.match(value):
        raise write('the id of an account: 12 digits in quotes, like `"111122223333"`')
    return value


def arn_of_a_role(value: str | None) -> str | None:
    """The ARN of an IAM role."""
    if value is not None and not ROLE.match(value):
        raise write("the ARN of a role, like `arn:aws:iam::111122223333:role/reconcile`")
    return value


def id_for_a_role(value: str | None) -> str | None:
    """An external id that STS takes."""
    if value is not None and not EXTERNAL_ID.match(value):
        raise write("2 to 1224 letters, digits and `+=,.@:/-_`")
    return value


def name_of_a_session(value: str) -> str:
    """The name of a session that STS takes."""
    if not SESSION_NAME.match(value):
        raise write("2 to 64 letters, digits and `+=,.@-_`")
    return value


def id_of_a_rule(value: str) -> str:
    """An id like those of the rules that there are."""
    if not RULE_ID.match(value):
        raise write("the id of a rule, like `ACME-01`")
    return value


def each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list that says something, and nothing twice."""
    if not values or len({*values}) < len(values) or not all(values):
        raise write("each of them once, or leave the list out")
    return values


def all_regions(values: tuple[str, ...]) -> tuple[str, ...]:
    """Names that regions can have."""
    if not all(REGION.match(value) for value in values):
        raise write("regions, like `eu-central-1`")
    return values


def no_account_twice(accounts: "tuple[Account, ...]") -> "tuple[Account, ...]":
    """Which of two ways into one account is meant, nobody could tell."""
    if len({one.account for one in accounts}) < len(accounts):
        raise write("each account once")
    return accounts


def said(default: str) -> Any:
    """A default as people would write it: it takes the way of every written value."""
    return Field(default=default, validate_default=True)


Number = Annotated[int, BeforeValidator(number)]
Share = Annotated[int, BeforeValidator(share)]
Size = Annotated[int, BeforeValidator(size)]
Folder = Annotated[str, BeforeValidator(folder)]
Level = Literal["public", "internal", "confidential", "restricted"]


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
    wait: Annotated[int, BeforeValidator(duration)] = said("0s")
    """How long a run waits for another one to end, before it gives up."""


class Account(_Settings):
    """An account whose buckets are reached with a role or a profile of their own."""

    account: Annotated[Text, AfterValidator(id_of_an_account)]
    """Its id. STS has to confirm it before S3 is asked anything."""
    role_arn: Annotated[Text | None, AfterValidator(arn_of_a_role)] = None
    """A role to assume with the credentials of the run."""
    apply_role_arn: Annotated[Text | None, AfterValidator(arn_of_a_role)] = None
    """The role that `apply` assumes instead, so that the other one need not be able to write."""
    profile: Text | None = None
    """A profile of the AWS configuration, in the place of a role; without either, it is the run's own account."""
    external_id: Annotated[Text | None, AfterValidator(id_for_a_role)] = None
    """What the role's trust policy may ask for."""
    session_name: Annotated[Text, AfterValidator(name_of_a_session)] = "reconcile"
    """How the session is called in CloudTrail."""
    regions: Annotated[tuple[Text, ...], AfterValidator(each_once), AfterValidator(all_regions)] = ()
    """Where its buckets may be; the first one is for those whose specs name none. Left out: anywhere."""
    buckets: Annotated[tuple[Text, ...], AfterValidator(each_once)] = ()
    """Patterns of the names of its buckets, like `acme-finance-*`, for specs without `account:`."""

    @model_validator(mode="after")
    def has_one_way_in(self) -> Self:
        """A role or a profile, and nothing that is about the other."""
        if self.role_arn is not None and self.profile is not None:
            raise write("either `role_arn` or `profile`")
        if self.role_arn is None and self.external_id is not None:
            raise write("`external_id` with the `role_arn` that it is for")
        if self.role_arn is None and self.apply_role_arn is not None:
            raise write("`apply_role_arn` beside the `role_arn` for everything else")
        roles = [role for role in (self.role_arn, self.apply_role_arn) if role is not None]
        if any(role.split(":")[4] != self.account for role in roles):
            raise write("a role of the same account")
        return self

    def to_write(self) -> Self:
        """The same account as `apply` gets into it."""
        return self.model_copy(update={"role_arn": self.apply_role_arn}) if self.apply_role_arn else self


class Classification(_Settings):
    """How a bucket says how much harm it does when what is in it gets out."""

    tag: Annotated[Text, Field(min_length=1, max_length=128)] = "Classification"
    """The key of the tag."""
    words: Mapping[Text, Level] = Field(default={}, examples=[{"secret": "restricted"}])
    """What a team's own words mean, beside `public`, `internal`, `confidential` and `restricted`."""


class OwnRule(_Settings):
    """A guardrail of the team's own: a JSON Schema that every spec has to fulfil."""

    id: Annotated[Text, AfterValidator(id_of_a_rule)] = Field(examples=["ACME-01"])
    """What settings, waivers and reports call it."""
    title: Text = Field(examples=["Every bucket says who owns it"])
    """What it asks for, in a sentence."""
    json_schema: Folder = Field(examples=["guardrails/acme-01.json"])
    """A file, from the folder of the settings: what the spec of a bucket has to be, as JSON."""
    why: Text = ""
    """What happens to those who do without."""
    mend: Text = ""
    """What to write in the spec."""
    severity: Literal["error", "warning"] = "error"
    """An error ends a run with exit code 3."""


class GuardrailSettings(_Settings):
    """What the team asks of its specs beyond what S3 takes."""

    rules: Mapping[Text, Any] = Field(default={}, examples=[{"LIF-01": "none", "ENC-03": {"severity": "error"}}])
    """Rules by their ids: `error`, `warning` or `none`, or a mapping with `severity` and what the rule lets one set."""
    classification: Classification = Field(default_factory=Classification)
    """Which tag says how confidential a bucket is."""
    own: tuple[OwnRule, ...] = ()
    """Rules of the team's own."""
    packages: Annotated[tuple[Text, ...], Field(examples=[["acme-guardrails"]])] = ()
    """Installed Python packages with rules, by the entry points of their group `reconcile.guardrails`."""


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
    accounts: Annotated[tuple[Account, ...], AfterValidator(no_account_twice)] = ()
    """Other accounts that one run plans and applies as well, side by side."""
    guardrails: GuardrailSettings = Field(default_factory=GuardrailSettings)
    """What the team asks of its specs beyond what S3 takes."""
