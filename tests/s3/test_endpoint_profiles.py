"""Profiles on the way through: named or detected, never for AWS, and in the reader and the executor."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reconciler.aspects.managed import ABSENT
from reconciler.bucket import BucketSpec
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS, CEPH, LOCALSTACK, MOTO, SANDBOX, UNKNOWN
from reconciler.errors import InvalidSpecs, UsageError
from reconciler.planning.changeset import Action
from reconciler.run import Access, Question, make_plan
from reconciler.s3.clients import Clients
from reconciler.sandbox.faithful import SANDBOX as SAYS_SANDBOX
from reconciler.sandbox.server import Moto
from tests.s3.faults import body
from tests.s3.world import World, results, serving

SIZED = """\
buckets:
  - name: acme-lake
    region: garage
    lifecycle:
      rules:
        - id: old
          filter: {object_size_greater_than: 100}
          expiration: {days: 9}
"""


@pytest.fixture
def moto_itself() -> Iterator[str]:
    """moto without the layer that would give it away as the sandbox."""
    with serving(Moto()) as endpoint:
        yield endpoint


def seen_by(world: World, profile: Profile) -> World:
    """The same S3, taken for another server."""
    return replace(world, identity=replace(world.identity, profile=profile))


def test_whoever_answers_gives_itself_away(world: World, moto_itself: str) -> None:
    assert world.identity.profile is SANDBOX
    assert Clients(region="us-east-1", endpoint_url=moto_itself).identity().profile is MOTO


def test_what_somebody_says_is_believed(world: World) -> None:
    for name, profile in (("ceph", CEPH), ("s3-compatible", UNKNOWN), ("aws", AWS)):
        clients = Clients(endpoint_url=world.clients.endpoint_url, region="us-east-1", endpoint_profile=name)
        assert clients.identity().profile is profile


@pytest.mark.parametrize("endpoint", [None, "https://s3.eu-west-1.amazonaws.com"])
def test_no_profile_weakens_anything_for_aws(endpoint: str | None) -> None:
    with pytest.raises(UsageError, match="not for AWS"):
        Clients(endpoint_url=endpoint, endpoint_profile="s3-compatible")
    assert Clients(endpoint_url=endpoint, endpoint_profile="aws").endpoint_profile is AWS
    assert Clients(endpoint_url=endpoint).endpoint_profile is AWS


def test_the_sandbox_is_nothing_else(world: World) -> None:
    with pytest.raises(UsageError, match="not for the sandbox"):
        Clients(endpoint_url=world.clients.endpoint_url, sandbox=True, endpoint_profile="ceph")


def test_what_is_detected_is_refused_with_its_place_before_anything_is_read(
    moto_itself: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SIZED.replace("garage", "us-east-1"))
    notices: list[str] = []
    with pytest.raises(InvalidSpecs) as refused:
        make_plan(Question(("spec.yaml",), {}), Access(endpoint_url=moto_itself), notices.append)
    [problem] = refused.value.problems
    assert (problem.code, str(problem.place)) == ("RCL2052", "spec.yaml:7:46")
    assert notices == ["Endpoint profile: moto (moto's server as it is, without the sandbox's layer.)"]


def test_what_is_named_is_refused_offline_and_regions_may_be_free(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(SIZED)
    nowhere = "http://127.0.0.1:9"
    codes = {}
    for name in ("aws", "ceph"):
        with pytest.raises(InvalidSpecs) as refused:
            make_plan(Question(("spec.yaml",), {}), Access(endpoint_url=nowhere, endpoint_profile=name))
        codes[name] = [problem.code for problem in refused.value.problems]
    assert codes == {"aws": ["RCL2002"], "ceph": ["RCL2052"]}


def test_a_region_that_is_only_a_name_is_neither_compared_nor_sent(world: World) -> None:
    free = seen_by(world, Profile("free", "", free_regions=True))
    spec = BucketSpec.model_validate({"name": "lake-one", "region": "garage", "manifest": {"purpose": "A lake"}})
    plan = free.plan(spec)
    assert dict(plan.changes[0].calls[0].params) == {}
    world.s3.create_bucket(Bucket="lake-one")
    assert [change.aspect for change in free.plan(spec).changes] == ["manifest"]
    assert free.plan(spec).region == "garage"
    assert world.plan(spec).action is Action.BLOCKED


def test_an_empty_answer_means_none_where_the_profile_says_so(world: World) -> None:
    world.s3.create_bucket(Bucket="lake-one")
    world.faults.on("GetBucketEncryption", body(""))
    spec = BucketSpec.model_validate({"name": "lake-one", "region": "us-east-1", "encryption": ABSENT})
    assert seen_by(world, LOCALSTACK).plan(spec).action is Action.NONE
    assert world.plan(spec).action is Action.BLOCKED


def test_a_document_under_another_name_is_read_where_the_profile_says_so(world: World) -> None:
    world.s3.create_bucket(Bucket="lake-one")
    world.faults.on("GetPublicAccessBlock", body("<BlockPublicAccessBlockConfiguration/>"))
    spec = BucketSpec.model_validate({"name": "lake-one", "region": "us-east-1", "public_access_block": ABSENT})
    assert world.plan(spec).action is Action.BLOCKED
    clients = Clients(endpoint_url=world.clients.endpoint_url, region="us-east-1", endpoint_profile="ceph")
    ceph = replace(world, clients=clients, identity=clients.identity())
    assert ceph.plan(spec).action is Action.NONE


def test_the_second_lock_a_deletion_that_the_profile_forbids_is_never_sent(world: World) -> None:
    world.set_up({"name": "lake-one", "region": "us-east-1", "ownership_controls": "ObjectWriter"})
    locked = seen_by(world, Profile("locked", "", deletes_bucket=frozenset({"ownership_controls"})))
    spec = BucketSpec.model_validate({"name": "lake-one", "region": "us-east-1", "ownership_controls": ABSENT})
    assert results(locked.apply(locked.plan(spec))) == {"ownership_controls": "failed"}
    assert world.faults.writes() == []


def test_the_sandboxes_header_is_on_every_answer(world: World) -> None:
    answer = world.s3.list_buckets()["ResponseMetadata"]["HTTPHeaders"]
    assert SAYS_SANDBOX.items() <= answer.items()
