"""rollback: a spec of what was there before, and its plan; a person applies it, or nobody does."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SPEC, Recording, Run, denied
from tests.cli.test_runs import journals

CHANGED = (
    SPEC.replace("data-platform", "somebody").replace("Enabled", "Suspended")
    + "    lifecycle: {rules: [{id: expire, expiration: {days: 3}}]}\n"
)
CONSENT = ("--auto-approve", "--allow", "loses-protection:acme-lake", "--allow", "loses-data:acme-lake")


@pytest.fixture
def changed(reconcile: Run, spec: Path, server: Recording) -> str:
    """A bucket that a run has changed; the name of that run."""
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(CHANGED)
    ended = reconcile("apply", *CONSENT)
    assert ended.code == 0, ended.err
    server.requests.clear()
    return journals()[-1].stem


def tags(s3: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"]}


def test_what_was_there_before_is_planned_and_not_applied(
    reconcile: Run, changed: str, server: Recording, s3: Any
) -> None:
    ended = reconcile("rollback")
    assert ended.code == 0, ended.err
    assert server.writes == []
    path = f".reconcile/rollbacks/{changed}.yaml"
    text = Path(path).read_text(encoding="utf-8")
    assert text == (
        f"# Takes back what the run {changed} has written.\n"
        "# Review its plan, then apply it like any other spec. Objects that are gone do not come back.\n"
        "buckets:\n"
        "  - name: acme-lake\n"
        "    region: us-east-1\n"
        '    account: "123456789012"\n'
        "    versioning: Enabled\n"
        "    lifecycle: absent\n"
        "    tags:\n"
        "      Owner: data-platform\n"
    )
    assert f"Wrote {path}" in ended.err
    assert "~ Owner  somebody → data-platform" in ended.out
    assert "no longer: all objects → deleted after 3 days" in ended.out
    assert ended.out.endswith(f" {path}\n")
    assert "Next: reconcile apply --endpoint-url" in ended.out
    assert reconcile("apply", path, "--auto-approve").code == 0
    assert tags(s3) == {"Owner": "data-platform"}
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Enabled"
    assert reconcile("rollback", changed).out.endswith("✓ No changes. The live bucket is as its spec says.\n")


def test_a_rollback_can_be_rolled_back(reconcile: Run, changed: str, s3: Any) -> None:
    assert reconcile("rollback").code == 0
    assert reconcile("apply", f".reconcile/rollbacks/{changed}.yaml", "--auto-approve").code == 0
    assert reconcile("rollback", "--out", "again.yaml").code == 0
    assert reconcile("apply", "again.yaml", *CONSENT).code == 0
    assert reconcile("plan", "--detailed-exitcode").code == 0, "as the spec says"


def test_a_hyphen_is_standard_output(reconcile: Run, changed: str) -> None:
    ended = reconcile("rollback", changed[:18], "--out", "-")
    assert ended.code == 0
    assert ended.out.startswith("# Takes back what the run ")
    assert not Path(".reconcile/rollbacks").exists()


def test_programs_get_the_plan(reconcile: Run, changed: str) -> None:
    document = reconcile("rollback", "--format", "json").json
    assert {change["aspect"] for change in document["buckets"][0]["changes"]} == {"versioning", "lifecycle", "tags"}


def test_a_file_of_somebody_is_not_replaced_without_being_told(reconcile: Run, changed: str) -> None:
    Path("back.yaml").write_text("precious", encoding="utf-8")
    ended = reconcile("rollback", "--out", "back.yaml")
    assert ended.code == 1
    assert "back.yaml exists" in ended.err
    assert Path("back.yaml").read_text(encoding="utf-8") == "precious"
    assert reconcile("rollback", "--out", "back.yaml", "--overwrite").code == 0
    assert reconcile("rollback", "--out", "back.yaml").code == 0, "it says just that"
    for out in ("back.yaml/x.yaml", "no\0name.yaml"):
        assert "cannot be written" in reconcile("rollback", "--out", out).err
    assert reconcile("rollback", "--out", "back.json").code == 64


def test_what_somebody_has_changed_since_is_told(reconcile: Run, changed: str, s3: Any) -> None:
    s3.put_bucket_tagging(Bucket="acme-lake", Tagging={"TagSet": [{"Key": "Owner", "Value": "else"}]})
    ended = reconcile("rollback")
    assert f"warning: somebody has changed tags of acme-lake since the run {changed}" in ended.err
    assert "~ Owner  else → data-platform" in ended.out


def test_what_a_run_created_stays(reconcile: Run, spec: Path, s3: Any) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    ended = reconcile("rollback")
    assert ended.code == 0
    assert "acme-lake was created by this run and stays. To delete it, write into a spec: " in ended.err
    assert "{name: acme-lake, state: absent, confirm_delete: acme-lake}" in ended.err
    assert "has changed nothing that a spec could take back" in ended.err
    assert not Path(".reconcile/rollbacks").exists()


def test_versioning_that_was_never_on(reconcile: Run, spec: Path, s3: Any) -> None:
    s3.create_bucket(Bucket="acme-lake")
    assert reconcile("apply", "--auto-approve").code == 0
    ended = reconcile("rollback", "--out", "back.yaml")
    assert ended.code == 0
    text = Path("back.yaml").read_text(encoding="utf-8")
    assert "    versioning: Suspended\n    tags: absent\n    # versioning: there was none, and S3 has no way" in text
    assert "warning: acme-lake: versioning: there was none" in ended.err
    assert "loses protection" in ended.out


def test_another_account_has_nothing_to_take_back(reconcile: Run, changed: str) -> None:
    journal = journals()[-1]
    journal.write_text(journal.read_text(encoding="utf-8").replace('"123456789012"', '"999999999999"'))
    ended = reconcile("rollback")
    assert ended.code == 1
    assert "the run wrote to account 999999999999 at http://127.0.0.1:" in ended.err
    assert "and this is account 123456789012 at" in ended.err


def test_what_was_never_written_is_not_taken_back(reconcile: Run, spec: Path, server: Recording, s3: Any) -> None:
    s3.create_bucket(Bucket="acme-lake")
    server.instead = lambda method, _: denied() if method == "PUT" else None
    assert reconcile("apply", "--auto-approve").code == 1
    server.instead = lambda _method, _path: None
    ended = reconcile("rollback")
    assert ended.code == 1
    assert "no run in .reconcile/runs has written anything" in ended.err
    assert "has changed nothing" in reconcile("rollback", journals()[-1].stem).err
