"""What holds for every plan, whatever is in it."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reconciler.aspects.aspect import Aspect
from reconciler.aspects.calls import Risk
from reconciler.aspects.lifecycle import Lifecycle
from reconciler.aspects.lifecycle_words import in_words
from reconciler.bucket import BucketSpec
from reconciler.inert import inert
from reconciler.planning.changeset import BUCKET, Action, Change
from reconciler.planning.comparison import leaves
from reconciler.planning.planner import compare
from reconciler.planning.storage import change as change_document
from reconciler.planning.storage import path_parts, path_text
from reconciler.problems import Severity
from reconciler.reports.style import Style
from reconciler.reports.text import DANGEROUS, RISKS, render, risk_of
from reconciler.reports.values import columns, members, texts_of, value_text, wrapped
from reconciler.reports.view import change_view, changes_of
from tests.aspects.strategies import LIVE, SPECS, surroundings
from tests.reports.plans import document, plan, spec_of
from tests.reports.specs import AFTER, BEFORE

WIDE = Style(width=10_000)
HOSTILE = "\x1b[2K\x1b]0;t\x07\x9b\u202e\u2028\r\n\t\x00\u00a0\u200d\ufeff\ud800 \"'\\→a宽é"
hostile = st.text(st.sampled_from(HOSTILE) | st.characters(), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=2),
    max_leaves=6,
)


def changes(data: st.DataObject, name: str) -> Change:
    """A change of this aspect, from anything to anything."""
    wanted: Any = data.draw(SPECS[name])
    around = data.draw(surroundings(name, wanted))
    change = compare(name, wanted, data.draw(st.none() | LIVE[name]), around)
    assume(isinstance(change, Change))
    assert isinstance(change, Change)
    return change


def bucket(*changes: dict[str, Any], name: str = "acme-lake", action: str = "update") -> dict[str, Any]:
    source = {"file": "specs/lake.yaml", "line": 1}
    empty: dict[str, Any] = {"blockers": [], "findings": [], "live": {}}
    return {
        "name": name,
        "region": None,
        "account": None,
        "action": action,
        "source": source,
        "changes": list(changes),
    } | empty


def with_buckets(*buckets: dict[str, Any]) -> dict[str, Any]:
    """A document that holds these buckets, whatever they are."""
    summary = {action.value: sum(item["action"] == action for item in buckets) for action in Action}
    return document() | {"buckets": list(buckets), "summary": summary}


# ── nothing that changes is hidden ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "kind"), BucketSpec.aspects().items())
@given(data=st.data())
def test_every_field_that_changes_is_in_the_text(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    change = change_document(changes(data, name))
    text = render(with_buckets(bucket(change)), WIDE)
    view = change_view(change)
    told = 0
    for item in view.items:
        assert item.name is None or value_text(item.name) in text
        told += len(item.fields)
        if item.words:
            assert inert(item.words) in text
            continue
        for field in item.fields:
            assert (
                view.word
                or inert(value_text(field.path[-1]) if len(field.path) == 1 else path_text(field.path)) in text
            )
            if field.action is not Action.UPDATE:
                assert all(value_text(one) in text for one in as_list(field.value))
            elif isinstance(field.before, list) and isinstance(field.after, list):
                gone, come, _ = members(field.before, field.after)
                assert all(f"- {value_text(one)}" in text for one in gone)
                assert all(f"+ {value_text(one)}" in text for one in come)
                assert gone or come or f"{value_text(field.before)} → {value_text(field.after)}" in text
            else:
                assert all(one in text for one in texts_of(field.before, field.after))
    assert told == len(change["fields"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("name", "kind"), BucketSpec.aspects().items())
@given(data=st.data())
def test_the_view_reads_the_document_to_have_off_the_calls(name: str, kind: type[Aspect], data: st.DataObject) -> None:
    change = changes(data, name)
    view = change_view(change_document(change))
    after = change.after.picture() if change.after is not None else {}
    changed = {path_parts(path_text(field.path)) for field in change.fields}
    left = [path for path, _ in leaves(after) if not any(path[:depth] in changed for depth in range(len(path) + 1))]
    counted = dict(view.unchanged)
    if view.action is not Action.UPDATE:
        assert counted == {}
        return
    items = {path[:2] for path in left if len(path) > 1 and path[0] in ("rules", "Statement")}
    whole = {item for item in items if item not in {path[:2] for path in changed}}
    assert counted.pop("field") == sum(path[:2] not in whole for path in left)
    assert sum(counted.values()) == len(whole)
    for item in view.items:
        if item.name is not None:
            place = after["rules" if name == "lifecycle" else "Statement"]
            assert (item.name in place) == (item.action is not Action.DELETE)


@given(LIVE["lifecycle"], LIVE["lifecycle"])
def test_a_rule_in_words_says_all_that_it_does(one: Lifecycle, other: Lifecycle) -> None:
    said: dict[str, Any] = {}
    for rule in (*one.rules, *other.rules):
        nameless = rule.model_copy(update={"id": ""})
        words = in_words(rule)
        assert not words or said.setdefault(words, nameless) == nameless


def test_a_removed_rule_is_told_in_words() -> None:
    text = render(document(plan(AFTER, BEFORE)), WIDE)
    assert "- clean-up-old-versions        no longer: old versions of all objects → deleted after 90 days\n" in text


def test_a_removed_rule_that_cannot_be_made_again_is_told_field_by_field() -> None:
    [change] = [change_document(change) for change in plan(AFTER, BEFORE).changes if change.aspect == "lifecycle"]
    for field in change["fields"]:
        field["path"] = field["path"].replace("noncurrent_days", "of_another_version")
    text = render(with_buckets(bucket(change)), WIDE)
    assert "noncurrent_version_expiration.of_another_version  90" in text


def test_a_document_that_is_empty_can_go() -> None:
    manifest: dict[str, Any] = {"path": "", "before": {}, "after": None}
    calls = [{"operation": "delete_object", "params": {"Key": "k"}}]
    change = {"aspect": "manifest", "action": "delete", "fields": [manifest], "calls": calls, "risk": "loses-data"}
    assert "- manifest  ! can lose data" in render(with_buckets(bucket(change)), WIDE)


# ── nothing moves the cursor ─────────────────────────────────────────────────────────────────────────


def is_harmless(text: str) -> bool:
    return not [sign for sign in text if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(st.lists(st.tuples(hostile, hostile), min_size=1, max_size=4), values, values, hostile, st.booleans())
def test_no_line_holds_a_control_character(
    tags: list[tuple[str, str]], before: Any, after: Any, text: str, wraps: bool
) -> None:
    fields = [{"path": path_text((key,)), "before": None, "after": value} for key, value in dict(tags).items()]
    tagging = {"operation": "put_bucket_tagging", "params": {"Tagging": {"TagSet": []}}}
    change = {"aspect": "tags", "action": "update", "fields": fields, "calls": [tagging], "risk": "harmless"}
    body = {"Key": "k", "Body": "a: 1"}
    access = {"path": "access", "before": before, "after": after}
    put = {"operation": "put_object", "params": body}
    manifest = {"aspect": "manifest", "action": "update", "fields": [access], "calls": [put], "risk": "harmless"}
    hostile_bucket = bucket(change, manifest, name=text) | {
        "blockers": [{"aspect": "policy", "why": text, "remedy": text}],
        "findings": [{"code": "RCL1", "severity": "warning", "path": text, "message": text, "remedy": text}],
        "source": {"file": text, "line": 1},
    }
    whole = with_buckets(hostile_bucket) | {"endpoint": text}
    whole["inputs"] = whole["inputs"] | {"paths": [text], "targets": [text]}
    assert is_harmless(render(whole, Style(wraps=wraps)))
    painted = render(whole, Style(color=True, wraps=wraps))
    assert is_harmless(re.sub("\x1b\\[[0-9;]+m", "", painted))
    assert render(whole, Style(unicode=False)).isascii()


@given(hostile, hostile)
@example("a\nb", "a\\nb")
@example('"a"', "a")
@example("a ", "a")
def test_texts_that_differ_look_different(one: str, other: str) -> None:
    assert (value_text(one) == value_text(other)) == (one == other)


@given(values, values)
@example(True, "true")
@example([1], [True])
@example(["a, b"], ["a", "b"])
def test_values_that_differ_look_different(one: Any, other: Any) -> None:
    assume(repr(one) != repr(other))
    old, new = texts_of(one, other)
    assert old != new


# ── what may hurt comes first ────────────────────────────────────────────────────────────────────────

RISKY = st.sampled_from(list(Risk))


@given(st.lists(st.tuples(RISKY, st.sampled_from(["create", "update", "blocked"])), max_size=6, min_size=1))
def test_risky_buckets_come_first(kinds: list[tuple[Risk, str]]) -> None:
    buckets = []
    for number, (risk, action) in enumerate(kinds):
        fields = [{"path": "status", "before": "Enabled", "after": "Suspended"}]
        calls = [{"operation": "put_bucket_versioning", "params": {"VersioningConfiguration": {"Status": "Suspended"}}}]
        change = {"aspect": "versioning", "action": "update", "fields": fields, "calls": calls, "risk": risk.value}
        made = bucket(change, name=f"bucket-{number}", action=action)
        if action == "blocked":
            made["blockers"] = [{"aspect": "tags", "why": "no", "remedy": "yes"}]
        buckets.append(made)
    text = render(with_buckets(*buckets), WIDE)
    shown = [buckets[int(number)] for number in re.findall(r"^\S bucket-(\d+)", text, re.MULTILINE)]
    assert len(shown) == len(buckets)
    order = [list(Risk).index(risk_of(item)) if risk_of(item) in DANGEROUS else 9 for item in shown]
    assert order == sorted(order)
    worst = min((risk for risk, _ in kinds), key=list(Risk).index)
    assert text.splitlines()[-2].endswith(f"! {RISKS[worst]}" if worst in DANGEROUS else ".")


def test_risky_changes_come_first_within_a_bucket() -> None:
    risks = [change.risk for change in changes_of(document(plan(AFTER, BEFORE))["buckets"][0])]
    assert risks == sorted(risks, key=list(Risk).index)
    assert risks[0] is Risk.LOSES_DATA


def test_a_bucket_that_is_new_and_blocked_says_both() -> None:
    made = bucket(action="blocked") | {"blockers": [{"aspect": "policy", "why": "no", "remedy": "yes"}]}
    field = {"path": "name", "before": None, "after": "acme-lake"}
    create = {"operation": "create_bucket", "params": {}}
    change = {"aspect": BUCKET, "action": "create", "fields": [field], "calls": [create], "risk": "harmless"}
    assert "acme-lake  to create, blocked · specs" in render(with_buckets(made | {"changes": [change]}), WIDE)


# ── how it is laid out ───────────────────────────────────────────────────────────────────────────────


@given(st.text(st.sampled_from("abc 宽é"), max_size=200).map(str.strip), st.integers(40, 120))
def test_broken_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    assume(all(columns(word) <= 20 for word in text.split()))
    lines = list(wrapped("    head  ", text, Style(width=width, wraps=True)))
    assert lines[0].startswith("    head  ")
    assert " ".join(" ".join(line[10:] for line in lines).split()) == " ".join(text.split())
    assert text.isascii() is False or all(columns(line) <= width for line in lines)


def test_where_there_is_no_room_lines_are_not_broken() -> None:
    text = "word " * 30
    assert list(wrapped("head  ", text, Style(width=20, wraps=True))) == ["head  " + text]
    assert list(wrapped("head  ", text, Style(width=80))) == ["head  " + text]


def test_a_list_whose_order_alone_changes_is_shown_whole() -> None:
    before = "{name: acme-lake, manifest: {data: {domains: [sales, finance]}}}"
    after = before.replace("sales, finance", "finance, sales")
    assert "~ data.domains  sales, finance → finance, sales" in render(document(plan(after, before)), WIDE)


def test_an_unknown_account_and_another_endpoint_are_named() -> None:
    whole = with_buckets(bucket()) | {"endpoint": "https://s3.example.com"}
    assert "account unknown at https://s3.example.com" in render(whole, WIDE)


def test_only_a_word_goes_without_its_name() -> None:
    alone = plan("{name: acme-lake, public_access_block: {block_public_acls: true}}", "{name: acme-lake}")
    assert "      block_public_acls  true\n" in render(document(alone), WIDE)
    word = plan("{name: acme-lake, versioning: Suspended}", "{name: acme-lake, versioning: Enabled}")
    assert "~ versioning  Enabled → Suspended" in render(document(word), WIDE)


def test_the_spec_of_a_test_is_in_order() -> None:
    for text in (BEFORE, AFTER):
        assert not [refusal for refusal in spec_of(text).refusals() if refusal.severity is Severity.ERROR]
