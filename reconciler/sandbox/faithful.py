"""FaithfulS3: a WSGI layer over moto that answers as AWS does.

The layer itself only reads the request, runs it through its behaviours one request at a time, and turns an
`S3Error` into its document. What is done, and why, is in `behaviours`.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from reconciler.sandbox.behaviours import AS_AWS_DOES, Behaviour
from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, S3Error, S3Request

log = logging.getLogger(__name__)

SANDBOX = {"x-reconcile-sandbox": "1"}
"""A header of every answer: this S3 is known by it, whatever address it is asked at."""


class FaithfulS3:
    """An S3 that behaves as AWS does, in front of one that does not quite.

    Requests are served strictly one after another. moto's backends are not safe to use from several threads,
    and a behaviour looks before it leaps (is there such a bucket? then create it), so its steps must not mix
    with those of another request. Nothing is lost: all of it is Python under one interpreter lock. Bodies are
    read and answers written outside the lock, so a slow client holds up nobody.
    """

    def __init__(self, app: WSGIApplication, behaviours: Sequence[Behaviour] = AS_AWS_DOES) -> None:
        self.app = app
        self.behaviours = tuple(behaviours)
        self.memory: Memory = {}
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        request = S3Request.read(environ)
        with self._one_at_a_time:
            answer = self.answer(request)
        return replace(answer, headers={**SANDBOX, **answer.headers}).send(
            start_response, head=request.method == "HEAD"
        )

    def answer(self, request: S3Request) -> Answer:
        """The answer to one request, errors included."""
        try:
            return self._ask(request, self.behaviours)
        except S3Error as error:
            return error.answer()
        except Exception:
            log.exception("%s /%s ?%s", request.method, request.bucket, request.subresource)
            return S3Error("InternalError", "The sandbox's S3 could not do this; its log says why.").answer()

    def reset(self, reset_app: Callable[[], None]) -> None:
        """Forget everything, together with the application behind."""
        with self._one_at_a_time:
            reset_app()
            self.memory.clear()

    def _ask(self, request: S3Request, behaviours: tuple[Behaviour, ...]) -> Answer:
        if not behaviours:
            return request.ask(self.app)
        first, *rest = behaviours
        return first(request, self.memory, lambda onward: self._ask(onward, tuple(rest)))
