"""sandbox: look at, empty or stop the embedded S3"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.errors import ExitCode

DESCRIPTION = """\
The embedded S3 of --sandbox: it starts by itself on first use, keeps its buckets between commands, and
listens on loopback only.

  reconcile plan --sandbox specs/lake.yaml
  reconcile sandbox status
  reconcile sandbox reset                      empty it
  reconcile sandbox stop                       end it; its buckets are gone
"""


def arguments(parser: ArgumentParser) -> None:
    """What to do with it."""
    parser.add_argument("action", choices=("status", "reset", "stop"))


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Do it, and say how the sandbox is."""
    from reconciler.sandbox import process

    if arguments.action == "stop":
        console.result("The sandbox has stopped.\n" if process.stop() else "The sandbox was not running.\n")
        return ExitCode.FINE
    if arguments.action == "reset":
        process.reset()
    running = process.status()
    if running is None:
        console.result("The sandbox is not running; it starts with the first command that uses --sandbox.\n")
    else:
        emptied = " is empty and" if arguments.action == "reset" else ""
        console.result(f"The sandbox{emptied} listens at {running.endpoint_url} (process {running.pid}).\n")
    return ExitCode.FINE
