"""What ``--debug`` shows: every request, without what would let somebody else make it."""

import logging

SENT = "Sending http request: %s"
"""What botocore says of a request, with all its headers: the signature and the session token are among them."""


def show_requests() -> None:
    """Every request on stderr, and whatever libraries have to say."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
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
