"""Merging: what all shards plan is what a single run plans, byte for byte; and what does not fit together says so."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import ReconcileError
from reconciler.governance import Waiver
from reconciler.guardrails.verdict import Verdict
from reconciler.planning.changeset import BUCKET, Action, Change, Changeset, Inputs, Plan, exit_code_of
from reconciler.planning.consent import broken, consents
from reconciler.planning.evidence import Evidence
from reconciler.planning.forecast import Amount, Forecast, Reach
from reconciler.planning.limits import WITHOUT_END, exceeded, shared_out, tally_of
from reconciler.planning.merging import SavedPart, oldest, restricted, tally_of_document, whole_of, with_limits
from reconciler.planning.sharding import Part, Shard
from reconciler.planning.storage import fingerprint, to_document, to_text
from reconciler.problems import Severity
from reconciler.settings import Limits
from tests.planning.test_needs import ENABLED, EXPIRY, MANIFEST, SOMEBODYS, deleted, plan_of

VERSION = "1.2.3"
EVENING = datetime(2026, 11, 22, 20, tzinfo=UTC)
ASKED = {"account": "123456789012", "region": "us-east-1", "endpoint_profile": "aws", "evidence": None}
SOME = Forecast(
    tuple(Reach(days, Amount(3, 2**40), Amount(1, 5), Amount(4, 2**40 + 5)) for days in (1, 7, 30)),
    first=20_000,
    depends_on_tags=Amount(2, 7),
)
WAIVER = Waiver(rule="TAG-01", reason="for a while", owner="lake", expires=date(2027, 3, 31))
VERDICTS = (
    Verdict("VER-01", "Old versions are kept", Severity.ERROR, ("versioning",), "it is off", "turn it on"),
    Verdict("LIF-01", "It has a lifecycle", Severity.ERROR, (), "it has none", "write one"),
    Verdict("TAG-01", "It has its tags", Severity.ERROR, ("tags",), "one is missing", "write it", WAIVER),
)
KINDS: tuple[Callable[[str], Plan], ...] = (
    lambda name: plan_of({"tags": {"a": "b"}}, name),
    lambda name: plan_of({"tags": {"a": "b"}}, name, new=True),
    lambda name: plan_of({"versioning": "Enabled"}, name, versioning=ENABLED),
    lambda name: plan_of({"versioning": "Suspended"}, name, versioning=ENABLED),
    lambda name: plan_of({"manifest": {"purpose": "x", "key": "k"}, "lifecycle": EXPIRY}, name, manifest=SOMEBODYS),
    lambda name: plan_of({"manifest": "absent"}, name, manifest=MANIFEST),
    lambda name: deleted(plan_of({"tags": {"a": "b"}}, name)),
    lambda name: replace(plan_of({"lifecycle": EXPIRY}, name), evidence=Evidence("a listing", SOME)),
    lambda name: replace(plan_of({"lifecycle": EXPIRY}, name), evidence=Evidence("a listing", SOME, complete=False)),
    lambda name: replace(plan_of({"lifecycle": EXPIRY}, name), evidence=Evidence("nothing", None)),
    lambda name: replace(plan_of({"versioning": "Suspended"}, name, versioning=ENABLED), verdicts=VERDICTS),
    lambda name: replace(plan_of({"tags": {"a": "b"}}, name), verdicts=VERDICTS[2:]),
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=12)
FLEETS = st.dictionaries(NAMES, st.sampled_from(KINDS), max_size=40).map(
    lambda kinds: tuple(kinds[name](name) for name in sorted(kinds))
)
LIMITS = st.builds(
    Limits,
    buckets_changed=st.integers(0, 20),
    buckets_deleted=st.integers(0, 5),
    share_of_fleet=st.integers(0, 100).map(lambda percent: f"{percent}%"),
    bytes_expiring=st.sampled_from(["0GiB", "1TiB", "9TiB", "999999999PiB"]),
    buckets_forgotten=st.integers(0, 2),
)


def single_run(plans: Sequence[Plan], limits: Limits, forgotten: Sequence[str], **inputs: Any) -> dict[str, Any]:
    changeset = Changeset(tuple(plans), None, Inputs(("specs",), {"stage": "test"}, spec_digest="0" * 64, **inputs))
    needs = (*exceeded(changeset, limits, forgotten), *broken(changeset), *consents(changeset))
    return to_document(changeset, VERSION, needs)


def parts_of(plans: Sequence[Plan], total: int, limits: Limits | None = None) -> list[SavedPart]:
    found = []
    for index in range(1, total + 1):
        shard = Shard(index, total)
        own = [plan for plan in plans if shard.holds(plan.name)]
        part = Part(shard, len(plans), ASKED)
        document = single_run(own, shared_out(limits or Limits(), total), (), part=part)
        found.append(SavedPart(f"part-{index}.json", document | {"created_at": f"2026-11-22T12:{index:02}:00Z"}))
    return found


@given(plans=FLEETS, total=st.integers(1, 12), limits=LIMITS, forgotten=st.sets(NAMES, max_size=4), seed=st.integers())
def test_the_whole_is_what_a_single_run_gives(
    plans: tuple[Plan, ...], total: int, limits: Limits, forgotten: set[str], seed: int
) -> None:
    parts = parts_of(plans, total, limits)
    random.Random(seed).shuffle(parts)
    merged = with_limits(whole_of(parts, VERSION), limits, forgotten)
    assert to_text(merged) == to_text(single_run(plans, limits, sorted(forgotten)))
    assert merged["fingerprint"] == fingerprint(merged)
    assert oldest(parts, EVENING) == "2026-11-22T12:01:00Z"


@given(plans=FLEETS, detailed=st.booleans())
@example(plans=(KINDS[10]("one"),), detailed=False)
def test_a_document_ends_a_run_as_its_changeset_does(plans: tuple[Plan, ...], detailed: bool) -> None:
    changeset = Changeset(plans, None, Inputs(("specs",)))
    assert exit_code_of(to_document(changeset, VERSION), detailed) is changeset.exit_code(detailed)


@given(plans=FLEETS, forgotten=st.sets(NAMES, max_size=4))
def test_a_document_counts_what_a_changeset_counts(plans: tuple[Plan, ...], forgotten: set[str]) -> None:
    changeset = Changeset(plans, None, Inputs(("specs",), targets=("one",)))
    assert tally_of_document(to_document(changeset, VERSION), forgotten) == tally_of(changeset, forgotten)


@given(plans=FLEETS, total=st.integers(1, 12))
def test_a_shard_of_the_whole_is_what_the_shard_itself_plans(plans: tuple[Plan, ...], total: int) -> None:
    parts = parts_of(plans, total)
    whole = whole_of(parts, VERSION)
    for part in parts:
        again = restricted(whole, part.shard)
        assert again["inputs"] == part.document["inputs"]
        assert again["buckets"] == part.document["buckets"]
        assert again["fingerprint"] == part.document["fingerprint"] == fingerprint(again)


def test_the_plan_of_a_shard_is_another_plan() -> None:
    [one, two], [whole] = parts_of([plan_of({})], 2), parts_of([plan_of({})], 1)
    assert len({part.document["fingerprint"] for part in (one, two, whole)}) == 3
    asked = {**one.document, "asked": {**ASKED, "evidence": "listing"}}
    assert fingerprint(asked) == fingerprint(one.document)


# ── the limits of a shard ────────────────────────────────────────────────────────────────────────────


@given(limits=LIMITS, total=st.integers(1, 1000))
@example(limits=Limits.model_validate({"bytes_expiring": "999999999PiB"}), total=7)
def test_all_shards_together_may_do_what_a_single_run_may_and_hardly_more(limits: Limits, total: int) -> None:
    part = shared_out(limits, total)
    assert part.share_of_fleet == limits.share_of_fleet
    for name in ("buckets_changed", "buckets_deleted", "buckets_forgotten", "bytes_expiring"):
        mine, whole = getattr(part, name), getattr(limits, name)
        assert mine == whole == WITHOUT_END or whole <= mine * total < whole + total


def test_a_refusal_says_that_it_is_about_a_shard() -> None:
    plans = [plan_of({"tags": {"a": "b"}}, f"acme-{number}") for number in range(9)]
    [first, *_] = parts_of(plans, 2, Limits(buckets_changed=2))
    [need] = first.document["needs"]
    changed = len(first.document["buckets"])
    said = "`limits: buckets_changed` allows 1 to each of 2 shards"
    assert need["why"] == f"{changed} existing buckets change; {said}"
    assert need["flag"] == f"--limit buckets_changed={changed}"


# ── what does not fit together ───────────────────────────────────────────────────────────────────────

PLANS = [plan_of({"tags": {"a": "b"}}, f"acme-{number}") for number in range(20)]


def refusal(parts: Sequence[SavedPart], version: str = VERSION) -> tuple[str, str]:
    with pytest.raises(ReconcileError) as refused:
        whole_of(parts, version)
    assert refused.value.code == "RCL4005"
    return refused.value.message, refused.value.remedy or ""


def changed(part: SavedPart, **inputs: Any) -> SavedPart:
    return replace(part, document={**part.document, "inputs": {**part.document["inputs"], **inputs}})


def test_missing_shards_are_named_with_the_command_that_makes_them() -> None:
    parts = parts_of(PLANS, 10)
    said, remedy = refusal([*parts[:3], *parts[4:]])
    assert said == "4/10 is missing: 9 of 10 shards are here"
    assert remedy == "make it with `reconcile plan --shard 4/10 --out FILE`, then merge all of them"
    assert refusal(parts[:2])[0] == "3/10, 4/10, 5/10, 6/10, 7/10 and 3 more are missing: 2 of 10 shards are here"


def test_a_shard_that_is_there_twice() -> None:
    parts = parts_of(PLANS, 3)
    again = replace(parts[1], file="old/part-2.json")
    said, remedy = refusal([*parts, again])
    assert said == "shard 2/3 is there 2 times: part-2.json, old/part-2.json"
    assert remedy == "leave out all but the newest"
    assert refusal([*parts, parts[0]]) == ("part-1.json is named 2 times", "name each part once")


def test_parts_that_were_judged_by_other_rules() -> None:
    one, two, three = parts_of(PLANS, 3)
    odd = replace(two, document={**two.document, "asked": {**ASKED, "review": "1" * 64}})
    said, remedy = refusal([one, odd, three])
    assert said == (
        "part-2.json: made with other rules, parameters of rules, waivers or `accounts:` than the other parts"
    )
    assert remedy == "plan all shards with the same specs and the same reconcile.yaml"


def test_a_plan_that_is_no_shard() -> None:
    parts = parts_of(PLANS, 3)
    whole = SavedPart("plan.json", whole_of(parts, VERSION))
    said, remedy = refusal([*parts, whole])
    assert said == "plan.json: a plan of all buckets, not of a shard"
    assert "reconcile plan --shard 1/10" in remedy


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tool_version": "9.9"}, "made by another version of reconcile than the other parts (9.9, not 1.2.3)"),
        ({"format_version": "1.9"}, "made with another format than the other parts (1.9, not 1.3)"),
        ({"endpoint": "http://here"}, "about another S3 than the other parts (http://here, not none)"),
        ({"asked": {**ASKED, "account": "1" * 12}}, "with another account than the other parts (111111111111, not 123"),
        ({"asked": {**ASKED, "region": None}}, "made with another region than the other parts (none, not us-east-1)"),
        (
            {"asked": {**ASKED, "evidence": "listing"}},
            "made with another evidence than the other parts (listing, not n",
        ),
        ({"asked": {}}, "made with another account than the other parts (none, not 123456789012)"),
    ],
)
def test_a_part_that_was_asked_something_else(change: dict[str, Any], said: str) -> None:
    parts = parts_of(PLANS, 3)
    odd = replace(parts[0], document={**parts[0].document, **change})
    message, remedy = refusal([odd, *parts[1:]])
    assert message.startswith("part-1.json: ")
    assert said in message
    assert remedy == "plan that shard again, as the others were"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spec_digest": "1" * 64}, "part-2.json: made of other specs than the other parts"),
        ({"paths": ["other"]}, "part-2.json: of other paths than the other parts"),
        ({"variables": {}}, "part-2.json: with other variables than the other parts"),
        ({"targets": ["acme-1"]}, "part-2.json: of other targets than the other parts"),
        (
            {"shard": {"index": 2, "total": 4, "of_buckets": 20}},
            "part-2.json: shards of another number than the other parts (4, not 3)",
        ),
        (
            {"shard": {"index": 2, "total": 3, "of_buckets": 21}},
            "part-2.json: of another number of buckets than the other parts (21, not 20)",
        ),
    ],
)
def test_a_part_of_other_specs(change: dict[str, Any], said: str) -> None:
    one, two, three = parts_of(PLANS, 3)
    assert refusal([one, changed(two, **change), three])[0] == said


def test_parts_of_another_version_than_this_one() -> None:
    said, remedy = refusal(parts_of(PLANS, 3), "9.9")
    assert said == "part-1.json was made by reconcile 1.2.3, and this is 9.9"
    assert remedy == "merge with the version that made the parts"


def test_buckets_that_belong_to_another_shard() -> None:
    one, two = parts_of(PLANS, 2)
    mixed = replace(one, document={**one.document, "buckets": [*one.document["buckets"], two.document["buckets"][0]]})
    name = two.document["buckets"][0]["name"]
    assert refusal([mixed, two])[0] == f"part-1.json: {name} does not belong to shard 1/2"
    less = replace(one, document={**one.document, "buckets": one.document["buckets"][1:]})
    assert refusal([less, two])[0] == "these shards hold 19 buckets, and the specs 20"
    twice = replace(one, document={**one.document, "buckets": [one.document["buckets"][0], *one.document["buckets"]]})
    assert refusal([twice, two])[0] == "these shards hold 21 buckets, and the specs 20"


@pytest.mark.parametrize("written", [None, "yesterday", 5, "2026-11-22T12:01:00"])
def test_a_part_without_a_time(written: Any) -> None:
    parts = parts_of(PLANS, 2)
    parts[1] = replace(parts[1], document={**parts[1].document, "created_at": written})
    with pytest.raises(ReconcileError, match=r"part-2\.json does not say when it was made"):
        oldest(parts, EVENING)


def test_a_part_of_the_future() -> None:
    parts = parts_of(PLANS, 2)
    parts[1] = replace(parts[1], document={**parts[1].document, "created_at": "2090-01-01T00:00:00Z"})
    with pytest.raises(ReconcileError, match=r"part-2\.json was made in the future, at 2090-01-01T00:00:00Z"):
        oldest(parts, EVENING)


def test_what_is_counted_as_deleted() -> None:
    """The bucket itself may be emptied by an update."""
    emptied = Change(BUCKET, Action.UPDATE, None, None, (), (), plan_of({}).risk)
    plan = replace(plan_of({"tags": {"a": "b"}}), changes=(emptied,))
    assert tally_of_document(to_document(Changeset((plan,), None, Inputs(("s",))), VERSION)).deleted == 1
