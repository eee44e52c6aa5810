"""What people see of a run while it goes on, and what it took in the end."""

import io
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.cli.console import Console
from reconciler.cli.progress import HIDE, Progress, in_words
from reconciler.meter import NOBODY
from reconciler.reports.stats import Stats, render_stats
from reconciler.reports.style import Style
from reconciler.s3.traffic import Traffic


class Terminal(io.StringIO):
    """A stream with a person behind it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """A time that only goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return Terminal()


def console(**said: Any) -> Console:
    return Console(Namespace(**said))


def test_the_line_says_how_far_it_has_come(terminal: Terminal) -> None:
    clock, traffic = Clock(), Traffic()
    progress = Progress(console(), terminal, clock)
    assert progress.line == "Loading specs …"
    traffic.sent("ListBuckets")
    with progress.over("Reading", 1200, traffic) as done:
        clock.now += 2
        for _ in range(14):
            traffic.sent("GetBucketTagging")
        assert progress.line == "Reading 0 of 1,200 buckets · 7 calls/s"
        for _ in range(300):
            done()
        assert progress.line == "Reading 300 of 1,200 buckets · 7 calls/s · 6 s left"
        traffic.repeated()
        assert progress.line == "Reading 300 of 1,200 buckets · 7 calls/s · 1 retry · 6 s left"
        traffic.repeated()
        assert "· 2 retries ·" in progress.line
    assert progress.line == "Reading …"
    with progress.over("Applying", 1, traffic):
        assert progress.line == "Applying 0 of 1 bucket · 2 retries"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (1.4, "1 s"), (59, "59 s"), (61, "1 min"), (3599, "60 min"), (5400, "1.5 h")]
)
def test_a_time_to_wait_is_as_coarse_as_it_is_certain(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_phases_add_up(terminal: Terminal) -> None:
    clock = Clock()
    progress = Progress(console(), terminal, clock)
    for phase, seconds in (("loading", 1.5), ("reading", 2), ("loading", 0.5)):
        clock.now += seconds
        progress.lap(phase)
    assert progress.phases == {"loading": 2, "reading": 2}


def test_the_line_is_gone_when_all_is_done_and_makes_way_for_others(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal)
    talking = console()
    progress = Progress(talking, terminal, Clock())
    with progress.shown():
        progress.draw()
        assert terminal.getvalue() == f"{HIDE}Loading specs …"
        talking.message("a message")
        assert terminal.getvalue() == f"{HIDE}Loading specs …{HIDE}a message\n"
        progress.draw()
    assert terminal.getvalue() == f"{HIDE}Loading specs …{HIDE}a message\n{HIDE}Loading specs …{HIDE}"
    assert talking.progress is None
    talking.message("another")
    assert terminal.getvalue().endswith(f"{HIDE}another\n")


def test_the_line_is_never_wider_than_the_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    progress = Progress(console(), terminal, Clock())
    with progress.over("Reading", 10_000, Traffic()):
        progress.draw()
    assert terminal.getvalue() == HIDE + "Reading 0 of 10,000"


def drawn_soon(progress: Progress, monkeypatch: pytest.MonkeyPatch, seen: Callable[[], str]) -> str:
    """What has been shown once the second tick has come; ticks take no time."""
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) > 2

    monkeypatch.setattr(progress._over, "wait", wait)
    progress._tick()
    return f"{seen()} after {waited}"


def test_it_is_drawn_within_half_a_second(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(console(), terminal, Clock())
    shown = drawn_soon(progress, monkeypatch, terminal.getvalue)
    assert shown == f"{HIDE}Loading specs …{HIDE}Loading specs … after [0.3, 0.2, 0.2]"


def test_without_a_terminal_there_is_a_plain_line_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(console())
    shown = drawn_soon(progress, monkeypatch, lambda: capsys.readouterr().err)
    assert shown == "Loading specs …\nLoading specs …\n after [10.0, 10.0, 10.0]"


@pytest.mark.parametrize("said", [{"quiet": True}, {"format": "json"}])
def test_who_wants_no_notices_gets_no_plain_lines(said: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    talking = console(**said)
    with Progress(talking).shown() as progress:
        assert talking.progress is None
        assert not progress.draws
        assert not progress.tells
    assert capsys.readouterr().err == ""


def test_a_terminal_that_cannot_draw_gets_plain_lines(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    progress = Progress(console(), terminal)
    assert (progress.draws, progress.tells) == (False, True)


def test_whoever_has_left_stops_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> int:
        raise BrokenPipeError

    progress = Progress(console(), terminal, Clock())
    monkeypatch.setattr(terminal, "write", gone)
    progress.draw()
    assert not progress.draws


def test_nobody_may_watch() -> None:
    NOBODY.lap("loading")
    with NOBODY.over("Reading", 3, Traffic()) as done:
        assert done() is None


def test_what_a_run_took() -> None:
    stats = Stats(200, {"ListBuckets": 1, "GetBucketTagging": 1400}, 1_500_000, 1, {"loading specs": 0.414}, 90 << 20)
    assert render_stats(stats, Style(unicode=False)).splitlines() == [
        "Statistics",
        "  1,401 calls, 7.0 for each bucket",
        "        1,400  GetBucketTagging",
        "            1  ListBuckets",
        "  1.4 MiB received, 1 retry",
        "  0.41 s in all",
        "         0.41  loading specs",
        "  90.0 MiB of memory at the most",
    ]
    nothing = render_stats(Stats(0, {}, 0, 0, {}, 0), Style())
    assert nothing.splitlines()[1:3] == ["  0 calls", "  0 B received, 0 retries"]
