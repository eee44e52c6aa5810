"""What each command loads, and so what it costs to start: asked of real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SPEC, WITH_MANIFEST, Run

PROGRAM = """
import sys
from reconciler.cli.main import main
code = main(sys.argv[1:])
print("LOADED", code, *sorted({name.partition(".")[0] for name in sys.modules}))
"""
HEAVY = {"pydantic", "yaml", "boto3", "botocore", "jsonschema", "deepdiff", "moto", "flask", "rich"}


def loaded(*words: str) -> set[str]:
    """The heavy packages that a command loads."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True, env=environment
    )
    _, code, *modules = ended.stdout.splitlines()[-1].split()
    assert code == "0", ended.stderr
    return HEAVY.intersection(modules)


@pytest.mark.parametrize("words", [["--version"], ["--help"], [], ["plan", "--help"], ["apply", "--help"]])
def test_help_loads_nothing_of_weight(words: list[str]) -> None:
    assert loaded(*words) == set()


def test_sandbox_loads_neither_moto_nor_boto3() -> None:
    assert loaded("sandbox", "status") == set()


def test_validate_loads_what_reads_specs_and_no_more(spec: Path) -> None:
    spec.write_text(SPEC + "    policy: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*'}]}\n")
    assert loaded("validate") == {"pydantic", "yaml"}
    spec.write_text(SPEC)
    assert loaded("validate", "--format", "json") == {"pydantic", "yaml"}


def test_validate_loads_jsonschema_for_a_manifest_only(spec: Path) -> None:
    spec.write_text(WITH_MANIFEST)
    assert loaded("validate") == {"pydantic", "yaml", "jsonschema"}


def test_show_does_not_load_boto3(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    assert loaded("show", "plan.json") == {"pydantic", "yaml", "jsonschema"}


def test_explain_and_permissions_do_not_load_boto3() -> None:
    assert loaded("explain", "bucket.tags") <= {"pydantic", "yaml"}
    assert loaded("doctor", "--permissions", "plan") <= {"pydantic", "yaml"}


def test_a_plan_without_changes_does_not_load_deepdiff(reconcile: Run, spec: Path, endpoint: str) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    assert loaded("plan", "--endpoint-url", endpoint) == {"pydantic", "yaml", "boto3", "botocore"}
