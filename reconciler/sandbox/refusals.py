"""What S3 refuses and moto accepts: names, tags, and the documents of a bucket.

Every check raises the `S3Error` AWS answers with. The codes were recorded from AWS in LocalStack's snapshot tests
where there are such recordings. What a check does not mention is accepted.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

from reconciler.sandbox.documents import ROOTS, Bucket
from reconciler.sandbox.lifecycle_refusals import refuse_bad_lifecycle
from reconciler.sandbox.messages import MalformedXML, S3Error, S3Request
from reconciler.sandbox.policy_refusals import refuse_bad_policy

MOST_TAGS = 50
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
HARMLESS_ACLS = {"private", "bucket-owner-full-control"}
PUBLIC_ACLS = {"public-read", "public-read-write", "authenticated-read"}
OF_AN_ACCOUNT = re.compile(r"-(\d{12})-([a-z]{2,}(?:-[a-z]+)+-\d)-an$")
NOT_A_NAME = re.compile(r"\.\.|\.-|-\.")


def refuse_bad_name(name: str) -> None:
    """The naming rules for new buckets (user guide, bucketnamingrules)."""
    well_formed = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) and not NOT_A_NAME.search(name)
    reserved = name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES)
    reserved |= name.endswith("-an") and not OF_AN_ACCOUNT.search(name)
    if not well_formed or reserved or _is_an_address(name):
        raise S3Error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


def refuse_bad_namespace(name: str, header: str | None, account: str, region: str) -> None:
    """A name in an account's own namespace and the header that says so come together (user guide, gpbucketnamespaces).

    The codes are AWS's (ansible-collections/amazon.aws#2935, getmoto/moto#9871). What it answers to the suffix of
    somebody else without the header is not known; with or without, nobody gets that name.
    """
    if header not in (None, "global", "account-regional"):
        raise S3Error("InvalidArgument", f"Invalid x-amz-bucket-namespace header: {header}")
    if header == "account-regional" and not name.endswith(f"-{account}-{region}-an"):
        raise S3Error(
            "InvalidNamespaceHeader",
            "The requested bucket name did not include the account-regional namespace suffix, but the provided "
            f"x-amz-bucket-namespace header value is account-regional. Specify -{account}-{region}-an as the bucket "
            "name suffix to create a bucket in your account-regional namespace, or remove the header.",
        )
    if header is None and OF_AN_ACCOUNT.search(name):
        raise S3Error(
            "MissingNamespaceHeader",
            "The requested bucket is an account-regional namespace bucket, but your request is missing the required "
            "x-amz-bucket-namespace header.",
            Header="x-amz-bucket-namespace",
        )
    if header == "global" and OF_AN_ACCOUNT.search(name):
        raise S3Error("InvalidNamespaceHeader", "The requested bucket is an account-regional namespace bucket.")


def _is_an_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def refuse_bad_tags(tags: list[Element], *, live: Mapping[str, str]) -> None:
    """The rules for bucket tags (S3 User Guide); ``aws:`` tags may only be sent back as they are."""
    if len(tags) > MOST_TAGS:
        raise S3Error("BadRequest", f"Bucket tag count cannot be greater than {MOST_TAGS}")
    new: dict[str, str] = {}
    for tag in tags:
        key, value = tag.findtext("Key"), tag.findtext("Value")
        if key is None or value is None:
            raise MalformedXML
        if key in new:
            raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key", TagKey=key)
        if not (key and _is_tag_text(key, 128)):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid", TagKey=key)
        if not _is_tag_text(value, 256):
            raise S3Error("InvalidTag", "The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith("aws:") and live.get(key) != value:
            raise S3Error("InvalidTag", "System tags cannot be added/updated by requester")
        new[key] = value
    if any(key.startswith("aws:") and key not in new for key in live):
        raise S3Error("InvalidTag", "System tags cannot be removed by requester")


def _is_tag_text(text: str, longest: int) -> bool:
    allowed = all(character in "+-=._:/@" or unicodedata.category(character)[0] in "LNZ" for character in text)
    return allowed and len(text) <= longest


def _refuse_bad_tag_set(document: Element, bucket: Bucket) -> None:
    if document.find("TagSet") is None:
        raise MalformedXML
    refuse_bad_tags(document.findall("TagSet/Tag"), live=bucket.tags())


def _refuse_bad_versioning(document: Element, bucket: Bucket) -> None:
    status = document.findtext("Status")
    if status is None:
        raise S3Error("IllegalVersioningConfigurationException", "The Versioning element must be specified")
    if status not in {"Enabled", "Suspended"}:
        raise MalformedXML
    if status == "Suspended" and "object-lock" in bucket.documents:
        raise S3Error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        )
    if status == "Suspended" and "replication" in bucket.documents:
        raise S3Error(
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so you cannot change the versioning state. "
            "To change the versioning state, first delete the replication configuration.",
        )


def _refuse_without_token(request: S3Request, bucket: Bucket) -> None:
    """With MFA delete there is no other versioning without the token, and no lifecycle.

    API reference, PutBucketVersioning; user guide, lifecycle-and-other-bucket-config. That lifecycle is not
    supported the guide says; with which code it is refused is a guess.
    """
    with_mfa = bucket.element("versioning", "MfaDelete") == "Enabled"
    if request.subresource == "lifecycle" and with_mfa:
        raise S3Error("InvalidRequest", "Lifecycle configuration is not supported on MFA-enabled buckets")
    if request.subresource == "versioning" and "x-amz-mfa" not in request.headers:
        with_mfa |= request.document(ROOTS["versioning"]).findtext("MfaDelete") == "Enabled"
        if with_mfa:
            raise S3Error("AccessDenied", "Mfa Authentication must be used for this request")


def _refuse_bad_encryption(document: Element, _bucket: Bucket) -> None:
    rules = document.findall("Rule")
    if len(rules) != 1:
        raise MalformedXML
    default = rules[0].find("ApplyServerSideEncryptionByDefault")
    algorithm = None if default is None else default.findtext("SSEAlgorithm")
    if default is None or algorithm not in {"AES256", "aws:kms", "aws:kms:dsse"}:
        raise MalformedXML
    if algorithm == "AES256" and default.find("KMSMasterKeyID") is not None:
        raise S3Error(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            ArgumentName="ApplyServerSideEncryptionByDefault",
        )
    _require_one_of(rules[0].findtext("BucketKeyEnabled"), {None, "true", "false"})
    for blocked in rules[0].findall("BlockedEncryptionTypes/EncryptionType"):
        _require_one_of(blocked.text, {"SSE-C", "NONE"})


def _refuse_bad_ownership(document: Element, _bucket: Bucket) -> None:
    if len(document.findall("Rule")) != 1:
        raise MalformedXML
    allowed: set[str | None] = {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"}
    _require_one_of(document.findtext("Rule/ObjectOwnership"), allowed)


def _refuse_bad_public_access_block(document: Element, _bucket: Bucket) -> None:
    for flag in document:
        _require_one_of((flag.text or "").lower(), {"true", "false"})


def _refuse_bad_object_lock(document: Element, bucket: Bucket) -> None:
    retention = document.find("Rule/DefaultRetention")
    if retention is None:
        return
    _require_one_of(retention.findtext("Mode"), {"GOVERNANCE", "COMPLIANCE"})
    periods = [period.text or "" for period in retention if period.tag in {"Days", "Years"}]
    if len(periods) != 1:
        raise MalformedXML
    if not periods[0].isdecimal() or int(periods[0]) < 1:
        raise S3Error("InvalidArgument", "Default retention period must be a positive integer value.")


def _require_one_of(text: str | None, allowed: set[str | None]) -> None:
    if text not in allowed:
        raise MalformedXML


def acl_with_ownership() -> S3Error:
    """What S3 says where an ACL and the enforced ownership of the bucket owner meet."""
    message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    return S3Error("InvalidBucketAclWithObjectOwnership", message)


def _refuse_acl(request: S3Request, bucket: Bucket) -> None:
    """A bucket whose owner owns everything takes no ACLs (user guide, about-object-ownership).

    While BlockPublicAcls is on, a public one is denied (user guide, access-control-block-public-access).
    """
    ownership = bucket.element("ownershipControls", "Rule/ObjectOwnership")
    acl = request.headers.get("x-amz-acl")
    if ownership == "BucketOwnerEnforced" and acl not in HARMLESS_ACLS:
        raise S3Error("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if bucket.element("publicAccessBlock", "BlockPublicAcls") == "true" and acl in PUBLIC_ACLS:
        raise S3Error("AccessDenied", "Access Denied")


Check = Callable[[Element, Bucket], None]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "encryption": _refuse_bad_encryption,
        "object-lock": _refuse_bad_object_lock,
        "ownershipControls": _refuse_bad_ownership,
        "publicAccessBlock": _refuse_bad_public_access_block,
        "tagging": _refuse_bad_tag_set,
        "versioning": _refuse_bad_versioning,
    }
)


def refuse_bad_document(request: S3Request, bucket: Bucket) -> None:
    """Refuse a PUT of an aspect of `bucket` that S3 would refuse."""
    subresource = request.subresource
    if subresource == "policy":
        refuse_bad_policy(request.body, bucket)
    elif subresource == "acl":
        _refuse_acl(request, bucket)
    elif subresource is not None and subresource in ROOTS:
        document = request.document(ROOTS[subresource])
        _refuse_without_token(request, bucket)
        if subresource == "lifecycle":
            refuse_bad_lifecycle(document, request.headers)
        elif subresource in CHECKS:
            CHECKS[subresource](document, bucket)
