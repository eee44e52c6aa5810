"""The documents of a bucket that the layer keeps itself, because moto loses parts of them.

What moto 5.2 loses: lifecycle size filters and NewerNoncurrentVersions, tags with an empty
value, BlockedEncryptionTypes, replication filters, EventBridge, TargetObjectKeyFormat; object lock gains
``Years: 0``. A GET answers the kept document in the form it was PUT, with what S3 fills in on its own.

Nothing here refuses anything: that is `refusals`.
"""

import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement

from reconciler.sandbox.messages import Answer, S3Request, as_xml, read_document

MINIMUM_SIZE_HEADER = "x-amz-transition-default-minimum-object-size"
DEFAULT_MINIMUM_SIZE = "all_storage_classes_128K"
PUBLIC_ACCESS_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Bucket:
    """What the layer remembers of one bucket; `documents` holds the answer to each GET."""

    name: str
    region: str
    created: str = field(default_factory=_now)
    documents: dict[str, Answer] = field(default_factory=dict)

    def element(self, subresource: str, path: str) -> str | None:
        """The text at `path` in a kept document, such as one flag of the public access block."""
        kept = self.documents.get(subresource)
        if kept is None:
            return None
        return read_document(kept.body, KEPT[subresource].root).findtext(path)

    def blocked_encryption(self) -> list[Element]:
        """What its encryption says of blocked types: one element or none."""
        kept = self.documents.get("encryption")
        if kept is None:
            return []
        return read_document(kept.body, KEPT["encryption"].root).findall("Rule/BlockedEncryptionTypes")

    def tags(self) -> dict[str, str]:
        """The tags it has now."""
        kept = self.documents.get("tagging")
        if kept is None:
            return {}
        found = read_document(kept.body, KEPT["tagging"].root).findall("TagSet/Tag")
        return {tag.findtext("Key", ""): tag.findtext("Value", "") for tag in found}


Memory = dict[str, Bucket]
"""Everything the layer remembers, by bucket name."""


def _nothing(_document: Element, _bucket: Bucket) -> None:
    """S3 returns the document as it was PUT."""


def _rule_ids(document: Element, _bucket: Bucket) -> None:
    """S3 names the rules that have no ID (lifecycle, replication)."""
    for rule in document.findall("Rule"):
        _fill_in_first(rule, "ID")


def _notification_names(document: Element, _bucket: Bucket) -> None:
    """S3 names the configurations that have no Id and capitalises Prefix and Suffix."""
    for configuration in document:
        if configuration.tag != "EventBridgeConfiguration":
            _fill_in_first(configuration, "Id")
    for name in document.iterfind(".//FilterRule/Name"):
        name.text = (name.text or "").capitalize()


def _public_access_flags(document: Element, _bucket: Bucket) -> None:
    """Flags that a PUT leaves out become false (S3 API reference, PutPublicAccessBlock)."""
    given = {flag: document.findtext(flag, "false").lower() for flag in PUBLIC_ACCESS_FLAGS}
    document[:] = []
    for flag, value in given.items():
        SubElement(document, flag).text = value


def _bucket_key_and_block(document: Element, bucket: Bucket) -> None:
    """BucketKeyEnabled is false unless a PUT says otherwise (S3 API reference, PutBucketEncryption).

    What a PUT leaves out of BlockedEncryptionTypes, or leaves empty, stays as it is; the word NONE is kept as
    it is written (trussworks/terraform-aws-logs#333, cloudposse/terraform-aws-s3-bucket#287).
    """
    for rule in document.findall("Rule"):
        if rule.find("BucketKeyEnabled") is None:
            SubElement(rule, "BucketKeyEnabled").text = "false"
        blocked = rule.find("BlockedEncryptionTypes")
        if blocked is None or not len(blocked):
            rule[:] = [part for part in rule if part is not blocked]
            rule.extend(bucket.blocked_encryption())


def _mfa_delete(document: Element, bucket: Bucket) -> None:
    """MFA delete stays as it is unless a PUT names it (S3 API reference, PutBucketVersioning); moto forgets it."""
    live = bucket.element("versioning", "MfaDelete")
    if live is not None and document.find("MfaDelete") is None:
        SubElement(document, "MfaDelete").text = live


def _fill_in_first(parent: Element, name: str) -> None:
    """AWS's own names are the base64 of a UUID: 48 characters (user guide, notification-content-structure)."""
    element = parent.find(name)
    if element is None:
        element = Element(name)
        parent.insert(0, element)
    element.text = element.text or base64.b64encode(str(uuid.uuid4()).encode()).decode()


@dataclass(frozen=True)
class KeptDocument:
    """One kind of document: its root element and what S3 fills in.

    `matters_to_moto` says whether moto has a use for it too (a default encryption reaches objects, a log
    target must exist). The others moto never sees: it would refuse ``aws:`` tags that are only sent back.
    """

    root: str
    fill_in: Callable[[Element, Bucket], None] = _nothing
    matters_to_moto: bool = False

    def answer(self, request: S3Request, bucket: Bucket) -> Answer:
        """What a GET will answer after this PUT."""
        document = request.document(self.root)
        self.fill_in(document, bucket)
        return Answer.document(document, minimum_size(request))


KEPT: Mapping[str, KeptDocument] = MappingProxyType(
    {
        "cors": KeptDocument("CORSConfiguration", matters_to_moto=True),
        "encryption": KeptDocument("ServerSideEncryptionConfiguration", _bucket_key_and_block, matters_to_moto=True),
        "lifecycle": KeptDocument("LifecycleConfiguration", _rule_ids),
        "logging": KeptDocument("BucketLoggingStatus", matters_to_moto=True),
        "notification": KeptDocument("NotificationConfiguration", _notification_names, matters_to_moto=True),
        "object-lock": KeptDocument("ObjectLockConfiguration", matters_to_moto=True),
        "ownershipControls": KeptDocument("OwnershipControls", matters_to_moto=True),
        "publicAccessBlock": KeptDocument("PublicAccessBlockConfiguration", _public_access_flags),
        "replication": KeptDocument("ReplicationConfiguration", _rule_ids, matters_to_moto=True),
        "tagging": KeptDocument("Tagging"),
        "versioning": KeptDocument("VersioningConfiguration", _mfa_delete, matters_to_moto=True),
    }
)
"""By sub-resource. The rest moto keeps well by itself: acl, accelerate, website."""

ROOTS: Mapping[str, str] = MappingProxyType(
    {name: kept.root for name, kept in KEPT.items()}
    | {
        "accelerate": "AccelerateConfiguration",
        "website": "WebsiteConfiguration",
    }
)
"""The root element of each document that is XML."""


def minimum_size(request: S3Request) -> Mapping[str, str]:
    """Lifecycle's odd one out: S3 takes and returns this setting as a header (botocore's service model)."""
    if request.subresource != "lifecycle":
        return {}
    return {MINIMUM_SIZE_HEADER: request.headers.get(MINIMUM_SIZE_HEADER, DEFAULT_MINIMUM_SIZE)}


def default_encryption(*blocked: str) -> bytes:
    """What AWS has given every bucket since January 2023, and gives again after DeleteBucketEncryption.

    A new bucket also blocks SSE-C, since April 2026 (user guide, blocking-unblocking-s3-c-encryption-gpb).
    """
    root = Element("ServerSideEncryptionConfiguration")
    rule = SubElement(root, "Rule")
    default = SubElement(rule, "ApplyServerSideEncryptionByDefault")
    SubElement(default, "SSEAlgorithm").text = "AES256"
    for kind in blocked:
        SubElement(SubElement(rule, "BlockedEncryptionTypes"), "EncryptionType").text = kind
    return as_xml(root)


def default_public_access_block() -> bytes:
    """All four on, as AWS has done for new buckets since April 2023."""
    root = Element("PublicAccessBlockConfiguration")
    for flag in PUBLIC_ACCESS_FLAGS:
        SubElement(root, flag).text = "true"
    return as_xml(root)


def versioning(status: str | None) -> Answer:
    """What a GET answers of a new bucket: an empty document, not none (LocalStack's snapshots of AWS)."""
    root = Element("VersioningConfiguration")
    if status is not None:
        SubElement(root, "Status").text = status
    return Answer.document(root)


def ownership_controls(ownership: str) -> bytes:
    """The document for what CreateBucket takes as a header; BucketOwnerEnforced since April 2023."""
    root = Element("OwnershipControls")
    SubElement(SubElement(root, "Rule"), "ObjectOwnership").text = ownership
    return as_xml(root)


def tag_set(tags: list[Element]) -> bytes:
    """The document for what CreateBucket takes inside its own."""
    root = Element("Tagging")
    SubElement(root, "TagSet").extend(tags)
    return as_xml(root)


def locked() -> bytes:
    """The object lock of a bucket that was created with one and has no default retention."""
    root = Element("ObjectLockConfiguration")
    SubElement(root, "ObjectLockEnabled").text = "Enabled"
    return as_xml(root)
