"""docs/errors.md, docs/aspects.md and docs/guardrails.md, made of the codes, the models and the rules.

``python -m reconciler.specs.documentation docs/`` writes them; a test asserts that they are current.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from reconciler.aspects.aspect import Aspect
from reconciler.bucket import BucketSpec
from reconciler.problems import Severity
from reconciler.specs.about_rules import guardrails_page
from reconciler.specs.catalogue import catalogue, section_of
from reconciler.specs.description import (
    as_yaml,
    default_of,
    dotted,
    example_of,
    is_required,
    kind_of,
    meaning_of,
    notes_on,
    risk_of,
)
from reconciler.specs.fields import Field, all_fields

MADE = "<!-- Made by `python -m reconciler.specs.documentation docs/`. Do not edit. -->"


def texts() -> dict[str, str]:
    """The files as they are checked in."""
    pages = {"errors.md": errors(), "aspects.md": aspects(), "guardrails.md": guardrails_page(MADE)}
    return {name: "\n".join(lines) + "\n" for name, lines in pages.items()}


def write_docs(folder: Path) -> tuple[Path, ...]:
    """Write the generated docs into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in texts())


def errors() -> Iterator[str]:
    """Every code with its explanation."""
    yield from ("# Errors and warnings", "", MADE, "")
    yield "What `reconcile explain CODE` says of each code. Codes are never reused for something else."
    for heading, codes in groupby(catalogue().values(), section_of):
        yield from ("", f"## {heading}")
        for code in codes:
            warning = " (warning)" if code.severity is Severity.WARNING else ""
            yield from ("", f"### {code.code}: {code.title}{warning}", "", code.explanation)


def aspects() -> Iterator[str]:
    """The bucket and its aspects, field by field."""
    yield from ("# What a spec may say", "", MADE, "")
    yield (
        "What is left out is neither read nor touched. A declared aspect owns its whole document. Every aspect may "
        "also be `absent` (make sure that there is none) or `unmanaged` (leave the live one alone, whatever "
        "`defaults:` says). `reconcile explain bucket.lifecycle` shows the same in a terminal."
    )
    yield from ("", "## The bucket", "")
    yield from table([field for field in all_fields() if len(field.path) == 1 and not is_aspect(field)])
    for name, aspect in BucketSpec.aspects().items():
        yield from one_aspect(name, aspect)


def one_aspect(name: str, aspect: type[Aspect]) -> Iterator[str]:
    """A sentence, the fields, an example, and what it takes in AWS."""
    field = next(field for field in all_fields() if field.path == (name,))
    yield from ("", f"## {name}", "", meaning_of(field), "", f"A value is: {kind_of(field)}.", "")
    below = [inner for inner in all_fields() if inner.path[:1] == (name,) and len(inner.path) > 1]
    if below:
        yield from (*table(below), "")
    yield from ("```yaml", as_yaml(field.path, example_of(field)).rstrip(), "```", "")
    api = aspect.api
    yield f"- reads: `{api.get}` ({actions(api.to_read)})"
    writes = ", ".join(f"`{call}`" for call in (api.put, api.delete) if call)
    yield f"- writes: {writes} ({actions(api.to_write)})"
    risk = risk_of(aspect)
    if risk:
        yield f"- risk: {risk}"
    if any(aspect.refusals_of_absence()):
        yield "- cannot be `absent`"


def is_aspect(field: Field) -> bool:
    """Whether a field of the bucket is an aspect."""
    return field.path[0] in BucketSpec.aspects()


def table(fields: list[Field]) -> Iterator[str]:
    """Fields with what may stand in them."""
    yield from ("| field | value | default | meaning |", "|---|---|---|---|")
    for field in fields:
        name = dotted(field.path[1:] if len(field.path) > 1 else field.path).removeprefix("bucket.")
        default = "must be written" if is_required(field) else default_of(field) or ""
        said = " ".join([meaning_of(field), *notes_on(field)])
        yield f"| `{name}` | {cell(kind_of(field))} | {cell(default)} | {cell(said)} |"


def cell(text: str) -> str:
    """A text in a table."""
    return text.replace("|", "\\|")


def actions(names: tuple[str, ...]) -> str:
    """IAM actions, as in a policy."""
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    write_docs(Path(sys.argv[1]))
