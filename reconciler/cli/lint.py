"""lint: check specs against the rules of the team, offline"""

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import Console
from reconciler.cli.question import endpoint_profile, format_argument, question, spec_arguments, target_argument
from reconciler.cli.reports import report_argument
from reconciler.cli.settings import guardrails_asked, settings_of
from reconciler.errors import ExitCode

if TYPE_CHECKING:
    from reconciler.reports.style import Style
    from reconciler.specs.judged import Judged

DESCRIPTION = """\
Check specs against the guardrails: what is dangerous, unwise or against what the team has agreed on. S3 is not asked.
Rules are set in reconcile.yaml under `guardrails:`; one bucket is let off one rule by a waiver in its spec.

  reconcile lint
  reconcile lint specs/lake.yaml --report sarif=lint.sarif
  reconcile explain PUB-01                     why a rule is there, what it lets one set, what to do
"""


def arguments(parser: ArgumentParser) -> None:
    """Which specs."""
    spec_arguments(parser)
    target_argument(parser)
    format_argument(parser)
    report_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Findings that are errors, and not waived, end with exit code 3."""
    from datetime import UTC, datetime

    from reconciler.problems import in_order
    from reconciler.question import load_specs
    from reconciler.reports.problems import render_problems
    from reconciler.specs.judged import judged, problems_of

    asked, settings = question(arguments), settings_of(arguments)
    guardrails = guardrails_asked(arguments, settings)
    loaded = load_specs(asked, endpoint_profile(arguments), settings.accounts)
    chosen = [bucket for bucket in loaded.buckets if not asked.targets or bucket.spec.name in asked.targets]
    found = [*judged(chosen, guardrails, datetime.now(UTC).date())]
    problems = in_order((*loaded.warnings, *problems_of(found)))
    console.reports.planned(None, problems)
    refused = any(one.verdict.refuses for one in found)
    if console.json:
        console.document(document(found, loaded.warnings, len(chosen)))
        return ExitCode.REFUSED if refused else ExitCode.FINE
    style = console.style(sys.stdout)
    if problems:
        console.result(render_problems(problems, style))
    waived = [one for one in found if one.verdict.waiver]
    if console.verbose:
        for one in waived:
            console.result(style.fit(style.dim(waiver_line(one))) + "\n")
    if not console.quiet:
        console.result(style.fit(ending(len(chosen), len(problems), len(waived), style)) + "\n")
    return ExitCode.REFUSED if refused else ExitCode.FINE


def ending(buckets: int, problems: int, waived: int, style: "Style") -> str:
    """How many buckets were looked at, where that is all there is to say; and what is let pass."""
    from reconciler.reports.values import count

    looked = f"{count(buckets, 'bucket')} looked at"
    let_pass = f", {count(waived, 'finding')} waived" if waived else ""
    return f"{looked}{let_pass}" if problems else f"{style.green('✓')} {looked}: nothing to say{let_pass}"


def waiver_line(one: "Judged") -> str:
    """What is let pass, why, and until when."""
    from reconciler.inert import inert

    found, waiver = one.verdict, one.verdict.waiver
    assert waiver is not None, "only what is waived is told so"
    said = f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
    return inert(f"{found.place}: {found.rule}: {found.message} ({said})")


def document(found: "Sequence[Judged]", warnings: Sequence[Any], buckets: int) -> dict[str, Any]:
    """All findings as plain data, those that are waived with their waivers."""
    from reconciler.planning.storage import FORMAT_VERSION, verdict
    from reconciler.reports.problems import problems_document

    counts = Counter("waived" if one.verdict.waiver else one.verdict.severity.value for one in found)
    return {
        "format_version": FORMAT_VERSION,
        "buckets": buckets,
        "summary": {name: counts[name] for name in ("error", "warning", "waived")},
        "problems": problems_document(warnings),
        "guardrails": [{"bucket": one.bucket.spec.name, **verdict(one.verdict)} for one in found],
    }
