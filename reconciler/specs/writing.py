"""Specs as text, for people to read and keep: what `import` writes.

Everything that is written is read back by the strict reader as just what it was. Short lists and mappings
stand in one line, as people write them; what a spec cannot say stands beside it as a comment.
"""

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import yaml

from reconciler.inert import inert, inert_lines
from reconciler.nodes import Source
from reconciler.planning.taking_over import TakenOver
from reconciler.quoting import Quoting
from reconciler.strict_yaml import parse

SCHEMA_LINE = "# yaml-language-server: $schema=../schemas/bucket-spec.schema.json"
"""Has editors complete and check the file; `reconcile schema --out schemas` writes the schema."""
WIDTH = 110
"""Characters of a line, as far as words can be broken."""
IN_ONE_LINE = 72
"""Characters of a list or mapping of plain words that stands in one line."""


class Dumper(Quoting):
    """Indents lists under their name, and quotes as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """PyYAML would write lists flush with the name above them."""
        super().increase_indent(flow, indentless=False)

    def choose_scalar_style(self) -> str:
        """Double quotes where PyYAML would take single ones."""
        style: str = super().choose_scalar_style()
        return '"' if style == "'" else style

    def ignore_aliases(self, data: Any) -> bool:
        """A spec has no anchors: what is said twice is written twice."""
        return True


def spec_file(
    buckets: Sequence[TakenOver], defaults: Mapping[str, Any] | None = None, remarks: Sequence[str] = ()
) -> str:
    """One spec file with these buckets, and what they share under `defaults:`.

    Remarks about all of it stand at the top, in the place of the line for editors.
    """
    parts = [*map(comment, remarks)] or [SCHEMA_LINE]
    if defaults:
        parts.append("defaults:\n" + indented("\n".join(map(one_field, defaults.items())), "  "))
    parts.append("buckets:\n" + "\n\n".join(map(one_bucket, buckets)))
    return inert_lines("\n".join(parts) + "\n")  # what needs an escape stands between double quotes, or in a comment


def one_bucket(bucket: TakenOver) -> str:
    """One bucket as an item of a list, with its remarks at the end."""
    lines = [*map(one_field, bucket.fields.items())]
    lines += [comment(f"{aspect}: {why}") for aspect, why in bucket.remarks.items()]
    return "  - " + indented("\n".join(lines), "    ").lstrip()


def as_read(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What these fields say once they are written down and read again."""
    node, problems = parse(Source("spec", "\n".join(map(one_field, fields.items()))))
    assert node is not None, problems
    plain: Mapping[str, Any] = node.plain()
    return plain


def one_field(field: tuple[str, Any]) -> str:
    """A name and its value."""
    name, value = field
    dumper = Dumper(StringIO(), sort_keys=False)  # only to make nodes of data
    node = dumper.represent_data({name: value})
    in_one_line(node)
    for outer in (node, node.value[0][1]):  # the fields of an aspect stand under each other
        if isinstance(outer, yaml.MappingNode) and outer.value:
            outer.flow_style = False
    text: str = yaml.serialize(node, Dumper=Dumper, width=WIDTH, allow_unicode=True)
    return text.rstrip("\n")


def in_one_line(node: yaml.Node) -> int:
    """Have short collections of plain words stand in one line; how long this one would be."""
    if isinstance(node, yaml.MappingNode):
        length = sum(in_one_line(key) + in_one_line(value) + 4 for key, value in node.value)
        deep = any(isinstance(value, yaml.CollectionNode) for _, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        length = sum(in_one_line(item) + 2 for item in node.value)
        deep = any(isinstance(item, yaml.CollectionNode) for item in node.value)
    else:
        return len(node.value)
    node.flow_style = not deep and length <= IN_ONE_LINE
    return length


def comment(text: str) -> str:
    """A comment, in as many lines as it takes; what would not be seen is written as an escape."""
    import textwrap

    return textwrap.fill(inert(text), WIDTH - 6, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


def indented(text: str, by: str) -> str:
    """A text further to the right. Line breaks inside of quoted words are escapes or folds: both may move."""
    return "\n".join(by + line if line else line for line in text.split("\n"))
