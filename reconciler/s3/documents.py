"""Whether a GET was answered with its own document, and with nothing in it that nobody knows.

On many S3-compatible servers an unknown sub-resource falls through to the bucket itself: a GET lists the
bucket, which botocore would parse as an empty document. And an element that botocore's model does not know
is dropped without a word, to be erased by the next whole-document PUT. Both are caught here, on the raw
answer, before botocore parses it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

from reconciler.bucket import BucketSpec
from reconciler.s3.errors import WrongDocumentError

ROOT = re.compile(rb"\s*(?:<\?[^>]*\?>\s*)?<(?:[\w.-]+:)?([\w.-]+)")
"""The first element of an XML text."""
LISTINGS = {
    "ListObjectVersions": "ListVersionsResult",
    "ListObjectsV2": "ListBucketResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
}
"""The element that each listing of what is in a bucket answers with. What else is in it may be new to us."""
WRAPPERS = ("Response", "Output", "Result")
"""Some servers name the document after the operation: moto answers GetBucketVersioningResponse."""

SHAPES = 256
"""Structures whose elements are remembered: each aspect's document has a dozen at the most."""


def expected_documents() -> dict[str, str]:
    """The element that each GET answers with, by operation in S3's spelling."""
    rows = (aspect.api for aspect in BucketSpec.aspects().values())
    return {operation_name(api.get): api.document for api in rows if api.document is not None}


def operation_name(method: str) -> str:
    """``get_bucket_tagging`` as S3 spells it."""
    return "".join(word.capitalize() for word in method.split("_"))


def watch(client: Any, called: Callable[[str], str | None]) -> None:
    """Have every GET of this client checked before it is parsed.

    `called` says how the server calls the document of an operation, where not as AWS does.
    """
    for operation, root in expected_documents().items():
        client.meta.events.register(f"before-parse.s3.{operation}", _check(root, called))
    for operation, root in LISTINGS.items():
        client.meta.events.register(f"before-parse.s3.{operation}", _check_root(root))


def _check(root: str, called: Callable[[str], str | None]) -> Any:
    def check(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        if response_dict["status_code"] == 200:
            body, operation = response_dict["body"], operation_model.name
            check_document(body, root, operation, operation_model.output_shape, called(operation))

    return check


def _check_root(root: str) -> Any:
    def check(response_dict: Mapping[str, Any], **_: Any) -> None:
        if response_dict["status_code"] == 200:
            found = root_of(response_dict["body"])
            if found != root:
                raise WrongDocumentError(f"the server answered with {found} instead of {root}: it has no such listing")

    return check


def root_of(body: bytes) -> str:
    """The name of the first element."""
    match = ROOT.match(body)
    return match[1].decode() if match else "nothing"


def check_document(body: bytes, root: str, operation: str, shape: Any, also: str | None = None) -> None:
    """Raise `WrongDocumentError` for another document, or for one with an element that the shape lacks."""
    found = root_of(body)
    if found not in (root, also, *(f"{operation}{ending}" for ending in WRAPPERS)):
        said = f"the server answered with {found} instead of {root}: it does not know this setting"
        raise WrongDocumentError(said, empty=not body)
    try:
        document = ET.fromstring(body)  # noqa: S314 - botocore parses the same text the same way
    except ET.ParseError as error:
        raise WrongDocumentError(f"the server answered with broken XML: {error}") from error
    unknown = sorted(set(unknown_elements(document, shape_inside(shape), root)))
    if unknown:
        raise WrongDocumentError(
            f"it holds {', '.join(unknown)}, which this version does not know and the next write would erase"
        )


def shape_inside(shape: Any) -> Any:
    """What stands in the root element: the one member that is the whole body, or the answer's own members."""
    payload = shape.serialization.get("payload")
    return shape.members[payload] if payload else shape


def unknown_elements(element: ET.Element, shape: Any, path: str) -> Iterator[str]:
    """The elements under this one that the shape does not have, by path."""
    if shape.type_name == "list":
        for child in element:
            yield from unknown_elements(child, shape.member, path)
        return
    if shape.type_name != "structure":
        return
    known = known_in(shape)
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name in known:
            yield from unknown_elements(child, known[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}"


@lru_cache(SHAPES)
def known_in(shape: Any) -> Mapping[str, Any]:
    """The shapes of what may stand in a structure, by the names of their elements."""
    known = {}
    for name, member in shape.members.items():
        flat_list = member.type_name == "list" and member.serialization.get("flattened")
        spelled = member.serialization.get("name") or (flat_list and member.member.serialization.get("name")) or name
        known[spelled] = member.member if flat_list else member
    return known
