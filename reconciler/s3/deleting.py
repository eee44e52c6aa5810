"""Unmaking a bucket: the uploads that nobody finished, what is in it, then the bucket itself.

Nothing is deleted that the plan has not listed. Before the first deletion everything is listed again and compared with
what was reviewed; before each further page S3 is asked once more what comes next, and whatever was not reviewed ends
it. No call bypasses a retention.

Deleting the same version twice does no harm, so an answer that got lost is resolved by looking what is still there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from reconciler.aspects.calls import Call
from reconciler.endpoints.profiles import AWS, SANDBOX
from reconciler.errors import ReconcileError
from reconciler.planning.changeset import Plan
from reconciler.planning.contents import CONTENTS, UPLOADS, Entry, digest_of_entries, digest_of_uploads, several
from reconciler.planning.deleting import ABORT, EMPTY
from reconciler.s3.clients import Clients
from reconciler.s3.contents import Bag
from reconciler.s3.errors import S3_ERRORS, code_of, is_unanswered
from reconciler.s3.patience import Patience
from reconciler.s3.reader import Reader
from reconciler.xml_text import unwritable

PAGE = 1000
"""Keys of one DeleteObjects, and of one page of a listing (S3 API reference)."""
MOST_IDLE = 6
"""Looks that show the same page again before somebody is told."""
KEYS_TOLD = 5
LONGEST_KEY = 80
ALREADY_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
PASSING = frozenset({"InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted"})
"""What S3 says of a single key inside a 200, and takes back when it is asked again."""
PLAN_AGAIN = "run `reconcile plan` again"


def unmake(clients: Clients, reader: Reader, patience: Patience, plan: Plan, call: Call) -> None:
    """Carry out one call of a deletion. Raises what S3 raises, or `ReconcileError` with what is in the way."""
    bag = Bag(clients.s3(plan.region), plan.name, reader.owner)
    if call.operation == ABORT:
        abort_uploads(bag, patience, plan, call.params["AtMost"])
    elif call.operation == EMPTY:
        conditional = reader.identity.profile in (AWS, SANDBOX)
        Emptying(bag, patience, plan, conditional=conditional).run(call.params["AtMost"])
    else:
        delete_bucket(bag, patience)


def abort_uploads(bag: Bag, patience: Patience, plan: Plan, most: int) -> None:
    """Abort the uploads that were reviewed. One that was finished meanwhile is an object, which nobody reviewed."""
    uploads = list(islice(bag.uploads(), most + 1))
    if digest_of_uploads(uploads) != plan.live[UPLOADS]:
        raise ReconcileError("other uploads are under way than when this was read", remedy=PLAN_AGAIN)
    for number, upload in enumerate(uploads):
        stop_between(patience, number, most)
        try:
            bag.ask("abort_multipart_upload", Key=upload.key, UploadId=upload.id)
        except S3_ERRORS as error:
            if code_of(error) != "NoSuchUpload":
                raise


def delete_bucket(bag: Bag, patience: Patience) -> None:
    """Delete the bucket, which S3 does only when nothing is in it. An unfinished upload would not keep S3 from it."""
    if next(bag.uploads(), None) is not None:
        raise ReconcileError("somebody has begun an upload since this was read", remedy=PLAN_AGAIN)

    def attempt() -> Exception | None:
        try:
            patience.persist(lambda: bag.ask("delete_bucket"))
        except S3_ERRORS as error:
            if code_of(error) != "BucketNotEmpty":
                raise
            refuse_what_came_in(bag)
            return error
        return None

    left = patience.until(lambda error: error is None, attempt, patience.settled)
    if left is not None:
        raise left


def refuse_what_came_in(bag: Bag) -> None:
    """Raise with what keeps the bucket from being deleted, if a look shows anything."""
    found = list(islice(bag.entries(), PAGE))
    if found:
        raise came_in(found)


class Emptying:
    """Deletes the versions and delete markers of one bucket that a plan has listed."""

    def __init__(self, bag: Bag, patience: Patience, plan: Plan, *, conditional: bool) -> None:
        self.bag = bag
        self.patience = patience
        self.plan = plan
        self.conditional = conditional
        """Whether the server deletes on the condition that an object is still the same (S3 User Guide,
        conditional-deletes)."""
        self.has_versions = True

    def run(self, most: int) -> None:
        """Delete everything that was reviewed, or refuse; return when nothing is there any more."""
        reviewed = self.reviewed(most)
        self.has_versions = bool(self.bag.versioning().get("Status"))
        before: frozenset[Any] = frozenset()
        idle, deleted, pause = 0, 0, self.patience.first_pause
        while page := self.next_page(reviewed):
            stop_between(self.patience, deleted, most)
            proofs = frozenset(entry.proof for entry in page)
            idle = idle + 1 if proofs == before else 0
            if idle:
                pause = self.patience.longer(pause)
            if idle > MOST_IDLE:
                said = f"S3 still lists {several(len(page), 'version')} that it was asked to delete"
                raise ReconcileError(said, remedy=PLAN_AGAIN)
            before = proofs
            batch = batch_of(page)
            self.delete(batch, last_try=idle == MOST_IDLE)
            deleted += len(batch)

    def reviewed(self, most: int) -> frozenset[Any]:
        """Everything that may be deleted. Raises where the bucket does not hold just what was reviewed."""
        entries = list(islice(self.bag.entries(), most + 1))
        if digest_of_entries(entries) != self.plan.live[CONTENTS]:
            found = f"more than {most:,}" if len(entries) > most else f"{len(entries):,}"
            raise ReconcileError(
                "somebody has changed what is in the bucket since it was read: "
                f"reviewed {several(most, 'version')} and delete markers, now {found}; nothing was deleted",
                remedy=PLAN_AGAIN,
            )
        return frozenset(entry.proof for entry in entries)

    def next_page(self, reviewed: frozenset[Any]) -> Sequence[Entry]:
        """What comes first in the bucket, as it is now. Raises for what nobody has reviewed."""
        page = list(islice(self.bag.entries(), PAGE))
        strangers = [entry for entry in page if entry.proof not in reviewed]
        if strangers:
            raise came_in(strangers)
        return page

    def delete(self, batch: Sequence[Entry], *, last_try: bool) -> None:
        """One DeleteObjects. What it says of single keys stands inside a 200."""
        named = [entry for entry in batch if unwritable(entry.key) is None]
        try:
            for entry in batch:
                if unwritable(entry.key) is not None:  # no XML can hold this key; a URL can
                    self.delete_one(entry)
            if named:
                objects = [self.identifier(entry) for entry in named]
                asked = {"Objects": objects, "Quiet": True}
                answer = self.patience.persist(lambda: self.bag.ask("delete_objects", Delete=asked))
                refuse_errors(answer.get("Errors", ()), last_try=last_try)
        except S3_ERRORS as error:
            if last_try or not is_unanswered(error):
                raise

    def delete_one(self, entry: Entry) -> None:
        """DeleteObject, for a key that only a URL can hold."""
        params = {"IfMatch" if name == "ETag" else name: value for name, value in self.identifier(entry).items()}
        self.patience.persist(lambda: self.bag.ask("delete_object", **params))

    def identifier(self, entry: Entry) -> dict[str, str]:
        """Exactly this version; where there never were versions, this object while it is still the same."""
        if self.has_versions and entry.version is not None:
            return {"Key": entry.key, "VersionId": entry.version}
        return {"Key": entry.key} | ({"ETag": entry.etag} if self.conditional and entry.etag else {})


def batch_of(page: Sequence[Entry]) -> Sequence[Entry]:
    """Versions before delete markers: without its marker, what somebody had deleted would be there again.

    Of a page that holds nothing but markers, the newest of the last key waits while there may be more of that key.
    """
    versions = [entry for entry in page if not entry.is_marker]
    if versions or len(page) < PAGE:
        return versions or page
    waits = next((entry for entry in page if entry.key == page[-1].key and entry.is_latest), None)
    return [entry for entry in page if entry is not waits]


def stop_between(patience: Patience, deleted: int, most: int) -> None:
    """Raise when the run is stopped."""
    if patience.stop.is_set():
        raise ReconcileError(
            f"the run was stopped after {deleted:,} of {most:,} deletions", remedy="what is left is planned again"
        )


def came_in(strangers: Sequence[Entry]) -> ReconcileError:
    """The refusal where something is in the bucket that nobody has reviewed."""
    return ReconcileError(
        f"{listed(entry.key for entry in strangers)} came into the bucket since it was read, and was not touched",
        remedy=PLAN_AGAIN,
    )


def refuse_errors(errors: Iterable[Mapping[str, Any]], *, last_try: bool) -> None:
    """Raise for the keys that S3 has not deleted, unless it may do so when it is asked again."""
    kept = [error for error in errors if error.get("Code") not in ALREADY_GONE]
    lasting = [error for error in kept if last_try or error.get("Code") not in PASSING]
    if lasting:
        codes = sorted({f"{error.get('Code')}: {error.get('Message') or ''}".strip(": ") for error in lasting})
        raise ReconcileError(
            f"S3 has not deleted {listed(str(error.get('Key')) for error in lasting)} ({'; '.join(codes[:KEYS_TOLD])})",
            remedy="a retention, a legal hold or a policy may keep it, and none is ever bypassed: see to what is left, "
            "then plan again",
        )


def listed(keys: Iterable[str]) -> str:
    """A few keys by name, as JSON has them, and how many more there are."""
    every = sorted(set(keys))
    shown = [json.dumps(key if len(key) <= LONGEST_KEY else key[:LONGEST_KEY] + "…") for key in every[:KEYS_TOLD]]
    more = f" and {len(every) - KEYS_TOLD:,} more" if len(every) > KEYS_TOLD else ""
    return ", ".join(shown) + more
