"""Whether a bucket can be planned at all: is it there, is it ours, does it live where the spec says."""

from reconciler.bucket import BucketSpec
from reconciler.names import Namespace, namespace_of, wrong_with_name
from reconciler.planning.live import Existence, Identity, LiveBucket, Unreadable


def trouble_with(spec: BucketSpec, live: LiveBucket, identity: Identity) -> Unreadable | None:
    """Why nothing can be planned for this bucket, or None."""
    if live.existence is Existence.UNCLEAR:
        assert live.trouble is not None, "a bucket out of reach says why"
        return live.trouble
    if live.existence is Existence.EXISTS and elsewhere(spec, live, identity):
        return Unreadable(
            f"the bucket lives in {live.region}; the spec says {spec.region}, and S3 cannot move a bucket",
            f"write `region: {live.region}`, or give the bucket in {spec.region} another name",
        )
    if live.existence is Existence.MISSING and not (spec.region or identity.region):
        return Unreadable(
            "the bucket does not exist, and nothing says in which region to create it",
            "write `region:` into the spec, or pass --region",
        )
    return cannot_be_created(spec, identity) if live.existence is Existence.MISSING else None


def elsewhere(spec: BucketSpec, live: LiveBucket, identity: Identity) -> bool:
    """Whether the bucket lives in another region than the spec says, where regions mean anything."""
    regions = {region for region in (spec.region, live.region) if region}
    return len(regions) > 1 and not identity.profile.free_regions


def cannot_be_created(spec: BucketSpec, identity: Identity) -> Unreadable | None:
    """Why S3 would not give this name to a new bucket of this account in this region."""
    if spec.legacy_name and wrong_with_name(spec.name):
        return Unreadable(
            "the bucket does not exist, and S3 takes such a name for no new bucket",
            "check the name, or give the bucket one of today and take `legacy_name` out",
        )
    owner = namespace_of(spec.name)
    here = Namespace(identity.account or "", spec.region or identity.region or "")
    if owner is not None and identity.account is not None and owner != here:
        return Unreadable(
            f"only account {owner.account} can create this name, in {owner.region}; "
            f"this would be account {here.account} in {here.region}",
            "use that account's credentials and that region, or put your own account and region into the name",
        )
    return None
