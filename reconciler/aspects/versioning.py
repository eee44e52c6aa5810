"""Versioning: whether S3 keeps what was overwritten or deleted.

A bucket is never-versioned, ``Enabled`` or ``Suspended``. From never-versioned there is a way to the other
two and no way back (S3 User Guide, "How S3 Versioning works").
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from reconciler.aspects.aspect import Aspect, Document, Obstacle, Refusal, Surroundings
from reconciler.aspects.calls import Call, Effect, Risk, S3Api, Wire
from reconciler.aspects.markers import KeptFromLive
from reconciler.problems import Code, Severity

NO_WAY_BACK = Code(
    "RCL2101",
    "versioning cannot be absent",
    "Once versioning was Enabled or Suspended, S3 has no way back to a never-versioned bucket: it has no call for it, "
    "and answers MalformedXML to `Disabled`. `Suspended` stops new versions and keeps the old ones; leave the line out "
    "to leave versioning alone.",
)
STATUS_MISSING = Code(
    "RCL2102",
    "versioning without a status",
    "`versioning` says `Enabled` or `Suspended`. S3 answers IllegalVersioningConfigurationException to neither.",
)

MFA_DELETE = Code(
    "RCL2103",
    "MFA delete is on",
    "Whoever changes the versioning of this bucket, or deletes a version for good, needs the root user's MFA code. S3 "
    "keeps no lifecycle on such a bucket. This tool reads the setting and never changes it.",
    Severity.WARNING,
)


class Versioning(Aspect, Document):
    """Whether S3 keeps what was overwritten or deleted: `Enabled` or `Suspended`."""

    api = S3Api(
        get="get_bucket_versioning",
        put="put_bucket_versioning",
        delete=None,
        document="VersioningConfiguration",
        absent=frozenset(),  # never-versioned is an empty 200, not an error
        to_read=("s3:GetBucketVersioning",),
        to_write=("s3:PutBucketVersioning",),
        wraps="VersioningConfiguration",
    )
    codes = (NO_WAY_BACK, STATUS_MISSING, MFA_DELETE)

    status: Literal["Enabled", "Suspended"] | None = Field(default=None, examples=["Enabled"])
    """`Enabled` keeps every version; `Suspended` keeps the old ones and adds no more."""
    mfa_delete: Annotated[Literal["Enabled", "Disabled"] | None, KeptFromLive("Disabled"), Field(alias="MFADelete")] = (
        None
    )
    """Read and compared. Only the root user with an MFA device can change it, so this tool never does."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_one_word(cls, value: Any) -> Any:
        return {"status": value} if isinstance(value, str) else value

    @field_validator("status", mode="before")
    @classmethod
    def _disabled_is_not_a_status(cls, value: Any) -> Any:
        """Terraform's word for a bucket that never had versions. S3 has none: nearest by letters would be `Enabled`."""
        if isinstance(value, str) and value.lower() == "disabled":
            raise PydanticCustomError(
                "RCL1104",
                "S3 has no `Disabled`: a bucket never had versions, or they are Enabled or Suspended",
                {"help": "write `Suspended` to stop new versions, or leave the line out"},
            )
        return value

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """S3 leaves MFADelete out where it was never set; Ceph answers Disabled."""
        return super().from_s3({"MFADelete": "Disabled"} | wire)

    @property
    def means_nothing(self) -> bool:
        """Never-versioned."""
        return self.status is None and self.mfa_delete != "Enabled"

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """A mapping without a status says nothing that S3 could do."""
        if self.status is None:
            yield Refusal(STATUS_MISSING, (), "this says neither `Enabled` nor `Suspended`")

    def as_spec(self, around: Surroundings) -> Any:
        """One word. MFA delete is not said: it stays as it is."""
        return self.status

    def picture(self) -> Any:
        """MFA delete is shown where it is on."""
        shown = super().picture()
        return {name: value for name, value in shown.items() if (name, value) != ("mfa_delete", "Disabled")}

    def remarks(self) -> Iterator[Refusal]:
        """MFA delete is worth knowing: it is what a change of versioning would fail on."""
        if self.mfa_delete == "Enabled":
            yield Refusal(MFA_DELETE, ("mfa_delete",), "MFA delete is Enabled on the live bucket")

    @classmethod
    def refusals_of_absence(cls) -> Iterator[Refusal]:
        """S3 cannot make a bucket never-versioned."""
        yield Refusal(
            NO_WAY_BACK,
            (),
            "S3 cannot take versioning away from a bucket",
            "write `Suspended` to stop new versions, or leave the line out to leave it alone",
        )

    @classmethod
    def nearest_to_absence(cls) -> str:
        """No new versions. Those that are there stay."""
        return "Suspended"

    @classmethod
    def obstacles(cls, before: Self | None, after: Self | None) -> Iterator[Obstacle]:
        """Both MFA delete and, where it is on, the status need the root user's MFA code (UsingMFADelete)."""
        if after is None:
            for refusal in cls.refusals_of_absence():
                yield Obstacle(refusal.message, refusal.help or "")
            return
        had = before.mfa_delete if before else "Disabled"
        wanted = after.mfa_delete
        if had != wanted:
            yield Obstacle(
                f"MFA delete is {had} and the spec says {wanted}; only the root user with an MFA device can change it",
                "change it as the root user with `aws s3api put-bucket-versioning --mfa`, or take mfa_delete out "
                "of the spec",
            )
        elif had == "Enabled":
            yield Obstacle(
                "MFA delete is Enabled, so S3 wants the root user's MFA code for every change of versioning",
                "change it as the root user with `aws s3api put-bucket-versioning --mfa`",
            )

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """One PUT of the status alone: a PUT that carries MFADelete is refused without an MFA code.

        Versions are kept before any rule changes, and given up last: whatever a lifecycle deletes meanwhile, of the old
        rules or the new ones, is no more than it would have deleted before or will afterwards.
        """
        assert after is not None, "versioning cannot be absent"
        effect = Effect.TIGHTEN if after.status == "Enabled" else Effect.LOOSEN
        return (Call(cls.api.put, {"VersioningConfiguration": {"Status": after.status}}, effect),)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """Suspended: what is overwritten from now on is gone. Enabled: every old version is stored and billed.

        A bucket that never had versions has none to lose.
        """
        if after is not None and after.status == "Enabled":
            return Risk.COSTS_MONEY
        return Risk.LOSES_PROTECTION if before is not None and before.status == "Enabled" else Risk.HARMLESS

    @classmethod
    def consequences(cls, before: Self | None, after: Self | None) -> Iterator[str]:
        """Suspended: new versions replace the null version, which is gone (S3 User Guide, "Adding objects to
        versioning-suspended buckets")."""
        if suspends(before, after):
            yield "objects that are overwritten or deleted from now on cannot be got back; old versions stay"


def suspends(before: Versioning | None, after: Versioning | None) -> bool:
    """Whether versions were kept, and no more of them will be."""
    kept, keeps = (document is not None and document.status == "Enabled" for document in (before, after))
    return kept and not keeps
