"""Reading ahead: many buckets side by side, handed out one by one in the order in which they were asked for.

Only so many buckets are ahead of whoever takes them that every thread has something to do: what a bucket holds
is forgotten once it has been compared, so that memory does not grow with the fleet.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.bucket import BucketSpec
from reconciler.planning.live import Existence, LiveAspect, LiveBucket, Unreadable
from reconciler.s3.crowd import Crowd, taken_from

if TYPE_CHECKING:
    from reconciler.planning.contents import Contents
    from reconciler.s3.reader import Listing, Reader

Ended = tuple[int, LiveBucket | BaseException]


class ReadingAhead:
    """One way through many specs."""

    def __init__(self, reader: "Reader", crowd: Crowd, listing: "Listing", done: Callable[[], None]) -> None:
        self.reader = reader
        self.crowd = crowd
        self.listing = listing
        self.done = done
        """Called for each bucket, as soon as it is read."""
        self.ended: SimpleQueue[Ended] = SimpleQueue()

    def through(self, specs: Sequence[BucketSpec]) -> Iterator[LiveBucket]:
        """The live side of each spec, in their order. Raises what ends the run."""
        waiting: dict[int, LiveBucket] = {}
        begun = 0
        for taken in range(len(specs)):
            while begun < len(specs) and begun < taken + self.crowd.width * 2:
                self.begin(begun, specs[begun])
                begun += 1
            while taken not in waiting:
                number, found = taken_from(self.ended)
                if isinstance(found, BaseException):
                    raise found
                waiting[number] = found
                self.done()
            yield waiting.pop(taken)

    def begin(self, number: int, spec: BucketSpec) -> None:
        """Have a bucket read. One that is listed with its region is there: nothing needs to be asked."""
        bucket = _Bucket(self, number, spec)
        region = self.listing.get(spec.name)
        if region:
            bucket.read(LiveBucket(spec.name, Existence.EXISTS, region))
        else:
            self.crowd.do(bucket.locate)


class _Bucket:
    """One bucket while its parts are read, each by whichever thread is free."""

    def __init__(self, ahead: ReadingAhead, number: int, spec: BucketSpec) -> None:
        self.ahead = ahead
        self.reader = ahead.reader
        self.number = number
        self.spec = spec
        self.full = spec
        self.bucket = LiveBucket(spec.name, Existence.UNCLEAR)
        self.aspects: dict[str, LiveAspect] = {}
        self.contents: Contents | Unreadable | None = None
        self.parts_left = 0
        self.lock = Lock()

    def locate(self) -> None:
        """Whether it is there, and where."""
        try:
            self.read(self.reader.locate(self.spec, self.ahead.listing))
        except BaseException as error:
            self.ahead.ended.put((self.number, error))

    def read(self, bucket: LiveBucket) -> None:
        """Have its documents read, now that it is known to be there."""
        self.bucket = bucket
        parts: list[Callable[[], None]] = []
        if self.reader.readable(self.spec, bucket):
            around = self.spec.surroundings(self.reader.identity.account, bucket.region or self.reader.identity.region)
            self.full = self.spec.filled(around).reading
            declared = self.full.declared()
            self.aspects = dict.fromkeys(declared)  # in the spec's order, whatever comes first
            parts = [partial(self.document, name) for name in declared]
            parts += [self.look_into] if self.spec.is_absent else []
        self.parts_left = len(parts) or 1
        for part in parts or [lambda: None]:
            self.ahead.crowd.do(partial(self.part, part))

    def part(self, part: Callable[[], None]) -> None:
        """One of its parts; the bucket is complete with the last of them."""
        try:
            part()
            with self.lock:
                self.parts_left -= 1
                complete = not self.parts_left
            if complete:
                self.ahead.ended.put((self.number, self.whole()))
        except BaseException as error:
            self.ahead.ended.put((self.number, error))

    def document(self, name: str) -> None:
        """One document."""
        self.aspects[name] = self.reader.read_aspect(self.full, name, self.bucket.region)

    def look_into(self) -> None:
        """What is in a bucket that is to go. A listing of all buckets may show one that is gone."""
        self.contents = self.reader.look_into(self.spec, self.bucket)
        if self.contents is None:
            self.bucket = LiveBucket(self.spec.name, Existence.MISSING)

    def whole(self) -> LiveBucket:
        """The bucket with all that was found, and what can only be asked now: keys and the caller's role."""
        there = self.bucket.existence is not Existence.MISSING
        aspects = self.aspects if there else {}
        found = LiveBucket(
            self.spec.name,
            self.bucket.existence,
            self.bucket.region,
            self.bucket.trouble,
            aspects,
            contents=self.contents,
        )
        return self.reader.with_names(self.spec, found)
