"""BucketSpec: what people write about one bucket. Its fields are the registry of aspects.

A field of type `Managed[SomeAspect]` is all it takes for that aspect to be read, compared, shown, applied
and documented.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property
from itertools import islice
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from reconciler.aspects.aspect import Aspect, Refusal, Surroundings
from reconciler.aspects.encryption import Encryption
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.managed import Absent, Managed, ManagedAspect
from reconciler.aspects.manifest import Manifest
from reconciler.aspects.markers import ShownWith, marker_of
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.policy import EXAMPLE as POLICY_EXAMPLE
from reconciler.aspects.policy import Policy
from reconciler.aspects.public_access_block import GATES, SHIELDS, PublicAccessBlock
from reconciler.aspects.tags import MOST as MOST_TAGS
from reconciler.aspects.tags import Tags, is_ignored
from reconciler.aspects.variables import fill, variables_in
from reconciler.aspects.versioning import Versioning
from reconciler.governance import CODES as GOVERNANCE_CODES
from reconciler.governance import Purpose, Waiver
from reconciler.names import REGION, namespace_of, wrong_with_name, wrong_with_old_name
from reconciler.policy_language import keeping
from reconciler.policy_language.actions import is_exact
from reconciler.problems import Code
from reconciler.scalars import Count, Flag, Text

BAD_NAME = Code(
    "RCL2001",
    "a name that S3 refuses",
    "3 to 63 characters; lower-case letters, digits, dots and hyphens; a letter or digit at both ends; no two dots in "
    "a row, no dot beside a hyphen; not an IP address; none of the prefixes and suffixes that AWS keeps for itself. "
    "S3 answers InvalidBucketName (S3 User Guide, bucketnamingrules). A bucket that is older than one of these rules "
    "says `legacy_name: true`.",
)
BAD_REGION = Code(
    "RCL2002",
    "a region that cannot be one",
    "A region looks like `us-east-1`. S3 answers InvalidLocationConstraint to one that does not exist.",
)
BAD_ACCOUNT = Code(
    "RCL2003",
    "an account id that cannot be one",
    "An AWS account id has 12 digits. Put it in quotes: YAML reads leading zeros in its own way. S3 answers "
    "InvalidBucketOwnerAWSAccountID.",
)
OURS_AND_THEIRS = Code(
    "RCL2004",
    "a tag that is ours and somebody else's",
    "`ignore_tags` names tags that others own: they are neither shown nor touched. The same tag cannot be declared "
    "under `tags` as well.",
)
OF_SOMEBODY_ELSE = Code(
    "RCL2005",
    "a name in the namespace of another account or region",
    "A name of the form <prefix>-<account id>-<region>-an belongs to that account in that region, and no other can "
    "create it (S3 User Guide, gpbucketnamespaces). S3 answers InvalidBucketName. `account:` and `region:` say the "
    "same, or are left out.",
)
NOT_ONE_ACTION = Code(
    "RCL2006",
    "an entry that is not the name of one action",
    "`allow_unknown_actions` names single actions and condition keys of S3, as `s3:GetBucketShiny`, that are newer "
    "than this version's table: no wildcards, and nothing of other services. To a policy with one that S3 does not "
    "have either, it answers MalformedPolicy (Policy has invalid action).",
)
NOT_CONFIRMED = Code(
    "RCL2011",
    "a deletion that nobody has confirmed",
    "`state: absent` deletes the bucket. The bucket's own name stands beside it once more, as `confirm_delete: NAME`, "
    "typed out and without variables: a copied line or a changed variable never deletes another bucket.",
)
NOT_DELETED = Code(
    "RCL2012",
    "how to delete a bucket that is to stay",
    "`confirm_delete`, `empty_first`, `max_objects` and `tombstone` say how a bucket goes. They stand beside "
    "`state: absent`; in a bucket that stays they would wait for somebody to change one word.",
)
EMPTIED_WITHOUT_END = Code(
    "RCL2013",
    "an emptying without a stated maximum",
    "A bucket is only emptied when the spec says how much at the most: `empty_first: true` and `max_objects: N`, "
    "together. Objects, old versions, delete markers and unfinished uploads count, each as one; the tool's own "
    "manifest does not.",
)
CODES = (
    BAD_NAME,
    BAD_REGION,
    BAD_ACCOUNT,
    OURS_AND_THEIRS,
    OF_SOMEBODY_ELSE,
    NOT_ONE_ACTION,
    NOT_CONFIRMED,
    NOT_DELETED,
    EMPTIED_WITHOUT_END,
    *keeping.CODES,
    *GOVERNANCE_CODES,
)

ACCOUNT = re.compile(r"\d{12}\Z")
LONGEST_NAME = 255
"""Characters. No bucket, region or account was ever called by more."""
OF_DELETION = ("confirm_delete", "empty_first", "max_objects", "tombstone")
"""Fields that say how a bucket goes."""
GONE = {"state": "absent", "confirm_delete": "acme-prod-data-lake-us-east-1"}
"""What has to stand beside the fields that say how a bucket goes, in their examples."""
KEEP_EMPTY = {
    "Sid": "KeepThisBucketEmpty",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateDelete"],
    "Resource": "arn:${partition}:s3:::${bucket}/*",
}
"""What a tombstone's policy says. Copies and multipart uploads are s3:PutObject as well. It says nothing of the policy
itself, so it locks nobody out."""
PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}
"""The partitions beside ``aws``, by what their regions' names begin with (botocore's partitions.json)."""


NO_VARIABLES: Mapping[str, frozenset[str]] = {}
"""Of most specs, once they are filled in."""


class BucketSpec(BaseModel):
    """One bucket as its spec describes it. An aspect that is left out is neither read nor touched."""

    model_config = ConfigDict(frozen=True, extra="forbid", loc_by_alias=False)

    name: Annotated[Text, Field(examples=["acme-prod-data-lake-us-east-1"])]
    """The bucket's name. It is its identity: a changed name is another bucket."""
    region: Annotated[Text | None, Field(examples=["us-east-1"])] = None
    """Where the bucket lives, or is created. S3 cannot move a bucket."""
    account: Annotated[Text | None, Field(examples=["123456789012"])] = None
    """The account that must own it; checked before anything else."""
    legacy_name: Flag = False
    """The bucket is older than one of today's rules for names (us-east-1 took more until March 2018). It must exist."""

    purpose: Annotated[Purpose | None, Field(examples=["raw"])] = None
    """What the bucket is for: which guardrails concern it. Nothing in S3 depends on it."""
    waivers: tuple[Waiver, ...] = ()
    """Guardrails that this bucket may break for a time."""

    state: Literal["present", "absent"] = "present"
    """`absent` deletes the bucket. It then says nothing of its aspects: what is written of them is neither read nor
    compared."""
    confirm_delete: Annotated[
        Text | None, Field(examples=["acme-prod-data-lake-us-east-1"]), ShownWith({"state": "absent"})
    ] = None
    """The bucket's name, typed once more: without it nothing is deleted."""
    empty_first: Annotated[Flag, ShownWith({**GONE, "max_objects": 1000})] = False
    """Delete what is in the bucket. Without it, a bucket that holds more than its manifest is not deleted."""
    max_objects: Annotated[Count | None, Field(examples=[1000]), ShownWith({**GONE, "empty_first": True})] = None
    """How much may be deleted with `empty_first`: objects, old versions, delete markers and unfinished uploads, each
    counted as one."""
    tombstone: Annotated[Flag, ShownWith(GONE)] = False
    """Keep the empty bucket, closed, so that nobody else can take its name."""

    versioning: Managed[Versioning] = None
    encryption: Managed[Encryption] = None
    public_access_block: Managed[PublicAccessBlock] = None
    ownership_controls: Managed[OwnershipControls] = None
    policy: Managed[Policy] = None
    keep_access: Annotated[
        tuple[Text, ...],
        Field(examples=[["arn:aws:iam::123456789012:role/deploy"]]),
        ShownWith({"policy": POLICY_EXAMPLE}),
    ] = ()
    """Users, roles and accounts' roots that must keep the power to get, put and delete the policy."""
    confirm_lock_out: Annotated[
        Text | None, Field(examples=["acme-prod-data-lake-us-east-1"]), ShownWith({"policy": POLICY_EXAMPLE})
    ] = None
    """The bucket's name, typed once more: the policy may lock somebody out whom `keep_access` does not name."""
    lifecycle: Managed[Lifecycle] = None
    tags: Managed[Tags] = None
    ignore_tags: Annotated[tuple[Text, ...], Field(examples=[["cost-allocation:*"]])] = ()
    """Tags that others own: keys, or prefixes that end in `*`."""
    manifest: Managed[Manifest] = None
    allow_unknown_actions: Annotated[tuple[Text, ...], Field(examples=[["s3:GetBucketShiny"]])] = ()
    """Actions and condition keys in the policy that are newer than this version's table of S3's."""

    @classmethod
    @cache
    def aspects(cls) -> Mapping[str, type[Aspect]]:
        """Every aspect by the name of its field, in the order of the fields."""
        return {name: aspect for name, info in cls.model_fields.items() if (aspect := aspect_of(info))}

    def declared(self) -> dict[str, Aspect | Absent]:
        """The aspects that this spec says something about; one of a bucket that is to go says nothing of any."""
        if self.is_absent:
            return {}
        return {name: value for name in self.aspects() if (value := getattr(self, name)) is not None}

    @property
    def is_absent(self) -> bool:
        """Whether the bucket is to go."""
        return self.state == "absent"

    @property
    def reading(self) -> "BucketSpec":
        """The spec whose documents a plan is made of: for a tombstone, what is to be left of the bucket."""
        return self.as_tombstone() if self.is_absent and self.tombstone else self

    def as_tombstone(self) -> "BucketSpec":
        """The closed, empty bucket that keeps the name of one that is gone; nothing else of it is touched."""
        about = self.model_dump(
            mode="json", by_alias=False, exclude_unset=True, exclude={"state", *OF_DELETION, *self.aspects()}
        )
        closed: dict[str, Any] = {
            "public_access_block": dict.fromkeys((*GATES, *SHIELDS), True),
            "policy": {"Version": "2012-10-17", "Statement": [KEEP_EMPTY]},
        }
        return type(self).model_validate(about | closed, by_name=True, by_alias=False)

    def values(self) -> dict[str, Aspect]:
        """The aspects that this spec wants to have."""
        return {name: value for name, value in self.declared().items() if isinstance(value, Aspect)}

    def surroundings(self, account: str | None = None, region: str | None = None) -> Surroundings:
        """What the aspects may know of this bucket; `account` and `region` fill in what the spec leaves out."""
        region = self.region or region
        return Surroundings(
            bucket=self.name,
            region=region,
            account=self.account or account,
            partition=partition_of(region),
            ignore_tags=self.ignore_tags,
            siblings=self.declared(),
            allow_unknown_actions=self.allow_unknown_actions,
        )

    def filled(self, around: Surroundings) -> "BucketSpec":
        """The same spec with the built-in variables filled in that have a value here."""
        values = {name: value for name, value in around.variables.items() if value is not None}
        open_fields = {name for name, names in self.variables.items() if not names.isdisjoint(values)}
        if not open_fields:
            return self
        written = self.model_dump(mode="json", by_alias=False, exclude_unset=True, include=open_fields)
        full = fill(written, values)
        others = {name: getattr(self, name) for name in self.model_fields_set - open_fields}
        return self if full == written else type(self).model_validate(others | full, by_name=True, by_alias=False)

    @cached_property
    def variables(self) -> Mapping[str, frozenset[str]]:
        """The names of the variables that are still open, by the field in which they stand; found out once."""
        found = {name: frozenset(variables_in(value)) for name, value in self}
        return {name: names for name, names in found.items() if names} or NO_VARIABLES

    def without_variables(self) -> Self:
        """This spec, of which whoever has read it knows that no variable stands in it: nobody has to look again."""
        self.__dict__["variables"] = NO_VARIABLES
        return self

    def refusals(self) -> Iterator[Refusal]:
        """Everything that S3 would refuse in this spec, with paths from the bucket.

        Variables that only S3 can fill in stand for values of their usual length meanwhile.
        """
        yield from self.refused

    @cached_property
    def refused(self) -> tuple[Refusal, ...]:
        """The same, found out once: it is told when a spec is loaded, and in its plan."""
        return tuple(self._refusals())

    def _refusals(self) -> Iterator[Refusal]:
        yield from self._refusals_of_the_bucket()
        if max(len(text or "") for text in (self.name, self.region, self.account)) > LONGEST_NAME:
            return  # filled in for `${bucket}`, they would make more of the spec than fits anywhere
        unknown = frozenset(name for name in ("account", "region") if getattr(self, name) is None)
        around = replace(self.surroundings(account="0" * 12, region="us-east-1"), stand_ins=unknown)
        full = self.filled(around)
        yield from self._refusals_of_lock_out(full.keep_access, around)
        for name, value in full.declared().items():
            found = self.aspects()[name].refusals_of_absence() if isinstance(value, Absent) else value.refusals(around)
            for refusal in found:
                yield Refusal(refusal.code, (name, *refusal.path), refusal.message, refusal.help)

    def _refusals_of_the_bucket(self) -> Iterator[Refusal]:
        wrong = (wrong_with_old_name if self.legacy_name else wrong_with_name)(self.name)
        if wrong:
            was_once_fine = not self.legacy_name and wrong_with_old_name(self.name) is None
            hint = "if a bucket has this name already, write `legacy_name: true`" if was_once_fine else None
            yield Refusal(BAD_NAME, ("name",), wrong, hint)
        owner = namespace_of(self.name)
        if owner and self.account is not None and self.account != owner.account:
            yield Refusal(OF_SOMEBODY_ELSE, ("account",), f"this name belongs to account {owner.account}")
        if owner and self.region is not None and self.region != owner.region:
            yield Refusal(OF_SOMEBODY_ELSE, ("region",), f"this name belongs to region {owner.region}")
        if self.region is not None and (not REGION.match(self.region) or len(self.region) > LONGEST_NAME):
            yield Refusal(BAD_REGION, ("region",), f"`{self.region}` is not a region", "write it like us-east-1")
        if self.account is not None and not ACCOUNT.match(self.account):
            yield Refusal(BAD_ACCOUNT, ("account",), f"`{self.account}` is not an account id: it has 12 digits")
        yield from self._refusals_of_exceptions()
        yield from self._refusals_of_deletion()

    def _refusals_of_exceptions(self) -> Iterator[Refusal]:
        for index, action in enumerate(self.allow_unknown_actions):
            if not is_exact(action):
                said = f"`{action}` is not the name of one action or condition key of S3"
                yield Refusal(NOT_ONE_ACTION, ("allow_unknown_actions", index), said, "write it like s3:GetBucketShiny")
        if isinstance(self.tags, Tags):
            for key in islice(self.tags.root, MOST_TAGS):
                if is_ignored(key, self.ignore_tags):
                    yield Refusal(
                        OURS_AND_THEIRS,
                        ("tags", key),
                        f"`{key}` is declared here and ignored by `ignore_tags`",
                    )

    def _refusals_of_lock_out(self, keep_access: tuple[str, ...], around: Surroundings) -> Iterator[Refusal]:
        owner = namespace_of(self.name)
        account = self.account or (owner.account if owner else None)
        partition = None if "region" in around.stand_ins else around.partition
        yield from (Refusal(*wrong) for wrong in keeping.wrong_with_kept(keep_access, account, partition))
        if self.confirm_lock_out not in (None, self.name):
            said = f"this confirms a lock-out of `{self.confirm_lock_out}`; the bucket is `{self.name}`"
            yield Refusal(keeping.NOT_THIS_NAME, ("confirm_lock_out",), said, f"write `confirm_lock_out: {self.name}`")
        for name in ("keep_access", "confirm_lock_out"):
            if getattr(self, name) and "policy" not in self.values() and not self.is_absent:
                said = f"`{name}` is about the policy, and this bucket declares none"
                yield Refusal(keeping.NO_POLICY, (name,), said, "take it out, or declare the policy")

    def _refusals_of_deletion(self) -> Iterator[Refusal]:
        if not self.is_absent:
            for name in OF_DELETION:
                if getattr(self, name) not in (None, False):
                    said = f"`{name}` says how a bucket goes, and this one is to stay"
                    yield Refusal(NOT_DELETED, (name,), said, "take the line out, or write `state: absent`")
            return
        if self.confirm_delete is None:
            hint = f"if it is meant, write `confirm_delete: {self.name}` beside it"
            yield Refusal(NOT_CONFIRMED, ("state",), "this deletes the bucket, and nothing confirms it", hint)
        elif self.confirm_delete != self.name:
            said = f"this confirms the deletion of `{self.confirm_delete}`; the bucket is `{self.name}`"
            yield Refusal(NOT_CONFIRMED, ("confirm_delete",), said, "type the name of the bucket that is to go")
        if self.empty_first and self.max_objects is None:
            said = "this empties the bucket, and nothing says how much that may be"
            yield Refusal(EMPTIED_WITHOUT_END, ("empty_first",), said, "write `max_objects:` beside it")
        if self.max_objects is not None and not self.empty_first:
            said = "nothing is emptied here: the maximum means nothing"
            yield Refusal(EMPTIED_WITHOUT_END, ("max_objects",), said, "take it out, or write `empty_first: true`")
        if self.max_objects is not None and self.max_objects < 1:
            yield Refusal(EMPTIED_WITHOUT_END, ("max_objects",), "the maximum is 1 at the least", "take both lines out")


def aspect_of(info: FieldInfo) -> type[Aspect] | None:
    """The aspect that a field of `BucketSpec` manages, if it manages one."""
    if marker_of(info, ManagedAspect) is None:
        return None
    return next(kind for kind in get_args(info.annotation) if isinstance(kind, type) and issubclass(kind, Aspect))


@cache
def partition_of(region: str | None) -> str:
    """The AWS partition of a region, by the region's name."""
    return next((name for prefix, name in PARTITIONS.items() if (region or "").startswith(prefix)), "aws")
