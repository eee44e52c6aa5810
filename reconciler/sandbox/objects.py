"""How S3 lists and deletes objects, where moto does otherwise."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote_plus
from xml.etree.ElementTree import Element, SubElement

from reconciler.sandbox.documents import Memory
from reconciler.sandbox.messages import Answer, MalformedXML, S3Error, S3Request, as_xml, read_document

MOST_KEYS = 1000
LISTINGS = {"versions": "ListVersionsResult", "uploads": "ListMultipartUploadsResult"}
ENCODED = {"Key", "KeyMarker", "NextKeyMarker", "Prefix", "Delimiter"}

Ask = Callable[[S3Request], Answer]


def encode_keys(request: S3Request, _memory: Memory, ask: Ask) -> Answer:
    """Keys in URL encoding for whoever asks for them so, which moto does not do in these two listings (API)."""
    asked = request.method == "GET" and request.query.get("encoding-type") == "url"
    answer = ask(request)
    if not (asked and answer.succeeded and request.subresource in LISTINGS):
        return answer
    listing = read_document(answer.body, LISTINGS[request.subresource])
    for element in listing.iter():
        if element.tag in ENCODED and element.text:
            element.text = quote_plus(element.text, safe="/")
    SubElement(listing, "EncodingType").text = "url"
    return Answer.document(listing)


def delete_objects(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """At most 1,000 keys at once, each on its own conditions; no version without MFA where MFA delete is on.

    API reference, DeleteObjects; user guide, conditional-deletes and UsingMFADelete. moto takes any number, overlooks
    ETags and never asks for MFA.
    """
    if not (request.method == "POST" and request.subresource == "delete"):
        return ask(request)
    document = read_document(request.body, "Delete")
    objects = document.findall("Object")
    if not 1 <= len(objects) <= MOST_KEYS:
        raise MalformedXML
    with_mfa = memory[request.bucket].element("versioning", "MfaDelete") == "Enabled"
    refused: list[Element] = []
    for item in objects:
        error = _refusal_of(item, request, ask, with_mfa="x-amz-mfa" not in request.headers and with_mfa)
        if error is not None:
            refused.append(error)
            document.remove(item)
    if not refused:
        return ask(request)
    answer = (
        ask(request.about("delete", method="POST", body=as_xml(document))) if len(document.findall("Object")) else None
    )
    result = read_document(answer.body, "DeleteResult") if answer is not None else Element("DeleteResult")
    result.extend(refused)
    return Answer.document(result)


def _refusal_of(item: Element, request: S3Request, ask: Ask, *, with_mfa: bool) -> Element | None:
    key, version, etag = item.findtext("Key", ""), item.findtext("VersionId"), item.findtext("ETag")
    if with_mfa and version is not None:
        return _error(key, version, "AccessDenied", "Mfa Authentication must be used for this request")
    if etag is not None and version is None and _etag_of(key, request, ask) not in (None, etag):
        said = "At least one of the pre-conditions you specified did not hold"
        return _error(key, version, "PreconditionFailed", said)
    return None


def _error(key: str, version: str | None, code: str, message: str) -> Element:
    error = Element("Error")
    for name, text in {"Key": key, "VersionId": version, "Code": code, "Message": message}.items():
        if text is not None:
            SubElement(error, name).text = text
    return error


def _etag_of(key: str, request: S3Request, ask: Ask) -> str | None:
    """The ETag of the current version; None where there is none."""
    return ask(request.of_object(key, method="HEAD")).headers.get("etag")


def delete_in_suspended(request: S3Request, memory: Memory, ask: Ask) -> Answer:
    """While versioning is suspended, a deletion by version deletes that version alone; moto deletes them all.

    For the time of the call, moto believes that versioning is on (user guide, DeletingObjectVersions).
    """
    of_many = (request.method, request.subresource) == ("POST", "delete")
    of_one = request.method == "DELETE" and bool(request.key)
    by_version = (of_many and b"<VersionId>" in request.body) or (of_one and "versionId" in request.query)
    bucket = memory.get(request.bucket)
    if not (by_version and bucket and bucket.element("versioning", "Status") == "Suspended"):
        return ask(request)
    _put_versioning(request, ask, "Enabled")
    try:
        return ask(request)
    finally:
        _put_versioning(request, ask, "Suspended")


def _put_versioning(request: S3Request, ask: Ask, status: str) -> None:
    document = Element("VersioningConfiguration")
    SubElement(document, "Status").text = status
    if ask(request.about("versioning", method="PUT", body=as_xml(document))).status != HTTPStatus.OK:
        raise S3Error("InternalError", "the sandbox could not delete this version")
