"""What is found out once, because a fleet asks for it thousands of times: it is still what it would be without."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aspects import manifest_schema, team_schema
from reconciler.aspects.aspect import Aspect, Refusal, Surroundings
from reconciler.aspects.digests import digest
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.manifest import HEADER, WIDTH, Manifest, most_bytes
from reconciler.aspects.policy import Policy
from reconciler.aspects.tags import MARKS, USUAL, Tags, may_stand_in_a_tag
from reconciler.aspects.variables import fill, variables_in
from reconciler.bucket import BucketSpec
from reconciler.quoting import yaml_of
from tests.aspects.strategies import ACCOUNT, BUCKET, LIVE, SPECS, surroundings
from tests.aspects.test_laws import every_aspect

HOSTILE = st.text(max_size=150) | st.text(" a\U0001f600\x85é\ud800\0", max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=140), inner, max_size=4),
    max_leaves=15,
)
OPEN = {BUCKET: "${bucket}", ACCOUNT: "${account_id}", "us-east-1": "${region}", "team": "${aws:username}"}


# ── digests ──────────────────────────────────────────────────────────────────────────────────────────


@every_aspect
@given(data=st.data())
def test_a_copy_finds_out_for_itself_what_it_means(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    one, other = data.draw(LIVE[name]), data.draw(LIVE[name])
    assert one.digest == digest(one.meaning())
    changed = one.model_copy(update={field: getattr(other, field) for field in kind.model_fields})
    assert changed.digest == digest(changed.meaning())
    assert one.model_copy() == one


@every_aspect
@given(data=st.data())
def test_a_target_is_the_same_whoever_has_asked_before(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    wanted = data.draw(SPECS[name])
    around = data.draw(surroundings(name, wanted))
    lives = data.draw(st.lists(st.none() | LIVE[name], min_size=2, max_size=4))
    for live in lives:
        again = kind.model_validate(wanted.model_dump(by_alias=False, exclude_unset=True), by_name=True)
        target, fresh = wanted.target(live, around), again.target(live, around)
        assert target.model_dump_json() == fresh.model_dump_json()
        assert target == fresh


def test_the_same_words_are_the_same_policy_and_words_that_differ_may_be() -> None:
    one = {"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "s3:*"}}
    listed = one | {"Statement": [one["Statement"]]}
    assert Policy(one) == Policy(one)
    assert Policy(one) == Policy(listed)
    assert Policy(one) != Policy(one | {"Version": "2008-10-17"})
    assert Policy({"Id": True}) != Policy({"Id": 1})  # to Python, they are equal


# ── manifests ────────────────────────────────────────────────────────────────────────────────────────


@given(st.dictionaries(st.text(max_size=140), JSON, max_size=4), st.integers(0, 40))
def test_a_manifest_is_never_larger_than_what_is_known_before(body: Any, deep: int) -> None:
    for _ in range(deep):
        body = {"a": [body, [], {}]}
    assert len(yaml_of(body, WIDTH).encode()) <= most_bytes(body)


def test_only_what_may_be_too_large_is_written_to_see_how_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Manifest] = []

    def text(manifest: Manifest) -> str:
        said.append(manifest)
        return HEADER

    monkeypatch.setattr(Manifest, "text", text)
    around = BucketSpec(name=BUCKET).surroundings()
    assert not list(Manifest(purpose="x" * 1000).refusals(around))
    assert not said
    assert not list(Manifest(purpose="x" * 100_000).refusals(around))
    assert len(said) == 1


@given(st.data())
def test_what_the_model_reads_fits_the_schema_that_is_made_of_it(data: st.DataObject) -> None:
    wanted = data.draw(SPECS["manifest"])
    live = data.draw(st.none() | LIVE["manifest"])
    around = data.draw(surroundings("manifest", wanted))
    assert not list(manifest_schema.misfits(wanted.target(live, around).body()))


# ── lifecycles and tags ──────────────────────────────────────────────────────────────────────────────


def test_rules_with_one_id_are_in_the_order_of_what_they_say() -> None:
    twins = [{"id": "a", "expiration": {"days": days}} for days in (3, 1, 2)]
    one, other = (Lifecycle.model_validate({"rules": rules}) for rules in (twins, twins[::-1]))
    assert one == other
    assert [rule.expiration.days for rule in one.rules if rule.expiration] == [1, 2, 3]


def test_the_words_of_rules_belong_to_whoever_asks() -> None:
    rules = Lifecycle.model_validate({"rules": [{"id": "a", "expiration": {"days": 1}}]})
    rules.item_words().clear()
    assert rules.item_words().keys() == {"a"}


def test_what_is_usual_in_tags_may_stand_there() -> None:
    usual = {character for character in map(chr, range(0x3000)) if USUAL.fullmatch(character)}
    assert all(map(may_stand_in_a_tag, usual))
    assert {*MARKS, " ", "a", "Z", "0"} <= usual
    assert not USUAL.fullmatch("a\n")


# ── variables ────────────────────────────────────────────────────────────────────────────────────────


def with_variables(value: Any, draw: Any) -> Any:
    """Plain data with variables in the place of some of its texts."""
    if isinstance(value, str):
        for text, variable in OPEN.items():
            if text in value and draw(st.booleans()):
                value = value.replace(text, variable)
        return value
    if isinstance(value, dict):
        return {name: with_variables(item, draw) for name, item in value.items()}
    return [with_variables(item, draw) for item in value] if isinstance(value, list) else value


@given(st.data())
def test_a_spec_is_filled_in_where_it_is_open_and_is_the_same_elsewhere(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(SPECS)), max_size=4, unique=True))
    said = {name: data.draw(SPECS[name]).model_dump(mode="json", by_alias=False, exclude_unset=True) for name in names}
    written = {"name": BUCKET, **{name: with_variables(value, data.draw) for name, value in said.items()}}
    spec = BucketSpec.model_validate(written, by_name=True)
    plain = spec.model_dump(mode="json", by_alias=False, exclude_unset=True)
    assert {name for names in spec.variables.values() for name in names} == set(variables_in(plain))
    around = spec.surroundings(data.draw(st.none() | st.just(ACCOUNT)), data.draw(st.none() | st.just("us-east-1")))
    full = spec.filled(around)
    expected = BucketSpec.model_validate(fill(plain, around.variables), by_name=True)
    assert full.model_dump_json(exclude_unset=True) == expected.model_dump_json(exclude_unset=True)
    assert full.model_fields_set == spec.model_fields_set
    assert (full is spec) == (full.variables == spec.variables)


def test_what_is_refused_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Tags] = []
    refusals = Tags.refusals

    def counted(tags: Tags, around: Surroundings) -> Iterator[Refusal]:
        asked.append(tags)
        return refusals(tags, around)

    monkeypatch.setattr(Tags, "refusals", counted)
    spec = BucketSpec.model_validate({"name": BUCKET, "tags": {"aws:x": "y"}})
    assert list(spec.refusals()) == list(spec.refusals())
    assert [refusal.code.code for refusal in spec.refusals()] == ["RCL2602"]
    assert len(asked) == 1


# ── schemas of teams ─────────────────────────────────────────────────────────────────────────────────


def asked_at(depth: int, schema: dict[str, Any]) -> str:
    """What is said of a schema by somebody this deep in the stack."""
    if depth:
        return asked_at(depth - 1, schema)
    with pytest.raises(ValueError, match="without an end") as refused:
        list(team_schema.misfits_of_team({}, schema))
    return str(refused.value)


def test_a_schema_without_an_end_is_given_up_long_before_the_stack_is_full() -> None:
    assert len({asked_at(depth, {"$ref": "#"}) for depth in range(0, 200, 7)}) == 1


def test_a_schema_may_refer_to_itself_as_deep_as_a_manifest_nests() -> None:
    body: dict[str, Any] = {}
    for _ in range(40):
        body = {"below": body}
    schema = {"type": "object", "properties": {"below": {"$ref": "#"}}}
    assert not list(team_schema.misfits_of_team(body, schema))
    assert list(team_schema.misfits_of_team({"below": {"below": 3}}, schema))
