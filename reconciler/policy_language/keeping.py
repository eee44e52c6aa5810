"""Whom a spec wants to keep: principals that must be able to undo the bucket's policy."""

import re
from collections.abc import Iterator

from reconciler.policy_language.callers import PRINCIPAL
from reconciler.policy_language.wrong import Path, Wrong
from reconciler.problems import Code, Severity

NOT_KEPT = Code(
    "RCL2021",
    "an entry that is no user, role or account",
    "`keep_access` names who must be able to get, put and delete the bucket policy: users and roles by their full "
    "ARNs, with their paths, and accounts by the ARN of their root, `arn:aws:iam::123456789012:root`. Sessions come "
    "and go: name the role.",
)
KEPT_ELSEWHERE = Code(
    "RCL2022",
    "somebody of another account, who cannot be kept",
    "Nobody but the bucket's own account may get, put or delete its policy, whatever the policy says: S3 answers "
    "MethodNotAllowed to everybody else (S3 API reference, PutBucketPolicy).",
)
NOT_THIS_NAME = Code(
    "RCL2023",
    "a confirmation of something else",
    "`confirm_lock_out` accepts that the policy locks somebody out. It is the bucket's own name, typed out and without "
    "variables: a copied line never locks anybody out of another bucket.",
)
NO_POLICY = Code(
    "RCL2024",
    "a word about a policy that is not declared",
    "`keep_access` and `confirm_lock_out` are about the policy that the spec declares. This bucket declares none, so "
    "nothing is checked and nothing can lock anybody out.",
    Severity.WARNING,
)
CODES = (NOT_KEPT, KEPT_ELSEWHERE, NOT_THIS_NAME, NO_POLICY)
NAME = re.compile(r"arn:[a-z-]+:iam::\d{12}:(root|(user|role)/([!-~]+/)?[\w+=,.@-]+)\Z", re.ASCII)
"""Who lasts, of all that may ask. Names and paths have these characters (IAM API reference, CreateRole)."""


def wrong_with_kept(entries: tuple[str, ...], account: str | None, partition: str | None) -> Iterator[Wrong]:
    """What is wrong with these entries in a bucket of this account and partition, each None where nobody knows."""
    for index, entry in enumerate(entries):
        path: Path = ("keep_access", index)
        found = PRINCIPAL.match(entry)
        if found is None or NAME.match(entry) is None:
            example = f"write it like arn:{partition or 'aws'}:iam::{account or '123456789012'}:role/deploy"
            yield Wrong(NOT_KEPT, path, f"`{entry}` is not the ARN of a user, a role or an account's root", example)
        elif partition is not None and found["partition"] != partition:
            said = f"this principal is in partition {found['partition']}, and the bucket is in {partition}"
            yield Wrong(KEPT_ELSEWHERE, path, said)
        elif account is not None and found["account"] != account:
            said = f"this principal is of account {found['account']}, and the bucket is of {account}"
            yield Wrong(KEPT_ELSEWHERE, path, said, "take it out: nobody else may administer the policy")
