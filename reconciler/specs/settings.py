"""`reconcile.yaml` in, `Settings` or every problem of the file out.

The file is read as strictly as a spec is: a limit whose name is misspelled would limit nothing.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconciler.errors import InvalidSettings
from reconciler.nodes import Node, Source
from reconciler.problems import Code, Problem, in_order
from reconciler.settings import BAD_SETTING, Settings
from reconciler.specs.fields import Field, all_fields
from reconciler.specs.files import NO_FILE, SETTINGS_FILE, read
from reconciler.specs.includes import as_text, reason
from reconciler.specs.wording import EMPTY_VALUE, WRONG_TYPE, problems_of
from reconciler.strict_yaml import EMPTY_FILE, parse

MISNAMED = Code(
    "RCL1401",
    "settings that nobody reads",
    "The settings of a team stand in `reconcile.yaml`. A file `reconcile.yml` would be passed over, and its limits "
    "would limit nothing: rename it, or name it with --settings.",
)
CODES = (MISNAMED,)

SETTINGS = Field((), None, Settings)
"""The root of the settings, as `BUCKET` is that of a spec."""
OTHER_ENDING = "reconcile.yml"


def load_settings(named: str | None = None) -> Settings:
    """The settings in this file, or in `reconcile.yaml` of this folder; the defaults where there is none.

    Raises `InvalidSettings` with all problems of the file.
    """
    path = Path(named if named is not None else SETTINGS_FILE)
    problems: list[Problem] = []
    if named is None and not is_there(path):
        if not is_there(Path(OTHER_ENDING)):
            return Settings()
        said = f"`{OTHER_ENDING}` is not read"
        raise InvalidSettings([Problem(MISNAMED.code, said, help=f"rename it to `{SETTINGS_FILE}`")])
    if named is None and path.is_symlink():
        refuse_what_lies_outside(path)
    source = source_of(path, problems)
    node, found = parse(source) if source is not None else (None, ())
    # a file with nothing but comments decides nothing
    problems += (problem for problem in found if problem.code != EMPTY_FILE.code)
    settings = Settings() if node is None else from_node(node, problems)
    if node is not None and not problems and "guardrails" in settings.model_fields_set:
        from reconciler.specs.guardrails import problems_with  # who has set nothing of rules does not load them

        problems += problems_with(settings, node, path.parent)
    if problems:
        raise InvalidSettings(in_order(problems))
    return settings


def refuse_what_lies_outside(path: Path) -> None:
    """Raise `InvalidSettings` for a link out of the repository: what it leads to would be shown with its mistakes."""
    from reconciler.specs.guardrails import checkout_of

    if not path.resolve().is_relative_to(checkout_of(Path())):
        said = f"`{path}` is a link that leads out of the repository"
        raise InvalidSettings([Problem(NO_FILE.code, said, help="name the file itself with --settings")])


def is_there(path: Path) -> bool:
    """Whether anything has this name; a link that leads nowhere, too."""
    return path.exists() or path.is_symlink()


def source_of(path: Path, problems: list[Problem]) -> Source | None:
    """The text of the file; what is no ordinary file is not waited for."""
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return read(path, problems)
        said = "it is not an ordinary file"
    except (OSError, ValueError) as error:
        said = reason(error)
    problems.append(Problem(NO_FILE.code, f"`{as_text(path)}` cannot be read: {said}", help="check --settings"))
    return None


def from_node(node: Node, problems: list[Problem]) -> Settings:
    """What the file says; what is wrong with it is added to the problems."""
    if not isinstance(node.value, dict):
        hint = f"its fields: {', '.join(str(field.path[-1]) for field in all_fields(SETTINGS) if len(field.path) == 1)}"
        problems.append(node.problem(WRONG_TYPE, "settings are a mapping", (), hint))
        return Settings()
    try:
        return Settings.model_validate(node.plain())
    except ValidationError as error:
        problems.extend(in_words(error.errors(include_url=False), node))
        return Settings()


def in_words(mistakes: list[ErrorDetails], node: Node) -> Iterator[Problem]:
    """Each mistake at its place: values that a setting cannot have, and what specs may have wrong as well."""
    for found in mistakes:
        path = tuple(found["loc"])
        if found["input"] is None and found["type"] == BAD_SETTING.code:
            yield node.problem(EMPTY_VALUE, "this is empty", path, "write a value, or leave the line out", at_key=True)
        elif found["type"] == BAD_SETTING.code:
            *_, (written, _) = node.follow(path)
            what = "this" if isinstance(written.value, dict | list) else f"`{written.text}`"
            yield node.problem(BAD_SETTING, f"{what} cannot stand here", path, found["msg"])
        else:
            yield from problems_of([found], node, SETTINGS)
