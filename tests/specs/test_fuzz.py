"""Whatever stands in a file, the loader answers with specs or with problems, and soon."""

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import InvalidSpecs, UsageError
from reconciler.reports.problems import problems_document, render_problems
from reconciler.reports.style import Style
from reconciler.specs.fields import all_fields
from reconciler.specs.loader import load

EXAMPLES = [
    yaml.load((Path(__file__).parents[2] / "specs" / name).read_text(), Loader=yaml.BaseLoader)
    for name in ("lake.yaml", "fleet.yaml")
]
NAMES = [
    *sorted({str(field.path[-1]) for field in all_fields()}),
    *("Statement", "Effect", "Sid", "Principal", "Action", "Condition", "Version", "file", "defaults", "variables"),
    *("Filter", "And", "Tag", "Tags", "Key", "Value", "Prefix", "Rules", "Days", "$ref", "$schema", "properties"),
]
ODD = st.sampled_from(
    ["", "absent", "unmanaged", "${env}", "${nope}", "${aws:x}", "0", -1, 0, 1, 10**30, 1.5, True, None, "2030-01-01"]
)
VALUES = st.recursive(
    ODD | st.text(max_size=8) | st.integers(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inside, max_size=4),
    max_leaves=8,
)


def answers(text: str) -> None:
    """The loader answers, every problem has a place in the file, and the report can be shown."""
    Path("spec.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        loaded = load(["spec.yaml"])
    except UsageError:
        return
    except InvalidSpecs as refused:
        problems = refused.problems
        assert any(problem.is_error for problem in problems)
    else:
        problems = loaded.warnings
    lines = Path("spec.yaml").read_bytes().decode("utf-8", "replace")
    for problem in problems:
        assert problem.place is not None
        assert 1 <= problem.place.line <= len(lines) + 1
    shown = render_problems(problems, Style()) if problems else ""
    assert all(sign == "\n" or sign.isprintable() for sign in shown)
    assert len(problems_document(problems)) == len(problems)


@given(st.text())
def test_any_text(text: str) -> None:
    answers(text)


@given(st.text(st.sampled_from("abk: -[]{}#&*!|>'\"%@`,?\n\t${}01")))
def test_text_that_looks_like_yaml(text: str) -> None:
    answers("buckets:\n  - name: aaa\n" + text)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), VALUES)
def test_any_bucket(bucket: dict[str, Any], defaults: Any) -> None:
    answers(yaml.safe_dump({"buckets": [{"name": "aaa"} | bucket], "defaults": defaults, "variables": {"env": "x"}}))


@given(st.data())
def test_a_spec_with_a_part_replaced(data: st.DataObject) -> None:
    spec = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = spec
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.integers(0, 3)):
                place = place[key]
                continue
            place[key] = data.draw(VALUES)
            break
    answers(yaml.safe_dump(spec, sort_keys=False))


@given(st.data())
def test_a_spec_with_characters_replaced(data: st.DataObject) -> None:
    text = (Path(__file__).parents[2] / "specs" / "lake.yaml").read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 30, len(text))))
    answers(text[:start] + data.draw(st.text(max_size=6)) + text[end:])
