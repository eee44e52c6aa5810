"""The door to the sandbox: starting, finding, resetting and stopping its process."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler.errors import SandboxError
from reconciler.sandbox import process


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "sandbox"
    monkeypatch.setenv("RECONCILE_SANDBOX_DIR", str(folder))
    yield folder
    monkeypatch.setenv("RECONCILE_SANDBOX_DIR", str(folder))
    if folder.is_dir():
        folder.chmod(0o700)
    process.stop()


def write_state(folder: Path, **changes: Any) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = {"endpoint_url": "http://127.0.0.1:1", "pid": 2**22, "started_at": "", "token": "t", **changes}
    (folder / "state.json").write_text(json.dumps(state))


def bucket_names(sandbox: process.Sandbox, *, create: str = "") -> list[str]:
    s3 = boto3.session.Session().client(
        "s3",
        endpoint_url=sandbox.endpoint_url,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    try:
        if create:
            s3.create_bucket(Bucket=create)
        return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    finally:
        s3.close()


def test_the_life_of_a_sandbox(folder: Path) -> None:
    assert process.status() is None
    sandbox = process.ensure_running()
    assert process.ensure_running() == sandbox == process.status()
    assert sandbox.endpoint_url.startswith("http://127.0.0.1:")
    assert sandbox.token not in repr(sandbox)

    assert bucket_names(sandbox, create="lake") == ["lake"]
    process.reset()
    assert process.status() == sandbox
    assert bucket_names(sandbox) == []

    assert process.stop() is True
    assert process.status() is None
    assert process.stop() is False
    assert (folder / "server.log").read_text() == ""


def test_its_files_are_private(folder: Path) -> None:
    process.ensure_running()
    modes = {path.name: path.stat().st_mode & 0o077 for path in (folder, folder / "state.json")}
    assert set(modes.values()) == {0}


def test_nothing_to_stop_or_reset(folder: Path) -> None:
    process.reset()
    assert process.stop() is False
    assert not folder.exists()


def test_starting_at_the_same_moment_gives_one_server(folder: Path) -> None:
    start = "from reconciler.sandbox import process; print(process.ensure_running().pid)"
    command = [sys.executable, "-c", start]
    with ThreadPoolExecutor(3) as pool:
        pids = set(pool.map(lambda _: subprocess.check_output(command, text=True), range(3)))
    sandbox = process.status()
    assert sandbox is not None
    assert pids == {f"{sandbox.pid}\n"}


def test_it_outlives_the_command_that_started_it() -> None:
    start = "from reconciler.sandbox import process; process.ensure_running()"
    subprocess.run([sys.executable, "-c", start], check=True)
    sandbox = process.status()
    assert sandbox is not None
    assert os.getsid(sandbox.pid) == sandbox.pid


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", "{}", '{"pid": 1}', '{"endpoint_url": 3}'], ids=lambda c: c or "empty"
)
def test_a_broken_state_file_is_no_sandbox(folder: Path, content: str) -> None:
    write_state(folder)
    (folder / "state.json").write_text(content)
    assert process.status() is None


def test_a_stale_state_file_is_replaced(folder: Path) -> None:
    write_state(folder)
    assert process.status() is None
    assert process.ensure_running() == process.status()


class Stranger(BaseHTTPRequestHandler):
    """Somebody else, who answers 200 to everything and must never be stopped."""

    body = b'{"fingerprint": "0"}'

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize("body", [b'{"fingerprint": "0"}', b"<html>", b"[]", b"3"])
def test_a_stranger_on_the_port_is_not_ours(folder: Path, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stranger, "body", body)
    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        write_state(folder, endpoint_url=f"http://127.0.0.1:{stranger.server_port}", pid=os.getpid())
        try:
            assert process.status() is None
            assert process.stop() is False
        finally:
            stranger.shutdown()
            thread.join()


def test_without_the_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NEEDED", ("no_such_module",))
    with pytest.raises(SandboxError) as refused:
        process.ensure_running()
    assert refused.value.remedy == "pip install 'reconcile-s3[sandbox]'"


def test_a_server_that_ends_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_environment", lambda: {"PYTHONHOME": "/nowhere"})
    with pytest.raises(SandboxError, match="ended as it started") as refused:
        process.ensure_running()
    assert refused.value.remedy == f"see {folder / 'server.log'}"


def test_a_server_that_is_never_ready(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LONGEST_START", 0.05)
    with pytest.raises(SandboxError, match="not ready") as refused:
        process.ensure_running()
    assert refused.value.remedy == f"see {folder / 'server.log'}"


def test_a_folder_that_others_can_write_in(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)
    with pytest.raises(SandboxError, match="others can write") as refused:
        process.ensure_running()
    assert "chmod 700" in str(refused.value.remedy)


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECONCILE_SANDBOX_DIR", str(tmp_path / "file" / "sandbox"))
    with pytest.raises(SandboxError, match="cannot keep its state"):
        process.ensure_running()


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"RECONCILE_SANDBOX_DIR": "/a"}, "/a"),
        ({"XDG_STATE_HOME": "/b"}, "/b/reconcile/sandbox"),
        ({"HOME": "/c"}, "/c/.local/state/reconcile/sandbox"),
    ],
)
def test_where_the_state_is(environment: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RECONCILE_SANDBOX_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(process._folder()) == place


def test_the_environment_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("https_proxy", "http://proxy")
    assert not {"MOTO_ACCOUNT_ID", "AWS_PROFILE", "https_proxy"} & set(process._environment())


def test_the_door_imports_none_of_the_libraries() -> None:
    heavy = "{'moto', 'flask', 'werkzeug', 'boto3', 'botocore'}"
    code = f"import sys, reconciler.sandbox.process; print({heavy} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_a_sandbox_that_is_running_is_found_at_once() -> None:
    process.ensure_running()
    begun = time.monotonic()
    process.ensure_running()
    assert time.monotonic() - begun < 0.5
