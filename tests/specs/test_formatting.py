"""`fmt`: the same values, the same comments, one style, and twice is once."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.nodes import Node, Source
from reconciler.planning.live import LiveBucket
from reconciler.planning.taking_over import taken_over
from reconciler.settings import Settings
from reconciler.specs import formatting
from reconciler.specs.files import SETTINGS_FILE
from reconciler.specs.formatting import MARK, NO_END, difference, formatted
from reconciler.specs.writing import as_read, spec_file
from reconciler.strict_yaml import parse
from tests.specs.reading import load_text
from tests.specs.test_taking_over import WHO, lives
from tests.specs.ugly import files

EXAMPLES = int(os.environ.get("RECONCILE_EXAMPLES", "12"))
ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "formatting"
ALLOWED = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
"""What YAML allows in a text."""


def in_style(text: str, name: str = "spec.yaml") -> str:
    """A text in canonical style."""
    written, problems = formatted(Source(name, text))
    assert written is not None, problems
    return written


def node_of(text: str) -> Node:
    """What a text says."""
    node, problems = parse(Source("spec.yaml", text))
    assert node is not None, problems
    return node


def comments_of(text: str) -> Counter[str]:
    """The comments of a text, found by a scanner of its own: what is left without tokens."""
    found: Counter[str] = Counter()
    covered = [(token.start_mark.index, token.end_mark.index) for token in yaml.scan(text)]
    position = 0
    for start, end in [*covered, (len(text), len(text))]:
        for line in text[position:start].split("\n"):
            if "#" in line:
                found[line[line.index("#") :].rstrip()] += 1
        if text[start : start + 1] in ("|", ">"):
            header = text[start:end].partition("\n")[0]
            if "#" in header:
                found[header[header.index("#") :].rstrip()] += 1
        position = max(position, end)
    return found


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=4 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(text=files(), name=st.sampled_from(("spec.yaml", SETTINGS_FILE)))
def test_values_and_comments_stay_and_twice_is_once(text: str, name: str) -> None:
    unmarked = text.removeprefix(MARK)
    node, problems = parse(Source(name, unmarked))
    if node is None or problems:
        assert formatted(Source(name, text))[0] is None
        return
    written = in_style(text, name)
    assert json.dumps(node_of(written).plain(), sort_keys=True) == json.dumps(node.plain(), sort_keys=True)
    assert comments_of(written) == comments_of(unmarked)
    assert in_style(written, name) == written
    assert written.endswith("\n")
    assert in_style(text.replace("\n", "\r\n"), name) == written.replace("\n", "\r\n")


@settings(max_examples=4 * EXAMPLES)
@given(texts=st.lists(st.text(ALLOWED, max_size=40), max_size=4))
def test_every_text_comes_back(texts: list[str]) -> None:
    value = {"a": texts, "b": {text: text for text in texts}}
    text = json.dumps(value, ensure_ascii=False)
    for changed in (
        text,
        "\n".join(json.dumps({name: inside}, ensure_ascii=False)[1:-1] for name, inside in value.items()),
    ):
        written = in_style(changed)
        assert node_of(written).plain() == value
        assert in_style(written) == written


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(live=lives(), full=st.booleans())
def test_what_import_writes_is_in_style(live: LiveBucket, full: bool) -> None:
    text = spec_file([taken_over(live, WHO, full=full, as_read=as_read)])
    assert in_style(text) == text


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("case", yaml.safe_load((CASES / "styles.yaml").read_text()), ids=lambda case: case["name"])
def test_the_style(case: dict[str, str]) -> None:
    becomes = case.get("becomes", case["text"])
    assert in_style(case["text"]) == becomes
    assert in_style(becomes) == becomes


def test_our_own_specs_are_in_style() -> None:
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert in_style(text, path.name) == text


def test_buckets_are_the_same_in_any_order() -> None:
    text = (ROOT / "specs" / "lake.yaml").read_text(encoding="utf-8")
    node = node_of(text).plain()
    node = json.loads(json.dumps(node))
    node["buckets"] = [dict(reversed(bucket.items())) for bucket in node["buckets"]]
    turned = yaml.safe_dump(node, sort_keys=False)
    (one,), (other,) = load_text(turned).buckets, load_text(in_style(turned)).buckets
    assert one.spec == other.spec
    assert list(node_of(in_style(turned)).plain()["buckets"][0]) == list(node_of(text).plain()["buckets"][0])


def test_settings_stand_in_the_order_of_their_model() -> None:
    names = [name for name in Settings.model_fields if name in ("limits", "accounts")]
    text = "".join(f"{name}: {{}}\n" for name in reversed(names))
    assert list(node_of(in_style(text, "reconcile.yaml")).plain()) == names
    assert in_style(text, "other.yaml") == text


@pytest.mark.parametrize("text", ["a: yes\n", "a: &x 1\n", "a: [\n", "# nothing\n", "a: 1\na: 2\n"])
def test_what_is_not_read_is_left_alone(text: str) -> None:
    written, (problem, *_) = formatted(Source("spec.yaml", text))
    assert written is None
    assert problem.place is not None


@pytest.mark.parametrize("broken", ["a: 2 # c\n", "a: 1\n", "a: [\n"])
def test_what_would_say_something_else_is_never_handed_out(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(formatting, "text_of", lambda *_: broken)
    written, (problem,) = formatted(Source("spec.yaml", "a:  1 # c\n"))
    assert written is None
    assert problem.code == formatting.NOT_FORMATTED.code


def test_a_name_that_is_too_long_has_a_line_for_itself() -> None:
    text = f"x:\n  ? {'a' * 1020}\n  : b\n"
    assert in_style(text) == text


@pytest.mark.parametrize(
    ("before", "lines"),
    [
        ("a: b\n\n\nc:  d\n", [" a: b", " ", "-", "-c:  d", "+c: d"]),
        ("a: b\nc: d", [" a: b", "-c: d", NO_END, "+c: d"]),
        ("a: b\nc: d\n", []),
    ],
)
def test_a_difference_is_one_that_patch_reads(before: str, lines: list[str]) -> None:
    shown = [*difference("s.yaml", before, in_style(before))]
    assert shown[:2] == (["--- s.yaml", "+++ s.yaml (formatted)"] if lines else [])
    assert shown[3:] == lines
