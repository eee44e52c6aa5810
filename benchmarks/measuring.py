"""One process, measured from outside: wall time, CPU time and peak memory, its children's included.

It is started by a small process that does nothing else: what Linux calls the peak memory of a process is never less
than what the one that started it had at that moment.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

IN_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024
"""What ru_maxrss counts in: bytes there, KiB elsewhere."""
STARTS_AND_WAITS = """
import json, resource, subprocess, sys, time
told, measured, *words = sys.argv[1:]
with open(told, "wb") as file:
    began = time.perf_counter()
    code = subprocess.call(words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    took = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(measured, "w") as file:
    json.dump([took, used.ru_utime + used.ru_stime, used.ru_maxrss, code], file)
"""


class Measured(NamedTuple):
    """What one run took."""

    seconds: float
    cpu: float
    """Seconds of CPU, of all its processes."""
    rss_mib: float
    """Of the largest of its processes."""
    code: int
    told: str
    """What it wrote."""


def measure(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end."""
    told, measured = folder / "told.txt", folder / "measured.json"
    starter = [sys.executable, "-I", "-S", "-c", STARTS_AND_WAITS, str(told), str(measured)]
    subprocess.run([*starter, *words], check=True, cwd=folder, env=environment)
    seconds, cpu, rss, code = json.loads(measured.read_text())
    return Measured(seconds, cpu, rss / IN_MIB, code, told.read_text(errors="replace"))
