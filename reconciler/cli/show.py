"""show: show a saved plan again, without asking S3"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from reconciler.cli.console import Console
from reconciler.cli.question import format_argument
from reconciler.errors import ExitCode

DESCRIPTION = """\
Show a plan that `reconcile plan --out` saved. Neither S3 nor the specs are read.

  reconcile show plan.json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which plan."""
    parser.add_argument("plan", metavar="PLAN", help="a file that `reconcile plan --out` wrote")
    format_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """The document as it is, or as text."""
    from reconciler.cli.apply import read_plan
    from reconciler.reports.text import render

    document = read_plan(Path(arguments.plan))
    if console.json:
        console.document(document)
    else:
        console.result(
            render(document, console.style(sys.stdout), next_command=f"reconcile apply --plan {arguments.plan}")
        )
    return ExitCode.FINE
