"""The reports that a command leaves behind: ``--report FORMAT=PATH``, as often as there are readers.

A command tells what it knows (`Reports.tell`); what ends it, however it ends, is told by `run_with_reports`.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace

from reconciler.errors import ExitCode, InvalidSpecs, PlanIsStale, ReconcileError, UsageError

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to load: a fifth of what `--help` may cost
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from reconciler.cli.console import Console
    from reconciler.cli.events import Events
    from reconciler.planning.outcomes import Applied, BucketOutcome
    from reconciler.problems import Problem
    from reconciler.reports.review import Review

STDOUT = "-"


def report_argument(parser: ArgumentParser) -> None:
    """Which reports go where."""
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="FORMAT=PATH",
        help="also write a report, - for stdout: markdown, html, github, gitlab-terraform, gitlab-codequality, sarif, "
        "junit, jsonl, json or text (repeatable)",
    )


def reports_asked(arguments: Namespace) -> list[tuple[str, str]]:
    """Format and path of each report. Raises `UsageError` for what cannot be meant, before anything is read."""
    from reconciler.problems import did_you_mean
    from reconciler.reports.formats import FORMATS

    asked: list[tuple[str, str]] = []
    for word in getattr(arguments, "report", None) or ():
        name, equals, path = word.partition("=")
        if not equals or not path:
            raise UsageError(f"--report {word} names no file", remedy="write --report sarif=plan.sarif")
        if name not in FORMATS:
            near = did_you_mean(name, FORMATS)
            remedy = f"did you mean `{near}`?" if near else f"choose from {', '.join(FORMATS)}"
            raise UsageError(f"--report {word}: there is no format `{name}`", remedy=remedy)
        if path.endswith((".yaml", ".yml")):
            raise UsageError(f"--report {word} would be taken for a spec", remedy="give the file another ending")
        asked.append((name, path))
    refuse_twice(asked, arguments)
    return asked


def refuse_twice(asked: Sequence[tuple[str, str]], arguments: Namespace) -> None:
    """Each report has a file of its own, which is none that the command reads or writes otherwise."""
    parts = getattr(arguments, "parts", None) or ()
    named = [getattr(arguments, "out", None), getattr(arguments, "plan", None), *parts]
    taken = {os.path.realpath(path): "the command" for path in named if path}  # pathlib is not loaded for --help
    if getattr(arguments, "format", "text") == "json":
        taken[STDOUT] = "--format json"
    for name, path in asked:
        place = path if path == STDOUT else os.path.realpath(path)
        if place in taken:
            raise UsageError(f"--report {name}={path} goes where {taken[place]} writes or reads", remedy="name another")
        taken[place] = f"--report {name}"


class Reports:
    """The reports of one run, and what is known for them by now."""

    def __init__(self, asked: Sequence[tuple[str, str]]) -> None:
        self.asked = asked
        self.review: Review | None = None
        self.events: tuple[Events, ...] = ()
        """Those that are written while the run goes on."""
        if any(name == "jsonl" for name, _ in asked):
            from reconciler.cli.events import streams

            self.events = tuple(streams(asked))

    def tell(self, review: Review) -> None:
        """What the reports are made of; told again when more is known."""
        self.review = review
        for events in self.events:
            events.reviewed(review)

    def planned(
        self, document: Mapping[str, Any] | None, problems: Sequence[Problem], next_command: str | None = None
    ) -> None:
        """There is a plan; or, without one, specs have been looked at and found valid."""
        if not self.asked:
            return
        from reconciler.reports.review import About, Compared, Review

        compared = Compared.LIVE if document is not None else Compared.NOTHING
        self.tell(Review(document, tuple(problems), About(compared=compared, next_command=next_command)))

    def began(self, what: str, total: int) -> None:
        """A part of the run begins, in the meter's word for it."""
        for events in self.events:
            events.began(what, total)

    def ended(self, what: str, total: int) -> None:
        """That part is over."""
        for events in self.events:
            events.ended(what, total)

    def bucket_done(self, outcome: BucketOutcome) -> None:
        """One bucket has been written."""
        for events in self.events:
            events.bucket_done(outcome)

    def applied(self, outcome: Applied) -> None:
        """How an apply has ended."""
        if not self.asked:
            return
        from reconciler.reports.outcomes import bucket_line
        from reconciler.reports.review import Stage
        from reconciler.reports.style import Style

        for events in self.events:
            events.applied(outcome)
        told = [bucket_line(bucket, Style()) for bucket in outcome.buckets]
        told += [f"{one.change.aspect}: {one.result.value}: {one.why}" for one in outcome.outcomes() if one.why]
        told += [f"stopped: {outcome.halted.why}"] if outcome.halted else []
        self.staged(Stage.APPLIED if outcome.exit_code == ExitCode.FINE else Stage.NOT_APPLIED, told)

    def staged(self, stage: Any, told: Sequence[str]) -> None:
        """The plan has become something else."""
        if self.review is not None:
            about = self.review.about._replace(stage=stage, told=(*self.review.about.told, *told))
            self.review = self.review._replace(about=about)

    def stopped(self, error: ReconcileError, *, applies: bool) -> None:
        """The command has ended with a refusal: it is all there is to tell, or it is told beside the plan."""
        from reconciler.problems import Problem
        from reconciler.reports.review import About, Compared, Review, Stage

        of_the_run = (Problem(error.code, error.message, None, error.remedy),)
        why = error.problems if isinstance(error, InvalidSpecs) else of_the_run
        if self.review is None:
            self.tell(Review(None, tuple(why), About(compared=Compared.NOTHING)))
            return
        for events in self.events:
            events.stopped(why)
        if applies:
            moved = error.moved if isinstance(error, PlanIsStale) else ()
            self.staged(Stage.NOT_APPLIED, [error.message, *moved])

    def write(self) -> list[str]:
        """Write them all; why some of them could not be written."""
        troubles = [f"{events.path}: {events.trouble}" for events in self.events if events.trouble]
        for events in self.events:
            events.close()
        for name, path in self.asked if self.review is not None else ():
            if name != "jsonl":
                trouble = written(name, path, self.review)
                troubles += [f"{path}: {trouble}"] if trouble else []
        return troubles


def written(name: str, path: str, review: Any) -> str | None:
    """Write one report; why it could not be, if so."""
    from reconciler.cli.saved import in_place_of_a_link, write_whole
    from reconciler.reports.formats import render

    try:
        text = render(name, review)
        if path == STDOUT:
            # as it is: commands to a runner are what some of them are made of, and each format defuses its texts
            sys.stdout.write(
                text.encode(sys.stdout.encoding or "ascii", "backslashreplace").decode(sys.stdout.encoding)
            )
            sys.stdout.flush()
        else:
            write_whole(text, in_place_of_a_link(path))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None


def write_reports(arguments: Namespace, review: Review) -> None:
    """Tell the reports of a command, if somebody has asked for any, what they are made of."""
    reports: Reports | None = getattr(arguments, "reports", None)
    if reports is not None:
        reports.tell(review)


def run_with_reports(command: Any, arguments: Namespace, console: Console) -> int:
    """Run a command, and write its reports however it ends; one that cannot be written is an error after all else."""
    asked = reports_asked(arguments)
    console.stdout_is_taken = any(path == STDOUT for _, path in asked)
    reports = console.reports = arguments.reports = Reports(asked)
    try:
        code = int(command.run(arguments, console))
    except ReconcileError as error:
        reports.stopped(error, applies=arguments.command == "apply")
        for trouble in reports.write():
            console.line(f"warning: a report cannot be written to {trouble}")
        raise
    troubles = reports.write()
    if not troubles:
        return code
    if code not in (ExitCode.FINE, ExitCode.CHANGES):
        for trouble in troubles:
            console.line(f"warning: a report cannot be written to {trouble}")
        return code
    raise ReconcileError(f"a report cannot be written to {'; '.join(troubles)}", remedy="check --report")
