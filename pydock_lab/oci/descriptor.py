"""A descriptor says what some bytes are, how many, and their digest: the arrow of the whole specification.

Source: OCI image specification, descriptor.md and image-index.md (platform).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pydock_lab.oci.digest import Digest
from pydock_lab.oci.document import Node, drop_empty, in_order


class MediaType(StrEnum):
    """The media types that an image is made of, OCI's and Docker's."""

    MANIFEST = "application/vnd.oci.image.manifest.v1+json"
    INDEX = "application/vnd.oci.image.index.v1+json"
    CONFIG = "application/vnd.oci.image.config.v1+json"
    EMPTY = "application/vnd.oci.empty.v1+json"
    LAYER = "application/vnd.oci.image.layer.v1.tar"
    LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
    LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
    DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
    DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
    DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
    DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
    DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    DOCKER_FOREIGN_GZIP = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


MANIFEST_TYPES = frozenset({MediaType.MANIFEST, MediaType.DOCKER_MANIFEST})
INDEX_TYPES = frozenset({MediaType.INDEX, MediaType.DOCKER_LIST})


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """What a program needs to run: `linux/amd64`, `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @classmethod
    def from_node(cls, node: Node) -> Self:
        """Read it from a descriptor's `platform`, or from the head of an image config."""
        return cls(
            os=node.maybe("os", Node.text) or "linux",
            architecture=node.maybe("architecture", Node.text) or "",
            variant=node.maybe("variant", Node.text) or "",
        )

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        return drop_empty({"architecture": self.architecture, "os": self.os, "variant": self.variant})


@dataclass(frozen=True, kw_only=True, slots=True)
class Descriptor:
    """Some bytes, by media type, digest and size (in bytes)."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    def __hash__(self) -> int:
        # Annotations are a dict, which has no hash; and equal descriptors have equal digests.
        return hash(self.digest)

    @classmethod
    def of(cls, content: bytes, media_type: str) -> Self:
        """The descriptor of `content`."""
        return cls(media_type=media_type, digest=Digest.of(content), size=len(content))

    @classmethod
    def from_node(cls, node: Node) -> Self:
        """Read one; raises InvalidDocument with the place of what is wrong."""
        return cls(
            media_type=node.get("mediaType").text(),
            digest=node.get("digest").as_value(Digest),
            size=node.get("size").whole(),
            annotations=node.get("annotations").words(),
            platform=node.maybe("platform", Platform.from_node),
            artifact_type=node.maybe("artifactType", Node.text) or "",
            urls=node.get("urls").texts(),
        )

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        fields = {
            "mediaType": str(self.media_type),
            "digest": str(self.digest),
            "size": self.size,
            "urls": list(self.urls),
            "annotations": in_order(self.annotations),
            "platform": self.platform.to_json() if self.platform else None,
            "artifactType": self.artifact_type,
        }
        return drop_empty(fields)
