"""The page as a browser shows it, offline. Without Chromium (Debian's package `chromium`) nothing of this is known."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.reports.html import render
from tests.hostile import ALL
from tests.reports.chromium import CHROMIUM, Page, chromium
from tests.reports.pages import PAGES
from tests.reports.test_html import BREAKING_OUT, hostile_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the HTML report is not tried in a browser")

SHOWN = "document.querySelectorAll('#rows > tbody > tr:not([hidden])').length"
CONTRASTS = Path(__file__).with_name("contrasts.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = {name: folder / f"{name}.html" for name in [*PAGES, "hostile"]}
    for name, make in PAGES.items():
        paths[name].write_text(render(make()), encoding="utf-8")
    paths["hostile"].write_text(hostile_page("".join([*ALL, *BREAKING_OUT])), encoding="utf-8")
    return paths


@pytest.mark.parametrize("name", [*PAGES, "hostile"])
def test_nothing_is_asked_for_and_nothing_goes_wrong(page: Page, files: dict[str, Path], name: str) -> None:
    page.open(files[name])
    asked = [event["request"]["url"] for event in page.heard("Network.requestWillBeSent")]
    assert asked == [files[name].as_uri()]
    assert page.heard("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled") == []
    assert page.run("document.querySelectorAll('h1').length") == 1
    assert page.run("document.compatMode") == "CSS1Compat"


def test_the_search_and_the_choice_narrow_the_table(page: Page, files: dict[str, Path]) -> None:
    page.open(files["a-fleet"])
    assert page.run(SHOWN) == 40
    page.run("search.focus()")
    page.ask("Input.insertText", text="ACME-1 lifecycle")
    assert (page.run(SHOWN), page.run("shown.value")) == (10, "10 of 40 shown")
    page.run("search.value = ''; kind.value = 'none'; kind.dispatchEvent(new Event('change'))")
    assert page.run(SHOWN) == 10
    page.run("kind.value = 'risky'; kind.dispatchEvent(new Event('change'))")
    assert page.run(SHOWN) == 30


def test_a_link_unfolds_what_it_leads_to(page: Page, files: dict[str, Path]) -> None:
    page.open(files["a-fleet"])
    page.run("document.querySelector('#change-1 > details').open = false")
    page.run("document.querySelector('#rows a').click(); new Promise((done) => setTimeout(done))")
    assert page.run("document.querySelector('#change-1 > details').open") is True


def test_without_scripts_all_is_there(page: Page, files: dict[str, Path]) -> None:
    page.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(files["a-fleet"])
        assert page.run(SHOWN) == 40
        assert page.run("document.getElementById('controls').checkVisibility()") is False
        assert page.run("document.querySelectorAll('article > details').length") == 1
        assert page.run("document.querySelector('.timeline svg').getBoundingClientRect().width > 300") is True
    finally:
        page.ask("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["everything-changes", "many-days", "hostile"])
def test_it_fits_a_telephone_and_can_be_read(page: Page, files: dict[str, Path], name: str, scheme: str) -> None:
    page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.ask("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=True)
    try:
        page.open(files[name])
        assert page.run("document.documentElement.scrollWidth") == 360
        assert page.run(CONTRASTS) == []
    finally:
        page.ask("Emulation.clearDeviceMetricsOverride")
        page.ask("Emulation.setEmulatedMedia", features=[])
