"""Who holds a lock: what its object says, and until when at most, as the server's clock says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from reconciler.settings import LONGEST_LOCK

LARGEST = 65_536
LONGEST = 200
"""Characters of what a lock says that are told."""
MARK = "reconcile-lock"
"""What tells a lock from any other object."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that holds a lock."""

    run: str
    owner: str
    caller: str | None
    started: str
    etag: str
    until: datetime
    expired: bool

    def __str__(self) -> str:
        """In a sentence's middle."""
        caller = f" ({self.caller})" if self.caller else ""
        return f"{self.owner}{caller} since {self.started}"


def holder_in(answer: Mapping[str, Any]) -> Holder:
    """The holder, from S3's answer to a GET. Raises ValueError where the object is no lock."""
    with answer["Body"] as stream:
        said = understood(stream.read(LARGEST))
    last, expires_after = answer["LastModified"], timedelta(seconds=said["expires_after"])
    try:
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError):  # a server without a clock: then nothing expires
        now = last
    return Holder(
        run=str(said["run"]),
        owner=str(said["owner"])[:LONGEST],
        caller=str(said["caller"])[:LONGEST] if said.get("caller") else None,
        started=str(said["started"])[:LONGEST],
        etag=answer["ETag"],
        until=last + expires_after,
        expired=now > last + expires_after,
    )


def understood(body: bytes) -> dict[str, Any]:
    """What the object says. Raises ValueError where it is no lock: it is not ours to write over."""
    try:
        said = json.loads(body)
    except RecursionError:
        said = None
    seconds = said.get("expires_after") if isinstance(said, dict) else None
    has_parts = isinstance(said, dict) and {"run", "owner", "started"} <= said.keys() and said.get("kind") == MARK
    if not has_parts or type(seconds) is not int or not 0 < seconds <= LONGEST_LOCK:
        raise ValueError("it lacks the parts of a lock")
    return dict(said)
