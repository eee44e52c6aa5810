"""Puts a fleet into the stub as an apply would leave it, by plain PUTs: seconds, where an apply takes minutes.

The tool itself applies one bucket of each kind; what the stub holds then is put again for all other buckets, with
their names in it. A plan that finds nothing to do shows that this is right.
"""

import http.client
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.fleet import KINDS, MANIFEST_KEY, name_of, write_spec
from benchmarks.stub import Stub

RECONCILE = (sys.executable, "-m", "reconciler.cli.main")
DOCUMENTS = (
    "?versioning",
    "?encryption",
    "?publicAccessBlock",
    "?policy",
    "?lifecycle",
    "?tagging",
    f"/{MANIFEST_KEY}",
)
"""What is read of a bucket, one call each."""
THREADS = 4


def fill(stub: Stub, buckets: int, folder: Path) -> None:
    """Have the stub hold this fleet and nothing else. Its latency and its rate do not count meanwhile."""
    before = stub.settings()
    stub.settings(latency_ms=0, jitter_ms=0, throttle=0)
    stub.reset()
    apply(stub, min(buckets, KINDS), folder)
    connection = http.client.HTTPConnection(stub.host, stub.port)
    kinds = [
        {name: asked(connection, "GET", f"/{name_of(kind)}{name}") for name in DOCUMENTS}
        for kind in range(min(buckets, KINDS))
    ]
    connection.close()
    others = range(KINDS, buckets)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda part: put_all(stub, kinds, part), (others[i::THREADS] for i in range(THREADS))))
    stub.reset("counts")
    stub.settings(**{name: before[name] for name in ("latency_ms", "jitter_ms", "throttle")})


def apply(stub: Stub, buckets: int, folder: Path) -> None:
    """Create the first buckets with the tool itself."""
    spec = write_spec(folder, buckets)
    words = [*RECONCILE, "apply", "--auto-approve", "--endpoint-profile", "aws", str(spec)]
    ended = subprocess.run(words, capture_output=True, text=True, env=environment(stub), cwd=folder)
    if ended.returncode:
        raise RuntimeError(f"the fleet could not be made:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def environment(stub: Stub) -> Mapping[str, str]:
    """What the tool needs, from whatever folder it is started in."""
    return stub.environment() | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def put_all(stub: Stub, kinds: Sequence[Mapping[str, bytes]], numbers: Sequence[int]) -> None:
    """Create these buckets with the documents of their kind."""
    connection = http.client.HTTPConnection(stub.host, stub.port)
    for number in numbers:
        asked(connection, "PUT", f"/{name_of(number)}")
        for place, body in named(kinds[number % KINDS], number):
            asked(connection, "PUT", place, body)
    connection.close()


def named(kind: Mapping[str, bytes], number: int) -> Iterator[tuple[str, bytes]]:
    """Where each document of a bucket goes, with its name in it."""
    sample, name = name_of(number % KINDS).encode(), name_of(number)
    for place, body in kind.items():
        yield f"/{name}{place}", body.replace(sample, name.encode())


def asked(connection: http.client.HTTPConnection, method: str, place: str, body: bytes | None = None) -> bytes:
    """One call, which must succeed."""
    headers = {"Content-Type": "application/yaml"} if place.endswith(MANIFEST_KEY) and body else {}
    connection.request(method, place, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {place}: {answer.status} {said[:200]!r}")
    return said


def manifests(stub: Stub, buckets: int) -> Iterator[str]:
    """The text of each manifest, as it lies in the stub."""
    with stub.connection() as connection:
        for number in range(buckets):
            yield asked(connection, "GET", f"/{name_of(number)}/{MANIFEST_KEY}").decode()
