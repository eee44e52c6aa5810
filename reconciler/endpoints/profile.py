"""What a profile is made of, and the two questions that are asked of it.

What would a server make of this spec (`refusals`), and what does its answer say (`as_aws`)? A fact is data
with its source; no aspect knows any server.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, RootModel

from reconciler.aspects.aspect import Aspect, Refusal
from reconciler.aspects.calls import Wire
from reconciler.aspects.managed import Absent
from reconciler.bucket import BAD_REGION, BucketSpec
from reconciler.problems import Code, Severity

LACKED = Code(
    "RCL2051",
    "an aspect that this endpoint lacks",
    "The S3-compatible server has no such sub-resource (docs/endpoints.md has the list and how it was found). Some "
    "answer NotImplemented or MethodNotAllowed; others take the call for one on the bucket itself, and a DELETE "
    "deletes the bucket. Nothing was written. Take the aspect out of the specs for this endpoint.",
)
LOST = Code(
    "RCL2052",
    "a value that this endpoint loses",
    "The S3-compatible server answers 200 and stores the document without this value. Without a size filter or "
    "`newer_noncurrent_versions` a rule deletes more than it says. Nothing was written.",
)
REFUSED = Code(
    "RCL2053",
    "a value that this endpoint refuses",
    "AWS takes it and this S3-compatible server does not: it answers InvalidArgument, MalformedXML or NotImplemented "
    "(docs/endpoints.md says which). Nothing was written.",
)
MAY_BE_LOST = Code(
    "RCL2054",
    "a value that some endpoints lose",
    "Nobody has tried this S3-compatible server. Some, like Ceph and moto, store a lifecycle rule without its size "
    "filters and `newer_noncurrent_versions`, and the rule then deletes more than it says. Read the rule back after "
    "the first apply, or name the server with `--endpoint-profile`.",
    Severity.WARNING,
)
CODES = (LACKED, LOST, REFUSED, MAY_BE_LOST)


class Kind(StrEnum):
    """What a server does with something that AWS has."""

    LACKS = "lacks"
    LOSES = "loses"
    REFUSES = "refuses"
    MAY_LOSE = "may lose"
    DIFFERS = "differs"
    """Worth knowing, and nothing that anybody has to be told in a plan."""


CODE_OF = {Kind.LACKS: LACKED, Kind.LOSES: LOST, Kind.REFUSES: REFUSED, Kind.MAY_LOSE: MAY_BE_LOST}
ANY = "*"
"""In a path: every item of a list, every key of a mapping."""
DEEP = "**"
"""At the end of a path: everything below that holds nothing else."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about one aspect, and where it is known from."""

    aspect: str
    kind: Kind
    why: str
    source: str
    path: tuple[str, ...] = ()
    """The field, by our names; `ANY` for the items of a list."""
    values: tuple[Any, ...] = ()
    """These values only; empty: whatever is written. ``absent`` is one of them."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the aspect that must have these values, for the fact to be about it."""

    def found_in(self, wanted: Aspect | Absent) -> Iterator[tuple[tuple[str | int, ...], Any]]:
        """Where a spec asks for what this fact is about."""
        if self.kind is Kind.LACKS:
            yield (), wanted
        elif isinstance(wanted, Absent):
            if "absent" in self.values:
                yield (), "absent"
        elif all(getattr(wanted, name) == value for name, value in self.where.items()):
            for path, value in values_at(wanted, self.path):
                if any(same(value, one) for one in self.values) if self.values else value is not None:
                    yield path, value


class Spelling(NamedTuple):
    """How a server spells something that is lost on nobody: where its answer has it, and what it means.

    At the end of `path`, a value that equals `said` becomes `meant`; None takes it out.
    """

    aspect: str
    path: tuple[str, ...]
    """By S3's names, as boto3 gives them; `ANY` for the items of a list."""
    said: Any
    meant: Any
    why: str
    source: str

    def undone(self, wire: Any, path: tuple[str, ...]) -> Any:
        """The part of an answer below this path, spelled as AWS would."""
        if not path:
            return self.meant if wire == self.said else wire
        part, *rest = path
        if part == ANY:
            return [self.undone(item, tuple(rest)) for item in wire] if isinstance(wire, list) else wire
        if not isinstance(wire, dict) or part not in wire:
            return wire
        below = self.undone(wire[part], tuple(rest))
        others = {name: item for name, item in wire.items() if name != part}
        return others if below is None else others | {part: below}


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of S3."""

    name: str
    about: str
    facts: tuple[Fact, ...] = ()
    spellings: tuple[Spelling, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)
    """The XML element that a GET answers with instead of AWS's, by operation."""
    empty_is_none: frozenset[str] = frozenset()
    """Aspects whose GET answers 200 with an empty body where there is none."""
    unquoted_etags: bool = False
    """Whether a conditional write is only understood with an ETag without its quotes."""
    free_regions: bool = False
    """Whether regions are names that mean nothing: neither compared, nor sent as a LocationConstraint."""
    deletes_bucket: frozenset[str] = frozenset()
    """Aspects whose DELETE is taken for that of the bucket: it is never sent."""

    def refusals(self, spec: BucketSpec) -> Iterator[Refusal]:
        """Everything that is refused in a spec for this server: what S3 refuses, and what this one does besides."""
        for refusal in spec.refusals():
            if not (self.free_regions and refusal.code is BAD_REGION):
                yield refusal
        yield from self.differences(spec)

    def differences(self, spec: BucketSpec) -> Iterator[Refusal]:
        """What this server, unlike AWS, would lack, lose or refuse of a spec, with paths from the bucket."""
        for name, wanted in spec.declared().items():
            lacked = any(fact.kind is Kind.LACKS and fact.aspect == name for fact in self.facts)
            for fact in self.facts:
                if fact.aspect != name or fact.kind not in CODE_OF or (lacked and fact.kind is not Kind.LACKS):
                    continue
                for path, value in fact.found_in(wanted):
                    yield Refusal(CODE_OF[fact.kind], (name, *path), self._said(fact, value), self._advice(fact))

    def _said(self, fact: Fact, value: Any) -> str:
        what = f"`{fact.aspect}`" if fact.kind is Kind.LACKS else f"`{'.'.join((fact.aspect, *fact.path))}`"
        plain = isinstance(value, str | int) and fact.kind is not Kind.LACKS
        return f"{self.name} {fact.kind.value} {what}{f' = {value}' if plain else ''}: {fact.why}"

    def _advice(self, fact: Fact) -> str:
        if fact.kind is Kind.MAY_LOSE:
            return "name the server with --endpoint-profile, or read the rule back after the first apply"
        what = f"`{fact.aspect}`" if fact.kind is Kind.LACKS else "it"
        return f"take {what} out of the spec for this endpoint (profile {self.name}, docs/endpoints.md)"

    def as_aws(self, aspect: str, wire: Wire) -> Wire:
        """An answer as AWS would have spelled it. What is lost is not made up."""
        for spelling in self.spellings:
            if spelling.aspect == aspect:
                wire = spelling.undone(wire, spelling.path)
        if self.unquoted_etags and isinstance(wire.get("ETag"), str):
            wire = wire | {"ETag": wire["ETag"].strip('"')}
        return wire


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to S3 as well: to Python, 1 and True are."""
    return type(one) is type(other) and bool(one == other)


def values_at(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The values at a path of field names, each with the path that leads to it by identities and positions."""
    if not path:
        yield (), value
        return
    part, *rest = path
    onward = path if part == DEEP else tuple(rest)
    if part == DEEP and not isinstance(value, Mapping | list | tuple | RootModel):
        yield (), value
        return
    for name, child in children(value, ANY if part == DEEP else part):
        for below, found in values_at(child, onward):
            yield (name, *below), found


def children(value: Any, part: str) -> Iterator[tuple[str | int, Any]]:
    """What a part of a path leads to."""
    plain = value.root if isinstance(value, RootModel) else value
    if part == ANY and isinstance(plain, Mapping):
        yield from plain.items()
    elif part == ANY:
        for position, item in enumerate(plain):
            yield getattr(item, "id", None) or getattr(item, "storage_class", None) or position, item
    elif isinstance(plain, BaseModel):
        yield part, getattr(plain, part)
