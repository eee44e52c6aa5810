"""The reader: specs in, live buckets out. Only what a spec declares is read, and nothing is read twice.

Existence and region of all buckets come from one paged listing. What it does not settle (a name that is
not ours to see, a server that lists no regions, a listing that is denied) HeadBucket settles.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from reconciler.aspects import manifest
from reconciler.aspects.managed import Absent
from reconciler.bucket import BucketSpec
from reconciler.planning.existence import elsewhere
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.s3.callers import Callers
from reconciler.s3.clients import CONNECTIONS, Clients
from reconciler.s3.crowd import Crowd
from reconciler.s3.errors import (
    DENIED,
    S3_ERRORS,
    WRONG_REGION,
    WrongDocumentError,
    code_of,
    credentials_refused,
    ends_the_run,
    message_of,
    region_named_by,
    unreadable,
)
from reconciler.s3.keys import Keys
from reconciler.s3.prepared import REMEMBERED, Answer
from reconciler.s3.reading_ahead import ReadingAhead

if TYPE_CHECKING:
    from reconciler.planning.contents import Contents

PAGE = 10_000
"""Buckets per page of a listing; AWS answers regions only when the request carries a parameter."""
MOST_PAGES = 1_000
"""A server that pages in circles is left after this many."""
TO_SEE_WHETHER_IT_IS_THERE = "s3:ListBucket"
"""Without it S3 answers AccessDenied for an object that does not exist."""

Listing = Mapping[str, str | None]
"""Our buckets and their regions; None where the server does not say."""
Persist = Callable[[Callable[[], Any]], Any]
"""A way to make a call: once, or until what it raises does not pass any more."""


def once(call: Callable[[], Any]) -> Any:
    """Make a call, and let it raise what it raises."""
    return call()


class Reader:
    """Reads buckets as the specs ask for them."""

    def __init__(self, clients: Clients, identity: Identity) -> None:
        self.clients = clients
        self.identity = identity
        self.keys = Keys(clients)
        self.callers = Callers(clients, identity)
        self.width = CONNECTIONS
        """Threads that read."""
        self._same = lru_cache(REMEMBERED)(self.understand)

    # ── all buckets ──────────────────────────────────────────────────────────────────────────────────

    def read(self, specs: Sequence[BucketSpec], listing: Listing | None = None) -> dict[str, LiveBucket]:
        """The live side of every spec, by name; `listing` where somebody has it already."""
        with closing(self.each(specs, listing)) as found:
            return {bucket.name: bucket for bucket in found}

    def each(
        self, specs: Sequence[BucketSpec], listing: Listing | None = None, done: Callable[[], None] = lambda: None
    ) -> Generator[LiveBucket, None, None]:
        """The live side of every spec, in their order, as somebody takes it; `done` is called for each that is read.

        Whoever stops half-way closes the generator: what has not begun by then never does.
        """
        listing = self.listing([spec.name for spec in specs]) if listing is None else listing
        with Crowd(self.width, "read") as crowd:
            yield from ReadingAhead(self, crowd, listing, done).through(specs)

    def listing(self, names: Sequence[str] = ()) -> Listing:
        """Our buckets with their regions, at least those with these names; empty where listing them is denied."""
        alike = commonprefix(names)  # noqa: RUF071 - names are no paths: character by character is what S3 compares
        prefix = {"Prefix": alike} if alike else {}
        client = self.clients.s3(self.clients.region)
        found: dict[str, str | None] = {}
        token: str | None = None
        for _ in range(MOST_PAGES):
            try:
                page = client.list_buckets(MaxBuckets=PAGE, **prefix, **({"ContinuationToken": token} if token else {}))
            except S3_ERRORS as error:
                fatal = ends_the_run(error, self.clients.endpoint_url)
                if fatal:
                    raise fatal from error
                return {}
            before = len(found)
            found |= {bucket["Name"]: bucket.get("BucketRegion") for bucket in page.get("Buckets", [])}
            token = page.get("ContinuationToken")
            if not token or len(found) == before:
                break
        return found

    # ── one bucket ───────────────────────────────────────────────────────────────────────────────────

    def locate(self, spec: BucketSpec, listing: Listing) -> LiveBucket:
        """Whether the bucket exists, and where."""
        if listing.get(spec.name):
            return LiveBucket(spec.name, Existence.EXISTS, listing[spec.name])
        found = self.head(spec)
        if found.existence is Existence.MISSING and spec.name in listing:
            trouble = Unreadable("S3 lists the bucket and says that it does not exist", "try again in a minute")
            return LiveBucket(spec.name, Existence.UNCLEAR, trouble=trouble)
        return found

    def head(self, spec: BucketSpec) -> LiveBucket:
        """Ask for the bucket itself, in the region that is told if it is another one than the spec's."""
        try:
            return self._head(spec.name, spec.region)
        except S3_ERRORS as error:
            fatal = credentials_refused(error)  # whoever does not answer may be one region of many
            if fatal:
                raise fatal from error
            elsewhere = region_named_by(error)
            if not elsewhere:
                return self._not_found(spec, error)
        try:
            return self._head(spec.name, elsewhere)
        except S3_ERRORS as error:
            return self._not_found(spec, error)

    def _head(self, name: str, region: str | None) -> LiveBucket:
        answer = self.clients.s3(region).head_bucket(Bucket=name, **self.owner)
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return LiveBucket(name, Existence.EXISTS, answer.get("BucketRegion") or headers.get("x-amz-bucket-region"))

    def _not_found(self, spec: BucketSpec, error: Exception) -> LiveBucket:
        """What an error says of a name. Only a plain 404 means that there is no bucket."""
        code = code_of(error)
        if code in ("404", "NoSuchBucket"):
            return LiveBucket(spec.name, Existence.MISSING)
        if code in DENIED:
            trouble = Unreadable(
                f"the name {spec.name} is taken, and this account may not see the bucket: it belongs to "
                "somebody else, or s3:ListBucket is not allowed",
                "choose another name, use the owner's credentials, or allow s3:ListBucket on the bucket",
            )
        elif code in WRONG_REGION:
            trouble = Unreadable(
                "the bucket lives in another region than the spec says", "correct `region:` in the spec"
            )
        else:
            trouble = Unreadable(
                f"S3 does not say whether the bucket exists: {code or type(error).__name__}: {message_of(error)}",
                "check `region:` and the network, then try again; --debug shows the details",
            )
        return LiveBucket(spec.name, Existence.UNCLEAR, trouble=trouble)

    @property
    def owner(self) -> dict[str, str]:
        """The account that must own the bucket: every call that can say so says so, where it is known."""
        return {"ExpectedBucketOwner": self.identity.account} if self.identity.account else {}

    def readable(self, spec: BucketSpec, bucket: LiveBucket) -> bool:
        """Whether asking for documents makes sense: the bucket is there, and where the spec says."""
        return bucket.existence is Existence.EXISTS and not elsewhere(spec, bucket, self.identity)

    def with_names(self, spec: BucketSpec, bucket: LiveBucket) -> LiveBucket:
        """The bucket with what its spec and its documents only name: KMS keys, and the caller's role."""
        return replace(bucket, keys=self.keys.of(spec, bucket), role_arn=self.callers.role_arn(spec, bucket))

    def look_into(self, spec: BucketSpec, bucket: LiveBucket) -> "Contents | Unreadable | None":
        """What is in a bucket that is to go; None where there is no such bucket any more."""
        from reconciler.s3.contents import Bag, look_into

        return look_into(Bag(self.clients.s3(bucket.region or spec.region), bucket.name, self.owner), spec)

    # ── one document ─────────────────────────────────────────────────────────────────────────────────

    def read_aspect(self, spec: BucketSpec, name: str, region: str | None, persist: Persist = once) -> LiveAspect:
        """One document: a value, None, or why nobody can tell. `persist` says how often to ask for it."""
        kind = BucketSpec.aspects()[name]
        wanted = getattr(spec, name)
        params = kind.get_params(None if isinstance(wanted, Absent) else wanted)
        asked = {"Bucket": spec.name, **self.owner, **params}
        try:
            answer = persist(lambda: self.clients.ask(region or spec.region, kind.api.get, asked))
            understand = self._same if isinstance(answer, Answer) else self.understand
            return understand(name, answer, **params)
        except S3_ERRORS as error:
            if code_of(error) in kind.api.absent or self.says_none(name, error):
                return None
            fatal = credentials_refused(error)
            if fatal:
                raise fatal from error
            also = (TO_SEE_WHETHER_IT_IS_THERE,) if kind.api.of_object else ()
            return unreadable(error, name, (*kind.api.to_read, *also))
        except ValueError as error:
            return not_understood(name, error)

    def understand(self, name: str, answer: Mapping[str, Any], **params: Any) -> LiveAspect:
        """What an answer means. Raises ValueError for what no model knows."""
        document = self.identity.profile.as_aws(name, document_of(answer))
        return BucketSpec.aspects()[name].from_response({**params, **document})

    def says_none(self, name: str, error: Exception) -> bool:
        """Whether this is how this server says that there is none: with an empty answer."""
        return isinstance(error, WrongDocumentError) and error.empty and name in self.identity.profile.empty_is_none


def document_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer without the transport's part; an object's body as text."""
    document = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    if "Body" in document:
        with document["Body"] as stream:
            body = stream.read(manifest.LARGEST + 1)
        if len(body) > manifest.LARGEST:
            raise ValueError(f"the object under its key is larger than {manifest.LARGEST:,} bytes")
        return {"Body": body.decode("utf-8", "replace"), "ETag": document.get("ETag")}
    return document


def not_understood(name: str, error: ValueError) -> Unreadable:
    """A document that no model knows: writing over it would erase what it says."""
    return Unreadable(
        f"{name} cannot be understood: {'; '.join(sentences(error))}",
        "take it out of the spec, or update this tool: it must not write over what it does not understand",
    )


def sentences(error: ValueError) -> Iterator[str]:
    """What is not understood, in a line each."""
    details = getattr(error, "errors", None)
    if details is None:
        yield str(error)
        return
    for found in details(include_url=False):
        yield f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
