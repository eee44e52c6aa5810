"""In which order the calls of one bucket are made.

First the bucket is created, or, last of all, emptied or deleted. In between by effect: what tightens, what is neutral,
what loosens, so that no moment is more open than the worse of before and after. Within that, as the aspects say
(`apply_after`).

A policy may deny the very calls that are still to be made. A new one that may deny the caller any configuration
call is put after every other call, so that nothing it denies is left undone. Two kinds of calls stay behind it:

- a shield that drops (a call that loosens an aspect which the policy is applied after): with the old policy still
  there, what the shield masked would show. If the new policy denies that call, it fails, and the bucket stays closed.
- a call that the old policy may deny and the new one does not: made earlier, it would fail in this run and in every
  other. It waits for the policy, unless the new policy is public: then what tightens may be what masks it.

Nothing else moves. Whom a policy denies what depends on who asks (`Plan.shut_before`, `Plan.shut_after`).
"""

from functools import cache
from graphlib import TopologicalSorter
from typing import NamedTuple

from reconciler.aspects.calls import Call, Effect
from reconciler.aspects.policy import Policy
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import BUCKET, Action, Change, Plan
from reconciler.policy_language.exposure import public_statements

EFFECTS = list(Effect)
POLICY = "policy"


class Step(NamedTuple):
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
    usual = sorted(
        (step for step in steps if not unmakes(step.change)),
        key=lambda step: (
            step.change.aspect != BUCKET,
            EFFECTS.index(step.call.effect),
            order.index(step.change.aspect),
        ),
    )
    return (*around_the_policy(plan, usual), *(step for step in steps if unmakes(step.change)))


def unmakes(change: Change) -> bool:
    """Whether a change empties or deletes the bucket. That comes last, when a tombstone is closed already."""
    return change.aspect == BUCKET and change.action is not Action.CREATE


def around_the_policy(plan: Plan, usual: list[Step]) -> tuple[Step, ...]:
    """The same calls, each made while a policy is in force that lets it."""
    policy = [step for step in usual if step.change.aspect == POLICY]
    if not policy or not (plan.shut_before or plan.shut_after):
        return tuple(usual)
    freed = plan.shut_before - plan.shut_after if not is_public(policy[0].change.after) else frozenset[str]()
    turn = usual.index(policy[0])
    first: list[Step] = []
    later: list[Step] = []
    for position, step in enumerate(usual):
        if step.change.aspect in (POLICY, BUCKET):
            first += [step] if step.change.aspect == BUCKET else []
        elif step.change.aspect in freed or (drops_shield(step) if plan.shut_after else position > turn):
            later.append(step)
        else:
            first.append(step)
    return (*first, *policy, *later)


def drops_shield(step: Step) -> bool:
    """Whether a call takes away what may mask the policy that is there."""
    return step.call.effect is Effect.LOOSEN and step.change.aspect in BucketSpec.aspects()[POLICY].apply_after


def is_public(document: object) -> bool:
    """Whether this is a policy that lets in the public."""
    return isinstance(document, Policy) and any(public_statements(document.root))
