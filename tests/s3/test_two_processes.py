"""Two real `reconcile apply` at once on one server: without a lock, with one, and with the lock of one that was killed.

Without a lock nothing keeps them apart but the look before each write. Each document ends as one of the two specs has
it, or as it was, and never as a mixture; what neither names stays as it is.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL
from threading import Barrier, BrokenBarrierError, Event
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import yaml
from moto.s3.models import s3_backends

from reconciler.errors import ExitCode
from reconciler.sandbox.behaviours import AS_AWS_DOES
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.server import Moto
from tests.s3.faults import Faults
from tests.s3.killed import Nursery
from tests.s3.watched import Ends, Seen, Watch, look
from tests.s3.world import ACCOUNT, World, world_of
from tests.without_rules import WITHOUT_RULES

NAME = "lake-one"
BLOCK = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")


def spec(who: str, days: int, *, on: bool) -> dict[str, Any]:
    """What one of the two wants."""
    statement = {
        "Sid": who,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:user/data-engineer"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/{who}/*",
    }
    return {
        "name": NAME,
        "region": "us-east-1",
        "versioning": "Enabled",
        "encryption": "aws:kms" if on else "AES256",
        "public_access_block": dict.fromkeys(BLOCK, on),
        "policy": {"Version": "2012-10-17", "Statement": [statement]},
        "lifecycle": {"rules": [{"id": f"{who}-{part}", "expiration": {"days": days}} for part in "ab"]},
        "tags": {"Owner": who, f"of-{who}": "yes"},
        "ignore_tags": ["cost:*"],
        "manifest": {"purpose": f"A lake of {who}"},
    }


MINE, YOURS = spec("me", 300, on=True), spec("you", 400, on=False)
BEFORE = {"name": NAME, "region": "us-east-1", "tags": {"cost:center": "7"}}


@dataclass
class SideBySide:
    """Holds each request until both processes have one, so that they go through everything in step."""

    app: WSGIApplication
    pairs: Barrier = field(default_factory=lambda: Barrier(2))
    wait: float = 0
    reached: Event = field(default_factory=Event)
    hold: str = ""
    let_go: Event = field(default_factory=Event)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        theirs = "Credential=testing/" in environ.get("HTTP_AUTHORIZATION", "")
        if theirs and self.wait:
            try:
                self.pairs.wait(self.wait)
            except BrokenBarrierError:
                self.pairs.reset()
        if theirs and self.hold and (environ["REQUEST_METHOD"], environ["QUERY_STRING"]) == ("PUT", self.hold):
            self.reached.set()
            self.let_go.wait(60)
        return self.app(environ, start_response)


@dataclass
class Place:
    """A server, and two processes that are started fast."""

    world: World
    watch: Watch
    front: SideBySide
    nurseries: tuple[Nursery, Nursery]
    folder: Path

    def start(self, which: int, spec: dict[str, Any], settings: str = "") -> Any:
        folder = self.folder / str(which)
        folder.mkdir(exist_ok=True)
        (folder / "spec.yaml").write_text(yaml.safe_dump({"buckets": [spec]}))
        (folder / "reconcile.yaml").write_text(WITHOUT_RULES + settings)
        endpoint = self.world.clients.endpoint_url or ""
        allowed = [f"--allow={risk}:{NAME}" for risk in ("loses-data", "loses-protection", "widens-access")]
        words = ["apply", "--auto-approve", "--endpoint-url", endpoint, *allowed, "spec.yaml"]
        return self.nurseries[which].start(folder, *words)

    def seen(self) -> Seen:
        found = look(self.world.layer.memory, NAME)
        assert found is not None
        return found

    def begin(self, *, is_new: bool = False) -> Seen | None:
        """The bucket as it was, or none, on a server that remembers nothing."""
        self.world.reset()
        self.watch.begin(NAME)
        if is_new:
            return None
        assert self.world.make(BEFORE).exit_code == 0
        rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://acme.example"]}]
        self.world.s3.put_bucket_cors(Bucket=NAME, CORSConfiguration={"CORSRules": rules})
        self.world.s3.put_object(Bucket=NAME, Key="raw/one", Body=b"1")
        self.watch.begin(NAME)
        return self.seen()

    def one_after_the_other(self, *specs: dict[str, Any], is_new: bool) -> dict[str, set[str]]:
        """What the documents say when each spec is applied by itself, in either order."""
        ends = Ends(None, None, {})
        for order in (specs, specs[::-1]):
            self.begin(is_new=is_new)
            for spec in order:
                assert self.world.make(spec).exit_code == 0
            ends.allow(self.watch.moments)
        return ends.between


@pytest.fixture(scope="module")
def nurseries() -> Iterator[tuple[Nursery, Nursery]]:
    with Nursery() as one, Nursery() as other:
        yield one, other


@pytest.fixture
def place(moto: Moto, nurseries: tuple[Nursery, Nursery], tmp_path: Path) -> Iterator[Place]:
    faults, watch = Faults(), Watch()
    layer = FaithfulS3(moto, (faults, watch, *AS_AWS_DOES))
    front = SideBySide(layer)
    with world_of(moto, layer, faults, front) as world:
        yield Place(world, watch, front, nurseries, tmp_path)
        front.let_go.set()
        world.reset()


def both(one: Any, other: Any) -> list[tuple[int, str]]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda child: child.ends(), (one, other)))


@pytest.mark.parametrize("in_step", [0, 0.1], ids=["as they come", "in step"])
@pytest.mark.parametrize("other", [MINE, YOURS], ids=["the same spec", "another spec"])
@pytest.mark.parametrize("is_new", [False, True], ids=["an old bucket", "a new bucket"])
def test_two_at_once(place: Place, other: dict[str, Any], in_step: float, is_new: bool) -> None:
    known = place.one_after_the_other(MINE, other, is_new=is_new)
    before = place.begin(is_new=is_new)
    place.front.wait = in_step
    ended = both(place.start(0, MINE), place.start(1, other))
    place.front.wait = 0
    seen = place.seen()
    for code, said in ended:
        assert "Traceback" not in said
        assert "this should not have happened" not in said
        assert code in (ExitCode.FINE, ExitCode.ERROR, ExitCode.PARTLY_APPLIED), said
    mixed = {name: text for name, text in seen.documents.items() if text not in known[name]}
    assert mixed == {}
    assert seen.objects == (before.objects if before else frozenset())
    assert place.world.make(other).exit_code == 0, "whoever comes afterwards gets what they ask for"
    assert place.world.plan(other).changes == ()


# ── with a lock ──────────────────────────────────────────────────────────────────────────────────────

LOCKED = "lock: {bucket: team-locks, expires_after: 15s}\n"


def test_the_second_says_who_holds_the_lock_and_writes_nothing(place: Place) -> None:
    place.begin()
    place.world.s3.create_bucket(Bucket="team-locks")
    place.front.hold = "tagging"
    first = place.start(0, MINE, LOCKED)
    assert place.front.reached.wait(60)
    place.world.faults.forget()
    code, said = place.start(1, YOURS, LOCKED).ends()
    written = place.world.faults.writes(NAME)
    place.front.let_go.set()
    assert code != 0
    assert "is held by" in said
    assert f"process {first.pid}" in said
    assert written == []
    assert first.ends()[0] == 0
    assert place.world.plan(MINE).changes == ()


def test_the_lock_of_a_run_that_was_killed_expires_and_is_taken_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.begin()
    place.world.s3.create_bucket(Bucket="team-locks")
    place.front.hold = "tagging"
    first = place.start(0, MINE, LOCKED)
    assert place.front.reached.wait(60)
    os.kill(first.pid, SIGKILL)
    place.front.let_go.set()
    assert first.ends()[0] == -SIGKILL
    place.front.hold = ""
    code, said = place.start(1, YOURS, LOCKED).ends()
    assert code != 0
    assert f"process {first.pid}" in said
    [lock] = place.world.s3.list_objects_v2(Bucket="team-locks")["Contents"]
    age("team-locks", lock["Key"], seconds=60)
    code, said = place.start(1, YOURS, LOCKED).ends()
    assert code == 0, said
    assert place.world.plan(YOURS).changes == ()
    assert "Contents" not in place.world.s3.list_objects_v2(Bucket="team-locks"), "and given back"


def age(bucket: str, key: str, seconds: int) -> None:
    """Make an object older than it is, by the server's own clock."""
    [found] = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys.getlist(key)
    found.last_modified -= timedelta(seconds=seconds)


def test_without_a_journal_nothing_is_wrong(place: Place) -> None:
    """Runners lose their disks: correctness never depends on it."""
    place.begin()
    place.front.hold = "tagging"
    first = place.start(0, MINE)
    assert place.front.reached.wait(60)
    os.kill(first.pid, SIGKILL)
    place.front.let_go.set()
    first.ends()
    place.front.hold = ""
    code, said = place.start(1, MINE).ends()  # in another folder
    assert code == 0, said
    assert place.world.plan(MINE).changes == ()
    [file] = (place.folder / "1" / ".reconcile" / "runs").glob("*.jsonl")
    assert json.loads(file.read_text().splitlines()[-1])["record"] == "end"
