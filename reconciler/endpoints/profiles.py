"""The profiles: AWS, the sandbox, and the S3-compatible servers that somebody has looked at.

"Seen" is what the server answered when `make test-servers` was written, with the version in the profile.
"""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.endpoints.profile import ANY, DEEP, Fact, Kind, Profile, Spelling
from reconciler.errors import UsageError
from reconciler.problems import did_you_mean

RULES = ("rules", ANY)
GREATER = (*RULES, "filter", "object_size_greater_than")
LESS = (*RULES, "filter", "object_size_less_than")
KEPT = (*RULES, "noncurrent_version_expiration", "newer_noncurrent_versions")
KEPT_FROM_MOVING = (*RULES, "noncurrent_version_transitions", ANY, "newer_noncurrent_versions")
MINIMUM = ("transition_default_minimum_object_size",)
VARIES = ("varies_by_storage_class",)

DELETES_MORE = "the rule would apply to objects of every size"
DELETES_VERSIONS = "the rule would keep none of the newest old versions"
MOVES_VERSIONS = "the rule would move the newest old versions as well"


def dangerous(kind: Kind, source: str, *paths: tuple[str, ...]) -> Iterator[Fact]:
    """The conditions of a lifecycle rule without which it deletes or moves more than it says."""
    whys = {GREATER: DELETES_MORE, LESS: DELETES_MORE, KEPT: DELETES_VERSIONS, KEPT_FROM_MOVING: MOVES_VERSIONS}
    for path in paths:
        yield Fact("lifecycle", kind, whys[path], source, path)


AWS = Profile("aws", "AWS, and whatever answers exactly as AWS does.")

SANDBOX = Profile("sandbox", "The embedded S3 of this tool: moto, made to answer as AWS does.")

NO_VALUE = "it stores a tag whose value is empty without one"
SEEN_ON_MOTO = "moto 5.2.5: the GET after a PUT"
MOTO = Profile(
    "moto",
    "moto's server as it is, without the sandbox's layer.",
    facts=(
        *dangerous(Kind.LOSES, SEEN_ON_MOTO, GREATER, LESS, KEPT),
        Fact("lifecycle", Kind.LOSES, "it stores none", SEEN_ON_MOTO, MINIMUM, VARIES),
        Fact("lifecycle", Kind.LOSES, NO_VALUE, SEEN_ON_MOTO, (*RULES, "filter", "tags", ANY), ("",)),
        Fact(
            "encryption",
            Kind.LOSES,
            "it stores no blocked types",
            SEEN_ON_MOTO,
            ("blocked_encryption_types",),
            (("SSE-C",),),
        ),
        Fact("tags", Kind.LOSES, "it strips white space at both ends of a tag", SEEN_ON_MOTO, (ANY,), (" ",)),
        Fact("policy", Kind.DIFFERS, "it enforces a Deny on the object calls of whoever wrote it", SEEN_ON_MOTO),
    ),
)

SEEN_ON_LOCALSTACK = "LocalStack 4.13.1: its answer"
LOCALSTACK = Profile(
    "localstack",
    "LocalStack's S3 provider (4.13.1).",
    facts=(
        Fact(
            "encryption",
            Kind.REFUSES,
            "it answers InvalidArgument to a key with aws:kms:dsse",
            SEEN_ON_LOCALSTACK,
            ("kms_master_key_id",),
            where={"sse_algorithm": "aws:kms:dsse"},
        ),
        Fact(
            "manifest",
            Kind.REFUSES,
            "it answers NotImplemented to a DELETE with If-Match",
            SEEN_ON_LOCALSTACK,
            values=("absent",),
        ),
        Fact(
            "tags",
            Kind.DIFFERS,
            "a bucket that is created anew has the tags of the deleted one of this name; the next plan removes them",
            SEEN_ON_LOCALSTACK,
        ),
    ),
    empty_is_none=frozenset({"encryption"}),
)

SEEN_ON_MINISTACK = "MiniStack 1.5.33: the GET after a PUT"
MINISTACK = Profile(
    "ministack",
    "MiniStack (1.5.33).",
    facts=(
        Fact("lifecycle", Kind.LOSES, "it stores none", SEEN_ON_MINISTACK, MINIMUM, VARIES),
        Fact(
            "lifecycle",
            Kind.LOSES,
            "it answers 0 inside `And` whether it was written or not",
            SEEN_ON_MINISTACK,
            GREATER,
            (0,),
        ),
    ),
    spellings=(
        Spelling(
            "lifecycle",
            ("Rules", ANY, "Filter", "And", "ObjectSizeGreaterThan"),
            0,
            None,
            "it adds this to every filter with several conditions",
            SEEN_ON_MINISTACK,
        ),
    ),
)

FALLS_THROUGH = "GET lists the bucket, PUT is InvalidArgument, and DELETE deletes the bucket"
SEEN_ON_CEPH = "Ceph 16.2.15: its answer"
CEPH = Profile(
    "ceph",
    "Ceph's RADOS gateway (16.2.15, Pacific, as Debian 12 has it).",
    facts=(
        Fact(
            "encryption",
            Kind.LACKS,
            FALLS_THROUGH,
            SEEN_ON_CEPH,
        ),
        Fact(
            "ownership_controls",
            Kind.LACKS,
            FALLS_THROUGH,
            SEEN_ON_CEPH,
        ),
        Fact(
            "policy",
            Kind.REFUSES,
            "it answers InvalidArgument to a value without quotes",
            SEEN_ON_CEPH,
            (DEEP,),
            (True, False),
        ),
        Fact("policy", Kind.DIFFERS, "it answers InvalidArgument to an action that it does not know", SEEN_ON_CEPH),
        Fact("policy", Kind.DIFFERS, "under block_public_policy it also refuses an Allow to one account", SEEN_ON_CEPH),
        Fact("policy", Kind.DIFFERS, "a Deny of everything shuts out the owner, who cannot delete it", SEEN_ON_CEPH),
        *dangerous(Kind.LOSES, "Ceph 16.2.15: the GET after a PUT", GREATER, LESS, KEPT, KEPT_FROM_MOVING),
        Fact("lifecycle", Kind.LOSES, "it stores none", "Ceph 16.2.15: the GET after a PUT", MINIMUM, VARIES),
        Fact(
            "manifest",
            Kind.DIFFERS,
            "a DELETE with If-Match deletes whatever is there; the look right before it is all that protects",
            SEEN_ON_CEPH,
        ),
    ),
    documents={"GetPublicAccessBlock": "BlockPublicAccessBlockConfiguration"},
    unquoted_etags=True,
    free_regions=True,
    deletes_bucket=frozenset({"encryption", "ownership_controls"}),
)

UNKNOWN = Profile(
    "s3-compatible",
    "Any other S3-compatible server. Nothing is known of it, so everything is read with suspicion.",
    facts=tuple(
        dangerous(Kind.MAY_LOSE, "Ceph and moto do", GREATER, LESS, KEPT, KEPT_FROM_MOVING),
    ),
    free_regions=True,
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile for profile in (AWS, SANDBOX, MOTO, LOCALSTACK, MINISTACK, CEPH, UNKNOWN)
}


def profile_named(name: str) -> Profile:
    """The profile of this name. Raises `UsageError` where there is none."""
    if name not in PROFILES:
        near = did_you_mean(name, PROFILES)
        raise UsageError(
            f"there is no endpoint profile `{name}`",
            remedy=f"did you mean `{near}`?" if near else f"choose from {', '.join(PROFILES)}",
        )
    return PROFILES[name]


def names(profiles: Iterable[Profile] = PROFILES.values()) -> str:
    """The names of profiles, for a help text."""
    return ", ".join(profile.name for profile in profiles)
