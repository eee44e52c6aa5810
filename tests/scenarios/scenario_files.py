"""The files of scenarios: what other tools test of the aspects that this one has, restated as data.

Each file is a list of scenarios about one thing:

    id        stable, unique; a number may be told in several scenarios (S015a, S015b)
    name      what is shown, in a sentence
    restates  which tool's test, or whose complaint, it says again in our words
    live      what is done to the bucket before, as boto3 operations (`Bucket` is implied); or `missing`
    bucket    its name, where that matters
    answers   what S3 answers to an operation instead: {operation: [code, status]}
    deleted   users and roles that AWS has deleted: {ARN: id}
    created   users and roles that AWS does not know yet: {ARN: for how many PUTs}
    steps     what is done then, one after the other

A step either has `meddle:`, a list of operations that somebody else performs, or a `spec:`, as people write it
(`name` and `region` are implied; a text is a spec's own YAML). What is expected of it, and nothing else may happen:

    refused   the loader refuses it: [[code, path]]; nothing is asked of S3
    changes   {aspect: create, update or delete}
    fields    {path: [before, after]}, where it matters what a person is shown
    findings  codes of what the plan says besides
    blocked   {aspect: words of the reason}
    meanwhile operations that somebody else performs between plan and apply
    calls     the writing operations that S3 is asked for, in order
    fails     {aspect: words of the reason}
    then      what S3 answers to somebody else afterwards: {operation: parts of the answer, or the error's code};
              `with` holds parameters of the operation
    unsaid    aspects that `import` can only comment on

Where an example holds a `!repeat` or a `!numbered`, see `tests.aspects.case_files`. `not_here.yaml` lists what is
not restated, and why.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.aspects.case_files import Reader

FOLDER = Path(__file__).parent
NOT_HERE = FOLDER / "not_here.yaml"


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """One file of scenarios."""

    path: Path
    scenarios: tuple[dict[str, Any], ...]


def read(path: Path) -> tuple[dict[str, Any], ...]:
    """The items of one file."""
    return tuple(yaml.load(path.read_text(encoding="utf-8"), Reader))


@cache
def scenario_files() -> tuple[ScenarioFile, ...]:
    """All files of scenarios, by name."""
    return tuple(ScenarioFile(path, read(path)) for path in sorted(FOLDER.glob("*.yaml")) if path != NOT_HERE)
