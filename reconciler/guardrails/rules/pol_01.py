"""POL-01: the policy denies requests without TLS."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from reconciler.guardrails.rule import Offence, Parameters, Rule, Subject
from reconciler.guardrails.statements import ANY_ACTION, is_denied, places_in
from reconciler.policy_language.callers import Fact
from reconciler.problems import Severity
from reconciler.scalars import as_written

PLAIN: Mapping[str, Fact] = {"aws:securetransport": ("false",), "s3:tlsversion": (None,)}
"""A request without TLS has no version of it (S3 User Guide, Amazon S3 policy keys: s3:TlsVersion)."""
OLDER: Mapping[str, tuple[str, ...]] = {"1.2": ("1.0", "1.1"), "1.3": ("1.0", "1.1", "1.2")}
"""The versions of TLS before these."""
HELP = (
    "add a statement: Effect `Deny`, Principal `*`, Action `s3:*`, Resource the bucket and its objects, Condition "
    "`{Bool: {aws:SecureTransport: 'false'}}`"
)
OLD_HELP = (
    "add a statement: Effect `Deny`, Principal `*`, Action `s3:*`, Resource the bucket and its objects, Condition "
    "`{{NumericLessThan: {{s3:TlsVersion: '{}'}}}}`"
)


class TlsParameters(Parameters):
    """How much TLS is asked for."""

    minimum_tls_version: Annotated[
        Literal["1.2", "1.3"] | None, BeforeValidator(as_written), Field(examples=["1.2"])
    ] = None
    """The oldest version of TLS that the policy may let in; left out, any will do."""


def check(subject: Subject) -> Iterator[Offence]:
    """A policy that denies plain HTTP not at all or not everywhere, and none where the data is confidential."""
    if subject.purpose == "website":
        return
    if subject.value("policy") is None:
        if subject.is_confidential:
            absent = subject.is_absent("policy")
            said = "without a policy, nothing denies requests without TLS"
            yield Offence(("policy",) if absent else (), said, HELP, None if absent else Severity.WARNING)
        return
    open_to = not_denied(subject, PLAIN)
    if open_to:
        yield Offence(("policy",), f"not every request without TLS to {open_to} is denied", HELP)
    oldest = subject.parameters.minimum_tls_version
    for version in OLDER[oldest] if oldest else ():
        open_to = not_denied(subject, {"aws:securetransport": ("true",), "s3:tlsversion": (version,)})
        if open_to:
            said = f"not every request with TLS {version} to {open_to} is denied"
            yield Offence(("policy",), said, OLD_HELP.format(oldest))
            return


def not_denied(subject: Subject, facts: Mapping[str, Fact]) -> str:
    """Which of the bucket and its objects such requests may reach, in words; nothing where neither."""
    kinds = zip(("the bucket", "its objects"), places_in(subject), strict=True)
    return " and ".join(kind for kind, place in kinds if not is_denied(subject, ANY_ACTION, place, facts))


RULE = Rule(
    id="POL-01",
    title="The policy denies requests without TLS",
    why="S3 answers plain HTTP as well: whoever is on the way reads along what is in the objects. Only a Deny for "
    "everybody, on the bucket and on its objects, keeps out every such request: an Allow with the same condition says "
    "nothing of those that another statement, or IAM, lets in (S3 User Guide, *Security best practices for Amazon S3*, "
    "Enforce encryption of data in transit). The website endpoints of S3 speak no TLS (S3 User Guide, *Website "
    "endpoints*): a `website` is not asked.",
    mend="Add a Deny statement for everybody on `aws:SecureTransport: false`, on the bucket and on its objects.",
    check=check,
    parameters=TlsParameters,
    controls={
        "Security Hub": ("S3.5",),
        "CIS 5.0": ("2.1.1",),
        "Checkov": ("CKV_AWS_379",),
        "Prowler": ("s3_bucket_secure_transport_policy",),
    },
)
