"""The floor: the same reads over bare HTTP, as fast as threads of plain Python make them.

A program of its own, started as every other tool is, so its start-up counts. It asks for one page of ListBuckets and
then for the seven documents of each bucket, on keep-alive connections, one a thread. Nothing is signed, no XML is
parsed, no YAML is read, nothing is compared: bodies are read and dropped. The names of the buckets are made by their
number. It asks with Python's own `http.client`, or with a socket and as little as gets the answer out of it.

    python floor.py http://127.0.0.1:9000 BUCKETS http.client|sockets
"""

import http.client
import socket
import sys
import threading
from itertools import count
from urllib.parse import urlsplit

DOCUMENTS = ("?versioning", "?encryption", "?publicAccessBlock", "?policy", "?lifecycle", "?tagging")
MANIFEST = "/metadata/bucket-manifest.yaml"
THREADS = 32


class Client:
    """One keep-alive connection of `http.client`."""

    def __init__(self, host: str, port: int) -> None:
        self.connection = http.client.HTTPConnection(host, port)

    def get(self, path: str) -> bytes:
        """The body of what is there; an answer that is not 200 is refused."""
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return body


class Socket:
    """One keep-alive connection. Understands `Content-Length` and nothing else."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = host

    def get(self, path: str) -> bytes:
        """The body of what is there; an answer that is not 200 is refused."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        data = self.socket.recv(65536)
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {head[:100]!r}")
        at = head.index(b"Content-Length:") + 15
        length = int(head[at:].split(b"\r", 1)[0])
        while len(body) < length:
            body += self.socket.recv(65536)
        return body


def main() -> None:
    """Read all buckets."""
    url, buckets = urlsplit(sys.argv[1]), int(sys.argv[2])
    kinds: dict[str, type[Client | Socket]] = {"http.client": Client, "sockets": Socket}
    kind = kinds[sys.argv[3]]
    host, port = url.hostname or "127.0.0.1", url.port or 80
    kind(host, port).get("/?max-buckets=10000")
    numbers = count()  # next() of it is one step of the interpreter: no two threads get the same number
    failed: list[BaseException] = []

    def work() -> None:
        try:
            connection = kind(host, port)
            while (number := next(numbers)) < buckets:
                name = f"acme-prod-b{number:05d}"
                for document in DOCUMENTS:
                    connection.get(f"/{name}{document}")
                connection.get(f"/{name}{MANIFEST}")
        except BaseException as error:
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(min(THREADS, buckets))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise failed[0]


if __name__ == "__main__":
    main()
