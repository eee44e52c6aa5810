"""show: show a saved plan again, without asking S3"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any

from reconciler.cli.console import Console
from reconciler.cli.question import command_line, format_argument
from reconciler.cli.reports import report_argument
from reconciler.errors import ExitCode

DESCRIPTION = """\
Show a plan that `reconcile plan --out` saved. Neither S3 nor the specs are read.

  reconcile show plan.json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which plan."""
    parser.add_argument("plan", metavar="PLAN", help="a file that `reconcile plan --out` wrote")
    format_argument(parser)
    report_argument(parser)


def run(arguments: Namespace, console: Console) -> ExitCode:
    """The document as it is, or as text."""
    from pathlib import Path

    from reconciler.cli.saved import read
    from reconciler.reports.text import render

    document = read(Path(arguments.plan), console.notice)
    following = command_line(same_s3(arguments, document), "apply", ["--plan", arguments.plan])
    console.reports.planned(document, (), following)
    if console.json:
        console.document(document)
    else:
        console.result(render(document, console.style(sys.stdout), next_command=following))
    return ExitCode.FINE


def same_s3(arguments: Namespace, document: Mapping[str, Any]) -> Namespace:
    """The options that lead to the S3 that the plan is about."""
    endpoint = document["endpoint"]
    where = {"sandbox": True} if endpoint == "sandbox" else {"endpoint_url": endpoint}
    return Namespace(**{**vars(arguments), **where})
