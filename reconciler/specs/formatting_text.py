"""The canonical style: a tree of values and comments in, the lines of a file out."""

import re
import sys
from functools import lru_cache
from io import StringIO
from typing import Any

import yaml

from reconciler.inert import inert_lines, needs_quotes
from reconciler.quoting import Quoting
from reconciler.specs.formatting_tree import Block, Entry, Remark, Scalar, indentation_of

WIDTH = 120
"""Columns of the longest list or mapping in brackets, with all that stands before it."""
DEEPER = 2
"""Spaces of one level."""
LONGEST_NAME = 1000
"""Characters of a name with its quotes; YAML reads a name of up to 1,024 without a `?` before it."""
REMEMBERED = 1 << 15
"""Texts of which it is remembered how they are written."""
TEXT = "tag:yaml.org,2002:str"
RARE_BREAKS = re.compile("[\r\x85\u2028\u2029]")
NOT_AS_WRITTEN = re.compile(r"\\[ \t]+(\n|\Z)")
"""A line that ends with an escaped space: it cannot be moved."""


def text_of(root: Block, above: list[str]) -> str:
    """A whole file."""
    lines: list[str] = []
    put_above(lines, above, "")
    if not root.entries:
        lines.append(nothing_in(root))
    put_block(lines, root, 0)
    return "\n".join(lines) + "\n"


def put_block(lines: list[str], block: Block, indent: int) -> None:
    """The entries of a mapping or list below each other."""
    for entry in block.entries:
        put_entry(lines, entry, indent)
    put_above(lines, block.at_end, " " * indent)


def put_entry(lines: list[str], entry: Entry, indent: int) -> None:
    """A name or a dash, and the value."""
    pad = " " * indent
    before = f"{pad}-" if entry.name is None else f"{pad}{name_of(entry.name, pad)}:"
    value = entry.value
    in_line = in_brackets(value, len(before) + 1) if isinstance(value, Block) else None
    if isinstance(value, Block) and in_line is None and entry.name is None:
        put_item(lines, entry, value, indent)
        return
    put_above(lines, entry.above, pad)
    if isinstance(value, Block) and in_line is None:
        lines.append(with_remark(before, entry.remark))
        inside: list[str] = []
        put_block(inside, value, indent + DEEPER)
        lines += inside
        return
    first, *rest = [in_line] if in_line is not None else lines_of(value, indent + DEEPER)  # type: ignore[arg-type]
    written = [f"{before} {first}".rstrip(), *rest]
    beside = 0 if first[:1] in ("|", ">") else -1
    written[beside] = with_remark(written[beside], entry.remark)
    lines += written


def put_item(lines: list[str], entry: Entry, block: Block, indent: int) -> None:
    """An item that is a block itself: what stands above its first entry stands above the dash."""
    put_above(lines, raised(entry, indent), " " * indent)
    inside: list[str] = []
    put_block(inside, block, indent + DEEPER)
    lines.append(f"{' ' * indent}- {inside[0].lstrip()}")
    lines += inside[1:]


def raised(entry: Entry, indent: int) -> list[str]:
    """What stands above an entry, taken from it and from all that begin in the same line behind a dash."""
    above, entry.above = entry.above, []
    block = entry.value
    if entry.name is not None or not isinstance(block, Block) or in_brackets(block, indent + DEEPER) is not None:
        return above
    if entry.remark is not None:
        above.append(entry.remark.text)
        entry.remark = None
    first = raised(block.entries[0], indent + DEEPER)
    return above + first[next((number for number, line in enumerate(first) if line), len(first)) :]


def put_above(lines: list[str], above: list[str], pad: str) -> None:
    """Comments on lines of their own; blank lines one at a time, and none where a block begins."""
    for line in above:
        if line:
            lines.append(pad + line)
        elif lines and lines[-1]:
            lines.append("")


def with_remark(line: str, remark: Remark | None) -> str:
    """A line with the comment beside it, which stays in its column: people align them."""
    if remark is None:
        return line
    moved = indentation_of(line) - remark.indentation
    column = remark.column + moved if remark.distance > DEEPER else 0
    return line.ljust(max(column, len(line) + DEEPER)) + remark.text


def in_brackets(block: Block, column: int) -> str | None:
    """A list or mapping in one line, if it was in brackets, fits, and no comment stands in it."""
    if not block.entries:
        return nothing_in(block)
    if not block.is_flow:
        return None
    text = flow(block)
    return text if text is not None and column + len(text) <= WIDTH else None


def nothing_in(block: Block) -> str:
    """A mapping or list without entries."""
    return "{}" if block.is_mapping else "[]"


def flow(block: Block) -> str | None:
    """The text in brackets, whatever its length; None with comments in it."""
    parts = []
    if any(block.at_end):
        return None
    for entry in block.entries:
        if any(entry.above) or entry.remark:
            return None
        value = entry.value
        text = flow(value) if isinstance(value, Block) else in_flow(value)
        if text is None:
            return None
        parts.append(text if entry.name is None else f"{scalar(entry.name, True)}: {text}")
    return f"{{{', '.join(parts)}}}" if block.is_mapping else f"[{', '.join(parts)}]"


def in_flow(value: Scalar) -> str:
    """A scalar between brackets; nothing at all would be hard to see there."""
    return scalar(value.text, True) if value.text is not None else value.written or "null"


def name_of(name: str, pad: str) -> str:
    """A name before its colon."""
    text = scalar(name, False)
    return text if len(text) <= LONGEST_NAME else f"? {text}\n{pad}"


def lines_of(value: Scalar, indent: int) -> list[str]:
    """A scalar outside of brackets. What its writer has broken into lines keeps them."""
    if value.text is None:
        return [value.written]
    if "\n" in value.written and not RARE_BREAKS.search(value.text):
        lines = as_written(value, " " * indent)
        if inert_lines("\n".join(lines)) == "\n".join(lines):
            return lines
    return [scalar(value.text, False)]


def as_written(value: Scalar, pad: str) -> list[str]:
    """The lines of a text of several lines, further left or right; one line where they cannot be moved."""
    text, written = value.text or "", value.written
    if written[0] == "|":
        return literal(text, pad)
    if written[0] == ">":
        return folded(written, text, pad)
    if written[0] == '"' and NOT_AS_WRITTEN.search(written):
        return [scalar(text, False)]
    first, *rest = [line.strip(" \t") for line in written.split("\n")]
    return [first, *(pad + line if line else "" for line in rest)]


def literal(text: str, pad: str) -> list[str]:
    """A text behind `|`, its own lines as they are."""
    body = text.rstrip("\n")
    if not body.strip(" "):
        return [scalar(text, False)]
    sign = "|" + (str(DEEPER) if body[0] in " \n" else "")
    return [sign + chomping(text), *(pad + line if line else "" for line in body.split("\n")), *kept(text)]


def folded(written: str, text: str, pad: str) -> list[str]:
    """A text behind `>`, broken into lines as it was."""
    header, _, rest = written.partition("\n")
    body = rest.rstrip("\n").split("\n")
    first = next((line for line in body if line.strip(" ")), "")
    if not first or any(digit in header.partition("#")[0] for digit in "123456789"):
        return [scalar(text, False)]
    before = len(first) - len(first.lstrip(" "))
    lines = [line[before:] for line in body]
    while not lines[-1]:
        lines.pop()  # spaces that end nothing but a line break, which `kept` counts
    return [">" + chomping(text), *(pad + line if line else "" for line in lines), *kept(text)]


def chomping(text: str) -> str:
    """What stands behind `|` or `>` for the line breaks at the end of a text."""
    return "+" if text.endswith("\n\n") else "" if text.endswith("\n") else "-"


def kept(text: str) -> list[str]:
    """The blank lines that belong to the end of a text."""
    return [""] * (len(text) - len(text.rstrip("\n")) - 1)


@lru_cache(maxsize=REMEMBERED)
def scalar(text: str, in_flow: bool) -> str:
    """A text in one line: plain, or between double quotes where any reader might take it for something else."""
    analysis = WRITER.analyze_scalar(text)
    may_be_plain = analysis.allow_flow_plain if in_flow else analysis.allow_block_plain
    if may_be_plain and not needs_quotes(text) and WRITER.resolve(yaml.ScalarNode, text, (True, False)) == TEXT:
        return text
    node = yaml.ScalarNode(TEXT, text, style='"')
    written: str = yaml.serialize(node, Dumper=Quoting, width=sys.maxsize, allow_unicode=True)
    return inert_lines(written.rstrip("\n"))


WRITER: Any = Quoting(StringIO(), allow_unicode=True)
"""Asked how a text may be written; it never writes."""
