"""Sessions and clients: who is asking, and where.

One botocore client per region, shared by all threads. Path style addressing, because every bucket as a
host of its own means a TLS connection of its own (measured on two cores: 17.6 ms of CPU against 0.65 ms a
call). Retries are pinned: botocore's default changed in 1.44, and it never retries 409 OperationAborted. Those of S3
are ours altogether, and share one pace (`reconciler.s3.throttling`).
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session as CoreSession
from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

from reconciler.endpoints.detection import detected
from reconciler.endpoints.profile import Profile
from reconciler.endpoints.profiles import AWS, SANDBOX, UNKNOWN, profile_named
from reconciler.errors import CannotReachS3, UsageError, WrongAccount
from reconciler.planning.live import Identity
from reconciler.s3.documents import watch
from reconciler.s3.errors import S3_ERRORS, ends_the_run, is_passing, is_throttled
from reconciler.s3.limiter import Limiter
from reconciler.s3.models import with_models
from reconciler.s3.prepared import Around, Prepared
from reconciler.s3.throttling import ATTEMPTS, Throttling
from reconciler.s3.timestamps import read_timestamp
from reconciler.s3.traffic import Traffic
from reconciler.version import __version__

CONNECTIONS = 64
"""Threads, and connections per region. Seven documents of 300 buckets, 30 ms a call, two busy cores: 3.0 s with 32,
1.7 s with 64, 1.6 s with 96; without latency, 96 threads cost half as much again as 64, for the GIL."""
READER = "RECONCILE_READER"
"""Says ``boto3`` where no call is to be a prepared one."""
STS_ANSWERS = 10
"""Seconds within which an endpoint of one's own answers STS, or is asked again."""
NOWHERE = "us-east-1"
"""The region for calls that have none; any will do for a custom endpoint."""
OF_AWS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.ic.gov",
    ".api.aws.scloud",
    ".api.cloud-aws.adc-e.uk",
    ".api.aws.hci.ic.gov",
)
"""How the names of AWS's own endpoints end, in every partition (botocore's partitions.json; tested against it)."""


class Clients:
    """The clients of one run: a profile, a default region, an endpoint."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        sandbox: bool = False,
        endpoint_profile: str | None = None,
        session: boto3.session.Session | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.profile = profile
        try:
            self._session = session or (session_of_sandbox(region) if sandbox else session_of(profile, region))
            self.region = self._session.region_name
            self.endpoint_url = checked(endpoint_url or (None if sandbox else self._configured_endpoint()))
        except S3_ERRORS as error:
            raise ends_the_run(error, endpoint_url) or CannotReachS3(
                f"the AWS configuration cannot be used: {error}",
                remedy="check ~/.aws/config, ~/.aws/credentials and the AWS_* variables of the environment",
            ) from error
        self._parsers = self._session._session.get_component("response_parser_factory")  # noqa: SLF001 - as above
        self._parsers.set_parser_defaults(timestamp_parser=read_timestamp)
        self.endpoint_profile = self._given(endpoint_profile)
        self.traffic = Traffic()
        self.limiters: dict[str, Limiter] = {}
        self.new_limiter: Callable[[], Limiter] = Limiter
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._prepared: dict[str, Prepared | None] = {}
        self.clocks: tuple[datetime, datetime] | None = None
        """What time it was there and here when STS answered."""
        self._sts_status: int | None = None
        """The HTTP status of STS's last answer."""

    def _given(self, name: str | None) -> Profile | None:
        """The profile that is known before anybody answers; None where the first answer has to show it."""
        fixed = SANDBOX if self.sandbox else None if self.elsewhere else AWS
        if name is None:
            return fixed
        profile = profile_named(name)
        if fixed is not None and profile is not fixed:
            raise UsageError(
                f"--endpoint-profile {name} is not for {'the sandbox' if self.sandbox else 'AWS'}",
                remedy="leave it out, or name the server with --endpoint-url",
            )
        return profile

    def _configured_endpoint(self) -> str | None:
        """What the environment or the profile says, as botocore would read it, so that a plan can show it."""
        core = self._session._session  # noqa: SLF001 - boto3 has no other way to it
        if core.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        configured = ConfiguredEndpointProvider(core.full_config, core.get_scoped_config(), "s3")
        endpoint: str | None = configured.provide()
        return endpoint

    def s3(self, region: str | None) -> Any:
        """The client for a region; made once."""
        region = region or self.region or NOWHERE
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._make_s3(region)
            return self._clients[region]

    def ask(self, region: str | None, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a read of one bucket, given boto3's name of the operation. Raises what boto3 would raise.

        It is asked for by a prepared call where that is possible. Others may get the same answer: it is not to be
        changed.
        """
        region = region or self.region or NOWHERE
        if region not in self._prepared:
            self._prepare(region)
        prepared = self._prepared[region]
        if prepared is None:
            answer: Mapping[str, Any] = getattr(self.s3(region), operation)(**params)
            return answer
        return prepared.ask(operation, params)

    def _prepare(self, region: str) -> None:
        client, credentials = self.s3(region), self.credentials
        plain = credentials is None or os.environ.get(READER) == "boto3"
        parser = self._parsers.create_parser(client.meta.service_model.resolved_protocol)
        around = Around(credentials, parser, self.limiter(region), self.traffic, self._document_of)
        with self._lock:
            if region not in self._prepared:
                self._prepared[region] = None if plain else Prepared(client, around)

    def limiter(self, region: str) -> Limiter:
        """Who says when a call in a region may begin; one for all calls of this account there."""
        return self.limiters.get(region) or self.limiters.setdefault(region, self.new_limiter())

    def hasty_s3(self, region: str | None, seconds: float) -> Any:
        """A client that gives up soon, for what is only worth knowing in time."""
        hasty = Config(connect_timeout=seconds, read_timeout=seconds)
        return self._plain_s3(region or self.region or NOWHERE, self._config(2).merge(hasty))

    @property
    def credentials(self) -> Any:
        """botocore's credentials, or None."""
        return self._session.get_credentials()

    def kms(self, region: str | None) -> Any:
        """A client for AWS's KMS; None where the endpoint is not AWS's: it has none that could be asked."""
        if self.elsewhere:
            return None
        return self._session.client("kms", region_name=region or self.region or NOWHERE, config=self._config())

    def iam(self) -> Any:
        """A client for AWS's IAM; None where the endpoint is not AWS's. Few tries: a plan can do without."""
        if self.elsewhere:
            return None
        return self._session.client("iam", region_name=self.region or NOWHERE, config=self._config(2))

    def s3control(self, region: str | None) -> Any:
        """A client for what S3 keeps of an account; None where the endpoint is not AWS's.

        Few tries: where only S3 can be reached (a VPC endpoint), nobody answers, and a plan can do without.
        """
        if self.elsewhere:
            return None
        return self._session.client("s3control", region_name=region or self.region or NOWHERE, config=self._config(2))

    @property
    def elsewhere(self) -> bool:
        """Whether the endpoint is not one of AWS's own."""
        return self.endpoint_url is not None and not is_of_aws(self.endpoint_url)

    def _make_s3(self, region: str) -> Any:
        client = self._plain_s3(region, self._config(1))
        Throttling(self.limiter(region), self.traffic).watch(client)
        return client

    def _plain_s3(self, region: str, config: Config) -> Any:
        client = self._session.client("s3", region_name=region, endpoint_url=self.endpoint_url, config=config)
        watch(client, self._document_of)
        client.meta.events.register("before-parameter-build.s3", follow_no_redirect)
        client.meta.events.register("before-send.s3", self._count)
        client.meta.events.register("before-parse.s3", self._weigh)
        return client

    def _document_of(self, operation: str) -> str | None:
        """How this server calls the document that an operation answers with, where not as AWS does."""
        return self.endpoint_profile.documents.get(operation) if self.endpoint_profile else None

    def _config(self, attempts: int = ATTEMPTS) -> Config:
        around_the_proxy: dict[str, Any] = {"proxies": {}} if self.sandbox else {}  # it is on this very machine
        settings: dict[str, Any] = around_the_proxy | {
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
        self.traffic.sent(event_name.rpartition(".")[2])

    def _weigh(self, response_dict: Mapping[str, Any], **_: Any) -> None:
        body, told = response_dict["body"], response_dict["headers"].get("content-length") or ""
        if isinstance(body, bytes):
            self.traffic.got(len(body))
        elif told.isdecimal():  # it has not been read yet
            self.traffic.got(int(told))

    @property
    def calls(self) -> Counter[str]:
        """How many requests were sent, by operation."""
        return self.traffic.calls

    def close(self) -> None:
        """Close the connections that are open; whoever calls again opens new ones."""
        with self._lock:
            for prepared in self._prepared.values():
                if prepared is not None:
                    prepared.close()
            for client in self._clients.values():
                client.close()

    def identity(self) -> Identity:
        """Who is asking. On AWS an answer is a must; an endpoint of one's own may have no STS, if it says so.

        Raises `CannotReachS3` where nobody says: what cannot be told right now is not the same as what nobody knows.
        """
        account: str | None = None
        caller: str | None = None
        try:
            account, caller = self._caller()
        except S3_ERRORS as error:
            if not (self.elsewhere and self._has_no_sts(error)):
                endpoint = self.endpoint_url if self.elsewhere else None
                raise ends_the_run(error, endpoint) or nobody_said(str(error), endpoint) from error
        except KeyError:  # botocore looks for the result of STS in whatever XML it is given
            pass
        if account is None and not self.elsewhere:
            raise nobody_said("the answer of STS names no account", None)
        self.endpoint_profile = self.endpoint_profile or UNKNOWN
        endpoint = "sandbox" if self.sandbox else self.endpoint_url
        return Identity(account, endpoint, self.region, self.endpoint_profile, caller)

    def _has_no_sts(self, error: Exception) -> bool:
        """Whether a server has refused the call as one that it does not know.

        One that is busy, broken or gone for a moment (5xx, 429, a lost connection) has not: nobody knows whether it
        would have named another account.
        """
        refused = isinstance(error, ClientError | ResponseParserError) and not is_throttled(error)
        return refused and self._sts_status is not None and not is_passing(self._sts_status)

    def sts(self, **credentials: Any) -> Any:
        """A client for STS. An endpoint of AWS (VPC, FIPS, dual stack) is one of S3's alone: STS has its own."""
        with self._lock:  # boto3 makes one client at a time
            return self._session.client(
                "sts",
                region_name=self.region or NOWHERE,
                endpoint_url=self.endpoint_url if self.elsewhere else None,
                config=self._config().merge(Config(read_timeout=STS_ANSWERS)) if self.elsewhere else self._config(),
                **credentials,
            )

    @property
    def models(self) -> Any:
        """What botocore reads AWS's descriptions of its services with; it keeps what it has read."""
        return self._session._session.get_component("data_loader")  # noqa: SLF001 - boto3 has no other way to it

    def _caller(self) -> tuple[str | None, str | None]:
        """The account and the ARN that STS says."""
        sts = self.sts()
        sts.meta.events.register("before-parse.sts", self._look_at)
        with closing(sts):
            said = sts.get_caller_identity()
        return said.get("Account") or None, said.get("Arn") or None

    def _look_at(self, response_dict: dict[str, Any], **_: Any) -> None:
        """Which server has answered, and how, unless somebody has said so; and what time it is there."""
        self._sts_status = response_dict["status_code"]
        if not is_passing(response_dict["status_code"]):  # which may be the word of what stands in front of the server
            self.endpoint_profile = self.endpoint_profile or detected(response_dict["headers"])
        told = response_dict["headers"].get("date")
        with suppress(TypeError, ValueError):  # no date, or none that anybody could read
            self.clocks = (parsedate_to_datetime(told), datetime.now(UTC))


def session_of(profile: str | None, region: str | None) -> boto3.session.Session:
    """The credential chain of every AWS tool. boto3 does not read AWS_REGION, which all others do."""
    region = region or os.environ.get("AWS_REGION") or None
    return with_models(boto3.session.Session(profile_name=profile, region_name=region))


def session_of_sandbox(region: str | None) -> boto3.session.Session:
    """Nothing of this machine's AWS configuration, be it right or wrong, reaches the sandbox."""
    nowhere = (None, None, os.devnull, None)  # neither a file nor an environment variable says where it is
    core = CoreSession({"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere})
    region = region or NOWHERE
    return with_models(boto3.session.Session("sandbox", "sandbox", region_name=region, botocore_session=core))


def checked(endpoint_url: str | None) -> str | None:
    """The endpoint, if it is one. Raises `UsageError` for what botocore would not take."""
    if not endpoint_url:
        return None
    valid = is_valid_endpoint_url(endpoint_url) or is_valid_ipv6_endpoint_url(endpoint_url)
    if not (valid and endpoint_url.startswith(("http://", "https://"))):
        raise UsageError(
            f"`{endpoint_url}` is not the URL of an endpoint", remedy="write it like https://s3.example.com"
        )
    return endpoint_url


def follow_no_redirect(context: dict[str, Any], **_: Any) -> None:
    """Keep botocore from sending a call to another region than the plan names.

    It would look for the bucket by itself, without end where a server answers 301 and names no region.
    """
    context.setdefault("s3_redirect", {})["redirected"] = True


def is_of_aws(endpoint_url: str) -> bool:
    """Whether an endpoint is one of AWS's own."""
    return (urlsplit(endpoint_url).hostname or "").endswith(OF_AWS)


def nobody_said(why: str, endpoint: str | None) -> CannotReachS3:
    """The refusal when nobody tells the account right now: no S3 call is made without it."""
    return CannotReachS3(
        f"{endpoint or 'AWS'} does not say whose credentials these are: {why}",
        remedy="try again; a server without STS has to refuse sts:GetCallerIdentity, with a status of 4xx or 501"
        if endpoint
        else "check the network and that sts:GetCallerIdentity is reachable from here",
    )


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
