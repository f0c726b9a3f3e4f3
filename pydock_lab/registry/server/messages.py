"""Requests, responses and refusals, as values: the endpoints never see a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path

from pydock_lab.errors import InvalidDigest, InvalidReference
from pydock_lab.oci import Digest, Reference
from pydock_lab.registry.server.bodies import Body
from pydock_lab.registry.server.rights import NOBODY, Visitor


class ErrorCode(StrEnum):
    """The codes of the specification ("Error Codes"), and those that Docker's registry adds."""

    BLOB_UNKNOWN = "BLOB_UNKNOWN"
    BLOB_UPLOAD_INVALID = "BLOB_UPLOAD_INVALID"
    BLOB_UPLOAD_UNKNOWN = "BLOB_UPLOAD_UNKNOWN"
    DIGEST_INVALID = "DIGEST_INVALID"
    MANIFEST_BLOB_UNKNOWN = "MANIFEST_BLOB_UNKNOWN"
    MANIFEST_INVALID = "MANIFEST_INVALID"
    MANIFEST_UNKNOWN = "MANIFEST_UNKNOWN"
    NAME_INVALID = "NAME_INVALID"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    SIZE_INVALID = "SIZE_INVALID"
    UNAUTHORIZED = "UNAUTHORIZED"
    DENIED = "DENIED"
    UNSUPPORTED = "UNSUPPORTED"
    TAG_INVALID = "TAG_INVALID"
    PAGINATION_NUMBER_INVALID = "PAGINATION_NUMBER_INVALID"
    UNKNOWN = "UNKNOWN"


_NOT_FOUND = frozenset(
    {
        ErrorCode.BLOB_UNKNOWN,
        ErrorCode.BLOB_UPLOAD_UNKNOWN,
        ErrorCode.MANIFEST_BLOB_UNKNOWN,
        ErrorCode.MANIFEST_UNKNOWN,
        ErrorCode.NAME_UNKNOWN,
    }
)
_STATUS = {
    ErrorCode.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.DENIED: HTTPStatus.FORBIDDEN,
    ErrorCode.UNSUPPORTED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.UNKNOWN: HTTPStatus.INTERNAL_SERVER_ERROR,
} | dict.fromkeys(_NOT_FOUND, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSlice:
    """`count` bytes of a file from `offset`."""

    path: Path
    offset: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An answer: `content` from memory, or a `file` that the kernel sends by itself."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    file: FileSlice | None = None

    @property
    def length(self) -> int:
        """Bytes of the body, whichever it is."""
        return self.file.count if self.file else len(self.content)

    @classmethod
    def json(cls, document: object, headers: Mapping[str, str] | None = None) -> "Response":
        """200 with a JSON document."""
        head = {"Content-Type": "application/json"} | dict(headers or {})
        return cls(status=HTTPStatus.OK, headers=head, content=json.dumps(document).encode())


class Refusal(Exception):
    """An endpoint says no: the code of the specification, one English sentence, and details for programs."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        status: HTTPStatus | None = None,
        detail: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.detail = code, message, detail
        self.status = status or _STATUS.get(code, HTTPStatus.BAD_REQUEST)
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The refusal in the JSON form that the specification asks for."""
        error = {"code": self.code, "message": self.message, "detail": self.detail}
        content = json.dumps({"errors": [error]}).encode()
        head = {"Content-Type": "application/json"} | self.headers
        return Response(status=self.status, headers=head, content=content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A question: `parts` are the named pieces of its path, `query` every value of every parameter."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: Body
    parts: Mapping[str, str] = field(default_factory=dict)
    visitor: Visitor = NOBODY

    def value(self, name: str) -> str | None:
        """The first value of a query parameter, None where it is absent."""
        values = self.query.get(name)
        return values[0] if values else None

    @property
    def name(self) -> str:
        """The repository in the path; raises Refusal where it breaks the grammar."""
        return valid_name(self.parts["name"])

    @property
    def digest(self) -> Digest:
        """The digest in the path; raises Refusal."""
        return valid_digest(self.parts["digest"])


def valid_digest(text: str) -> Digest:
    """A digest out of a request; raises Refusal."""
    try:
        return Digest(text)
    except InvalidDigest as error:
        raise Refusal(ErrorCode.DIGEST_INVALID, error.message("en")) from None


def valid_name(text: str) -> str:
    """A repository's name out of a request; raises Refusal. It becomes a path on disk: `..` is no name."""
    # The grammar of references is the grammar of names: one place knows it.
    try:
        # A colon or an at sign would make it more than a name.
        if not set(":@") & set(text) and Reference.parse(f"localhost/{text}").path == text:
            return text
    except InvalidReference:
        pass
    raise Refusal(ErrorCode.NAME_INVALID, "invalid repository name", detail={"name": text[:255]})


def is_tag(text: str) -> bool:
    """Whether `text` may be a tag."""
    try:
        Reference(domain="localhost", path="x").with_tag(text)
    except InvalidReference:
        return False
    return True
