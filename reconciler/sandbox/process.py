"""Start, find, reset and stop the sandbox: one server per user, which lives on between commands.

This is the only door to the sandbox. It imports neither moto nor flask nor boto3, so that asking for the
sandbox costs a command next to nothing while the server runs.

The server writes a state file when it is ready. What the file says is believed only if whoever answers at
that address proves to know the token in it: a port or a process id may belong to somebody else by now.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import reconciler
from reconciler.errors import SandboxError

LONGEST_START = 30.0
LONGEST_STOP = 5.0
LONGEST_ANSWER = 5.0
POLL = 0.01
NEEDED = ("moto", "flask", "flask_cors")
"""The modules of the ``[sandbox]`` extra."""
NOT_FOR_THE_SERVER = (
    "AWS_",
    "MOTO_",
    "S3_",
    "TEST_",
    "INITIAL_NO_AUTH_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)
"""Environment variables that would change how moto behaves, or that are none of its business."""

_children: dict[int, subprocess.Popen[bytes]] = {}
"""The servers this very process has started, so that it can collect them when they end."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox. `token` lets us reset it; it is nobody else's business."""

    endpoint_url: str
    pid: int
    started_at: str
    token: str = field(repr=False)


def ensure_running() -> Sandbox:
    """The sandbox, started now unless it is running. Commands that start together get the same one."""
    folder = _folder()
    _make(folder)
    _refuse_unless_private(folder)
    with _alone_in(folder):
        return _find(folder) or _start(folder)


def status() -> Sandbox | None:
    """The sandbox if it is running."""
    folder = _folder()
    if not folder.is_dir():
        return None
    _refuse_unless_private(folder)
    return _find(folder)


def stop() -> bool:
    """Stop the sandbox; its buckets are gone. Says whether there was one."""
    if status() is None:
        return False
    folder = _folder()
    with _alone_in(folder):
        sandbox = _find(folder)
        if sandbox is None:
            return False
        _end(sandbox, folder)
        _state_file(folder).unlink(missing_ok=True)
        return True


def reset() -> None:
    """Empty the sandbox, which keeps running at the same address. Nothing to do if it is not running."""
    sandbox = status()
    if sandbox is None:
        return
    try:
        answered, _ = _talk(sandbox.endpoint_url, "POST", "/_reconcile/reset", sandbox.token)
    except (OSError, HTTPException) as error:
        raise SandboxError(f"the sandbox did not answer: {error}", remedy=_look_at(_folder())) from error
    if answered != HTTPStatus.NO_CONTENT:
        raise SandboxError(f"the sandbox refused to be reset: HTTP {answered}", remedy=_look_at(_folder()))


def _folder() -> Path:
    chosen = os.environ.get("RECONCILE_SANDBOX_DIR")
    if chosen:
        return Path(chosen).absolute()
    state_home = os.environ.get("XDG_STATE_HOME")
    return (Path(state_home) if state_home else Path.home() / ".local" / "state") / "reconcile" / "sandbox"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(
            f"the sandbox cannot keep its state in {folder}: {error.strerror}",
            remedy="set RECONCILE_SANDBOX_DIR to a folder of yours",
        ) from error


def _refuse_unless_private(folder: Path) -> None:
    """The folder says whom to trust, so nobody else may write in it."""
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise SandboxError(
            f"others can write in {folder}, where the sandbox keeps its state",
            remedy=f"chmod 700 {folder}, or set RECONCILE_SANDBOX_DIR to a folder of yours",
        )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait for other commands that are starting or stopping the sandbox."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _find(folder: Path) -> Sandbox | None:
    """The sandbox of the state file, if it is still the one that answers there."""
    try:
        sandbox = Sandbox(**json.loads(_state_file(folder).read_text()))
        answered, body = _talk(sandbox.endpoint_url, "GET", "/_reconcile/health")
        fingerprint = json.loads(body)["fingerprint"] if answered == HTTPStatus.OK else None
    except (OSError, HTTPException, ValueError, TypeError, KeyError):
        return None
    return sandbox if fingerprint == hashlib.sha256(sandbox.token.encode()).hexdigest() else None


def _talk(endpoint_url: str, method: str, path: str, token: str = "") -> tuple[int, bytes]:
    address = urlsplit(endpoint_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=LONGEST_ANSWER)
    try:
        connection.request(method, path, headers={"x-reconcile-token": token} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _start(folder: Path) -> Sandbox:
    _refuse_without_the_extra()
    _state_file(folder).unlink(missing_ok=True)
    command = [sys.executable, "-m", "reconciler.sandbox.server", "--state-file", str(_state_file(folder))]
    with os.fdopen(os.open(_log(folder), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        server = subprocess.Popen(  # noqa: S603 - our own module, in this interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env=_environment(),
        )
    _children[server.pid] = server
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if _state_file(folder).exists() and (sandbox := _find(folder)):
            return sandbox
        if server.poll() is not None:
            raise SandboxError(f"the sandbox ended as it started: {_last_line(folder)}", remedy=_look_at(folder))
        time.sleep(POLL)
    server.kill()
    _collect(server.pid)
    raise SandboxError(f"the sandbox was not ready after {LONGEST_START:.0f} seconds", remedy=_look_at(folder))


def _refuse_without_the_extra() -> None:
    missing = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise SandboxError(
            f"the sandbox is not installed: there is no {', '.join(missing)}",
            remedy="pip install 'reconcile-s3[sandbox]'",
        )


def _environment() -> dict[str, str]:
    """Ours, without what is not for the server, and with the place this package was loaded from."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith(NOT_FOR_THE_SERVER)}
    here = str(Path(reconciler.__file__).parents[1])
    path = os.pathsep.join(filter(None, (here, ours.get("PYTHONPATH"))))
    return {**ours, "PYTHONPATH": path, "MOTO_DISABLE_GLOBAL_CORS": "true"}


def _end(sandbox: Sandbox, folder: Path) -> None:
    """Ask it to leave, and insist. It has left when it no longer answers; its pid may linger as a zombie."""
    for demand in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(sandbox.pid, demand)
        deadline = time.monotonic() + LONGEST_STOP
        while time.monotonic() < deadline:
            if _find(folder) is None:
                _collect(sandbox.pid)
                return
            time.sleep(POLL)
    raise SandboxError(f"the sandbox, process {sandbox.pid}, does not end", remedy=f"kill -9 {sandbox.pid}")


def _collect(pid: int) -> None:
    child = _children.pop(pid, None)
    if child is not None:
        child.wait(LONGEST_STOP)


def _last_line(folder: Path) -> str:
    lines = _log(folder).read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _look_at(folder: Path) -> str:
    return f"see {_log(folder)}"


def _state_file(folder: Path) -> Path:
    return folder / "state.json"


def _log(folder: Path) -> Path:
    return folder / "server.log"
