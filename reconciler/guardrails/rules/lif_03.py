"""LIF-03: uploads that were never completed are removed within a week."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from reconciler.guardrails.lifecycle_rules import acting_in, days_in_words
from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.problems import Severity


class Patience(Parameters):
    """How long an upload may take."""

    days: Annotated[int, Field(ge=1, le=365, strict=True, examples=[7])] = 7
    """Days after its beginning at which an unfinished upload is removed at the latest."""


def check(subject: Subject) -> Iterator[Offence]:
    """A lifecycle with rules of which none removes unfinished uploads everywhere and in time."""
    rules = list(acting_in(subject))
    if not rules:
        return
    ending = [
        (one, end.days_after_initiation or 0)
        for one in rules
        if (end := one.rule.abort_incomplete_multipart_upload) is not None
    ]
    most = subject.parameters.days
    if any(not one.prefix and days <= most for one, days in ending):
        return
    late = [(one, days) for one, days in ending if days > most]
    for one, days in late:
        path = (*one.path, "abort_incomplete_multipart_upload", "days_after_initiation")
        yield Offence(path, f"{one.name} keeps unfinished uploads for {days_in_words(days)}", f"write {most} or less")
    if not any(not one.prefix for one, _ in late):
        prefixes = sorted({one.prefix for one, _ in ending})
        where = f" outside of {', '.join(prefixes)}" if prefixes else ""
        yield Offence(("lifecycle",), f"no lifecycle rule removes unfinished uploads{where}")


RULE = Rule(
    id="LIF-03",
    title="Unfinished uploads are removed within a week",
    why="The parts of a multipart upload that was neither completed nor aborted are billed, and no listing of objects "
    "shows them (S3 User Guide, *Configuring a bucket lifecycle configuration to delete incomplete multipart "
    "uploads*). Asked of buckets whose spec has a lifecycle.",
    mend="Add a rule without a filter: "
    "`{id: clean-up-unfinished-uploads, abort_incomplete_multipart_upload: {days_after_initiation: 7}}`.",
    check=check,
    severity=Severity.WARNING,
    parameters=Patience,
    controls={"Checkov": ("CKV_AWS_300",)},
)
