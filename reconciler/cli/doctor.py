"""doctor: check credentials and region, or print the IAM permissions that are needed"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.cli.question import access, question, spec_arguments
from reconciler.errors import ExitCode

DESCRIPTION = """\
Say who these credentials belong to, or print the least IAM policy for `plan` and for `apply`.

  reconcile doctor
  reconcile doctor --permissions plan specs/lake.yaml
  reconcile doctor --permissions apply > apply-policy.json
"""


def arguments(parser: ArgumentParser) -> None:
    """Which policy, and for which specs."""
    spec_arguments(parser)
    parser.add_argument(
        "--permissions",
        choices=("plan", "apply"),
        metavar="plan|apply",
        help="print an IAM policy; with PATHs, for the buckets of those specs only",
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Print the policy, or ask STS."""
    if arguments.permissions:
        from reconciler.planning.permissions import permissions
        from reconciler.run import load_specs

        specs = [bucket.spec for bucket in load_specs(question(arguments)).buckets] if arguments.paths else None
        console.document(permissions(specs, writing=arguments.permissions == "apply"))
        return ExitCode.FINE
    from reconciler.s3.clients import Clients

    asked = access(arguments, console)
    clients = Clients(
        profile=asked.profile, region=asked.region, endpoint_url=asked.endpoint_url, sandbox=asked.sandbox
    )
    identity = clients.identity()
    console.result(
        f"account   {identity.account or 'unknown: this endpoint has no STS'}\n"
        f"region    {identity.region or 'none set: specs must name theirs'}\n"
        f"endpoint  {identity.endpoint or 'AWS'}\n"
    )
    return ExitCode.FINE
