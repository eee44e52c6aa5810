"""What a plan says of a bucket's exposure, once everything is known that decides it.

Only a plan that changes who gets in wants a second look: at the documents that its spec does not name, at the ACL,
and at the account's own block. What is found is part of what was reviewed. A policy that S3 would refuse for a block
is known before the first write; a change that opens a way in for the public is told for what it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.aspects.calls import Risk
from reconciler.aspects.policy import Policy, statements
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Blocker, Change, Finding, Plan, worst
from reconciler.planning.digests import digest, digest_of_live
from reconciler.planning.exposure import (
    ACCOUNT_BLOCK,
    ACL,
    DOORS,
    OBJECTS,
    Acl,
    Doors,
    Exposed,
    Exposure,
    exposure_of,
    lets_in_others,
    switch_of,
    ways_by_policy,
)
from reconciler.planning.live import LiveAspect, Unreadable
from reconciler.planning.lock_out import held_back
from reconciler.policy_language.exposure import is_public
from reconciler.policy_language.values import Statement
from reconciler.problems import Code, Severity

NOT_FOR_CERTAIN = Code(
    "RCL3003",
    "nobody can tell for certain whether a bucket is public",
    "A plan that changes the policy, the public access block or the ownership controls of a bucket also reads the ones "
    "that its spec leaves out, the bucket's ACL and the account's public access block, to say whether the bucket is "
    "public before and after. One of them could not be read. The plan goes on as if it let in everybody, and may ask "
    "for a consent that is not needed. What the organization blocks, nobody can read.",
    Severity.WARNING,
)
CODES = (NOT_FOR_CERTAIN,)
TO_READ_ACL = "s3:GetBucketAcl"
TO_READ_ACCOUNT_BLOCK = "s3:GetAccountPublicAccessBlock"


@dataclass(frozen=True, slots=True)
class Found:
    """What a second look has found of one bucket, besides its plan."""

    aspects: Mapping[str, LiveAspect] = field(default_factory=dict)
    """The live documents of `DOORS`, declared or not."""
    acl: Acl | Unreadable | None = None
    """None where ACLs do not count."""
    account_block: LiveAspect = None
    account_was_asked: bool = False


def wants_a_second_look(plan: Plan) -> bool:
    """Whether a plan changes who gets in."""
    return any(change.aspect in DOORS for change in plan.changes)


def given(plan: Plan) -> dict[str, LiveAspect]:
    """What decides who gets into a bucket that is only being created: what AWS gives it."""
    return {name: BucketSpec.aspects()[name].born() for name in DOORS} if not plan.exists else {}


def acls_may_count(plan: Plan, found: Found) -> bool:
    """Whether the ACL has to be read: it counts before the plan or after it."""
    return plan.exists and any(sides.acls_count is not False for sides in both(plan, found))


def account_may_decide(plan: Plan, found: Found) -> bool:
    """Whether the account's block has to be read: there may be something that it holds back."""
    sides = both(plan, found)
    return acls_may_count(plan, found) or any(list(ways_by_policy(side.policy)) for side in sides)


def both(plan: Plan, found: Found) -> tuple[Doors, Doors]:
    """What decides who gets in: before the plan, and after it."""
    before = {name: found.aspects.get(name) for name in DOORS}
    after = before | {change.aspect: change.after for change in plan.changes if change.aspect in DOORS}
    return doors_of(plan, found, before), doors_of(plan, found, after)


def doors_of(plan: Plan, found: Found, aspects: Mapping[str, LiveAspect]) -> Doors:
    """Everything together."""
    known: dict[str, Any] = {name: aspects[name] for name in DOORS}
    return Doors(**known, account_block=found.account_block, acl=found.acl, has_objects=plan.exists)


def with_exposure(plan: Plan, found: Found) -> Plan:
    """The plan with what it does to the bucket's exposure."""
    found = as_stored(plan, found)
    blockers = tuple(refused_policies(plan, found))
    if blockers:
        blockers += tuple(held_back(plan.changes)) if plan.exists else ()
        blocked = {blocker.aspect for blocker in blockers}
        changes = tuple(change for change in plan.changes if change.aspect not in blocked)
        plan = replace(plan, changes=changes, blockers=plan.blockers + blockers)
    before, after = both(plan, found)
    exposed = Exposed(exposure_of(before) if plan.exists else None, exposure_of(after))
    return replace(
        plan,
        exposure=exposed,
        changes=tuple(riskier(change, plan, found, exposed) for change in plan.changes),
        findings=plan.findings + tuple(findings(found, exposed)),
        live={**plan.live, **dict(digests(plan, found))},
    )


def as_stored(plan: Plan, found: Found) -> Found:
    """While public ACLs are ignored, S3 answers an ACL without them: what is stored, nobody can read."""
    if not isinstance(found.acl, Acl) or both(plan, found)[0].switch("ignore_public_acls") is False:
        return found
    return replace(found, acl=replace(found.acl, is_whole=False))


def refused_policies(plan: Plan, found: Found) -> Iterator[Blocker]:
    """Why S3 would refuse the policy that is to be written: it is public, and a block refuses those.

    The bucket's own gate is as the plan leaves it: it opens before the policy is written.
    """
    policy = next((change.after for change in plan.changes if change.aspect == "policy"), None)
    ways = [way.words for way in ways_by_policy(policy)]
    if not ways:
        return
    _, after = both(plan, found)
    if switch_of(after.account_block, "block_public_policy"):
        yield Blocker(
            "policy",
            f"the account blocks public policies, and {ways[0]}",
            "name the principals; or, if everybody is meant, have `block_public_policy` switched off for the whole "
            "account (aws s3control put-public-access-block), which no spec of a bucket does",
        )
    elif switch_of(after.public_access_block, "block_public_policy"):
        yield Blocker(
            "policy",
            f"the bucket blocks public policies, and {ways[0]}",
            "name the principals; or, if everybody is meant, write `public_access_block: {block_public_policy: false}`",
        )


def riskier(change: Change, plan: Plan, found: Found, exposed: Exposed) -> Change:
    """The change with the risk that it has for the exposure of an existing bucket.

    A way in is open only if everything lets it be: each change without which it would be closed has opened it.
    A restricted public policy keeps out other accounts as well; they get in again when it is no longer one.
    """
    if exposed.before is None or change.aspect not in DOORS:
        return change
    before, after = both(plan, found)
    without: Doors = replace(after, **{change.aspect: getattr(before, change.aspect)})
    still = exposure_of(without).ways
    opens = any(not way.is_among(still) for way in exposed.new)
    others_come_back = exposed.before.keeps_others_out and not exposed.after.keeps_others_out
    opens |= others_come_back and change.aspect == "policy" and lets_in_others(after.policy, plan.account)
    return replace(change, risk=worst((change.risk, Risk.WIDENS_ACCESS))) if opens else change


def findings(found: Found, exposed: Exposed) -> Iterator[Finding]:
    """What could not be read, where that leaves anything open."""
    sides: list[Exposure] = [exposed.after, *([exposed.before] if exposed.before else [])]
    if not any(not way.certain and way.by != OBJECTS for side in sides for way in side.ways):
        return
    everything = {**found.aspects, ACL: found.acl, ACCOUNT_BLOCK: found.account_block}
    to_read = {name: aspect.api.to_read[0] for name, aspect in BucketSpec.aspects().items()}
    to_read |= {ACL: TO_READ_ACL, ACCOUNT_BLOCK: TO_READ_ACCOUNT_BLOCK}
    for name, one in everything.items():
        if isinstance(one, Unreadable):
            yield Finding(
                NOT_FOR_CERTAIN.code,
                NOT_FOR_CERTAIN.severity.value,
                (name,),
                f"nobody can tell for certain whether the bucket is public: {one.why}; the worst is assumed",
                f"allow {to_read[name]} for these credentials",
            )


def digests(plan: Plan, found: Found) -> Iterator[tuple[str, str]]:
    """What the exposure is based on, besides the documents that the spec declares: of each, what matters to it."""
    for name in DOORS if plan.exists else ():
        live = found.aspects.get(name)
        if name not in plan.live and not isinstance(live, Unreadable):
            yield name, digest(public_part(live)) if name == "policy" else digest_of_live(live)
    if isinstance(found.acl, Acl):
        grants = sorted((grant.group, grant.permission) for grant in found.acl.grants)
        yield ACL, digest({"grants": grants, "whole": found.acl.is_whole})
    if found.account_was_asked and not isinstance(found.account_block, Unreadable):
        yield ACCOUNT_BLOCK, digest_of_live(found.account_block)


def public_part(policy: LiveAspect) -> list[Statement]:
    """What of an undeclared policy decides the exposure: a change in the rest of it stops no plan."""
    return [one for one in statements(policy) if is_public(one)] if isinstance(policy, Policy) else []
