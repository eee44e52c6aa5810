""".pre-commit-hooks.yaml: each hook is run as pre-commit would, on what is staged."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runners import ROOT
from tests.cli.conftest import Ended, Run

HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}
IN_STYLE = "buckets:\n  - name: acme-lake\n    region: us-east-1\n    tags: {Owner: data-platform}\n"
OUT_OF_STYLE = "buckets:\n- region: us-east-1  # where it is\n  name: acme-logs\n"
REWRITTEN = "buckets:\n  - name: acme-logs\n    region: us-east-1  # where it is\n"
WRONG = "buckets:\n  - name: acme-wrong\n    versionning: Enabled\n"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "lake.yaml").write_text(IN_STYLE)
    return tmp_path / "specs"


def staged(run: Run, name: str, *files: str) -> Ended:
    """What a hook says of these files; pre-commit leaves it out where it is concerned with none of them."""
    hook = HOOKS[name]
    ours = [file for file in files if re.search(hook["files"], file)]
    assert ours
    assert set(hook.get("types", ["yaml"])) == {"yaml"}
    words = [*shlex.split(hook["entry"]), *hook.get("args", []), *(ours if hook.get("pass_filenames", True) else [])]
    assert words[0] == "reconcile"
    return run(*words[1:])


def test_validate_is_quiet_when_all_is_well(offline: Run, specs: Path) -> None:
    ended = staged(offline, "reconcile-validate", "specs/lake.yaml", "README.md")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_validate_sees_all_specs(offline: Run, specs: Path) -> None:
    (specs / "wrong.yaml").write_text(WRONG)
    (specs / "again.yaml").write_text(IN_STYLE)
    ended = staged(offline, "reconcile-validate", "specs/wrong.yaml")
    assert ended.code == 1
    assert "did you mean `versioning`?" in ended.err
    assert "acme-lake" in ended.err, "a bucket of two files, of which neither is staged"


def test_fmt_rewrites_what_is_staged(offline: Run, specs: Path) -> None:
    for name in ("logs", "others"):
        (specs / f"{name}.yaml").write_text(OUT_OF_STYLE)
    ended = staged(offline, "reconcile-fmt", "specs/logs.yaml", "specs/lake.yaml")
    assert ended.code == 0
    assert (specs / "logs.yaml").read_text() == REWRITTEN
    assert (specs / "others.yaml").read_text() == OUT_OF_STYLE
    again = staged(offline, "reconcile-fmt", "specs/logs.yaml", "specs/lake.yaml")
    assert (again.code, again.out, again.err) == (0, "", "")


def test_hooks_are_installed_with_the_package() -> None:
    assert {hook["language"] for hook in HOOKS.values()} == {"python"}
    assert 'reconcile = "reconciler.cli.main:run_from_command_line"' in (ROOT / "pyproject.toml").read_text()
