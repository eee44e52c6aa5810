"""What commands load that need a plan or a server; the rest is in tests/test_architecture.py."""

from pathlib import Path

from tests.cli.conftest import Run
from tests.test_architecture import loaded, modules

ONLY_SOMETIMES = {
    "planning": ("contents", "deleting", "evidence", "forecast", "outcomes", "rolling_back", "taking_over"),
    "s3": ("contents", "evidence", "executor", "inventory", "lock", "preflight", "writing"),
    "reports": ("outcomes", "runs", "stats"),
}
"""What only those plans need that delete or count something, and what comes after a plan."""


def test_show_does_not_load_boto3(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    assert loaded("show", "plan.json") == {"pydantic", "yaml", "jsonschema"}


def test_a_plan_without_changes_does_not_load_deepdiff(reconcile: Run, spec: Path, endpoint: str) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    assert loaded("plan", "--endpoint-url", endpoint) == {"pydantic", "yaml", "boto3", "botocore"}


def test_a_plan_without_changes_loads_only_what_reads_and_compares(reconcile: Run, spec: Path, endpoint: str) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    unused = {f"reconciler.{room}.{name}" for room, inside in ONLY_SOMETIMES.items() for name in inside}
    assert sorted(unused & modules("plan", "--endpoint-url", endpoint)) == []
