"""``reconcile``: finds the command, runs it, and ends with a documented exit code."""

from __future__ import annotations

import gc
import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import pairwise, takewhile

from reconciler.errors import ExitCode, Interrupted, InvalidSpecs, OutputLost, PlanIsStale, ReconcileError, UsageError
from reconciler.version import __version__

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to load: a fifth of what `--help` may cost
if TYPE_CHECKING:
    from typing import Any, NoReturn

COMMANDS = {
    "validate": "check specs offline, all mistakes of all files at once",
    "lint": "check specs against the rules of the team, offline",
    "plan": "show exactly what would change in S3",
    "apply": "make the live buckets what the specs say",
    "ci": "check a pull request and comment on it; apply what was reviewed",
    "merge": "make one plan of the plans of all shards",
    "show": "show a saved plan again, without asking S3",
    "runs": "list what was applied from here, and what each run wrote",
    "rollback": "write a spec that takes back what a run has written, and plan it",
    "import": "write specs for live buckets, to take them over",
    "fmt": "write specs in one canonical style, with every comment",
    "explain": "say what an error code, a guardrail or a field of a spec means",
    "schema": "print the JSON Schemas of specs, settings, plans, events and manifests",
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
                                          141 nobody reads the output any more
"""
BROKEN_PIPE = 141
GARBAGE = 200_000
"""So many more objects there are before Python looks for garbage among them; it would at 700."""
WIDEST_HELP = 100


class Help(RawDescriptionHelpFormatter):
    """Help as wide as the terminal, up to where lines get hard to read."""

    def __init__(self, prog: str) -> None:
        from reconciler.cli.console import columns_of_terminal

        super().__init__(prog, width=min(columns_of_terminal(), WIDEST_HELP))


class Parser(ArgumentParser):
    """An argument parser whose mistakes are refusals like all others."""

    def error(self, message: str) -> NoReturn:
        """Argparse's message in a person's words, with the word that was probably meant."""
        from reconciler.problems import did_you_mean

        wrong = message.partition("invalid choice: ")[2].partition(" (choose from ")
        if wrong[1]:
            word, known = wrong[0].strip("'"), [choice.strip("'") for choice in wrong[2].rstrip(")").split(", ")]
            what = "command" if message.startswith("argument COMMAND") else message.partition(":")[0]
            near = did_you_mean(word, known)
            message = f"there is no command `{word}`" if what == "command" else f"{what} is not `{word}`"
            remedy = f"did you mean `{near}`?" if near else f"choose from {', '.join(known)}"
            raise UsageError(message, remedy=remedy)
        raise UsageError(message, remedy=f"see `{self.prog} --help`")

    def refuse_unknown(self, words: Iterable[str]) -> None:
        """Refuse the first of these words that looks like an option and is none."""
        known = [option for action in self._actions for option in action.option_strings]
        for word in words:
            name = word.partition("=")[0]
            if name.startswith("--") and name not in (*known, "--"):
                from reconciler.problems import did_you_mean

                near = did_you_mean(name, known)
                remedy = f"did you mean `{near}`?" if near else f"see `{self.prog} --help`"
                raise UsageError(f"there is no option `{name}`", remedy=remedy)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Paths may stand anywhere among the options; argparse takes only the first of them together."""
        known, rest = super().parse_known_args(args, namespace)
        if "paths" in known and all(word == "-" or not word.startswith("-") for word in rest):
            known.paths += rest
            return known, []
        self.refuse_unknown(rest)
        return known, rest


def global_options() -> Parser:
    """The options that every command has, before or after its name."""
    parser = Parser(add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    where = parser.add_argument_group("which S3")
    where.add_argument("--profile", metavar="NAME", help="AWS profile (AWS_PROFILE)")
    where.add_argument("--region", metavar="REGION", help="region for buckets whose spec names none (AWS_REGION)")
    where.add_argument("--endpoint-url", metavar="URL", help="an S3-compatible server (AWS_ENDPOINT_URL)")
    where.add_argument(
        "--endpoint-profile",
        metavar="NAME",
        help="what kind of server it is: ceph, localstack, s3-compatible, … (RECONCILE_ENDPOINT_PROFILE)",
    )
    where.add_argument(
        "--sandbox", action="store_true", default=SUPPRESS, help="an embedded S3 on this machine (RECONCILE_SANDBOX=1)"
    )
    decided = parser.add_argument_group("what the team has decided")
    decided.add_argument("--settings", metavar="FILE", help="limits, lock, journal, … (default: reconcile.yaml)")
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


def make_parser(words: Sequence[str]) -> Parser:
    """The command line; only commands that are named in these words are loaded."""
    parser = Parser(
        prog="reconcile",
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=Help,
        parents=[global_options()],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"reconcile {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=Parser, prog="reconcile"
    )
    for name, about in COMMANDS.items():
        if name not in words:
            commands.add_parser(name, help=about, add_help=False)
            continue
        command = command_named(name)
        child = commands.add_parser(
            name,
            help=about,
            description=command.DESCRIPTION,
            formatter_class=Help,
            parents=[global_options()],
            allow_abbrev=False,
        )
        command.arguments(child)
    return parser


def command_named(name: str) -> Any:
    """The module of a command: of the same name, but for the word that Python keeps for itself."""
    return import_module(f"reconciler.cli.{'importing' if name == 'import' else name}")


def main(words: Sequence[str]) -> int:
    """Run one command and say how it ended."""
    arguments = Namespace(debug="--debug" in words, format="json" if wants_json(words) else "text")
    try:
        parser = make_parser(words)
        parser.refuse_unknown(takewhile(lambda word: word not in COMMANDS, words))
        parser.parse_args(in_full(words), arguments)
        if arguments.command is None:
            parser.print_help()
            return ExitCode.FINE
        if os.environ.get("RECONCILE_SANDBOX", "") not in ("", "0"):
            arguments.sandbox = True
        return run(arguments)
    except SystemExit as end:  # --help and --version
        return int(end.code or 0)
    except KeyboardInterrupt:
        return report(Interrupted(writing=getattr(arguments, "writing", False)), arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        if arguments.debug:
            import traceback

            from reconciler.cli.console import Console

            Console(arguments).message(traceback.format_exc().rstrip("\n"))
        return report(error if isinstance(error, ReconcileError) else unexpected(error), arguments)


def run(arguments: Namespace) -> int:
    """Run the command that the arguments name."""
    from reconciler.cli.console import Console

    if arguments.debug:
        from reconciler.cli.debugging import show_requests

        show_requests()
    command = command_named(arguments.command)
    if getattr(arguments, "report", None):
        from reconciler.cli.reports import run_with_reports

        return run_with_reports(command, arguments, Console(arguments))
    return int(command.run(arguments, Console(arguments)))


def in_full(words: Sequence[str]) -> list[str]:
    """``--evidence`` may stand alone: what follows it then is none of its own."""
    return [
        f"{word}=listing" if word == "--evidence" and not following.startswith("inventory=") else word
        for word, following in pairwise([*words, ""])
    ]


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


def report(refusal: ReconcileError, arguments: Namespace) -> int:
    """Tell a refusal, to people or as JSON; its exit code."""
    from reconciler.cli.console import Console

    console = Console(arguments)
    if console.json and not isinstance(refusal, OutputLost):
        try:
            console.document(error_document(refusal))
            return int(refusal.exit_code)
        except OutputLost as lost:
            console.message(f"error[{lost.code}]: {lost.message}")
    style = console.style(sys.stderr)
    if isinstance(refusal, InvalidSpecs):
        from reconciler.reports.problems import render_problems

        console.message(render_problems(refusal.problems, style).rstrip("\n"))
    else:
        from reconciler.reports.refusals import render_refusal

        console.message(render_refusal(refusal, style).rstrip("\n"))
    return int(refusal.exit_code)


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
    start_light()
    code = int(ExitCode.ERROR)
    try:
        code = main(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        from reconciler.cli.console import give_up

        give_up(sys.stdout)
        # whoever read the output has seen enough; or the disk is full, which has been told
        code = BROKEN_PIPE if isinstance(error, BrokenPipeError) else code or ExitCode.ERROR
    gc.freeze()  # the end of the process takes all of it: looking for cycles before would take 50 ms
    sys.exit(code)


def start_light() -> None:
    """Leave out what takes time at the start of a process and is of no use here."""
    # most of what is made while modules are loaded stays: looking for garbage in it is for nothing
    gc.set_threshold(GARBAGE)
    # Pydantic would look through all installed packages for plugins; none has a say in what a spec means
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


if __name__ == "__main__":
    run_from_command_line()
