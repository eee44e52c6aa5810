"""`python -m benchmarks`: measure, keep the results, and write docs/performance.md anew.

Every piece (a task, with so many buckets, at a server that answers so late) is measured by all tools in turn, and kept
as soon as it is done: whoever begins again goes on where it was left. `--estimate` tells what there is and how long it
takes. `--again` measures what is there already.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import page, results
from benchmarks.running import ALL, LATENCIES, SIZES, estimate, pieces, run, tools_for
from benchmarks.stub import NoCompilerError, Stub

TASKS = ("startup", "validate", "plan", "changed", "apply")
REFERENCE = "reconcile"
"""Always measured along: what others are compared with."""


def parsed() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="TASK,…", default=",".join(TASKS), help=f"of {', '.join(TASKS)}")
    parser.add_argument("--buckets", metavar="N,…", default=",".join(map(str, SIZES)))
    parser.add_argument("--latency", metavar="MS,…", default=",".join(f"{one:g}" for one in LATENCIES))
    parser.add_argument("--tools", metavar="TOOL,…", default="", help=f"of {', '.join(ALL)}")
    parser.add_argument("--rounds", type=int, help="how often each tool is started (default: by how long it takes)")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="leave out tools that take longer for one run")
    parser.add_argument("--again", action="store_true", help="measure again what is there")
    parser.add_argument(
        "--estimate", action="store_true", help="only tell what would be measured, and how long it takes"
    )
    parser.add_argument("--page-only", action="store_true", help="only write the page from the results")
    parser.add_argument("--results", type=Path, default=results.FILE)
    parser.add_argument("--page", type=Path, default=page.FILE)
    return parser.parse_args()


def main() -> None:
    """Measure what is asked for."""
    asked = parsed()
    found = results.read(asked.results)
    if not asked.page_only:
        measure_all(asked, found)
    if found.entries and not asked.estimate:
        page.write(asked.page, found)
        print(f"written: {asked.page}")


def measure_all(asked: argparse.Namespace, found: results.Results) -> None:
    """Every piece that is not there yet."""
    wanted = [*filter(None, asked.tools.split(","))]
    for tool in [tool for tool in ALL.values() if not wanted or tool.key in wanted]:
        if why := tool.missing():
            print(f"not measured: {tool.title}: {why}")
    sizes = [int(size) for size in asked.buckets.split(",")]
    latencies = [float(latency) for latency in asked.latency.split(",")]
    total = 0.0
    with Stub() as stub:
        for piece in pieces(asked.only.split(","), sizes, latencies):
            tools = tools_for(piece, [*wanted, REFERENCE, "pass"] if wanted else [])
            if asked.within:
                tools = [tool for tool in tools if tool.estimate(piece) <= asked.within]
            if not tools or (found.has(piece, [tool.key for tool in tools]) and not asked.again):
                continue
            seconds = estimate(piece, tools, asked.rounds)
            total += seconds
            print(f"{piece}: about {in_words(seconds)} ({', '.join(tool.key for tool in tools)})", flush=True)
            if asked.estimate:
                continue
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                found.add(run(piece, tools, stub, Path(folder), asked.rounds, lambda line: print(line, flush=True)))
            found.machine = results.this_machine()
            results.write(asked.results, found)
    print(f"all of it: about {in_words(total)}" if asked.estimate else "everything is measured")


def in_words(seconds: float) -> str:
    """A time span, as people say it."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    try:
        main()
    except NoCompilerError as error:
        sys.exit(f"✗ {error}")
