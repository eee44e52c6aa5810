"""docs/performance.md: what was measured, written between its markers, and the plots beside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import plot
from benchmarks.goals import calls_per_bucket, goals
from benchmarks.results import Entry, Results
from benchmarks.running import ALL
from benchmarks.tools import TOOLS, Piece

FILE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    "validate": "`validate`",
    "plan": "A plan that finds nothing to do",
    "changed": "A plan that finds 5 % changed",
    "apply": "Creating buckets with seven aspects",
}
PLOTS = (
    ("performance-plan.svg", "A no-change plan, seconds, no latency", "plan", 0.0, "seconds", "s"),
    ("performance-plan-30ms.svg", "A no-change plan, seconds, 30 ms a call", "plan", 30.0, "seconds", "s"),
    ("performance-apply.svg", "Creating buckets, seconds, no latency", "apply", 0.0, "seconds", "s"),
    ("performance-memory.svg", "A no-change plan, peak memory", "plan", 0.0, "rss_mib", "MiB"),
)


def write(path: Path, results: Results) -> None:
    """Write the page's measured part anew, and the plots."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{measured(results)}\n{END}{after}")
    for name, chart in plots(results):
        path.with_name(name).write_text(chart)


def measured(results: Results) -> str:
    """The measured part."""
    parts = [*about(results), *goals_told(results), *startup_told(results)]
    for task in TITLES:
        parts.extend(task_told(results, task))
    for name, title, *_ in PLOTS:
        if any(name == drawn for drawn, _ in plots(results)):
            parts.append(f"![{title}]({name})\n")
    return "\n".join(parts)


def about(results: Results) -> Iterator[str]:
    """When, on what, with which versions."""
    machine = results.machine
    dates = sorted({entry.when[:10] for entry in results.entries})
    busy = max(entry.load for entry in results.entries)
    versions: dict[str, str] = {}
    for entry in sorted(results.entries, key=lambda one: one.when):
        versions |= {TOOLS[key].title: one.version for key, one in entry.tools.items() if one.version}
    yield (
        f"Measured {' to '.join(sorted({dates[0], dates[-1]}))} on {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}; load average before a piece: "
        f"at most {busy:g}.\n"
    )
    yield "".join(f"- {name} {version}\n" for name, version in versions.items())


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def goals_told(results: Results) -> Iterator[str]:
    """Every goal and how it stands."""
    words = {True: "met", False: "**not met**", None: "not measured"}
    yield "### The goals\n"
    yield table(["goal", "measured", ""], [[goal.what, goal.measured, words[goal.met]] for goal in goals(results)])


def startup_told(results: Results) -> Iterator[str]:
    """Start-up."""
    entry = next(results.of(Piece("startup", 1)), None)
    if entry is None or "pass" not in entry.tools:
        return
    floor = entry.tools["pass"].median()
    yield "### Start-up\n"
    yield table(
        ["command", "× `python -c pass`", "CPU, ms", "peak memory, MiB"],
        [
            [
                ALL[key].title,
                f"{one.median() / floor:.1f}",
                f"{one.median('cpu') * 1000:.0f}",
                f"{one.median('rss_mib'):.0f}",
            ]
            for key, one in entry.tools.items()
            if key != "reconcile"
        ],
    )


def task_told(results: Results, task: str) -> Iterator[str]:
    """One table for each latency: tools against buckets."""
    done = [entry.piece for entry in results.entries if entry.piece.task == task]
    for latency in sorted({piece.latency_ms for piece in done}):
        sizes = sorted({piece.buckets for piece in done if piece.latency_ms == latency})
        rows = [row for tool in TOOLS if (row := tool_told(results, task, latency, sizes, tool))]
        behind = f", {latency:g} ms a call" if latency else ""
        yield f"### {TITLES[task]}{behind}\n"
        yield "Seconds (× the time of reconcile in the same run) · CPU seconds · peak memory.\n"
        yield table(["tool", "calls a bucket", *(f"{size:,}" for size in sizes)], rows)


def tool_told(results: Results, task: str, latency: float, sizes: Sequence[int], tool: str) -> list[str] | None:
    """The row of one tool; None where it was not measured."""
    entries = [latest(results, Piece(task, size, latency), tool) for size in sizes]
    there = [entry for entry in entries if entry]
    if not there:
        return None
    asked = calls_per_bucket(there[-1], tool)
    return [TOOLS[tool].title, f"{asked:.0f}" if asked else "", *(cell(entry, tool) for entry in entries)]


def latest(results: Results, piece: Piece, tool: str) -> Entry | None:
    """The latest run of a tool, with ours in it if there is one."""
    return results.together(piece, tool, "reconcile") or results.together(piece, tool)


def cell(entry: Entry | None, tool: str) -> str:
    """What a tool took."""
    if entry is None:
        return ""
    one, ours = entry.tools[tool], entry.tools.get("reconcile")
    times = f" ({one.median() / ours.median():.3g} ×)" if ours and tool != "reconcile" else ""
    return f"{one.median():.3g} s{times} · {one.median('cpu'):.3g} s · {one.median('rss_mib'):.0f} MiB"


def plots(results: Results) -> Iterator[tuple[str, str]]:
    """The plots, by the name of their file; those that have anything to show."""
    for name, title, task, latency, what, unit in PLOTS:
        lines = {tool.title: points(results, task, latency, tool.key, what) for tool in TOOLS.values()}
        shown = {tool: line for tool, line in lines.items() if line}
        if shown:
            yield name, plot.chart(title, unit, shown)


def points(results: Results, task: str, latency: float, tool: str, what: str) -> list[tuple[float, float]]:
    """The medians of one tool, by the number of buckets."""
    sizes = sorted({entry.piece.buckets for entry in results.entries if entry.piece.task == task})
    runs = {size: latest(results, Piece(task, size, latency), tool) for size in sizes}
    return [(size, entry.tools[tool].median(what)) for size, entry in runs.items() if entry]
