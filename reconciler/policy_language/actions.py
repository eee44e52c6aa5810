"""What a statement allows or denies: S3's actions, from the generated table.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; IAM User Guide,
"IAM JSON policy elements: Action" (case is ignored, `*` and `?` are wildcards). That each action has to apply to a
resource of its statement is what S3 answers (ministryofjustice/modernisation-platform#10762). What S3 answers to a
wildcard that matches none of today's actions is written nowhere, and it may match newer ones: it is let pass.
"""

import re
from functools import cache

from reconciler.policy_language.patterns import can_match
from reconciler.policy_language.resources import BUCKET
from reconciler.policy_language.wrong import Home, Reason
from reconciler.problems import Code, did_you_mean

UNKNOWN_ACTION = Code(
    "RCL2406",
    "an action that S3 does not have",
    "A bucket policy names actions of S3, as `s3:GetObject`, or with wildcards: case does not matter. Not every call "
    "of the API is an action: ListObjectsV2 needs `s3:ListBucket`. An action that is newer than this version's table "
    "is named under the bucket's `allow_unknown_actions:`. S3 answers MalformedPolicy (Policy has invalid action).",
)
NOT_ITS_RESOURCE = Code(
    "RCL2409",
    "an action that does not apply to its resources",
    "Some actions are about the bucket (`s3:ListBucket`), others about objects (`s3:GetObject`). Each action of a "
    "statement has to apply to one of its resources: `arn:aws:s3:::name` is the bucket, `arn:aws:s3:::name/*` are the "
    "objects. S3 answers MalformedPolicy (Action does not apply to any resource(s) in statement).",
)

PREFIX = "s3:"
WILDCARD = re.compile(r"[*?]")
EXACT = re.compile(r"s3:[a-z][a-z0-9-]*(/[^*?]+)?\Z", re.ASCII | re.IGNORECASE)
"""One action or condition key of S3; the key of a tag may follow."""


def is_exact(name: str) -> bool:
    """Whether this names one action or condition key of S3, and not a pattern for many."""
    return EXACT.match(name) is not None


@cache
def kinds_of(action: str) -> frozenset[str] | None:
    """What the action applies to, of the bucket and its objects; None where S3 has no such action."""
    from reconciler.policy_language.s3_actions import ACTIONS  # a table that only policies need

    pattern = action.lower()
    found = [kinds for name, kinds in ACTIONS.items() if can_match(pattern, name.lower())]
    return frozenset().union(*found) if found else None


def wrong_with_action(action: str, home: Home) -> Reason | None:
    """Why S3 does not know this action."""
    if action.lower() in home.allowed or kinds_of(action) is not None:
        return None
    known = WILDCARD.split(action.lower(), maxsplit=1)[0]
    may_be_of_s3 = known.startswith(PREFIX[: len(known)])
    if may_be_of_s3 and known != action.lower():  # it may match actions that are newer than the table
        return None
    if ":" in action and not may_be_of_s3:
        return Reason(f"`{action}` is not an action of S3: a bucket policy has no others")
    from reconciler.policy_language.api_calls import needed_by
    from reconciler.policy_language.s3_actions import ACTIONS

    needed = needed_by(action)
    if needed:
        write = " and ".join(f"`{one}`" for one in needed)
        return Reason(f"`{action}` is a call of S3's API, and no action", f"the call needs {write}: write that")
    near = did_you_mean(action, ACTIONS)
    newer = "if it is newer than this version's table, name it under `allow_unknown_actions:` of the bucket"
    return Reason(f"S3 has no action `{action}`", f"did you mean `{near}`? Else, {newer}" if near else newer)


def wrong_with_its_resources(action: str, resources: frozenset[str], home: Home) -> Reason | None:
    """Why an action that S3 has does not apply to any of the kinds of resources that its statement names."""
    kinds = kinds_of(action)
    if kinds is None or kinds & resources:
        return None
    if not kinds and WILDCARD.search(action):  # it may match newer actions, which are about something
        return None
    if not kinds:
        return Reason(f"`{action}` is about neither a bucket nor an object: no bucket policy can have it")
    of_bucket = BUCKET in kinds
    about, named = ("the bucket", "objects") if of_bucket else ("objects", "the bucket")
    missing = home.arn() if of_bucket else home.arn("/*")
    return Reason(f"`{action}` is about {about}, and this statement names only {named}", f"add `{missing}`")
