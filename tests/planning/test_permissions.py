"""The IAM policy that a run needs, where roles of other accounts are assumed."""

from reconciler.planning.permissions import permissions


def test_roles_of_other_accounts_are_assumed() -> None:
    role = "arn:aws:iam::111122223333:role/reconcile"
    statements = permissions(None, writing=False, to_assume=[role])["Statement"]
    assert {"Sid": "OtherAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role]} in statements
    assert "OtherAccounts" not in [one["Sid"] for one in permissions(None, writing=False)["Statement"]]
