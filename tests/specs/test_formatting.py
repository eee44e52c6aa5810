"""`fmt`: the same values, the same comments, one style, and twice is once."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.bucket import BucketSpec
from reconciler.nodes import Node, Source
from reconciler.specs import formatting
from reconciler.specs.formatting import formatted
from reconciler.specs.formatting_tree import Tree
from reconciler.specs.writing import spec_file
from reconciler.strict_yaml import parse
from tests.specs.reading import load_text

from tests.specs.ugly import files

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "formatting"


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


@given(text=files())
def test_values_and_comments_stay_and_twice_is_once(text: str) -> None:
    node, problems = parse(Source("spec.yaml", text))
    if node is None or problems:
        assert formatted(Source("spec.yaml", text))[0] is None
        return
    written = in_style(text)
    assert json.dumps(node_of(written).plain(), sort_keys=True) == json.dumps(node.plain(), sort_keys=True)
    assert comments_of(written) == comments_of(text)
    assert in_style(written) == written
    assert written.endswith("\n") and "\t" not in written


@given(texts=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=40), max_size=4))
def test_every_text_comes_back(texts: list[str]) -> None:
    value = {"a": texts, "b": {text: text for text in texts}}
    text = json.dumps(value)
    for changed in (text, "\n".join(json.dumps({name: inside})[1:-1] for name, inside in value.items())):
        written = in_style(changed)
        assert node_of(written).plain() == value
        assert in_style(written) == written
