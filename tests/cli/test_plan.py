"""plan: what would change, and what it says to programs."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.debugging import show_requests
from tests.cli.conftest import SESSION_TOKEN, SPEC, Recording, Run, denied


def applied(reconcile: Run) -> None:
    assert reconcile("apply", "--auto-approve").code == 0


def test_it_looks_into_the_folder_specs(reconcile: Run, spec: Path) -> None:
    ended = reconcile("plan")
    assert ended.code == 0
    assert "+ acme-lake  to create · us-east-1 · specs/lake.yaml:2" in ended.out
    assert ended.out.endswith("\n")
    assert "Next: reconcile apply --endpoint-url http://127.0.0.1:" in ended.out
    assert ended.err.startswith("Reading 1 bucket of account 123456789012")


def test_a_plan_writes_nothing(reconcile: Run, spec: Path, server: Recording) -> None:
    reconcile("plan")
    assert server.requests
    assert server.writes == []


def test_what_was_applied_is_not_planned_again(reconcile: Run, spec: Path) -> None:
    applied(reconcile)
    ended = reconcile("plan", "--detailed-exitcode")
    assert ended.code == 0
    assert "✓ No changes. The live bucket is as its spec says." in ended.out
    assert "Next:" not in ended.out


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--detailed-exitcode"], 2)])
def test_changes_have_an_exit_code_of_their_own_where_it_is_asked_for(
    reconcile: Run, spec: Path, words: list[str], code: int
) -> None:
    assert reconcile("plan", *words).code == code


def test_json_is_one_document_and_nothing_else(reconcile: Run, spec: Path) -> None:
    ended = reconcile("plan", "--format", "json")
    assert ended.err == ""
    assert ended.json["summary"]["create"] == 1
    assert ended.json["inputs"]["paths"] == ["specs"]
    assert "created_at" not in ended.json
    assert reconcile("plan", "--format=json").out == ended.out


def test_a_read_that_is_refused_blocks_its_aspect_and_no_other(reconcile: Run, spec: Path, server: Recording) -> None:
    applied(reconcile)
    spec.write_text(SPEC.replace("data-platform", "somebody"))
    server.instead = lambda _, path: denied() if "versioning" in path else None
    ended = reconcile("plan", "--detailed-exitcode")
    assert ended.code == 1
    assert "✗ acme-lake  blocked" in ended.out
    assert "~ Owner  data-platform → somebody" in ended.out
    assert "help: allow s3:GetBucketVersioning for these credentials" in ended.out
    assert "Plan: 1 blocked, 1 of them with other changes." in ended.out


def test_a_part_of_the_specs_is_said_to_be_a_part(reconcile: Run, spec: Path) -> None:
    spec.write_text(SPEC + "  - {name: acme-other, region: us-east-1, tags: {a: b}}\n")
    ended = reconcile("plan", "--target", "acme-other")
    assert "Only a part of the specs: --target acme-other" in ended.out
    assert "acme-lake" not in ended.out
    assert "--target acme-other" in ended.out.splitlines()[-1]


def test_a_variable_is_filled_in_and_stays_in_the_next_command(reconcile: Run, spec: Path) -> None:
    spec.write_text("variables: {team: nobody}\n" + SPEC.replace("data-platform", '"${team}"'))
    ended = reconcile("plan", "--var", "team=the data team")
    assert "Owner  the data team" in ended.out
    assert "--var 'team=the data team'" in ended.out.splitlines()[-1]
    assert reconcile("plan", "--var", "taem=x").code == 64


def test_a_spec_from_another_program(reconcile: Run) -> None:
    ended = reconcile("plan", "-", piped=SPEC)
    assert ended.code == 0
    assert "+ acme-lake  to create · us-east-1 · -:2" in ended.out


def test_quiet_leaves_the_result_and_verbose_counts_calls(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "--quiet").err == ""
    assert reconcile("plan", "--quiet").out == reconcile("plan").out
    assert "2 calls: 1 HeadBucket, 1 ListBuckets" in reconcile("plan", "--verbose").err


# ── saved ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_saved_with_its_time_and_shown_again(
    reconcile: Run, offline: Run, spec: Path, tmp_path: Path
) -> None:
    planned = reconcile("plan", "--out", "my plan.json")
    assert planned.err.endswith("Saved to my plan.json\n")
    assert "--plan 'my plan.json'" in planned.out
    saved = json.loads((tmp_path / "my plan.json").read_text())
    assert saved.pop("created_at").endswith("Z")
    assert saved == reconcile("plan", "--format", "json").json
    assert [path.name for path in tmp_path.iterdir() if "plan" in path.name] == ["my plan.json"]
    shown = offline("show", "my plan.json")
    assert shown.code == 0
    assert shown.out == planned.out
    assert offline("show", "my plan.json", "--format", "json").json["fingerprint"] == saved["fingerprint"]


# ── debugging ────────────────────────────────────────────────────────────────────────────────────────


def test_debug_shows_every_request_and_no_secret(
    reconcile: Run, spec: Path, endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert reconcile("plan", "--debug").code == 0
    assert f" GET {endpoint}/?max-buckets=10000&prefix=acme-lake\n" in caplog.text
    for word in ("Authorization", "Signature", "AWS4-HMAC", "Security-Token", SESSION_TOKEN, "headers"):
        assert word not in caplog.text


def test_debug_shows_the_traceback_of_a_refusal(offline: Run, spec: Path) -> None:
    ended = offline("plan", "--debug", "--target", "nobody")
    assert ended.code == 64
    assert "Traceback" in ended.err


def test_what_libraries_say_beside_requests_is_kept_out() -> None:
    show_requests()
    show_requests()
    logger = logging.getLogger("botocore.endpoint")
    assert len(logger.filters) == 1
    shows: Any = logger.filters[0]
    said = logging.LogRecord("botocore.endpoint", logging.DEBUG, "", 1, "Making request with %s", ("secrets",), None)
    assert not shows(said)
    warned = logging.LogRecord("botocore.endpoint", logging.WARNING, "", 1, "look out", (), None)
    assert shows(warned)
