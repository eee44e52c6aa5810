"""The variables of a spec file: what is wrong with how they are declared and used, and the texts that hold them."""

from collections.abc import Iterator, Mapping
from itertools import islice

from reconciler.aspects.aspect import BUILT_IN_VARIABLES
from reconciler.aspects.variables import VARIABLE, fill_text, filled_length
from reconciler.nodes import HAS_VARIABLE, Node
from reconciler.problems import Code, Problem, did_you_mean
from reconciler.specs.telling import Told
from reconciler.strict_yaml import LARGEST_FILE, TOO_LARGE

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
CODES = (UNKNOWN_VARIABLE, BAD_VARIABLE)
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


class Filling:
    """Fills the file's own variables into texts; those that are built in wait until the bucket is known."""

    def __init__(self, variables: Mapping[str, str], told: Told) -> None:
        self.variables = variables
        self.told = told
        self.characters = 0
        """How many the texts have in which variables are filled in."""

    @property
    def is_too_much(self) -> bool:
        """Whether the variables have made more of the file than any file may have."""
        return self.characters > LARGEST_FILE

    def filled(self, node: Node) -> Node:
        """The node with its variables filled in; unknown ones are problems."""
        if not node.holds & HAS_VARIABLE:
            return node
        value = node.value
        if isinstance(value, dict):
            self.told.tell_misread(variables_in_names(node))
            children = {name: self.filled(child) for name, child in value.items()}
            same = all(children[name] is child for name, child in value.items())
            return node if same else Node(children, node.where, node.source, node.keys, node.holds)
        if isinstance(value, list):
            items = [self.filled(child) for child in value]
            same = all(item is child for item, child in zip(items, value, strict=True))
            return node if same else Node(items, node.where, node.source, holds=node.holds)
        return self._filled_text(node)

    def _filled_text(self, node: Node) -> Node:
        self.told.tell_misread(unknown_variables(node, self.variables))
        before = self.is_too_much
        self.characters += filled_length(node.value, self.variables)
        if self.is_too_much:
            said = f"with its variables filled in, this file has more than {LARGEST_FILE:,} characters"
            self.told.tell(() if before else [node.problem(TOO_LARGE, said)])
            return node
        return Node(fill_text(node.value, self.variables), node.where, node.source, holds=node.holds)
