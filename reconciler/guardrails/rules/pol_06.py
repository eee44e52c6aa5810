"""POL-06: a service is let in on behalf of somebody who is named."""

import re
from collections.abc import Iterator

from reconciler.guardrails.log_delivery import is_for_accounts, is_load_balancing
from reconciler.guardrails.owners import FOR_WHOM, OWNERS, TYING, account_in, owned_tests
from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import ANY_ACTION, Stated, grants_in, is_denied, places_in, values_of
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.principals import EVERYBODY
from reconciler.problems import Severity

KEYS = tuple(key for key in OWNERS if key.startswith(FOR_WHOM))
ARN_KEY = "aws:sourcearn"
BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9._-]+\Z", re.ASCII)
"""The ARN of one bucket, which has no account. More than one may be anybody's: whoever takes such a name."""
IN_THE_FOLDER = (
    "name the account of the load balancers in the resource, like `arn:aws:s3:::${bucket}/AWSLogs/123456789012/*`"
)


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements for services that nothing ties to an account, an organization or a resource."""
    for grant in grants_in(subject):
        named = principals_in(grant.statement.get("Principal"))
        open_to = {one for kind, one in named if kind == "Service" and one != EVERYBODY}
        balancing = {one for kind, one in named if is_load_balancing(kind, one)}
        if balancing:
            open_to = open_to - balancing if is_for_accounts(grant) else open_to | balancing
        if open_to and not is_tied(grant) and not denies_strangers(subject):
            said = f"{grant.name} lets in {' and '.join(sorted(open_to))}, for whichever account it works"
            yield Offence(grant.path, said, IN_THE_FOLDER if open_to <= balancing else None)


def is_tied(grant: Stated) -> bool:
    """Whether a condition says for which account, organization or resource the service works."""
    if any(one.key in KEYS and None not in one.owners for one in owned_tests(grant)):
        return True
    return any(all(map(is_somebodys, values)) for _, values in values_of(grant, ARN_KEY, TYING))


def is_somebodys(arn: str) -> bool:
    """Whether an ARN, or a pattern for some, is of one account, or of one bucket."""
    return account_in(arn) is not None or BUCKET.match(arn) is not None


def denies_strangers(subject: Subject) -> bool:
    """Whether the policy denies services everything that is for some other account or organization."""
    of_others = dict.fromkeys(KEYS, ("somebody else's",))
    facts = {"aws:principalisawsservice": ("true",), **of_others}
    return all(is_denied(subject, ANY_ACTION, place, facts) for place in places_in(subject))


RULE = Rule(
    id="POL-06",
    title="A service is let in on behalf of somebody who is named",
    why="A service works for every account of AWS: a statement that names only the service lets anybody have it write "
    "to this bucket, or read from it (IAM User Guide, *The confused deputy problem*, Cross-service confused deputy "
    "prevention). `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID` say for whom, when the account or the "
    "organization stands there in full. Load balancers write into the folder of their account only: there, the "
    "resource says it (User Guide for Application Load Balancers, *Enable access logs*).",
    mend="Add a condition: `StringEquals: {aws:SourceAccount: '123456789012'}`, or `ArnLike` on `aws:SourceArn`.",
    check=check,
    severity=Severity.WARNING,
)
