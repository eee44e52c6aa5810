"""What a team may set of the rules about policies."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.guardrails.rules import pol_01, pol_03
from reconciler.scalars import WrittenFloat, WrittenInt

CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def as_yaml_reads_it(kind: type[Any], text: str) -> Any:
    """A number that remembers how it was written."""
    number = kind(text)
    number.written = text
    return number


def test_numbers_are_taken_for_what_is_written() -> None:
    account, version = as_yaml_reads_it(WrittenInt, "012345678901"), as_yaml_reads_it(WrittenFloat, "1.2")
    assert pol_03.Declared.model_validate({"accounts": [account, CANONICAL]}).accounts == ("012345678901", CANONICAL)
    assert pol_01.TlsParameters.model_validate({"minimum_tls_version": version}).minimum_tls_version == "1.2"


@pytest.mark.parametrize("wrong", ["12345678901", "1234567890123", "arn:aws:iam::123456789012:root", "*", ""])
def test_an_account_has_twelve_digits(wrong: str) -> None:
    with pytest.raises(ValidationError, match="write an account id of 12 digits"):
        pol_03.Declared.model_validate({"accounts": [wrong]})


@pytest.mark.parametrize("wrong", ["o-*", "ou-a1b2-c3d4e5f6", "o-A1B2C3D4E5", "123456789012", ""])
def test_an_organization_is_named_by_its_id(wrong: str) -> None:
    with pytest.raises(ValidationError, match="write the id of an organization"):
        pol_03.Declared.model_validate({"organizations": [wrong]})


@pytest.mark.parametrize("wrong", ["1.1", "TLSv1.2", 1.2])
def test_only_versions_that_s3_speaks_can_be_asked_for(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        pol_01.TlsParameters.model_validate({"minimum_tls_version": wrong})
