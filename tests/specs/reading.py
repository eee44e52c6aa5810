"""Ways to put specs into the folder of a test, and to look at what comes out."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.errors import InvalidSpecs
from reconciler.problems import Problem
from reconciler.specs.loader import Loaded, load


def load_text(text: str, variables: Mapping[str, str] | None = None) -> Loaded:
    """What a spec file of this text says."""
    Path("spec.yaml").write_text(text, encoding="utf-8")
    return load(["spec.yaml"], variables)


def load_bucket(text: str, variables: Mapping[str, str] | None = None) -> dict[str, object]:
    """The only bucket of a spec file, as plain data."""
    (declared,) = load_text(text, variables).buckets
    return declared.spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def problems_with(*paths: str) -> tuple[Problem, ...]:
    """What is wrong with these files."""
    with pytest.raises(InvalidSpecs) as refused:
        load(list(paths))
    return tuple(refused.value.problems)


def problems_in(text: str) -> list[str]:
    """What is wrong with this text: ``line:column code message``."""
    Path("spec.yaml").write_text(text, encoding="utf-8")
    return [
        f"{problem.place.line}:{problem.place.column} {problem.code} {problem.message}"
        for problem in problems_with("spec.yaml")
        if problem.place is not None
    ]


def helps_in(text: str) -> list[str | None]:
    """What to do about it."""
    Path("spec.yaml").write_text(text, encoding="utf-8")
    return [problem.help for problem in problems_with("spec.yaml")]
