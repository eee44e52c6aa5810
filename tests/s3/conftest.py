"""One S3 for all tests of this room, emptied after each of them; the AWS of this machine stays out."""

import signal
from collections.abc import Iterator
from copy import copy
from functools import cache
from types import SimpleNamespace

import botocore.session
import pytest

from reconciler.s3.limiter import Limiter
from reconciler.sandbox.behaviours import AS_AWS_DOES
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.server import Moto
from tests.s3.faults import Faults
from tests.s3.hostile import HOSTILE, HostileWorld, hostile_world
from tests.s3.lakes import LAKE
from tests.s3.world import Aws, Clock, World, world_of

GONE = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "HTTP_PROXY",
    "http_proxy",
)


@pytest.fixture(scope="package", autouse=True)
def nothing_of_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in GONE:
            patch.delenv(name, raising=False)
        heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background hears no Ctrl-C
        # reading S3's model takes half a second, and every session reads it anew
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield
        signal.signal(signal.SIGINT, heard)


@pytest.fixture(scope="package")
def moto() -> Moto:
    return Moto()


@pytest.fixture(scope="package")
def faithful(moto: Moto) -> Iterator[World]:
    """moto that answers as AWS does."""
    faults = Faults()
    with world_of(moto, FaithfulS3(moto, (faults, *AS_AWS_DOES)), faults) as world:
        yield world


@pytest.fixture(scope="package")
def bare(moto: Moto) -> Iterator[World]:
    """moto as it is: an S3-compatible server with gaps."""
    faults = Faults()
    with world_of(moto, FaithfulS3(moto, (faults,)), faults) as world:
        yield world


@pytest.fixture(scope="package")
def rough(moto: Moto) -> Iterator[HostileWorld]:
    """A hostile S3. It is asked without a network in between, which halves the time of an example."""
    with hostile_world(moto) as world:
        Aws(world.layer).serve(world)
        yield world


@pytest.fixture
def hostile(rough: HostileWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileWorld]:
    """The hostile S3. botocore takes no time between two attempts, and its quota of them is not used up by others."""
    sleep = SimpleNamespace(sleep=lambda seconds: rough.clock.sleep(seconds))
    monkeypatch.setattr("botocore.endpoint.time", sleep)
    monkeypatch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda quota, amount: True)
    yield rough
    rough.hostility.seed, rough.hostility.does = 0, HOSTILE
    rough.reset()


@pytest.fixture
def world(faithful: World) -> Iterator[World]:
    yield faithful
    faithful.reset()


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes any time between two attempts, and botocore's quota of them is not used up by others."""
    clock = Clock()
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda quota, amount: True)
    monkeypatch.setattr("reconciler.s3.clients.Limiter", lambda: Limiter(clock.time, clock.sleep))


@pytest.fixture
def lake(world: World) -> World:
    """A bucket with AWS's defaults and nothing else."""
    world.set_up(LAKE)
    return world


@pytest.fixture
def plain_moto(bare: World) -> Iterator[World]:
    yield bare
    bare.reset()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto copies every object for every page of a listing, with all that is in it."""
    monkeypatch.setattr("moto.s3.models.copy", SimpleNamespace(deepcopy=copy))
