"""A line chart as SVG: how long, or how much, against how many buckets; both axes logarithmic."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 40, 50
COLOURS = ("#0b66c3", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490", "#a16207", "#475569")
TEXT = 'font-family="sans-serif" font-size="13"'

Line = Sequence[tuple[float, float]]
"""Points: buckets, and what was measured."""


def chart(title: str, unit: str, lines: Mapping[str, Line]) -> str:
    """The chart; lines are told by their names beside it."""
    points = [point for line in lines.values() for point in line]
    across = span([x for x, _ in points])
    up = span([y for _, y in points])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" {TEXT} font-weight="bold">{escape(title)}</text>',
        *grid(across, up, unit),
    ]
    for number, (name, line) in enumerate(lines.items()):
        parts.extend(drawn(name, line, COLOURS[number % len(COLOURS)], number, across, up))
    return "\n".join([*parts, "</svg>", ""])


def span(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    lowest, highest = floor(log10(min(values))), ceil(log10(max(values)))
    return lowest, max(highest, lowest + 1)


def grid(across: tuple[int, int], up: tuple[int, int], unit: str) -> list[str]:
    """The lines at each power of ten, with what they stand for."""
    parts = []
    for power in range(across[0], across[1] + 1):
        x = place(10.0**power, across, LEFT, WIDTH - RIGHT)
        parts.append(f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" {TEXT} text-anchor="middle">{10**power:,}</text>')
    for power in range(up[0], up[1] + 1):
        y = place(10.0**power, up, HEIGHT - BOTTOM, TOP)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" {TEXT} text-anchor="end">{10.0**power:,g} {unit}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" {TEXT} text-anchor="middle">buckets</text>')
    return parts


def drawn(name: str, line: Line, colour: str, number: int, across: tuple[int, int], up: tuple[int, int]) -> list[str]:
    """One line with its points, and its name."""
    places = [(place(x, across, LEFT, WIDTH - RIGHT), place(y, up, HEIGHT - BOTTOM, TOP)) for x, y in sorted(line)]
    corners = " ".join(f"{x},{y}" for x, y in places)
    y = TOP + 14 + 22 * number
    return [
        f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in places),
        f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 10}" width="12" height="12" fill="{colour}"/>',
        f'<text x="{WIDTH - RIGHT + 32}" y="{y}" {TEXT}>{escape(name)}</text>',
    ]


def place(value: float, powers: tuple[int, int], first: float, last: float) -> float:
    """Where a value stands on an axis."""
    return round(first + (log10(value) - powers[0]) / (powers[1] - powers[0]) * (last - first), 1)
