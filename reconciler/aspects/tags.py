"""Tags: the bucket's labels for owners, cost and governance.

PutBucketTagging replaces the whole set, and S3 refuses one without the ``aws:`` tags that are there
("System tags cannot be removed by requester"), so every PUT carries them and those that others own.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Self

from pydantic import ConfigDict, RootModel

from reconciler.aspects.aspect import Aspect, Document, Obstacle, Refusal, Surroundings
from reconciler.aspects.calls import Params, S3Api, Wire
from reconciler.problems import Code
from reconciler.scalars import Text

SYSTEM_PREFIX = "aws:"
MOST = 50
MARKS = "+-=._:/@"
USUAL = re.compile(r"[A-Za-z0-9 +\-=._:/@]*")
"""What most tags are made of, and S3 takes."""
CATEGORIES = "LNZ"
"""Beside `MARKS`, a tag holds what Unicode calls letters, numbers and separators (the pattern of TagKeyString and
TagValueString in botocore's model of s3control). XML can hold each of these characters."""

EMPTY = Code(
    "RCL2601",
    "tags that name no tag",
    "`tags: {}` could mean two things. `tags: absent` removes every tag (but aws: and ignored ones); leaving the "
    "line out leaves the live tags alone.",
)
REFUSED = Code(
    "RCL2602",
    "a tag that S3 refuses",
    "Keys have 1 to 128 characters, values 0 to 256: letters, digits and spaces of every language, and "
    "+ - = . _ : / @. An accent that is a character of its own is no letter: é is to be written as one character. Keys "
    "that begin with `aws:` are AWS's own. S3 answers InvalidTag. A bucket holds at most 50 tags: S3 answers "
    "BadRequest to more.",
)


class _Tag(Document):
    key: str
    value: str = ""
    """Some servers leave an empty value out."""


class _TagSet(Document):
    tag_set: tuple[_Tag, ...]


class Tags(Aspect, RootModel[dict[Text, Text]]):
    """The bucket's labels: a plain mapping."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"Owner": "data-platform", "Classification": "internal"}]}
    )

    api = S3Api(
        get="get_bucket_tagging",
        put="put_bucket_tagging",
        delete="delete_bucket_tagging",
        document="Tagging",
        absent=frozenset({"NoSuchTagSet", "NoSuchTagSetError"}),  # the second: S3-compatible servers
        to_read=("s3:GetBucketTagging",),
        to_write=("s3:PutBucketTagging",),
        wraps="Tagging",
    )
    codes = (EMPTY, REFUSED)

    @classmethod
    def from_s3(cls, wire: Wire) -> Self:
        """A list of pairs as a mapping."""
        tags = _TagSet.model_validate(wire, by_alias=True, by_name=False).tag_set
        return cls({tag.key: tag.value for tag in tags})

    def to_s3(self) -> Wire:
        """A list of pairs, by key."""
        return {"TagSet": [{"Key": key, "Value": self.root[key]} for key in sorted(self.root)]}

    @property
    def means_nothing(self) -> bool:
        """An empty set is none."""
        return not self.root

    def refusals(self, around: Surroundings) -> Iterator[Refusal]:
        """What S3 answers with InvalidTag."""
        if not self.root:
            yield Refusal(
                EMPTY,
                (),
                "this names no tag",
                "write `absent` to remove all tags, or leave the line out to keep them",
            )
        if len(self.root) > MOST:
            yield Refusal(REFUSED, (), f"{len(self.root)} tags: a bucket holds at most {MOST}")
        for key, value in self.root.items():
            wrong = wrong_with(key, value)
            if wrong:
                yield Refusal(REFUSED, (key,), wrong)

    def as_spec(self, around: Surroundings) -> Any:
        """The tags that are ours; `absent` where all of them are somebody else's."""
        theirs = foreign_tags(self, around)
        return {key: value for key, value in self.root.items() if key not in theirs} or "absent"

    def target(self, live: Self | None, around: Surroundings) -> Self:
        """The spec's tags, and those of the live ones that are not ours."""
        theirs = foreign_tags(live, around)
        return type(self)(self.root | theirs) if theirs else self

    @classmethod
    def target_of_absence(cls, live: Self | None, around: Surroundings) -> Self | None:
        """Only what is not ours remains."""
        foreign = foreign_tags(live, around)
        return cls(foreign) if foreign else None

    @classmethod
    def obstacles(cls, before: Self | None, after: Self | None) -> Iterator[Obstacle]:
        """Ours and those of others share one limit; AWS's own are beside it (S3 User Guide, "Tagging limits")."""
        ours = [key for key in (after.root if after else {}) if not key.startswith(SYSTEM_PREFIX)]
        if len(ours) > MOST:
            yield Obstacle(
                f"together with the tags that others own this makes {len(ours)}, and a bucket holds at most {MOST}",
                "declare fewer tags, or let the others take theirs off",
            )

    def create_params(self) -> Params:
        """Tags travel in the create call: some organisations refuse untagged buckets (aws:RequestTag)."""
        return {"CreateBucketConfiguration": {"Tags": self.to_s3()["TagSet"]}}

    def picture(self) -> dict[str, Any]:
        """The tags by key; AWS's own are never shown."""
        return {key: self.root[key] for key in sorted(self.root) if not key.startswith(SYSTEM_PREFIX)}


def foreign_tags(live: Tags | None, around: Surroundings) -> dict[str, str]:
    """The live tags that are AWS's or, by `ignore_tags`, somebody else's."""
    tags = live.root if live is not None else {}
    return {key: tags[key] for key in tags if key.startswith(SYSTEM_PREFIX) or is_ignored(key, around.ignore_tags)}


def is_ignored(key: str, ignore_tags: tuple[str, ...]) -> bool:
    """Whether `ignore_tags` names this key, or a prefix of it that ends in ``*``."""
    return any(key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern for pattern in ignore_tags)


def wrong_with(key: str, value: str) -> str | None:
    """What S3 has against this tag, in words."""
    if key.lower().startswith(SYSTEM_PREFIX):
        return f"`{key}`: keys that begin with `aws:` are AWS's own"
    if not 1 <= len(key) <= 128:
        return f"a key of {len(key)} characters: S3 takes 1 to 128"
    if len(value) > 256:
        return f"`{key}` has a value of {len(value)} characters: S3 takes at most 256"
    for text, what in ((key, "key"), (value, "value")):
        if USUAL.fullmatch(text):
            continue
        unfit = next((character for character in text if not may_stand_in_a_tag(character)), None)
        if unfit is not None:
            return f"`{key}`: the {what} holds the character U+{ord(unfit):04X}, which S3 does not take"
    return None


def may_stand_in_a_tag(character: str) -> bool:
    """Whether S3 takes this character in keys and values."""
    return character in MARKS or unicodedata.category(character)[0] in CATEGORIES
