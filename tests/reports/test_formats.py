"""What every report of a check has in common, and what they look like: RECONCILE_UPDATE_GOLDEN=1 writes them anew."""

import os
from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given

from reconciler.reports.formats import FORMATS, render
from reconciler.reports.review import About, Review, Stage
from tests.hostile import is_inert
from tests.reports.reviews import (
    named,
    nothing,
    reviews,
    something_in_the_way,
    something_of_every_kind,
    specs_that_are_in_order,
    specs_that_are_not,
)

CHECKS = Path(__file__).parent / "checks"
ENDINGS = {
    "github": "github.txt",
    "gitlab-terraform": "counts.json",
    "gitlab-codequality": "quality.json",
    "sarif": "sarif.json",
    "junit": "junit.xml",
    "jsonl": "events.jsonl",
}
"""Those whose files are here; the others have tests of their own."""
SHOWN = (nothing, specs_that_are_not, something_of_every_kind, something_in_the_way)
PRINTED = tuple(name for name in (*ENDINGS, "json", "text") if name != "github")


def golden(make: Callable[[], Review], name: str) -> Path:
    return CHECKS / f"{named(make)}.{ENDINGS[name]}"


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("make", SHOWN, ids=named)
def test_a_report_looks_like_this(make: Callable[[], Review], name: str) -> None:
    review, file = make(), golden(make, name)
    text = render(name, review)
    if review.document:  # what is in a fingerprint is another test's
        text = text.replace(review.document["fingerprint"], "0" * 64)
    if os.environ.get("RECONCILE_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), "RECONCILE_UPDATE_GOLDEN=1 writes it anew: look at the difference"


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in CHECKS.iterdir()} == {golden(make, name).name for make in SHOWN for name in ENDINGS}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_a_module_that_renders(name: str) -> None:
    assert callable(import_module(f"reconciler.reports.{FORMATS[name]}").render)


@pytest.mark.parametrize("name", [*ENDINGS, "json", "text"])
def test_the_same_check_is_always_told_alike(name: str) -> None:
    review = something_of_every_kind()
    assert render(name, review) == render(name, deepcopy(review))


@pytest.mark.parametrize("name", PRINTED)
@given(review=reviews())
def test_nothing_in_a_text_does_anything(name: str, review: Review) -> None:
    assert is_inert(render(name, review))


def test_a_check_without_a_plan_is_told_in_words() -> None:
    assert render("text", specs_that_are_in_order()) == "The specs are valid.\n"
    assert '"valid": true' in render("json", specs_that_are_in_order())
    assert "RCL1101" in render("text", specs_that_are_not())
    assert '"RCL1000"' in render("json", specs_that_are_not())


def test_what_became_of_a_plan_is_told_in_words() -> None:
    review = nothing()._replace(about=About(stage=Stage.NOT_APPLIED, told=("it has \x1b[2Jmoved",)))
    assert render("text", review).endswith("\nit has \\x1b[2Jmoved\n")
