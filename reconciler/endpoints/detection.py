"""Which server this is, by the headers of an answer that was asked for anyway: that of STS.

A wrong guess could refuse too much, or take a spelling for another, so each server must give itself away by
what no other one answers; all the rest is `s3-compatible`.
"""

import re
from collections.abc import Mapping

from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import CEPH, LOCALSTACK, MINISTACK, MOTO, SANDBOX, UNKNOWN

OF_CEPH = re.compile(r"tx[0-9a-f]{21}-[0-9a-f]{10}-[0-9a-f]+-[\w.-]+\Z")
"""Ceph's request ids: a transaction, the time, the gateway and its zone. Swift's have only the first two."""
SAYS_SANDBOX = "x-reconcile-sandbox"
OF_MINISTACK = {"access-control-allow-methods": "GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH"}
"""MiniStack sends its permissions for browsers with every answer, and two spellings of a request id."""


def detected(headers: Mapping[str, str]) -> Profile:
    """The profile of the server that has sent these headers."""
    found = {name.lower(): value for name, value in headers.items()}
    if SAYS_SANDBOX in found:
        return SANDBOX
    if "x-localstack" in found:
        return LOCALSTACK
    if OF_CEPH.match(found.get("x-amz-request-id", "")):
        return CEPH
    if OF_MINISTACK.items() <= found.items() and {"x-amz-request-id", "x-amzn-requestid"} <= found.keys():
        return MINISTACK
    if found.get("server", "").startswith("Werkzeug/") and "x-amzn-requestid" in found:
        return MOTO
    return UNKNOWN
