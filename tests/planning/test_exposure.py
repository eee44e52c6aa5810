"""Whether a bucket is public, before and after: the table of cases/exposure.yaml."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from reconciler.aspects.calls import Risk
from reconciler.aspects.ownership_controls import OwnershipControls
from reconciler.aspects.policy import Policy
from reconciler.aspects.public_access_block import GATES, SHIELDS, PublicAccessBlock
from reconciler.bucket import BucketSpec
from reconciler.planning.changeset import Origin, Plan
from reconciler.planning.exposure import ACCOUNT_BLOCK, ACL, DOORS, Acl, Grant, Public, Verdict
from reconciler.planning.live import Existence, Identity, LiveAspect, LiveBucket, Unreadable
from reconciler.planning.planner import plan_bucket
from reconciler.planning.second_look import (
    NOT_FOR_CERTAIN,
    Found,
    account_may_decide,
    acls_may_count,
    given,
    wants_a_second_look,
    with_exposure,
)
from reconciler.planning.staleness import differences_of_bucket
from reconciler.planning.storage import bucket

ACCOUNT = "123456789012"
TABLE = yaml.safe_load((Path(__file__).parent / "cases" / "exposure.yaml").read_text(encoding="utf-8"))
DENIED = Unreadable("it cannot be read: access denied", "allow it")
WORDS = {True: "yes", False: "no"}
"""YAML's own."""


def policy_of(names: Any) -> Any:
    if not isinstance(names, list):
        return names
    return {"Version": "2012-10-17", "Statement": [{"Sid": name, **TABLE["statements"][name]} for name in names]}


def block_of(switches: Any) -> LiveAspect:
    if switches == "unreadable":
        return DENIED
    names = (*GATES, *SHIELDS) if switches == "all" else switches or ()
    return PublicAccessBlock.model_validate({name: name in names for name in (*GATES, *SHIELDS)}) if names else None


def acl_of(grants: Any) -> Acl | Unreadable:
    return DENIED if grants == "unreadable" else Acl(tuple(Grant(*grant.split()) for grant in grants or ()))


def live_of(before: Mapping[str, Any]) -> dict[str, LiveAspect]:
    policy, ownership = before.get("policy"), before.get("ownership")
    return {
        "policy": DENIED if policy == "unreadable" else Policy.model_validate(policy_of(policy)) if policy else None,
        "public_access_block": block_of(before.get("block")),
        "ownership_controls": DENIED
        if ownership == "unreadable"
        else OwnershipControls.model_validate(ownership)
        if ownership
        else None,
    }


def plan_of(before: Any, after: Mapping[str, Any]) -> Plan:
    """What the program makes of a case."""
    before = {"new": True} if before == "new" else before
    exists = not before.get("new")
    said = dict(after) | ({"policy": policy_of(after["policy"])} if "policy" in after else {})
    spec = BucketSpec.model_validate({"name": "acme-site", "region": "us-east-1", **said})
    live = live_of(before)
    there = LiveBucket(
        "acme-site",
        Existence.EXISTS if exists else Existence.MISSING,
        "us-east-1" if exists else None,
        aspects={name: live.get(name) for name in spec.declared()} if exists else {},
    )
    plan = plan_bucket(spec, there, Identity(ACCOUNT, None, "us-east-1"), Origin("specs/site.yaml", 3))
    found = Found(live if exists else given(plan))
    if acls_may_count(plan, found):
        found = Found(found.aspects, acl=acl_of(before.get("acl")))
    if account_may_decide(plan, found):
        found = Found(found.aspects, found.acl, block_of(before.get("account")), account_was_asked=True)
    return with_exposure(plan, found)


WAITS = "it would drop what may shield the policy that is there"
"""Said of a public access block that would drop a shield, while the policy is blocked."""


@pytest.mark.parametrize("case", TABLE["cases"], ids=[case["name"] for case in TABLE["cases"]])
def test_exposure(case: Mapping[str, Any]) -> None:
    plan = plan_of(case["before"], case.get("after", {}))
    exposed = plan.exposure
    assert exposed is not None
    public = case["public"] if isinstance(case["public"], list) else [case["public"]] * 2
    was, now = (Public(WORDS.get(word) or word) for word in public)
    is_new = exposed.before is None
    assert [exposed.before.public if exposed.before else was, exposed.after.public] == [was, now]
    assert is_new == (case["before"] == "new" or "new" in case["before"])
    order = [Public.NO, Public.UNKNOWN, Public.YES]
    by_words = Verdict.MORE if order.index(now) > order.index(was) else Verdict.LESS if now != was else Verdict.SAME
    assert exposed.verdict == case.get("verdict", by_words)
    uncertain = [finding.path for finding in plan.findings if finding.code == NOT_FOR_CERTAIN.code]
    assert uncertain == ([(case["finding"],)] if "finding" in case else [])
    why = [blocker.why.partition(", and")[0] for blocker in plan.blockers]
    assert [said for said in why if said != WAITS] == ([case["blocked"]] if "blocked" in case else [])
    assert (WAITS in why) == case.get("waits", False)
    if "summary" in case:
        assert exposed.summary == case["summary"]
    risks = {change.aspect: change.risk.value for change in plan.changes}
    assert risks | case.get("risks", {}) == risks


def test_the_table_is_large_and_every_case_is_another_one() -> None:
    names = [case["name"] for case in TABLE["cases"]]
    assert len(names) >= 50
    assert len(set(names)) == len(names)


def test_more_public_is_never_without_a_risk_that_asks_for_consent() -> None:
    for case in TABLE["cases"]:
        plan = plan_of(case["before"], case.get("after", {}))
        if plan.exposure and plan.exposure.verdict is Verdict.MORE and plan.exists:
            assert plan.risk in (Risk.WIDENS_ACCESS, Risk.LOSES_PROTECTION, Risk.LOSES_DATA), case["name"]


# ── while the policy is blocked ──────────────────────────────────────────────────────────────────────


def test_what_a_plan_says_is_of_what_remains_planned() -> None:
    before = {"policy": ["PublicReadAndList"], "block": "all", "ownership": "BucketOwnerEnforced"}
    after = {"policy": ["PublicRead"], "public_access_block": {"restrict_public_buckets": False}, "tags": {"a": "b"}}
    plan = plan_of(before, after)
    assert [blocker.aspect for blocker in plan.blockers] == ["policy", "public_access_block"]
    assert [(change.aspect, change.risk) for change in plan.changes] == [("tags", Risk.HARMLESS)]
    assert plan.exposure is not None
    assert (plan.exposure.verdict, plan.exposure.after) == (Verdict.SAME, plan.exposure.before)


policies = st.lists(st.sampled_from(("Partner", "PublicRead", "PublicReadAndList")), min_size=1, unique=True)
blocks = st.sampled_from(("all", ["block_public_policy"], SHIELDS, []))
ownerships = st.sampled_from(("BucketOwnerEnforced", "ObjectWriter"))
switches = st.fixed_dictionaries(
    {"restrict_public_buckets": st.booleans()}, optional=dict.fromkeys((*GATES, "ignore_public_acls"), st.booleans())
)
befores = st.fixed_dictionaries(
    {"policy": st.just([]) | policies, "block": blocks, "account": st.just([]) | blocks, "ownership": ownerships},
    optional={"acl": st.sampled_from((["AllUsers READ"], "unreadable"))},
)
afters = st.fixed_dictionaries(
    {"policy": policies, "public_access_block": st.just("absent") | switches},
    optional={"ownership_controls": ownerships},
)


@settings(max_examples=4 * settings().max_examples)
@drawn(befores, afters)
def test_law_while_the_policy_is_blocked_nobody_gets_in_who_did_not(before: Any, after: Any) -> None:
    """What remains planned is applied without the policy: by what it leaves there, no new way in is open."""
    plan = plan_of(before, after)
    blocked = [blocker.aspect for blocker in plan.blockers]
    event(f"blocked: {sorted(set(blocked))}")
    if "policy" in blocked:
        assert plan.exposure is not None
        assert plan.exposure.new == ()
        assert not {change.aspect for change in plan.changes} & set(blocked)


# ── what is read, and what it is bound to ────────────────────────────────────────────────────────────


def test_a_plan_that_does_not_change_who_gets_in_wants_no_second_look() -> None:
    assert not wants_a_second_look(plan_of({}, {"tags": {"Owner": "me"}}))
    assert not wants_a_second_look(plan_of({"ownership": "ObjectWriter"}, {"ownership_controls": "ObjectWriter"}))
    assert wants_a_second_look(plan_of({}, {"ownership_controls": "BucketOwnerEnforced"}))


def test_what_was_looked_at_is_part_of_what_was_reviewed() -> None:
    plan = plan_of({"acl": ["AllUsers READ"], "account": "all"}, {"policy": ["Partner"]})
    assert plan.live.keys() == {"bucket", *DOORS, ACL, ACCOUNT_BLOCK}


def test_what_decides_nothing_and_what_nobody_could_read_is_no_part_of_it() -> None:
    plan = plan_of({"ownership": "BucketOwnerEnforced"}, {"policy": ["Partner"]})
    assert plan.live.keys() == {"bucket", *DOORS}
    unread = {"acl": "unreadable", "account": "unreadable", "block": "unreadable"}
    assert plan_of(unread, {"policy": ["Partner"]}).live.keys() == {"bucket", "policy", "ownership_controls"}


@pytest.mark.parametrize(
    ("what", "now", "moves"),
    [
        ("policy", ["Partner"], False),
        ("policy", ["Partner", "PublicRead"], True),
        ("acl", ["AllUsers READ"], True),
        ("account", ["ignore_public_acls"], True),
        ("block", ["restrict_public_buckets"], True),
    ],
)
def test_what_matters_to_the_exposure_moves_the_plan_and_nothing_else_does(what: str, now: Any, moves: bool) -> None:
    reviewed = plan_of({}, {"ownership_controls": "BucketOwnerEnforced"})
    later = plan_of({what: now}, {"ownership_controls": "BucketOwnerEnforced"})
    assert (reviewed.live != later.live) is moves


def test_what_only_a_second_look_sees_has_not_changed_where_nobody_looks_any_more() -> None:
    asked = {"ownership_controls": "BucketOwnerEnforced"}
    reviewed = plan_of({"acl": ["AllUsers READ"]}, asked)
    done = replace(plan_of({"ownership": "BucketOwnerEnforced"}, asked), exposure=None)
    done = replace(done, live={name: done.live[name] for name in ("bucket", "ownership_controls")})
    said = list(differences_of_bucket(bucket(reviewed), bucket(done)))
    assert said[0] == "acme-site: changed in S3 since: ownership_controls"
    assert not any(ACL in one or "policy" in one for one in said)
    later = plan_of({"acl": ["AllUsers WRITE"]}, asked)
    assert list(differences_of_bucket(bucket(reviewed), bucket(later))) == ["acme-site: changed in S3 since: acl"]
