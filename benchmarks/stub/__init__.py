"""The stub S3: built by gcc when it is asked for, and run as a process of its own. README.md says what it can do."""

import hashlib
import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / ".bench"
"""Where the program is kept, under a name that says of which source it is."""
FLAGS = ("-O2", "-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra")


class NoCompilerError(Exception):
    """There is no C compiler on this machine."""


def compiler() -> str | None:
    """The C compiler; the stub needs Linux besides, for epoll."""
    return shutil.which("gcc") or shutil.which("cc")


def build() -> Path:
    """The program; compiled if nobody has, safe when several do so at once."""
    sources = sorted([*HERE.glob("*.c"), *HERE.glob("*.h")])
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    program = BUILT / f"stub-{digest}"
    if not program.exists():
        found = compiler()
        if found is None:
            raise NoCompilerError("the stub S3 is built by gcc, and there is none")
        BUILT.mkdir(exist_ok=True)
        unfinished = program.with_suffix(f".{os.getpid()}")
        units = [str(source) for source in sources if source.suffix == ".c"]
        subprocess.run([found, *FLAGS, "-o", str(unfinished), *units, "-lm"], check=True)
        unfinished.replace(program)
    return program


class Stub:
    """A stub that runs until its `with` ends, or until this process does."""

    def __init__(self, **settings: float) -> None:
        given = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [build(), "--until-eof", *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        where = urlsplit(self.url)
        assert where.hostname, "the stub did not start"
        assert where.port, "the stub did not start"
        self.host, self.port = where.hostname, where.port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close its standard input, which ends it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """A connection for plain calls, unsigned."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            yield connection
        finally:
            connection.close()

    def ask(self, method: str, path: str) -> dict[str, Any]:
        """One question to the stub itself."""
        with self.connection() as connection:
            connection.request(method, f"/_stub/{path}")
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(f"the stub does not take {method} {path}")
        return said

    def settings(self, **changed: float | str) -> dict[str, Any]:
        """Change settings; what they are now."""
        return self.ask("POST", f"settings?{urlencode(changed)}")

    def counts(self) -> dict[str, Any]:
        """Calls by operation, answers by status, and more, since the last reset."""
        return self.ask("GET", "counts")

    def reset(self, what: str = "all") -> dict[str, Any]:
        """Forget `counts`, `buckets` or all."""
        return self.ask("POST", f"reset?what={what}")

    def environment(self) -> dict[str, str]:
        """What any AWS tool needs to ask this stub, and nothing of this machine's own configuration."""
        foreign = ("AWS_", "RECONCILE_", "COV", "PYTHONDONTWRITEBYTECODE")  # it would compile at every start
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return kept | {
            "AWS_ACCESS_KEY_ID": "AKIA111122223333STUB",
            "AWS_SECRET_ACCESS_KEY": "stub",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
