"""Whatever we give away to pipelines passes the linters of those who know them: zizmor and check-jsonschema."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.runners import ROOT, component

BIN = Path(sys.executable).parent
ACTION = ROOT / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "reconcile.yml"
TEMPLATE = ROOT / "templates" / "reconcile.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
OF_A_HOOK = {
    "id",
    "name",
    "description",
    "entry",
    "language",
    "files",
    "types",
    "pass_filenames",
    "args",
    "require_serial",
}
"""What our hooks say, of what pre-commit.com ("Creating new hooks") allows."""


def passes(*words: str) -> None:
    ended = subprocess.run([str(BIN / words[0]), *words[1:]], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def schema(name: str, *files: Path, more: tuple[str, ...] = ()) -> None:
    passes("check-jsonschema", "--builtin-schema", name, *more, *map(str, files))


def test_nothing_is_found_by_whoever_looks_hardest() -> None:
    where = [str(path) for path in (ACTION, WORKFLOW, HOOKS)]
    passes("zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "auditor", *where)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vendor.github-actions", ACTION),
        ("vendor.github-workflows", WORKFLOW),
    ],
)
def test_github_reads_it(name: str, path: Path) -> None:
    schema(name, path)


def test_gitlab_reads_it(tmp_path: Path) -> None:
    head, body = tmp_path / "head.yml", tmp_path / "body.yml"
    parts = TEMPLATE.read_text().partition("\n---\n")
    head.write_text(parts[0])
    body.write_text(yaml.safe_dump(component(TEMPLATE, {"aws-region": "us-east-1"})))
    schema("vendor.gitlab-ci", head, body, more=("--data-transform", "gitlab-ci"))


def test_pre_commit_reads_it() -> None:
    for hook in yaml.safe_load(HOOKS.read_text()):
        assert {"id", "name", "entry", "language"} <= hook.keys() <= OF_A_HOOK
