"""Policy: who may do what with the bucket, in AWS's own words.

The document is the person's: what is PUT is what they wrote, minified. Whether it differs from the live
one is decided by meaning (`policy_language`), and where both mean the same the live spelling stands.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import ConfigDict, JsonValue, RootModel, model_validator

from reconciler.aspects import policy_language as language
from reconciler.aspects.aspect import Aspect, Refusal, Surroundings
from reconciler.aspects.calls import Call, Risk, S3Api, Wire
from reconciler.problems import Code, did_you_mean
from reconciler.scalars import as_written

LARGEST = 20_480
"""Bytes of a bucket policy (S3 User Guide, "Bucket policies")."""
POLICY_ELEMENTS = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
VERSIONS = ("2012-10-17", "2008-10-17")

EMPTY = Code(
    "RCL2401",
    "a policy without statements",
    "`policy: {}` could mean two things. `policy: absent` removes the live policy; leaving the line out leaves it "
    "alone. S3 answers MalformedPolicy (Missing required field Statement).",
)
GRAMMAR = Code(
    "RCL2402",
    "a policy that is not one",
    "A bucket policy follows AWS's policy grammar: Version, Id and Statement; in each statement an Effect of exactly "
    "Allow or Deny, a principal, actions and resources. S3 answers MalformedPolicy.",
)
SAME_SID = Code(
    "RCL2403",
    "two statements with one Sid",
    "A Sid is unique within a policy: it is how a plan names the statement. S3 answers MalformedPolicy.",
)
TOO_LARGE = Code(
    "RCL2404",
    "a policy that is too large",
    "A bucket policy has at most 20,480 bytes, counted without insignificant white space. S3 answers PolicyTooLarge.",
)

Found = tuple[tuple[str | int, ...], str]


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
    codes = (EMPTY, GRAMMAR, SAME_SID, TOO_LARGE)
    apply_after = ("public_access_block", "ownership_controls")
    from_file = frozenset({()})
    identities = {("Statement",): "Sid"}

    @model_validator(mode="before")
    @classmethod
    def _numbers_as_written(cls, value: Any) -> Any:
        return numbers_as_written(value)

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """The text of the policy as data. Raises ValueError where a server answers something else."""
        try:
            policy = cls.model_validate(json.loads(wire.get("Policy") or "null"))
        except RecursionError as error:
            raise ValueError("the policy nests too deeply") from error
        policy.to_s3()["Policy"].encode()  # half a character, \ud800, is JSON and cannot be written anywhere
        return policy

    def to_s3(self) -> Wire:
        """The policy as text, without insignificant white space, in the order in which it was written."""
        return {"Policy": json.dumps(self.root, separators=(",", ":"), ensure_ascii=False)}

    def meaning(self) -> Any:
        """The canonical policy: equal for every spelling of one meaning."""
        return language.canonical_policy(self.root)

    @property
    def means_nothing(self) -> bool:
        """AWS has no policy without statements; other servers may answer one."""
        return not self.root

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What PutBucketPolicy answers with MalformedPolicy, as far as grammar goes."""
        yield from self._unknown_elements()
        if not language.statements_of(self.root):
            yield Refusal(
                EMPTY,
                (),
                "there is no statement in this",
                "write `absent` to have no policy, or leave the line out to leave the live one alone",
            )
            return
        sids: set[str] = set()
        for path, statement in self._statements():
            for below, message in wrong_with_statement(statement):
                yield Refusal(GRAMMAR, (*path, *below), message)
            sid = statement.get("Sid") if isinstance(statement, Mapping) else None
            if isinstance(sid, str) and sid in sids:
                yield Refusal(SAME_SID, (*path, "Sid"), f"another statement has the Sid `{sid}` already")
            if isinstance(sid, str) and sid:
                sids.add(sid)
        size = len(self.to_s3()["Policy"].encode())
        if size > LARGEST:
            yield Refusal(TOO_LARGE, (), f"this policy has {size:,} bytes: S3 takes at most {LARGEST:,}")

    def _unknown_elements(self) -> Iterator[Refusal]:
        for name in self.root:
            if name not in POLICY_ELEMENTS:
                yield Refusal(GRAMMAR, (name,), f"a policy has no element `{name}`", meant(name, POLICY_ELEMENTS))
        version = self.root.get("Version")
        if version is not None and version not in VERSIONS:
            yield Refusal(GRAMMAR, ("Version",), f'a policy has Version "{VERSIONS[0]}"', f'write "{VERSIONS[0]}"')

    def _statements(self) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        written = self.root["Statement"]
        if isinstance(written, list):
            yield from ((("Statement", index), statement) for index, statement in enumerate(written))
        else:
            yield ("Statement",), written

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """ConfirmRemoveSelfBucketAccess is always false: on Ceph, true locks out even the root user."""
        if after is None:
            return super().calls(before, after)
        return (Call(cls.api.put, after.to_s3() | {"ConfirmRemoveSelfBucketAccess": False}),)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """A new Allow or a lost Deny widens access; the rest cuts it."""
        old, new = statements(before), statements(after)
        widened = any(not language.covered(grant, old) for grant in new if grant.get("Effect") == "Allow")
        unguarded = any(not language.covered(guard, new) for guard in old if guard.get("Effect") == "Deny")
        return Risk.WIDENS_ACCESS if widened or unguarded else Risk.CUTS_ACCESS

    def risk_when_new(self) -> Risk:
        """A bucket that is born public is worth a second look, even if nothing is in it yet."""
        grants = [grant for grant in statements(self) if grant.get("Effect") == "Allow"]
        public = any(("AWS", "*") in language.principals_in(grant.get("Principal")) for grant in grants)
        return Risk.WIDENS_ACCESS if public else Risk.HARMLESS

    def picture(self) -> Any:
        """Statements by Sid."""
        return self.pictures(None, self)[1]

    @classmethod
    def pictures(cls, before: Self | None, after: Self | None) -> tuple[Any, Any]:
        """Statements paired by Sid, else by likeness."""
        return language.pictures(before.root if before else None, after.root if after else None)


def numbers_as_written(value: Any) -> Any:
    """Account ids keep their leading zeros; AWS takes a number in quotes for the number."""
    if isinstance(value, Mapping):
        return {name: numbers_as_written(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [numbers_as_written(item) for item in value]
    return as_written(value)


def statements(policy: Policy | None) -> list[language.Statement]:
    """The canonical statements of a policy."""
    canonical = language.canonical_policy(policy.root)["Statement"] if policy else []
    return [statement for statement in canonical if isinstance(statement, dict)]


def wrong_with_statement(statement: Any) -> Iterator[Found]:
    """What S3 has against one statement."""
    if not isinstance(statement, Mapping):
        yield (), "a statement is a mapping of elements"
        return
    for name in statement:
        if name not in STATEMENT_ELEMENTS:
            hint = meant(name, STATEMENT_ELEMENTS)
            yield (name,), f"a statement has no element `{name}`" + (f"; {hint}" if hint else "")
    if statement.get("Effect") not in ("Allow", "Deny"):
        where: tuple[str | int, ...] = ("Effect",) if "Effect" in statement else ()
        yield where, "a statement has an Effect of exactly `Allow` or `Deny`"
    yield from wrong_with_choices(statement)
    yield from wrong_with_kinds(statement)
    if statement.get("Effect") == "Allow" and "NotPrincipal" in statement:
        yield ("NotPrincipal",), "S3 refuses `NotPrincipal` with `Allow`: it would let in everybody else"


def wrong_with_choices(statement: Mapping[str, Any]) -> Iterator[Found]:
    """Of who, what and which, each is said once: by naming them, or by naming the others."""
    for one, other, what in (
        ("Principal", "NotPrincipal", "who it is about"),
        ("Action", "NotAction", "what it is about"),
        ("Resource", "NotResource", "which resources it is about"),
    ):
        written = [name for name in (one, other) if name in statement]
        if len(written) != 1:
            yield tuple(written[1:]), f"a statement says {what}: `{one}` or `{other}`, one of them"


def wrong_with_kinds(statement: Mapping[str, Any]) -> Iterator[Found]:
    """Strings where strings belong, mappings where mappings do."""
    for name in language.MEMBERS:
        if not is_strings(statement.get(name)):
            yield (name,), f"`{name}` is a string or a list of strings"
    for name in language.PRINCIPALS:
        if name in statement and not is_principal(statement[name]):
            yield (name,), f'`{name}` is "*", or a mapping of AWS, Service, Federated or CanonicalUser to strings'
    if not is_condition(statement.get("Condition", {})):
        yield ("Condition",), "`Condition` is a mapping of operators to mappings of keys to values"
    if not isinstance(statement.get("Sid", ""), str):
        yield ("Sid",), "a Sid is a string"


def is_strings(value: Any) -> bool:
    """Whether this is a string, a list of strings, or nothing."""
    return all(isinstance(item, str) for item in language.as_list(value))


def is_principal(value: Any) -> bool:
    """Whether this is everybody, or a mapping of the kinds of principals that there are."""
    if not isinstance(value, Mapping):
        return bool(value == "*")
    return bool(value) and all(kind in PRINCIPAL_KINDS and is_strings(value[kind]) for kind in value)


def is_condition(value: Any) -> bool:
    """Whether this is a mapping of operators to mappings."""
    return isinstance(value, Mapping) and all(isinstance(keys, Mapping) for keys in value.values())


def meant(word: str, known: tuple[str, ...]) -> str | None:
    """The hint for a misspelled element."""
    near = did_you_mean(word, known)
    return f"did you mean `{near}`?" if near else None
