"""Real `reconcile` processes that start fast: forked from one that has everything loaded, and killed like any other.

`python -m tests.s3.killed` is that one: a line of JSON says which command in which folder; it answers with the pid of
the new process, and, when that has ended, with how.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "TERM": "dumb",
}

SOON = 1
"""Seconds in which a write is visible: on this machine at once. Nobody waits a minute for what somebody else has
changed since."""


class Nursery:
    """Starts processes from one that is warm. One after the other."""

    def __init__(self) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.s3.killed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env=kept | ENVIRONMENT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.close()
        self.parent.wait(30)
        self.parent.stdout.close()

    def start(self, folder: Path, *words: str) -> "Child":
        """Begin a command in a folder; what it says goes to `out` there."""
        assert self.parent.stdin is not None
        self.parent.stdin.write(json.dumps([str(folder), words]) + "\n")
        self.parent.stdin.flush()
        return Child(self, int(self.line()), folder / "out")

    def line(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline()


class Child:
    """One process."""

    def __init__(self, nursery: Nursery, pid: int, out: Path) -> None:
        self.nursery = nursery
        self.pid = pid
        self.out = out

    def ends(self) -> tuple[int, str]:
        """Its exit code, negative for a signal, and what it has said."""
        return int(self.nursery.line()), self.out.read_text()


def load_everything() -> None:
    """What every process would load, and S3's model, which takes half a second to read."""
    import botocore.session

    botocore.session.create_loader = cache(botocore.session.create_loader)
    for name in ("cli.main", "journal.writing", "reports.outcomes", "reports.runs", "s3.executor", "s3.lock"):
        import_module(f"reconciler.{name}")
    from reconciler.bucket import BucketSpec
    from reconciler.s3.clients import Clients

    for kind in BucketSpec.aspects().values():
        kind.api = kind.api._replace(visible_within=SOON)
    clients = Clients(region="us-east-1", endpoint_url="http://127.0.0.1:9")
    clients.s3(None)
    clients._session.client("sts", endpoint_url="http://127.0.0.1:9")
    clients.close()


def grow_up(folder: str, words: Sequence[str]) -> None:
    """Be a process of one's own."""
    from reconciler.cli.main import main

    os.chdir(folder)
    out = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def serve() -> None:
    """Fork for every line."""
    load_everything()
    for line in sys.stdin:
        order: Any = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                grow_up(*order)
            finally:
                os._exit(99)
        say(pid)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    serve()
