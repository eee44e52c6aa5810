"""doctor: check credentials and region, or print the IAM permissions that are needed"""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from reconciler.cli.console import Console
from reconciler.cli.question import access, endpoint_profile, question, spec_arguments
from reconciler.cli.settings import settings_of
from reconciler.errors import CannotReachS3, ExitCode
from reconciler.inert import inert

if TYPE_CHECKING:
    from reconciler.fleet import Member
    from reconciler.settings import Account

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
        help="print an IAM policy: for the buckets of the specs under PATH, or for all buckets where no PATH is given",
    )


def run(arguments: Namespace, console: Console) -> ExitCode:
    """Print the policy, or ask STS."""
    if arguments.permissions:
        from reconciler.planning.permissions import permissions
        from reconciler.question import load_specs

        named = endpoint_profile(arguments)
        specs = [bucket.spec for bucket in load_specs(question(arguments), named).buckets] if arguments.paths else None
        settings = settings_of(arguments)
        writing = arguments.permissions == "apply"
        ways = [account.to_write() if writing else account for account in settings.accounts]
        roles = sorted(way.role_arn for way in ways if way.role_arn)
        console.document(permissions(specs, writing=writing, to_assume=roles, lock=settings.lock))
        return ExitCode.FINE
    from reconciler.endpoints.profiles import AWS, SANDBOX
    from reconciler.fleet import Member
    from reconciler.run import clients_of

    accounts = settings_of(arguments).accounts
    clients = clients_of(access(arguments, console))
    identity = clients.identity()
    profile = identity.profile
    console.result(
        f"account   {inert(identity.account or 'unknown: this endpoint has no STS')}\n"
        f"region    {inert(identity.region or 'none set: specs must name theirs')}\n"
        f"endpoint  {inert(identity.endpoint or 'AWS')}\n"
        + (f"profile   {profile.name}: {profile.about}\n" if profile not in (AWS, SANDBOX) else "")
    )
    shut = [refusal for account in accounts if (refusal := told(account, Member(clients, identity), console))]
    return ExitCode.ERROR if shut else ExitCode.FINE


def told(account: "Account", home: "Member", console: Console) -> CannotReachS3 | None:
    """Whether an account of the settings lets us in; why not, if it does not."""
    from reconciler.fleet import enter

    shut = enter(home, account).shut
    console.result(f"account   {account.account}: {inert(shut.message) if shut else 'lets us in'}\n")
    if shut:
        console.line(f"help: {shut.remedy}")
    return shut
