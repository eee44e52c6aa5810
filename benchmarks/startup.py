"""Start-up: what a command takes before it does anything, as multiples of an empty Python in the same run."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.filling import RECONCILE, environment
from benchmarks.fleet import bucket_text
from benchmarks.stub import Stub
from benchmarks.tools import ENDLESS, Piece, Start, Tool


def command(*words: str, manifest: bool | None = None) -> Callable[[Piece, Stub, Path], Start]:
    """A command; with a spec of one bucket where `manifest` says whether it has one."""

    def start(piece: Piece, stub: Stub, folder: Path) -> Start:
        if manifest is None:
            return Start([*RECONCILE, *words], folder, environment(stub))
        spec = folder / f"one-{'with' if manifest else 'without'}-manifest.yaml"
        spec.write_text("buckets:\n" + bucket_text(0, manifest=manifest))
        return Start([*RECONCILE, *words, str(spec)], folder, environment(stub))

    return start


PLAN = ("plan", "--detailed-exitcode", "--endpoint-profile", "aws")
TOOLS = {
    tool.key: tool
    for tool in (
        Tool(key, title, start, {"startup": ENDLESS}, {"startup": (0.5, 0)})
        for key, title, start in (
            ("version", "`--version`", command("--version")),
            ("help", "`--help`", command("--help")),
            ("validate-one", "`validate` of one bucket", command("validate", manifest=False)),
            ("validate-manifest", "the same with a manifest", command("validate", manifest=True)),
            ("plan-one", "`plan` of one bucket", command(*PLAN, manifest=False)),
            ("plan-manifest", "the same with a manifest", command(*PLAN, manifest=True)),
        )
    )
}
