"""Into another account: a role is assumed, and STS has to say whose credentials these are before S3 is asked.

The credentials renew themselves (botocore), so that a long run does not lose them.
"""

from typing import Any

import boto3
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from reconciler.errors import CannotReachS3, WrongAccount
from reconciler.planning.live import Identity
from reconciler.s3.clients import Clients, session_of, session_of_sandbox
from reconciler.s3.errors import S3_ERRORS, code_of, in_short, is_passing, is_throttled, is_unanswered, status_of
from reconciler.settings import Account

METHOD = "assume-role"
"""What botocore calls credentials that are come by in this way."""
NOT_LET_IN = "RCL5009"
NOT_ALLOWED = frozenset({"AccessDenied", "403"})


def enter(account: Account, home: Clients, caller: str | None) -> tuple[Clients, Identity]:
    """The clients of an account, and who they are there. `caller` is the ARN of the run's own credentials.

    Raises `CannotReachS3` where nobody lets us in, and `WrongAccount` where we come out in another account.
    """
    region = account.regions[0] if account.regions else home.region
    try:
        session = session_into(account, home, region)
    except S3_ERRORS as error:
        raise no_credentials(account, f": {in_short(error)}") from error
    clients = Clients(session=session, sandbox=home.sandbox)
    # whatever its profile says of endpoints: it is one S3 that is planned
    clients.endpoint_url, clients.endpoint_profile = home.endpoint_url, home.endpoint_profile
    clients.traffic = home.traffic
    if clients.credentials is None:
        raise no_credentials(account)
    assume(account, clients, caller)
    identity = clients.identity()
    if identity.account is None:
        raise CannotReachS3(
            f"this endpoint does not say whether these are credentials of account {account.account}",
            remedy="an S3 without STS has no accounts that could be told apart: take `accounts:` out of reconcile.yaml",
            code=NOT_LET_IN,
        )
    if identity.account != account.account:
        whose = f"those of {account.profile}" if account.profile else account.role_arn or "the run's own credentials"
        raise WrongAccount(
            f"{whose} lead to account {identity.account}, and reconcile.yaml says {account.account}",
            remedy="correct `accounts:`; nothing was read or written",
        )
    return clients, identity


def session_into(account: Account, home: Clients, region: str | None) -> boto3.session.Session:
    """A session with the credentials of an account."""
    if account.role_arn is None:
        if home.sandbox:
            return session_of_sandbox(region)
        return session_of(account.profile or home.profile, region)
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=lambda _service, **credentials: home.sts(**credentials),
        source_credentials=home.credentials,
        role_arn=account.role_arn,
        extra_args={
            "RoleSessionName": account.session_name,
            **({"ExternalId": account.external_id} if account.external_id else {}),
        },
    )
    renewed: Any = DeferredRefreshableCredentials(refresh_using=lambda: fetched(fetcher), method=METHOD)
    session = session_of_sandbox(region) if home.sandbox else session_of(home.profile, region)
    core: Any = session._session  # noqa: SLF001 - boto3 has no other way to it
    core._credentials = renewed  # noqa: SLF001 - nor botocore for credentials that renew themselves
    core.register_component("data_loader", home.models)  # each session would read AWS's descriptions again
    return session


def fetched(fetcher: AssumeRoleCredentialFetcher) -> Any:
    """New credentials. Those that are not to be had are no lost answer of S3, in whose call they are fetched."""
    try:
        return fetcher.fetch_credentials()
    except S3_ERRORS as error:
        if is_unanswered(error) or is_throttled(error) or is_passing(status_of(error)):
            raise CredentialRetrievalError(provider=METHOD, error_msg=in_short(error)) from error
        raise


def assume(account: Account, clients: Clients, caller: str | None) -> None:
    """Have the credentials fetched now. Raises `CannotReachS3` where there are none."""
    try:
        clients.credentials.get_frozen_credentials()
    except S3_ERRORS as error:
        if account.role_arn is None:
            raise no_credentials(account, f": {in_short(error)}") from error
        said = f"the role {account.role_arn} cannot be assumed: {in_short(error.__cause__ or error)}"
        who = f" {caller}" if caller else " the credentials of this run"
        remedy = f"allow{who} sts:AssumeRole on it, there and in the role's trust policy (with its external id, if any)"
        if code_of(error) not in NOT_ALLOWED:
            remedy = f"see that STS can be reached, and {remedy}"
        raise CannotReachS3(said, remedy=remedy, code=NOT_LET_IN) from error


def no_credentials(account: Account, why: str = "") -> CannotReachS3:
    """There is nothing to go with."""
    return CannotReachS3(
        f"there are no credentials for account {account.account}{why}",
        remedy="check its `profile` in reconcile.yaml, and log in with it",
        code=NOT_LET_IN,
    )
