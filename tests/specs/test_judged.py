"""Verdicts and where what they are about is written."""

from datetime import date
from pathlib import Path

import pytest

from reconciler.guardrails.configured import guardrails_of
from reconciler.settings import GuardrailSettings
from reconciler.specs import judged as room
from reconciler.specs.judged import Judged, by_bucket, in_short, judged, problems_of
from reconciler.specs.loader import load

TODAY = date(2026, 11, 23)
ROOT = Path(__file__).parents[2]
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


SHARED = """\
defaults:
  purpose: raw
  versioning: Suspended
  waivers:
    - {rule: VER-01, reason: later, owner: lake, expires: 2027-01-01}
    - {rule: LIF-05, reason: later, owner: lake, expires: 2027-01-01}
buckets:
  - {name: acme-one}
  - {name: acme-two, versioning: Enabled}
  - {name: acme-three, waivers: []}
  - {name: acme-four, waivers: []}
  - {name: acme-five, waivers: [{rule: VER-01, reason: later, owner: lake, expires: 2027-01-01}], versioning: Enabled}
"""


def found(text: str = SPEC) -> list[Judged]:
    Path("lake.yaml").write_text(text)
    guardrails, _ = guardrails_of(GuardrailSettings())
    return [*judged(load(["lake.yaml"]).buckets, guardrails, TODAY)]


def test_a_verdict_has_the_place_of_what_it_is_about() -> None:
    told = {one.verdict.rule: str(one.problem.place) for one in found()}
    assert told == {"LIF-01": "lake.yaml:3:5", "VER-01": "lake.yaml:1:24"}, "what defaults say is written there"
    assert all(one.verdict.place == one.problem.place for one in found())
    assert [(problem.code, problem.message) for problem in problems_of(found())] == [
        ("VER-01", "the purpose is `raw`, and versioning is not Enabled (acme-raw)")
    ], "the other one is waived"
    assert {name: len(verdicts) for name, verdicts in by_bucket(found()).items()} == {"acme-raw": 2}


def test_in_a_large_file_it_has_the_place_of_its_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST_PLACED", 10)
    assert {str(one.problem.place) for one in found()} == {"lake.yaml:3:5"}


def test_what_stands_outside_of_buckets_is_told_once_with_their_names() -> None:
    told = [(problem.code, problem.message) for problem in problems_of(found(SHARED))]
    assert ("VER-01", "the purpose is `raw`, and versioning is not Enabled (acme-four, acme-three)") in told
    assert ("WVR-03", "LIF-05 has nothing against this bucket (acme-one, acme-two)") in told


def test_a_shared_waiver_that_one_bucket_needs_is_needed() -> None:
    unused = [(one.bucket.spec.name, one.verdict.message) for one in found(SHARED) if one.verdict.rule == "WVR-03"]
    assert unused == [
        ("acme-five", "VER-01 has nothing against this bucket"),
        ("acme-one", "LIF-05 has nothing against this bucket"),
        ("acme-two", "LIF-05 has nothing against this bucket"),
    ]


def test_many_names_are_counted() -> None:
    assert in_short(list("abcde")) == "a, b, c and 2 more"


def test_our_own_specs_are_what_we_ask_for() -> None:
    guardrails, _ = guardrails_of(GuardrailSettings())
    told = judged(load([str(ROOT / "specs")]).buckets, guardrails, TODAY)
    assert [(one.bucket.spec.name, one.verdict.rule) for one in told] == []
