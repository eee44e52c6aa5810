"""All rules that come with this tool: every file of `reconciler.guardrails.rules` is one."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from reconciler.guardrails import rules as room
from reconciler.guardrails.rule import Rule
from reconciler.guardrails.waiving import ABOUT_WAIVERS


@cache
def own_rules() -> Mapping[str, Rule]:
    """Every rule by its id, in the order of the ids."""
    files = (import_module(f"{room.__name__}.{found.name}") for found in iter_modules(room.__path__))
    found: list[Rule] = [file.RULE for file in files]
    return {rule.id: rule for rule in sorted((*found, *ABOUT_WAIVERS), key=lambda rule: rule.id)}
