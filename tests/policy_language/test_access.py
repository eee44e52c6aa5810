"""What a changed policy may cost."""

from typing import Any

import pytest

from reconciler.aspects.calls import Risk
from reconciler.aspects.policy import Policy
from tests.policy_language.examples import S1, S2, condition, one

HOME = S2 | {"Resource": "arn:aws:s3:::b/home/${aws:username}/*"}


def version(date: str, *more: Any) -> dict[str, Any]:
    return {"Version": date, "Statement": [S2, *more]}


RISKS: list[tuple[str, Any, Any, Risk]] = [
    ("a new policy that allows", None, one(), Risk.WIDENS_ACCESS),
    ("a new policy that denies", None, one(Effect="Deny"), Risk.CUTS_ACCESS),
    ("an Allow less", {"Statement": [S1, S2]}, {"Statement": [S2]}, Risk.CUTS_ACCESS),
    ("a Deny less", {"Statement": [S1, S2]}, {"Statement": [S1]}, Risk.WIDENS_ACCESS),
    ("an action more", one(), one(Action=["s3:GetObject", "s3:PutObject"]), Risk.WIDENS_ACCESS),
    ("an action less", one(Action=["s3:GetObject", "s3:PutObject"]), one(), Risk.CUTS_ACCESS),
    ("a principal more", one(), one(Principal={"AWS": ["111122223333", "444455556666"]}), Risk.WIDENS_ACCESS),
    ("another kind of principal", one(), one(Principal={"Service": "111122223333"}), Risk.WIDENS_ACCESS),
    ("a condition more is not weighed", one(), condition("Bool", "true"), Risk.WIDENS_ACCESS),
    ("a condition less", condition("Bool", "true"), one(), Risk.WIDENS_ACCESS),
    ("a principal that no policy can have", one(), one(Principal="arn:aws:iam::1:root"), Risk.WIDENS_ACCESS),
    ("no policy any more", one(), None, Risk.CUTS_ACCESS),
    ("no Deny any more", one(Effect="Deny"), None, Risk.WIDENS_ACCESS),
    ("what is no statement", {"Statement": ["x"]}, {"Statement": ["y"]}, Risk.HARMLESS),
    (
        "a newer Version, which reads variables",
        version("2008-10-17", HOME),
        version("2012-10-17", HOME),
        Risk.WIDENS_ACCESS,
    ),
    ("an older Version, which does not", version("2012-10-17", HOME), version("2008-10-17", HOME), Risk.WIDENS_ACCESS),
    ("no Version any more", version("2012-10-17", HOME), {"Statement": [S2, HOME]}, Risk.WIDENS_ACCESS),
    ("a variable that goes with its Version", version("2012-10-17", HOME), version("2008-10-17"), Risk.WIDENS_ACCESS),
    ("another Version without variables", version("2012-10-17"), version("2008-10-17"), Risk.HARMLESS),
    ("one Version in two spellings", version("2008-10-17", HOME), {"Statement": [S2, HOME]}, Risk.HARMLESS),
    ("an Allow without a principal", one(), one(Principal=...), Risk.CUTS_ACCESS),
]


@pytest.mark.parametrize(("why", "before", "after", "risk"), RISKS, ids=[case[0] for case in RISKS])
def test_risk(why: str, before: Any, after: Any, risk: Risk) -> None:
    assert Policy.risk(Policy(before) if before else None, Policy(after) if after else None) is risk
