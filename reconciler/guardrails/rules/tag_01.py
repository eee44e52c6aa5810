"""TAG-01: a bucket has the tags that the team asks for, with values that it knows."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from reconciler.aspects.tags import Tags, is_ignored
from reconciler.governance import Purpose
from reconciler.guardrails.rule import Offence, Parameters, Rule, Sensitivity, Subject
from reconciler.problems import did_you_mean
from reconciler.scalars import Text
from reconciler.settings import write

LONGEST = 200
"""Characters of an expression."""
Key = Annotated[Text, StringConstraints(min_length=1, max_length=128)]
Level = Literal["public", "internal", "confidential", "restricted"]
Kind = Level | Purpose
LEVELS: tuple[str, ...] = get_args(Level)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> TypeAdapter[str]:
    """An expression that has to fit a whole text.

    The engine is pydantic's own, Rust's `regex`: its time grows with the text, whatever the expression.
    """
    TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])  # also on its own: `a)|(b` is none
    return TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])


def an_expression(pattern: str) -> str:
    """An expression that can be asked."""
    try:
        if len(pattern) > LONGEST:
            raise write(f"an expression of at most {LONGEST} characters")
        compiled(pattern)
    except SchemaError:
        raise write("a regular expression, without look-around and references back") from None
    return pattern


Pattern = Annotated[Text, AfterValidator(an_expression)]


class Asked(Parameters):
    """Which tags there must be, and what may stand in them."""

    required: Annotated[tuple[Key, ...], Field(examples=[["Owner", "CostCenter"]])] = ()
    """Keys of tags that every bucket has."""
    required_for: Annotated[Mapping[Kind, tuple[Key, ...]], Field(examples=[{"confidential": ["DataOwner"]}])] = {}
    """Keys that only buckets of a purpose have, or those of a classification and of every stricter one."""
    values: Annotated[Mapping[Key, tuple[Text, ...]], Field(examples=[{"Environment": ["dev", "prod"]}])] = {}
    """The values that a tag may have, by its key."""
    patterns: Annotated[Mapping[Key, Pattern], Field(examples=[{"CostCenter": "[0-9]{4}"}])] = {}
    """A regular expression for the whole value of a tag, by its key."""


def check(subject: Subject) -> Iterator[Offence]:
    """Tags that are missing, and values that nobody knows. Tags that others own are theirs to set."""
    tags = subject.value("tags")
    present = tags.root if isinstance(tags, Tags) else {}
    path = ("tags",) if subject.is_declared("tags") else ()
    for key in asked_of(subject):
        if key in present or is_ignored(key, subject.around.ignore_tags):
            continue
        near = next((other for other in present if other.lower() == key.lower()), None)
        instead = f"rename `{near}`: the case of a key counts" if near else f"add `{key}: …` under `tags:`"
        yield Offence(path, f"the tag `{key}` is missing", instead)
    for key, value in present.items():
        known = subject.parameters.values.get(key)
        if known is not None and value not in known:
            meant = did_you_mean(value, known)
            said = f"`{key}` is `{value}`, which is none of {', '.join(known)}"
            yield Offence(("tags", key), said, f"did you mean `{meant}`?" if meant else None)
        pattern = subject.parameters.patterns.get(key)
        if pattern is not None and not fits(pattern, value):
            yield Offence(("tags", key), f"`{key}` is `{value}`, which does not fit {pattern}")


def asked_of(subject: Subject) -> Iterator[str]:
    """The keys that this bucket must have, each once."""
    asked = dict.fromkeys(subject.parameters.required)
    for kind, keys in subject.parameters.required_for.items():
        level = Sensitivity[kind.upper()] if kind in LEVELS else None
        if kind == subject.purpose or (
            level is not None and subject.sensitivity is not None and subject.sensitivity >= level
        ):
            asked |= dict.fromkeys(keys)
    return iter(asked)


def fits(pattern: str, value: str) -> bool:
    """Whether a whole value fits an expression."""
    try:
        compiled(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


RULE = Rule(
    id="TAG-01",
    title="A bucket has the tags that the team asks for",
    why="Costs are split, owners are found and permissions are given by tags, and each of these works only where "
    "every bucket has them, spelled alike: keys and values are case sensitive (AWS Billing User Guide, *Organizing "
    "and tracking costs using AWS cost allocation tags*). Which they are only the team knows (AWS Config: "
    "`required-tags`); the rule asks nothing until the settings say what.",
    mend="Add the tag under `tags:`, with one of the values that the settings name.",
    check=check,
    is_on=False,
    parameters=Asked,
)
