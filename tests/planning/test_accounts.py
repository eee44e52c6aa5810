"""Buckets whose account sets bounds to them, or cannot be reached."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning.accounts import out_of_reach, within_regions
from reconciler.planning.changeset import Action, Origin
from reconciler.planning.live import Identity
from reconciler.planning.outcomes import BucketOutcome
from reconciler.planning.planner import plan_bucket
from reconciler.planning.recording import ByAccount, Nobody
from reconciler.settings import Account
from tests.planning.test_needs import plan_of

HERE = Account(account="123456789012", regions=("us-east-1",))
ELSEWHERE = Account(account="123456789012", regions=("eu-west-1", "eu-west-2"))


def test_a_bucket_where_its_account_is_to_have_none_is_left_alone() -> None:
    plan = plan_of({"tags": {"a": "b"}})
    for account in (None, HERE, Account(account="123456789012")):
        assert within_regions(plan, account) is plan
    new = plan_of({"tags": {"a": "b"}}, new=True)
    assert within_regions(new, ELSEWHERE) is new, "where it will be is the spec's to say"
    found = within_regions(plan, ELSEWHERE)
    assert (found.action, found.changes) == (Action.BLOCKED, ())
    assert found.blockers[0].why == "the bucket lives in us-east-1, and account 123456789012 is to have none there"
    assert found.blockers[0].remedy == "`regions:` of `accounts:` in reconcile.yaml has eu-west-1, eu-west-2"


@pytest.mark.parametrize(("remedy", "told"), [("log in", "log in"), (None, "try again")])
def test_a_bucket_that_nobody_can_ask_about_is_neither_there_nor_absent(remedy: str | None, told: str) -> None:
    spec = plan_of({"tags": {"a": "b"}}).spec
    live = out_of_reach(spec.name, "nobody lets us in", remedy)
    plan = plan_bucket(spec, live, Identity("123456789012", None, None), Origin("s.yaml", 1))
    assert (plan.action, plan.changes, plan.exists) == (Action.BLOCKED, (), False)
    assert [(one.why, one.remedy) for one in plan.blockers] == [("nobody lets us in", told)]


def test_what_happens_is_told_to_whoever_keeps_that_account() -> None:
    heard: list[tuple[str, str]] = []

    class Ear(Nobody):
        def __init__(self, name: str) -> None:
            self.name = name

        def __getattribute__(self, what: str) -> Any:
            if what in ("begins", "ended", "resolved", "finished"):
                return lambda *_: heard.append((self.name, what))
            return super().__getattribute__(what)

    recorder = ByAccount({"1": Ear("one"), "2": Ear("two")})
    plan = plan_of({"tags": {"a": "b"}})
    one, two = (replace(plan, account=account) for account in ("1", "2"))
    step: Any = None
    recorder.begins(one, step, None)
    recorder.ended(two, step, None)
    recorder.resolved(one, plan.changes[0], came_true=True)
    recorder.finished(BucketOutcome(two, ()))
    assert heard == [("one", "begins"), ("two", "ended"), ("one", "resolved"), ("two", "finished")]
