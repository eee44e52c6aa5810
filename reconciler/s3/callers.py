"""The path of the caller's role, which conditions on `aws:PrincipalArn` see and STS does not tell.

Asked only where it decides what a declared policy says to the caller, and once.
"""

from functools import cache

from reconciler.bucket import BucketSpec
from reconciler.planning.live import Identity, LiveBucket
from reconciler.planning.lock_out import Asking, depends_on_role
from reconciler.policy_language.callers import caller_of
from reconciler.s3.clients import Clients
from reconciler.s3.errors import S3_ERRORS


class Callers:
    """Looks the caller's role up."""

    def __init__(self, clients: Clients, identity: Identity) -> None:
        self.clients = clients
        self.identity = identity
        self.caller = caller_of(identity.caller, identity.account)
        self.role = cache(self._ask)

    def role_arn(self, spec: BucketSpec, live: LiveBucket) -> str | None:
        """The ARN of the caller's role, if the bucket's policy depends on it and IAM says it."""
        if not self.caller.path_is_unknown or "policy" not in spec.values():
            return None
        around = spec.surroundings(self.identity.account, live.region or self.identity.region)
        full = spec.filled(around)
        return self.role() if depends_on_role(full, Asking(self.identity, around)) else None

    def _ask(self) -> str | None:
        """What IAM says; None where it says nothing, or speaks of another role: the path then stays unknown."""
        client = self.clients.iam()
        if client is None:
            return None
        try:
            arn: str = client.get_role(RoleName=self.caller.name)["Role"]["Arn"]
        except S3_ERRORS:
            return None
        found = caller_of(arn)
        return arn if (found.account, found.name) == (self.caller.account, self.caller.name) else None
