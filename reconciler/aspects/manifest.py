"""Manifest: the bucket's own description of itself, kept inside it.

An object (``metadata/bucket-manifest.yaml``) for people and programs that find the bucket and ask what it
is. The spec says who owns it and what it holds; name, region, encryption and lifecycle follow from the
rest of the spec and are never typed twice. It is compared by what it says, not by how it is formatted, and
written with If-Match / If-None-Match, so that a concurrent edit is never overwritten blindly.
"""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from reconciler import strict_yaml
from reconciler.aspects.aspect import Aspect, Refusal, Surroundings, kept_values
from reconciler.aspects.calls import AT_APPLY, Call, Params, Risk, S3Api, Wire
from reconciler.aspects.encryption import Encryption
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.markers import Derived, Internal, KeptFromLive, marker_of
from reconciler.aspects.pictures import picture
from reconciler.nodes import Source
from reconciler.problems import Code
from reconciler.quoting import yaml_of
from reconciler.scalars import Flag, Text

LARGEST = 1024 * 1024
"""Bytes of an object that are read to see whether it is a manifest."""
DEFAULT_KEY = "metadata/bucket-manifest.yaml"
WIDTH = 100
"""Characters of a line, where it can be folded."""
HEADER = (
    "# What this bucket is. Written by `reconcile` from the bucket's spec: change it there,\n"
    "# a change made here is overwritten by the next apply.\n"
)

DERIVED = Code(
    "RCL2701",
    "a manifest that says what the spec says already",
    "The bucket's name, region, encryption and lifecycle in the manifest follow from the spec, and `created_at` is set "
    "when the manifest is first written. They are never typed, so that they can never disagree.",
)
DOES_NOT_FIT = Code(
    "RCL2702",
    "a manifest that does not fit its schema",
    "The manifest's body is checked against the built-in JSON Schema (schemas/bucket-manifest.schema.json) and, where "
    "the spec names one under `json_schema:`, against the team's own.",
)
BAD_SCHEMA = Code(
    "RCL2703",
    "a schema that is not one",
    "`manifest.json_schema` is a JSON Schema, inline or `{file: …}`. It may not refer to schemas elsewhere.",
)
UNKNOWN = Code(
    "RCL2704",
    "a manifest field that no schema names",
    "Fields beyond the built-in ones are the team's own: they are allowed where the team's schema names them, so that "
    "a misspelled field is told from a new one.",
)
BAD_KEY = Code(
    "RCL2705",
    "a key that cannot hold the manifest",
    "The manifest's `key` is an object key of 1 to 1,024 bytes that does not begin or end with a slash. S3 answers "
    "KeyTooLongError to a longer one.",
)


class Part(BaseModel):
    """A part of the manifest. Teams may have more fields in it; their own schema says which."""

    model_config = ConfigDict(frozen=True, extra="allow", loc_by_alias=False)


class Owner(Part):
    """Who answers for the bucket."""

    name: Text | None = Field(default=None, examples=["Data Platform"])
    """A team, better than a person."""
    role: Text | None = Field(default=None, examples=["data-engineering"])
    """What they do."""
    contact_email: Text | None = Field(default=None, examples=["data-platform@example.com"])
    """Where to reach them."""


class Data(Part):
    """What the bucket holds."""

    classification: Text | None = Field(default=None, examples=["internal"])
    """How secret it is, in the team's words."""
    contains_pii: Flag | None = Field(default=None, examples=[False])
    """Whether it holds data about persons."""
    domains: Annotated[tuple[Text, ...] | None, Field(examples=[["sales", "finance"]])] = None
    """The business domains it belongs to."""


class Manifest(Aspect, Part):
    """The bucket's own description of itself, kept inside it."""

    api = S3Api(
        get="get_object",
        put="put_object",
        delete="delete_object",
        document=None,  # an object, not XML
        absent=frozenset({"NoSuchKey"}),
        to_read=("s3:GetObject",),
        to_write=("s3:PutObject", "s3:DeleteObject"),
        of_object=True,
    )
    codes = (DERIVED, DOES_NOT_FIT, BAD_SCHEMA, UNKNOWN, BAD_KEY)
    apply_after = ("encryption", "versioning", "public_access_block", "policy", "tags", "lifecycle")
    from_file = frozenset({("json_schema",)})
    names_its_bucket = True

    key: Text = DEFAULT_KEY
    """Where in the bucket it lies."""
    json_schema: Annotated[dict[str, JsonValue] | None, Field(examples=[{"file": "schemas/manifest.json"}])] = None
    """The team's own JSON Schema for the manifest, inline or `{file: schemas/manifest.json}`: it may require more."""

    bucket: Annotated[Text | None, Derived()] = None
    """The bucket's name."""
    region: Annotated[Text | None, Derived()] = None
    """The bucket's region."""
    created_at: Annotated[Text | None, Derived(), KeptFromLive(AT_APPLY)] = None
    """When the manifest was first written, in UTC."""
    environment: Text | None = Field(default=None, examples=["prod"])
    """Where in the life of the software it belongs: dev, staging, prod."""
    purpose: Text | None = Field(default=None, examples=["The data lake of the sales domain"])
    """What it is for, in a sentence."""
    owner: Owner | None = None
    """Who answers for it."""
    data: Data | None = None
    """What it holds."""
    access: JsonValue = Field(default=None, examples=["Read and write as the role data-engineer"])
    """Who may use it and how they get in: text, a list or a mapping."""
    structure: dict[Text, Text] | None = Field(default=None, examples=[{"raw/": "As delivered, never changed"}])
    """Prefixes and what lies under them."""
    encryption: Annotated[Text | None, Derived()] = None
    """The bucket's encryption in words."""
    lifecycle: Annotated[dict[Text, Text] | None, Derived()] = None
    """The bucket's lifecycle rules in words."""

    etag: Annotated[Text | None, Internal(), KeptFromLive()] = None
    unreadable_text: Annotated[Text | None, Derived()] = None
    """What lies under the key, where it is not a manifest."""

    # ── two spellings ────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def get_params(cls, wanted: Self | None) -> Params:
        """The key that the spec names."""
        return {"Key": wanted.key if wanted else DEFAULT_KEY}

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """The object under the key; a body that is no manifest is kept as text, to be shown and replaced.

        People edit manifests by hand, so words that YAML readers disagree about are taken as text here, and
        the moment of the creation is kept whatever else has become of the rest.
        """
        about: Wire = {"key": wire["Key"], "etag": wire.get("ETag") or None}
        node, problems = strict_yaml.parse(Source(wire["Key"], wire["Body"]))
        certain = all(problem.code == strict_yaml.AMBIGUOUS.code for problem in problems)
        body = node.plain() if node is not None and certain else None
        if isinstance(body, dict) and not body.keys() & {"key", "json_schema", "etag", "unreadable_text"}:
            try:
                manifest = cls.model_validate(body | about, by_name=True, by_alias=False)
            except ValidationError:
                pass
            else:
                if manifest.body():
                    return manifest
        created = body.get("created_at") if isinstance(body, dict) else None
        about |= {"unreadable_text": wire["Body"], "created_at": created if isinstance(created, str) else None}
        return cls.model_validate(about, by_name=True, by_alias=False)

    def to_s3(self) -> Wire:
        """The object as a GET answers it."""
        text = self.unreadable_text if self.unreadable_text is not None else self.text()
        return {"Key": self.key, "Body": text} | ({"ETag": self.etag} if self.etag else {})

    def body(self) -> dict[str, Any]:
        """What the manifest says, as plain data in the order of its fields."""
        written = without_nulls(self.model_dump(mode="json", exclude=NOT_IN_BODY))
        return {name: item for name, item in written.items() if item not in ({}, [])}

    def text(self) -> str:
        """The manifest as YAML."""
        return HEADER + yaml_of(self.body(), WIDTH)

    def meaning(self) -> Any:
        """What it says, where it lies and which edition it is; not how it is formatted."""
        return {
            "key": self.key,
            "etag": self.etag,
            "body": self.body(),
            "unreadable_text": self.unreadable_text,
        }

    def picture(self) -> Any:
        """The body; a body that is no manifest is told by its size."""
        if self.unreadable_text is not None:
            return {"(not a manifest)": f"{len(self.unreadable_text)} characters"}
        return picture(self.body())

    @classmethod
    def pictures(cls, before: Self | None, after: Self | None) -> tuple[Any, Any]:
        """Also a new manifest is shown whole."""
        return (before.picture() if before else None, after.picture() if after else None)

    # ── what a spec asks for ─────────────────────────────────────────────────────────────────────────

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What the person should not have typed, and what does not fit the schemas."""
        for name in never_typed():
            if getattr(self, name) is not None:
                yield Refusal(DERIVED, (name,), f"`{name}` follows from the spec", "take the line out")
        if not 1 <= len(self.key.encode()) <= 1024 or self.key.startswith("/") or self.key.endswith("/"):
            yield Refusal(BAD_KEY, ("key",), "this cannot be the key of the manifest")
        yield from self._unknown_fields()
        if len(HEADER) + most_bytes(self.body()) > LARGEST and (size := len(self.text().encode())) > LARGEST:
            yield Refusal(DOES_NOT_FIT, (), f"this manifest has {size:,} bytes; {LARGEST:,} are the most")
        if self.json_schema is not None:
            yield from self._misfits(self.json_schema, around)

    def _misfits(self, json_schema: dict[str, Any], around: Surroundings) -> Iterator[Refusal]:
        """Where the body does not fit the team's schema. The built-in one is made of this model: what it reads fits."""
        # jsonschema takes 40 ms to load: only a spec with a schema of its own pays for it
        from reconciler.aspects import manifest_schema

        body = self.target(None, around).body()
        try:
            for path, message in manifest_schema.misfits(body, json_schema):
                yield Refusal(DOES_NOT_FIT, path, message)
        except ValueError as error:
            yield Refusal(BAD_SCHEMA, ("json_schema",), str(error))

    def as_spec(self, around: Surroundings) -> Any:
        """What a person would have typed: neither what follows from the rest of the spec nor when it was written."""
        if self.unreadable_text is not None:
            raise ValueError(f"the object `{self.key}` is not a manifest")
        unknown = [".".join(path) for path in self._extra_fields()]
        if unknown:
            raise ValueError(f"its fields {', '.join(unknown)} need a schema of the team: name it in `json_schema:`")
        derived = {name for name, info in type(self).model_fields.items() if marker_of(info, Derived) is not None}
        said = {name: item for name, item in self.body().items() if name not in derived}
        return said if self.key == DEFAULT_KEY else {"key": self.key} | said

    def _extra_fields(self) -> Iterator[tuple[str, ...]]:
        """Fields beyond the built-in ones."""
        for path, part in (((), self), (("owner",), self.owner), (("data",), self.data)):
            for name in (part.model_extra if part else None) or {}:
                yield (*path, name)

    def _unknown_fields(self) -> Iterator[Refusal]:
        for path in self._extra_fields():
            if not named_by(self.json_schema, path):
                said = f"a manifest has no field `{path[-1]}`"
                yield Refusal(UNKNOWN, path, said, "name it in `json_schema:`")

    def target(self, live: Self | None, around: Surroundings) -> Self:
        """What the spec says and what follows from it; the moment of its creation stays."""
        encryption = around.siblings.get("encryption")
        lifecycle = around.siblings.get("lifecycle")
        derived = {
            "bucket": around.bucket,
            "region": around.region,
            "encryption": encryption_words(encryption, around) if isinstance(encryption, Encryption) else None,
            "lifecycle": lifecycle.item_words() if isinstance(lifecycle, Lifecycle) else None,
            "json_schema": None,
        }
        kept = kept_values(self, live)
        if not (self.created_at or kept.get("created_at")):
            kept["created_at"] = AT_APPLY
        return self.model_copy(update=kept | derived)

    # ── from one document to another ─────────────────────────────────────────────────────────────────

    @classmethod
    def calls(cls, before: Self | None, after: Self | None) -> tuple[Call, ...]:
        """One conditional PUT or DELETE: S3 answers 412 when somebody was faster."""
        condition: Wire = {"IfMatch": before.etag} if before and before.etag else {}
        if after is None:
            assert before is not None, "nothing to delete"
            return (Call("delete_object", {"Key": before.key, **condition}),)
        body: Wire = {"Key": after.key, "Body": after.text(), "ContentType": "application/yaml"}
        return (Call("put_object", body | (condition if before else {"IfNoneMatch": "*"})),)

    @classmethod
    def risk(cls, before: Self | None, after: Self | None) -> Risk:
        """Its removal loses something, and so does writing over what may be somebody's data."""
        return Risk.LOSES_DATA if after is None or is_somebodys(before, after) else Risk.HARMLESS

    @classmethod
    def consequences(cls, before: Self | None, after: Self | None) -> Iterator[str]:
        """What lies under the key, where it is not what this tool has written."""
        if before is not None and after is not None and is_somebodys(before, after):
            yield f"the object under {before.key} is no manifest of this bucket, and is replaced"


def is_somebodys(before: Manifest | None, after: Manifest) -> bool:
    """Whether an object is not a manifest that this tool has written into this bucket: those say so themselves."""
    if before is None:
        return False
    return before.unreadable_text is not None or before.created_at is None or before.bucket != after.bucket


@cache
def never_typed() -> tuple[str, ...]:
    """The fields that nobody writes into a spec."""
    fields = Manifest.model_fields.items()
    return tuple(name for name, info in fields if marker_of(info, Derived) or marker_of(info, Internal))


def most_bytes(value: Any, depth: int = 1) -> int:
    """More bytes than plain data has as YAML, known without writing it.

    A character takes 10 as an escape (`\\U0001F600`); before and after each, a line may be broken and indented by two
    for each level. Each value has a place in a line of its own, and may have an anchor.
    """
    if isinstance(value, dict):
        inside = sum(most_bytes(name, depth + 1) + most_bytes(item, depth + 1) for name, item in value.items())
        return 64 + 2 * depth + inside
    if isinstance(value, list):
        return 64 + 2 * depth + sum(most_bytes(item, depth + 1) for item in value)
    return (len(value if isinstance(value, str) else repr(value)) + 4) * (16 + 2 * depth)


def without_nulls(value: Any) -> Any:
    """Plain data in which a name without a value is not there: in YAML, `purpose:` and nothing says nothing."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


NOT_IN_BODY = {"key", "json_schema", "etag", "unreadable_text"}
"""Fields that say something about the manifest rather than in it."""


def encryption_words(encryption: Encryption, around: Surroundings) -> str:
    """The encryption in a few words."""
    words = {
        "AES256": "AES256 (keys held by S3)",
        "aws:kms": "aws:kms",
        "aws:kms:dsse": "aws:kms:dsse (two layers)",
    }
    said = words.get(encryption.sse_algorithm or "", "")
    if encryption.sse_algorithm != "AES256":
        said += f" with the key {whole_name(encryption.kms_master_key_id, around)}"
    return said + (", one bucket key" if encryption.bucket_key_enabled else "")


def whole_name(key: str | None, around: Surroundings) -> str:
    """A key by its ARN, where the spec or the server has only its id: the words are the same for both."""
    if key is None:
        return "aws/s3"
    if ":" in key or "/" in key or around.account is None or around.region is None:
        return key
    return f"arn:{around.partition}:kms:{around.region}:{around.account}:key/{key}"


def named_by(schema: Any, path: tuple[str, ...]) -> bool:
    """Whether the team's schema names a field."""
    for name in path:
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(properties, dict) or name not in properties:
            return False
        schema = properties[name]
    return True
