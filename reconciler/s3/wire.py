"""The wire: one HTTP/1.1 request and its answer over a connection that is kept.

It understands what S3 answers every day and nothing else; whatever is unusual is left to botocore, which asks
again. `http.client` would spend 137 µs of CPU on an answer where this spends 17 (two cores, one run), most of it on
reading its headers as those of an e-mail.
"""

import re
import select
import socket
import ssl
from collections import deque
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple
from weakref import finalize

from botocore.httpsession import create_urllib3_context, get_cert_path

AT_ONCE = 64 * 1024
"""Bytes that are asked of a socket at once."""
LONGEST_HEAD = 64 * 1024
LARGEST_BODY = 4 * 1024 * 1024
"""Bytes. No document of a bucket comes near it: a policy has 20 kB at the most, a lifecycle 1,000 rules."""
END_OF_HEAD = b"\r\n\r\n"
STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9])(?: |$)")
LENGTH = re.compile(r"[0-9]{1,9}")
CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")
WITHOUT_BODY = (204, 205, 304)


class LostAnswerError(Exception):
    """The answer did not come, or is none that anybody here could read."""


class Raw(NamedTuple):
    """An answer as it came. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Place(NamedTuple):
    """Where a server listens, and how it is spoken to. Times are in seconds."""

    host: str
    port: int
    verify: bool | str | None
    """None without TLS; else what botocore makes of it: False, True, or the path of a CA bundle."""
    connect_timeout: float
    read_timeout: float


@cache
def tls(verify: bool | str) -> ssl.SSLContext:
    """What every connection shares, as botocore would make it for each: reading a CA bundle takes 17 ms of CPU."""
    context: ssl.SSLContext = create_urllib3_context()
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.verify_mode = ssl.CERT_NONE
        return context
    bundle = verify if isinstance(verify, str) else get_cert_path(verify)
    if Path(bundle or "").is_dir():
        context.load_verify_locations(capath=bundle)
    else:
        context.load_verify_locations(cafile=bundle)
    context.check_hostname = True
    return context


class Connections:
    """The connections to one place that nobody is using; whoever wants one more opens it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._idle: deque[Connection] = deque()
        self._end = finalize(self, close_all, self._idle)

    def ask(self, request: bytes) -> Raw:
        """Send a request and read its answer. Raises OSError or `LostAnswerError` where there is none."""
        connection = self._take()
        try:
            raw = connection.ask(request)
        except BaseException:
            connection.close()
            raise
        if connection.is_open:
            self._idle.append(connection)
        return raw

    def _take(self) -> "Connection":
        """The one that was used last, which is the least likely to have been closed by the server."""
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return Connection(self.place)

    def close(self) -> None:
        """Close those that nobody is using."""
        close_all(self._idle)


def close_all(idle: "deque[Connection]") -> None:
    """Close connections, while others may be taking them."""
    with suppress(IndexError):
        while True:
            idle.pop().close()


class Connection:
    """One connection; for one thread at a time."""

    def __init__(self, place: Place) -> None:
        self._socket: socket.socket | None = opened(place)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._data = b""

    @property
    def is_open(self) -> bool:
        """Whether another request may follow."""
        return self._socket is not None

    def is_quiet(self) -> bool:
        """Whether the server has said nothing since its last answer; not even that it has closed the connection."""
        return not self._poll.poll(0)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, request: bytes) -> Raw:
        """Send a request and read its answer."""
        assert self._socket is not None, "a closed connection is not kept"
        self._data = b""
        self._socket.sendall(request)
        status, headers = self._head()
        body = self._body(status, headers)
        if self._data:
            raise LostAnswerError("more than one answer")
        if "close" in headers.get("connection", "").lower():
            self.close()
        return Raw(status, headers, body)

    def _more(self) -> None:
        assert self._socket is not None
        more = self._socket.recv(AT_ONCE)
        if not more:
            raise LostAnswerError("the connection was closed before the answer was complete")
        self._data += more

    def _head(self) -> tuple[int, dict[str, str]]:
        while END_OF_HEAD not in self._data:
            if len(self._data) > LONGEST_HEAD:
                raise LostAnswerError("headers without end")
            self._more()
        head, _, self._data = self._data.partition(END_OF_HEAD)
        first, *lines = head.decode("latin-1").split("\r\n")
        status = STATUS.match(first)
        if status is None:
            raise LostAnswerError(f"an answer that begins with {first[:40]!r}")
        return int(status[1]), headers_of(lines)

    def _body(self, status: int, headers: dict[str, str]) -> bytes:
        length = headers.get("content-length")
        coding = headers.get("transfer-encoding")
        if status in WITHOUT_BODY or (length is None) == (coding is None):
            raise LostAnswerError(f"an answer {status} whose length is not certain")
        if coding is not None:
            if coding.lower() != "chunked":
                raise LostAnswerError(f"an answer in {coding!r}")
            return b"".join(self._chunks())
        if not LENGTH.fullmatch(length or ""):
            raise LostAnswerError(f"an answer of {length!r} bytes")
        return self._take(int(length or 0))

    def _take(self, size: int) -> bytes:
        """So many bytes of what comes."""
        if size > LARGEST_BODY:
            raise LostAnswerError(f"an answer of {size} bytes")
        while len(self._data) < size:
            self._more()
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def _chunks(self) -> list[bytes]:
        """What S3 sends in pieces, as it does with documents that it does not know the length of."""
        chunks: list[bytes] = []
        size = 0
        while True:
            while b"\n" not in self._data:
                self._more()
                if len(self._data) > LONGEST_HEAD + AT_ONCE:
                    raise LostAnswerError("a chunk without a length")
            begun = CHUNK.match(self._data)
            if begun is None:
                raise LostAnswerError("a chunk without a length")
            self._data = self._data[begun.end() :]
            length = int(begun[1], 16)
            size += length
            if size > LARGEST_BODY:
                raise LostAnswerError(f"an answer of more than {size} bytes")
            chunks.append(self._take(length))
            if self._take(2) != b"\r\n":  # of an answer with trailers, too
                raise LostAnswerError("a chunk that does not end")
            if not length:
                return chunks


def opened(place: Place) -> socket.socket:
    """A socket that is connected. Raises OSError."""
    plain = socket.create_connection((place.host, place.port), place.connect_timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready = plain if place.verify is None else tls(place.verify).wrap_socket(plain, server_hostname=place.host)
        ready.settimeout(place.read_timeout)
    except BaseException:
        plain.close()
        raise
    return ready


def headers_of(lines: list[str]) -> dict[str, str]:
    """Headers by their names in lower case; what is said twice, as one list."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise LostAnswerError("a header that is none")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
