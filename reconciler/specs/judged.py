"""Specs and guardrails in; verdicts with their places out.

Nobody keeps how a spec is written (`specs.spec_file`): for the places, files with findings are read once more.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from reconciler.aspects.aspect import Refusal
from reconciler.governance import Waiver
from reconciler.guardrails.judging import Guardrails, verdicts
from reconciler.guardrails.verdict import Verdict
from reconciler.guardrails.waiving import UNUSED
from reconciler.problems import Code, Problem
from reconciler.specs.loader import Declared, late_problems

LARGEST_PLACED = 1024 * 1024
"""Characters of a file in which places are looked for: read as a whole, it takes a hundred times as much memory. In a
larger one a finding has the place of its bucket."""

FEW = 3
"""Buckets that are named."""

Known = Callable[[Declared], tuple[str | None, str | None]]


class Judged(NamedTuple):
    """One verdict, and how it is told."""

    bucket: Declared
    verdict: Verdict
    problem: Problem


def judged(
    buckets: Iterable[Declared], guardrails: Guardrails, today: date, known: Known = lambda _: (None, None)
) -> Iterator[Judged]:
    """Everything that the rules have against these specs; `known` tells account and region of a bucket, where a plan
    knows them."""
    found = [
        (bucket, verdict) for bucket in buckets for verdict in verdicts(bucket.spec, guardrails, today, *known(bucket))
    ]
    placed = [(bucket, verdict) for bucket, verdict in found if can_be_placed(bucket)]
    refusals = [(bucket, refusal_of(verdict)) for bucket, verdict in placed]
    places = dict(zip(map(id, (verdict for _, verdict in placed)), late_problems(refusals), strict=True))
    told = []
    for bucket, verdict in found:
        problem = places.get(id(verdict)) or at_its_bucket(bucket, verdict)
        told.append(Judged(bucket, verdict._replace(place=problem.place), problem))
    needed = {waiver for one in told if (waiver := one.verdict.waiver) is not None}
    yield from (one for one in told if not is_needed_by_another(one, needed))


def can_be_placed(bucket: Declared) -> bool:
    """Whether the file of a bucket may be read once more."""
    return bucket.text is not None and len(bucket.text.source.text) <= LARGEST_PLACED


def refusal_of(verdict: Verdict) -> Refusal:
    """A verdict as something that can be placed."""
    code = Code(verdict.rule, verdict.title, "", verdict.severity)
    return Refusal(code, verdict.path, verdict.message, verdict.remedy)


def is_needed_by_another(one: Judged, needed: Collection[Waiver]) -> bool:
    """Whether this is about a waiver that this bucket does not need, and that another one of `defaults:` does."""
    if one.verdict.rule != UNUSED.id or not is_shared(one):
        return False
    return one.bucket.spec.waivers[int(one.verdict.path[1])] in needed


def is_shared(one: Judged) -> bool:
    """Whether it is written outside of its bucket: under `defaults:`, or in a file that others may include too."""
    place, bucket = one.problem.place, one.bucket.place
    return place is not None and (place.file != bucket.file or place.line < bucket.line)


def at_its_bucket(bucket: Declared, verdict: Verdict) -> Problem:
    """A verdict at the beginning of its bucket."""
    return Problem(verdict.rule, verdict.message, bucket.place, verdict.remedy, verdict.severity)


def by_bucket(found: Iterable[Judged]) -> dict[str, tuple[Verdict, ...]]:
    """The verdicts of each bucket that has any, by its name."""
    sorted_out: dict[str, list[Verdict]] = {}
    for one in found:
        sorted_out.setdefault(one.bucket.spec.name, []).append(one.verdict)
    return {name: tuple(verdicts) for name, verdicts in sorted_out.items()}


def problems_of(found: Iterable[Judged]) -> tuple[Problem, ...]:
    """What is to be mended: all that nobody has waived. What is written outside of buckets is told once, with them."""
    told: dict[Problem, list[str]] = {}
    for one in found:
        if one.verdict.waiver is None:
            told.setdefault(one.problem, []).extend([one.bucket.spec.name] if is_shared(one) else [])
    return tuple(
        problem._replace(message=f"{problem.message} ({in_short(names)})") if names else problem
        for problem, names in told.items()
    )


def in_short(names: Sequence[str]) -> str:
    """The names of some buckets."""
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return f"{', '.join(names[:FEW])}{more}"
