"""Every fault at every call of every representative apply; a kill -9 before and after every write.

`make test` takes every fifteenth case, always the same ones, and `make laws` all of them; both say how many. What
must hold is in `fault_engine` and `watched`.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL
from zlib import crc32

import pytest
import yaml

from reconciler.sandbox.behaviours import AS_AWS_DOES, Ask
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Request
from reconciler.sandbox.server import Moto
from tests.s3.fault_engine import FAULTS, Foretold, Representative, Stage, one_read_after_the_other, representatives
from tests.s3.faults import READS, Faults, hang_up
from tests.s3.killed import Nursery
from tests.s3.watched import Watch
from tests.s3.world import Aws, World, world_of
from tests.without_rules import WITHOUT_RULES

EVERY = 1 if "RECONCILE_EXAMPLES" in os.environ else 15
ALLOWED = ("loses-data", "loses-protection", "widens-access")
Staged = Callable[[Representative], Stage]
every_apply = pytest.mark.parametrize("apply", representatives(), ids=str)
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def watched(moto: Moto) -> Iterator[tuple[World, Watch]]:
    """A world in which every write is watched, with nothing in between that takes time."""
    faults, watch = Faults(), Watch()
    with world_of(moto, FaithfulS3(moto, (faults, watch, *AS_AWS_DOES)), faults) as world:
        Aws(world.layer).serve(world)
        yield world, watch


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    return {}


@pytest.fixture
def staged(
    watched: tuple[World, Watch], stages: dict[str, Stage], no_pauses: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Staged]:
    """A representative apply, made ready once."""

    def stage(apply: Representative) -> Stage:
        if apply.name not in stages:
            stages[apply.name] = Stage.of(*watched, apply)
        return stages[apply.name]

    with one_read_after_the_other(monkeypatch):
        yield stage
    watched[0].reset()


def chosen(cases: int, about: str) -> range:
    """Which of so many cases are taken: always the same ones, others for each fault."""
    return range(crc32(about.encode()) % min(EVERY, cases), cases, EVERY)


@every_apply
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_every_call(
    staged: Staged, apply: Representative, fault: str, record_property: Callable[[str, object], None]
) -> None:
    stage = staged(apply)
    numbers = chosen(len(stage.calls), f"{apply} {fault}")
    record_property("faults", f"{len(numbers)} {len(stage.calls)}")
    wrong = {f"{fault} at {number} {stage.calls[number]}": stage.case(fault, number) for number in numbers}
    assert {about: problems for about, problems in wrong.items() if problems} == {}


# ── kill -9 ──────────────────────────────────────────────────────────────────────────────────────────


class Kill:
    """Kills a process that is waiting for an answer: before anything is done for it, or afterwards."""

    def __init__(self, *, served: bool) -> None:
        self.served = served
        self.pid = 0
        self.struck = False

    def __call__(self, request: S3Request, memory: Memory, ask: Ask) -> Answer:
        self.struck = True
        if not self.served:
            os.kill(self.pid, SIGKILL)
            return hang_up(request)
        try:
            ask(request)
        finally:
            os.kill(self.pid, SIGKILL)
        return hang_up(request)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def command(stage: Stage, folder: Path) -> list[str]:
    """`reconcile apply` of the representative, by somebody who agrees to everything."""
    file = Path(__file__).parents[2] / stage.apply.file if stage.apply.file else folder / "spec.yaml"
    if not stage.apply.file:
        file.write_text(yaml.safe_dump({"buckets": [stage.apply.written]}))
    (folder / "reconcile.yaml").write_text(WITHOUT_RULES)
    endpoint = stage.world.clients.endpoint_url
    assert endpoint is not None
    allowed = [f"--allow={risk}:{stage.apply.after.name}" for risk in ALLOWED if stage.apply.before]
    return ["apply", "--auto-approve", "--endpoint-url", endpoint, *allowed, str(file)]


@every_apply
@pytest.mark.parametrize("served", [False, True], ids=["before it is done", "when it is done"])
def test_a_process_is_killed_at_every_write(
    staged: Staged,
    nursery: Nursery,
    apply: Representative,
    served: bool,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    stage = staged(apply)
    writes = [name for name in stage.calls if not name.startswith(READS)]
    numbers = chosen(len(writes), f"{apply} killed {served}")
    record_property("kills", f"{len(numbers)} {len(writes)}")
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        told = killed(stage, nursery, folder, number, served=served)
        assert told == [], (number, writes[number])


def killed(stage: Stage, nursery: Nursery, folder: Path, number: int, *, served: bool) -> list[str]:
    """What is wrong with a run that is killed at this write, and with the one after it."""
    runs = folder / ".reconcile" / "runs"
    stage.begin(runs)
    kill = Kill(served=served)
    stage.world.faults.on_call(number, kill, only_writes=True)
    words = command(stage, folder)
    child = nursery.start(folder, *words)
    kill.pid = child.pid
    code, said = child.ends()
    if code != -SIGKILL:
        return [f"it was not killed, and ended with {code}: {said}"]
    [file] = runs.glob("*.jsonl")
    for line in file.read_text().splitlines():
        json.loads(line)
    stage.world.faults.rules.clear()
    stage.watch.before_a_write = Foretold(runs)
    wrong = list(stage.wrong_with_journal(runs))
    code, said = nursery.start(folder, *words).ends()
    if code != 0 or "Traceback" in said:
        wrong.append(f"the next apply ended with {code}: {said}")
    if file.stem not in said:
        wrong.append(f"the next apply says nothing of the run that was killed: {said}")
    return [*wrong, *stage.wrong_with_the_end(), *stage.ends.wrong_with(stage.watch.moments), *stage.watch.problems]


def test_the_lake_is_there_after_one_kill_and_one_more_apply(staged: Staged, nursery: Nursery, tmp_path: Path) -> None:
    """`apply --auto-approve specs/lake.yaml` on an empty account: 0, first or resumed, and nobody's word is needed."""
    stage = staged(representatives()[0])
    assert stage.apply.file == "specs/lake.yaml"
    (tmp_path / "first").mkdir()
    stage.begin(tmp_path / "first" / ".reconcile" / "runs")
    code, said = nursery.start(tmp_path / "first", *command(stage, tmp_path)).ends()
    assert code == 0, said
    assert killed(stage, nursery, tmp_path, 3, served=True) == []
