"""What libraries and threads have to say: in a line each, and with ``--debug`` every request, without its secrets."""

import logging
from typing import Any

from reconciler.inert import inert, inert_lines

SENT = "Sending http request: %s"
"""What botocore says of a request, with all its headers: the signature and the session token are among them."""


class Inert(logging.Formatter):
    """Whatever is logged, in one line; a traceback, in its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in `logging`
        """The line."""
        return inert(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback."""
        return inert_lines(super().formatException(ei))


class InOneLine(Inert):
    """Leaves tracebacks out: who has not asked for them cannot do anything with them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line alone."""
        record.message = record.getMessage()
        return self.formatMessage(record)


def show_warnings() -> None:
    """What is worth a warning, on stderr, in a line each."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(InOneLine("warning: %(message)s"))


def show_requests() -> None:
    """Every request on stderr, and whatever libraries have to say."""
    handler = logging.StreamHandler()
    handler.setFormatter(Inert("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    endpoint = logging.getLogger("botocore.endpoint")
    endpoint.setLevel(logging.DEBUG)
    if only_method_and_address not in endpoint.filters:
        endpoint.addFilter(only_method_and_address)


def only_method_and_address(record: logging.LogRecord) -> bool:
    """Of a request, its method and its address; of what botocore says beside that, nothing."""
    if record.msg != SENT or not isinstance(record.args, tuple):
        return record.levelno > logging.DEBUG
    request = record.args[0]
    record.msg, record.args = "%s %s", (getattr(request, "method", "?"), getattr(request, "url", "?"))
    return True
