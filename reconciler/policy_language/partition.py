"""The partition of AWS (aws, aws-cn, aws-us-gov…) that a policy is for, as far as its own words tell.

Everything in a bucket policy is in the bucket's partition: S3 takes neither resources nor principals of another one
(S3 User Guide, "Policy resources for Amazon S3"; IAM User Guide, IAM identifiers).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.policy_language.principals import members_of
from reconciler.policy_language.values import PRINCIPALS, RESOURCES, as_list, statements_of

DEFAULT_PARTITION = "aws"
OF_A_RESOURCE = re.compile(r"arn:(aws[a-z-]*):s3:")
OF_A_PRINCIPAL = re.compile(r"arn:(aws[a-z-]*):(?:iam|sts):")


def partition_in(policy: Mapping[str, Any]) -> str:
    """The partition of its resources; where they name none (`arn:*:s3:::…`), of its principals."""
    written = [statement for statement in statements_of(policy) if isinstance(statement, Mapping)]
    resources = [text for statement in written for name in RESOURCES for text in as_list(statement.get(name))]
    named = partitions(OF_A_RESOURCE, resources) or partitions(OF_A_PRINCIPAL, principals_of(written))
    return named.pop() if len(named) == 1 else DEFAULT_PARTITION


def principals_of(statements: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Every principal that is named."""
    for statement in statements:
        for name in PRINCIPALS:
            yield from (member for _, _, member in members_of(statement.get(name)))


def partitions(of: re.Pattern[str], written: Iterable[Any]) -> set[str]:
    """The partitions that these ARNs name."""
    return {found[1] for text in written if isinstance(text, str) and (found := of.match(text))}
