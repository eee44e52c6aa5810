"""What is said to names that S3 does not have."""

import pytest

from reconciler.aspects.policy import Policy
from reconciler.policy_language.actions import wrong_with_action
from reconciler.policy_language.api_calls import NEEDED, needed_by
from reconciler.policy_language.conditions import wrong_with_key
from reconciler.policy_language.s3_actions import ACTIONS
from reconciler.policy_language.wrong import Home
from tests.policy_language.examples import one

HOME = Home("b", "aws")
NEWER = "name it under `allow_unknown_actions:`"


def test_calls_are_no_actions_and_need_some() -> None:
    known = {action.lower() for action in ACTIONS}
    assert not {f"s3:{call}".lower() for call in NEEDED} & known
    assert {action for needed in NEEDED.values() for action in needed} <= ACTIONS.keys()


@pytest.mark.parametrize(
    ("written", "needed"),
    [
        ("s3:ListObjects", ("s3:ListBucket",)),
        ("S3:headobject", ("s3:GetObject",)),
        ("ListObjectVersions", ("s3:ListBucketVersions",)),
        ("s3:CopyObject", ("s3:GetObject", "s3:PutObject")),
        ("s3:ListBucketInventoryConfigurations", ("s3:GetInventoryConfiguration",)),
    ],
)
def test_a_call_is_told_what_it_needs(written: str, needed: tuple[str, ...]) -> None:
    assert needed_by(written) == needed
    reason = wrong_with_action(written, HOME)
    assert reason is not None
    assert reason.message == f"`{written}` is a call of S3's API, and no action"
    assert all(f"`{action}`" in (reason.help or "") for action in needed)


@pytest.mark.parametrize(("written", "meant"), [("s3:GetObjct", "s3:GetObject"), ("s3:Xyzzy", None)])
def test_a_word_that_is_no_action(written: str, meant: str | None) -> None:
    reason = wrong_with_action(written, HOME)
    assert reason is not None
    assert reason.help is not None
    assert NEWER in reason.help
    assert reason.help.startswith("did you mean" if meant else "if it is newer")
    assert meant is None or f"`{meant}`" in reason.help


@pytest.mark.parametrize(("written", "meant"), [("s3:prefx", "s3:prefix"), ("s3:zzz", None)])
def test_a_key_that_s3_does_not_have(written: str, meant: str | None) -> None:
    reason = wrong_with_key(written, HOME)
    assert reason is not None
    assert reason.help is not None
    assert NEWER in reason.help
    assert meant is None or f"did you mean `{meant}`?" in reason.help


def test_nobody_vouches_for_wildcards_or_other_services() -> None:
    odd = ["s3:Shiny*", "s3:Shin?", "ec2:Run*", "ec2:RunInstances", "Shiny", "s3:GetShiny"]
    assert Policy(one(Action=odd)).said_beside() == {"allow_unknown_actions": ["s3:GetShiny"]}
