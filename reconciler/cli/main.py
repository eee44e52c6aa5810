"""``reconcile``: finds the command, runs it, and ends with a documented exit code."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import NoReturn

from reconciler.cli import apply, doctor, explain, plan, sandbox, schema, show, validate
from reconciler.cli.console import Console
from reconciler.errors import ExitCode, InvalidSpecs, PlanIsStale, ReconcileError, UsageError
from reconciler.problems import did_you_mean
from reconciler.version import __version__

COMMANDS = {
    "validate": validate,
    "plan": plan,
    "apply": apply,
    "show": show,
    "explain": explain,
    "schema": schema,
    "sandbox": sandbox,
    "doctor": doctor,
}

DESCRIPTION = """\
Describe S3 buckets in YAML, see exactly what would change, and make it so.
No state file: the spec and the live bucket are the only two truths.

  reconcile plan specs/lake.yaml          what would change
  reconcile apply specs/lake.yaml         make it so
"""

EXIT_CODES = """\
exit codes:
  0  fine                                 4  the saved plan is no longer true
  1  error                                5  partly applied
  2  changes (plan --detailed-exitcode)   64 usage
  3  refused, or consent is missing       130 interrupted
"""
BROKEN_PIPE = 141


class Parser(ArgumentParser):
    """An argument parser whose mistakes are refusals like all others."""

    def error(self, message: str) -> NoReturn:
        """Argparse's message, with the word that was probably meant."""
        remedy = f"see `{self.prog} --help`"
        wrong = message.partition("invalid choice: '")[2].partition("'")[0]
        if message.startswith("unrecognized arguments: "):
            wrong = message.removeprefix("unrecognized arguments: ").split()[0]
            near = did_you_mean(wrong, [option for action in self._actions for option in action.option_strings])
        else:
            near = did_you_mean(wrong, COMMANDS) if wrong else None
        raise UsageError(message, remedy=f"did you mean `{near}`?" if near else remedy)


def global_options(default: object) -> ArgumentParser:
    """The options that every command has, before or after its name."""
    parser = ArgumentParser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    where = parser.add_argument_group("which S3")
    where.add_argument("--profile", metavar="NAME", help="AWS profile (AWS_PROFILE)")
    where.add_argument("--region", metavar="REGION", help="region for buckets whose spec names none (AWS_REGION)")
    where.add_argument("--endpoint-url", metavar="URL", help="an S3-compatible server (AWS_ENDPOINT_URL)")
    where.add_argument(
        "--sandbox", action="store_true", default=default, help="an embedded S3 on this machine (RECONCILE_SANDBOX=1)"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--color",
        choices=("always", "never", "auto"),
        metavar="WHEN",
        help="always, never or auto (NO_COLOR, FORCE_COLOR)",
    )
    output.add_argument("-q", "--quiet", action="store_true", default=default, help="only the result")
    output.add_argument("-v", "--verbose", action="store_true", default=default, help="also which calls were made")
    output.add_argument("--debug", action="store_true", default=default, help="also every request, and tracebacks")
    output.add_argument("--no-input", action="store_true", default=default, help="never ask")
    return parser


def make_parser() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog="reconcile",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        parents=[global_options(SUPPRESS)],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"reconcile {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    shared = global_options(SUPPRESS)
    for name, command in COMMANDS.items():
        about = (command.__doc__ or "").partition("\n")[0].partition(": ")[2]
        child = commands.add_parser(
            name,
            help=about,
            description=command.DESCRIPTION,
            formatter_class=RawDescriptionHelpFormatter,
            parents=[shared],
            allow_abbrev=False,
        )
        command.arguments(child)
    return parser


def main(words: Sequence[str]) -> int:
    """Run one command and say how it ended."""
    parser = make_parser()
    arguments = Namespace()
    try:
        parser.parse_args(words, arguments)
        if arguments.command is None:
            parser.print_help()
            return ExitCode.FINE
        if os.environ.get("RECONCILE_SANDBOX", "") not in ("", "0"):
            arguments.sandbox = True
        prepare_debugging(arguments)
        return int(COMMANDS[arguments.command].run(arguments, Console(arguments)))
    except ReconcileError as refusal:
        if getattr(arguments, "debug", False):
            raise
        report(refusal, Console(arguments))
        return int(refusal.exit_code)
    except KeyboardInterrupt:
        Console(arguments).message("Interrupted; nothing was written.")
        return ExitCode.INTERRUPTED


def prepare_debugging(arguments: Namespace) -> None:
    """With ``--debug``, every request on stderr; botocore leaves signatures and secrets out of these lines."""
    if getattr(arguments, "debug", False):
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        logging.getLogger("botocore.endpoint").setLevel(logging.DEBUG)


def report(refusal: ReconcileError, console: Console) -> None:
    """A refusal, for people or as JSON."""
    from reconciler.reports.problems import problems_document, render_problems
    from reconciler.reports.refusals import render_refusal

    problems = refusal.problems if isinstance(refusal, InvalidSpecs) else ()
    if console.json:
        from reconciler.planning.storage import FORMAT_VERSION

        error = {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
        if problems:
            error["problems"] = problems_document(problems)  # type: ignore[assignment]
        if isinstance(refusal, PlanIsStale):
            error["moved"] = list(refusal.moved)  # type: ignore[assignment]
        console.document({"format_version": FORMAT_VERSION, "error": error})
        return
    style = console.style(sys.stderr)
    text = render_problems(problems, style) if problems else render_refusal(refusal, style)
    console.message(text.rstrip("\n"))


def run_from_command_line() -> NoReturn:
    """The entry point of the installed command."""
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read the output has seen enough; keep Python from saying so at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE
    sys.exit(code)


if __name__ == "__main__":
    run_from_command_line()
