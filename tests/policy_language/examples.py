"""A policy to vary."""

from typing import Any

ROOT = "arn:aws:iam::111122223333:root"
BASE: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "111122223333"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/*",
}
S1, S2 = BASE, BASE | {"Effect": "Deny"}


def one(**elements: Any) -> dict[str, Any]:
    """A policy of one statement; an element that is `...` is left out."""
    found = {name: value for name, value in (BASE | elements).items() if value is not Ellipsis}
    return {"Version": "2012-10-17", "Statement": [found]}


def condition(operator: str, value: Any, key: str = "aws:x") -> dict[str, Any]:
    """A policy with one condition."""
    return one(Condition={operator: {key: value}})
