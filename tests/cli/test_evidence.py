"""`--evidence`: what a changed rule would delete, counted before anybody agrees."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import in_full
from tests.cli.conftest import Run

EXPIRING = """\
buckets:
  - name: acme-lake
    region: us-east-1
    lifecycle: {rules: [{id: tidy, filter: {prefix: tmp/}, expiration: {date: "2020-01-01"}}]}
"""
SAID = "evidence: at once 2 objects (7 B) are deleted for good; first on "


@pytest.fixture
def holding(spec: Path, s3: Any) -> Path:
    """A bucket that is there and holds something, and a spec that would delete it."""
    spec.write_text(EXPIRING)
    s3.create_bucket(Bucket="acme-lake")
    for key, size in (("tmp/a", 3), ("tmp/b", 4), ("raw/c", 5)):
        s3.put_object(Bucket="acme-lake", Key=key, Body=b"x" * size)
    return spec


def test_a_plan_counts_what_goes(reconcile: Run, holding: Path) -> None:
    assert "evidence" not in reconcile("plan").out
    ended = reconcile("plan", "--evidence", "specs/lake.yaml")
    assert ended.code == 0
    assert SAID in ended.out
    assert "listing of 2 versions under tmp/" in ended.out
    assert "! objects under tmp/ are deleted from 2020-01-01 on" in ended.out


def test_evidence_changes_neither_the_fingerprint_nor_a_review(reconcile: Run, holding: Path) -> None:
    with_it = reconcile("plan", "--format", "json", "--evidence").json
    assert with_it["fingerprint"] == reconcile("plan", "--format", "json").json["fingerprint"]
    assert with_it["buckets"][0]["evidence"]["at_once"]["deleted"] == {"objects": 2, "bytes": 7}
    assert reconcile("plan", "--evidence", "--out", "plan.json").code == 0
    assert SAID in reconcile("show", "plan.json").out
    words = ("--auto-approve", "--allow", "loses-data:acme-lake")
    again = reconcile("apply", "--plan", "plan.json", *words)
    assert again.code == 0, again.err
    assert "evidence" not in again.out


def test_an_apply_counts_before_it_asks_and_a_limit_of_bytes_holds(reconcile: Run, holding: Path) -> None:
    words = ("apply", "--evidence", "--auto-approve", "--allow", "loses-data:acme-lake")
    refused = reconcile(*words, "--limit", "bytes_expiring=1B")
    assert refused.code == 3
    assert SAID in refused.out
    assert "--limit bytes_expiring=" in refused.err
    assert reconcile(*words).code == 0


def test_a_report_that_is_not_there_is_not_nothing(reconcile: Run, holding: Path) -> None:
    ended = reconcile("plan", "--evidence", "inventory=s3://acme-reports/inv/manifest.json")
    assert ended.code == 0
    assert "evidence: cannot tell: s3://acme-reports/inv/manifest.json cannot be read" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--evidence=everything",), "--evidence everything says nothing that could be looked at"),
        (("--evidence", "inventory=https://x/manifest.json"), "says nothing that could be looked at"),
        (("--evidence", "inventory=s3://x/data.csv.gz"), "says nothing that could be looked at"),
        (("--evidence-limit", "5"), "--evidence-limit says how much --evidence looks at"),
        (("--evidence", "--evidence-limit", "0"), "--evidence-limit 0 is no number of versions"),
        (("--evidence", "--evidence-limit", "1e6"), "--evidence-limit 1e6 is no number of versions"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_evidence_that_cannot_be_looked_for(offline: Run, spec: Path, command: str, words: Any, said: str) -> None:
    ended = offline(command, *words)
    assert ended.code == 64
    assert said in ended.err


@pytest.mark.parametrize(
    ("words", "full"),
    [
        (["plan", "--evidence"], ["plan", "--evidence=listing"]),
        (["plan", "--evidence", "a.yaml"], ["plan", "--evidence=listing", "a.yaml"]),
        (["--evidence", "inventory=x", "--evidence"], ["--evidence", "inventory=x", "--evidence=listing"]),
        (["plan", "--evidence=inventory=x", "a"], ["plan", "--evidence=inventory=x", "a"]),
        ([], []),
    ],
)
def test_evidence_may_stand_alone(words: list[str], full: list[str]) -> None:
    assert in_full(words) == full
