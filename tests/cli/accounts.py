"""A server with several accounts: each has buckets of its own, and a role leads into it."""

import re
from collections.abc import Iterable
from io import BytesIO
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.iam.models import get_account_id_from

from reconciler.sandbox.behaviours import ACCOUNT
from reconciler.sandbox.faithful import FaithfulS3
from reconciler.sandbox.messages import Answer, S3Error
from reconciler.sandbox.server import Moto

HOME, ONE, TWO = ACCOUNT, "111122223333", "444455556666"
OWNER = "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"
NOT_AUTHORIZED = (
    b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>"
)
KEY = re.compile(r"Credential=([A-Z0-9]{20})/")


class Accounts:
    """Serves each account's own S3, by whose key a request is signed with."""

    def __init__(self) -> None:
        self.moto = Moto()
        self.layers = {account: FaithfulS3(self.moto) for account in (HOME, ONE, TWO)}
        self.requests: list[tuple[str, str, str]] = []
        """By account, method and path; STS is asked with a POST to the root."""
        self.assumed: list[dict[str, str]] = []
        self.lets_nobody_in: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        account = self.caller(environ)
        self.requests.append((account, environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/"):
            return self.sts(environ, start_response)
        if environ.get(OWNER, account) != account:
            return S3Error("AccessDenied", "Access Denied").answer().send(start_response, head=False)
        if OWNER in environ:
            environ[OWNER] = HOME  # each layer takes itself for the only one
        return self.layers[account](environ, start_response)

    def caller(self, environ: WSGIEnvironment) -> str:
        """Whose credentials these are."""
        found = KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        return get_account_id_from(found[1]) if found else HOME

    def sts(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """STS, unless a role lets nobody in."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if asked["Action"] == "AssumeRole":
            self.assumed.append(asked)
            if asked["RoleArn"].split(":")[4] in self.lets_nobody_in:
                return Answer(403, {"content-type": "text/xml"}, NOT_AUTHORIZED).send(start_response, head=False)
        return self.moto({**environ, "wsgi.input": BytesIO(body)}, start_response)

    def buckets(self, account: str) -> set[str]:
        """What an account has."""
        return set(self.layers[account].memory)

    def reset(self) -> None:
        """Forget everything."""
        for layer in self.layers.values():
            layer.reset(self.moto.reset)
        self.requests.clear()
        self.assumed.clear()
        self.lets_nobody_in.clear()
