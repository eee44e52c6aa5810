"""Specs in one canonical style, which is also that of `import`: what `fmt` writes.

Fields stand in the order of their models; tags, the items of lists and documents in other people's languages
keep theirs. Every comment stays with what it belongs to. Before anything is handed out it is read again: a text
that would say something else, or lack a comment, is a problem and no result.
"""

import json
from collections.abc import Iterator
from difflib import unified_diff
from functools import cache

from reconciler.nodes import Node, Source
from reconciler.problems import Code, Problem
from reconciler.specs.fields import BUCKET, Field, SpecPath, names_at
from reconciler.specs.files import SETTINGS_FILE
from reconciler.specs.formatting_text import text_of
from reconciler.specs.formatting_tree import Block, Tree
from reconciler.specs.settings import SETTINGS
from reconciler.specs.spec_file import TOP_LEVEL
from reconciler.strict_yaml import parse

NOT_FORMATTED = Code(
    "RCL1309",
    "a file that cannot be formatted",
    "Written in the canonical style, the file would not say the same, or would lack a comment. It was left alone. "
    "This is a mistake of `fmt`: please report it with the file.",
)
NO_YAML_FILE = Code(
    "RCL1310",
    "not a YAML file by its name",
    "`fmt` writes YAML. A policy in a `.json` file would no longer be JSON.",
)
CODES = (NOT_FORMATTED, NO_YAML_FILE)
FIRST_TO_LAST = ("variables", "defaults", "buckets")
"""What buckets share stands before them: so a large file is read bucket by bucket."""
MARK = "\ufeff"
"""What some editors write before a text. libyaml counts it in no position."""
NO_END = "\\ No newline at end of file"
"""What `diff` says below a last line that nothing ends."""


def formatted(source: Source) -> tuple[str | None, tuple[Problem, ...]]:
    """The text of a file in canonical style; None, and why, where it is left alone."""
    text = source.text.lstrip(MARK).replace("\r\n", "\n").replace("\r", "\n")
    asked = Source(source.name, text)
    root, problems = parse(asked)
    if root is None or problems:
        return None, problems
    if not isinstance(root.value, dict | list):
        return source.text, ()
    tree = Tree(text, root)
    arrange_file(tree.root, source.name)
    written = text_of(tree.root, tree.above)
    if not says_the_same(written, root, tree.comments):
        span = (1, 1, 2)
        return None, (source.problem(NOT_FORMATTED, "this would not say the same in canonical style", span),)
    return (written.replace("\n", "\r\n") if is_of_windows(source.text) else written), ()


def is_of_windows(text: str) -> bool:
    """Whether the first line ends as on Windows. Git decides about line ends: they are kept."""
    return text.partition("\n")[0].endswith("\r")


def says_the_same(written: str, root: Node, comments: list[str]) -> bool:
    """Whether a text reads as these values, with these comments."""
    again, problems = parse(Source("formatted", written))
    if again is None or problems:
        return False
    same = json.dumps(again.plain(), sort_keys=True) == json.dumps(root.plain(), sort_keys=True)
    return same and sorted(Tree(written, again).comments) == sorted(comments)


def arrange_file(root: Block, name: str) -> None:
    """Put the fields of a file into their order: of a spec, of settings, or, of a document that is included, none."""
    if name.rpartition("/")[2] == SETTINGS_FILE:
        arrange(root, SETTINGS, ())
        return
    if not root.is_mapping or not any(entry.name in TOP_LEVEL for entry in root.entries):
        return
    in_order(root, FIRST_TO_LAST)
    for entry in root.entries:
        if not isinstance(entry.value, Block):
            continue
        if entry.name == "defaults" or (entry.name == "buckets" and not entry.value.is_mapping):
            arrange(entry.value, BUCKET, ())


def arrange(block: Block, root: Field, path: SpecPath) -> None:
    """Put the fields at a path, and those below, into the order of their models."""
    if block.is_mapping:
        in_order(block, known_names(path, root))
    for entry in block.entries:
        if isinstance(entry.value, Block):
            arrange(entry.value, root, path if entry.name is None else (*path, entry.name))


@cache
def known_names(path: SpecPath, root: Field) -> tuple[str, ...]:
    """The names that a model has at a path."""
    return names_at(path, root)


def in_order(block: Block, names: tuple[str, ...]) -> None:
    """Known names first, in this order; others behind them as they stand."""
    places = {name: place for place, name in enumerate(names)}
    block.entries.sort(key=lambda entry: places.get(entry.name or "", len(places)))


def difference(name: str, before: str, after: str) -> Iterator[str]:
    """The lines of a unified diff, as `patch` reads them: it has to be told of a last line that nothing ends."""
    lines = unified_diff(lines_with_ends(before), lines_with_ends(after), name, f"{name} (formatted)")
    for line in lines:
        shown, end, _ = line.partition("\n")
        yield shown
        if not end:
            yield NO_END


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text as `patch` counts them."""
    *ended, last = text.split("\n")
    return [f"{line}\n" for line in ended] + ([last] if last else [])
