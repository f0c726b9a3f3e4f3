"""Manifest and index: what an image is made of, and which image is for which platform.

    index ──> manifest (linux/amd64) ──> config
          └─> manifest (linux/arm64)  ├─> layer 0   the base
                                      └─> layer n   the last one written

Source: OCI image specification, manifest.md and image-index.md; Docker's schema 2 has the same form under
other media types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydock_lab.errors import InvalidDocument
from pydock_lab.oci.descriptor import INDEX_TYPES, MANIFEST_TYPES, Descriptor, MediaType
from pydock_lab.oci.document import Node, canonical, drop_empty, in_order

_MAX_CHILDREN = 10_000  # an index or a manifest of more entries is an attack, not an image


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """One image: its config and its layers, base first."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = MediaType.MANIFEST
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    subject: Descriptor | None = None

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read one; raises InvalidDocument. The bytes stay the truth: keep them where the digest matters."""
        node = _checked(content, "manifest", forbidden="manifests")
        return cls(
            config=Descriptor.from_node(node.get("config")),
            layers=_children(node.get("layers")),
            media_type=node.maybe("mediaType", Node.text) or MediaType.MANIFEST,
            annotations=node.get("annotations").words(),
            artifact_type=node.maybe("artifactType", Node.text) or "",
            subject=node.maybe("subject", Descriptor.from_node),
        )

    def to_bytes(self) -> bytes:
        """The manifest as canonical JSON: the same values have the same digest everywhere."""
        head = {"schemaVersion": 2, "mediaType": str(self.media_type), "artifactType": self.artifact_type}
        body = {"config": self.config.to_json(), "layers": [layer.to_json() for layer in self.layers]}
        return canonical(drop_empty(head) | body | _tail(self.subject, self.annotations))

    @property
    def size(self) -> int:
        """Bytes of config and layers as they travel (compressed)."""
        return self.config.size + sum(layer.size for layer in self.layers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """Many manifests under one name, told apart by platform."""

    manifests: tuple[Descriptor, ...]
    media_type: str = MediaType.INDEX
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    subject: Descriptor | None = None

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read one; raises InvalidDocument."""
        node = _checked(content, "index", forbidden="layers")
        return cls(
            manifests=_children(node.get("manifests")),
            media_type=node.maybe("mediaType", Node.text) or MediaType.INDEX,
            annotations=node.get("annotations").words(),
            artifact_type=node.maybe("artifactType", Node.text) or "",
            subject=node.maybe("subject", Descriptor.from_node),
        )

    def to_bytes(self) -> bytes:
        """The index as canonical JSON."""
        head = {"schemaVersion": 2, "mediaType": str(self.media_type), "artifactType": self.artifact_type}
        body = {"manifests": [child.to_json() for child in self.manifests]}
        return canonical(drop_empty(head) | body | _tail(self.subject, self.annotations))


def read_document(content: bytes, media_type: str) -> Manifest | Index:
    """The manifest or index that `content` is, by the media type it was announced with.

    Raises InvalidDocument where the announced type is neither, or where the document itself says another type
    (CVE-2021-41190: one digest must not mean two things).
    """
    if media_type not in MANIFEST_TYPES | INDEX_TYPES:
        raise InvalidDocument("oci.media-type", media_type=media_type)
    document: Manifest | Index = (
        Index.from_bytes(content) if media_type in INDEX_TYPES else Manifest.from_bytes(content)
    )
    if document.media_type != media_type:
        raise InvalidDocument("oci.media-type-differs", said=media_type, inside=document.media_type)
    return document


def _tail(subject: Descriptor | None, annotations: Mapping[str, str]) -> dict[str, object]:
    return drop_empty({"subject": subject.to_json() if subject else None, "annotations": in_order(annotations)})


def _checked(content: bytes, what: str, forbidden: str) -> Node:
    node = Node.read(content, what)
    if node.get("schemaVersion").value != 2:  # noqa: PLR2004 - both specifications say 2
        raise node.get("schemaVersion").fail("2")
    # With both lists it would be a manifest to one reader, and an index to another (CVE-2021-41190).
    if node.get(forbidden).value is not None:
        raise node.get(forbidden).fail(f"absent in {what}")
    return node


def _children(node: Node) -> tuple[Descriptor, ...]:
    if node.value is None or (isinstance(node.value, list) and len(node.value) > _MAX_CHILDREN):
        raise node.fail(f"a list of at most {_MAX_CHILDREN}")
    return tuple(Descriptor.from_node(child) for child in node.items())
