"""explain: say what an error code, a guardrail or a field of a spec means"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.errors import ExitCode

DESCRIPTION = """\
Explain an error code, a guardrail or a field: what it means, what may stand there, what S3 calls it needs.

  reconcile explain RCL2503
  reconcile explain bucket.lifecycle.rules
  reconcile explain PUB-01                     a guardrail; `guardrails` lists them all
  reconcile explain settings                   what reconcile.yaml may say
"""


def arguments(parser: ArgumentParser) -> None:
    """What to explain."""
    parser.add_argument(
        "topic", metavar="CODE|RULE|FIELD", nargs="?", default="bucket", help="default: bucket, all fields"
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """A page about it."""
    from reconciler.specs.explain import explain

    console.result(explain(arguments.topic))
    return ExitCode.FINE
