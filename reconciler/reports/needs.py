"""What an apply needs beyond a yes, and the flag that says each of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.inert import inert
from reconciler.reports.style import Style
from reconciler.reports.values import columns, wrapped

MOST = 20
"""Needs that are told one by one; more are counted. A refusal of `apply` lists every flag."""


def needs_lines(needs: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """Each need with its flag below it."""
    if not needs:
        return
    yield style.bold("Apply also needs:")
    for need in needs[:MOST]:
        said = sentence(need)
        flag = style.cyan(inert(need["flag"]))
        one_line = f"  {style.red('!')} {said}   {flag}"
        if columns(one_line) <= style.width:
            yield one_line
        else:
            yield from wrapped(f"  {style.red('!')} ", said, style)
            yield f"      {flag}"
    if len(needs) > MOST:
        yield f"  and {len(needs) - MOST:,} more"


def sentence(need: Mapping[str, Any]) -> str:
    """What happens: what is about a bucket begins with it."""
    why = inert(need["why"])
    return f"{inert(need['about'])} {why}" if need["kind"] != "limit" else why
