"""Which KMS keys the aliases in specs and live documents stand for.

Asked only where it decides whether a document differs, and once for each alias and region.
"""

from functools import cache

from reconciler.bucket import BucketSpec
from reconciler.planning.live import LiveBucket, Unreadable
from reconciler.s3.clients import Clients
from reconciler.s3.errors import S3_ERRORS


class Keys:
    """Looks keys up."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.arn = cache(self._ask)

    def of(self, spec: BucketSpec, live: LiveBucket) -> dict[str, str]:
        """The ARNs of all keys that have to be known to compare this bucket with its spec; what KMS would say."""
        aliases: set[str] = set()
        for name, wanted in spec.values().items():
            found = live.aspects.get(name)
            aliases.update(() if isinstance(found, Unreadable) else wanted.aliases(found))
        known = {alias: self.arn(alias, live.region) for alias in sorted(aliases)}
        return {alias: arn for alias, arn in known.items() if arn is not None}

    def _ask(self, alias: str, region: str | None) -> str | None:
        """What KMS says; None where it says nothing: the two names are then compared as they are."""
        client = self.clients.kms(region)
        if client is None:
            return None
        try:
            arn: str | None = client.describe_key(KeyId=alias)["KeyMetadata"].get("Arn")
        except S3_ERRORS:
            return None
        return arn
