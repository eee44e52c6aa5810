"""The guardrails of a run: those that come with this tool, as `reconcile.yaml` sets them, and a team's own.

A team's own rule is a JSON Schema beside the settings, or comes in a Python package that is installed and named. Code
of the checkout that is being reviewed never runs: whoever opens a pull request would otherwise run theirs with the
credentials of the check.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from site import getsitepackages
from typing import Any

from reconciler.errors import InvalidSettings
from reconciler.guardrails.catalogue import own_rules
from reconciler.guardrails.configured import Mistake, guardrails_of
from reconciler.guardrails.judging import Guardrails
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.nodes import Node
from reconciler.problems import Code, Problem, Severity, in_order
from reconciler.settings import RULE_ID, GuardrailSettings, OwnRule, Settings
from reconciler.specs.files import SETTINGS_FILE
from reconciler.specs.includes import OutsideError, parse_file, read, reason

BAD_GUARDRAIL = Code(
    "RCL1405",
    "a guardrail that cannot be asked",
    "`guardrails:` in reconcile.yaml names rules by their ids, and sets what they let one set (`reconcile explain "
    "PUB-01`). A rule of the team's own is a JSON Schema in a file beside the settings, or comes in an installed "
    "package that has entry points in the group `reconcile.guardrails`, each of which is a `Rule`. A package that lies "
    "in the folder or the Git repository that is being checked is not loaded.",
)
CODES = (BAD_GUARDRAIL,)
GROUP = "reconcile.guardrails"

Found = tuple[tuple[str | int, ...], Rule]
"""A rule, and where the settings name it or its package."""


def load_guardrails(settings: Settings, named: str | None = None) -> Guardrails:
    """What the team asks of its specs; `named` is the file of its settings. Raises `InvalidSettings`."""
    guardrails, mistakes = asked_in(settings.guardrails, Path(named or SETTINGS_FILE).parent)
    if mistakes:
        raise InvalidSettings([Problem(BAD_GUARDRAIL.code, one.message, None, one.help) for one in mistakes])
    return guardrails


def asked_in(settings: GuardrailSettings, folder: Path) -> tuple[Guardrails, tuple[Mistake, ...]]:
    """The guardrails of a team whose settings lie in this folder, and what is wrong with them."""
    mistakes: list[Mistake] = []
    found = [*rules_from_schemas(settings, folder, mistakes), *rules_from_packages(settings, folder, mistakes)]
    teams: dict[str, Rule] = {}
    for path, rule in found:
        if rule.id in own_rules() or rule.id in teams:  # it would take the place of the other one without a word
            mistakes.append(Mistake(path, f"there is a rule `{rule.id}` already", "give this one an id of its own"))
        else:
            teams[rule.id] = rule
    guardrails, others = guardrails_of(settings, teams.values())
    return guardrails, (*mistakes, *others)


def problems_with(settings: Settings, node: Node, folder: Path) -> tuple[Problem, ...]:
    """The same at their places in the file that says so."""
    _, mistakes = asked_in(settings.guardrails, folder)
    return in_order(
        node.problem(BAD_GUARDRAIL, one.message, one.path, one.help, at_key=one.at_name) for one in mistakes
    )


# ── JSON Schemas ─────────────────────────────────────────────────────────────────────────────────────


def rules_from_schemas(settings: GuardrailSettings, folder: Path, mistakes: list[Mistake]) -> Iterator[Found]:
    """The team's rules that are JSON Schemas."""
    for number, own in enumerate(settings.own):
        path = ("guardrails", "own", number, "json_schema")
        try:
            source = read(folder, own.json_schema)
        except OutsideError:
            mistakes.append(Mistake(path, f"`{own.json_schema}` lies outside of the settings' folder", "move it there"))
            continue
        except (OSError, ValueError) as error:
            mistakes.append(Mistake(path, f"`{own.json_schema}` cannot be read: {reason(error)}", "check the path"))
            continue
        node, problems = parse_file(source)
        schema = node.plain() if node is not None else None
        wrong = next((problem.message for problem in problems), None)
        if wrong or not isinstance(schema, dict):
            said = f"`{own.json_schema}` is no JSON Schema: {wrong or 'it is no mapping'}"
            mistakes.append(Mistake(path, said, "write one; docs/guardrails.md has an example"))
        elif refused := refusal_of(schema):
            mistakes.append(Mistake(path, f"`{own.json_schema}`: {refused}", "mend the schema"))
        else:
            yield ("guardrails", "own", number, "id"), rule_from(own, schema)


def refusal_of(schema: dict[str, Any]) -> str | None:
    """What is wrong with a schema, as far as it shows when anything is held against it."""
    from reconciler.aspects.team_schema import misfits_of_team

    try:
        next(misfits_of_team({"name": "acme-lake"}, schema), None)
    except ValueError as error:
        return str(error)
    return None


def rule_from(own: OwnRule, schema: dict[str, Any]) -> Rule:
    """A rule of a schema: each place where a spec does not fit it is an offence."""

    def check(subject: Subject) -> Iterator[Offence]:
        from reconciler.aspects.team_schema import misfits_of_team

        written = subject.spec.model_dump(mode="json", by_alias=False, exclude_unset=True)
        try:
            yield from (Offence(path, message) for path, message in misfits_of_team(written, schema))
        except ValueError as error:
            yield Offence((), f"nobody can tell: {error}", "mend the schema")

    mend = own.mend or f"Write what {own.json_schema} asks for."
    return Rule(own.id, own.title, own.why, mend, check, Severity(own.severity))


# ── packages ─────────────────────────────────────────────────────────────────────────────────────────


def rules_from_packages(settings: GuardrailSettings, folder: Path, mistakes: list[Mistake]) -> Iterator[Found]:
    """The rules of installed packages that the settings name."""
    for number, name in enumerate(settings.packages):
        path = ("guardrails", "packages", number)
        try:
            yield from ((path, rule) for rule in rules_of_package(name, folder))
        except ModuleNotFoundError as error:
            mistakes.append(Mistake(path, str(error), f"install it for this Python: pip install {name}"))
        except ValueError as error:
            mistakes.append(Mistake(path, str(error), "name packages of guardrails; docs/guardrails.md has an example"))


def rules_of_package(name: str, folder: Path) -> Iterator[Rule]:
    """What the entry points of one package give.

    Raises ModuleNotFoundError for a package that is not installed, ValueError for what is not to be trusted.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        entries = distribution(name).entry_points.select(group=GROUP)
    except PackageNotFoundError:
        raise ModuleNotFoundError(f"the package `{name}` is not installed") from None
    if not entries:
        raise ValueError(f"the package `{name}` has no entry point in the group {GROUP}")
    for entry in entries:
        refuse_code_under_review(name, entry.module, folder)
        try:
            found = entry.load()
        except (Exception, SystemExit) as error:
            raise ValueError(
                f"`{entry.value}` of `{name}` cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, Rule):
            raise ValueError(f"`{entry.value}` of `{name}` is no Rule")  # noqa: TRY004 - told like the others
        if not RULE_ID.match(found.id):
            raise ValueError(f"`{entry.value}` of `{name}` has no id like `ACME-01`")
        yield told_when_it_fails(found)


def told_when_it_fails(rule: Rule) -> Rule:
    """The same rule; where it fails, that is what it says of a spec. It ends no run with a traceback."""

    def check(subject: Subject) -> Iterator[Offence]:
        try:
            said: Iterable[Any] = rule.check(subject)
            for offence in said:
                if not (isinstance(offence, Offence) and isinstance(offence.message, str)):
                    raise TypeError(f"{offence!r} is no Offence with a message")  # noqa: TRY301 - told like all others
                yield offence
        except (Exception, SystemExit) as error:
            yield Offence((), f"nobody can tell: {type(error).__name__}: {error}", "mend the rule in its package")

    return replace(rule, check=check)


def refuse_code_under_review(package: str, module: str, folder: Path) -> None:
    """Raise ValueError for a module out of what a pull request may bring, but for what is installed there.

    That is the checkout around the run, and the one around its settings, which lie in this folder.
    """
    from importlib.util import find_spec

    try:
        found = find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        found = None
    origins = [*(found.submodule_search_locations or ()), *([found.origin] if found.origin else [])] if found else []
    if not origins:
        raise ValueError(f"the package `{package}` has no module `{module}`")
    brought = {checkout_of(Path()), checkout_of(folder)}
    installed = [Path(place).resolve() for place in getsitepackages()]
    for origin in origins:
        place = Path(origin).resolve()
        if any(map(place.is_relative_to, brought)) and not any(map(place.is_relative_to, installed)):
            raise ValueError(f"the package `{package}` lies in the folder that is being checked, and is not loaded")


def checkout_of(folder: Path) -> Path:
    """The outermost Git repository around a folder; without one, the folder itself."""
    here = folder.resolve()
    around = (*reversed(here.parents), here)
    return next((place for place in around if os.access(place / ".git", os.F_OK)), here)
