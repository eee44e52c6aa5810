"""Public access block: four switches that keep a bucket from being public.

A switch that a PUT leaves out becomes false (S3 API reference, PutPublicAccessBlock), so every PUT here
carries all four.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field

from reconciler.aspects.aspect import Aspect, Document, Refusal, Surroundings, inside
from reconciler.aspects.calls import Call, Effect, Risk, S3Api, Wire
from reconciler.aspects.markers import KeptFromLive
from reconciler.problems import Code
from reconciler.scalars import Flag

NO_SWITCH = Code(
    "RCL2301",
    "a public access block without a switch",
    "`public_access_block` owns four switches; a switch that is left out keeps its live value. With none of them "
    "written there is nothing to do: write at least one, or leave the aspect out.",
)

GATES = ("block_public_acls", "block_public_policy")
"""Switches that refuse new public settings. Off, they expose nothing by themselves."""
SHIELDS = ("ignore_public_acls", "restrict_public_buckets")
"""Switches that mask public settings which exist. Off, whatever is public shows."""


class PublicAccessBlock(Aspect, Document):
    """Four switches that keep a bucket from being public. Those left out keep their live value."""

    api = S3Api(
        get="get_public_access_block",
        put="put_public_access_block",
        delete="delete_public_access_block",
        document="PublicAccessBlockConfiguration",
        absent=frozenset({"NoSuchPublicAccessBlockConfiguration"}),
        to_read=("s3:GetBucketPublicAccessBlock",),
        to_write=("s3:PutBucketPublicAccessBlock",),
    )
    codes = (NO_SWITCH,)

    block_public_acls: Annotated[Flag | None, KeptFromLive(False), Field(examples=[True])] = None
    """Refuse ACLs that make the bucket or an object public."""
    ignore_public_acls: Annotated[Flag | None, KeptFromLive(False), Field(examples=[True])] = None
    """Act as if there were no public ACLs."""
    block_public_policy: Annotated[Flag | None, KeptFromLive(False), Field(examples=[True])] = None
    """Refuse a bucket policy that is public."""
    restrict_public_buckets: Annotated[Flag | None, KeptFromLive(False), Field(examples=[True])] = None
    """While the policy is public, let in only AWS services and the bucket's own account."""

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """S3 answers all four; what another server leaves out is off."""
        off = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False}
        document = inside(wire, "PublicAccessBlockConfiguration")
        return super().from_s3(off | {"RestrictPublicBuckets": False} | document)

    def to_s3(self) -> Wire:
        """All four switches under the name that GET and PUT share."""
        return {"PublicAccessBlockConfiguration": super().to_s3()}

    @property
    def means_nothing(self) -> bool:
        """Four switches that are off are no block at all."""
        return not (self.turned_on & {*GATES, *SHIELDS})

    @property
    def turned_on(self) -> set[str]:
        """The names of the switches that are on."""
        return {name for name in (*GATES, *SHIELDS) if getattr(self, name)}

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """An empty mapping could mean two things."""
        if all(getattr(self, name) is None for name in (*GATES, *SHIELDS)):
            yield Refusal(
                NO_SWITCH,
                (),
                "none of the four switches is written",
                "write `absent` to have no block, or leave the aspect out to leave the live one alone",
            )

    @classmethod
    def born(cls) -> Self | None:
        """All four on since April 2023."""
        return cls.model_validate(dict.fromkeys((*GATES, *SHIELDS), True))

    def risk_when_new(self) -> Risk:
        """A new bucket is closed; a switch that is off opens it."""
        return Risk.HARMLESS if len(self.turned_on) == len(GATES + SHIELDS) else Risk.WIDENS_ACCESS

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """Up to three PUTs: what tightens first, then the gates that open, the shields that drop last.

        A public policy can only be written once its gate is open, and must not be exposed by a shield that
        dropped before a stricter policy took its place.
        """
        on = before.turned_on if before else set()
        wanted = after.turned_on if after else set()
        steps = (
            (on | wanted, Effect.TIGHTEN),
            (wanted | (on & set(SHIELDS)), Effect.NEUTRAL),
            (wanted, Effect.LOOSEN),
        )
        calls: list[Call] = []
        for switches, effect in steps:
            if switches != on:
                calls.append(cls._put(switches, effect))
                on = switches
        if after is None and calls:
            calls[-1] = Call("delete_public_access_block", {}, calls[-1].effect)
        return tuple(calls)

    @classmethod
    def _put(cls, switches: set[str], effect: Effect) -> Call:
        document = cls.model_validate({name: name in switches for name in (*GATES, *SHIELDS)})
        return Call(cls.api.put, document.to_s3(), effect)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """A switch off may let the public in; a switch on may shut out those who came in by a public setting.

        A shield that drops shows what is public already. A gate that opens shows nothing by itself, but whoever may
        write a policy or an ACL may then let in everybody: that is no smaller step, and has the same risk.
        """
        had = before.turned_on if before else set()
        has = after.turned_on if after else set()
        if had - has:
            return Risk.WIDENS_ACCESS
        return Risk.CUTS_ACCESS if has - had else Risk.HARMLESS
