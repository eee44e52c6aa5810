"""What a plan says of a bucket whose account sets bounds to it, or cannot be reached at all."""

from dataclasses import replace

from reconciler.planning.changeset import BUCKET, Blocker, Plan
from reconciler.planning.live import Existence, LiveBucket, Unreadable
from reconciler.settings import Account


def within_regions(plan: Plan, account: Account | None) -> Plan:
    """The plan, with nothing to do for a bucket that lives where its account is to have none."""
    if account is None or not account.regions or not plan.exists or plan.region in account.regions:
        return plan
    why = f"the bucket lives in {plan.region}, and account {account.account} is to have none there"
    remedy = f"`regions:` of `accounts:` in reconcile.yaml has {', '.join(account.regions)}"
    return replace(plan, changes=(), blockers=(*plan.blockers, Blocker(BUCKET, why, remedy)))


def out_of_reach(name: str, why: str, remedy: str | None) -> LiveBucket:
    """A bucket of which nothing is known, because nobody could ask."""
    return LiveBucket(name, Existence.UNCLEAR, trouble=Unreadable(why, remedy or "try again"))
