"""A YAML text as its writer sees it: values in their order, each with its comments and blank lines.

The strict reader says where every value and name stands. Between them there are only signs of YAML, white space
and comments, so what a comment belongs to follows from where it stands: above an entry, beside it, or at the end
of a block that is indented as far.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.nodes import BITS_OF_LENGTH, Node, Stretch

BETWEEN = re.compile(r"(?P<comment>#[^\n\x85\u2028\u2029]*)|(?P<sign>[-\]}\[{,:?])|(?P<line>\n)|%[^\n#]*")
"""What may stand between two values: comments, signs, line breaks and, above them all, directives."""


class Remark(NamedTuple):
    """A comment that stands beside something."""

    text: str
    column: int
    distance: int
    """Columns between it and what it stands beside."""
    indentation: int
    """Columns before the first word of its line."""


@dataclass(slots=True)
class Scalar:
    """A value that holds no others."""

    written: str
    text: str | None
    """What it says; None for numbers, booleans and nulls."""


@dataclass(slots=True)
class Entry:
    """A name with its value, or an item of a list."""

    name: str | None = None
    above: list[str] = field(default_factory=list)
    """Comments, and an empty text for each blank line."""
    remark: Remark | None = None
    value: "Scalar | Block" = field(default_factory=lambda: Scalar("", None))

    def put_beside(self, remark: Remark) -> None:
        """Only one comment has room beside an entry: earlier ones go above it."""
        if self.remark is not None:
            self.above.append(self.remark.text)
        self.remark = remark


@dataclass(slots=True)
class Block:
    """A mapping or a list."""

    is_mapping: bool
    column: int
    is_flow: bool = False
    """Whether it is written in brackets, or within some."""
    is_open: bool = False
    """Whether its own bracket has not been closed yet."""
    entries: list[Entry] = field(default_factory=list)
    at_end: list[str] = field(default_factory=list)
    """Comments below the last entry."""


class Piece(NamedTuple):
    """A comment or a sign between two values."""

    text: str
    is_comment: bool
    start: int
    after_blank: bool


class Tree:
    """What a text says, with all that is written around it."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.at = 0
        """How far the text has been taken in."""
        self.comments: list[str] = []
        whole = Block(is_mapping=False, column=-1)
        first, end = Entry(), Entry()
        self.come_to(root.start, whole, first)
        whole.entries.append(first)
        self.root = self.take_block(root, first, whole)
        self.come_to(len(text), whole, end)
        if first.remark is not None:  # behind the last bracket, or behind `...`
            self.root.at_end.append(first.remark.text)
        self.root.at_end += end.above[:-1] if end.above[-1:] == [""] else end.above
        self.above = first.above

    def take(self, node: Node, entry: Entry, within: Block) -> None:
        """The value of an entry of a block."""
        if isinstance(node.value, dict | list):
            self.take_block(node, entry, within)
        else:
            self.take_scalar(node, entry)

    def take_block(self, node: Node, entry: Entry, within: Block) -> Block:
        """A mapping or list. `[name: value]` is a mapping without brackets of its own."""
        bracket = self.text[node.start] in "{["
        # a list that stands right below its name counts as further right than that
        column = max(self.column(node.start), within.column + 1)
        block = Block(isinstance(node.value, dict), column, bracket or within.is_flow, bracket)
        if bracket:
            self.at = node.start + 1
        entry.value = block
        children = node.value.items() if block.is_mapping else ((None, child) for child in node.value)
        for name, child in children:
            found = Entry(name)
            start, end = ends(node.keys[name]) if name is not None else (child.start, child.start)  # type: ignore[arg-type]
            self.come_to(start, block, found, entry)
            block.entries.append(found)
            self.at = max(self.at, end)
            below: list[str] = []
            if name is not None:
                below = self.come_from_name(found, child)
            self.take(child, found, block)
            if below:
                put_below(found, below)
        return block

    def come_from_name(self, entry: Entry, value: Node) -> list[str]:
        """What stands between a name and its value; the comments on lines of their own are returned."""
        pieces, after_blank = self.pieces_to(value.start)
        alone: list[str] = []
        for piece in pieces:
            if self.is_alone(piece):
                alone += [""] * piece.after_blank + [piece.text]
            else:
                entry.put_beside(self.remark(piece))
        return [*alone, *[""] * after_blank] if alone else []

    def take_scalar(self, node: Node, entry: Entry) -> None:
        """A text or number; a text in a block of its own may have a comment behind the sign that begins it."""
        start, end = ends(node.where)
        written = self.text[start:end]
        entry.value = Scalar(written, node.value if isinstance(node.value, str) else None)
        self.at = max(self.at, end)
        if written[:1] not in ("|", ">"):
            return
        first = written.partition("\n")[0]
        if "#" in first:
            text = first[first.index("#") :].rstrip()
            self.comments.append(text)
            entry.put_beside(self.remark(Piece(text, True, start + first.index("#"), False)))
        if "+" not in first.partition("#")[0]:
            self.at = start + end_of_text(written, node.value)

    def come_to(self, start: int, block: Block, entry: Entry, owner: Entry | None = None) -> None:
        """Everything up to the next entry of a block finds its place."""
        pieces, after_blank = self.pieces_to(start)
        path = last_of(block)
        for number, piece in enumerate(pieces):
            if not piece.is_comment:
                path = [] if piece.text == "-" else closed(path)
            elif not self.is_alone(piece) and path:
                path[-1].put_beside(self.remark(piece))
            elif not self.is_alone(piece) and owner is not None and not block.entries and block.is_open:
                beside_bracket(owner, self.remark(piece))
            elif (to := self.ending(path, piece, pieces[number:], block)) is not None:
                to += [""] * piece.after_blank + [piece.text]
            else:
                path = []
                entry.above += [""] * piece.after_blank + [piece.text]
        entry.above += [""] * after_blank

    def ending(self, path: list[Entry], piece: Piece, rest: Sequence[Piece], before: Block) -> list[str] | None:
        """The end at which a comment on a line of its own stands; None where it belongs to what follows."""
        brackets = any(not other.is_comment and other.text != "-" for other in rest)
        column = self.column(piece.start)
        for last in range(len(path) - 1, -1, -1):
            block = path[last].value
            if not isinstance(block, Block):
                continue
            if block.is_open if brackets else not block.is_flow and before.column < block.column <= column:
                del path[last + 1 :]
                return block.at_end if block.entries else path[last].above
        return None

    def pieces_to(self, end: int) -> tuple[list[Piece], bool]:
        """What stands between here and there, and whether a blank line comes last."""
        pieces: list[Piece] = []
        lines, blank = 0, False
        for found in BETWEEN.finditer(self.text, self.at, max(end, self.at)):
            if found["line"]:
                lines += 1
            elif found["comment"]:
                text = found["comment"].rstrip()
                self.comments.append(text)
                pieces.append(Piece(text, True, found.start(), blank or lines > 1))
                lines, blank = 0, False
            elif found["sign"]:
                blank, lines = blank or lines > 1, 0
                if found["sign"] in "-]}":
                    pieces.append(Piece(found["sign"], False, found.start(), False))
        self.at = max(end, self.at)
        return pieces, blank or lines > 1

    def line_start(self, position: int) -> int:
        """Where the line begins."""
        return self.text.rfind("\n", 0, position) + 1

    def column(self, position: int) -> int:
        """Characters before it in its line."""
        return position - self.line_start(position)

    def is_alone(self, piece: Piece) -> bool:
        """Whether only white space stands before it in its line."""
        return not self.text[self.line_start(piece.start) : piece.start].strip()

    def remark(self, piece: Piece) -> Remark:
        """A comment with what stands before it in its line."""
        before = self.text[self.line_start(piece.start) : piece.start]
        return Remark(piece.text, len(before), len(before) - len(before.rstrip()), indentation_of(before))


def indentation_of(line: str) -> int:
    """Columns before the first word of a line, and its dashes."""
    return len(line) - len(line.lstrip(" -"))


def put_below(entry: Entry, comments: list[str]) -> None:
    """Comments between a name and its value: they belong to the first thing below, or to the name itself."""
    block = entry.value
    if isinstance(block, Block) and not block.is_flow:
        block.entries[0].above[:0] = comments
    else:
        entry.above += comments


def ends(where: Stretch) -> tuple[int, int]:
    """Where a stretch begins and ends."""
    start = where >> BITS_OF_LENGTH
    return start, start + (where & (1 << BITS_OF_LENGTH) - 1)


def end_of_text(written: str, text: str) -> int:
    """Characters up to the end of a text in a block. Its last lines may be spaces: more than those before all lines."""
    shown = len(written.rstrip())
    said = f"\n{text}".rstrip("\n")
    more = said[len(said.rstrip()) :].count("\n")
    return shown + len("\n".join(written[shown:].split("\n")[: more + 1]))


def last_of(block: Block) -> list[Entry]:
    """The last entry of a block, the last one within it, and so on."""
    path: list[Entry] = []
    while block.entries:
        path.append(block.entries[-1])
        if not isinstance(path[-1].value, Block):
            break
        block = path[-1].value
    return path


def closed(path: list[Entry]) -> list[Entry]:
    """The path up to the entry whose bracket is closed now."""
    open_ones = (place for place, entry in enumerate(path) if isinstance(entry.value, Block) and entry.value.is_open)
    last = max(open_ones, default=-1)
    for entry in path[last : last + 1]:
        assert isinstance(entry.value, Block)
        entry.value.is_open = False
    return path[: last + 1]


def beside_bracket(owner: Entry, remark: Remark) -> None:
    """A comment behind an opening bracket: the bracket may go, so the comment goes to its name, or above an item."""
    if owner.name is not None:
        owner.put_beside(remark)
    else:
        owner.above.append(remark.text)
