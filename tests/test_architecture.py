"""The house's plan as tests: which room may know which, and what a new aspect costs."""

import ast
import gc
import os
import re
import subprocess
import sys
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from reconciler.cli import main

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "reconciler").rglob("*.py"))
WRITES_WHAT_IS_LOADED = """
import sys
from reconciler.cli.main import main
code = main(sys.argv[1:])
print("LOADED", code, *sorted(sys.modules))
"""
HEAVY = {"pydantic", "yaml", "boto3", "botocore", "jsonschema", "deepdiff", "moto", "flask", "rich"}
PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
MOST_DATACLASSES = 8
LONGEST_FILE = 420
LONGEST_FUNCTION = 60


def test_each_room_only_knows_the_ones_below_it() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_boto3_is_named_in_one_room_only() -> None:
    importing = {
        path.relative_to(ROOT / "reconciler").parts[0]
        for path in SOURCES
        if re.search(r"^\s*(?:import|from) (?:boto3|botocore)\b", path.read_text(), re.MULTILINE)
    }
    assert importing == {"s3"}


def test_an_aspect_is_one_file_one_import_and_one_field() -> None:
    """The proof is the eighth aspect: its name stands nowhere else in the program."""
    naming = {
        path.relative_to(ROOT / "reconciler").as_posix(): len(re.findall("ownership_?controls", line_free(path), re.I))
        for path in SOURCES
    }
    tables = ("policy_language/s3_actions.py", "policy_language/api_calls.py")
    elsewhere = ("sandbox/", "endpoints/", "guardrails/rules/", *tables)
    # servers, rules that are about it, and two tables of AWS's names
    named = {name for name, times in naming.items() if times and not name.startswith(elsewhere)}
    assert named == {"aspects/ownership_controls.py", "bucket.py", "aspects/policy.py", "planning/exposure.py"}, (
        "the policy is applied after it, and who gets in depends on it; nothing else may know the aspect"
    )
    field = [line for line in (ROOT / "reconciler/bucket.py").read_text().splitlines() if "ownership_controls" in line]
    assert len(field) == 2, "one import and one field"


def line_free(path: Path) -> str:
    """The code of a file, without its docstrings and comments."""
    return ast.unparse(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_rooms_stay_small_and_have_a_name_on_the_door(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= LONGEST_FILE, "is it two ideas?"
    assert not tree.body or ast.get_docstring(tree), "no docstring says what this room is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


# ── what each command may load, and so what it costs to start ────────────────────────────────────────


def modules(*words: str, cwd: Path | None = None) -> set[str]:
    """All modules that a command loads, asked of a real process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    ended = subprocess.run(
        [sys.executable, "-c", WRITES_WHAT_IS_LOADED, *words],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=cwd,
    )
    _, code, *names = ended.stdout.splitlines()[-1].split()
    assert code == "0", ended.stderr
    return set(names)


def loaded(*words: str, cwd: Path | None = None) -> set[str]:
    """The heavy packages that a command loads."""
    return HEAVY & {name.partition(".")[0] for name in modules(*words, cwd=cwd)}


@pytest.mark.parametrize("words", [["--version"], ["--help"], [], ["plan", "--help"], ["sandbox", "status"]])
def test_help_and_handling_the_sandbox_load_nothing_of_weight(words: list[str]) -> None:
    assert loaded(*words) == set()


@pytest.mark.parametrize(
    ("more", "loads"),
    [
        ("", {"pydantic", "yaml"}),
        ("    manifest: {purpose: x}", {"pydantic", "yaml"}),
        ("    manifest: {purpose: x, json_schema: {type: object}}", {"pydantic", "yaml", "jsonschema"}),
    ],
)
def test_validate_loads_what_reads_specs_and_jsonschema_for_a_schema_of_the_team_only(
    tmp_path: Path, more: str, loads: set[str]
) -> None:
    (tmp_path / "spec.yaml").write_text("buckets:\n  - name: acme-lake\n    versioning: Enabled\n" + more)
    assert loaded("validate", "spec.yaml", cwd=tmp_path) == loads


@pytest.mark.parametrize("words", [["explain", "bucket.tags"], ["doctor", "--permissions", "plan"]])
def test_what_needs_no_s3_does_not_load_boto3(words: list[str]) -> None:
    assert loaded(*words) <= {"pydantic", "yaml"}


def test_validate_loads_nothing_that_plans_or_talks(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("buckets:\n  - name: acme-lake\n    versioning: Enabled\n")
    names = modules("validate", "spec.yaml", cwd=tmp_path)
    ours = {name.split(".")[1] for name in names if name.startswith("reconciler.")}
    assert not ours & {"planning", "s3", "journal", "sandbox", "run", "fleet", "settings"}
    assert not names & {"ssl", "logging", "subprocess", "concurrent.futures", "asyncio", "http.client", "difflib"}


def test_help_loads_no_typing(tmp_path: Path) -> None:
    for words in (["--help"], ["--version"]):
        assert not modules(*words, cwd=tmp_path) & {"typing", "dataclasses", "inspect", "logging", "pathlib"}


def test_few_of_the_values_that_validate_needs_are_dataclasses(tmp_path: Path) -> None:
    """To define a frozen one takes four times as long as a NamedTuple (3.7 and 0.9 million instructions)."""
    (tmp_path / "spec.yaml").write_text("buckets:\n  - name: acme-lake\n    versioning: Enabled\n")
    names = {name for name in modules("validate", "spec.yaml", cwd=tmp_path) if name.startswith("reconciler.")}
    made = {
        kind
        for name in names
        for kind in vars(import_module(name)).values()
        if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ in names
    }
    assert len(made) <= MOST_DATACLASSES, sorted(kind.__qualname__ for kind in made)


def test_what_is_of_no_use_at_the_start_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLUGINS, "some-plugin")
    before = gc.get_threshold()
    try:
        main.start_light()
        assert gc.get_threshold() == (main.GARBAGE, *before[1:])
        assert os.environ[PLUGINS] == "some-plugin", "whoever has decided it has decided it"
        monkeypatch.delenv(PLUGINS)
        main.start_light()
        assert os.environ[PLUGINS] == "__all__"
    finally:
        gc.set_threshold(*before)
