"""A bucket as the server itself sees it after each write, and what must hold of all of that.

Nothing here asks the S3 anything: documents are taken from where it keeps them, and compared by what they say.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from moto.s3.models import s3_backends
from requests.structures import CaseInsensitiveDict

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.digests import canonical_json
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.manifest import Manifest
from reconciler.aspects.versioning import Versioning
from reconciler.bucket import BucketSpec
from reconciler.planning.exposure import DOORS, Acl, Doors, Exposure, Grant, exposure_of
from reconciler.planning.live import LiveAspect
from reconciler.s3.reader import document_of
from reconciler.sandbox.behaviours import Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Request
from tests.s3.faults import READS, is_the_meddler, operation_of, with_subresource
from tests.s3.world import ACCOUNT, World

State = Mapping[str, str]
"""What each document of a bucket says: the aspects by name, all others by what S3 calls them."""
OBJECTS = "objects"
ACL = "acl"
MANIFEST = "manifest"
KEY = Manifest.get_params(None)["Key"]
WHEN = re.compile("created_at: .*")
"""When it was applied, which is another time for each run."""
GROUPS = ("AllUsers", "AuthenticatedUsers")


# ── what a document says ─────────────────────────────────────────────────────────────────────────────


@cache
def model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")


@cache
def aspects_by_subresource() -> dict[str, str]:
    names = {xform_name(operation): subresource for (_, subresource), operation in with_subresource().items()}
    return {names[kind.api.get]: name for name, kind in BucketSpec.aspects().items() if kind.api.get in names}


@cache
def aspect_in(name: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Aspect | None:
    """The aspect that an answer of S3 holds."""
    kind = BucketSpec.aspects()[name]
    operation = next(one for one in model().operation_names if xform_name(one) == kind.api.get)
    answer = {"body": body, "headers": CaseInsensitiveDict(headers), "status_code": 200}
    shape = model().operation_model(operation).output_shape
    assert shape is not None
    parsed = create_parser("rest-xml").parse(answer, shape)
    return kind.from_response(document_of(parsed))


def of_answer(name: str, answer: Answer | None) -> Aspect | None:
    if answer is None:
        return None
    return aspect_in(name, answer.body, tuple(sorted(answer.headers.items())))


@dataclass(frozen=True)
class Seen:
    """A bucket at one moment."""

    documents: State
    aspects: Mapping[str, LiveAspect]
    acl: Acl
    objects: frozenset[tuple[str, str, str]]
    """Key, version and content; what there is of the tool's own manifest is a document instead."""

    @property
    def exposure(self) -> Exposure:
        doors: dict[str, Any] = {name: self.aspects.get(name) for name in DOORS}
        return exposure_of(Doors(**doors, acl=self.acl, has_objects=bool(self.objects)))


def look(memory: Memory, bucket: str) -> Seen | None:
    """The bucket as it is now; None where there is none."""
    kept = memory.get(bucket)
    if kept is None:
        return None
    of_moto = s3_backends[ACCOUNT]["aws"].buckets[bucket]
    names = aspects_by_subresource()
    aspects = {name: of_answer(name, kept.documents.get(part)) for part, name in names.items()}
    documents = {name: canonical_json(aspect.meaning()) if aspect else "none" for name, aspect in aspects.items()}
    documents |= {part: kept.documents[part].body.decode() for part in kept.documents.keys() - names.keys()}
    documents["website"] = repr(of_moto.website_configuration)
    documents["accelerate"] = repr(of_moto.accelerate_configuration)
    objects = {
        (key, str(getattr(one, "version_id", "")), getattr(one, "etag", "delete marker"))
        for key, versions in of_moto.keys.lists()
        for one in versions
    }
    acl = Acl(tuple(grants_of(of_moto.acl)))
    documents[ACL] = repr(sorted((grant.group, grant.permission) for grant in acl.grants))
    manifest = of_moto.keys.get(KEY)
    text = manifest.value.decode() if hasattr(manifest, "value") else "none"
    documents[MANIFEST] = WHEN.sub("created_at: then", text)
    foreign = frozenset(one for one in objects if one[0] != KEY)
    return Seen(documents, aspects, acl, foreign)


def grants_of(acl: Any) -> list[Grant]:
    return [
        Grant(grantee.uri.rpartition("/")[2], permission)
        for grant in (acl.grants if acl else ())
        for grantee in grant.grantees
        for permission in grant.permissions
        if grantee.uri and grantee.uri.endswith(GROUPS)
    ]


# ── what is gone for good ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Loss:
    """What is gone for good in a bucket, and how soon."""

    what: str
    """`overwritten`, `expired` or `old`."""
    where: str = ""
    days: float = 0

    def is_bearable(self, losses: Collection["Loss"]) -> bool:
        """Whether one of these is as bad."""
        return any((self.what, self.where) == (one.what, one.where) and one.days <= self.days for one in losses)


def losses(seen: Seen) -> Iterator[Loss]:
    """What is overwritten or expires is kept as an old version only while versioning is Enabled; a rule about old
    versions deletes them for good wherever there are any."""
    versioning, lifecycle = seen.aspects["versioning"], seen.aspects["lifecycle"]
    status = versioning.status if isinstance(versioning, Versioning) else None
    if status != "Enabled":
        yield Loss("overwritten")
    for rule in lifecycle.rules if isinstance(lifecycle, Lifecycle) else ():
        if rule.status != "Enabled":
            continue
        where = json.dumps(rule.filter.model_dump(), sort_keys=True)
        if rule.expiration and rule.expiration.days and status != "Enabled":
            yield Loss("expired", where, rule.expiration.days)
        if rule.noncurrent_version_expiration and status is not None:
            yield Loss("old", where, rule.noncurrent_version_expiration.noncurrent_days or 0)


# ── watching ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Watch:
    """A behaviour right before the S3 itself: what the bucket is like after each write that was really served."""

    bucket: str = "lake-one"
    moments: list[tuple[str, Seen | None]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    before_a_write: Callable[[str, Seen | None], None] = lambda _operation, _seen: None
    """Asked before a write of the reconciler is served, with the bucket as it is then."""

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        operation = operation_of(request)
        if request.bucket != self.bucket or operation.startswith(READS) or is_the_meddler(request):
            return ask(request)
        if not self.moments:
            self.moments.append(("the beginning", look(memory, self.bucket)))
        try:
            self.before_a_write(operation, self.moments[-1][1])
        except Exception as problem:
            self.problems.append(f"before {operation}: {problem!r}")
        try:
            return ask(request)
        finally:
            self.moments.append((operation, look(memory, self.bucket)))

    def begin(self, bucket: str) -> None:
        self.bucket = bucket
        self.moments.clear()
        self.problems.clear()


# ── what must hold ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class Ends:
    """What a bucket was before an apply and what it is to be, and what its documents may say in between."""

    before: Seen | None
    after: Seen | None
    between: dict[str, set[str]]
    """What each document says at some moment of an apply that nothing disturbs."""
    empties: bool = False

    @classmethod
    def of(cls, moments: list[tuple[str, Seen | None]], *, empties: bool = False) -> "Ends":
        """Of an apply that nothing has disturbed."""
        ends = cls(moments[0][1], moments[-1][1], {}, empties)
        ends.allow(moments)
        return ends

    def allow(self, moments: list[tuple[str, Seen | None]]) -> None:
        """What the documents say at these moments is right."""
        for _, seen in moments:
            for name, text in (seen.documents if seen else {}).items():
                self.between.setdefault(name, set()).add(text)

    @property
    def known(self) -> list[Seen]:
        return [seen for seen in (self.before, self.after) if seen is not None]

    def wrong_with(self, moments: list[tuple[str, Seen | None]]) -> list[str]:
        """What is not as it must be at these moments, in sentences."""
        first = next((seen for _, seen in moments if seen is not None), None)
        if first is None:
            return []
        ends = self.known or [first]
        ends += [] if self.before else [first]  # a new bucket, as S3 makes it
        wrong = []
        for operation, seen in moments:
            if seen is None:
                if self.before and self.after:
                    wrong.append(f"after {operation} there is no bucket any more")
                continue
            for name, text in seen.documents.items():
                if text not in self.between.get(name, set()):
                    wrong.append(f"after {operation}, {name} is neither old nor new: {text}")
            wrong += [f"after {operation}, {problem}" for problem in self.wrong_at(seen, ends)]
        return wrong

    def wrong_at(self, seen: Seen, ends: list[Seen]) -> list[str]:
        """What is worse at this moment than at both ends."""
        ways = [way for end in ends for way in end.exposure.ways]
        wrong = [f"it is more public: {way.words}" for way in seen.exposure.ways if not way.is_among(ways)]
        bearable = [loss for end in ends for loss in losses(end)]
        has_old = self.before is not None and self.before.aspects["versioning"] is not None
        worse = [loss for loss in losses(seen) if not loss.is_bearable(bearable)]
        wrong += [f"more is lost for good: {loss}" for loss in worse if has_old or loss.what != "old"]
        had = self.before.objects if self.before else frozenset()
        if seen.objects - had or (had - seen.objects and not self.empties):
            wrong.append(f"objects have changed: {sorted(seen.objects ^ had)}")
        return wrong


# ── the same bucket again ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Checkpoint:
    """Everything that an S3 holds, to go back to."""

    memory: Memory
    buckets: Any
    accounts: Any

    @classmethod
    def of(cls, world: World) -> "Checkpoint":
        return cls(
            deepcopy(world.layer.memory),
            deepcopy(s3_backends[ACCOUNT]["aws"].buckets),
            dict(s3_backends.bucket_accounts),
        )

    def restore(self, world: World) -> None:
        world.reset()
        world.layer.memory.update(deepcopy(self.memory))
        s3_backends[ACCOUNT]["aws"].buckets.update(deepcopy(self.buckets))
        s3_backends.bucket_accounts.update(self.accounts)


def in_short(seen: Seen | None) -> str:
    """For a person who looks for what went wrong."""
    return json.dumps(seen.documents, indent=1) if seen else "no bucket"


def changed_documents(before: Seen | None, after: Seen | None) -> set[str]:
    was, now = (seen.documents if seen else {} for seen in (before, after))
    return {name for name in {*was, *now} if was.get(name) != now.get(name)}
