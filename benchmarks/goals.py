"""The goals of the issue “A fleet in seconds”, each held against what was measured; met or not, it is told."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.results import Entry, Results
from benchmarks.tools import Piece
from reconciler.s3.clients import CONNECTIONS

AROUND = {"ListBuckets", "GetCallerIdentity"}
"""Calls that are made once in a run."""


class Goal(NamedTuple):
    """One goal, and how it stands."""

    what: str
    measured: str
    met: bool | None
    """None where it was not measured."""


def goals(results: Results) -> list[Goal]:
    """All goals that a benchmark can tell something about."""
    return [
        *calls(results),
        *speed(results),
        *applying(results),
        *growth(results),
        *startup(results),
    ]


def calls_per_bucket(entry: Entry, tool: str) -> float:
    """Calls for each bucket, without those that are made once."""
    asked = entry.tools[tool].calls
    return sum(times for operation, times in asked.items() if operation not in AROUND) / entry.piece.buckets


def ratio(results: Results, piece: Piece, slower: str, faster: str) -> float | None:
    """How many times as long one tool takes as another in the same run."""
    entry = results.together(piece, slower, faster)
    return entry.tools[slower].median() / entry.tools[faster].median() if entry else None


def at_least(what: str, wanted: float, found: float | None) -> Goal:
    """A ratio that is to be reached."""
    if found is None:
        return Goal(f"{what} ≥ {wanted:g} ×", "not measured", None)
    return Goal(f"{what} ≥ {wanted:g} ×", f"{found:,.1f} ×", found >= wanted)


def at_most(what: str, wanted: float, found: float | None, unit: str) -> Goal:
    """A value that is not to be exceeded."""
    if found is None:
        return Goal(f"{what} ≤ {wanted:,g} {unit}".strip(), "not measured", None)
    return Goal(f"{what} ≤ {wanted:,g} {unit}".strip(), f"{found:,.1f} {unit}".strip(), found <= wanted)


def calls(results: Results) -> Iterator[Goal]:
    """Goal 1."""
    for buckets in (200, 10_000):
        entry = results.together(Piece("plan", buckets), "reconcile")
        found = calls_per_bucket(entry, "reconcile") if entry else None
        yield at_most(f"calls per bucket, no-change plan of {buckets:,}", 7, found, "")
        if entry:
            around = {name: entry.tools["reconcile"].calls.get(name, 0) for name in sorted(AROUND)}
            said = ", ".join(f"{times} {name}" for name, times in around.items())
            yield Goal(f"one ListBuckets page and one STS call, {buckets:,} buckets", said, set(around.values()) == {1})


def speed(results: Results) -> Iterator[Goal]:
    """Goal 2."""
    for buckets, wanted in ((200, 100), (1_000, 200)):
        found = ratio(results, Piece("plan", buckets), "terraform", "reconcile")
        yield at_least(f"faster than Terraform, no-change plan of {buckets:,}", wanted, found)
    for buckets in (200, 1_000, 10_000):
        found = ratio(results, Piece("plan", buckets), "reconcile", "floor")
        yield at_most(f"against bare HTTP (http.client), no-change plan of {buckets:,}", 2, found, "×")
    for buckets in (1_000, 10_000):
        entry = results.together(Piece("plan", buckets, 30), "reconcile")
        if entry:
            asked = sum(entry.tools["reconcile"].calls.values())
            least = asked / CONNECTIONS * 0.030
            found = entry.tools["reconcile"].median() / least
        what = f"against (calls ÷ {CONNECTIONS} connections) × 30 ms, no-change plan of {buckets:,}"
        yield at_most(what, 1.5, found if entry else None, "×")


def applying(results: Results) -> Iterator[Goal]:
    """Goal 3."""
    piece = Piece("apply", 200)
    yield at_least("faster than Terraform, creating 200", 50, ratio(results, piece, "terraform", "reconcile"))
    entry = results.together(piece, "reconcile")
    yield at_most("calls per bucket, creating 200", 16, calls_per_bucket(entry, "reconcile") if entry else None, "")


def growth(results: Results) -> Iterator[Goal]:
    """Goal 4."""
    entries = [results.together(Piece("plan", buckets), "reconcile") for buckets in (200, 1_000, 10_000)]
    largest = entries[-1]
    yield at_most(
        "peak memory, no-change plan of 10,000",
        250,
        largest.tools["reconcile"].median("rss_mib") if largest else None,
        "MiB",
    )
    for what, name in (("CPU time", "cpu"), ("memory", "rss_mib")):
        goal = f"{what} for one more bucket, 1,000 to 10,000 against 200 to 1,000, ≤ 1.25 ×"
        if all(entries):
            small, middle, large = (entry.tools["reconcile"].median(name) for entry in entries if entry)
            more = (large - middle) / 9_000 / max((middle - small) / 800, 1e-9)
            yield Goal(goal, f"{more:.2f} ×", more <= 1.25)
        else:
            yield Goal(goal, "not measured", None)


def startup(results: Results) -> Iterator[Goal]:
    """Goal 5."""
    for tool, what, wanted in (
        ("version", "`--version`", 3),
        ("help", "`--help`", 3),
        ("validate-one", "`validate` of one bucket", 20),
        ("validate-manifest", "`validate` of one bucket with a manifest", 28),
        ("plan-one", "`plan` of one bucket", 40),
        ("plan-manifest", "`plan` of one bucket with a manifest", 40),
    ):
        yield at_most(
            f"{what}, against `python -c pass`", wanted, ratio(results, Piece("startup", 1), tool, "pass"), "×"
        )
    entry = results.together(Piece("validate", 1_000), "reconcile")
    yield at_most("`validate` of 1,000 buckets", 2, entry.tools["reconcile"].median() if entry else None, "s")
