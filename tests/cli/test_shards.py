"""Shards as people run them: ten processes, one of them killed, their plans merged, reviewed and applied."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler.planning.sharding import shard_of
from tests.cli.conftest import Recording, Run

COMMAND = [sys.executable, "-m", "reconciler.cli.main"]
TEN = range(1, 11)
NAMES = [f"acme-{number:02}" for number in range(18)]
NOON = "2026-11-22T12:00:00Z"


def fleet_of(names: list[str]) -> str:
    """Buckets that are to be created, with something to say of each."""
    return "buckets:\n" + "".join(
        f"  - {{name: {name}, region: us-east-1, versioning: Enabled, tags: {{Owner: {name}}}}}\n" for name in names
    )


@pytest.fixture
def fleet(spec: Path) -> Path:
    spec.write_text(fleet_of(NAMES))
    return spec


@pytest.fixture
def live(fleet: Path, s3: Any) -> None:
    """A third is as it should be, a third has other tags, a third is not there."""
    for number, name in enumerate(NAMES):
        if number % 3:
            s3.create_bucket(Bucket=name)
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            tags = [{"Key": "Owner", "Value": name if number % 3 == 1 else "somebody else"}]
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})


def start(*words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=os.environ | environment,
    )


def told(path: str, **changes: Any) -> str:
    """A saved plan with another time in it."""
    document = json.loads(Path(path).read_text())
    return json.dumps({**document, **changes}, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.timeout(300)  # eleven processes, on whatever machine
def test_ten_shards_one_killed_and_made_again_are_one_plan(
    reconcile: Run, offline: Run, live: None, server: Recording, endpoint: str
) -> None:
    at = ["--endpoint-url", endpoint]
    [doomed, *_] = [index for index in TEN if any(shard_of(name, 10) == index for name in NAMES)]
    victim_name = next(name for name in NAMES if shard_of(name, 10) == doomed)
    reached, released = Event(), Event()

    def hold(_method: str, path: str) -> None:
        """The server answers the victim's first question about its own bucket only after its death."""
        if path.startswith(f"/{victim_name}") and not released.is_set():
            reached.set()
            released.wait(60)

    server.instead = hold
    victim = start("plan", "--shard", f"{doomed}/10", "--out", f"part-{doomed}.json", *at)
    assert reached.wait(60)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait(60) == -signal.SIGKILL
    released.set()
    victim.communicate()
    assert not list(Path().glob("part-*")), "a plan is written whole or not at all"

    def plan(index: int) -> tuple[int, str]:
        ended = start("plan", "--shard", f"{index}/10", "--out", f"part-{index}.json", *at)
        _, err = ended.communicate(timeout=100)
        return ended.returncode, err

    with ThreadPoolExecutor(3) as pool:
        others = [index for index in TEN if index != doomed]
        assert {code for code, _ in pool.map(plan, others)} == {0}
    parts = sorted(str(path) for path in Path().glob("part-*.json"))

    missing = offline("merge", *parts)
    assert missing.code == 1
    assert f"{doomed}/10 is missing: 9 of 10 shards are here" in missing.err
    assert f"reconcile plan --shard {doomed}/10 --out FILE" in missing.err

    assert plan(doomed)[0] == 0
    merged = offline("merge", *sorted(map(str, Path().glob("part-*.json"))), "--format", "json")
    single = reconcile("plan", "--format", "json")
    assert merged.out == single.out != ""
    assert merged.code == single.code == 0
    assert [bucket["name"] for bucket in merged.json["buckets"]] == NAMES


def test_merged_files_and_texts_are_those_of_a_single_run(reconcile: Run, offline: Run, live: None) -> None:
    for index in (1, 2, 3):
        assert reconcile("plan", "--shard", f"{index}/3", "--out", f"part-{index}.json").code == 0
    Path("part-2.json").write_text(told("part-2.json", created_at=NOON))
    single = reconcile("plan", "--out", "single.json", "--detailed-exitcode")
    merged = offline(
        "merge", "part-3.json", "part-1.json", "part-2.json", "--out", "merged.json", "--detailed-exitcode"
    )
    assert merged.code == single.code == 2
    assert json.loads(Path("merged.json").read_text())["created_at"] == NOON, "as old as its oldest part"
    assert Path("merged.json").read_text() == told("single.json", created_at=NOON)
    assert merged.out.splitlines()[:-1] == single.out.splitlines()[:-1]
    assert merged.out.splitlines()[-1] == "Next: reconcile apply --plan merged.json"


def test_shards_and_the_whole_can_be_applied(reconcile: Run, offline: Run, live: None, server: Recording) -> None:
    for index in (1, 2):
        assert reconcile("plan", "--shard", f"{index}/2", "--out", f"part-{index}.json").code == 0
    assert offline("merge", "part-1.json", "part-2.json", "--out", "merged.json").code == 0
    server.requests.clear()

    first = reconcile("apply", "--plan", "part-1.json", "--auto-approve", "--limit", "share_of_fleet=100%")
    assert first.code == 0, first.err
    written = {path.split("/")[1].split("?")[0] for _, path in server.writes}
    changing = {name for number, name in enumerate(NAMES) if number % 3 != 1}
    assert written == {name for name in changing if shard_of(name, 2) == 1}

    stale = reconcile("apply", "--plan", "part-1.json", "--auto-approve")
    assert stale.code == 4, "a plan is good for one apply"
    second = reconcile(
        "apply", "--plan", "merged.json", "--shard", "2/2", "--auto-approve", "--limit", "share_of_fleet=100%"
    )
    assert second.code == 0, second.err
    assert f"Only shard 2/2 of {len(NAMES)} buckets" in second.out
    assert reconcile("plan", "--detailed-exitcode").code == 0, "both halves are done"


def test_a_shard_has_its_part_of_the_limits(reconcile: Run, live: None) -> None:
    Path("reconcile.yaml").write_text("limits: {buckets_changed: 3, share_of_fleet: 100%}\n")
    refused = reconcile("apply", "--shard", "1/2", "--auto-approve")
    assert refused.code == 3
    assert "`limits: buckets_changed` allows 2 to each of 2 shards" in refused.err


@pytest.mark.parametrize("applied", [[""], ["1/2", "2/2"], ["1/3", "2/3", "3/3"], ["", "1/3"]], ids=" ".join)
def test_a_bucket_is_forgotten_however_the_fleet_was_shared_out(
    reconcile: Run, offline: Run, fleet: Path, applied: list[str]
) -> None:
    """Whether it was applied in shards or as a whole, and is planned again in shards, as a whole, or merged."""
    Path("reconcile.yaml").write_text("limits: {buckets_forgotten: 0, share_of_fleet: 100%}\n")
    for shard in applied:
        assert reconcile("apply", *(["--shard", shard] if shard else []), "--auto-approve").code == 0
    gone = next(name for name in NAMES if shard_of(name, 3) == 1)
    here = shard_of(gone, 2)
    fleet.write_text(fleet_of([name for name in NAMES if name != gone]).replace("Enabled", "Suspended"))

    def needed(*words: str) -> set[str]:
        return {need["about"] for need in reconcile("plan", *words, "--format", "json").json["needs"]}

    assert "buckets_forgotten" in needed()
    assert "buckets_forgotten" in needed("--shard", f"{here}/2")
    assert "buckets_forgotten" not in needed("--shard", f"{3 - here}/2"), "it is none of its own"
    for index in (1, 2):
        assert reconcile("plan", "--shard", f"{index}/2", "--out", f"part-{index}.json").code == 0
    merged = offline("merge", "part-1.json", "part-2.json", "--out", "merged.json", "--format", "json").json
    assert "buckets_forgotten" in {need["about"] for need in merged["needs"]}
    refused = reconcile("apply", "--plan", "merged.json", "--shard", f"{here}/2", "--auto-approve")
    assert (refused.code, "of the last apply have no spec any more" in refused.err) == (3, True)


def test_a_shard_without_a_bucket_is_a_plan_too(reconcile: Run, offline: Run, spec: Path, server: Recording) -> None:
    here = shard_of("acme-lake", 2)
    empty = reconcile("plan", "--shard", f"{3 - here}/2", "--out", f"part-{3 - here}.json")
    assert (empty.code, [request for request in server.requests if request[0] == "GET"]) == (0, [])
    assert "Only shard" in empty.out
    assert reconcile("plan", "--shard", f"{here}/2", "--out", f"part-{here}.json").code == 0
    assert offline("merge", "part-1.json", "part-2.json").code == 0
    assert reconcile("apply", "--plan", f"part-{3 - here}.json", "--auto-approve").code == 0


def test_a_mistake_in_any_spec_stops_every_shard(offline: Run, fleet: Path) -> None:
    fleet.write_text(fleet_of(NAMES) + "  - {name: acme-lake, versionin: Enabled}\n")
    for index in (1, 2):
        assert offline("plan", "--shard", f"{index}/2").code == 1


@pytest.mark.parametrize("index", [1, 2])
def test_the_scheduler_says_which_shard(
    reconcile: Run, live: None, monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index - 1))
    document = reconcile("plan", "--shard", "env/2", "--format", "json").json
    assert document["inputs"]["shard"] == {"index": index, "total": 2, "of_buckets": len(NAMES)}
    assert [bucket["name"] for bucket in document["buckets"]] == [name for name in NAMES if shard_of(name, 2) == index]
    assert "shard" not in reconcile("plan", "--format", "json").json["inputs"], "only whoever asks for it gets a part"


def test_what_cannot_be_merged_or_applied(reconcile: Run, offline: Run, live: None) -> None:
    assert reconcile("plan", "--shard", "1/2", "--out", "part-1.json").code == 0
    other = reconcile("apply", "--plan", "part-1.json", "--shard", "2/2")
    assert (other.code, "is the plan of shard 1/2, not of 2/2" in other.err) == (64, True)
    for words, code, said in [
        (["merge", "part-1.json", "--out", "part-1.json"], 64, "would replace a part"),
        (["merge", "part-1.json", "--out", "plan.yaml"], 64, "would be taken for a spec"),
        (["merge", "part-1.json", "--out", ""], 64, "--out names no file"),
        (["merge", "nowhere.json"], 1, "cannot be read"),
        (["merge"], 64, "PART"),
        (["plan", "--shard", "3"], 64, "is no shard"),
    ]:
        ended = offline(*words)
        assert (ended.code, said in ended.err) == (code, True), ended.err
    Path("part-2.json").write_text(told("part-1.json", fingerprint="0" * 64))
    changed = offline("merge", "part-1.json", "part-2.json")
    assert (changed.code, "  - part-2.json itself was changed after it was written\n" in changed.err) == (4, True)
    Path("part-2.json").write_text(told("part-1.json", format_version="2.0"))
    assert "part-2.json has format 2.0" in offline("merge", "part-1.json", "part-2.json").err
    assert "part-1.json is named 2 times" in offline("merge", "part-1.json", "part-1.json").err


def test_a_shard_of_the_plan_that_was_reviewed(reconcile: Run, live: None, server: Recording) -> None:
    """The fingerprint that people have seen is that of the whole plan."""
    assert reconcile("plan", "--out", "plan.json").code == 0
    reviewed = json.loads(Path("plan.json").read_text())["fingerprint"]
    words = ("apply", "--plan", "plan.json", "--shard", "1/2", "--auto-approve", "--limit", "share_of_fleet=100%")
    server.requests.clear()
    other = reconcile(*words, "--expect-fingerprint", "0" * 12)
    assert (other.code, server.requests) == (4, [])
    assert f"the fingerprint: reviewed {'0' * 12}, now {reviewed[:12]}" in other.err
    assert reconcile(*words, "--expect-fingerprint", reviewed[:20]).code == 0
