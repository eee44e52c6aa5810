"""lint, and guardrails as part of plan and apply."""

import json
from pathlib import Path

import pytest

from reconciler.planning.storage import fingerprint
from tests.cli.conftest import SPEC, Recording, Run

RAW = SPEC.replace("versioning: Enabled", "versioning: Suspended\n    purpose: raw")
WAIVED = RAW + "    waivers: [{rule: VER-01, reason: until the migration, owner: lake, expires: 2999-01-01}]\n"
TWO = "  - {name: acme-lake-two, region: us-east-1, versioning: Enabled}\n"
EXPIRED = WAIVED.replace("2999", "2020")


def test_a_spec_in_order(reconcile: Run, spec: Path) -> None:
    ended = reconcile("lint")
    assert (ended.code, ended.out) == (0, "✓ 1 bucket looked at: nothing to say\n")
    assert reconcile("lint", "-q").out == ""


def test_findings_are_told_at_their_places_and_errors_end_with_three(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW)
    ended = reconcile("lint")
    assert ended.code == 3
    assert "error[VER-01]: the purpose is `raw`, and versioning is not Enabled\n --> specs/lake.yaml:4:17" in ended.out
    assert "1 error, 2 warnings in 1 file" in ended.out
    assert ended.out.index("LIF-01") < ended.out.index("VER-01"), "as they stand in the file"


def test_warnings_end_nothing(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW)
    Path("reconcile.yaml").write_text("guardrails: {rules: {VER-01: warning}}")
    assert reconcile("lint").code == 0


def test_what_is_waived_is_counted_and_shown_to_whoever_asks(reconcile: Run, spec: Path) -> None:
    spec.write_text(WAIVED)
    ended = reconcile("lint")
    assert ended.code == 0
    assert "1 bucket looked at, 1 finding waived" in ended.out
    assert "VER-01" not in ended.out
    said = "specs/lake.yaml:4:17: VER-01: the purpose is `raw`, and versioning is not Enabled"
    assert f"{said} (waived until 2999-01-01 by lake: until the migration)" in reconcile("lint", "-v").out
    spec.write_text(EXPIRED)
    ended = reconcile("lint")
    assert ended.code == 3
    assert "the waiver of lake for VER-01 has expired on 2020-01-01" in ended.out


def test_as_json(reconcile: Run, spec: Path) -> None:
    spec.write_text(WAIVED)
    found = reconcile("lint", "--format", "json").json
    assert found["summary"] == {"error": 0, "warning": 2, "waived": 1}
    waived = next(one for one in found["guardrails"] if one["waiver"])
    assert waived["rule"] == "VER-01"
    assert waived["bucket"] == "acme-lake"
    assert waived["place"] == {"file": "specs/lake.yaml", "line": 4, "column": 17, "end_column": 26}
    assert waived["waiver"] == {"reason": "until the migration", "owner": "lake", "expires": "2999-01-01"}
    spec.write_text(RAW)
    assert reconcile("lint", "--format", "json").code == 3


def test_only_some_of_the_buckets(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW + "  - {name: acme-other, versioning: Enabled}\n")
    assert reconcile("lint", "--target", "acme-other").code == 0
    assert reconcile("lint", "--target", "acme-lake").code == 3


def test_s3_is_not_asked_and_mistakes_come_first(reconcile: Run, spec: Path, server: Recording) -> None:
    spec.write_text(RAW.replace("purpose: raw", "purpose: raww"))
    ended = reconcile("lint")
    assert ended.code == 1
    assert "did you mean `raw`?" in ended.err
    assert server.requests == []


def test_reports(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW)
    assert reconcile("lint", "--report", "sarif=lint.sarif", "--report", "github=-").code == 3
    results = json.loads(Path("lint.sarif").read_text())["runs"][0]["results"]
    assert sorted(one["ruleId"] for one in results) == ["LIF-01", "PUB-01", "VER-01"]


def test_a_file_that_is_too_large_to_be_read_again(reconcile: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.specs.judged.LARGEST_PLACED", 10)
    spec.write_text(RAW)
    ended = reconcile("lint")
    assert "error[VER-01]: the purpose is `raw`, and versioning is not Enabled\n --> specs/lake.yaml:2:5" in ended.out


# ── plan and apply ───────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_shown_whole_and_ends_with_three(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW)
    ended = reconcile("plan", "--detailed-exitcode", "--out", "plan.json")
    assert ended.code == 3
    assert "+ versioning  Suspended" in ended.out
    assert "error[VER-01] versioning: the purpose is `raw`, and versioning is not Enabled" in ended.out
    assert "--allow VER-01:acme-lake" in ended.out
    saved = json.loads(Path("plan.json").read_text())
    assert [one["rule"] for one in saved["buckets"][0]["guardrails"]] == ["LIF-01", "PUB-01", "VER-01"]
    assert "VER-01" in reconcile("show", "plan.json").out


def test_a_finding_changes_neither_what_happens_nor_the_fingerprint(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW)
    asked = reconcile("plan", "--format", "json").json
    Path("reconcile.yaml").write_text("guardrails: {rules: {VER-01: none, LIF-01: none, PUB-01: none}}")
    silent = reconcile("plan", "--format", "json").json
    assert silent["buckets"][0]["guardrails"] == []
    assert silent["buckets"][0]["changes"] == asked["buckets"][0]["changes"]
    assert silent["fingerprint"] == asked["fingerprint"]


def test_nothing_is_written_while_a_rule_is_broken(reconcile: Run, spec: Path, server: Recording) -> None:
    spec.write_text(RAW)
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert "acme-lake breaks VER-01: the purpose is `raw`, and versioning is not Enabled" in ended.err
    assert "--allow VER-01:acme-lake" in ended.err
    assert server.writes == []
    assert reconcile("plan", "--out", "plan.json").code == 3
    assert reconcile("apply", "--plan", "plan.json", "--auto-approve").code == 3
    assert server.writes == []


def test_shards_put_together_say_and_refuse_the_same(reconcile: Run, spec: Path) -> None:
    spec.write_text(RAW + "  - {name: acme-temp, region: us-east-1, versioning: Enabled}\n")
    ended = [reconcile("plan", "--shard", f"{number}/2", "--out", f"part-{number}.json") for number in (1, 2)]
    assert [one.code for one in ended] == [3, 0]
    whole = reconcile("plan", "--format", "json")
    merged = reconcile("merge", "part-1.json", "part-2.json", "--format", "json")
    assert (merged.out, merged.code) == (whole.out, 3)
    assert [need["flag"] for need in merged.json["needs"]] == ["--allow VER-01:acme-lake"]


def test_a_saved_plan_of_a_version_without_guardrails_is_read(reconcile: Run, spec: Path) -> None:
    assert reconcile("plan", "--out", "plan.json").code == 0
    saved = json.loads(Path("plan.json").read_text())
    for bucket in saved["buckets"]:
        del bucket["guardrails"]
    old = {**saved, "format_version": "1.2"}
    Path("old.json").write_text(json.dumps({**old, "fingerprint": fingerprint(old)}))
    assert reconcile("show", "old.json").code == 0
    assert reconcile("apply", "--plan", "old.json", "--auto-approve").code == 0


@pytest.mark.parametrize("text", [RAW, WAIVED])
def test_somebodys_word_for_one_rule_in_one_bucket(reconcile: Run, spec: Path, s3: object, text: str) -> None:
    spec.write_text(text)
    words = ["--allow", "VER-01:acme-lake"] if text == RAW else []
    assert reconcile("apply", "--auto-approve", *words).code == 0
    ended = reconcile("plan")
    assert ended.code == (3 if text == RAW else 0)
    assert reconcile("apply", "--auto-approve").code == 0, "where nothing is to be written, nothing is refused"


def test_a_word_that_means_nothing(reconcile: Run, spec: Path) -> None:
    ended = reconcile("apply", "--auto-approve", "--allow", "VER-01")
    assert ended.code == 64
    ended = reconcile("apply", "--auto-approve", "--allow", "VER-01:acme-lake")
    assert "--allow VER-01:acme-lake is not needed" in ended.err


def test_advice_about_what_does_not_change_is_counted(reconcile: Run, spec: Path) -> None:
    spec.write_text(SPEC.replace("versioning: Enabled", "versioning: Enabled\n    purpose: raw"))
    assert reconcile("apply", "--auto-approve").code == 0
    ended = reconcile("plan")
    assert ended.code == 0
    assert "2 warnings about buckets that do not change: `reconcile lint` shows them" in ended.out
    assert "PUB-01" not in ended.out


@pytest.mark.parametrize("topic", ["VER-01", "ver-01", "guardrails", "NAM-01", "LIF-03", "WVR-01"])
def test_rules_are_explained(reconcile: Run, topic: str) -> None:
    ended = reconcile("explain", topic)
    assert ended.code == 0
    assert topic.upper() in ended.out.upper()


def test_a_rule_that_there_is_not(reconcile: Run) -> None:
    assert "did you mean `VER-01`?" in reconcile("explain", "VER-1").err


@pytest.mark.parametrize("other", ["guardrails: {rules: {VER-01: none}}", "waivers"])
def test_shards_of_which_something_else_was_asked_make_no_plan(reconcile: Run, spec: Path, other: str) -> None:
    both = RAW + TWO
    spec.write_text(both)
    assert reconcile("plan", "--shard", "1/2", "--out", "1.json").code in (0, 3)
    if other == "waivers":
        spec.write_text(WAIVED + TWO)
    else:
        Path("reconcile.yaml").write_text(other)
    assert reconcile("plan", "--shard", "2/2", "--out", "2.json").code in (0, 3)
    ended = reconcile("merge", "1.json", "2.json")
    assert ended.code == 1
    assert "made with other rules, parameters of rules, waivers or `accounts:`" in ended.err
