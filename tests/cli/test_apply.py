"""apply: somebody agrees, or nothing is written."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.apply import ended_like_an_interruption
from tests.cli.conftest import SPEC, WITH_MANIFEST, WITHOUT_MANIFEST, Recording, Run, denied

MANIFEST = "metadata/bucket-manifest.yaml"


def keys(s3: Any, bucket: str = "acme-lake") -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def buckets(s3: Any) -> list[str]:
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


# ── consent ──────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_there_is_nobody_who_agrees(reconcile: Run, spec: Path, server: Recording) -> None:
    ended = reconcile("apply")
    assert ended.code == 3
    assert "error[RCL4001]: nobody is here to agree to this plan" in ended.err
    assert "--auto-approve" in ended.err
    assert server.writes == []


@pytest.mark.parametrize("said", ["y\n", "YES\n", "yes please\n", "\n", "", "no\n"])
def test_only_yes_is_a_yes(reconcile: Run, spec: Path, server: Recording, said: str) -> None:
    ended = reconcile("apply", says=said)
    assert ended.code == 3
    assert "Apply these changes? Only `yes` is a yes: " in ended.err
    assert "you have not said `yes`; nothing was written" in ended.err
    assert server.writes == []


def test_yes_is_a_yes(reconcile: Run, spec: Path, s3: Any) -> None:
    ended = reconcile("apply", says="yes\n")
    assert ended.code == 0
    assert "✓ Applied: 3 changes in 1 bucket, each read back and found true." in ended.out
    assert "Next: reconcile plan" in ended.out
    assert "✓ acme-lake  3 changes applied" in ended.err
    assert s3.get_bucket_versioning(Bucket="acme-lake")["Status"] == "Enabled"
    assert reconcile("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("words", [["--no-input"], ["--format", "json"]])
def test_whoever_must_not_be_asked_is_not(reconcile: Run, spec: Path, server: Recording, words: list[str]) -> None:
    ended = reconcile("apply", *words, says="yes\n")
    assert ended.code == 3
    assert "Only `yes`" not in ended.err
    assert server.writes == []


def test_where_nothing_changes_nobody_is_asked(reconcile: Run, spec: Path) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    ended = reconcile("apply")
    assert ended.code == 0
    assert ended.out.endswith("✓ No changes. The live bucket is as its spec says.\n")


# ── what would be lost ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def losing(reconcile: Run, spec: Path, s3: Any) -> Path:
    """A manifest is there, and the spec wants none."""
    spec.write_text(WITH_MANIFEST)
    assert reconcile("apply", "--auto-approve").code == 0
    assert keys(s3) == [MANIFEST]
    spec.write_text(WITHOUT_MANIFEST)
    return spec


def test_approving_a_plan_does_not_approve_a_loss(reconcile: Run, losing: Path, s3: Any) -> None:
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert "acme-lake loses data (manifest), and nobody has agreed to that" in ended.err
    assert "! acme-lake loses data (manifest)   --allow loses-data:acme-lake\n" in ended.out, "the plan says so, too"
    assert "pass --allow loses-data:acme-lake" in ended.err
    assert keys(s3) == [MANIFEST]
    assert reconcile("apply", "--auto-approve", "--allow", "loses-data:another").code == 3


def test_a_loss_is_allowed_by_name(reconcile: Run, losing: Path, s3: Any) -> None:
    assert reconcile("apply", "--auto-approve", "--allow", "loses-data:acme-lake").code == 0
    assert keys(s3) == []


@pytest.mark.parametrize("typed", ["yes\n", "acme-lak\n", "", "ACME-LAKE\n"])
def test_a_loss_is_not_agreed_to_by_saying_yes(reconcile: Run, losing: Path, s3: Any, typed: str) -> None:
    ended = reconcile("apply", says=typed)
    assert ended.code == 3
    assert "Type the bucket's name to agree: " in ended.err
    assert keys(s3) == [MANIFEST]


def test_a_loss_is_agreed_to_by_typing_the_name(reconcile: Run, losing: Path, s3: Any) -> None:
    assert reconcile("apply", says="acme-lake\nno\n").code == 3
    assert reconcile("apply", says="acme-lake\nyes\n").code == 0
    assert keys(s3) == []


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────


def test_a_call_that_fails_stops_its_bucket_and_no_other(
    reconcile: Run, spec: Path, server: Recording, s3: Any
) -> None:
    spec.write_text(SPEC + "  - {name: acme-other, region: us-east-1, versioning: Enabled, tags: {a: b}}\n")
    server.instead = lambda method, path: denied() if (method, path) == ("PUT", "/acme-lake?versioning") else None
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 5
    assert buckets(s3) == ["acme-lake", "acme-other"]
    assert "✗ Partly applied: " in ended.out
    assert "versioning  failed: put_bucket_versioning: AccessDenied: no (allow s3:PutBucketVersioning" in ended.out
    assert "✗ acme-lake  2 changes applied, 1 not" in ended.err
    assert "✓ acme-other  3 changes applied" in ended.err
    server.instead = lambda _method, _path: None
    assert reconcile("apply", "--auto-approve").code == 0, "the rest is done by running it again"


def test_what_is_blocked_stays_undone_and_the_rest_is_done(
    reconcile: Run, spec: Path, server: Recording, s3: Any
) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    server.instead = lambda _, path: denied() if "versioning" in path else None
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 5
    assert "✗ Partly applied: 1 change in 1 bucket; 1 blocked." in ended.out
    assert s3.get_bucket_tagging(Bucket="acme-lake")["TagSet"] == [{"Key": "Owner", "Value": "somebody"}]
    assert reconcile("apply", "--auto-approve").code == 1, "nothing is left but what is blocked"


def test_where_nothing_could_be_written_it_is_an_error(reconcile: Run, spec: Path, server: Recording) -> None:
    server.instead = lambda method, _: denied() if method == "PUT" else None
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 1
    assert "bucket  failed: create_bucket: AccessDenied" in ended.out
    assert "versioning  skipped: after bucket failed" in ended.out


def test_json_tells_every_outcome(reconcile: Run, spec: Path) -> None:
    planned = reconcile("plan", "--format", "json").json
    ended = reconcile("apply", "--auto-approve", "--format", "json")
    assert ended.code == 0
    assert ended.err == ""
    assert ended.json["fingerprint"] == planned["fingerprint"]
    assert ended.json["summary"] == {"applied": 3, "unverified": 0, "failed": 0, "skipped": 0}
    [bucket] = ended.json["buckets"]
    assert {outcome["aspect"]: outcome["result"] for outcome in bucket["outcomes"]} == {
        "bucket": "applied",
        "versioning": "applied",
        "tags": "applied",
    }
    assert reconcile("apply", "--auto-approve", "--format", "json").json["buckets"] == []


def test_quiet_says_only_the_result(reconcile: Run, spec: Path) -> None:
    assert reconcile("apply", "--auto-approve", "--quiet").err == ""


def test_only_the_target_is_written(reconcile: Run, spec: Path, s3: Any) -> None:
    spec.write_text(SPEC + "  - {name: acme-other, region: us-east-1, tags: {a: b}}\n")
    assert reconcile("apply", "--auto-approve", "--target", "acme-other").code == 0
    assert buckets(s3) == ["acme-other"]


def test_the_next_command_keeps_variables_and_targets(reconcile: Run, spec: Path) -> None:
    spec.write_text("variables: {team: nobody}\n" + SPEC.replace("data-platform", '"${team}"'))
    ended = reconcile("apply", "--auto-approve", "specs", "--var", "team=data", "--target", "acme-lake")
    assert ended.out.endswith(" --var team=data --target acme-lake\n")


def test_the_end_that_a_pipeline_sends_is_taken_like_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def ended() -> None:
        with ended_like_an_interruption():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        ended()
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_object_that_is_no_manifest_is_not_replaced_without_a_word(reconcile: Run, spec: Path, s3: Any) -> None:
    s3.create_bucket(Bucket="acme-lake")
    s3.put_object(Bucket="acme-lake", Key="raw/payroll.csv", Body=b"name,salary\nme,1\n")
    spec.write_text(SPEC + "    manifest: {purpose: A lake, key: raw/payroll.csv}\n")
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert "--allow loses-data:acme-lake" in ended.err
    assert s3.get_object(Bucket="acme-lake", Key="raw/payroll.csv")["Body"].read() == b"name,salary\nme,1\n"
    assert reconcile("apply", "--auto-approve", "--allow", "loses-data:acme-lake").code == 0
