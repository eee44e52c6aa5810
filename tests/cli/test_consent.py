"""Consent is by risk and bucket, limits are lifted one by one, and a yes to the plan is neither."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SPEC, Recording, Run, waived

RISKY = SPEC.replace("Enabled", "Suspended") + (
    "    lifecycle: {rules: [{id: a, expiration: {days: 1}}]}\n    ownership_controls: ObjectWriter\n"
    + waived("PUB-05")
)
WORDS = [f"{risk}:acme-lake" for risk in ("loses-data", "loses-protection", "widens-access")]


@pytest.fixture
def risky(reconcile: Run, spec: Path, server: Recording) -> Path:
    """A bucket that exists, and a spec that loses data and protection and opens a door."""
    assert reconcile("apply", "--auto-approve").code == 0
    spec.write_text(RISKY)
    server.requests.clear()
    return spec


def allowing(*words: str) -> list[str]:
    return [part for word in words for part in ("--allow", word)]


def test_every_risk_wants_its_own_word(reconcile: Run, risky: Path, server: Recording) -> None:
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert "acme-lake loses data (lifecycle) (and 2 more), and nobody has agreed to that" in ended.err
    assert f"pass {' '.join(allowing(*WORDS))}\n" in ended.err
    assert reconcile("apply", "--auto-approve", *allowing(*WORDS[:2])).code == 3
    assert server.writes == []
    assert reconcile("apply", "--auto-approve", *allowing(*WORDS)).code == 0


def test_a_plan_says_what_an_apply_will_ask_for(reconcile: Run, risky: Path) -> None:
    ended = reconcile("plan")
    assert ended.code == 0
    assert "Apply also needs:\n  ! acme-lake loses data (lifecycle)   --allow loses-data:acme-lake\n" in ended.out
    needs = reconcile("plan", "--format", "json").json["needs"]
    assert [need["flag"] for need in needs] == [f"--allow {word}" for word in WORDS]
    assert {need["kind"] for need in needs} == {"consent"}


def test_a_person_types_the_bucket_once_for_all_its_risks(reconcile: Run, risky: Path) -> None:
    ended = reconcile("apply", says="acme-lake\nyes\n")
    assert ended.code == 0
    assert ended.err.count("Type the bucket's name to agree: ") == 1
    told = "acme-lake loses data (lifecycle), loses protection (versioning), widens access (ownership_controls)."
    assert told in ended.err


@pytest.mark.parametrize("typed", ["yes\n", "acme-lak\nyes\n", "\n", ""])
def test_who_types_something_else_has_not_agreed(reconcile: Run, risky: Path, server: Recording, typed: str) -> None:
    ended = reconcile("apply", says=typed)
    assert ended.code == 3
    assert "and you have not agreed to that; nothing was written" in ended.err
    assert server.writes == []


def test_a_new_bucket_has_nothing_to_lose(reconcile: Run, spec: Path) -> None:
    spec.write_text(RISKY)
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 0
    assert "Apply also needs" not in ended.out


def test_consent_that_nothing_asks_for_is_told(reconcile: Run, spec: Path) -> None:
    ended = reconcile("apply", "--auto-approve", "--allow", "loses-data:acme-lake")
    assert ended.code == 0
    assert "--allow loses-data:acme-lake is not needed: nothing in this plan asks for it" in ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow", "loses-data"], "it names no bucket"),
        (["--allow", "lose-data:acme-lake"], "did you mean loses-data?"),
        (["--limit", "buckets_changed"], "write --limit buckets_changed=200"),
        (["--limit", "bucket_changed=2"], "did you mean `buckets_changed`?"),
        (["--limit", "share_of_fleet=half"], "`half` is no value for share_of_fleet: write it like `30%`"),
    ],
)
def test_words_that_mean_nothing(offline: Run, words: list[str], said: str) -> None:
    ended = offline("apply", *words)
    assert ended.code == 64
    assert said in ended.err


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def fleet(reconcile: Run, spec: Path, server: Recording) -> Path:
    """Twelve buckets that exist, each with another tag to come."""
    buckets = "".join(f"  - {{name: acme-{number:02}, region: us-east-1, tags: {{a: b}}}}\n" for number in range(12))
    spec.write_text("buckets:\n" + buckets)
    assert reconcile("apply", "--auto-approve").code == 0, "creating a fleet is nobody's loss"
    spec.write_text("buckets:\n" + buckets.replace("a: b", "a: c"))
    server.requests.clear()
    return spec


def test_too_much_at_once_is_shown_whole_and_refused(reconcile: Run, fleet: Path, server: Recording) -> None:
    ended = reconcile("apply", "--auto-approve")
    assert ended.code == 3
    assert ended.out.count("~ acme-") == 12
    assert (
        "error[RCL4004]: 100% of 12 buckets change (12); `limits: share_of_fleet` allows 50%\n"
        "  = help: if it is meant, pass --limit share_of_fleet=100%\n"
    ) in ended.err
    assert server.writes == []
    assert reconcile("apply", says="yes\n").code == 3, "nobody is asked"


def test_a_limit_is_lifted_for_itself_alone(reconcile: Run, fleet: Path, server: Recording) -> None:
    lifted = ["--limit", "share_of_fleet=100%"]
    ended = reconcile("apply", "--auto-approve", *lifted, "--limit", "buckets_changed=11")
    assert ended.code == 3
    assert "12 existing buckets change; `limits: buckets_changed` allows 11" in ended.err
    assert "error[RCL4004]: 12 existing" in ended.err
    assert server.writes == []
    assert reconcile("apply", "--auto-approve", *lifted).code == 0


def test_whoever_names_the_buckets_knows_how_many_they_are(reconcile: Run, fleet: Path, s3: Any) -> None:
    targets = [word for number in range(12) for word in ("--target", f"acme-{number:02}")]
    assert reconcile("apply", "--auto-approve", *targets).code == 0
