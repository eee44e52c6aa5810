"""The page as a text: what it is made of, whatever stands in it. RECONCILE_UPDATE_GOLDEN=1 writes the files anew."""

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.inert import inert
from reconciler.reports import html_changes
from reconciler.reports.html import page_file, render
from reconciler.reports.html_markup import Html, element, link, markup
from reconciler.reports.review import About, Review
from tests.hostile import ALL
from tests.reports.pages import PAGES, Structure, everything_changes, invalid_specs, lake, with_verdicts, found
from tests.reports.plans import document, plan

GOLDEN = Path(__file__).parent / "html"
BREAKING_OUT = ["<script>alert(1)</script>", '"><img src=x onerror=1>', "</style>", "</title><b>", "-->", "]]>", "&lt;&#x3c;", "' x='"]
texts = st.sampled_from([*ALL, *BREAKING_OUT]) | st.text(max_size=20) | st.text("<>&\"'/=-! ax", max_size=20)
KEPT = frozenset(
    {"action", "aspect", "operation", "severity", "risk", "path", "code", "params", "public", "verdict", "fingerprint"}
)
"""What is a word of this program, or a path of fields."""


def without_style(page: str) -> str:
    """The page with nothing of its style and script, a line for each element that begins a block."""
    for kind in ("css", "js"):
        page = page.replace(page_file(kind), "…")
    page = re.sub(r"sha256-[^']+", "sha256-…", page)
    return re.sub(r"(?=<(?:section|article|details|div|figure|table|tr|li|p|svg|h\d|header|main|footer|body)\b)", "\n", page)


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
    assert page.index('id="risks"') < page.index('id="findings"') < page.index('id="buckets"') < page.index('id="changes"')


def test_the_same_on_many_buckets_is_told_once() -> None:
    page = render(PAGES["a-fleet"]())
    read = Structure(page)
    assert page.count("<article") == 1
    assert page.count("<figure") == 1
    assert "acme-00 and 29 more buckets" in read.text
    assert read.text.count("old versions are not kept") == 1
    assert sum(element.endswith("/tbody/tr data-is") for element in read.elements) == 40


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_changes, "MOST", 1)
    page = render(Review(document(plan(lake("acme-a", 7)), plan(lake("acme-b", 8)), plan(lake("acme-c", 9)))))
    assert page.count("<article") == 1
    assert "2 more changes can be read with" in page
    assert set(Structure(page).values("href")) >= {"#change-1"}
    assert "#change-2" not in page


# ── strings ──────────────────────────────────────────────────────────────────────────────────────────


def hostile(value: Any, text: str, name: str = "") -> Any:
    """Plain data with the text at the end of each string that somebody may have chosen."""
    if isinstance(value, Mapping):
        return {key: item if key in KEPT else hostile(item, text, key) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, text, name) for item in value]
    return value + text if isinstance(value, str) else value


def hostile_page(text: str) -> str:
    """A page of a plan in which names, tags, messages, places and commands all end with the text."""
    spec = "{name: acme-lake, tags: {Owner: %s, Gone: %s}, lifecycle: {rules: [{id: r, expiration: {days: %s}}]}}"
    planned = document(plan(spec % ("new", "0", 7), spec % ("old", "1", 9)), targets=("acme-lake",))
    verdicts = found("VER-01", waiver={"reason": "r", "owner": "o", "expires": "e"}), found("ENC-01", place=None)
    planned = with_verdicts(planned, *verdicts)
    planned["needs"] = [{"kind": "consent", "about": "acme-lake", "why": "why", "flag": "--allow"}]
    planned["buckets"][0]["blockers"] = [{"aspect": "policy", "why": "denied", "remedy": "allow"}]
    calls = [change["calls"] for change in planned["buckets"][0]["changes"]]
    changed = hostile(planned, text)
    for change, called in zip(changed["buckets"][0]["changes"], calls, strict=True):
        change["calls"] = called
    changed |= {"summary": planned["summary"]}
    changed["buckets"][0]["action"] = planned["buckets"][0]["action"]
    about = About(*(f"x{text}" for _ in range(1)), head=text, base=text, run_url=text, next_command=text, told=(text,))
    return render(Review(changed, tuple(problem._replace(message=text, help=text) for problem in invalid_specs().problems), about))
