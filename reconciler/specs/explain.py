"""``reconcile explain``: what a code or a field means, as a page of plain text.

Read off the models and the codes; no page is written by hand.
"""

import textwrap
from collections.abc import Iterator
from difflib import get_close_matches

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.errors import UsageError
from reconciler.guardrails.catalogue import own_rules
from reconciler.problems import Code
from reconciler.settings import RULE_ID, Settings
from reconciler.specs.about_rules import about_all, about_rule
from reconciler.specs.catalogue import catalogue, owner_of
from reconciler.specs.description import (
    as_yaml,
    default_of,
    dotted,
    example_of,
    first_paragraph,
    is_required,
    kind_of,
    meaning_of,
    notes_on,
    risk_of,
    words_for,
)
from reconciler.specs.docstrings import docstrings_of
from reconciler.specs.fields import BUCKET, Field, SpecPath, all_fields, field_at, where_else
from reconciler.specs.settings import SETTINGS

WIDTH = 80
INDENT = "  "


def explain(topic: str) -> str:
    """The page about a code (``RCL1101``), a guardrail (``PUB-01``), a field (``bucket.tags``) or ``settings.limits``.

    Raises UsageError for others.
    """
    code = catalogue().get(topic.upper())
    if code is not None:
        return page(about_code(code))
    if topic == "guardrails":
        return page(about_all())
    rule = own_rules().get(topic.upper()) if RULE_ID.match(topic.upper()) else None
    if rule is not None:
        return page(about_rule(rule))
    parts = topic.split(".")
    if parts[0] == "settings":
        return page(about_settings(tuple(parts[1:])))
    path = tuple(parts[1:] if parts[0] == "bucket" else parts)
    if not path:
        return page(about_bucket())
    field = next((field for field in all_fields() if field.path == path), None)
    if field is None:
        raise UsageError(f"there is nothing to explain about `{topic}`", remedy=nearest(topic))
    return page(about_field(field))


def nearest(topic: str) -> str:
    """Which topic may be meant."""
    name = topic.rpartition(".")[2]
    known = [dotted(field.path) for field in all_fields()]
    meant = [dotted(path) for path in where_else(name)]
    if not meant:
        spelled = {name.lower(): name for name in (*catalogue(), *own_rules(), "guardrails")}
        wanted = (
            topic
            if topic.startswith("bucket") or "-" in topic or topic.upper().startswith(("RCL", "GUARD"))
            else f"bucket.{topic}"
        )
        meant = get_close_matches(wanted.lower(), [*known, *spelled], n=1, cutoff=0.8)
        meant = [spelled.get(word, word) for word in meant]
    if not meant:
        return "name a code, like RCL1101, or a field, like bucket.lifecycle; `bucket` and `settings` list all fields"
    return "did you mean " + " or ".join(f"`{word}`" for word in meant) + "?"


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────


def page(lines: Iterator[str]) -> str:
    """Lines as a text."""
    return "\n".join(line.rstrip() for line in lines) + "\n"


def about_code(code: Code) -> Iterator[str]:
    """A code: what is wrong, why, and where it belongs."""
    yield f"{code.code} ({code.severity}): {code.title}"
    yield ""
    yield from wrapped(code.explanation)
    aspect = owner_of(code)
    if aspect is not None:
        yield ""
        yield f"See also: reconcile explain bucket.{aspect}"


def about_bucket() -> Iterator[str]:
    """All fields there are."""
    yield "bucket"
    yield ""
    yield from wrapped(meaning_of(BUCKET))
    yield ""
    yield "Fields"
    for field in all_fields():
        depth = INDENT * len(field.path)
        yield f"{depth}{field.path[-1]:<{44 - len(depth)}}{short(kind_of(field), WIDTH - 44)}"
    yield ""
    yield "See also: reconcile explain bucket.lifecycle"


def about_settings(path: SpecPath) -> Iterator[str]:
    """The settings of `reconcile.yaml`, or those under one of them."""
    fields = [field for field in all_fields(SETTINGS) if field.path[: len(path)] == path]
    if not fields:
        name = ".".join(("settings", *map(str, path)))
        raise UsageError(f"there is nothing to explain about `{name}`", remedy="`settings` lists all settings")
    yield ".".join(("settings", *map(str, path)))
    yield ""
    if not path:
        yield from wrapped(first_paragraph(Settings.__doc__))
        yield ""
    for field in fields:
        default = "must be written" if is_required(field) else default_of(field)
        yield from wrapped(f"{'.'.join(map(str, field.path))}" + (f"  ({default})" if default else ""), INDENT)
        owner = field_at(field.path[:-1], SETTINGS)
        said = docstrings_of(owner.model)[str(field.path[-1])] if owner and owner.model else ""
        yield from wrapped(first_paragraph(said), INDENT * 3)


def about_field(field: Field) -> Iterator[str]:
    """A field: what may stand there, what it means, what stands below it, and an example."""
    yield dotted(field.path)
    yield ""
    yield from entry("Value", kind_of(field))
    aspect = BucketSpec.aspects().get(str(field.path[0])) if len(field.path) == 1 else None
    for word, means in words_for(aspect).items() if aspect is not None else ():
        yield from entry("", f"or {word}: {means}")
    default = "must be written" if is_required(field) else default_of(field)
    if default is not None:
        yield from entry("Default", default)
    yield ""
    yield from wrapped(" ".join([meaning_of(field), *notes_on(field)]))
    below = [inner for inner in all_fields() if inner.path[:-1] == field.path]
    if below:
        yield from ("", "Fields")
        for inner in below:
            yield from listed(inner)
    example = example_of(field)
    if example is not None:
        yield from ("", "Example")
        yield from textwrap.indent(as_yaml(field.path, example), INDENT).splitlines()
    if aspect is not None:
        yield from in_aws(aspect)


def listed(field: Field) -> Iterator[str]:
    """A field in a list of fields: its name, what may stand there, what it means."""
    must = " (must be written)" if is_required(field) else ""
    yield from wrapped(f"{field.path[-1]}: {kind_of(field)}{must}", INDENT)
    yield from wrapped(meaning_of(field), INDENT * 3)


def in_aws(aspect: type[Aspect]) -> Iterator[str]:
    """Calls, permissions, risk, and what can be wrong."""
    api = aspect.api
    yield from ("", "In AWS")
    yield from entry("Reads", f"{api.get} ({', '.join(api.to_read)})", INDENT)
    writes = " or ".join(call for call in (api.put, api.delete) if call)
    yield from entry("Writes", f"{writes} ({', '.join(api.to_write)})", INDENT)
    risk = risk_of(aspect)
    if risk:
        yield from entry("Risk", risk, INDENT)
    yield from ("", "What can be wrong")
    for code in aspect.codes:
        yield f"{INDENT}{code.code}  {code.title}"


def entry(name: str, text: str, indent: str = "") -> Iterator[str]:
    """A name and what it stands for, side by side."""
    lines = textwrap.wrap(text, WIDTH - len(indent) - 10, break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield f"{indent}{name if number == 0 else '':<10}{line}"


def wrapped(text: str, indent: str = "") -> Iterator[str]:
    """A text in lines that fit."""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def short(text: str, width: int) -> str:
    """A text that fits into a line."""
    return text if len(text) <= width else text[: width - 2] + " …"
