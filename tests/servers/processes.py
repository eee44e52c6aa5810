"""What all launchers share: an environment of its own, a process on loopback, and waiting until it answers.

A launcher is a context manager that installs its server under `.servers/` (once), starts it on a free port of
127.0.0.1 with an environment in which nothing of this machine's AWS configuration is left, and stops it.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".servers"
"""Everything that is downloaded, installed or written by a server; git-ignored, removed by `make clean`."""
INSTALLING = 600
STARTING = 120
STOPPING = 20
"""Seconds."""


class NotHereError(Exception):
    """Why a server cannot be installed or started on this machine."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    endpoint: str
    access_key: str = "testing"
    secret_key: str = "testing"


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def plain_environment(home: Path, **more: str) -> dict[str, str]:
    """What a server may know of this machine: where programs are."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8", **more}


def done(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a command prints. Raises `NotHereError` with its last words where it fails."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALLING, env=env, cwd=cwd)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHereError(f"{Path(command[0]).name}: {error}") from error
    if ended.returncode:
        last = (ended.stderr or ended.stdout).strip().splitlines()[-3:]
        raise NotHereError(f"{Path(command[0]).name} {command[1]}: {' / '.join(last)}")
    return ended.stdout


def python_311() -> str:
    """A Python 3.11: what the servers' pinned packages are made for."""
    if sys.version.startswith("3.11."):
        return sys.executable
    found = shutil.which("python3.11")
    if found is None:
        raise NotHereError("there is no python3.11 on this machine")
    return found


def installed(name: str, requirement: str) -> Path:
    """The `bin` of an environment that holds this requirement, as constraints/<name>.txt pins it."""
    constraints = ROOT / "constraints" / f"{name}.txt"
    home = CACHE / name / "venv"
    mark, wanted = home / "installed", f"{requirement}\n{constraints.read_text()}"
    with one_at_a_time(CACHE / name):
        if mark.exists() and mark.read_text() == wanted:
            return home / "bin"
        shutil.rmtree(home, ignore_errors=True)
        done(python_311(), "-m", "venv", home)
        pip = (home / "bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet")
        done(*pip, "install", "--constraint", constraints, requirement)
        mark.write_text(wanted)
    return home / "bin"


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Have the workers of one test run wait for each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def started(command: list[str | Path], log: Path, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process as long as the block lasts."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=log.parent)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(endpoint: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ask until somebody answers, be it with an error. Raises `NotHereError` for a server that ends or is silent."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + STARTING
    while time.monotonic() < until and process.poll() is None:
        try:
            opener.open(endpoint, timeout=15).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            if answer.code < 500:
                return
        except OSError:
            time.sleep(0.1)
        else:
            return
    last = log.read_text(errors="replace").strip().splitlines()[-5:]
    raise NotHereError(f"it does not answer at {endpoint}: {' / '.join(last)}")


def fresh(folder: Path) -> Path:
    """An empty folder for what is installed or written."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@contextmanager
def run_folder(name: str) -> Iterator[Path]:
    """A folder for what this run of a server writes, gone with it; several may run side by side."""
    folder = fresh(CACHE / name / f"run-{os.getpid()}")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
