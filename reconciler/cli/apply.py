"""apply: make the live buckets what the specs say"""

import re
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.cli.consent import check_words, consent_arguments, get_consent, limits_of, needs_of
from reconciler.cli.console import Console
from reconciler.cli.journal import Past, keep_journal, look_back, tell_unfinished
from reconciler.cli.plan import print_plan
from reconciler.cli.question import (
    access,
    command_line,
    evidence_arguments,
    evidence_asked,
    format_argument,
    question,
    shard_argument,
    shard_asked,
    spec_arguments,
    spec_words,
    stats_argument,
    target_argument,
)
from reconciler.cli.reports import report_argument
from reconciler.cli.settings import guardrails_asked, settings_of
from reconciler.errors import ExitCode, InvalidSpecs, OutputLost, PlanIsStale, UsageError

if TYPE_CHECKING:
    from reconciler.cli.progress import Progress
    from reconciler.guardrails.judging import Guardrails
    from reconciler.planning.evidence import EvidenceAsked
    from reconciler.planning.outcomes import Applied
    from reconciler.pull_request.comment import Telling
    from reconciler.run import Access, Planned, Question
    from reconciler.settings import Settings

DESCRIPTION = """\
Show what would change, ask, and do it. Only a literal `yes` is consent; what may lose data or protection or widen
access in a bucket that exists needs its own.

  reconcile apply specs/lake.yaml
  reconcile apply --plan plan.json             only what was reviewed, or nothing (exit 4)
  reconcile apply --auto-approve               for pipelines
  reconcile apply --allow loses-data:acme-lake agree to one risk in one bucket
"""
FINGERPRINT = re.compile(r"[0-9a-fA-F]{12,64}\Z")


def arguments(parser: ArgumentParser) -> None:
    """Which specs or which saved plan, and who consents."""
    spec_arguments(parser)
    target_argument(parser)
    shard_argument(parser)
    format_argument(parser)
    report_argument(parser)
    parser.add_argument("--plan", metavar="FILE", help="a plan saved by `reconcile plan --out`")
    parser.add_argument(
        "--expect-fingerprint",
        metavar="HASH",
        help="only if the plan made now is the one that was reviewed; at least the 12 characters that a plan shows",
    )
    parser.add_argument(
        "--comment", action="store_true", help="say in the pull request's comment what becomes of it (`reconcile ci`)"
    )
    parser.add_argument("--comment-key", metavar="NAME", default=None, help="which comment: as `reconcile ci` named it")
    evidence_arguments(parser)
    stats_argument(parser)
    consent_arguments(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Plan, compare with what was reviewed, ask, carry out, tell; also in the comment of a pull request."""
    telling = getattr(arguments, "telling", None)
    if telling is None and arguments.comment:
        from reconciler.cli.ci import telling_asked

        telling = telling_asked(arguments, console)
    if telling is None:
        return plan_and_apply(arguments, console, None)
    with telling:
        return plan_and_apply(arguments, console, telling)


def plan_and_apply(arguments: Namespace, console: Console, telling: "Telling | None") -> ExitCode:
    """All of it but the comment, which is told as it goes on."""
    from reconciler.cli.progress import Progress, tell_stats
    from reconciler.planning.storage import to_document
    from reconciler.run import make_plan
    from reconciler.version import __version__

    check_words(arguments)
    check_fingerprint(arguments.expect_fingerprint)
    settings = settings_of(arguments)
    limits_of(arguments, settings.limits)
    reviewed = load_reviewed(arguments, settings.plans_expire_after, console)
    evidence = evidence_asked(arguments)
    guardrails = guardrails_asked(arguments, settings)
    s3 = access(arguments, console, [account.to_write() for account in settings.accounts])
    with Progress(console).shown() as progress:
        if reviewed is None:
            asked = question(arguments)
            planned = make_plan(asked, s3, console.notice, evidence, progress, guardrails)
        else:
            asked = question_of(reviewed)
            planned = plan_again(asked, s3, console, evidence, progress, guardrails)
            planned = without_moved(planned, reviewed, console)
    past = look_back(settings, planned)
    tell_unfinished(past, planned, console)
    limits = limits_of(arguments, settings.limits, asked.shard)
    needs = needs_of(planned.changeset, limits, past.begun, past.forgotten)
    document = to_document(planned.changeset, __version__, needs)
    console.reports.planned(document, planned.warnings)
    if not console.json:
        print_plan(planned, document, console, None)
    if telling:
        telling.document = document
    refuse_unexpected(arguments.expect_fingerprint, document["fingerprint"])
    if planned.changeset.has_changes:
        get_consent(arguments, console, needs)
    arguments.writing = True
    outcome = carried_out(planned, document, past, settings, progress, console, telling)
    try:
        tell_outcome(outcome, document, command_line(arguments, "plan", spec_words(asked)), console)
    except OutputLost as lost:  # which undoes nothing: whoever waits has to know how the apply itself ended
        console.line(f"warning: {lost.message}; what was done is in the journal (`reconcile runs`)")
    if arguments.stats:
        tell_stats(progress, planned)
    return outcome.exit_code


def carried_out(
    planned: "Planned",
    document: dict[str, Any],
    past: Past,
    settings: "Settings",
    progress: "Progress",
    console: Console,
    telling: "Telling | None",
) -> "Applied":
    """What became of the plan; the journal, the reports and the comment know of it, too."""
    from reconciler.run import carry_out

    journal = keep_journal(settings, planned, document, console)
    progress.lap("telling and asking")
    if telling and planned.changeset.has_changes:
        telling.applying()
    with ended_like_an_interruption(), progress.shown():
        outcome = carry_out(
            planned,
            progress=Teller(console).tell,
            lock=settings.lock,
            meter=progress,
            notice=console.notice,
            recorder=journal.recorder,
        )
    journal.end(outcome.exit_code, planned, past)
    console.reports.applied(outcome)
    if telling:
        telling.applied(outcome)
    return outcome


@contextmanager
def ended_like_an_interruption() -> Iterator[None]:
    """While calls are under way, take the end that a pipeline sends (SIGTERM) like Ctrl-C: finish them, then tell."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ── what was reviewed ────────────────────────────────────────────────────────────────────────────────


def load_reviewed(arguments: Namespace, expire_after: int | None, console: Console) -> dict[str, Any] | None:
    """The saved plan that ``--plan`` names, if it is not too old."""
    if arguments.plan is None:
        return None
    if arguments.paths or arguments.var or arguments.target:
        raise UsageError(
            "a saved plan says itself which specs, variables and targets it is about",
            remedy="leave PATH, --var and --target out",
        )
    from datetime import UTC, datetime
    from pathlib import Path

    from reconciler.cli.saved import read
    from reconciler.planning.staleness import expired

    reviewed = read(Path(arguments.plan), console.notice)
    too_old = expired(reviewed, datetime.now(UTC), expire_after)
    if too_old:
        raise PlanIsStale([too_old], "the saved plan may not be applied any more")
    part = part_asked(arguments, reviewed)
    if part is not reviewed and arguments.expect_fingerprint:  # it is the whole that was reviewed
        refuse_unexpected(arguments.expect_fingerprint, reviewed["fingerprint"])
        arguments.expect_fingerprint = part["fingerprint"]
    return part


def part_asked(arguments: Namespace, reviewed: dict[str, Any]) -> dict[str, Any]:
    """What of a reviewed plan is to be done: all of it, or the shard that ``--shard`` names."""
    from reconciler.planning.merging import restricted
    from reconciler.planning.sharding import part_of

    shard, is_about = shard_asked(arguments), part_of(reviewed)
    if shard is None or shard == is_about:
        return reviewed
    if is_about is not None:
        raise UsageError(
            f"{arguments.plan} is the plan of shard {is_about}, not of {shard}",
            remedy="leave --shard out, or name the plan of that shard, or one that `reconcile merge` has made",
        )
    return restricted(reviewed, shard)


def question_of(reviewed: dict[str, Any]) -> "Question":
    """What the saved plan was asked for."""
    from reconciler.planning.sharding import part_of
    from reconciler.run import Question

    inputs = reviewed["inputs"]
    paths, targets = tuple(inputs["paths"]), tuple(inputs["targets"])
    return Question(paths, dict(inputs["variables"]), targets, part_of(reviewed))


def plan_again(
    asked: "Question",
    s3: "Access",
    console: Console,
    evidence: "EvidenceAsked | None",
    progress: "Progress",
    guardrails: "Guardrails",
) -> "Planned":
    """The plan that the same question gives now. Specs that are gone or broken have moved, too."""
    from reconciler.question import load_specs
    from reconciler.run import plan_loaded

    try:
        loaded = load_specs(asked, s3.endpoint_profile, s3.accounts)
    except InvalidSpecs as error:
        told = [f"{problem.place or 'the specs'}: {problem.message}" for problem in error.problems if problem.is_error]
        moved = [f"the specs cannot be read any more: {problem}" for problem in told]
        raise PlanIsStale([*moved, "a saved plan names its specs from the folder in which it was made"]) from error
    except UsageError as error:
        raise PlanIsStale([f"the specs do not fit the plan any more: {error.message}"]) from error
    progress.lap("loading specs")
    return plan_loaded(loaded, asked, s3, console.notice, evidence, progress, guardrails)


def without_moved(planned: "Planned", reviewed: dict[str, Any], console: Console) -> "Planned":
    """What is still as it was reviewed: a bucket that has moved is blocked, and the others go on.

    Raises `PlanIsStale`, saying what moved, where nothing is left of the reviewed plan. Where nothing is only because
    nobody can tell, as something cannot be read, it may still be true: then the plan says what is in the way.
    """
    from dataclasses import replace

    from reconciler.planning.staleness import moved_as_a_whole, moved_buckets, stopped
    from reconciler.planning.storage import to_document
    from reconciler.version import __version__

    now = to_document(planned.changeset, __version__)
    as_a_whole = moved_as_a_whole(reviewed, now)
    if as_a_whole:
        raise PlanIsStale(as_a_whole)
    buckets = moved_buckets(reviewed, now)
    told = [sentence for moved in buckets.values() for sentence in moved.told]
    in_the_way = [sentence for moved in buckets.values() for sentence in moved.in_the_way]
    if told and not any(bucket["changes"] and bucket["name"] not in buckets for bucket in reviewed["buckets"]):
        raise PlanIsStale([*told, *in_the_way])
    for sentence in (*told, *in_the_way):
        console.line(f"warning: {sentence}; this bucket is left alone")
    return replace(planned, changeset=stopped(planned.changeset, buckets))


def check_fingerprint(expected: str | None) -> None:
    """Refuse what is no fingerprint, or too little of one to mean a single plan."""
    if expected is not None and not FINGERPRINT.match(expected):
        raise UsageError(
            f"--expect-fingerprint {expected} is no fingerprint",
            remedy="copy it from the end of the plan: at least 12 hexadecimal characters",
        )


def refuse_unexpected(expected: str | None, fingerprint: str) -> None:
    """Raise `PlanIsStale` unless the plan is the one that was reviewed."""
    if expected is not None and not fingerprint.startswith(expected.lower()):
        shown = fingerprint[: max(len(expected), 12)]
        raise PlanIsStale(
            [f"the fingerprint: reviewed {expected.lower()}, now {shown}"], "this is not the plan that was reviewed"
        )


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────


class Teller:
    """Tells each bucket's outcome as soon as it is known, from whichever thread."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def tell(self, outcome: Any) -> None:
        """One line on stderr."""
        self.console.reports.bucket_done(outcome)
        if not self.console.json and not self.console.quiet:
            from reconciler.reports.outcomes import bucket_line

            self.console.message(bucket_line(outcome, self.console.style(sys.stderr)))


def tell_outcome(outcome: "Applied", document: Mapping[str, Any], following: str, console: Console) -> None:
    """What was done, what was not, and what to do next."""
    from reconciler.reports.outcomes import outcomes_document, render_outcome

    if console.json:
        console.document(outcomes_document(outcome, document))
    elif any(bucket["changes"] for bucket in document["buckets"]):
        console.result(render_outcome(outcome, console.style(sys.stdout), following))
