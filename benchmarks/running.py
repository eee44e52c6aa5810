"""Runs pieces: fills the stub, starts each tool in turn, a few times around, and counts what it asks."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import startup
from benchmarks.filling import fill
from benchmarks.measuring import measure
from benchmarks.results import Entry, Samples, now
from benchmarks.stub import Stub
from benchmarks.tools import TOOLS, Piece, Start, Tool

ALL = TOOLS | startup.TOOLS
SIZES = (1, 50, 200, 1_000, 10_000)
LATENCIES = (0.0, 30.0)
ROUNDS = {"startup": 15, "validate": 5}
"""How often each tool is started for a task, where that is not five times."""
PATIENCE = 60.0
"""Seconds that all rounds of one tool may take, about; a tool that is slower is started less often, but once."""


def pieces(tasks: Iterable[str], sizes: Iterable[int], latencies: Iterable[float]) -> list[Piece]:
    """Everything that can be measured, small things first."""
    sizes, latencies, found = tuple(sizes), tuple(latencies), []
    for task in tasks:
        if task == "startup":
            found.append(Piece(task, 1))
        elif task == "validate":
            found.extend(Piece(task, size) for size in sizes if size >= min(1_000, max(sizes)))
        elif task == "changed":
            found.extend(Piece(task, size) for size in sizes if size >= min(200, max(sizes)))
        else:
            found.extend(Piece(task, size, latency) for latency in latencies for size in sizes)
    return found


def tools_for(piece: Piece, wanted: Sequence[str]) -> list[Tool]:
    """The tools that can do it and are here."""
    able = (tool for tool in ALL.values() if tool.can(piece) and (not wanted or tool.key in wanted))
    return [tool for tool in able if tool.missing() is None]


def rounds_of(tool: Tool, piece: Piece, rounds: int | None) -> int:
    """How often a tool is started."""
    wanted = rounds or ROUNDS.get(piece.task, 5)
    return max(1, min(wanted, int(PATIENCE / tool.estimate(piece))))


def estimate(piece: Piece, tools: Iterable[Tool], rounds: int | None) -> float:
    """About how many seconds a piece takes, filling the stub included."""
    runs = sum(tool.estimate(piece) * rounds_of(tool, piece, rounds) for tool in tools)
    filling = 0.0 if piece.task in ("apply", "validate") else 3 + 0.01 * piece.buckets
    return runs + filling


def run(
    piece: Piece, tools: Sequence[Tool], stub: Stub, folder: Path, rounds: int | None, tell: Callable[[str], None]
) -> Entry:
    """One piece, all tools in turn."""
    entry = Entry(piece, now(), round(os.getloadavg()[0], 2), {tool.key: Samples() for tool in tools})
    stub.settings(latency_ms=0)
    if piece.task != "apply":
        fill(stub, piece.buckets, folder)
    starts: dict[str, Start] = {}
    for tool in tools:
        with told_if_it_fails(tool, entry, tell):
            starts[tool.key] = tool.start(piece, stub, folder)
    for number in range(max(rounds_of(tool, piece, rounds) for tool in tools)):
        for tool in tools:
            if number >= rounds_of(tool, piece, rounds) or tool.key not in entry.tools:
                continue
            with told_if_it_fails(tool, entry, tell):
                run_once(piece, starts[tool.key], stub, entry.tools[tool.key])
                tell(f"  {tool.title:34} {entry.tools[tool.key].seconds[-1]:9.2f} s")
    for key, samples in entry.tools.items():
        samples.version = ALL[key].version(folder)
    return entry


@contextmanager
def told_if_it_fails(tool: Tool, entry: Entry, tell: Callable[[str], None]) -> Iterator[None]:
    """A tool that fails is left out of the piece, and the others go on."""
    try:
        yield
    except RuntimeError as error:
        tell(f"  {tool.title} failed, and is left out: {error}")
        entry.tools.pop(tool.key, None)


def run_once(piece: Piece, start: Start, stub: Stub, samples: Samples) -> None:
    """One run of one tool, which has to do what it was to do."""
    stub.reset("all" if piece.task == "apply" else "counts")
    start.before()
    stub.settings(latency_ms=piece.latency_ms)
    try:
        measured = measure(start.words, start.folder, start.environment)
    finally:
        stub.settings(latency_ms=0)
    counts = stub.counts()
    if measured.code not in start.codes:
        raise RuntimeError(f"{' '.join(start.words)} ended with {measured.code}:\n{measured.told[-3000:]}")
    if piece.task == "apply" and counts["buckets"] != piece.buckets:
        raise RuntimeError(f"{' '.join(start.words)} made {counts['buckets']} buckets of {piece.buckets}")
    samples.add(measured, counts["calls"])
