"""Lifecycle: what S3 archives, expires and cleans up on its own.

One document per bucket, always written whole. Its rules have identity (`id`, or what they say), their order
means nothing, and a filter has four spellings on the wire that mean the same (S3 User Guide, "Lifecycle
configuration elements"); here it has one.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from reconciler.aspects.aspect import Aspect, Document, Refusal, Surroundings
from reconciler.aspects.calls import Call, Params, Risk, S3Api, Wire
from reconciler.aspects.lifecycle_codes import CODES
from reconciler.aspects.lifecycle_losses import losses
from reconciler.aspects.lifecycle_names import in_order, with_ids
from reconciler.aspects.lifecycle_refusals import refusals_beside, refusals_of_rules
from reconciler.aspects.lifecycle_words import in_words
from reconciler.aspects.markers import KeptFromLive, KeyedBy
from reconciler.scalars import Count, Moment, Text

StorageClass = Literal["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
WATERFALL: tuple[str, ...] = get_args(StorageClass)
"""Storage classes in the order in which objects may move down through them."""
MinimumObjectSize = Literal["all_storage_classes_128K", "varies_by_storage_class"]


INSIDE_AND = {"Prefix", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}
"""What S3 puts into ``And``; people have no use for the word."""
NO_PREFIX = (("Prefix", ""), ("prefix", ""))
"""An empty prefix is no prefix."""


def flat(value: Wire) -> Wire:
    """A filter as one flat mapping: ``And``, ``Tag`` and a list of ``Tags`` are only S3's spellings of it.

    Raises ValueError where one condition is said in two ways that differ: dropping one would widen a deletion.
    """
    members = {name: item for name, item in value.items() if (name, item) not in NO_PREFIX}
    inside = members.get("And")
    if isinstance(inside, dict) and inside.keys() <= INSIDE_AND:
        del members["And"]
        inside = flat(inside)
        if any(name in members and members[name] != item for name, item in inside.items()):
            raise ValueError("one condition of this filter is said twice, and not alike")
        return flat(members | inside)
    tags = members.pop("Tags", [])
    if "Tag" in members:
        tags = [*pairs(tags), members.pop("Tag")]
    if isinstance(tags, list) and all(isinstance(tag, dict) and isinstance(tag.get("Key"), str) for tag in tags):
        by_key = {tag.get("Key"): tag.get("Value") for tag in tags}
        if any(by_key[tag.get("Key")] != tag.get("Value") for tag in tags):
            raise ValueError("one tag of this filter is said twice, and not alike")
        tags = by_key
    return members | ({"Tags": tags} if tags else {})


def pairs(tags: Any) -> list[Any]:
    """Tags as S3's list of pairs, whichever of both spellings they have."""
    if isinstance(tags, dict):
        return [{"Key": key, "Value": value} for key, value in tags.items()]
    return tags if isinstance(tags, list) else [tags]


class Filter(Document):
    """Which objects a rule is about; all that is written must hold. Empty: every object."""

    prefix: Text | None = Field(default=None, examples=["raw/"])
    """Keys that begin with this."""
    tags: dict[Text, Text] = Field(default={}, examples=[{"Kind": "preview"}])
    """Objects that carry all of these tags."""
    object_size_greater_than: Count | None = None
    """Bytes; larger than this."""
    object_size_less_than: Count | None = None
    """Bytes; smaller than this."""

    @model_validator(mode="before")
    @classmethod
    def _all_spellings_become_one(cls, value: Any) -> Any:
        return flat(value) if isinstance(value, dict) else value

    @model_serializer(mode="wrap")
    def _spelled_for_s3(self, plain: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        """On the wire: one member bare, several inside ``And``, none as an empty prefix."""
        if not info.by_alias:
            return plain(self)
        tags = [{"Key": key, "Value": self.tags[key]} for key in sorted(self.tags)]
        members: Wire = {
            "Prefix": self.prefix,
            "ObjectSizeGreaterThan": self.object_size_greater_than,
            "ObjectSizeLessThan": self.object_size_less_than,
        }
        members = {name: member for name, member in members.items() if member is not None}
        if len(members) + len(tags) > 1:
            return {"And": members | ({"Tags": tags} if tags else {})}
        return {"Tag": tags[0]} if tags else members or {"Prefix": ""}


class Expiration(Document):
    """When the current version of an object is deleted."""

    days: Count | None = Field(default=None, examples=[365])
    """Days after creation, rounded up to the next midnight UTC."""
    date: Moment | None = None
    """From this midnight UTC on, for every object that the rule is about."""
    expired_object_delete_marker: Annotated[bool | None, Field(strict=True)] = None
    """Remove delete markers under which no version is left."""

    @field_validator("expired_object_delete_marker")
    @classmethod
    def _off_is_not_said(cls, value: bool | None) -> bool | None:
        return value or None


class Transition(Document):
    """When the current version of an object moves to a cheaper storage class."""

    days: Count | None = Field(default=None, examples=[30])
    """Days after creation, rounded up to the next midnight UTC; 0 is the day of creation."""
    date: Moment | None = None
    """From this midnight UTC on."""
    storage_class: StorageClass
    """Where to."""

    @model_validator(mode="before")
    @classmethod
    def _without_a_day_it_is_day_zero(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() & {"days", "date", "Days", "Date"}:
            return value | {"Days" if "StorageClass" in value else "days": 0}
        return value


class NoncurrentVersionTransition(Document):
    """When old versions move to a cheaper storage class."""

    noncurrent_days: Count = Field(default=0, examples=[30])
    """Days after a newer version took its place; left out, S3 moves it on that day."""
    newer_noncurrent_versions: Count | None = Field(default=None, examples=[3])
    """How many of the newest old versions stay where they are (1 to 100)."""
    storage_class: StorageClass
    """Where to."""


class NoncurrentVersionExpiration(Document):
    """When old versions are deleted for good."""

    noncurrent_days: Count | None = Field(default=None, examples=[90])
    """Days after a newer version took its place."""
    newer_noncurrent_versions: Count | None = Field(default=None, examples=[3])
    """How many of the newest old versions are kept (1 to 100)."""


class AbortIncompleteMultipartUpload(Document):
    """When the parts of an upload that was never completed are removed."""

    days_after_initiation: Count | None = Field(default=None, examples=[7])
    """Days after the upload was begun."""


def by_storage_class(transition: Transition | NoncurrentVersionTransition) -> tuple[int, str]:
    """The order of transitions means nothing to S3; ours is the order of the waterfall."""
    return WATERFALL.index(transition.storage_class), transition.model_dump_json()


class Rule(Document):
    """One rule: which objects, and what happens to them when."""

    id: Text | None = Field(default=None, alias="ID", examples=["archive-raw-data"])
    """Its name, its own in the bucket, at most 255 characters. Left out, the rule is known by what it says: it keeps
    the id of the live rule that says the same, or gets one made of what it is about."""
    status: Literal["Enabled", "Disabled"] = "Enabled"
    """`Disabled` keeps the rule and stops its effect."""
    filter: Filter = Filter()
    """Which objects; left out: all of them."""
    expiration: Expiration | None = None
    """When current versions are deleted."""
    transitions: Annotated[tuple[Transition, ...], KeyedBy("storage_class", merges=False)] = ()
    """When current versions move to cheaper storage."""
    noncurrent_version_transitions: Annotated[
        tuple[NoncurrentVersionTransition, ...], KeyedBy("storage_class", merges=False)
    ] = ()
    """When old versions move to cheaper storage."""
    noncurrent_version_expiration: NoncurrentVersionExpiration | None = None
    """When old versions are deleted."""
    abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload | None = None
    """When unfinished uploads are removed."""

    @model_validator(mode="before")
    @classmethod
    def _a_prefix_of_the_rule_is_a_filter(cls, value: Any) -> Any:
        """Version 1 of the document has the prefix beside the filter's place.

        Where both are written and differ, what the rule is about is not known.
        """
        if isinstance(value, dict) and "Prefix" in value:
            value = dict(value)
            prefix = {"Prefix": value.pop("Prefix")}
            chosen = value.setdefault("Filter", prefix)
            if flat(prefix) and (not isinstance(chosen, dict) or flat(chosen) != flat(prefix)):
                raise ValueError("a rule has a prefix and a filter that says something else")
        return value

    @field_validator("transitions", "noncurrent_version_transitions")
    @classmethod
    def _order_means_nothing(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(sorted(value, key=by_storage_class)) if len(value) > 1 else value

    @field_validator("expiration")
    @classmethod
    def _an_empty_one_is_none(cls, value: Expiration | None) -> Expiration | None:
        return None if value == Expiration() else value

    @model_serializer(mode="wrap")
    def _without_empty_lists(self, plain: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        """S3 takes no empty element for "no transitions"."""
        written = plain(self)
        return {name: item for name, item in written.items() if item not in ((), [])}


EXAMPLE = {
    "id": "archive-raw-data",
    "filter": {"prefix": "raw/"},
    "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER"}],
    "expiration": {"days": 365},
}


class Lifecycle(Aspect, Document):
    """What S3 archives, expires and cleans up on its own."""

    api = S3Api(
        get="get_bucket_lifecycle_configuration",
        put="put_bucket_lifecycle_configuration",
        delete="delete_bucket_lifecycle",
        document="LifecycleConfiguration",
        absent=frozenset({"NoSuchLifecycleConfiguration"}),
        to_read=("s3:GetLifecycleConfiguration",),
        to_write=("s3:PutLifecycleConfiguration",),
        visible_within=180,  # terraform-provider-aws waits three minutes (bucket_lifecycle_configuration.go)
    )
    codes = CODES
    apply_after = ("versioning",)

    transition_default_minimum_object_size: Annotated[
        MinimumObjectSize | None, KeptFromLive("all_storage_classes_128K")
    ] = None
    """Objects smaller than 128 KB are not moved, whatever the class (the default), or as each class has it."""
    rules: Annotated[tuple[Rule, ...], KeyedBy("id"), Field(examples=[[EXAMPLE]])] = ()
    """The rules, by `id`. Rules that the spec does not have are removed."""

    @field_validator("rules")
    @classmethod
    def _order_means_nothing(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """A rule of a spec that has no name stays where it is written, so that it can be pointed at."""
        return in_order(value) if all(rule.id is not None for rule in value) else value

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """Ceph and older servers leave the minimum size out: the default is what AWS stores without it.

        AWS answers every rule with an id; a rule without one is named as a rule of a spec would be.
        """
        size = wire.get("TransitionDefaultMinimumObjectSize") or "all_storage_classes_128K"
        document = super().from_s3(wire | {"TransitionDefaultMinimumObjectSize": size})
        return document.model_copy(update={"rules": with_ids(document.rules)})

    @property
    def means_nothing(self) -> bool:
        """S3 has no configuration without rules."""
        return not self.rules

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What PutBucketLifecycleConfiguration answers with an error, and what only costs money."""
        yield from self.refused_rules
        yield from refusals_beside(around.siblings.get("versioning"))

    @cached_property
    def refused_rules(self) -> tuple[Refusal, ...]:
        """What is wrong with the rules, found out once: the buckets of a fleet share them."""
        return tuple(refusals_of_rules(self.rules))

    def target(self, live: Self | None, around: Surroundings) -> Self:
        """Rules without an id are the live ones that say the same."""
        target = super().target(live, around)
        if all(rule.id is not None for rule in self.rules):
            return target
        return target.model_copy(update={"rules": with_ids(self.rules, live.rules if live is not None else ())})

    def as_spec(self, around: Surroundings) -> Any:
        """Rules without what they would say anyway; midnights as dates."""
        said = self.model_dump(mode="json", by_alias=False, exclude_none=True, exclude_defaults=True)
        if self.transition_default_minimum_object_size == "all_storage_classes_128K":
            del said["transition_default_minimum_object_size"]
        for rule in said.get("rules", ()):
            for action in (rule.get("expiration", {}), *rule.get("transitions", ())):
                if "date" in action:
                    action["date"] = action["date"].removesuffix("T00:00:00Z")
        return said

    def item_words(self) -> dict[str, str]:
        """Each rule in a sentence."""
        return dict(self.words)

    @cached_property
    def words(self) -> dict[str, str]:
        """The same, found out once: the manifests of many buckets repeat it."""
        return {rule.id: in_words(rule) for rule in with_ids(self.rules) if rule.id is not None}

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """One PUT of all rules. The minimum size travels beside the document, not in it."""
        if after is None:
            return super().calls(before, after)
        wire = after.to_s3()
        params: Params = {
            "LifecycleConfiguration": {"Rules": wire["Rules"]},
            "TransitionDefaultMinimumObjectSize": wire["TransitionDefaultMinimumObjectSize"],
        }
        return (Call(cls.api.put, params),)

    @classmethod
    def from_calls(cls, calls: Sequence[Call]) -> Self | None:
        """The document and, beside it, the minimum size."""
        params = calls[-1].params
        if "LifecycleConfiguration" not in params:
            return None
        size = params["TransitionDefaultMinimumObjectSize"]
        return cls.from_s3({**params["LifecycleConfiguration"], "TransitionDefaultMinimumObjectSize": size})

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """Whatever deletes more, or sooner, loses data; moving and keeping more costs money."""
        return Risk.LOSES_DATA if any(cls.consequences(before, after)) else Risk.COSTS_MONEY

    @classmethod
    def consequences(cls, before: Self | None, after: Self | None) -> Iterator[str]:
        """What is deleted that was not, or sooner."""
        for loss in losses(before.rules if before else (), after.rules if after else ()):
            yield loss.sentence
