"""Verdicts and where what they are about is written."""

from datetime import date
from pathlib import Path

import pytest

from reconciler.guardrails.configured import guardrails_of
from reconciler.settings import GuardrailSettings
from reconciler.specs import judged as room
from reconciler.specs.judged import Judged, by_bucket, judged, problems_of
from reconciler.specs.loader import load

TODAY = date(2026, 11, 23)
SPEC = """\
defaults: {versioning: Suspended}
buckets:
  - name: acme-raw
    purpose: raw
    public_access_block:
      {block_public_acls: true, ignore_public_acls: true, block_public_policy: true, restrict_public_buckets: true}
    waivers: [{rule: LIF-01, reason: later, owner: lake, expires: 2027-01-01}]
  - name: acme-lake
"""


def found() -> list[Judged]:
    Path("lake.yaml").write_text(SPEC)
    guardrails, _ = guardrails_of(GuardrailSettings())
    return [*judged(load(["lake.yaml"]).buckets, guardrails, TODAY)]


def test_a_verdict_has_the_place_of_what_it_is_about() -> None:
    told = {one.verdict.rule: str(one.problem.place) for one in found()}
    assert told == {"LIF-01": "lake.yaml:3:5", "VER-01": "lake.yaml:1:24"}, "what defaults say is written there"
    assert all(one.verdict.place == one.problem.place for one in found())
    assert [problem.code for problem in problems_of(found())] == ["VER-01"], "the other one is waived"
    assert {name: len(verdicts) for name, verdicts in by_bucket(found()).items()} == {"acme-raw": 2}


def test_in_a_large_file_it_has_the_place_of_its_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST_PLACED", 10)
    assert {str(one.problem.place) for one in found()} == {"lake.yaml:3:5"}
