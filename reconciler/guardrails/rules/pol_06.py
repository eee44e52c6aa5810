"""POL-06: a service is let in on behalf of somebody who is named."""

from collections.abc import Iterator

from reconciler.guardrails.rule import Offence, Rule, Subject
from reconciler.guardrails.statements import ANY_ACTION, Stated, grants_in, is_denied, places_in, values_of
from reconciler.policy_language.access import principals_in
from reconciler.policy_language.exposure import BINDING_OPERATORS
from reconciler.policy_language.principals import EVERYBODY
from reconciler.policy_language.resources import known_part
from reconciler.problems import Severity

ACCOUNT_KEYS = ("aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner")
ARN_KEY = "aws:sourcearn"
SETS = frozenset(f"ForAnyValue:{operator}" for operator in BINDING_OPERATORS)
"""With which keys of several values, such as paths of organizations, are tested."""


def check(subject: Subject) -> Iterator[Offence]:
    """Allow statements for services that no condition ties to an account, an organization or a resource."""
    for grant in grants_in(subject):
        named = principals_in(grant.statement.get("Principal"))
        services = sorted(one for kind, one in named if kind == "Service" and one != EVERYBODY)
        if services and not is_tied(grant) and not denies_strangers(subject):
            said = f"{grant.name} lets in {' and '.join(services)}, for whichever account it works"
            yield Offence(grant.path, said)


def is_tied(grant: Stated) -> bool:
    """Whether a condition says for which account, organization or resource the service works."""
    operators = BINDING_OPERATORS | SETS
    tested = [values for key in ACCOUNT_KEYS for _, values in values_of(grant, key, operators)]
    arns = [values for _, values in values_of(grant, ARN_KEY, operators)]
    return any(all(map(known_part, values)) for values in tested) or any(
        all(map(is_somebodys, values)) for values in arns
    )


def is_somebodys(arn: str) -> bool:
    """Whether an ARN, or a pattern for some, is of one account; a bucket's has no account, and a name instead."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return False
    account, resource = parts[4], parts[5]
    return known_part(account) == account and (account != "" or known_part(resource) != "")


def denies_strangers(subject: Subject) -> bool:
    """Whether the policy denies services everything that is for some other account or organization."""
    of_others = dict.fromkeys((*ACCOUNT_KEYS, ARN_KEY), ("somebody else's",))
    facts = {"aws:principalisawsservice": ("true",), **of_others}
    return all(is_denied(subject, ANY_ACTION, place, facts) for place in places_in(subject))


RULE = Rule(
    id="POL-06",
    title="A service is let in on behalf of somebody who is named",
    why="A service works for every account of AWS: a statement that names only the service lets anybody have it write "
    "to this bucket, or read from it (IAM User Guide, *The confused deputy problem*, Cross-service confused deputy "
    "prevention). `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID` say for whom.",
    mend="Add a condition: `StringEquals: {aws:SourceAccount: '123456789012'}`, or `ArnLike` on `aws:SourceArn`.",
    check=check,
    severity=Severity.WARNING,
)
