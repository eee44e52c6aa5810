"""What stands under each field of a model, for people who ask.

Pydantic can read these texts while it makes a model (`use_attribute_docstrings`), which took a quarter of the time
of `validate`; only `explain`, the schemas and the docs need them.
"""

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent

from pydantic import BaseModel


@cache
def docstrings_of(model: type[BaseModel]) -> Mapping[str, str]:
    """The text under each field, also of those that are inherited."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel and "[" not in kind.__name__:
            found |= docstrings_in(dedent(inspect.getsource(kind)))
    return found


def docstrings_in(source: str) -> dict[str, str]:
    """The texts that follow annotated names in the body of a class."""
    [body] = ast.parse(source).body
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, text in pairwise(body.body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            texts[field.target.id] = inspect.cleandoc(text.value.value)
    return texts
