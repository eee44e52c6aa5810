"""The server process of the sandbox: moto behind FaithfulS3, on a port of this machine only.

Started by `reconciler.sandbox.process`, never imported by it: importing moto takes most of a second.
Everything is in memory; when the process ends, so do the buckets.
"""

import argparse
import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import NoReturn
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import BaseWSGIServer, make_server

from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, ask

LOOPBACK = "127.0.0.1"
HEALTH = "/_reconcile/health"
RESET = "/_reconcile/reset"


class Moto:
    """moto's S3, and its STS for ``POST /``.

    moto has a dispatcher of its own. It serves every AWS service, guesses which one from an unsigned path (a
    bucket called ``my_bucket`` would be the service ``my``) and keeps ``/moto-api…`` to itself, which is a
    fine name for a bucket. Two services need no guessing.
    """

    def __init__(self) -> None:
        self._s3: WSGIApplication = create_backend_app("s3")

    @cached_property
    def _sts(self) -> WSGIApplication:
        """Made when somebody asks, which saves the start a tenth of its time."""
        app: WSGIApplication = create_backend_app("sts")
        return app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        is_sts = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/"
        return (self._sts if is_sts else self._s3)(environ, start_response)

    def reset(self) -> None:
        """Forget all buckets."""
        for account in s3_backends.values():
            account.reset()
        s3_backends.bucket_accounts.clear()


class WithControls:
    """Two paths of our own, which no bucket can be called: is it you, and forget everything.

    Neither waits for a request that S3 is busy with. Whoever asks for a reset must know the token; the health
    answer only proves that the server knows it, so that a stranger on a recycled port is never taken for it.
    """

    def __init__(self, app: WSGIApplication, token: str, reset: Callable[[], None]) -> None:
        self._app = app
        self._token = token
        self._reset = reset

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if asked == ("GET", HEALTH):
            return self._healthy().send(start_response, head=False)
        if asked == ("POST", RESET):
            return self._try_reset(environ).send(start_response, head=False)
        return self._app(environ, start_response)

    def _healthy(self) -> Answer:
        proof = {"fingerprint": hashlib.sha256(self._token.encode()).hexdigest(), "pid": os.getpid()}
        return Answer(HTTPStatus.OK, {"content-type": "application/json"}, json.dumps(proof).encode())

    def _try_reset(self, environ: WSGIEnvironment) -> Answer:
        if not hmac.compare_digest(environ.get("HTTP_X_RECONCILE_TOKEN", ""), self._token):
            return Answer(HTTPStatus.FORBIDDEN)
        self._reset()
        return Answer(HTTPStatus.NO_CONTENT)


class KeepAliveHandler(MotoRequestHandler):
    """HTTP/1.1 with connections that stay open, and silence.

    werkzeug closes the connection after every answer because an application may leave part of a body unread.
    Ours never does and always knows the length of its answer, so one connection can carry a whole plan.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        answer = ask(self.server.app, self.make_environ())
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing about requests that were served."""


def serve(app: WSGIApplication, port: int = 0) -> BaseWSGIServer:
    """A server on loopback that is listening already; port 0 is any free one."""
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=KeepAliveHandler)


def endpoint_of(server: BaseWSGIServer) -> str:
    """The address a client uses."""
    return f"http://{LOOPBACK}:{server.server_port}"


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM; `--state-file` tells others where and who we are."""
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state-file", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    signal.signal(signal.SIGTERM, _leave)

    moto = Moto()
    layer = FaithfulS3(moto)
    token = secrets.token_urlsafe(32)
    server = serve(WithControls(layer, token, lambda: layer.reset(moto.reset)), options.port)
    state = {
        "endpoint_url": endpoint_of(server),
        "pid": os.getpid(),
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "token": token,
    }
    _write_privately(options.state_file, json.dumps(state))
    try:
        server.serve_forever()
    finally:
        server.server_close()
        _remove_if_ours(options.state_file, token)


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _write_privately(path: Path, text: str) -> None:
    """Write all of it or nothing, for its owner only: whoever reads the token may empty the sandbox."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _remove_if_ours(path: Path, token: str) -> None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        if json.loads(path.read_text())["token"] == token:
            path.unlink()


if __name__ == "__main__":
    main()
