"""Names that belong to an account, and names that S3 takes no more. The rules are in tests/aspects/cases/bucket."""

import pytest

from reconciler.names import Namespace, namespace_of, wrong_with_name, wrong_with_old_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("acme-111122223333-us-west-2-an", Namespace("111122223333", "us-west-2")),
        ("a-111122223333-us-gov-west-1-an", Namespace("111122223333", "us-gov-west-1")),
        ("a-444455556666-x-111122223333-eu-west-1-an", Namespace("111122223333", "eu-west-1")),
        ("111122223333-us-west-2-an", None),
        ("acme-11112222333-us-west-2-an", None),
        ("acme-111122223333-an", None),
        ("acme-111122223333-us-west-2", None),
        ("acme", None),
    ],
)
def test_what_a_name_says_of_its_account(name: str, expected: Namespace | None) -> None:
    assert namespace_of(name) == expected


def test_what_is_wrong_is_said_in_words() -> None:
    assert wrong_with_name("a-name-of-a-plan") is None
    assert "upper-case" in (wrong_with_name("Lake") or "")
    assert wrong_with_old_name("Lake_") is None
    assert "255" in (wrong_with_old_name("a" * 256) or "")
