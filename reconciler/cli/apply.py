"""apply: make the live buckets what the specs say"""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import Console
from reconciler.cli.plan import print_plan
from reconciler.cli.question import (
    access,
    command_line,
    format_argument,
    question,
    spec_arguments,
    spec_words,
    target_argument,
)
from reconciler.errors import ConsentMissing, ExitCode, InvalidSpecs, PlanIsStale, UsageError

if TYPE_CHECKING:
    from reconciler.planning.outcomes import Applied
    from reconciler.run import Access, Planned, Question

DESCRIPTION = """\
Show what would change, ask, and do it. Only a literal `yes` is consent.

  reconcile apply specs/lake.yaml
  reconcile apply --plan plan.json             only what was reviewed, or nothing (exit 4)
  reconcile apply --auto-approve               for pipelines
"""


def arguments(parser: ArgumentParser) -> None:
    """Which specs or which saved plan, and who consents."""
    spec_arguments(parser)
    target_argument(parser)
    format_argument(parser)
    parser.add_argument("--plan", metavar="FILE", help="a plan saved by `reconcile plan --out`")
    parser.add_argument("--auto-approve", action="store_true", help="do not ask for the plan as a whole")
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="CLASS:BUCKET",
        help="consent to one kind of loss in one bucket, like loses-data:my-bucket (repeatable)",
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Plan, compare with what was reviewed, ask, carry out, tell."""
    from reconciler.planning.storage import to_document
    from reconciler.run import carry_out, make_plan
    from reconciler.version import __version__

    reviewed = load_reviewed(arguments)
    s3 = access(arguments, console)
    if reviewed is None:
        asked = question(arguments)
        planned = make_plan(asked, s3, console.notice)
    else:
        asked = question_of(reviewed)
        planned = plan_again(asked, s3, console)
    document = to_document(planned.changeset, __version__)
    if reviewed is not None:
        refuse_stale(reviewed, document)
    if not console.json:
        print_plan(planned, document, console, None)
    if planned.changeset.has_changes:
        get_consent(arguments, console, planned)
    arguments.writing = True
    with ended_like_an_interruption():
        outcome = carry_out(planned, progress=Teller(console).tell)
    if console.json:
        from reconciler.reports.outcomes import outcomes_document

        console.document(outcomes_document(outcome, document))
    elif planned.changeset.has_changes:
        tell_outcome(outcome, arguments, asked, console)
    return outcome.exit_code


@contextmanager
def ended_like_an_interruption() -> Iterator[None]:
    """While calls are under way, take the end that a pipeline sends (SIGTERM) like Ctrl-C: finish them, then tell."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ── what was reviewed ────────────────────────────────────────────────────────────────────────────────


def load_reviewed(arguments: Namespace) -> dict[str, Any] | None:
    """The saved plan that ``--plan`` names."""
    if arguments.plan is None:
        return None
    if arguments.paths or arguments.var or arguments.target:
        raise UsageError(
            "a saved plan says itself which specs, variables and targets it is about",
            remedy="leave PATH, --var and --target out",
        )
    from pathlib import Path

    from reconciler.cli.saved import read

    return read(Path(arguments.plan))


def question_of(reviewed: dict[str, Any]) -> "Question":
    """What the saved plan was asked for."""
    from reconciler.run import Question

    inputs = reviewed["inputs"]
    return Question(tuple(inputs["paths"]), dict(inputs["variables"]), tuple(inputs["targets"]))


def plan_again(asked: "Question", s3: "Access", console: Console) -> "Planned":
    """The plan that the same question gives now. Specs that are gone or broken have moved, too."""
    from reconciler.run import load_specs, plan_loaded

    try:
        loaded = load_specs(asked, s3.endpoint_profile)
    except InvalidSpecs as error:
        told = [f"{problem.place or 'the specs'}: {problem.message}" for problem in error.problems if problem.is_error]
        moved = [f"the specs cannot be read any more: {problem}" for problem in told]
        raise PlanIsStale([*moved, "a saved plan names its specs from the folder in which it was made"]) from error
    except UsageError as error:
        raise PlanIsStale([f"the specs do not fit the plan any more: {error.message}"]) from error
    return plan_loaded(loaded, asked, s3, console.notice)


def refuse_stale(reviewed: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise `PlanIsStale`, saying what moved, unless the same plan would be made now."""
    from reconciler.planning.staleness import moved

    differences = moved(reviewed, now)
    if differences:
        raise PlanIsStale(differences)


# ── consent ──────────────────────────────────────────────────────────────────────────────────────────


def get_consent(arguments: Namespace, console: Console, planned: "Planned") -> None:
    """Raise `ConsentMissing` unless somebody agrees to the plan, and to each loss in it by name."""
    from reconciler.planning.consent import missing_consent

    for word in missing_consent(planned.changeset, arguments.allow):
        bucket = word.partition(":")[2]
        why = f"an object in {bucket} would be deleted or replaced"
        if not console.may_ask:
            raise ConsentMissing(f"{why}, and nobody has agreed to that", remedy=f"pass --allow {word}")
        if console.ask(f"\n{why}. Type the bucket's name to agree: ") != bucket:
            raise ConsentMissing(f"{why}, and you have not agreed to that; nothing was written")
    if arguments.auto_approve:
        return
    if not console.may_ask:
        raise ConsentMissing(
            "nobody is here to agree to this plan",
            remedy="review it and pass --auto-approve, or apply a reviewed plan with --plan FILE --auto-approve",
        )
    if console.ask("\nApply these changes? Only `yes` is a yes: ") != "yes":
        raise ConsentMissing("you have not said `yes`; nothing was written")


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────


class Teller:
    """Tells each bucket's outcome as soon as it is known, from whichever thread."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def tell(self, outcome: Any) -> None:
        """One line on stderr."""
        if not self.console.json and not self.console.quiet:
            from reconciler.reports.outcomes import bucket_line

            self.console.message(bucket_line(outcome, self.console.style(sys.stderr)))


def tell_outcome(outcome: "Applied", arguments: Namespace, asked: "Question", console: Console) -> None:
    """What was done, what was not, and what to do next."""
    from reconciler.reports.outcomes import render_outcome

    following = command_line(arguments, "plan", spec_words(asked))
    console.result(render_outcome(outcome, console.style(sys.stdout), following))
