"""Real processes: pipes that break, terminals, seeds, signals, a sandbox that is started."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run_from_command_line
from reconciler.sandbox.process import stop
from tests.cli.conftest import SECRET, SESSION_TOKEN, SPEC, Recording, Run, denied, waived

COMMAND = [sys.executable, "-m", "reconciler.cli.main"]


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=os.environ | environment
    )


@pytest.fixture
def at_endpoint(endpoint: str, spec: Path) -> list[str]:
    statement = "{Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::${bucket}/*'}"
    spec.write_text(SPEC + f"    policy: {{Statement: [{statement}]}}\n" + waived("POL-01"))
    return ["--endpoint-url", endpoint]


def test_identical_input_gives_identical_output(at_endpoint: list[str]) -> None:
    for words in (["plan", "--format", "json"], ["plan"]):
        first, second = (command(*words, *at_endpoint, PYTHONHASHSEED=seed) for seed in ("1", "4711"))
        assert first.returncode == second.returncode == 0
        assert first.stdout == second.stdout != ""
        assert first.stderr == second.stderr


def test_debug_shows_requests_and_no_secret(at_endpoint: list[str]) -> None:
    ended = command("plan", "--debug", *at_endpoint)
    assert f"botocore.endpoint: GET {at_endpoint[1]}/?max-buckets=10000&prefix=acme-lake\n" in ended.stderr
    for word in (SECRET, SESSION_TOKEN, "Authorization", "Signature", "AWS4-HMAC", "Security-Token"):
        assert word not in ended.stderr + ended.stdout


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), (["schema"], 141)])
def test_whoever_stops_reading_hears_nothing_of_it(words: list[str], code: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert ended.stderr == ""
    assert ended.returncode == code, "argparse itself keeps quiet about help that nobody reads"


FULL = "/dev/full"


@pytest.mark.skipif(not Path(FULL).exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["plan"], 1),
        (["plan", "--format", "json"], 1),
        (["plan", "nowhere.yaml", "--format", "json"], 1),
        (["apply", "--auto-approve"], 1),  # what cannot be shown is not applied
        (["apply", "--auto-approve", "--format", "json"], 0),
        (["schema"], 1),
        (["explain", "RCL9003"], 1),
        (["validate", "--report", "sarif=-"], 1),
    ],
    ids=str,
)
def test_a_full_disk_is_told_and_undoes_nothing(at_endpoint: list[str], words: list[str], code: int) -> None:
    where = at_endpoint if words[0] in ("plan", "apply") else []
    with Path(FULL).open("w") as full:
        ended = subprocess.run(
            [*COMMAND, *words, *where], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True
        )
        assert (ended.returncode, "No space left on device" in ended.stderr) == (code, True), ended.stderr
        assert "Traceback" not in ended.stderr
        assert "RCL9999" not in ended.stderr
        silent = subprocess.run([*COMMAND, *words, *where], stdin=subprocess.DEVNULL, stdout=full, stderr=full)
        assert silent.returncode == code


@pytest.mark.skipif(not Path(FULL).exists(), reason="no device that is always full")
def test_what_cannot_be_said_on_the_way_stops_nothing(at_endpoint: list[str]) -> None:
    with Path(FULL).open("w") as full:
        ended = subprocess.run(
            [*COMMAND, "apply", "--auto-approve", *at_endpoint], stdout=subprocess.PIPE, stderr=full, text=True
        )
    assert ended.returncode == 0
    assert "each read back and found true" in ended.stdout


def test_the_entry_point_ends_the_process(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["reconcile", "--version"])
    with pytest.raises(SystemExit) as end:
        run_from_command_line()
    assert end.value.code == 0

    def breaks(_: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("reconciler.cli.main.make_parser", breaks)
    monkeypatch.setattr("os.dup2", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        run_from_command_line()
    assert end.value.code == 141
    assert capfd.readouterr().err == ""


def test_a_plan_into_head_is_quiet(at_endpoint: list[str]) -> None:
    line = " ".join([*COMMAND, "plan", "--quiet", *at_endpoint])
    ended = subprocess.run(["sh", "-c", f"{line} | head -1"], capture_output=True, text=True)
    assert ended.stdout.startswith("Plan for 1 bucket in specs")
    assert ended.stderr == ""


def test_with_closed_streams(spec: Path) -> None:
    for closed in ("<&- 2>&-", ">&-"):
        ended = subprocess.run(["sh", "-c", f"{' '.join(COMMAND)} validate {closed}"], capture_output=True, text=True)
        assert ended.returncode == 0
        assert ended.stderr == ""


def test_a_terminal_that_knows_only_ascii(spec: Path) -> None:
    ended = command("validate", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ended.stdout == "ok 1 bucket in 1 file: in order\n"


# ── at a terminal ────────────────────────────────────────────────────────────────────────────────────


class Person:
    """Somebody at a terminal."""

    def __init__(self, words: list[str], **environment: str) -> None:
        self.screen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [*COMMAND, *words], os.environ | environment)  # pragma: no cover

    def reads(self, text: str) -> None:
        """Wait until this is on the screen."""
        deadline = time.monotonic() + 30
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            if not self._look():
                break
        assert text in self.screen, self.screen

    def types(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def leaves(self) -> int:
        """Read on to the end; the exit code."""
        while self._look():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _look(self) -> bool:
        if not select.select([self.terminal], [], [], 30)[0]:
            return False
        try:
            read = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.screen += read.decode().replace("\r\n", "\n")
        return bool(read)


@pytest.mark.parametrize(("typed", "code"), [("yes\n", 0), ("y\n", 3), ("\x04", 3), ("\x03", 130)])
def test_a_person_is_asked(at_endpoint: list[str], server: Recording, typed: str, code: int) -> None:
    person = Person(["apply", *at_endpoint], COLUMNS="60")
    person.reads("Only `yes` is a yes: ")
    person.types(typed)
    assert person.leaves() == code
    assert bool(server.writes) == (code == 0)
    assert ("nothing was written" in person.screen) == (code != 0)
    assert "\x1b[1m" in person.screen
    plain = re.sub("\x1b\\[[0-9;]*m", "", person.screen)
    shown = [line for line in plain.splitlines() if line.startswith("    ")]
    assert shown
    assert max(map(len, shown)) <= 60


def test_an_apply_that_is_interrupted_finishes_what_it_is_doing(at_endpoint: list[str], server: Recording) -> None:
    def slowly(method: str, path: str) -> bytes | None:
        if method == "PUT" and "tagging" not in path:
            time.sleep(0.5)
        return None

    server.instead = slowly
    running = subprocess.Popen(
        [*COMMAND, "apply", "--auto-approve", *at_endpoint], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 20
    while not server.writes and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Interrupted: the calls that were under way were finished, no other was begun." in out
    assert "Traceback" not in err
    assert "bucket" in out


# ── the sandbox ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sandbox_of_ones_own(spec: Path) -> Iterator[None]:
    yield
    stop()


@pytest.mark.usefixtures("sandbox_of_ones_own")
def test_the_sandbox_from_beginning_to_end(spec: Path) -> None:
    planned = command("plan", "--sandbox", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    assert planned.stdout.startswith(" SANDBOX ")
    assert command("apply", "--auto-approve", RECONCILE_SANDBOX="1").returncode == 0
    assert "listens at http://127.0.0.1:" in command("sandbox", "status").stdout
    assert "is empty" in command("sandbox", "reset").stdout
    assert command("plan", "--sandbox", "--detailed-exitcode").returncode == 2
    assert command("sandbox", "stop").stdout == "The sandbox has stopped.\n"


def test_a_refused_read_in_a_real_process(at_endpoint: list[str], server: Recording, reconcile: Run) -> None:
    assert reconcile("apply", "--auto-approve").code == 0
    server.instead = lambda _, path: denied() if "policy" in path else None
    ended = command("plan", *at_endpoint)
    assert ended.returncode == 1
    assert "allow s3:GetBucketPolicy for these credentials" in ended.stdout
