"""botocore's errors in our words: what happened, and what to do about it.

Three questions are asked of an error. Does it end the whole run (no credentials, nobody answers)? Is it
worth another try? And if neither: what does a person need to know?
"""

import re
from collections.abc import Sequence

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from reconciler.errors import CannotReachS3, NoCredentials, ReconcileError
from reconciler.planning.live import Unreadable

REFUSED = (429, 503)
"""The statuses of a refusal, also without a body, as HEAD is answered: 503 SlowDown is AWS's, 429 others'."""
THROTTLED = frozenset(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])
"""What botocore takes for a refusal by its code."""
NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    NoAuthTokenError,
    TokenRetrievalError,
    SSOError,
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
NOT_ACCEPTED = frozenset(
    {
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "InvalidToken",
    }
)
CLOCK = frozenset({"RequestTimeTooSkewed", "InvalidSignatureException"})
DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccessDeniedException", "403", "Forbidden"})
UNSUPPORTED = frozenset(
    {
        "MethodNotAllowed",
        "NotImplemented",
        "XNotImplemented",
        "NotSupported",
        "UnsupportedArgument",
        "UnsupportedOperation",
        "405",
        "501",
    }
)
WRONG_REGION = frozenset(
    {
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
        "TemporaryRedirect",
        "307",
    }
)


NAMED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
"""How AWS names the action that is missing. The rest of the sentence names a session, which no plan may hold."""


class WrongDocumentError(ValueError):
    """A GET was answered with another document than it asked for, or with one that has unknown parts."""

    def __init__(self, said: str, *, empty: bool = False) -> None:
        super().__init__(said)
        self.empty = empty
        """Whether the answer was empty altogether."""


def code_of(error: BaseException) -> str:
    """S3's error code, or the HTTP status where there is none; empty for what is no answer at all."""
    if not isinstance(error, ClientError):
        return ""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return str(error.response.get("Error", {}).get("Code") or status)


def status_of(error: BaseException) -> int:
    """The HTTP status of an error; 0 for what is no answer at all."""
    metadata = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
    return int(metadata.get("HTTPStatusCode") or 0)


def region_named_by(error: BaseException) -> str | None:
    """Where the bucket lives, which S3 says when it is asked in the wrong region. A HEAD gets a 301 or a bare 400."""
    if not isinstance(error, ClientError) or code_of(error) not in WRONG_REGION | {"400"}:
        return None
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region")


def message_of(error: BaseException) -> str:
    """What S3 said."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Message", "")).strip()
    return str(error).strip()


def ends_the_run(error: BaseException, endpoint: str | None) -> ReconcileError | None:
    """The refusal that this error means for the whole run, or None when only one call is concerned."""
    if isinstance(error, ProfileNotFound):
        return CannotReachS3(str(error), remedy="list the profiles with `aws configure list-profiles`", code="RCL5002")
    if isinstance(error, BotoConnectionError):
        return CannotReachS3(
            f"{endpoint or 'AWS'} does not answer: {error}",
            remedy="check the network, the proxy and --endpoint-url" if endpoint else "check the network and the proxy",
        )
    if isinstance(error, NoRegionError):
        return CannotReachS3("no AWS region is set", remedy="pass --region, or set AWS_REGION")
    return credentials_refused(error)


def credentials_refused(error: BaseException) -> ReconcileError | None:
    """The refusal when the credentials are not there or no good, which they then are for every bucket."""
    code, said = code_of(error), message_of(error)
    if isinstance(error, RuntimeError) and "credentials are still expired" in said:  # botocore's own word for it
        code = "ExpiredToken"
    if isinstance(error, NO_CREDENTIALS):
        kind = NoCredentials if isinstance(error, NoCredentialsError) else CannotReachS3
        return kind(
            f"no usable AWS credentials: {error}",
            remedy="set AWS_PROFILE or pass --profile, run `aws sso login`, or give the job a role; "
            "`--sandbox` needs none",
            code="RCL5002",
        )
    if code in DENIED and str(getattr(error, "operation_name", "")).startswith("AssumeRole"):
        return CannotReachS3(
            f"the role cannot be assumed ({code}): {said}",
            remedy="check the role's trust policy, and sts:AssumeRole of whoever assumes it",
            code="RCL5002",
        )
    if code in EXPIRED:
        return CannotReachS3(
            f"the AWS credentials have expired ({code})",
            remedy="log in again (`aws sso login`, or however you got them), then run the same command",
            code="RCL5002",
        )
    if code in NOT_ACCEPTED:
        return CannotReachS3(
            f"AWS does not accept the credentials ({code}): {said}",
            remedy="check AWS_PROFILE, --profile and the AWS_* variables of the environment",
            code="RCL5002",
        )
    if code in CLOCK:
        return CannotReachS3(f"AWS refuses the time of this machine ({code})", remedy="set the clock, then try again")
    return None


def unreadable(error: Exception, what: str, actions: Sequence[str]) -> Unreadable:
    """Why a document could not be read. Never "there is none"."""
    code, said = code_of(error), message_of(error)
    if isinstance(error, WrongDocumentError):
        return Unreadable(f"{what} cannot be read: {said}", "take it out of the spec: this tool must not write over it")
    if code in DENIED:
        return Unreadable(
            f"{what} cannot be read: access denied",
            f"allow {' and '.join(actions_missing(said, actions))} for these credentials",
        )
    if code == "InvalidObjectState":
        return Unreadable(
            f"{what} cannot be read: a lifecycle rule has archived the object",
            "restore it, and keep its prefix out of the rule",
        )
    if code in UNSUPPORTED:
        return Unreadable(
            f"{what} cannot be read: this endpoint does not support it ({code})",
            "take it out of the spec, or check that the credentials belong to the bucket's own account",
        )
    if code == "NoSuchBucket":
        return Unreadable(
            f"{what} cannot be read: S3 lists the bucket and says that it does not exist", "try again in a minute"
        )
    return Unreadable(
        f"{what} cannot be read: {code or type(error).__name__}: {said}", "try again; --debug shows the details"
    )


def refused(error: Exception, operation: str, actions: Sequence[str]) -> str:
    """Why a call failed, and what to do, in one sentence each."""
    code, said = code_of(error), message_of(error)
    advice = {
        "BucketAlreadyExists": "the name is taken by somebody else: choose another one",
        "BucketAlreadyOwnedByYou": "the bucket exists by now: run `reconcile plan` again",
        "OperationAborted": "S3 is still busy with this bucket or its name: try again later",
        "PreconditionFailed": "somebody else has changed it since it was read: run `reconcile plan` again",
        "ConditionalRequestConflict": "somebody else is changing it right now: run `reconcile plan` again",
        "TooManyBuckets": "the account has no room for another bucket: raise the quota",
        "MalformedPolicy": "S3 refuses the policy: check principals, actions and resources",
        "NoSuchBucket": "the bucket is gone since it was read: run `reconcile plan` again",
    }.get(code)
    if is_about_a_principal(error):
        advice = (
            "S3 does not know a principal of the policy: it was created a moment ago and is not visible yet, or it is "
            "a typing mistake, or it was deleted; S3 says the same to all three. Check the principals, then try again"
        )
    elif code in DENIED and operation == "put_bucket_policy":
        advice = (
            "allow s3:PutBucketPolicy for these credentials; a public policy is also refused while "
            "block_public_policy is on, in the bucket or the account"
        )
    elif code in DENIED:
        advice = f"allow {' and '.join(actions_missing(said, actions))} for these credentials"
    fatal = credentials_refused(error)
    if fatal is not None:
        return f"{operation}: {fatal.message} ({fatal.remedy})"
    return f"{operation}: {code or type(error).__name__}: {said}" + (f" ({advice})" if advice else "")


def in_short(error: BaseException) -> str:
    """An error in a few words, without advice."""
    return ": ".join(word for word in (code_of(error) or type(error).__name__, message_of(error)) if word)


def is_about_a_principal(error: BaseException) -> bool:
    """Whether S3 refuses a policy for a principal, which IAM may have created a moment ago: that alone may pass."""
    return code_of(error) == "MalformedPolicy" and "invalid principal" in message_of(error).lower()


def actions_missing(said: str, actions: Sequence[str]) -> Sequence[str]:
    """The IAM action that AWS names, else those that the call may need."""
    named = NAMED_ACTION.search(said)
    return (named[1],) if named else actions


def is_unanswered(error: BaseException) -> bool:
    """Whether nobody has said what became of the call: its answer was lost, or told of a fault of the server's own."""
    if isinstance(error, HTTPClientError | BotoConnectionError | ResponseParserError):
        return True
    return code_of(error) == "RequestTimeout" or (status_of(error) >= 500 and code_of(error) not in UNSUPPORTED)


def is_passing(status: int) -> bool:
    """Whether an HTTP status says that a server cannot answer right now, and nothing of what it could say."""
    return status in (408, 429) or (status >= 500 and status != 501)


def may_have_worked(error: BaseException) -> bool:
    """Whether the call may have done its work all the same: its answer was lost, or botocore's second try met the
    result of the first."""
    return is_unanswered(error) or was_retried(error) or code_of(error) == "PreconditionFailed"


def is_throttled(error: BaseException) -> bool:
    """Whether a call was refused for the rate of calls: it has done nothing, and may be made again later.

    A 503 with another code may be a fault of the server's own: nobody knows what it has done.
    """
    return isinstance(error, ClientError) and code_of(error) in THROTTLED


def was_retried(error: BaseException) -> bool:
    """Whether botocore made the call more than once: an earlier try may have done its work."""
    metadata = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
    return bool(metadata.get("RetryAttempts"))


S3_ERRORS: tuple[type[Exception], ...] = (ClientError, BotoCoreError, ResponseParserError, WrongDocumentError)
"""Everything that a call may raise and that is not a mistake of ours."""
