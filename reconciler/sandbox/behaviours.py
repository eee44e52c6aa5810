"""What the layer does, one function per difference between moto and AWS.

A behaviour gets the request, the layer's memory and `ask`, which hands a request on to the behaviours after
it and in the end to moto. It may answer itself, ask, ask more than once, or raise an `S3Error`. The order is
in `AS_AWS_DOES`. A behaviour that is *worse* than AWS (a hostile twin) has the same shape and goes in front.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement

from reconciler.sandbox.documents import (
    KEPT,
    Bucket,
    Memory,
    default_encryption,
    default_public_access_block,
    locked,
    minimum_size,
    ownership_controls,
    tag_set,
    versioning,
)
from reconciler.sandbox.messages import GLOBAL_REGION, Answer, MalformedXML, S3Error, S3Request
from reconciler.sandbox.objects import delete_in_suspended, delete_objects, encode_keys
from reconciler.sandbox.refusals import (
    HARMLESS_ACLS,
    acl_with_ownership,
    refuse_bad_document,
    refuse_bad_name,
    refuse_bad_namespace,
    refuse_bad_tags,
)

Ask = Callable[[S3Request], Answer]
Behaviour = Callable[[S3Request, Memory, Ask], Answer]

ACCOUNT = "123456789012"
"""moto's account."""

OWNERSHIPS = {"BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"}
MOST_BUCKETS = 10_000

SUPPORTED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "GET": frozenset(KEPT) | {"accelerate", "acl", "policy", "website"} | {"location", "uploads", "versions"},
        "PUT": frozenset(KEPT) | {"accelerate", "acl", "policy", "website"},
        "DELETE": frozenset(KEPT) - {"logging", "notification", "object-lock", "versioning"} | {"policy", "website"},
        "POST": frozenset({"delete"}),
    }
)
"""The sub-resources of a bucket that moto and this layer serve properly."""


def only_for_the_owner(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
    """ExpectedBucketOwner is a promise AWS checks; moto ignores it (user guide, bucket-owner-condition)."""
    for header in ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"):
        if request.headers.get(header, ACCOUNT) != ACCOUNT:
            raise S3Error("AccessDenied", "Access Denied")
    return ask(request)


def only_known_subresources(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
    """An unknown sub-resource is refused; moto would take ``DELETE ?metrics`` for DeleteBucket."""
    if len(request.subresources) > 1 and request.is_about_a_bucket:
        names = ", ".join(request.subresources)
        raise S3Error("InvalidArgument", f"Conflicting query string parameters: {names}")
    if request.subresource and request.subresource not in SUPPORTED.get(request.method, frozenset()):
        raise S3Error(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented "
            f"(the sandbox has no {request.method} ?{request.subresource})",
        )
    return ask(request)


def list_buckets(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Pages and regions, which moto lacks; BucketRegion only if the request has a parameter (API)."""
    if request.bucket or request.key or request.method != "GET":
        return ask(request)
    query = request.query
    found = [
        bucket
        for name, bucket in sorted(memory.items())
        if name.startswith(query.get("prefix", ""))
        and query.get("bucket-region", bucket.region) == bucket.region
        and name > _name_in(query.get("continuation-token", ""))
    ]
    most = _most_buckets(query)
    return Answer.document(_listing(found[:most], query, more=len(found) > most))


def _most_buckets(query: Mapping[str, str]) -> int:
    asked = query.get("max-buckets", str(MOST_BUCKETS))
    if not asked.isdecimal() or not 1 <= int(asked) <= MOST_BUCKETS:
        raise S3Error(
            "InvalidArgument",
            f"Argument max-buckets must be an integer between 1 and {MOST_BUCKETS}",
            ArgumentName="max-buckets",
            ArgumentValue=asked,
        )
    return int(asked)


def _name_in(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise S3Error(
            "InvalidArgument",
            "The continuation token provided is incorrect",
            ArgumentName="continuation-token",
        ) from None


def _listing(buckets: list[Bucket], query: Mapping[str, str], *, more: bool) -> Element:
    root = Element("ListAllMyBucketsResult")
    SubElement(SubElement(root, "Owner"), "ID").text = ACCOUNT
    listed = SubElement(root, "Buckets")
    for bucket in buckets:
        element = SubElement(listed, "Bucket")
        SubElement(element, "BucketArn").text = f"arn:aws:s3:::{bucket.name}"
        if any(query.values()):
            SubElement(element, "BucketRegion").text = bucket.region
        SubElement(element, "CreationDate").text = bucket.created
        SubElement(element, "Name").text = bucket.name
    if more:
        token = base64.urlsafe_b64encode(buckets[-1].name.encode()).decode()
        SubElement(root, "ContinuationToken").text = token
    if query.get("prefix"):
        SubElement(root, "Prefix").text = query["prefix"]
    return root


def create_bucket(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """A new bucket has AWS's defaults and its tags; an own one is not created twice (API reference, CreateBucket)."""
    if not request.creates_a_bucket:
        return ask(request)
    refuse_bad_name(request.bucket)
    location, tags = _configuration(request)
    namespace = request.headers.get("x-amz-bucket-namespace")
    refuse_bad_namespace(request.bucket, namespace, ACCOUNT, location or GLOBAL_REGION)
    if request.bucket in memory:
        return _create_again(request, memory[request.bucket], tags)
    ownership = request.headers.get("x-amz-object-ownership", "BucketOwnerEnforced")
    if ownership not in OWNERSHIPS:
        raise S3Error("InvalidArgument", f"Invalid x-amz-object-ownership header: {ownership}")
    if ownership == "BucketOwnerEnforced" and request.headers.get("x-amz-acl", "private") not in HARMLESS_ACLS:
        raise acl_with_ownership()
    refuse_bad_tags(tags, live={})

    answer = ask(request)
    region = "eu-west-1" if location == "EU" else location or GLOBAL_REGION  # API reference, GetBucketLocation
    if answer.succeeded:
        bucket = memory[request.bucket] = Bucket(request.bucket, region)
        with_lock = request.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true"
        if with_lock:
            lock = request.about("object-lock", method="PUT", body=locked())
            bucket.documents["object-lock"] = KEPT["object-lock"].answer(lock, bucket)
        bucket.documents["versioning"] = versioning("Enabled" if with_lock else None)
        _put(request, ask, "encryption", default_encryption("SSE-C"))
        _put(request, ask, "publicAccessBlock", default_public_access_block())
        _put(request, ask, "ownershipControls", ownership_controls(ownership))
        _put(request, ask, "tagging", tag_set(tags))
    return answer


def _configuration(request: S3Request) -> tuple[str | None, list[Element]]:
    """The LocationConstraint and the tags of CreateBucket. moto checks the region, all but that it exists."""
    if not request.body:
        return None, []
    document = request.document("CreateBucketConfiguration")
    if not len(document):
        raise MalformedXML
    location = document.findtext("LocationConstraint")
    if location and not re.fullmatch(r"EU|[a-z]{2,}(-[a-z]+)+-\d", location):
        raise S3Error("InvalidLocationConstraint", "The specified location-constraint is not valid")
    return location, document.findall("Tags/Tag")


def _create_again(request: S3Request, bucket: Bucket, tags: list[Element]) -> Answer:
    """us-east-1 shrugs, unless there are tags (LocalStack's snapshots of AWS); every other region refuses."""
    if bucket.region == request.region == GLOBAL_REGION and not tags:
        return Answer(headers={"location": f"/{bucket.name}"})
    raise S3Error(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        BucketName=bucket.name,
    )


def _put(request: S3Request, ask: Ask, subresource: str, body: bytes) -> None:
    answer = ask(request.about(subresource, method="PUT", body=body))
    if not answer.succeeded:
        raise S3Error("InternalError", f"the sandbox could not give the bucket its {subresource}")


def only_buckets_that_exist(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """A missing bucket is reported before anything else is looked at; moto parses the document first."""
    about_the_account = not request.bucket and not request.key
    if about_the_account or request.creates_a_bucket or request.bucket in memory:
        return ask(request)
    raise S3Error("NoSuchBucket", "The specified bucket does not exist", BucketName=request.bucket)


def refuse_bad_documents(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """What S3 refuses and moto accepts: see `refusals`."""
    if request.method == "PUT" and request.subresource:
        refuse_bad_document(request, memory[request.bucket])
    return ask(request)


def nobody_else_is_granted_anything(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
    """Ownership cannot be enforced while an ACL grants others anything (user guide, about-object-ownership)."""
    if request.method == "PUT" and request.subresource == "ownershipControls":
        acl = ask(request.about("acl", method="GET"))
        if b">BucketOwnerEnforced<" in request.body and acl.body.count(b"</Grant>") > 1:
            raise acl_with_ownership()
    return ask(request)


def encryption_never_goes_away(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
    """DeleteBucketEncryption resets to AES256 (S3 API reference); moto really removes it.

    What becomes of the block of SSE-C, no source says: here it stays.
    """
    if request.method == "DELETE" and request.subresource == "encryption":
        _put(request, ask, "encryption", default_encryption())
        return Answer(HTTPStatus.NO_CONTENT)
    return ask(request)


def keep_policies(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """A policy is kept and never enforced.

    moto enforces statements for everybody and overlooks their conditions (moto/s3/models.py): a policy that
    denies plain HTTP, as every good one does, would lock the owner out of a sandbox that speaks plain HTTP.
    """
    if request.subresource != "policy":
        return ask(request)
    documents = memory[request.bucket].documents
    if request.method == "GET":
        return documents["policy"] if "policy" in documents else ask(request)
    documents.pop("policy", None)
    if request.method == "PUT":
        documents["policy"] = Answer(headers={"content-type": "application/json"}, body=request.body)
    return Answer(HTTPStatus.NO_CONTENT)


def keep_documents(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """Documents come back as they were PUT: see `documents`. What is absent moto says itself."""
    subresource = request.subresource
    if subresource is None or subresource not in KEPT:
        return ask(request)
    documents = memory[request.bucket].documents
    if request.method == "GET":
        return documents[subresource] if subresource in documents else ask(request)

    answer = ask(request) if KEPT[subresource].matters_to_moto else Answer(_usual_status(request))
    if not answer.succeeded:
        return answer
    if request.method == "DELETE" or _says_nothing(request):
        documents.pop(subresource, None)
    else:
        documents[subresource] = KEPT[subresource].answer(request, memory[request.bucket])
    return Answer(answer.status, {**answer.headers, **minimum_size(request)}, answer.body)


def _usual_status(request: S3Request) -> HTTPStatus:
    no_content = request.method == "DELETE" or request.subresource == "tagging"
    return HTTPStatus.NO_CONTENT if no_content else HTTPStatus.OK


def _says_nothing(request: S3Request) -> bool:
    """An empty tag set is accepted and then reads as none at all (LocalStack's snapshots of AWS)."""
    return request.subresource == "tagging" and not request.document("Tagging").findall("TagSet/Tag")


def forget_deleted_buckets(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """With the bucket goes everything that was kept of it."""
    answer = ask(request)
    if request.deletes_the_bucket and answer.succeeded:
        del memory[request.bucket]
    return answer


AS_AWS_DOES: tuple[Behaviour, ...] = (
    only_for_the_owner,
    only_known_subresources,
    list_buckets,
    only_buckets_that_exist,
    create_bucket,
    refuse_bad_documents,
    nobody_else_is_granted_anything,
    encryption_never_goes_away,
    keep_policies,
    encode_keys,
    delete_objects,
    delete_in_suspended,
    keep_documents,
    forget_deleted_buckets,
)
"""From the client inwards. Those that refuse come first, so that a refused request changes nothing."""
