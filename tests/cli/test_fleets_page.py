"""docs/fleets.md: its YAML says what the text says, and its commands do what it says."""

import os
import re
import shlex
from glob import glob
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.planning.sharding import SCHEDULERS
from reconciler.specs.settings import load_settings
from tests.cli.conftest import Ended, Run

PAGE = (Path(__file__).parents[2] / "docs/fleets.md").read_text(encoding="utf-8")
BLOCKS: dict[str, str] = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
NAMES = [f"acme-{number}" for number in range(6)]
FOUR = range(1, 5)


@pytest.fixture
def specs(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "parts").mkdir()
    text = "buckets:\n" + "".join(f"  - {{name: {name}, region: us-east-1, tags: {{a: b}}}}\n" for name in NAMES)
    (tmp_path / "specs" / "fleet.yaml").write_text(text)


def carry_out(run: Run, line: str, *others: str) -> Ended:
    """What a shell does with it: variables and patterns are filled in, and the volume is a folder."""
    *before, line = line.strip().splitlines()
    if before:  # a part that an earlier run has left must not pass for this one's
        part = before[0].removeprefix("part=")
        assert before[1:] == ['rm -f "$part"']
        assert line.endswith(' || test -s "$part"'), "a shard that has written its part is done"
        line = line.removesuffix(' || test -s "$part"').replace("$part", part)
    words = shlex.split(os.path.expandvars(line.replace("/parts/", "parts/")))
    assert words[0] == "reconcile", line
    filled = [name for word in words[1:] for name in (sorted(glob(word)) or [word])]  # noqa: PTH207 - as a shell does
    return run(*filled, *others)


def test_the_accounts() -> None:
    Path("reconcile.yaml").write_text(BLOCKS["reconcile.yaml"])
    one, two = load_settings().accounts
    assert (one.account, one.role_arn) == ("111122223333", "arn:aws:iam::111122223333:role/reconcile-plan")
    assert one.to_write().role_arn == "arn:aws:iam::111122223333:role/reconcile-apply"
    assert (two.account, two.profile, two.buckets) == ("444455556666", "research", ("acme-research-*", "acme-genomes"))


def test_every_scheduler_is_told() -> None:
    for scheduler in SCHEDULERS:
        assert f"| `{scheduler.index}`, from {scheduler.first} | " in PAGE
        assert f"| `{scheduler.total}` | `--shard env` |" in PAGE if scheduler.total else "| not told |" in PAGE


def planned_and_merged(reconcile: Run, offline: Run, parts: list[Ended], merge: str) -> None:
    assert [part.code for part in parts] == [0] * 4, [part.err for part in parts]
    merged = carry_out(offline, merge, "--format", "json")
    assert merged.code == 0, merged.err
    assert merged.out == reconcile("plan", "--format", "json").out


def test_the_github_matrix(reconcile: Run, offline: Run, specs: None) -> None:
    jobs = yaml.safe_load(BLOCKS["github"])["jobs"]
    assert jobs["plan"]["strategy"] == {"fail-fast": False, "matrix": {"shard": list(FOUR)}}
    [plan] = commands(jobs["plan"])
    [merge] = commands(jobs["merge"])
    parts = [carry_out(reconcile, plan.replace("${{ matrix.shard }}", str(shard))) for shard in FOUR]
    planned_and_merged(reconcile, offline, parts, merge)


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if step.get("run", "").startswith("reconcile")]


def test_the_kubernetes_job(reconcile: Run, offline: Run, specs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, merge = yaml.safe_load_all(BLOCKS["kubernetes"])
    assert (plan["spec"]["completionMode"], plan["spec"]["completions"]) == ("Indexed", 4)
    lines = [job["spec"]["template"]["spec"]["containers"][0] for job in (plan, merge)]
    assert all(container["command"] == ["sh", "-c"] for container in lines)
    parts = []
    for index in range(plan["spec"]["completions"]):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        parts.append(carry_out(reconcile, lines[0]["args"][0]))
    planned_and_merged(reconcile, offline, parts, lines[1]["args"][0])


def test_the_aws_batch_job(reconcile: Run, offline: Run, specs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    definition, submitted = (yaml.safe_load(BLOCKS[name]) for name in ("batch", "batch-submit"))
    assert submitted["jobDefinition"] == definition["jobDefinitionName"]
    size = submitted["arrayProperties"]["size"]
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_SIZE", str(size))
    shell, flag, line = definition["containerProperties"]["command"]
    assert (shell, flag) == ("sh", "-c")
    parts = []
    for index in range(size):
        monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", str(index))
        parts.append(carry_out(reconcile, line))
    [merge] = re.findall(r"^first one runs `(reconcile merge [^`]*)`", PAGE, re.M)
    planned_and_merged(reconcile, offline, parts, merge)
