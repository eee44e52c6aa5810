"""How long commands take to start, as multiples of an empty Python in the same run.

Ratios, not seconds: the machine may be slow or busy. Runs are interleaved, and the median counts. The
figures to reach are in the issue “A fleet in seconds”.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
HERE = Path(__file__).resolve().parent.parent
SMALL = "buckets:\n  - {name: acme-bench, region: us-east-1, versioning: Enabled, tags: {Owner: data}}\n"
RECONCILE = [sys.executable, "-m", "reconciler.cli.main"]


def main() -> None:
    """Time everything a few times in turn and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "small.yaml"
        spec.write_text(SMALL)
        environment = {**os.environ, "RECONCILE_SANDBOX_DIR": folder}
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "--version": [*RECONCILE, "--version"],
            "--help": [*RECONCILE, "--help"],
            "validate one spec": [*RECONCILE, "validate", str(spec)],
            "validate lake.yaml (manifest)": [*RECONCILE, "validate", str(HERE / "specs/lake.yaml")],
            "plan one bucket (sandbox)": [*RECONCILE, "plan", "--sandbox", str(spec)],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS + 1):  # the first round warms the caches
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, env=environment, cwd=HERE)
                times[name].append(time.perf_counter() - started)
        subprocess.run([*RECONCILE, "sandbox", "stop"], check=True, capture_output=True, env=environment, cwd=HERE)
    floor = statistics.median(times["python -c pass"][1:])
    print(f"median of {ROUNDS}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    for name, measured in times.items():
        print(f"{name:32} {statistics.median(measured[1:]) / floor:6.1f} ×")


if __name__ == "__main__":
    main()
