"""Other people change buckets too, also between the plan and the write."""

from typing import Any

import pytest

from reconciler.planning.outcomes import BucketOutcome
from tests.s3.faults import error
from tests.s3.lakes import LAKE
from tests.s3.world import World, outcomes, results


def tags_of(world: World) -> dict[str, str]:
    found = world.s3.get_bucket_tagging(Bucket="lake-one")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_what_somebody_else_wrote_since_the_plan_is_not_lost(lake: World) -> None:
    spec = LAKE | {"tags": {"Owner": "me"}, "ignore_tags": ["cost:*"]}
    lake.set_up(spec)
    plan = lake.plan(spec | {"tags": {"Owner": "me", "Domain": "sales"}})
    theirs = [{"Key": "Owner", "Value": "me"}, {"Key": "cost:center", "Value": "2"}]
    lake.s3.put_bucket_tagging(Bucket="lake-one", Tagging={"TagSet": theirs})
    lake.faults.forget()
    applied = lake.apply(plan)
    assert results(applied) == {"tags": "failed"}
    why = outcomes(applied)["tags"].why
    assert "somebody else has changed it since it was reviewed: cost:center: reviewed none, now 2" in why
    assert "run `reconcile plan` again" in why
    assert lake.faults.writes() == []
    assert tags_of(lake) == {"Owner": "me", "cost:center": "2"}


def test_what_somebody_else_wrote_beside_it_is_none_of_our_business(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"Owner": "me"}})
    lake.s3.put_bucket_versioning(Bucket="lake-one", VersioningConfiguration={"Status": "Enabled"})
    assert lake.apply(plan).exit_code == 0


def test_another_spelling_of_the_same_policy_is_not_a_change(lake: World) -> None:
    statement = {"Sid": "a", "Effect": "Deny", "Principal": "*", "Resource": "arn:aws:s3:::lake-one/*"}
    lake.set_up(LAKE | {"policy": {"Statement": [statement | {"Action": ["s3:GetObject", "s3:PutObject"]}]}})
    plan = lake.plan(LAKE | {"policy": {"Statement": [statement | {"Action": "s3:*"}]}})
    shuffled = '{"Statement":{"Resource":["arn:aws:s3:::lake-one/*"],"Effect":"Deny","Sid":"a","Principal":{"AWS":"*"},'
    shuffled += '"Action":["s3:putobject","s3:GetObject"]}}'
    lake.s3.put_bucket_policy(Bucket="lake-one", Policy=shuffled)
    assert lake.apply(plan).exit_code == 0


def test_what_cannot_be_looked_at_any_more_is_not_written(lake: World) -> None:
    plan = lake.plan(LAKE | {"tags": {"a": "b"}})
    lake.faults.on("GetBucketTagging", error("AccessDenied", 403))
    applied = lake.apply(plan)
    assert results(applied) == {"tags": "failed"}
    assert "allow s3:GetBucketTagging" in outcomes(applied)["tags"].why
    assert "PutBucketTagging" not in lake.faults.made()


@pytest.mark.parametrize("leaves", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_whoever_watches_may_leave(world: World, leaves: Exception) -> None:
    """The terminal or the pipe of an apply may close; every bucket is done all the same."""
    specs = [{"name": f"lake-{number}", "region": "us-east-1", "versioning": "Enabled"} for number in range(3)]

    def gone(outcome: BucketOutcome) -> None:
        raise leaves

    applied = world.apply(*world.plans(*specs), progress=gone)
    assert applied.exit_code == 0
    assert len(applied.buckets) == 3


def test_a_hand_on_the_manifest_does_not_change_when_it_was_made(lake: World) -> None:
    spec: dict[str, Any] = LAKE | {"manifest": {"purpose": "one"}}
    lake.set_up(spec)
    key = "metadata/bucket-manifest.yaml"
    for edit in ("reviewed: yes", "owner: me"):
        body = f"created_at: '2020-01-01T00:00:00Z'\n{edit}\n"
        lake.s3.put_object(Bucket="lake-one", Key=key, Body=body.encode())
        assert lake.make(spec).exit_code == 0
        text = lake.s3.get_object(Bucket="lake-one", Key=key)["Body"].read().decode()
        assert "created_at: '2020-01-01T00:00:00Z'" in text
        assert "purpose: one" in text


def test_the_account_that_nobody_has_checked_is_told(lake: World) -> None:
    from dataclasses import replace

    silent = replace(lake, identity=replace(lake.identity, account=None))
    [finding] = silent.plan(LAKE | {"account": "999999999999"}).findings
    assert (finding.code, finding.severity) == ("RCL3001", "warning")
    assert "999999999999" in finding.message
    assert not lake.plan(LAKE | {"account": "123456789012"}).findings


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_bucket_that_somebody_else_created_since_the_plan_is_not_taken_for_new(world: World, region: str) -> None:
    """In us-east-1 S3 answers 200 to a second create call without tags."""
    rules = {"rules": [{"id": "mine", "expiration": {"days": 1}}]}
    plan = world.plan({"name": "lake-one", "region": region, "lifecycle": rules})
    world.set_up(
        {"name": "lake-one", "region": region, "lifecycle": {"rules": [{"id": "theirs", "expiration": {"days": 9}}]}}
    )
    applied = world.apply(plan)
    assert results(applied) == {"bucket": "failed", "lifecycle": "skipped"}
    assert "the bucket exists by now" in outcomes(applied)["bucket"].why
    assert world.faults.writes() == []


def test_an_ownership_that_came_with_the_bucket_can_go_again(world: World) -> None:
    spec = {"name": "lake-one", "region": "us-east-1"}
    for ownership in ("ObjectWriter", "BucketOwnerEnforced"):
        world.set_up(spec | {"ownership_controls": ownership})
        world.set_up(spec | {"ownership_controls": "absent"})
        assert not world.plan(spec | {"ownership_controls": "absent"}).changes
