"""A real browser without a window, asked over its pipe (Chrome DevTools Protocol): no port, no network, no library."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
AT_3_AND_4 = """
import os, sys
from fcntl import F_DUPFD, fcntl
asks, answers = (fcntl(int(pipe), F_DUPFD, 10) for pipe in sys.argv[1:3])
os.dup2(asks, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads commands at 3 and writes answers at 4, whatever numbers the pipes have here."""


class Page:
    """One page, and all that was heard of it."""

    def __init__(self, asks: int, answers: int) -> None:
        self.asks, self.answers = asks, os.fdopen(answers, "rb")
        self.number, self.waiting = 0, b""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    session: str | None = None

    def ask(self, method: str, **params: Any) -> Any:
        """One command, and its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.asks, json.dumps(message).encode() + b"\0")
        while True:
            heard = self.hear()
            if heard.get("id") == self.number:
                assert "error" not in heard, heard["error"]
                return heard["result"]

    def hear(self) -> dict[str, Any]:
        """The next message; an event is kept."""
        while b"\0" not in self.waiting:
            part = self.answers.read1(1 << 16)
            assert part, "Chromium has ended"
            self.waiting += part
        message, _, self.waiting = self.waiting.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        if "method" in heard:
            self.events.append(heard)
        return heard

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is there."""
        self.events = []
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.hear()

    def run(self, script: str) -> Any:
        """What a script says."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def heard(self, *methods: str) -> list[dict[str, Any]]:
        """The events of these kinds since the page was opened."""
        self.run("0")
        return [event["params"] for event in self.events if event["method"] in methods]


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own, ended at the end."""
    assert CHROMIUM is not None
    to_browser, asks = os.pipe()
    answers, from_browser = os.pipe()
    command = [sys.executable, "-c", AT_3_AND_4, str(to_browser), str(from_browser), CHROMIUM, *QUIET]
    with subprocess.Popen(
        [*command, f"--user-data-dir={folder}"], pass_fds=(to_browser, from_browser), stderr=subprocess.DEVNULL
    ) as browser:
        os.close(to_browser)
        os.close(from_browser)
        page = Page(asks, answers)
        try:
            yield page
        finally:
            page.session = None
            page.ask("Browser.close")
            os.close(asks)
            page.answers.close()
            browser.wait(20)
