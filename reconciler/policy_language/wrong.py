"""What S3 has against a policy, as data."""

from typing import NamedTuple

from reconciler.problems import Code

Path = tuple[str | int, ...]


class Wrong(NamedTuple):
    """One thing that is wrong with a policy. `path` leads from the policy down to the member."""

    code: Code
    path: Path
    message: str
    help: str | None = None


class Reason(NamedTuple):
    """What is wrong with one member, and what to write instead."""

    message: str
    help: str | None = None


class Home(NamedTuple):
    """The bucket that a policy is for."""

    bucket: str
    partition: str | None
    """None where nobody knows the bucket's region."""
    allowed: frozenset[str] = frozenset()
    """Names, in lower case, that the spec vouches for although the table of S3's actions lacks them."""

    def arn(self, key: str = "") -> str:
        """The bucket's ARN, or that of objects in it."""
        return f"arn:{self.partition or 'aws'}:s3:::{self.bucket}{key}"
