"""A server that sends the bytes it is told, over plain HTTP or TLS: for answers that no decent server would give."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_UP = b"\0hang up"
"""At the end of an answer: the connection is closed behind it."""


@dataclass
class RawServer:
    """Answers each request with what `answer` makes of its text."""

    answer: Callable[[str], bytes]
    endpoint: str = ""
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    open: list[socket.socket] = field(default_factory=list)

    def accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        with suppress(OSError):  # the listener is closed in the end
            while True:
                plain, _ = listener.accept()
                self.connections += 1
                self.open.append(plain)
                threading.Thread(target=self.serve, args=(plain, context), daemon=True).start()

    def serve(self, plain: socket.socket, context: ssl.SSLContext | None) -> None:
        with suppress(OSError):
            connection = context.wrap_socket(plain, server_side=True) if context else plain
            data = b""
            with connection:
                while True:
                    while b"\r\n\r\n" not in data:
                        more = connection.recv(65536)
                        if not more:
                            return
                        data += more
                    head, _, data = data.partition(b"\r\n\r\n")
                    self.requests.append(head.decode())
                    answer = self.answer(head.decode())
                    connection.sendall(answer.removesuffix(HANG_UP))
                    if answer.endswith(HANG_UP):
                        return


@contextmanager
def raw_server(answer: Callable[[str], bytes], context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        scheme, host = ("https", "localhost") if context else ("http", "127.0.0.1")
        server = RawServer(answer, f"{scheme}://{host}:{listener.getsockname()[1]}")
        thread = threading.Thread(target=server.accept, args=(listener, context), daemon=True)
        thread.start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    for connection in server.open:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    thread.join()


def whole(body: str | bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A decent answer."""
    text = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(text)}", "", ""]
    return "\r\n".join(lines).encode() + text


def certificates(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A CA that nobody knows, and a server of its own that is called localhost."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of one's own")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)

    def signed(subject: x509.Name, of: ec.EllipticCurvePrivateKey, *, is_ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(of.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        if not is_ca:
            names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.2"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    bundle, chain = folder / "ca.pem", folder / "server.pem"
    pem = serialization.Encoding.PEM
    bundle.write_bytes(signed(ca_name, ca_key, is_ca=True).public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(secret + signed(name, key, is_ca=False).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return bundle, context
