"""What a statement is about: this bucket, and the objects in it.

Sources: S3 User Guide, "Policy resources for Amazon S3"; "Policy has invalid resource" is what S3 answers to
another bucket (aws-samples/aws-serverless-appsync-app#4) and to a bare `*` (noobaa/noobaa-core#10058). Where a
wildcard stands in the name of the bucket, AWS says nothing: what could match this bucket is let pass.
"""

import re

from reconciler.policy_language.wrong import Home, Reason
from reconciler.problems import Code

NOT_THIS_BUCKET = Code(
    "RCL2405",
    "a resource that is not this bucket",
    "A bucket policy is about its own bucket and the objects in it: `arn:aws:s3:::name` and `arn:aws:s3:::name/…`, in "
    "the bucket's partition. `${partition}` and `${bucket}` write both. S3 answers MalformedPolicy (Policy has invalid "
    "resource).",
)

BUCKET, OBJECT = "bucket", "object"
OPEN_END = re.compile(r"[*?]|\$\{")
"""Where the part of a resource ends that is known before a request is made: at a wildcard or a policy variable."""


def wrong_with_resource(text: str, home: Home) -> Reason | None:
    """Why this is not the bucket or an object in it."""
    said = not_in_it(text, home)
    write = "write `{}` for the bucket, `{}` for its objects"
    return None if said is None else Reason(said, write.format(home.arn(), home.arn("/*")))


def not_in_it(text: str, home: Home) -> str | None:
    """The same without what to write instead."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return f"`{text}` is not the ARN of this bucket or of objects in it"
    _, partition, service, region, account, name = parts
    if home.partition and not may_be(partition, home.partition):
        return f"this resource is in partition {partition}, and the bucket is in {home.partition}"
    if not (may_be(service, "s3") and may_be(region, "") and may_be(account, "") and may_be_in(name, home.bucket)):
        return f"`{text}` is not this bucket or an object in it"
    return None


def may_be(segment: str, expected: str) -> bool:
    """Whether a segment of an ARN is this text, or a pattern that begins like it."""
    if segment == expected:
        return True
    known = known_part(segment)
    return known != segment and expected.startswith(known)


def may_be_in(name: str, bucket: str) -> bool:
    """Whether the last segment of an ARN is the bucket, an object in it, or a pattern that may match either."""
    known = known_part(name)
    return name == bucket or known.startswith(f"{bucket}/") or (known != name and f"{bucket}/".startswith(known))


def known_part(text: str) -> str:
    """The text up to the first wildcard or policy variable."""
    return OPEN_END.split(text, maxsplit=1)[0]


def kinds_of(resource: str) -> frozenset[str]:
    """Whether a resource is the bucket, an object, or a pattern for both."""
    name = resource.split(":", 5)[-1]
    if "/" in name:
        return frozenset({OBJECT})
    return frozenset({BUCKET}) if known_part(name) == name else frozenset({BUCKET, OBJECT})
