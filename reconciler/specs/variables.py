"""What is wrong with the variables of a spec file: how they are declared, and where they are used."""

from collections.abc import Iterator, Mapping
from itertools import islice

from reconciler.aspects.aspect import BUILT_IN_VARIABLES
from reconciler.aspects.variables import VARIABLE
from reconciler.problems import Code, Problem, did_you_mean
from reconciler.strict_yaml import Node

UNKNOWN_VARIABLE = Code(
    "RCL1305",
    "a variable that nobody declared",
    "Known are account_id, region, partition, bucket, and those that the file declares under `variables:`. Nothing is "
    "read from the environment. IAM's own variables, like ${aws:username}, pass through untouched.",
)
BAD_VARIABLE = Code(
    "RCL1306",
    "a variable that cannot be declared",
    "`variables:` maps names of letters, digits and underscores to text; the built-in names are taken, and a variable "
    "may use the built-in ones but no other.",
)
MOST_COMPARED = 100
"""Declared variables that a misspelled one is compared with."""


def wrong_with_variables(node: Node, declared: Mapping[str, object]) -> Iterator[Problem]:
    """Names that are no names or are taken, and values that are no text."""
    for name, value in declared.items():
        if name in BUILT_IN_VARIABLES or not VARIABLE.fullmatch("${" + name + "}"):
            yield node.problem(BAD_VARIABLE, f"`{name}` cannot be declared", (name,), at_key=True)
        elif not isinstance(value, str):
            yield node.problem(BAD_VARIABLE, "a variable holds text", (name,), "put it in quotes")
        else:
            yield from unknown_variables(node.value[name], {})


def variables_in_names(mapping: Node) -> Iterator[Problem]:
    """Variables in names, where nothing is filled in."""
    for name in mapping.value:
        if "${" in name and VARIABLE.search(name):
            said = "variables are filled in in values, not in names"
            yield mapping.problem(UNKNOWN_VARIABLE, said, (name,), "write the name out", at_key=True)


def unknown_variables(node: Node, declared: Mapping[str, str]) -> Iterator[Problem]:
    """Variables in a text that are neither built in nor declared."""
    for name in VARIABLE.findall(node.text):
        if name not in declared and name not in BUILT_IN_VARIABLES:
            near = did_you_mean(name, [*BUILT_IN_VARIABLES, *islice(declared, MOST_COMPARED)])
            hint = f"did you mean `${{{near}}}`?" if near else "declare it under `variables:`"
            yield node.problem(UNKNOWN_VARIABLE, f"nobody declared `${{{name}}}`", (), hint)
