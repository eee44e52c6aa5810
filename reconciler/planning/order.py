"""In which order the calls of one bucket are made.

First the bucket itself. Then by effect: what tightens, what is neutral, what loosens, so that no moment in
between is more open than the worse of before and after. Within that, as the aspects say (`apply_after`).
"""

from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from reconciler.aspects.calls import Call, Effect
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Change, Plan

EFFECTS = list(Effect)


@dataclass(frozen=True, slots=True)
class Step:
    """One call and the change that it is part of."""

    change: Change
    call: Call


@cache
def aspect_order() -> tuple[str, ...]:
    """The names of all aspects, each after those that it is applied after."""
    aspects = BucketSpec.aspects()
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, aspect in aspects.items():
        sorter.add(name, *(earlier for earlier in aspect.apply_after if earlier in aspects))
    return (BUCKET, *sorter.static_order())


def lane(plan: Plan) -> tuple[Step, ...]:
    """The calls of one bucket, in order."""
    order = aspect_order()
    steps = [Step(change, call) for change in plan.changes for call in change.calls]
    return tuple(
        sorted(
            steps,
            key=lambda step: (
                step.change.aspect != BUCKET,
                EFFECTS.index(step.call.effect),
                order.index(step.change.aspect),
            ),
        )
    )
