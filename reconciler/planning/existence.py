"""Whether a bucket can be planned at all: is it there, is it ours, does it live where the spec says."""

from reconciler.bucket import BucketSpec
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable


def trouble_with(spec: BucketSpec, live: LiveBucket, identity: Identity) -> Unreadable | None:
    """Why nothing can be planned for this bucket, or None."""
    if live.existence is Existence.UNCLEAR:
        assert live.trouble is not None, "a bucket out of reach says why"
        return live.trouble
    if live.existence is Existence.EXISTS and spec.region and live.region and live.region != spec.region:
        return Unreadable(
            f"the bucket lives in {live.region}; the spec says {spec.region}, and S3 cannot move a bucket",
            f"write `region: {live.region}`, or give the bucket in {spec.region} another name",
        )
    if live.existence is Existence.MISSING and not (spec.region or identity.region):
        return Unreadable(
            "the bucket does not exist, and nothing says in which region to create it",
            "write `region:` into the spec, or pass --region",
        )
    return None
