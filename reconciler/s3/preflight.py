"""Before the first write: what would stop this run half-way, and is known now.

Credentials that end too soon, and a clock that is wrong. Whose the buckets are and where they live is known
since the plan was made.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from botocore.credentials import RefreshableCredentials

from reconciler.errors import CannotReachS3
from reconciler.planning.changeset import Plan
from reconciler.planning.order import lane
from reconciler.s3.clients import CONNECTIONS, Clients

SECONDS_PER_CALL = 2.0
"""For one write with a look before and after. An estimate on the safe side for AWS: three calls of some 100 ms each,
and now and then a second look; the minutes that S3 may take to show a write cost no credentials but one more read."""
SHORTEST = 60
"""Seconds that any run may take: throttled calls and buckets that are slow to appear."""
CLOCK_MAY_DIFFER = timedelta(minutes=5)
"""AWS refuses requests at 15 minutes (S3 API reference, "Authenticating requests", RequestTimeTooSkewed)."""
SAID_BY_THE_ENVIRONMENT = "AWS_CREDENTIAL_EXPIRATION"


def check(plans: Sequence[Plan], clients: Clients, now: datetime | None = None, width: int = CONNECTIONS) -> None:
    """Raise `CannotReachS3` for what would stop the run half-way; `width` is how many buckets are written at a time."""
    check_clock(clients.clocks)
    check_credentials(clients.credentials, estimate(plans, width), now or datetime.now(UTC), os.environ)


def estimate(plans: Sequence[Plan], width: int = CONNECTIONS) -> int:
    """Seconds that these plans may take: the calls of a bucket one by one, so many buckets at a time."""
    lanes = [len(lane(plan)) for plan in plans]
    in_a_row = max(max(lanes, default=0), sum(lanes) / width)
    return max(SHORTEST, ceil(in_a_row * SECONDS_PER_CALL))


def check_clock(clocks: tuple[datetime, datetime] | None) -> None:
    """Refuse to begin where the time here and there differ; `clocks` is None where nobody has told the time."""
    if clocks is None:
        return
    there, here = clocks
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    if abs(here - there) >= CLOCK_MAY_DIFFER:
        direction = "ahead of" if here > there else "behind"
        raise CannotReachS3(
            f"the clock of this machine is {in_words(abs(here - there).total_seconds())} {direction} the server's",
            remedy="set the clock (NTP), then try again",
            code="RCL5008",
        )


def check_credentials(credentials: Any, needed: int, now: datetime, environment: Mapping[str, str]) -> None:
    """Refuse to begin with credentials that are known to end before the run does."""
    end = end_of(credentials, environment)
    if end is not None and end - now < timedelta(seconds=needed):
        left = max(0.0, (end - now).total_seconds())
        told = f"end in {in_words(left)}" if left else "have ended"
        raise CannotReachS3(
            f"these credentials {told}; this run needs about {in_words(needed)}",
            remedy="log in again (`aws sso login`, or however you got them), then run the same command",
            code="RCL5007",
        )


def end_of(credentials: Any, environment: Mapping[str, str]) -> datetime | None:
    """When the credentials end for good; None where nobody says, or where they are renewed by themselves."""
    method = getattr(credentials, "method", None)
    if isinstance(credentials, RefreshableCredentials):
        # those of the environment are "renewed" from the same environment
        return getattr(credentials, "_expiry_time", None) if method == "env" else None
    said = environment.get(SAID_BY_THE_ENVIRONMENT)
    if not said or not getattr(credentials, "token", None):
        return None
    try:
        end = datetime.fromisoformat(said)
    except ValueError:
        return None
    return end if end.tzinfo else end.replace(tzinfo=UTC)


def in_words(seconds: float) -> str:
    """A time span, as people say it."""
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{ceil(seconds / 60)} min" if seconds < 2 * 3600 else f"{round(seconds / 3600)} h"
