"""What was measured, in one JSON file: machine, versions, and an entry for each piece and run."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring import Measured
from benchmarks.tools import Piece

FILE = Path(__file__).with_name("results") / "results.json"


@dataclass
class Samples:
    """What one tool took for one piece: a value for each round."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    """By operation, in the last round."""
    version: str = ""

    def add(self, measured: Measured, calls: dict[str, int]) -> None:
        """One more round."""
        self.seconds.append(round(measured.seconds, 4))
        self.cpu.append(round(measured.cpu, 4))
        self.rss_mib.append(round(measured.rss_mib, 1))
        self.calls = dict(sorted(calls.items()))

    def median(self, what: str = "seconds") -> float:
        """The median of all rounds."""
        values: list[float] = getattr(self, what)
        return statistics.median(values)


@dataclass
class Entry:
    """One piece, measured in one run: its rounds were interleaved, so that its ratios mean something."""

    piece: Piece
    when: str
    load: float
    """What else the machine was doing: its load average at the beginning."""
    tools: dict[str, Samples] = field(default_factory=dict)


@dataclass
class Results:
    """All that was measured."""

    machine: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def of(self, piece: Piece) -> Iterator[Entry]:
        """The runs of a piece, the latest one first."""
        found = [entry for entry in self.entries if entry.piece == piece]
        return iter(sorted(found, key=lambda entry: entry.when, reverse=True))

    def together(self, piece: Piece, *tools: str) -> Entry | None:
        """The latest run of a piece that these tools were in together."""
        return next((entry for entry in self.of(piece) if entry.tools.keys() >= set(tools)), None)

    def has(self, piece: Piece, tools: Iterable[str]) -> bool:
        """Whether there is nothing left to measure."""
        return self.together(piece, *tools) is not None

    def add(self, entry: Entry) -> None:
        """Keep a run, instead of those that say nothing more."""
        told = entry.tools.keys()
        self.entries = [one for one in self.entries if one.piece != entry.piece or not one.tools.keys() <= told]
        self.entries.append(entry)


def read(path: Path) -> Results:
    """What was measured so far."""
    if not path.exists():
        return Results()
    said = json.loads(path.read_text())
    entries = [
        Entry(
            Piece(**entry["piece"]),
            entry["when"],
            entry["load"],
            {key: Samples(**samples) for key, samples in entry["tools"].items()},
        )
        for entry in said["entries"]
    ]
    return Results(said["machine"], entries)


def write(path: Path, results: Results) -> None:
    """Keep it, by piece."""
    results.entries.sort(key=lambda one: (one.piece.task, one.piece.buckets, one.piece.latency_ms, one.when))
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(asdict(results), indent=1) + "\n")
    unfinished.replace(path)


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def this_machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def processor() -> str:
    """The model, where Linux says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
