"""Encryption: how S3 encrypts what is written without saying how.

Since January 2023 every bucket on AWS has at least AES256, and DELETE brings that back (S3 User Guide,
"Default encryption FAQ"). Ceph and older servers really have none.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from reconciler.aspects.aspect import Aspect, Document, Refusal, Surroundings
from reconciler.aspects.calls import Call, Effect, Risk, S3Api, Wire
from reconciler.aspects.markers import KeptFromLive
from reconciler.problems import Code, Severity
from reconciler.scalars import Flag, Text
from reconciler.xml_text import unwritable

AWS_MANAGED = "alias/aws/s3"
"""The alias of the key that S3 uses where nobody names one."""
Algorithm = Literal["AES256", "aws:kms", "aws:kms:dsse"]
STRENGTH: dict[Algorithm, int] = {"AES256": 0, "aws:kms": 1, "aws:kms:dsse": 2}

KEY_WITHOUT_KMS = Code(
    "RCL2201",
    "a KMS key with AES256",
    "AES256 encrypts with keys that S3 holds; a KMS key has no place in it. S3 answers InvalidArgument. "
    "Say `aws:kms` to use the key, or take the key out.",
)
ALGORITHM_MISSING = Code(
    "RCL2202",
    "encryption without an algorithm",
    "`encryption` needs `sse_algorithm`: AES256, aws:kms or aws:kms:dsse. S3 answers MalformedXML to none.",
)
NO_BUCKET_KEY = Code(
    "RCL2203",
    "a bucket key with aws:kms:dsse",
    "S3 Bucket Keys are not supported for two layers of encryption: every object costs its own KMS requests (S3 User "
    "Guide, UsingDSSEncryption). What S3 answers to the switch is not documented; at best it does nothing.",
    Severity.WARNING,
)
NO_SUCH_KEY = Code(
    "RCL2204",
    "a KMS key that S3 will not find",
    "PutBucketEncryption does not look at the key (API reference, PutBucketEncryption): the bucket takes the setting, "
    "and then every write fails, with KMS.NotFoundException. A key is named by its id, by `alias/name`, or by the ARN "
    "of one of them, and lies in the region of the bucket (S3 User Guide, UsingKMSEncryption).",
    Severity.WARNING,
)
NOT_XML = Code(
    "RCL2205",
    "a KMS key that S3 cannot be told",
    "The configuration is an XML document, and XML 1.0 cannot hold most control characters: S3 answers MalformedXML.",
)
KEY_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32}"
KEY = re.compile(rf"(?:arn:[^:]+:kms:(?P<region>[^:]+):\d{{12}}:(?:key/(?:{KEY_ID})|alias/.+)|alias/.+|{KEY_ID})\Z")
"""A key id (of one region or of several), an alias, or the ARN of one (KMS Developer Guide, concepts, key-id)."""


class _ByDefault(Document):
    sse_algorithm: Algorithm = Field(alias="SSEAlgorithm")
    kms_master_key_id: str | None = Field(default=None, alias="KMSMasterKeyID")


class _Blocked(Document):
    encryption_type: tuple[Literal["NONE", "SSE-C"], ...] = ()


class _Rule(Document):
    apply_server_side_encryption_by_default: _ByDefault
    bucket_key_enabled: bool = False
    blocked_encryption_types: _Blocked = _Blocked()


class _Configuration(Document):
    rules: tuple[_Rule] = Field()
    """Exactly one: S3 answers MalformedXML to none and to two."""


class Encryption(Aspect, Document):
    """How S3 encrypts what is written without saying how."""

    api = S3Api(
        get="get_bucket_encryption",
        put="put_bucket_encryption",
        delete="delete_bucket_encryption",
        document="ServerSideEncryptionConfiguration",
        absent=frozenset({"ServerSideEncryptionConfigurationNotFoundError"}),
        to_read=("s3:GetEncryptionConfiguration",),
        to_write=("s3:PutEncryptionConfiguration",),
    )
    codes = (KEY_WITHOUT_KMS, ALGORITHM_MISSING, NO_BUCKET_KEY, NO_SUCH_KEY, NOT_XML)
    apply_after = ("policy",)

    sse_algorithm: Algorithm | None = Field(default=None, examples=["aws:kms"])
    """`AES256` (keys held by S3), `aws:kms`, or `aws:kms:dsse` (two layers)."""
    kms_master_key_id: Text | None = Field(
        default=None,
        examples=["arn:aws:kms:${region}:${account_id}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    """Key ARN, key id or alias; left out with `aws:kms`, S3 uses `aws/s3`. An ARN is safest: an alias means the
    key of whoever writes the object."""
    bucket_key_enabled: Annotated[Flag | None, KeptFromLive(False), Field(examples=[True])] = None
    """One data key per bucket and hour instead of one per object: far fewer KMS requests."""
    blocked_encryption_types: Annotated[
        tuple[Literal["NONE", "SSE-C"], ...] | None, KeptFromLive(), Field(examples=[["SSE-C"]])
    ] = None
    """Encryption that writers may not choose. New buckets block SSE-C since April 2026; `[NONE]` blocks nothing."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_one_word(cls, value: Any) -> Any:
        return {"sse_algorithm": value} if isinstance(value, str) else value

    @field_validator("kms_master_key_id")
    @classmethod
    def _aws_managed_key_is_no_key(cls, value: str | None) -> str | None:
        return None if (value or "").rpartition(":")[2] == AWS_MANAGED else value

    @field_validator("blocked_encryption_types")
    @classmethod
    def _none_blocks_nothing(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if value is None else tuple(sorted(set(value) - {"NONE"}))

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """Flatten S3's three levels; what S3 leaves out has S3's default."""
        rule = _Configuration.model_validate(
            wire.get("ServerSideEncryptionConfiguration"), by_alias=True, by_name=False
        ).rules[0]
        default = rule.apply_server_side_encryption_by_default
        return cls(
            sse_algorithm=default.sse_algorithm,
            kms_master_key_id=default.kms_master_key_id,
            bucket_key_enabled=rule.bucket_key_enabled,
            blocked_encryption_types=rule.blocked_encryption_types.encryption_type,
        )

    def to_s3(self) -> Wire:
        """S3's three levels; a switch that is off and an empty list are left out, as S3 understands them."""
        default: Wire = {"SSEAlgorithm": self.sse_algorithm}
        if self.kms_master_key_id is not None:
            default["KMSMasterKeyID"] = self.kms_master_key_id
        rule: Wire = {"ApplyServerSideEncryptionByDefault": default}
        if self.bucket_key_enabled:
            rule["BucketKeyEnabled"] = True
        if self.blocked_encryption_types:
            rule["BlockedEncryptionTypes"] = {"EncryptionType": list(self.blocked_encryption_types)}
        return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What PutBucketEncryption answers with an error."""
        if self.sse_algorithm is None:
            yield Refusal(ALGORITHM_MISSING, (), "`sse_algorithm` is missing", "write `sse_algorithm: AES256`")
        if self.sse_algorithm == "AES256" and self.kms_master_key_id is not None:
            yield Refusal(
                KEY_WITHOUT_KMS,
                ("kms_master_key_id",),
                "a KMS key makes no sense with AES256",
                "write `sse_algorithm: aws:kms`, or take the key out",
            )
        if self.sse_algorithm == "aws:kms:dsse" and self.bucket_key_enabled:
            yield Refusal(NO_BUCKET_KEY, ("bucket_key_enabled",), "there are no bucket keys with aws:kms:dsse")
        for code, wrong in wrong_with_key(self.kms_master_key_id, around):
            yield Refusal(code, ("kms_master_key_id",), wrong)

    def as_spec(self, around: Surroundings) -> Any:
        """The algorithm alone where nothing else is said."""
        said: dict[str, Any] = super().as_spec(around)
        for name in ("bucket_key_enabled", "blocked_encryption_types"):
            if not said.get(name):
                said.pop(name, None)
        return said["sse_algorithm"] if said.keys() == {"sse_algorithm"} else said

    def aliases(self, live: Self | None) -> tuple[str, ...]:
        """An alias stands for a key that only KMS knows. No key at all stands for AWS's own, which has an alias."""
        keys = keys_of(self, live)
        return () if keys is None or same_key(*keys) else tuple(key for key in keys if "alias/" in key)

    def target(self, live: Self | None, around: Surroundings) -> Self:
        """The live spelling of the key stands when it names the same key."""
        target = super().target(live, around)
        keys = keys_of(target, live)
        if live is not None and keys is not None and same_key(*(around.keys.get(key, key) for key in keys)):
            return target.model_copy(update={"kms_master_key_id": live.kms_master_key_id})
        return target

    @classmethod
    def target_of_absence(cls, live: Self | None, around: Surroundings) -> Self | None:
        """AWS has no bucket without encryption: AES256 is what DELETE leaves, and so as good as none."""
        return live if live is not None and live.sse_algorithm == "AES256" else None

    @classmethod
    def born(cls) -> Self | None:
        """AES256 since January 2023."""
        return cls(sse_algorithm="AES256", bucket_key_enabled=False)

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """One PUT. What is stronger comes before any other change, and what is weaker after the policy's.

        What is written in between is else readable to whom neither the old bucket nor the new one lets read it: nobody
        reads with KMS who is not known to AWS, whatever a public policy says. What is stronger and blocks less is
        written in two steps for the same reason.

        Taking a block off needs the word NONE: leaving the list out would keep the block. So does a new bucket, which
        AWS gives a block that nobody asked for.
        """
        if after is None:
            return super().calls(before, after)
        tighter = strength(after) > strength(before)
        blocked = before.blocked_encryption_types if before else None
        unblocks = after.blocked_encryption_types == () and (before is None or bool(blocked))
        put = cls._put(after, unblocks=unblocks, effect=Effect.TIGHTEN if tighter else Effect.NEUTRAL)
        kept = {*(blocked or ()), *(after.blocked_encryption_types or ())}
        if not tighter or kept == {*(after.blocked_encryption_types or ())}:
            return (put,)
        still_blocked = after.model_copy(update={"blocked_encryption_types": tuple(sorted(kept))})
        return cls._put(still_blocked, unblocks=False, effect=Effect.TIGHTEN), replace(put, effect=Effect.NEUTRAL)

    @classmethod
    def _put(cls, document: Self, *, unblocks: bool, effect: Effect) -> Call:
        wire = document.to_s3()
        if unblocks:
            [rule] = wire["ServerSideEncryptionConfiguration"]["Rules"]
            rule["BlockedEncryptionTypes"] = {"EncryptionType": ["NONE"]}
        return Call(cls.api.put, wire, effect)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """Weaker encryption loses protection, and so does a writer's own key that is no longer refused.

        So does AWS's key in the place of a customer's: no key policy keeps anybody of the account out.

        KMS where there was none, or another key, cuts off readers who may not use it; a new block, who wrote with a key
        of their own. Two layers cost more than one, and single data keys more than a bucket key.
        """
        old, new = (before or cls(sse_algorithm="AES256")), (after or cls(sse_algorithm="AES256"))
        blocked, blocks = {*(old.blocked_encryption_types or ())}, {*(new.blocked_encryption_types or ())}
        unguarded = is_customers(old.kms_master_key_id) and not is_customers(new.kms_master_key_id)
        if strength(new) < strength(old) or blocked - blocks or unguarded:
            return Risk.LOSES_PROTECTION
        by_kms_now = strength(old) == 0 < strength(new)
        if by_kms_now or old.kms_master_key_id != new.kms_master_key_id or blocks - blocked:
            return Risk.CUTS_ACCESS
        dearer = strength(new) > strength(old) or (
            strength(new) > 0 and old.bucket_key_enabled and not new.bucket_key_enabled
        )
        return Risk.COSTS_MONEY if dearer else Risk.HARMLESS


def is_customers(key: str | None) -> bool:
    """Whether a KMS key has a key policy of a customer's: AWS's own, `aws/s3`, lets in everybody of the account."""
    return key is not None and not key.endswith("alias/aws/s3")


def strength(document: Encryption | None) -> int:
    """How strong an encryption is; none at all is as good as AES256."""
    return STRENGTH[document.sse_algorithm or "AES256"] if document else 0


def wrong_with_key(key: str | None, around: Surroundings) -> Iterator[tuple[Code, str]]:
    """What S3, or whoever writes an object later, has against the name of a key."""
    unfit = unwritable(key or "")
    if unfit:
        yield NOT_XML, unfit
    elif key is not None:
        found = KEY.match(key)
        if found is None:
            yield NO_SUCH_KEY, f"`{key}` is neither a key id, an alias (`alias/name`) nor the ARN of one"
        elif found["region"] not in (None, around.region) and "region" not in around.stand_ins:
            yield NO_SUCH_KEY, f"this key is in {found['region']} and the bucket in {around.region}"


def keys_of(wanted: Encryption, live: Encryption | None) -> tuple[str, str] | None:
    """The keys of both, where both have one; where nobody names it, it is AWS's own."""
    if live is None or "AES256" in (wanted.sse_algorithm, live.sse_algorithm):
        return None
    return wanted.kms_master_key_id or AWS_MANAGED, live.kms_master_key_id or AWS_MANAGED


def same_key(one: str | None, other: str | None) -> bool:
    """Whether two spellings name one KMS key: an id, or an ARN that ends in it, in the bucket's own account."""
    if one is None or other is None:
        return one is other
    return one == other or one.endswith(f":key/{other}") or other.endswith(f":key/{one}")
