"""Whatever stands in a spec file: it is loaded, or refused with a code and a place for everything that is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import InvalidSpecs, UsageError
from reconciler.problems import Problem
from reconciler.reports.problems import problems_document, render_problems
from reconciler.reports.style import Style
from reconciler.specs.catalogue import catalogue
from reconciler.specs.loader import load
from tests.fuzz.mutations import SCALARS, spoiled
from tests.specs.test_fuzz import VALUES

ROOT = Path(__file__).parents[2]
TEXTS = [path.read_text() for path in sorted((ROOT / "specs").glob("*.yaml"))]
SPECS = [yaml.load(text, Loader=yaml.BaseLoader) for text in TEXTS]
SCENARIOS = [path.read_text() for path in sorted((ROOT / "tests/scenarios").glob("*.yaml"))]
CASES = [yaml.load(text, Loader=yaml.BaseLoader) for text in SCENARIOS if "!" not in text]
"""Not specs, but full of parts of them."""
ODDITIES = [
    *("\ufeff", "\x00", "\r", "\r\n", "\t", "\x85", "\u2028", "\U0010ffff", "\ud800", "🪣"),
    *("&a ", "*a", "!!python/object:os.system ", "!x ", "<<: *a\n", "? ", "---\n", "...\n", "%YAML 1.1\n"),
    *("|\n", ">-\n", '"\\ud800"', "9" * 5000, "1e999999", "0x" + "f" * 50, "[" * 60, "{" * 60, "- " * 60),
    *("  " * 500, "~", "'", '"', "#", "${", "${env}" * 20, "k: " * 50),
]
CODES = {*catalogue()}


def answers(content: bytes) -> None:
    """The loader answers, and what it says can be shown."""
    Path("spec.yaml").write_bytes(content)
    found: tuple[Problem, ...]
    try:
        found = load(["spec.yaml"]).warnings
    except UsageError:
        return
    except InvalidSpecs as refused:
        found = refused.problems
        assert any(problem.is_error for problem in found)
    lines = content.count(b"\n") + content.count(b"\r") + content.decode("utf-8", "replace").count("\u2028") + 2
    for problem in found:
        assert problem.code in CODES
        assert problem.message
        assert problem.place is not None
        assert 1 <= problem.place.line <= lines + content.count(b"\xc2\x85") + content.count(b"\xe2\x80\xa9")
        assert problem.place.column >= 1
    if found:
        shown = render_problems(found, Style(width=60))
        assert all(sign == "\n" or sign.isprintable() for sign in shown)
        assert len(problems_document(found)) == len(found)


def written(data: Any) -> bytes:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


@given(spoiled(st.sampled_from(SPECS), VALUES | SCALARS, most=5))
def test_a_spoiled_spec(spec: Any) -> None:
    answers(written(spec))


@given(spoiled(st.sampled_from(CASES), most=2), st.sampled_from(("buckets", "defaults", "variables")), st.data())
def test_something_else_in_the_place_of_buckets(case: Any, where: str, data: st.DataObject) -> None:
    parts = [case, *(case.values() if isinstance(case, dict) else case if isinstance(case, list) else ())]
    answers(written({"buckets": [{"name": "aaa"}]} | {where: data.draw(st.sampled_from(parts))}))


@given(st.data())
def test_a_spec_with_bytes_replaced(data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(TEXTS + SCENARIOS)).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 40, len(content))))
        content = content[:start] + data.draw(st.binary(max_size=6)) + content[end:]
    answers(content)


@given(st.data())
def test_a_spec_with_what_yaml_has_and_specs_have_not(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for odd in data.draw(st.lists(st.sampled_from(ODDITIES), min_size=1, max_size=3)):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + odd + text[at:]
    answers(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("odd", ODDITIES)
def test_each_of_these_alone_and_as_a_value(odd: str) -> None:
    for text in (
        odd,
        f"buckets: {odd}",
        f"buckets:\n  - name: {odd}\n",
        f"buckets:\n  - name: aaa\n    tags: {{a: {odd}}}\n",
    ):
        answers(text.encode("utf-8", "surrogatepass"))


@given(st.text())
@example("a: &a [b]\nc: *a\n")
@example("buckets:\n  - &x {name: aaa}\n  - *x\n")
def test_any_text_in_the_place_of_a_bucket(text: str) -> None:
    answers(("buckets:\n  - name: aaa\n    policy: " + text).encode("utf-8", "surrogatepass"))
