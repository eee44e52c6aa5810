"""doctor: check credentials and region, or print the IAM permissions that are needed"""

from argparse import ArgumentParser, Namespace

from reconciler.cli.console import Console
from reconciler.cli.question import access, endpoint_profile, question, spec_arguments
from reconciler.errors import ExitCode
from reconciler.inert import inert

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

        named = endpoint_profile(arguments)
        specs = [bucket.spec for bucket in load_specs(question(arguments), named).buckets] if arguments.paths else None
        console.document(permissions(specs, writing=arguments.permissions == "apply"))
        return ExitCode.FINE
    from reconciler.endpoints.profiles import AWS, SANDBOX
    from reconciler.run import clients_of

    identity = clients_of(access(arguments, console)).identity()
    profile = identity.profile
    console.result(
        f"account   {inert(identity.account or 'unknown: this endpoint has no STS')}\n"
        f"region    {inert(identity.region or 'none set: specs must name theirs')}\n"
        f"endpoint  {inert(identity.endpoint or 'AWS')}\n"
        + (f"profile   {profile.name}: {profile.about}\n" if profile not in (AWS, SANDBOX) else "")
    )
    return ExitCode.FINE
