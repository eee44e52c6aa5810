"""What a run took: calls by operation, what came over the wire, tries that were repeated, time by phase."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.reports.style import Style
from reconciler.reports.values import count
from reconciler.sizes import in_units


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of a run."""

    buckets: int
    calls: Mapping[str, int]
    """Requests, each try counted, by operation in S3's spelling."""
    received: int
    """Bytes of the bodies that came back."""
    retries: int
    phases: Mapping[str, float]
    """Seconds, by what was done meanwhile, in order."""
    peak_memory: int
    """Bytes that the process held at the most."""


def render_stats(stats: Stats, style: Style) -> str:
    """The figures, for people."""
    total = sum(stats.calls.values())
    each = f", {total / stats.buckets:.1f} for each bucket" if stats.buckets else ""
    lines = [style.bold("Statistics"), f"  {count(total, 'call')}{each}"]
    lines += [f"    {number:>9,}  {name}" for name, number in sorted(stats.calls.items())]
    lines.append(
        f"  {in_units(stats.received)} received, {stats.retries:,} {'retry' if stats.retries == 1 else 'retries'}"
    )
    whole = sum(stats.phases.values())
    lines.append(f"  {whole:.2f} s in all")
    lines += [f"    {seconds:>9.2f}  {phase}" for phase, seconds in stats.phases.items()]
    lines.append(f"  {in_units(stats.peak_memory)} of memory at the most")
    return style.fit("\n".join(lines))
