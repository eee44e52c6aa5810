"""The files of cases: one list of cases each, in ``cases/<aspect>/``.

Two kinds of files carry facts about AWS, each with its source: `equivalences.yaml` and `refusals.yaml`.
docs/equivalences.md is made of them. In all files, ``!repeat [x, 1025]`` stands for a long text, and
``!numbered [1001, {id: "#"}]`` for a long list with numbers in the place of ``#``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"
REFUSALS = "refusals.yaml"
EQUIVALENCES = "equivalences.yaml"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of cases: the aspect that it is about, and what it holds."""

    aspect: str
    path: Path
    cases: tuple[dict[str, Any], ...]


class Reader(yaml.SafeLoader):
    """YAML with two words for what is too long to be written out."""

    def repeated(self, node: yaml.Node) -> str:
        """``!repeat [text, times]``."""
        assert isinstance(node, yaml.SequenceNode)
        text, times = self.construct_sequence(node)
        return str(text) * int(times)

    def numbered(self, node: yaml.Node) -> list[Any]:
        """``!numbered [times, item]``."""
        assert isinstance(node, yaml.SequenceNode)
        times, item = self.construct_sequence(node, deep=True)
        return [with_number(item, str(number)) for number in range(int(times))]


Reader.add_constructor("!repeat", Reader.repeated)
Reader.add_constructor("!numbered", Reader.numbered)


def with_number(value: Any, number: str) -> Any:
    """Plain data with a number in the place of every ``#``."""
    if isinstance(value, str):
        return value.replace("#", number)
    if isinstance(value, list):
        return [with_number(item, number) for item in value]
    if isinstance(value, dict):
        return {with_number(name, number): with_number(item, number) for name, item in value.items()}
    return value


@cache
def case_files() -> tuple[CaseFile, ...]:
    """All files of cases, by aspect and name."""
    return tuple(
        CaseFile(path.parent.name, path, tuple(yaml.load(path.read_text(encoding="utf-8"), Reader)))
        for path in sorted(FOLDER.glob("*/*.yaml"))
    )


def cases_in(*, refusals: bool) -> Iterator[tuple[CaseFile, dict[str, Any]]]:
    """Every case of the files with refusals, or of the others."""
    for file in case_files():
        if (file.path.name == REFUSALS) is refusals:
            for case in file.cases:
                yield file, case
