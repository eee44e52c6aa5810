"""Sessions and clients: who is asking, and where.

One botocore client per region, shared by all threads. Path style addressing, because every bucket as a
host of its own means a TLS connection of its own (shared facts: 17.6 ms against 0.65 ms a call). Retries
are pinned: botocore's default changed in 1.44, and it never retries 409 OperationAborted.
"""

import os
import threading
from collections import Counter
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from reconciler.errors import CannotReachS3, UsageError, WrongAccount
from reconciler.planning.live import Identity
from reconciler.s3.documents import watch
from reconciler.s3.errors import S3_ERRORS, ends_the_run
from reconciler.version import __version__

CONNECTIONS = 32
"""Threads, and connections per region. More are no faster at 30 ms a call, for the GIL (shared facts)."""
ATTEMPTS = 5
"""Tries of botocore for a call that was throttled or lost."""
NOWHERE = "us-east-1"
"""The region for calls that have none; any will do for a custom endpoint."""


class Clients:
    """The clients of one run: a profile, a default region, an endpoint."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        sandbox: bool = False,
    ) -> None:
        try:
            if sandbox:
                self._session = boto3.session.Session("sandbox", "sandbox", region_name=region or NOWHERE)
            else:
                self._session = boto3.session.Session(profile_name=profile, region_name=region)
        except S3_ERRORS as error:
            raise ends_the_run(error, endpoint_url) or error from error
        self.region = self._session.region_name
        self.endpoint_url = endpoint_url or (None if sandbox else self._configured_endpoint())
        self.sandbox = sandbox
        if self.endpoint_url and not self.endpoint_url.startswith(("http://", "https://")):
            raise UsageError(
                f"`{self.endpoint_url}` is not the URL of an endpoint", remedy="write it like https://s3.example.com"
            )
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def _configured_endpoint(self) -> str | None:
        """What the environment or the profile says, as botocore would read it, so that a plan can show it."""
        from_environment = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return from_environment or self._session._session.get_scoped_config().get("endpoint_url")  # noqa: SLF001

    def s3(self, region: str | None) -> Any:
        """The client for a region; made once."""
        region = region or self.region or NOWHERE
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._make_s3(region)
            return self._clients[region]

    def _make_s3(self, region: str) -> Any:
        client = self._session.client("s3", region_name=region, endpoint_url=self.endpoint_url, config=self._config())
        watch(client)
        client.meta.events.register("before-send.s3", self._count)
        return client

    def _config(self, attempts: int = ATTEMPTS) -> Config:
        settings: dict[str, Any] = {
            "user_agent": f"reconcile/{__version__}",
            "ignore_configured_endpoint_urls": True,
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": CONNECTIONS,
            "retries": {"mode": "standard", "total_max_attempts": attempts},
            "s3": {"addressing_style": "path", "us_east_1_regional_endpoint": "regional"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        return Config(**settings)

    def _count(self, event_name: str, **_: Any) -> None:
        self.calls[event_name.rpartition(".")[2]] += 1

    def identity(self) -> Identity:
        """Who is asking. On AWS an answer is a must; an endpoint of one's own may have no STS."""
        account = None
        attempts = 1 if self.endpoint_url else ATTEMPTS
        try:
            sts = self._session.client(
                "sts",
                region_name=self.region or NOWHERE,
                endpoint_url=self.endpoint_url,
                config=self._config(attempts),
            )
            account = sts.get_caller_identity()["Account"]
        except S3_ERRORS as error:
            fatal = ends_the_run(error, self.endpoint_url)
            no_sts = isinstance(error, ClientError | HTTPClientError) and not isinstance(error, EndpointConnectionError)
            if not (self.endpoint_url and no_sts):
                raise fatal or CannotReachS3(f"AWS does not say whose credentials these are: {error}") from error
        except (KeyError, ValueError):
            pass  # an endpoint that answers something else to STS has none
        return Identity(account, "sandbox" if self.sandbox else self.endpoint_url, self.region)


def check_accounts(identity: Identity, expected: dict[str, str]) -> None:
    """Raise `WrongAccount` when a spec names another account than the credentials belong to.

    `expected` maps bucket names to the accounts that their specs name.
    """
    if identity.account is None:
        return
    wrong = {name: account for name, account in expected.items() if account != identity.account}
    if wrong:
        name, account = next(iter(sorted(wrong.items())))
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise WrongAccount(
            f"these credentials belong to account {identity.account}; the spec of {name} says {account}{more}",
            remedy="use the profile or role of that account (--profile), or correct `account:`; "
            "nothing was read or written",
        )
