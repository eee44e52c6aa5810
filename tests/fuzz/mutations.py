"""Plain data with parts of it spoiled: taken out, doubled, nested, exchanged, or made into something else."""

import copy
from typing import Any

from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 10**19),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=6),
    st.sampled_from(["", "absent", "unmanaged", "${nope}", "${region}", "*", "0", "2030-01-01", "\ud800", "\x1b[2J"]),
)
Place = tuple[Any, Any]


def places(data: Any) -> list[Place]:
    """Every place in plain data: what holds it, and its name or position there."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for name, inside in items for place in ((data, name), *places(inside))]


@st.composite
def spoiled(draw: st.DrawFn, examples: Any, values: Any = SCALARS, most: int = 3) -> Any:
    """One of these examples with up to so many parts spoiled."""
    data = copy.deepcopy(draw(examples))
    for _ in range(draw(st.integers(1, most))):
        there = places(data)
        if not there:
            break
        holder, name = draw(st.sampled_from(there))
        what = draw(st.sampled_from(("replace", "take out", "double", "nest", "exchange", "rename")))
        if what == "replace":
            holder[name] = copy.deepcopy(draw(values))
        elif what == "take out":
            del holder[name]
        elif what == "double":
            holder[name] = [holder[name], copy.deepcopy(holder[name])]
        elif what == "nest":
            holder[name] = {draw(st.sampled_from(("file", "Statement", "x", "name", "before"))): holder[name]}
        elif what == "rename" and isinstance(holder, dict):
            holder[str(draw(values))] = holder.pop(name)
        else:
            other, elsewhere = draw(st.sampled_from(there))
            if elsewhere in other if isinstance(other, dict) else elsewhere < len(other):
                holder[name] = copy.deepcopy(other[elsewhere])
    return data
