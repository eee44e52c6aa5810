"""Ownership controls: who owns what others upload, and whether ACLs count at all.

New buckets have ``BucketOwnerEnforced`` since April 2023: ACLs are off and the policy alone decides.
"""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from reconciler.aspects.aspect import Aspect, Document, Refusal, Surroundings
from reconciler.aspects.calls import Call, Effect, Params, Risk, S3Api, Wire
from reconciler.problems import Code

Ownership = Literal["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]

NOT_SAID = Code(
    "RCL2801",
    "ownership controls without an ownership",
    "`ownership_controls` says BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter; S3 answers MalformedXML to "
    "anything else.",
)


class _Rule(Document):
    object_ownership: Ownership


class _Rules(Document):
    rules: tuple[_Rule] = Field()
    """Exactly one."""


class OwnershipControls(Aspect, Document):
    """Who owns what others upload: `BucketOwnerEnforced` (ACLs off), `BucketOwnerPreferred` or `ObjectWriter`."""

    api = S3Api(
        get="get_bucket_ownership_controls",
        put="put_bucket_ownership_controls",
        delete="delete_bucket_ownership_controls",
        document="OwnershipControls",
        absent=frozenset({"OwnershipControlsNotFoundError"}),
        to_read=("s3:GetBucketOwnershipControls",),
        to_write=("s3:PutBucketOwnershipControls",),
    )
    codes = (NOT_SAID,)

    object_ownership: Ownership | None = Field(default=None, examples=["BucketOwnerEnforced"])
    """`BucketOwnerEnforced`: the bucket's owner owns everything and ACLs are off."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_one_word(cls, value: Any) -> Any:
        return {"object_ownership": value} if isinstance(value, str) else value

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """The one rule that there is."""
        rules = _Rules.model_validate(wire.get("OwnershipControls"), by_alias=True, by_name=False)
        return cls(object_ownership=rules.rules[0].object_ownership)

    def to_s3(self) -> Wire:
        """A list of one rule."""
        return {"OwnershipControls": {"Rules": [{"ObjectOwnership": self.object_ownership}]}}

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """A mapping that says nothing."""
        if self.object_ownership is None:
            yield Refusal(NOT_SAID, (), "this says no ownership", "write `BucketOwnerEnforced`")

    def as_spec(self, around: Surroundings) -> Any:
        """One word."""
        return self.object_ownership

    def create_params(self) -> Params:
        """Travels in the create call: some organisations refuse buckets that do not say it."""
        return {"ObjectOwnership": self.object_ownership}

    @classmethod
    def born(cls) -> Self | None:
        """BucketOwnerEnforced since April 2023."""
        return cls(object_ownership="BucketOwnerEnforced")

    def risk_when_new(self) -> Risk:
        """A new bucket has no ACLs; with them on, an ACL may let others in."""
        return Risk.HARMLESS if self.object_ownership == "BucketOwnerEnforced" else Risk.WIDENS_ACCESS

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """ACLs off tightens; ACLs on again loosens."""
        enforced = after is not None and after.object_ownership == "BucketOwnerEnforced"
        effect = Effect.TIGHTEN if enforced else Effect.LOOSEN
        return tuple(Call(call.operation, call.params, effect) for call in super().calls(before, after))

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """ACLs off cuts off whom an ACL let in; ACLs on lets them in again. Who owns uploads changes neither.

        A bucket without ownership controls is older than they are: its ACLs count (S3 User Guide,
        about-object-ownership).
        """
        had_acls, has_acls = (
            side is None or side.object_ownership != "BucketOwnerEnforced" for side in (before, after)
        )
        if had_acls == has_acls:
            return Risk.HARMLESS
        return Risk.WIDENS_ACCESS if has_acls else Risk.CUTS_ACCESS
