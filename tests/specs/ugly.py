"""YAML as nobody should write it: odd indents, comments everywhere, lists and texts in every style."""

import json

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

TRAPS = (
    "on",
    "012345678901",
    "2012-10-17",
    "*",
    "a: b",
    "# no comment",
    "- a",
    "",
    "null",
    "1.5e3",
    "x, y",
    "{a}",
    "::x",
)
"""Texts that stand between quotes, or would say something else."""
WORDS = st.sampled_from(("a", "b c", "${v}", "s3:Get*", "it's", 'say "so"', "é", *TRAPS))
PLAIN = st.sampled_from(
    ("a", "b c", "word", "s3:GetObject", "1", "-1.50", "true", "~", "null", "2012-10-17", "012345678901")
)
NAMES = ("name", "region", "tags", "lifecycle", "rules", "id", "policy", "purpose", "odd", "on", "1")
COMMENTS = st.sampled_from(("# a", "#b", "# c: d", "#", "#  - e", '# "f'))


@st.composite
def files(draw: DrawFn) -> str:
    """A whole file: what looks like a spec, or anything."""
    body = draw(specs() | mapping(0, 4) | items(0, 3) | in_brackets())
    head = draw(st.sampled_from(("", "\ufeff", "---\n", "--- # top\n", "# top\n", "# top\n\n# more\n", "\n\n")))
    ends = ("", "\n", "# end\n", "  # end\n\n", "...\n# end", "... # end\n", "  \n\t\n")
    return head + body + draw(st.sampled_from(ends))


@st.composite
def in_brackets(draw: DrawFn) -> str:
    """A list or mapping in brackets that is the whole file."""
    return f"{draw(flow(1, 3))}{draw(besides())}"


@st.composite
def specs(draw: DrawFn) -> str:
    """`buckets:` and `defaults:` in any order."""
    parts = [f"buckets:{draw(besides())}{draw(items(draw(st.integers(0, 3)), 3))}"]
    parts.insert(draw(st.integers(0, 1)), f"defaults:{draw(besides())}{draw(mapping(2, 2))}")
    return "".join(parts)


@st.composite
def besides(draw: DrawFn) -> str:
    """The end of a line: with a comment or none, and comments and blank lines below."""
    end = " " * draw(st.integers(1, 4)) + draw(COMMENTS) if draw(st.booleans()) else ""
    return end + "\n" + draw(between())


@st.composite
def between(draw: DrawFn) -> str:
    """Comments on lines of their own, as far to the right as they like, and blank lines."""
    lines = [""] if draw(st.booleans()) else []
    lines += [" " * draw(st.integers(0, 7)) + draw(COMMENTS) for _ in range(draw(st.integers(0, 2)))]
    lines += [""] * draw(st.integers(0, 2))
    return "".join(line + "\n" for line in lines) if draw(st.booleans()) else ""


@st.composite
def mapping(draw: DrawFn, indent: int, depth: int) -> str:
    """Names and values, a line or more each."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    pad = " " * indent
    return "".join(f'{pad}"{name}":{draw(value(indent, depth - 1))}' for name in names)


@st.composite
def items(draw: DrawFn, indent: int, depth: int) -> str:
    """A list; its items begin behind the dash or below it."""
    found = ""
    for _ in range(draw(st.integers(1, 3))):
        found += " " * indent + "-"
        if depth > 0 and draw(st.booleans()):
            gap = draw(st.integers(1, 3))
            inside = draw(mapping(indent + 1 + gap, depth - 1))
            found += draw(besides()) + inside if draw(st.booleans()) else " " * gap + inside.lstrip(" ")
        else:
            found += draw(value(indent, depth - 1))
    return found


@st.composite
def value(draw: DrawFn, indent: int, depth: int) -> str:
    """What stands behind a name or a dash, up to the end of its last line."""
    kind = draw(st.sampled_from(("plain", "quoted", "flow", "long", "block") + ("mapping", "items") * 3))
    deeper = indent + draw(st.integers(1, 4))
    if kind == "mapping" and depth > 0:
        return draw(besides()) + draw(mapping(deeper, depth))
    if kind == "items" and depth > 0:
        return draw(besides()) + draw(items(deeper, depth))
    if kind == "flow":
        return f" {draw(flow(deeper, 2))}{draw(besides())}"
    if kind == "long":
        ends = draw(st.sampled_from(("''", '""', ("", ""))))
        return f" {ends[0]}one two\n\n{' ' * deeper}three\n{' ' * deeper} four{ends[1]}{draw(besides())}"
    if kind == "block":
        return draw(block(indent, deeper))
    text = json.dumps(draw(WORDS), ensure_ascii=False) if kind == "quoted" else draw(PLAIN)
    before = draw(besides()) + " " * deeper if draw(st.integers(0, 4)) == 0 else " "
    return f"{before}{text}{draw(besides())}"


@st.composite
def block(draw: DrawFn, indent: int, deeper: int) -> str:
    """A text behind `|` or `>`, with lines of spaces between and below its own."""
    sign = draw(st.sampled_from("|>")) + draw(st.sampled_from(("", "", str(deeper - indent))))
    sign += draw(st.sampled_from(("", "-", "+"))) + draw(st.sampled_from(("", "", "  # in it")))
    spaces = st.sampled_from((0, 1, deeper, deeper + 1)).map(lambda columns: " " * columns)
    words = st.sampled_from(("one", "  two", "::two", "# three", "\tfour")).map(lambda word: " " * deeper + word)
    lines = [*draw(st.lists(spaces, max_size=1)), " " * deeper + "one", *draw(st.lists(words | spaces, max_size=4))]
    return f" {sign}\n" + "".join(line + "\n" for line in lines) + draw(between())


@st.composite
def flow(draw: DrawFn, indent: int, depth: int) -> str:
    """A list or mapping in brackets, in one line or several."""
    gaps = st.sampled_from(("", " ", "\n" + " " * indent, f" # in\n{' ' * indent}", f"\n# below\n\n{' ' * indent}"))
    one_line = draw(st.booleans())
    parts = []
    names = draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
    is_mapping = draw(st.booleans())
    for name in names:
        inside = draw(flow(indent, depth - 1)) if depth > 1 and draw(st.booleans()) else json.dumps(draw(WORDS))
        inside = inside if draw(st.booleans()) or inside[0] in "[{" else "plain word" * draw(st.integers(1, 8))
        parts.append(f'"{name}": {inside}' if is_mapping else inside)
    gap = "" if one_line else draw(gaps)
    text = gap + f",{gap or ' '}".join(parts) + ("" if one_line else draw(gaps))
    return f"{{{text}}}" if is_mapping else f"[{text}]"
