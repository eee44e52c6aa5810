"""``reconcile``: finds the command, runs it, and ends with a documented exit code."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from reconciler.errors import ExitCode, InvalidSpecs, PlanIsStale, ReconcileError, UsageError
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.cli.console import Console

COMMANDS = {
    "validate": "check specs offline, all mistakes of all files at once",
    "plan": "show exactly what would change in S3",
    "apply": "make the live buckets what the specs say",
    "show": "show a saved plan again, without asking S3",
    "explain": "say what an error code or a field of a spec means",
    "schema": "print the JSON Schemas of specs, plans and manifests",
    "sandbox": "look at, empty or stop the embedded S3",
    "doctor": "check credentials and region, or print the IAM permissions that are needed",
}
"""Every command and what it is for; each is a file of this package, loaded when it is called."""

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


def global_options() -> Parser:
    """The options that every command has, before or after its name."""
    parser = Parser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    where = parser.add_argument_group("which S3")
    where.add_argument("--profile", metavar="NAME", help="AWS profile (AWS_PROFILE)")
    where.add_argument("--region", metavar="REGION", help="region for buckets whose spec names none (AWS_REGION)")
    where.add_argument("--endpoint-url", metavar="URL", help="an S3-compatible server (AWS_ENDPOINT_URL)")
    where.add_argument(
        "--sandbox", action="store_true", default=SUPPRESS, help="an embedded S3 on this machine (RECONCILE_SANDBOX=1)"
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--color",
        choices=("always", "never", "auto"),
        metavar="WHEN",
        help="always, never or auto (NO_COLOR, FORCE_COLOR)",
    )
    output.add_argument("-q", "--quiet", action="store_true", default=SUPPRESS, help="only the result")
    output.add_argument("-v", "--verbose", action="store_true", default=SUPPRESS, help="also which calls were made")
    output.add_argument("--debug", action="store_true", default=SUPPRESS, help="also every request, and tracebacks")
    output.add_argument("--no-input", action="store_true", default=SUPPRESS, help="never ask")
    return parser


def make_parser() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog="reconcile",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        parents=[global_options()],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"reconcile {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    shared = global_options()
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
    arguments = Namespace(debug="--debug" in words, format="json" if wants_json(words) else "text")
    try:
        parser = make_parser()
        parser.parse_args(words, arguments)
        if arguments.command is None:
            parser.print_help()
            return ExitCode.FINE
        if os.environ.get("RECONCILE_SANDBOX", "") not in ("", "0"):
            arguments.sandbox = True
        prepare_debugging(arguments)
        return int(COMMANDS[arguments.command].run(arguments, Console(arguments)))
    except KeyboardInterrupt:
        Console(arguments).message("Interrupted; nothing was written.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        if arguments.debug:
            traceback.print_exc()
        refusal = error if isinstance(error, ReconcileError) else unexpected(error)
        report(refusal, Console(arguments))
        return int(refusal.exit_code)


def wants_json(words: Sequence[str]) -> bool:
    """Whether JSON is asked for; known even where the rest of the command line makes no sense."""
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def unexpected(error: Exception) -> ReconcileError:
    """A mistake of ours, told without a traceback."""
    return ReconcileError(
        f"this should not have happened: {type(error).__name__}: {error}",
        remedy="run the command again with --debug, and report what it prints",
        code="RCL9999",
    )


def prepare_debugging(arguments: Namespace) -> None:
    """With ``--debug``, every request on stderr; botocore leaves signatures and secrets out of these lines."""
    if getattr(arguments, "debug", False):
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        logging.getLogger("botocore.endpoint").setLevel(logging.DEBUG)


def report(refusal: ReconcileError, console: Console) -> None:
    """A refusal, for people or as JSON."""
    if console.json:
        console.document(error_document(refusal))
        return
    style = console.style(sys.stderr)
    if isinstance(refusal, InvalidSpecs):
        from reconciler.reports.problems import render_problems

        console.message(render_problems(refusal.problems, style).rstrip("\n"))
    else:
        from reconciler.reports.refusals import render_refusal

        console.message(render_refusal(refusal, style).rstrip("\n"))


def error_document(refusal: ReconcileError) -> dict[str, Any]:
    """A refusal as JSON."""
    from reconciler.planning.storage import FORMAT_VERSION

    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy}
    if isinstance(refusal, InvalidSpecs):
        from reconciler.reports.problems import problems_document

        error["problems"] = problems_document(refusal.problems)
    if isinstance(refusal, PlanIsStale):
        error["moved"] = list(refusal.moved)
    return {"format_version": FORMAT_VERSION, "error": error}


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
