"""One S3 for all scenarios, hostile on demand, and asked without a network; the AWS of this machine stays out."""

from collections.abc import Iterator

import pytest

from reconciler.sandbox.server import Moto
from tests.s3.conftest import moto, nothing_of_this_machine
from tests.s3.hostile import HostileWorld, hostile_world
from tests.s3.world import Aws

pytest.register_assert_rewrite("tests.scenarios.stage")

__all__ = ["moto", "nothing_of_this_machine"]


@pytest.fixture(scope="package")
def one_world(moto: Moto) -> Iterator[HostileWorld]:
    with hostile_world(moto, ()) as world:
        Aws(world.layer).serve(world)
        yield world


@pytest.fixture
def world(one_world: HostileWorld) -> HostileWorld:
    one_world.reset()
    return one_world
