"""An S3 request and its answer, as plain values.

The layer reads each HTTP request once into an `S3Request` and every behaviour speaks in those. Nothing here
knows what a request means. Path-style addresses only: that is what our client sends.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from io import BytesIO
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.etree import ElementTree as ET

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
GLOBAL_REGION = "us-east-1"

PARAMETERS = frozenset(
    {"bucket-region", "continuation-token", "delimiter", "encoding-type", "fetch-owner", "id", "key-marker"}
    | {"list-type", "marker", "max-buckets", "max-keys", "max-uploads", "prefix", "start-after"}
    | {"upload-id-marker", "version-id-marker", "x-id"}
)
"""Query parameters that do not choose another operation; presigned URLs add their own ``X-Amz-…``."""

STATUSES = {
    "AccessDenied": HTTPStatus.FORBIDDEN,
    "BucketAlreadyOwnedByYou": HTTPStatus.CONFLICT,
    "InternalError": HTTPStatus.INTERNAL_SERVER_ERROR,
    "InvalidBucketState": HTTPStatus.CONFLICT,
    "MethodNotAllowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "NoSuchBucket": HTTPStatus.NOT_FOUND,
    "NotImplemented": HTTPStatus.NOT_IMPLEMENTED,
    "SlowDown": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The HTTP status of each error code we answer; every other one is a 400."""

ET.register_namespace("xsi", "http://www.w3.org/2001/XMLSchema-instance")


@dataclass(frozen=True)
class Answer:
    """What goes back to the client. Header names are lower-case."""

    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether S3 did what it was asked to do."""
        return self.status < HTTPStatus.BAD_REQUEST

    @classmethod
    def document(cls, root: ET.Element, headers: Mapping[str, str] | None = None) -> "Answer":
        """An answer that carries an XML document."""
        return cls(HTTPStatus.OK, {"content-type": "application/xml", **(headers or {})}, as_xml(root))

    def send(self, start_response: StartResponse, *, head: bool) -> Iterable[bytes]:
        """Give the answer to a WSGI server. Some have no body; for HEAD only its length is told."""
        headers = {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), **self.headers}
        never_a_body = self.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
        if never_a_body:
            headers.pop("content-length", None)
        elif not (head and "content-length" in headers):
            headers["content-length"] = str(len(self.body))
        start_response(f"{self.status} {_reason(self.status)}", list(headers.items()))
        return [] if head or never_a_body else [self.body]


class S3Error(Exception):
    """S3 says no. Raised anywhere below the layer, which turns it into the answer the client sees."""

    def __init__(self, code: str, message: str, **details: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details

    def answer(self) -> Answer:
        """The error document, with the status AWS gives this code."""
        root = ET.Element("Error")
        for name, text in {"Code": self.code, "Message": self.message, **self.details}.items():
            ET.SubElement(root, name).text = text
        status = STATUSES.get(self.code, HTTPStatus.BAD_REQUEST)
        body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return Answer(status, {"content-type": "application/xml"}, body)


class MalformedXML(S3Error):  # noqa: N818 - named as S3 names it
    """The document is not the one S3's schema describes."""

    def __init__(self) -> None:
        super().__init__(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )


@dataclass(frozen=True)
class S3Request:
    """One request, read once. `bucket` is empty for requests about the whole account, `key` for a bucket."""

    method: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    environ: WSGIEnvironment = field(repr=False, compare=False)

    @classmethod
    def read(cls, environ: WSGIEnvironment) -> "S3Request":
        """Read the request and its whole body from a WSGI server."""
        bucket, key = _place_in(environ)
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
        }
        return cls(environ["REQUEST_METHOD"], bucket, key, _query_in(environ), headers, _read_body(environ), environ)

    @cached_property
    def subresources(self) -> tuple[str, ...]:
        """The aspects of the bucket that the query names, also those nobody knows."""
        return tuple(name for name in self.query if name not in PARAMETERS and not name.lower().startswith("x-amz-"))

    @property
    def subresource(self) -> str | None:
        """The aspect of the bucket this request is about; None for the bucket itself and for objects."""
        return self.subresources[0] if self.is_about_a_bucket and self.subresources else None

    @property
    def is_about_a_bucket(self) -> bool:
        """Whether it is about a bucket or an aspect of one, not an object or the account."""
        return bool(self.bucket) and not self.key

    @property
    def creates_a_bucket(self) -> bool:
        """Whether it is CreateBucket."""
        return self.method == "PUT" and self.is_about_a_bucket and not self.subresources

    @property
    def deletes_the_bucket(self) -> bool:
        """Whether it is DeleteBucket."""
        return self.method == "DELETE" and self.is_about_a_bucket and not self.subresources

    @property
    def region(self) -> str:
        """The region the client signed for, which stands for the endpoint it would have called."""
        scope = re.search(r"Credential=[^/]*/\d+/([^/]+)/", self.headers.get("authorization", ""))
        return scope[1] if scope else GLOBAL_REGION

    def document(self, root: str) -> ET.Element:
        """The body, which must be a document called `root`."""
        return read_document(self.body, root)

    def about(self, subresource: str, *, method: str, body: bytes = b"") -> "S3Request":
        """Another request by the same client, about an aspect of the same bucket."""
        kept = {name: self.headers[name] for name in ("host", "authorization") if name in self.headers}
        return replace(self, method=method, key="", query={subresource: ""}, headers=kept, body=body)

    def of_object(self, key: str, *, method: str) -> "S3Request":
        """Another request by the same client, about an object in the same bucket."""
        return replace(self.about("", method=method), key=key, query={})

    def ask(self, app: WSGIApplication) -> Answer:
        """Send the request, as it is now, to a WSGI application."""
        return ask(app, self._as_environ())

    def _as_environ(self) -> WSGIEnvironment:
        """The request for the application behind; the host is set so that it never reads a bucket from it."""
        without_headers = {name: v for name, v in self.environ.items() if not name.startswith("HTTP_")}
        headers = {_environ_name(name): value for name, value in self.headers.items()}
        environ: WSGIEnvironment = {**without_headers, **headers, "HTTP_HOST": "localhost"}
        environ |= {"REQUEST_METHOD": self.method, "CONTENT_LENGTH": str(len(self.body))}
        environ["wsgi.input"] = BytesIO(self.body)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        if (self.bucket, self.key, self.query) != (*_place_in(self.environ), _query_in(self.environ)):
            environ |= self._address()
        return environ

    def _address(self) -> dict[str, str]:
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in self.query.items())
        path = f"/{self.bucket}/{self.key}" if self.key else f"/{self.bucket}"
        return {
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": f"{quote(path)}?{query}",
            "REQUEST_URI": f"{quote(path)}?{query}",
        }


def ask(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Call a WSGI application and collect all of its answer."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
    ) -> Any:
        begun.append((status, headers))

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = begun[-1]
    return Answer(int(status.split()[0]), {name.lower(): value for name, value in headers}, body)


def read_document(body: bytes, root: str) -> ET.Element:
    """XML without its namespaces, which must be a document called `root`."""
    if b"<!DOCTYPE" in body:
        raise MalformedXML
    try:
        document = ET.fromstring(body)  # noqa: S314 - a document type is refused above
    except ET.ParseError:
        raise MalformedXML from None
    for element in document.iter():
        element.tag = element.tag.rpartition("}")[2]
    if document.tag != root:
        raise MalformedXML
    return document


def as_xml(root: ET.Element) -> bytes:
    """An XML document in S3's namespace."""
    root.set("xmlns", NAMESPACE)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _place_in(environ: WSGIEnvironment) -> tuple[str, str]:
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key


def _query_in(environ: WSGIEnvironment) -> dict[str, str]:
    return dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))


def _read_body(environ: WSGIEnvironment) -> bytes:
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(source.read())
    return bytes(source.read(int(environ.get("CONTENT_LENGTH") or 0)))


def _environ_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
