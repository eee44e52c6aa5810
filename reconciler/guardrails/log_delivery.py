"""Who delivers logs to buckets, by statements that AWS asks for, and what AWS asks of such buckets.

Sources: S3 User Guide, "Enabling Amazon S3 server access logging"; User Guides for Application and for Classic Load
Balancers, "Enable access logs".
"""

import re

from reconciler.guardrails.rule import Subject
from reconciler.guardrails.statements import Stated, account_of, actions_of, grants_in
from reconciler.policy_language.access import principals_in

ACCESS_LOGS = "logging.s3.amazonaws.com"
LOAD_BALANCING = frozenset({"logdelivery.elasticloadbalancing.amazonaws.com", "logdelivery.elb.amazonaws.com"})
"""Application and Classic Load Balancers; the second one is theirs on Outposts."""
DELIVERY = "s3:PutObject"
LOAD_BALANCERS = {
    "us-east-1": "127311923021",
    "us-east-2": "033677994240",
    "us-west-1": "027434742980",
    "us-west-2": "797873946194",
    "af-south-1": "098369216593",
    "ap-east-1": "754344448648",
    "ap-northeast-1": "582318560864",
    "ap-northeast-2": "600734575887",
    "ap-northeast-3": "383597477331",
    "ap-south-1": "718504428378",
    "ap-southeast-1": "114774131450",
    "ap-southeast-2": "783225319266",
    "ap-southeast-3": "589379963580",
    "ca-central-1": "985666609251",
    "eu-central-1": "054676820928",
    "eu-north-1": "897822967062",
    "eu-south-1": "635631232127",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-west-3": "009996457667",
    "me-south-1": "076674570225",
    "sa-east-1": "507241528517",
    "us-gov-east-1": "190560391635",
    "us-gov-west-1": "048591011584",
}
"""The accounts by which load balancers deliver, by regions: AWS's list, which is closed since August 2022."""
OF_LOAD_BALANCERS = frozenset(LOAD_BALANCERS.values())
OF_AN_ACCOUNT = re.compile(r"/AWSLogs/[0-9]{12}/", re.ASCII)
"""The folder of the account whose load balancers they are: no other's may write there, as AWS says."""


def is_load_balancing(kind: str, principal: str) -> bool:
    """Whether load balancers deliver by this principal: their service, or their account of some region."""
    if kind == "Service":
        return principal in LOAD_BALANCING
    return kind == "AWS" and account_of(principal) in OF_LOAD_BALANCERS


def only_delivers(grant: Stated) -> bool:
    """Whether a statement allows no more than deliveries need."""
    return actions_of(grant.statement) == {DELIVERY}


def is_for_accounts(grant: Stated) -> bool:
    """Whether its resources say of which accounts the load balancers are."""
    resources = grant.statement.get("Resource", ())
    return bool(resources) and all(OF_AN_ACCOUNT.search(one) is not None for one in resources)


def deliverers_without_kms(subject: Subject) -> list[str]:
    """Those whom the policy lets deliver, of those for whom AWS supports no bucket with KMS; each in words."""
    found = {
        "Elastic Load Balancing" if is_load_balancing(kind, one) else "S3"
        for grant in grants_in(subject)
        for kind, one in principals_in(grant.statement.get("Principal"))
        if (kind, one) == ("Service", ACCESS_LOGS) or is_load_balancing(kind, one)
        if DELIVERY in actions_of(grant.statement)
    }
    return sorted(found, reverse=True)
