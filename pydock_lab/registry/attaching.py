"""Something attached to an image in its registry: a signature, a list of contents, any file.

    app@sha256:aa..   <--- subject ---   manifest, artifactType "text/plain"   --->   its files, as blobs

The image does not change: what is attached points to it, and a registry finds it from there (end-12). In one from
before that, clients keep a list under a tag that is called like the digest: `sha256-aa..`.

Source: OCI image specification, manifest.md ("subject"); OCI distribution specification, "Referrers Tag Schema".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pydock_lab.oci import Descriptor, Digest, Manifest, MediaType
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.sources import BytesSource

_EMPTY = b"{}"
TITLE = "org.opencontainers.image.title"  # the name of the file, for who fetches it


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A file of what is attached."""

    content: bytes
    media_type: str
    annotations: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, media_type: str) -> "Part":
        """A file on disk, under its own name; raises OSError."""
        return cls(content=path.read_bytes(), media_type=media_type, annotations={TITLE: path.name})

    @property
    def descriptor(self) -> Descriptor:
        """What names it in the manifest."""
        return Descriptor(
            media_type=self.media_type,
            digest=Digest.of(self.content),
            size=len(self.content),
            annotations=self.annotations,
        )


def attach(
    client: RegistryClient,
    repository: str,
    subject: Descriptor,
    parts: Sequence[Part],
    *,
    artifact_type: str,
    annotations: Mapping[str, str] = MappingProxyType({}),
    tag: str = "",
) -> Digest:
    """Attach `parts` to an image of the repository, also under a `tag` if one is given; raises RegistryError."""
    # A manifest must have a config: `{}` stands for none (manifest.md, "Guidance for an Empty Descriptor").
    config = Descriptor.of(_EMPTY, MediaType.EMPTY)
    for descriptor, content in ((config, _EMPTY), *((part.descriptor, part.content) for part in parts)):
        if not client.has_blob(repository, descriptor.digest):
            client.put_blob(repository, descriptor, BytesSource(content))
    manifest = Manifest(
        config=config,
        layers=tuple(part.descriptor for part in parts),
        artifact_type=artifact_type,
        annotations=annotations,
        subject=Descriptor(media_type=subject.media_type, digest=subject.digest, size=subject.size),
    )
    content = manifest.to_bytes()
    return client.put_manifest(repository, tag or Digest.of(content), content, manifest.media_type)
