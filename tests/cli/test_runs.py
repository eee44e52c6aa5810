"""The journal from the command line: what is kept, what is listed, what the next run says of one that was cut off."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SPEC, Recording, Run, denied, waived

OPEN = SPEC + "    public_access_block: {block_public_policy: false}\n" + waived("PUB-01")
"""In a bucket that exists, this wants somebody's word."""
RUNS = Path(".reconcile/runs")


def journals() -> list[Path]:
    return sorted(RUNS.glob("*.jsonl"))


def cut_off(after: str, journal: Path | None = None) -> None:
    """Have the last run end, as far as its journal goes, right after the first line like this."""
    path = journal or journals()[-1]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    last = next(index for index, line in enumerate(lines) if after in line)
    path.write_text("".join(lines[: last + 1]), encoding="utf-8")


def test_every_apply_that_writes_is_kept(reconcile: Run, spec: Path) -> None:
    assert "No run has left a journal in .reconcile/runs." in reconcile("runs").out
    assert reconcile("runs", "--format", "json").json == {"runs": []}
    assert reconcile("apply").code == 3
    assert journals() == []
    assert reconcile("apply", "--auto-approve").code == 0
    [journal] = journals()
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(RUNS.stat().st_mode) == 0o700
    assert reconcile("apply", "--auto-approve").code == 0
    assert journals() == [journal], "nothing was written"
    listed = reconcile("runs").out
    assert listed.splitlines()[1].split() == [
        *(journal.stem, "just", "now", "123456789012", "1", "2", "finished", "(exit", "0)")
    ]
    shown = reconcile("runs", journal.stem)
    assert "acme-lake  create_bucket  done\n" in shown.out
    assert "acme-lake  put_bucket_versioning  done\n      + versioning.status  Enabled\n" in shown.out
    assert reconcile("runs", journal.stem[:8], "--format", "json").json["calls"][0]["operation"] == "create_bucket"


def test_the_secrets_of_whoever_runs_it_are_not_in_it(reconcile: Run, spec: Path) -> None:
    from tests.cli.conftest import SECRET, SESSION_TOKEN

    assert reconcile("apply", "--auto-approve").code == 0
    text = journals()[0].read_text(encoding="utf-8")
    assert SECRET not in text
    assert SESSION_TOKEN not in text
    assert "AKIDEXAMPLE" not in text


def test_a_team_that_wants_no_journal_has_none(reconcile: Run, offline: Run, spec: Path) -> None:
    Path("reconcile.yaml").write_text("journal: none\n", encoding="utf-8")
    assert reconcile("apply", "--auto-approve").code == 0
    assert not Path(".reconcile").exists()
    for command in ("runs", "rollback"):
        ended = offline(command)
        assert ended.code == 1
        assert "journal: none" in ended.err


def test_a_journal_that_cannot_be_kept_stops_nothing(reconcile: Run, spec: Path) -> None:
    Path("reconcile.yaml").write_text("journal: reconcile.yaml/runs\n", encoding="utf-8")
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 0
    assert ended.err.count("warning: no journal is kept in reconcile.yaml/runs: Not a directory") == 1
    assert reconcile("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("name", "said"), [("2026", "2 runs begin with 2026"), ("1999", "there is no run 1999 in .reconcile/runs")]
)
def test_a_run_is_named_by_how_it_begins(offline: Run, name: str, said: str) -> None:
    RUNS.mkdir(parents=True)
    for letter in "ab":
        (RUNS / f"20261122T120000.000Z-{letter * 4}.jsonl").write_bytes(b"")
    for command in ("runs", "rollback"):
        ended = offline(command, name)
        assert ended.code == 1
        assert said in ended.err
    assert "nobody can read the journal of 20261122T120000.000Z-a" in offline("runs", "20261122T120000.000Z-a").err


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────


def test_settings_are_named_or_lie_here(reconcile: Run, spec: Path) -> None:
    Path("team.yaml").write_text("journal: traces\n", encoding="utf-8")
    ended = reconcile("apply", "--auto-approve", "--settings", "team.yaml")
    assert ended.code == 0
    assert "--settings team.yaml" in ended.out, "the next command goes by them, too"
    assert len(list(Path("traces").glob("*.jsonl"))) == 1
    assert "*" in Path("traces/.gitignore").read_text().splitlines(), "policies and tags are no part of a repository"
    assert "traces" not in reconcile("runs").out
    assert "finished" in reconcile("--settings", "team.yaml", "runs").out


def test_settings_that_are_wrong_stop_a_run_before_it_begins(reconcile: Run, spec: Path, server: Recording) -> None:
    Path("reconcile.yaml").write_text("limits: {bucket_changed: 1}\n", encoding="utf-8")
    for words in (["apply", "--auto-approve"], ["plan"]):
        ended = reconcile(*words)
        assert ended.code == 1
        assert "error[RCL1101]: unknown field `bucket_changed`\n --> reconcile.yaml:1:10\n" in ended.err
        assert "did you mean `buckets_changed`?" in ended.err
    assert server.requests == []
    assert reconcile("plan", "--format", "json").json["error"]["message"] == "1 problem(s) in the settings"
    assert "unknown field `bucket_changed`" in reconcile("validate").err


# ── a run that was cut off ───────────────────────────────────────────────────────────────────────────


def test_the_next_apply_says_what_came_of_it(reconcile: Run, spec: Path, s3: Any) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("data-platform", "somebody").replace("Enabled", "Suspended"))
    words = ["--auto-approve", "--allow", "loses-protection:acme-lake"]
    assert reconcile("apply", *words).code == 0
    cut_off('"operation": "put_bucket_versioning"')
    name = journals()[-1].stem
    said = (
        f"The last apply to account 123456789012 ({name}, just now) did not finish: 1 call was answered, 1 was not:\n"
    )
    assert f"{said}  put_bucket_versioning of acme-lake: it was done\n" in reconcile("apply", *words).err
    assert "did not finish" not in reconcile("apply", *words).err, "it is told once"
    cut_off('"operation": "put_bucket_versioning"', journals()[-2])
    journals()[-1].unlink()
    s3.put_bucket_versioning(Bucket="acme-lake", VersioningConfiguration={"Status": "Enabled"})
    assert "put_bucket_versioning of acme-lake: it was not done\n" in reconcile("apply", *words).err
    assert "did not finish" not in reconcile("apply", *words).err


def test_a_bucket_that_a_run_has_begun_needs_no_other_word(reconcile: Run, spec: Path, s3: Any) -> None:
    """Killed right after it has created the bucket: `apply --auto-approve` finishes what it began."""
    spec.write_text(OPEN)
    s3.create_bucket(Bucket="acme-lake")
    assert reconcile("apply", "--auto-approve").code == 3, "somebody's bucket"
    s3.delete_bucket(Bucket="acme-lake")
    assert reconcile("apply", "--auto-approve", "--allow", "widens-access:acme-lake").code == 0
    for after in ('"record": "result"', '"operation": "create_bucket"'):
        s3.delete_bucket(Bucket="acme-lake")
        s3.create_bucket(Bucket="acme-lake")
        for journal in journals()[1:]:
            journal.unlink()
        cut_off(after)
        assert "widens access" in reconcile("plan").out
        assert reconcile("plan", "--format", "json").json["needs"] == []
        ended = reconcile("apply", "--auto-approve")
        assert ended.code == 0, ended.err
    s3.put_public_access_block(
        Bucket="acme-lake",
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    assert reconcile("apply", "--auto-approve").code == 3, "it is finished, and a bucket like any other"


def test_a_bucket_that_holds_something_by_now_is_a_bucket_like_any_other(
    reconcile: Run, spec: Path, s3: Any, server: Recording
) -> None:
    """Whoever has written the journal, and whatever it says: where there is data, somebody is asked."""
    spec.write_text(OPEN)
    assert reconcile("apply", "--auto-approve").code == 0
    s3.delete_bucket(Bucket="acme-lake")
    s3.create_bucket(Bucket="acme-lake")
    cut_off('"operation": "create_bucket"')
    s3.put_object(Bucket="acme-lake", Key="raw/orders.csv", Body=b"1")
    assert reconcile("apply", "--auto-approve").code == 3
    s3.delete_object(Bucket="acme-lake", Key="raw/orders.csv")
    server.instead = lambda _, path: denied() if path.endswith("?versions") or "versions&" in path else None
    assert reconcile("apply", "--auto-approve").code == 3, "nobody can tell whether it is empty"
    server.instead = lambda _method, _path: None
    assert reconcile("apply", "--auto-approve").code == 0


def test_a_bucket_that_failed_half_way_is_still_the_runs_own(reconcile: Run, spec: Path, server: Recording) -> None:
    spec.write_text(OPEN)
    server.instead = lambda method, path: denied() if method == "PUT" and "publicAccessBlock" in path else None
    assert reconcile("apply", "--auto-approve", "--allow", "widens-access:acme-lake").code == 5
    server.instead = lambda _method, _path: None
    assert reconcile("apply", "--auto-approve").code == 0


def test_a_bucket_that_is_gone_is_made_again(reconcile: Run, spec: Path, recording: Recording) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    cut_off('"operation": "put_bucket_versioning"')
    recording.empty()  # type: ignore[attr-defined]
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 0
    assert "put_bucket_versioning of acme-lake: somebody else has changed it since\n" in ended.err


def test_a_bucket_that_needs_nothing_any_more_is_finished(reconcile: Run, spec: Path) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    cut_off('"call": 2, "error": null')
    assert "2 calls were answered, and none was left without an answer" in reconcile("apply", "--auto-approve").err
    assert "did not finish" not in reconcile("apply", "--auto-approve").err
    assert len(journals()) == 2


def test_a_journal_full_of_garbage_is_passed_over(reconcile: Run, spec: Path) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    journals()[0].write_bytes(b'\x00\xff{"record": "run"}\n[[[[\n' + b"x" * 10_000)
    for words in (["plan"], ["apply", "--auto-approve"], ["runs"]):
        assert reconcile(*words).code == 0


def test_buckets_that_no_spec_has_any_more_are_counted(reconcile: Run, spec: Path) -> None:
    Path("reconcile.yaml").write_text("limits: {buckets_forgotten: 1}\n", encoding="utf-8")
    others = "".join(f"  - {{name: acme-{name}, region: us-east-1, tags: {{a: b}}}}\n" for name in ("one", "two"))
    spec.write_text(SPEC + others)
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert "2 buckets of the last apply have no spec any more" in ended.err
    assert reconcile("apply", "--auto-approve", "--target", "acme-lake", "--limit", "buckets_forgotten=2").code == 0
    spec.write_text(SPEC.replace("data-platform", "else"))
    assert reconcile("apply", "--auto-approve", "--limit", "buckets_forgotten=2").code == 0
    spec.write_text(SPEC)
    assert reconcile("apply", "--auto-approve").code == 0, "it was meant, and is forgotten"


def test_other_variables_are_other_specs(reconcile: Run, spec: Path) -> None:
    Path("reconcile.yaml").write_text("limits: {buckets_forgotten: 0}\n", encoding="utf-8")
    spec.write_text("variables: {env: dev}\n" + SPEC.replace("acme-lake", '"acme-${env}"'))
    for env in ("dev", "prod"):
        assert reconcile("apply", "--auto-approve", "--var", f"env={env}", "specs").code == 0


def test_what_programs_are_told(reconcile: Run, spec: Path) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    cut_off('"operation": "put_bucket_versioning"')
    ended = reconcile("apply", "--auto-approve", "--format", "json")
    assert ended.err == ""
    listed = reconcile("runs", "--format", "json").json["runs"]
    assert [(run["exit"], run["calls"]) for run in listed] == [(0, 0), (None, 2)]
    assert json.dumps(listed)
