"""Which bucket belongs to which account: its spec says so, or its name, or exactly one pattern."""

from pathlib import Path

import pytest

from reconciler.errors import InvalidSpecs
from reconciler.settings import Account
from reconciler.specs.accounts import placed
from reconciler.specs.loader import Declared, load

ONE = Account(account="111122223333", regions=("eu-central-1", "eu-west-1"), buckets=("acme-*", "other-lake"))
TWO = Account(account="444455556666", buckets=("*-pond",))
OWN_NAME = "lake-444455556666-us-east-1-an"


def declared(text: str) -> tuple[Declared, ...]:
    Path("fleet.yaml").write_text(f"buckets:\n{text}")
    return load(["fleet.yaml"]).buckets


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("  - {name: acme-lake}\n", ONE),
        ("  - {name: other-lake, region: eu-west-1}\n", ONE),
        ("  - {name: blue-pond}\n", TWO),
        ("  - {name: somebodys}\n", None),
        ('  - {name: acme-lake, account: "444455556666"}\n', TWO),
        ('  - {name: acme-pond, account: "111122223333"}\n', ONE),
        ('  - {name: acme-lake, account: "777788889999"}\n', None),
        (f"  - {{name: {OWN_NAME}, region: us-east-1}}\n", TWO),
    ],
)
def test_whose_a_bucket_is(text: str, account: Account | None) -> None:
    found = declared(text)
    assert list(placed(found, [ONE, TWO])) == [account]


def test_every_bucket_that_is_in_no_place_is_told() -> None:
    found = declared(
        "  - name: acme-pond\n"
        "  - {name: acme-lake, region: us-east-1}\n"
        "  - {name: acme-sea, region: eu-west-1}\n"
        '  - {name: blue-pond, account: "111122223333", region: ap-south-1}\n'
    )
    with pytest.raises(InvalidSpecs) as refused:
        placed(found, [ONE, TWO])
    assert [(str(one.place), one.code, one.message, one.help) for one in refused.value.problems] == [
        (
            "fleet.yaml:2:11",
            "RCL1403",
            "the patterns of accounts 111122223333 and 444455556666 match `acme-pond`",
            "write `account:` here, or narrower patterns",
        ),
        (
            "fleet.yaml:3:31",
            "RCL1404",
            "account 111122223333 has no buckets in `us-east-1`",
            "`regions:` of `accounts:` has eu-central-1, eu-west-1",
        ),
        (
            "fleet.yaml:5:56",
            "RCL1404",
            "account 111122223333 has no buckets in `ap-south-1`",
            "`regions:` of `accounts:` has eu-central-1, eu-west-1",
        ),
    ]
