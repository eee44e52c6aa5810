"""The page as a text: what it is made of, whatever stands in it. RECONCILE_UPDATE_GOLDEN=1 writes the files anew."""

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.inert import inert
from reconciler.planning.storage import path_text
from reconciler.reports import groups
from reconciler.reports.html import page_file, render
from reconciler.reports.html_changes import field_text
from reconciler.reports.html_markup import Html, element, link, markup
from reconciler.reports.review import About, Review
from reconciler.reports.view import FieldView
from tests.hostile import ALL
from tests.reports.pages import PAGES, Structure, everything_changes, found, invalid_specs, lake, with_verdicts
from tests.reports.plans import document, plan

GOLDEN = Path(__file__).parent / "html"
BREAKING_OUT = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=1>',
    "</style>",
    "</title><b>",
    "-->",
    "]]>",
    "&lt;&#x3c;",
    "' x='",
]
texts = st.sampled_from([*ALL, *BREAKING_OUT]) | st.text(max_size=20) | st.text("<>&\"'/=-! ax", max_size=20)
KEPT = frozenset({"action", "aspect", "calls", "severity", "risk", "path", "code", "exposure", "summary"})
"""What is a word of this program, or a path of fields."""


def without_style(page: str) -> str:
    """The page with nothing of its style and script, a line for each element that begins a block."""
    for kind in ("css", "js"):
        page = page.replace(page_file(kind), "…")
    page = re.sub(r"sha256-[^']+", "sha256-…", page)
    return re.sub(
        r"(?=<(?:section|article|details|div|figure|table|tr|li|p|svg|h\d|header|main|footer|body)\b)", "\n", page
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_like_this(name: str) -> None:
    page = without_style(render(PAGES[name]()))
    golden = GOLDEN / f"{name}.html"
    if os.environ.get("RECONCILE_UPDATE_GOLDEN"):
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8"), "RECONCILE_UPDATE_GOLDEN=1 writes it anew: look at it"


def test_no_golden_page_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_leads_nowhere_else(name: str) -> None:
    review = PAGES[name]()
    page = render(review)
    read = Structure(page)
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    targets = set(read.values("href"))
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    assert {target for target in targets if not target.startswith("#")} == set(filter(None, [review.about.run_url]))
    assert not read.values("src")
    assert not read.values("style")
    assert not re.search(r"url\(|@import|https?:", page_file("css") + page_file("js"))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_but_what_the_policy_names(name: str) -> None:
    page = render(PAGES[name]())
    [policy] = [value for value in Structure(page).values("content") if "default-src" in value]
    assert policy.startswith("default-src 'none'; ")
    for kind, tag in (("css", "style"), ("js", "script")):
        [inside] = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert inside == page_file(kind)


def test_what_is_risky_stands_first_and_is_not_folded() -> None:
    page = render(everything_changes())
    read = Structure(page)
    said = "objects under raw/ are deleted after 300 days, not 365 (rule archive-raw)"
    assert "details" not in read.paths[said]
    assert (
        page.index('id="risks"') < page.index('id="findings"') < page.index('id="buckets"') < page.index('id="changes"')
    )


def test_a_door_that_opens_is_said_among_the_risks() -> None:
    page = render(PAGES["doors-that-open"]())
    risks = page[page.index('id="risks"') : page.index('id="buckets"')]
    assert "becomes public: statement PublicRead lets in everybody (s3:GetObject)" in risks


def test_the_same_on_many_buckets_is_told_once() -> None:
    page = render(PAGES["a-fleet"]())
    read = Structure(page)
    assert page.count("<article") == 1
    assert page.count("<figure") == 1
    assert "acme-00 and 29 more buckets" in read.text
    assert read.text.count("old versions are not kept") == 1
    assert sum(element.endswith("/tbody/tr data-is") for element in read.elements) == 40


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST", 1)
    page = render(Review(document(plan(lake("acme-a", 7)), plan(lake("acme-b", 8)), plan(lake("acme-c", 9)))))
    assert page.count("<article") == 1
    assert "2 more changes can be read with" in page
    assert set(Structure(page).values("href")) >= {"#change-1"}
    assert "#change-2" not in page


def test_the_order_of_a_list_is_shown_whole() -> None:
    said = markup(field_text(FieldView(("Action",), ["a", "b"], ["b", "a"])))
    assert said == "<del>a, b</del> → <ins>b, a</ins>"


def test_a_plan_of_no_buckets_has_no_table() -> None:
    assert Structure(render(Review(document()))).values("id") == ["report"]


# ── strings ──────────────────────────────────────────────────────────────────────────────────────────


def hostile(value: Any, text: str) -> Any:
    """Plain data with the text at the end of each string that somebody may have chosen."""
    if isinstance(value, Mapping):
        return {key: item if key in KEPT else hostile(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, text) for item in value]
    return value + text if isinstance(value, str) else value


def hostile_page(text: str) -> str:
    """A page in which names, tags, messages, places and commands all end with the text."""
    spec = "{name: acme-lake, tags: {Owner: %s, Gone: %s}, lifecycle: {rules: [{id: r, expiration: {days: %s}}]}}"
    waiver = {"reason": "r", "owner": "o", "expires": "e"}
    planned = document(plan(spec % ("new", "a", 7), spec % ("old", "b", 9)), targets=("acme-lake",))
    planned = with_verdicts(planned, found("VER-01", waiver=waiver), found("ENC-01", place=None))
    planned["needs"] = [{"kind": "consent", "about": "acme-lake", "why": "why", "flag": "--allow"}]
    [bucket] = planned["buckets"]
    bucket["blockers"] = [{"aspect": "policy", "why": "denied", "remedy": "allow"}]
    changed = hostile(planned, text)
    [bucket] = changed["buckets"]
    for change in bucket["changes"]:
        if change["aspect"] == "tags":
            change["fields"][0]["path"] = path_text(("Owner" + text,))
    problems = [problem._replace(message=f"x{text}", help=f"x{text}") for problem in invalid_specs().problems]
    problems[0] = problems[0]._replace(lines=(f"x{text}", f"xxxxxxxxxxxxxx{text}"))
    said = f"x{text}"
    about = About(said, head=said, base=said, run_url=f"https://{said}", next_command=said, told=(said,))
    return render(Review(changed, tuple(problems), about))


BASE = Structure(hostile_page(""))


@settings(max_examples=60)
@given(texts)
def test_what_a_page_is_made_of_does_not_depend_on_what_it_says(text: str) -> None:
    read = Structure(hostile_page(text))
    assert read.elements == BASE.elements
    assert read.values("class") == BASE.values("class")
    assert f"x{inert(text)}" in read.text


@given(texts)
def test_a_text_is_an_escaped_text_wherever_it_gets_in(text: str) -> None:
    made = element("p", text, [text, (text,)], None, title=text)
    read = Structure(made)
    assert read.elements == ["/p title"]
    assert read.values("title") == [inert(text)]
    assert read.text == inert(text) * 3
    assert Structure(markup(Html("<b></b>") + text)).elements == []


@given(texts)
def test_only_the_page_and_the_web_are_linked(text: str) -> None:
    assert link(text, "there") == (
        "there" if not text.startswith(("#", "https://")) else element("a", "there", href=text)
    )
    assert link(f"javascript:{text}", "there") == "there"
    assert link(None, "there") == "there"
