"""AWS's descriptions of its services (botocore calls them models), which clients are made of."""

from functools import cache

import boto3
from botocore.loaders import Loader

SERVICES = ("iam", "kms", "s3", "s3control", "sts")
"""All that are asked here."""
FOR_CREDENTIALS = ("signin", "sso", "sso-oidc")
"""Those that botocore itself asks, for whoever has logged in with `aws login` or single sign-on."""


class Models(Loader):
    """Knows which services there are.

    botocore looks through a folder for each of AWS's 400 services, twice, before it makes the first client.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """The services that clients are made for, whatever kind of description is looked for."""
        return [*SERVICES, *FOR_CREDENTIALS]


@cache
def models_in(paths: tuple[str, ...]) -> Models:
    """The descriptions in these folders, for all sessions of the process: each is read once."""
    return Models([*paths], include_default_search_paths=False)


def with_models(session: boto3.session.Session) -> boto3.session.Session:
    """The same session; it looks for descriptions where it would anyway, in `AWS_DATA_PATH` first."""
    core = session._session  # noqa: SLF001 - boto3 has no other way to it
    paths = core.get_component("data_loader").search_paths
    core.register_component("data_loader", models_in(tuple(dict.fromkeys(paths))))
    return session
