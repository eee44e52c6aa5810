"""What all aspects of a bucket share.

An aspect is an immutable value with two spellings: ours (S3's words in snake_case, as people write them)
and S3's (as boto3 takes and gives them). `from_s3` and `to_s3` are exact inverses. Whatever may be spelled
in several ways is made canonical on the way in, so that ``==`` alone decides whether two documents mean
the same. An aspect never performs a call: it returns calls, as data.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from reconciler.aspects.calls import Call, Params, Risk, S3Api, Wire
from reconciler.aspects.digests import canonical_json
from reconciler.aspects.markers import KeptFromLive, KeyedBy, marker_of
from reconciler.aspects.pictures import picture
from reconciler.problems import Code, Severity


class Refusal(NamedTuple):
    """Something S3 would refuse, or a person would regret, found in what a spec asks for.

    `path` leads from the aspect to the field, by field names, identities and list positions.
    """

    code: Code
    path: tuple[str | int, ...]
    message: str
    help: str | None = None

    @property
    def severity(self) -> Severity:
        """As the code says."""
        return self.code.severity


class Obstacle(NamedTuple):
    """Why a change that is asked for cannot be made, and what to do instead."""

    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an aspect may know of the bucket it belongs to."""

    bucket: str
    region: str | None
    account: str | None
    partition: str
    ignore_tags: tuple[str, ...]
    siblings: Mapping[str, Any]
    """What the same spec says of the other aspects: a value to have, or that there is to be none.

    In a plan, aspects that come earlier (`apply_after`) are here as they will be in the bucket.
    """
    allow_unknown_actions: tuple[str, ...] = ()
    """S3 actions that the spec vouches for, because the table of this version does not know them yet."""
    stand_ins: frozenset[str] = frozenset()
    """Which of `account` and `region` stand for values that only AWS can tell, so that nothing follows from them."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The ARNs of KMS keys that were looked up, by the aliases that name them."""

    @property
    def variables(self) -> dict[str, str | None]:
        """The built-in variables of a spec and their values; None where the value is not known."""
        return {
            "account_id": self.account,
            "region": self.region,
            "partition": self.partition,
            "bucket": self.bucket,
        }


BUILT_IN_VARIABLES = ("account_id", "region", "partition", "bucket")


def pascal_case(name: str) -> str:
    """``noncurrent_days`` as S3 spells it: ``NoncurrentDays``."""
    return "".join(word.capitalize() for word in name.split("_"))


class Document(BaseModel):
    """A part of an S3 document: snake_case in YAML, S3's spelling on the wire.

    A field that no model knows is an error on both sides: in a spec it is a typing mistake, in a live
    document it would be erased by the next whole-document PUT.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=pascal_case,
        validate_by_name=True,
        loc_by_alias=False,
    )


def inside(wire: Wire, name: str) -> Wire:
    """The part of an answer under a name. Raises ValueError where a server answers something else."""
    part = wire.get(name)
    if not isinstance(part, dict):
        raise ValueError(f"the answer has no {name}")  # noqa: TRY004 - what the reader takes for "cannot tell"
    return part


class Aspect(BaseModel):
    """One facet of a bucket. A field of this type in `BucketSpec` is all that registers it."""

    model_config = ConfigDict(frozen=True, loc_by_alias=False)

    api: ClassVar[S3Api]
    codes: ClassVar[tuple[Code, ...]] = ()
    """The kinds of problems that `refusals` reports."""
    apply_after: ClassVar[tuple[str, ...]] = ()
    """Names of the aspects whose calls must come first."""
    from_file: ClassVar[frozenset[tuple[str, ...]]] = frozenset()
    """Where in this aspect a spec may say ``{file: path}`` instead of the value."""
    names_its_bucket: ClassVar[bool] = False
    """Whether hardly two buckets have the same, so that it is not worth keeping what it says."""
    identities: ClassVar[Mapping[tuple[str, ...], str]] = {}
    """Lists with identity in documents that are not modelled field by field."""

    # ── two spellings ────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """Read S3's spelling. Raises ValueError, and nothing else, for what no model knows."""
        return cls.model_validate(wire, by_alias=True, by_name=False)

    def to_s3(self) -> Wire:
        """S3's spelling, as a GET would answer it."""
        return self.model_dump(by_alias=True, exclude_none=True)

    @classmethod
    def from_response(cls, response: Wire) -> Self | None:
        """Read the answer of ``api.get``; None when it says that there is nothing."""
        document = cls.from_s3(response)
        return None if document.means_nothing else document

    def meaning(self) -> Any:
        """Plain data that is equal for documents that mean the same: what ``==`` compares and digests digest."""
        return self.model_dump(mode="json")

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Aspect) and type(self) is type(other) and self.digest == other.digest
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it means, found out once. To Python, 1 and 1.0 and True are equal; to S3 they are not.

        Half a character (\\ud800), which JSON can hold and nothing can send, is told from every other text.
        """
        return hashlib.sha256(canonical_json(self.meaning()).encode(errors="surrogatepass")).hexdigest()

    @cached_property
    def written(self) -> str:
        """What it says, as JSON, found out once: the specs of a fleet share it."""
        return self.as_json()

    def as_json(self) -> str:
        """What it says, as one text for one value."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True))

    def __copy__(self) -> Self:
        """A copy is about to be changed: what it means has to be found out again."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    @property
    def means_nothing(self) -> bool:
        """Whether having this document is the same as having none."""
        return False

    @classmethod
    def get_params(cls, wanted: Self | None) -> Params:
        """Parameters of ``api.get`` besides the bucket; `wanted` is None when the spec says ``absent``."""
        return {}

    # ── what a spec asks for ─────────────────────────────────────────────────────────────────────────

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What S3 would refuse when this is written, known without asking it."""
        yield from ()

    def remarks(self) -> Iterator[Refusal]:
        """What a person should know about this live document, whatever the spec says of it."""
        yield from ()

    @classmethod
    def refusals_of_absence(cls) -> Iterator[Refusal]:
        """Why ``absent`` makes no sense for this aspect, if it does not."""
        yield from ()

    @classmethod
    def nearest_to_absence(cls) -> Any:
        """What a spec says to come as near to having none as S3 allows, where it cannot say ``absent``."""
        return None

    def target(self, live: Self | None, around: Surroundings) -> Self:
        """The whole document to have: what the spec says, and what it leaves to the live bucket."""
        kept = kept_values(self, live)
        if not kept:
            return self
        values = tuple(kept.values())
        if values not in self.wholes:
            self.wholes[values] = self.model_copy(update=kept)
        return self.wholes[values]

    @cached_property
    def wholes(self) -> dict[tuple[Any, ...], Self]:
        """This document with what was found in live buckets: those of a fleet that has one default are few."""
        return {}

    def aliases(self, live: Self | None) -> tuple[str, ...]:
        """Aliases of KMS keys that must be looked up to tell whether this differs from the live document."""
        return ()

    @classmethod
    def target_of_absence(cls, live: Self | None, around: Surroundings) -> Self | None:
        """What remains when the spec says ``absent``."""
        return None

    def as_spec(self, around: Surroundings) -> Any:
        """What a spec says to have just this live document: plain data, as people write it.

        Raises ValueError, with the reason as its text, where no spec can say it.
        """
        return self.model_dump(mode="json", by_alias=False, exclude_none=True)

    def said_beside(self) -> Mapping[str, Any]:
        """Fields of the bucket that have to be written for this live document to be taken as a spec."""
        return {}

    # ── from one document to another ─────────────────────────────────────────────────────────────────

    @classmethod
    def born(cls) -> Self | None:
        """What AWS gives every new bucket today. Other servers give it nothing."""
        return None

    @classmethod
    def obstacles(cls, before: Self | None, after: Self | None) -> Iterator[Obstacle]:
        """Why S3 cannot make this change, although each of both documents is in order."""
        yield from ()

    def obstacles_when_new(self, around: Surroundings) -> Iterator[Obstacle]:
        """Why a new bucket of AWS would not take this document, although an older one might."""
        yield from ()

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """The calls that turn one document into the other."""
        if after is None:
            assert cls.api.delete is not None, f"{cls.__name__} cannot be deleted: target_of_absence says so"
            return (Call(cls.api.delete),)
        wire = after.to_s3()
        return (Call(cls.api.put, {cls.api.wraps: wire} if cls.api.wraps else wire),)

    @classmethod
    def from_calls(cls, calls: Sequence[Call]) -> Self | None:
        """The document that these calls leave behind: a PUT carries it whole."""
        last = calls[-1]
        if last.operation != cls.api.put:
            return None
        return cls.from_s3(dict(last.params[cls.api.wraps] if cls.api.wraps else last.params))

    def create_params(self) -> Params:
        """What of this document may travel with CreateBucket."""
        return {}

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """What the change may cost."""
        return Risk.HARMLESS

    @classmethod
    def consequences(cls, before: Self | None, after: Self | None) -> Iterator[str]:
        """What the change costs, in plain words, a sentence each, where the fields do not say it by themselves."""
        yield from ()

    def risk_when_new(self) -> Risk:
        """What the document may cost in a bucket that is only being created: no data or access is there to lose."""
        return Risk.HARMLESS

    def item_words(self) -> Mapping[str, str]:
        """Items with identity, in a sentence each, where a sentence says it better than fields do."""
        return {}

    def picture(self) -> Any:
        """The document as a person sees it: plain data, lists with identity as mappings."""
        return picture(self)

    @classmethod
    def pictures(cls, before: Self | None, after: Self | None) -> tuple[Any, Any]:
        """Both documents as a person compares them; an aspect may pair what has no identity.

        A new document is shown without the defaults that nobody asked for.
        """
        if before is None and after is not None:
            return None, after.model_copy(update=defaults_in(after)).picture()
        return (before.picture() if before else None, after.picture() if after else None)


@cache
def collections_of(kind: type[Aspect]) -> tuple[str, ...]:
    """The fields of an aspect that hold items with identity: rules, statements."""
    keyed_fields = [name for name, info in kind.model_fields.items() if marker_of(info, KeyedBy) is not None]
    return (*keyed_fields, *(path[0] for path in kind.identities if len(path) == 1))


@cache
def kept_fields(kind: type[Aspect]) -> Mapping[str, Any]:
    """The fields that keep their live value where a spec leaves them out, and what they hold where there is none."""
    marks = {name: marker_of(info, KeptFromLive) for name, info in kind.model_fields.items()}
    return {name: mark.default for name, mark in marks.items() if mark is not None}


def kept_values(wanted: Aspect, live: Aspect | None) -> dict[str, Any]:
    """What a spec leaves to the live document, and what that holds."""
    return {
        name: default if live is None else getattr(live, name)
        for name, default in kept_fields(type(wanted)).items()
        if getattr(wanted, name) is None
    }


def defaults_in(document: Aspect) -> dict[str, None]:
    """The fields that hold no more than what they would hold if the spec left them out."""
    kept = kept_fields(type(document))
    return {name: None for name, default in kept.items() if getattr(document, name) == default}
