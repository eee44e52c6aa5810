"""Shards: a fleet shared out among several processes, with nobody who would have to share it out.

Which shard a bucket belongs to follows from its name alone, by SHA-256: the same on every machine and in every Python.
A name says which account it is in, too, since no two accounts can have the same one. The buckets of each account come
to lie evenly in all shards, so that no shard has all the work, and no account is asked by one shard alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import UsageError

ENVIRONMENT = "env"
"""What ``--shard`` says where the scheduler knows the number."""
MOST = 100_000
"""Shards. A Kubernetes Job may have so many pods at a time (batch/v1), an AWS Batch array 10,000 (User Guide)."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts of a fleet; the first is number 1."""

    index: int
    total: int

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"

    def holds(self, name: str) -> bool:
        """Whether a bucket belongs to this shard."""
        return shard_of(name, self.total) == self.index


@dataclass(frozen=True, slots=True)
class Part:
    """What a plan says of itself that is about one shard only."""

    shard: Shard
    whole: int
    """Buckets of all shards together."""
    asked: Mapping[str, str | None] = field(default_factory=dict, compare=False)
    """How S3 was asked: what the parts of one plan have in common, besides what every plan says."""


def shard_of(name: str, total: int) -> int:
    """The number of the shard that a bucket belongs to, from 1."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return number % total + 1


def part_of(document: Mapping[str, Any]) -> Shard | None:
    """Which shard a plan document is about; None where it is about all buckets."""
    found = document["inputs"].get("shard")
    return Shard(found["index"], found["total"]) if found else None


# ── which one is meant ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Who tells each of its processes which of them it is."""

    name: str
    index: str
    """The variable of the environment that holds the number."""
    first: int
    """What the first one is told."""
    total: str | None
    """The variable that holds how many there are; None where the environment does not say."""


SCHEDULERS = (
    # kubernetes.io/docs/tasks/job/indexed-parallel-processing-static: from 0; how many there are, no variable says
    Scheduler("a Kubernetes Indexed Job", "JOB_COMPLETION_INDEX", 0, None),
    # docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
    Scheduler("an AWS Batch array job", "AWS_BATCH_JOB_ARRAY_INDEX", 0, "AWS_BATCH_JOB_ARRAY_SIZE"),
    # docs.gitlab.com/ci/variables/predefined_variables: the index only with `parallel`, the total in every job
    Scheduler("GitLab's `parallel`", "CI_NODE_INDEX", 1, "CI_NODE_TOTAL"),
)


def shard_named(written: str, environment: Mapping[str, str]) -> Shard:
    """The shard that ``--shard`` names: ``3/10``, or ``env`` and ``env/10`` for what the scheduler says.

    Raises `UsageError`.
    """
    index, slash, total = written.partition("/")
    many = number(total)
    if index == ENVIRONMENT and (many is not None or not slash):
        return checked(shard_in(environment, many), written)
    which = number(index)
    if which is None or many is None:
        raise UsageError(
            f"--shard {written} is no shard", remedy="write it like 3/10, or env where a scheduler knows the number"
        )
    return checked(Shard(which, many), written)


def shard_in(environment: Mapping[str, str], total: int | None) -> Shard:
    """The shard that the schedulers name who have set the environment. Raises unless they name a single one."""
    told = {one.name: told_by(one, environment, total) for one in SCHEDULERS if one.index in environment}
    if not told:
        known = ", ".join(one.index for one in SCHEDULERS)
        raise UsageError(
            f"--shard {ENVIRONMENT}: no scheduler says which shard this is ({known} are not set)",
            remedy="write it out, like --shard 3/10; in a GitHub matrix --shard ${{ matrix.shard }}/10",
        )
    if len({*told.values()}) > 1:
        said = ", ".join(f"{who} says {shard}" for who, shard in told.items())
        raise UsageError(f"--shard {ENVIRONMENT}: {said}", remedy="write out which one is meant, like --shard 3/10")
    return next(iter(told.values()))


def told_by(scheduler: Scheduler, environment: Mapping[str, str], total: int | None) -> Shard:
    """The shard that one scheduler names. How many there are is said by somebody, and by all alike."""
    index = number(environment[scheduler.index])
    if index is None:
        raise UsageError(f"{scheduler.index}={environment[scheduler.index]} is no number", remedy="write --shard 3/10")
    told = number(environment.get(scheduler.total, "")) if scheduler.total else None
    if told is None and total is None:
        raise UsageError(
            f"{scheduler.name} does not say how many shards there are",
            remedy=f"write it out, like --shard {ENVIRONMENT}/10",
        )
    if told is not None and total is not None and told != total:
        raise UsageError(
            f"--shard {ENVIRONMENT}/{total}: {scheduler.name} says that there are {told}",
            remedy=f"write --shard {ENVIRONMENT}",
        )
    return Shard(index - scheduler.first + 1, told if told is not None else total or 0)


def checked(shard: Shard, written: str) -> Shard:
    """The shard, if there is such a one."""
    if shard.total > MOST:
        raise UsageError(f"--shard {written}: {shard.total:,} shards are too many", remedy=f"at most {MOST:,}")
    if not 1 <= shard.index <= shard.total:
        raise UsageError(
            f"--shard {written}: there is no shard {shard.index} of {shard.total}",
            remedy="the first is 1, the last as many as there are, like 1/10 to 10/10",
        )
    return shard


def number(written: str) -> int | None:
    """A whole number as schedulers and people write it; None for anything else."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= len(str(MOST)) + 1 else None
