"""Reading JSON documents that come from elsewhere: every error says where in the document it is.

A `Node` is one value in a document together with its path: `layers[2].digest`. Its methods give the value in the
type that the specification asks for, or raise InvalidDocument with that path.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydock_lab.errors import InvalidDocument, InvalidValue

T = TypeVar("T")

MAX_DOCUMENT = 8 * 1024 * 1024  # bytes; registries refuse manifests above 4 MiB, configs are smaller still


# Go's encoder writes these as escapes, in case a document ends up in a web page, and what is no letter in the place of
# bytes that are not UTF-8.
_GO_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_GO_ESCAPES |= dict.fromkeys(range(0xD800, 0xE000), "\\ufffd")


def canonical(document: object) -> bytes:
    """The one way we write a document: as Go's encoding/json does, so that equal values have equal digests everywhere.

    Tools of the field read a config and write it again (skopeo, on the way through a docker-archive); where our bytes
    are not Go's, that would be another image. So the fields stand in the specification's order, maps are sorted by
    whoever makes them, there is no white space, and `<`, `>` and `&` are escaped.
    """
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).translate(_GO_ESCAPES).encode()


def in_order(mapping: Mapping[str, str]) -> dict[str, str]:
    """A map as Go writes it: by its keys."""
    return dict(sorted(mapping.items()))


class Node:
    """One value of a document and the path to it; `what` names the document in errors (`manifest`)."""

    __slots__ = ("path", "value", "what")

    def __init__(self, value: Any, what: str, path: str = "") -> None:
        self.value, self.what, self.path = value, what, path

    @classmethod
    def read(cls, content: bytes, what: str) -> "Node":
        """The root of a JSON document; InvalidDocument where `content` is too large or not JSON."""
        if len(content) > MAX_DOCUMENT:
            raise InvalidDocument("oci.document-size", what=what, size=len(content), limit=MAX_DOCUMENT)
        try:
            return cls(json.loads(content), what)
        # Thousands of brackets are a RecursionError, which is no ValueError.
        except (ValueError, RecursionError) as error:
            raise InvalidDocument("oci.document-json", what=what, reason=str(error) or "nesting") from None

    def fail(self, wanted: str) -> InvalidDocument:
        """The error that the value here is not `wanted`."""
        return InvalidDocument("oci.document-value", what=self.what, where=self.path or "/", wanted=wanted)

    def _of(self, kind: type[T], wanted: str) -> T:
        if not isinstance(self.value, kind) or (kind is int and isinstance(self.value, bool)):
            raise self.fail(wanted)
        return self.value

    def text(self) -> str:
        """A string."""
        return self._of(str, "a string")

    def whole(self) -> int:
        """A whole number, 0 or more."""
        number = self._of(int, "a whole number")
        if number < 0:
            raise self.fail("a whole number, not below 0")
        return number

    def truth(self) -> bool:
        """`true` or `false`."""
        return self._of(bool, "true or false")

    def as_value(self, make: Callable[[str], T]) -> T:
        """A string that `make` turns into a value; its InvalidValue gets the path of this node."""
        try:
            return make(self.text())
        except InvalidDocument:
            raise
        except InvalidValue as error:
            raise self.fail(error.message("en")) from None

    def texts(self) -> tuple[str, ...]:
        """A list of strings; `null` counts as empty, as Go writes it."""
        return tuple(item.text() for item in self.items())

    def items(self) -> Iterator["Node"]:
        """The nodes of a list; `null` counts as empty."""
        if self.value is None:
            return
        for number, item in enumerate(self._of(list, "a list")):
            yield Node(item, self.what, f"{self.path}[{number}]")

    def entries(self) -> Iterator[tuple[str, "Node"]]:
        """Names and nodes of an object; `null` counts as empty."""
        if self.value is None:
            return
        for name, item in self._of(dict, "an object").items():
            yield name, Node(item, self.what, f"{self.path}.{name}".lstrip("."))

    def words(self) -> Mapping[str, str]:
        """An object whose values are strings (labels, annotations)."""
        return {name: node.text() for name, node in self.entries()}

    def get(self, name: str) -> "Node":
        """The node under `name`; its value is None where the object has none."""
        here = self._of(dict, "an object")
        return Node(here.get(name), self.what, f"{self.path}.{name}".lstrip("."))

    def maybe(self, name: str, read: Callable[["Node"], T]) -> T | None:
        """`read(node)` for the node under `name`, or None where it is absent or `null`."""
        node = self.get(name)
        return None if node.value is None else read(node)


def drop_empty(document: Mapping[str, object]) -> dict[str, object]:
    """The document without what is None, or an empty string, list or object (Go's `omitempty`)."""
    return {name: value for name, value in document.items() if value not in (None, "", [], {}, ())}
