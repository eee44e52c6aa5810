"""Policy: who may do what with the bucket, in AWS's own words.

The document is the person's: what is PUT is what they wrote, minified. Whether it differs from the live
one is decided by meaning (`reconciler.policy_language`), and where both mean the same the live spelling stands.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import ConfigDict, JsonValue, RootModel, model_validator

from reconciler.aspects.aspect import Aspect, Obstacle, Refusal, Surroundings
from reconciler.aspects.calls import Call, Risk, S3Api, Wire
from reconciler.aspects.public_access_block import PublicAccessBlock
from reconciler.policy_language import access, difference, grammar
from reconciler.policy_language.canonical import canonical_policy
from reconciler.policy_language.exposure import MAY_BE_REFUSED, PUBLIC, public_statements
from reconciler.policy_language.principals import DELETED, DELETED_ONES, deleted_in
from reconciler.policy_language.values import STATEMENT_ELEMENTS, Statement, read, statements_of
from reconciler.policy_language.wrong import Home
from reconciler.scalars import as_written

EXAMPLE: dict[str, JsonValue] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:${partition}:s3:::${bucket}", "arn:${partition}:s3:::${bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


class Policy(Aspect, RootModel[dict[str, JsonValue]]):
    """The AWS policy document, in AWS's own words: inline, or `{file: policies/lake.json}`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    api = S3Api(
        get="get_bucket_policy",
        put="put_bucket_policy",
        delete="delete_bucket_policy",
        document=None,  # JSON, not XML
        absent=frozenset({"NoSuchBucketPolicy"}),
        to_read=("s3:GetBucketPolicy",),
        to_write=("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    )
    codes = (*grammar.CODES, PUBLIC, MAY_BE_REFUSED)
    apply_after = ("public_access_block", "ownership_controls")
    from_file = frozenset({()})
    names_its_bucket = True
    identities = {("Statement",): "Sid"}

    @model_validator(mode="before")
    @classmethod
    def _numbers_as_written(cls, value: Any) -> Any:
        return numbers_as_written(value)

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """The text of the policy as data, its numbers as written. Raises ValueError where it is something else."""
        text = wire.get("Policy") or "null"
        if not isinstance(text, str):
            raise ValueError("the policy is not text")  # noqa: TRY004 - as for every other answer that is none
        try:
            policy = cls.model_validate(read(text))
        except RecursionError as error:
            raise ValueError("the policy nests too deeply") from error
        policy.to_s3()["Policy"].encode()  # half a character, \ud800, is JSON and cannot be written anywhere
        return policy

    @cached_property
    def text(self) -> str:
        """The policy as text, minified, in the order in which it was written; found out once, for many ask for it."""
        return grammar.minified(self.root)

    def to_s3(self) -> Wire:
        """The policy as text."""
        return {"Policy": self.text}

    def meaning(self) -> Any:
        """The canonical policy: equal for every spelling of one meaning."""
        return canonical_policy(self.root)

    def __eq__(self, other: object) -> bool:
        """The same words mean the same: most live policies are just what was put, and nothing has to be looked at."""
        if isinstance(other, Policy) and self.text == other.text:
            return True
        return super().__eq__(other)

    __hash__ = Aspect.__hash__

    @property
    def means_nothing(self) -> bool:
        """AWS has no policy without statements; other servers may answer one."""
        return not self.root

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What PutBucketPolicy answers with MalformedPolicy, as far as the text and the bucket tell."""
        allowed = frozenset(name.lower() for name in around.allow_unknown_actions)
        partition = None if "region" in around.stand_ins else around.partition
        wrongs = [*grammar.wrong_with_policy(self.root, self.text, Home(around.bucket, partition, allowed))]
        yield from (Refusal(*wrong) for wrong in wrongs)
        if not wrongs:
            yield from self._refused_as_public(around)

    def _refused_as_public(self, around: Surroundings) -> Iterator[Refusal]:
        """A public policy, where the same spec has S3 refuse them, or leaves open whether it does."""
        block = around.siblings.get("public_access_block")
        # what is neither left out nor a block is the word that there is to be none
        blocks = None if block is None else isinstance(block, PublicAccessBlock) and block.block_public_policy
        if blocks is False:
            return
        for path in public_statements(self.root):
            if blocks:
                said = "this lets in everybody, and `block_public_policy: true` has S3 refuse such a policy"
                yield Refusal(PUBLIC, path, said, "name the principals, or write `block_public_policy: false`")
            else:
                said = "this lets in everybody: S3 refuses it while block_public_policy is on, as in every new bucket"
                yield Refusal(MAY_BE_REFUSED, path, said, "if it is meant, write `block_public_policy: false`")

    def obstacles_when_new(self, around: Surroundings) -> Iterator[Obstacle]:
        """AWS has every new bucket refuse public policies: this one would be written last, and fail."""
        refusal = next(self._refused_as_public(around), None)
        if refusal is not None:
            yield Obstacle("a new bucket blocks public policies, and this one lets in everybody", refusal.help or "")

    def remarks(self) -> Iterator[Refusal]:
        """Principals that were deleted: the live policy is never what a spec says, which cannot name them."""
        for path, unique_id in deleted_in(self.root):
            what = DELETED_ONES[unique_id[:4]]
            yield Refusal(
                DELETED,
                path,
                f"the principal {unique_id} was deleted: a new {what} of the same name does not bring the permission "
                "back, the policy must be put again",
                f"apply puts the policy of the spec; if the {what} is gone for good, take it out of the spec",
            )

    def as_spec(self, around: Surroundings) -> Any:
        """The live policy, its statements as a list and their elements in the order in which they are read."""
        gone = sorted({unique_id for _, unique_id in deleted_in(self.root)})
        if gone:
            raise ValueError(f"the policy names {', '.join(gone)}, which AWS shows for principals that were deleted")
        written = {name: value for name, value in self.root.items() if value is not None}
        return written | {"Statement": [in_reading_order(statement) for statement in statements_of(self.root)]}

    def said_beside(self) -> Mapping[str, Any]:
        """The bucket vouches for what is live and newer than the table of S3's actions."""
        newer = grammar.newer_names(self.root)
        return {"allow_unknown_actions": newer} if newer else {}

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """ConfirmRemoveSelfBucketAccess is always false: on Ceph, true locks out even the root user."""
        if after is None:
            return super().calls(before, after)
        return (Call(cls.api.put, after.to_s3() | {"ConfirmRemoveSelfBucketAccess": False}),)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """A new Allow or a lost Deny widens access, and so may another Version, which reads variables another way.

        Whoever loses an Allow, or meets a new Deny, is cut off. A statement that is only called otherwise is neither.
        """
        if (
            before
            and after
            and access.reads_variables_differently(canonical_policy(before.root), canonical_policy(after.root))
        ):
            return Risk.WIDENS_ACCESS
        old, new = statements(before), statements(after)
        widened = any(not access.covered(grant, old) for grant in new if grant.get("Effect") == "Allow")
        unguarded = any(not access.covered(guard, new) for guard in old if guard.get("Effect") == "Deny")
        if widened or unguarded:
            return Risk.WIDENS_ACCESS
        refused = any(not access.covered(grant, new) for grant in old if grant.get("Effect") == "Allow")
        guarded = any(not access.covered(guard, old) for guard in new if guard.get("Effect") == "Deny")
        return Risk.CUTS_ACCESS if refused or guarded else Risk.HARMLESS

    def risk_when_new(self) -> Risk:
        """A bucket that is born public, by AWS's definition, is worth a second look, even if nothing is in it yet."""
        return Risk.WIDENS_ACCESS if any(public_statements(self.root)) else Risk.HARMLESS

    def picture(self) -> Any:
        """Statements by Sid."""
        return self.pictures(None, self)[1]

    @classmethod
    def pictures(cls, before: Self | None, after: Self | None) -> tuple[Any, Any]:
        """Statements paired by Sid, else by likeness."""
        return difference.pictures(before.root if before else None, after.root if after else None)


def numbers_as_written(value: Any) -> Any:
    """Account ids keep their leading zeros; AWS takes a number in quotes for the number."""
    if isinstance(value, Mapping):
        return {name: numbers_as_written(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [numbers_as_written(item) for item in value]
    return as_written(value)


def statements(policy: Policy | None) -> list[Statement]:
    """The canonical statements of a policy."""
    canonical = canonical_policy(policy.root)["Statement"] if policy else []
    return [statement for statement in canonical if isinstance(statement, dict)]


def in_reading_order(statement: Any) -> Any:
    """A statement without the elements that say nothing."""
    if not isinstance(statement, Mapping):
        return statement
    names = (*(name for name in STATEMENT_ELEMENTS if name in statement), *statement)
    return {name: statement[name] for name in names if statement[name] not in (None, "", {})}
