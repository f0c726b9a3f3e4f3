"""A registry as a picture: repositories, the tags in them, and what these point to.

Several tags of one manifest, one layer in several images: digests say it, so each manifest is fetched once.
"""

from collections.abc import Callable

from pydock_lab.errors import InvalidValue, RegistryError
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Index, Manifest, read_document
from pydock_lab.registry.client import RegistryClient
from pydock_lab.views import BlobView, ManifestView, RepositoryView, TagTree, TagView

_MAX_REPOSITORIES, _MAX_TAGS, _MAX_MANIFESTS = 100, 100, 500  # a picture of more is none


def tag_tree(client: RegistryClient, *, has_local: Callable[[Digest], bool]) -> TagTree:
    """What `client`'s registry has, by its catalog; `has_local` says which blobs are in our store too.

    Raises RegistryError where it has no catalog.
    """
    names = client.catalog()[:_MAX_REPOSITORIES]
    return TagTree(
        host=client.host, repositories=tuple(repository(client, name, has_local=has_local) for name in names)
    )


def repository(client: RegistryClient, name: str, *, has_local: Callable[[Digest], bool]) -> RepositoryView:
    """One repository, its tags and their manifests; a tag whose manifest cannot be read is left out."""
    reading = _Reading(client, name, has_local)
    found = ((tag, reading.read(tag)) for tag in client.tags(name)[:_MAX_TAGS])
    tags = tuple(TagView(name=tag, digest=digest) for tag, digest in found if digest is not None)
    manifests = tuple(reading.manifests.values())
    return RepositoryView(name=name, tags=tags, manifests=manifests, private=not client.is_public(name))


class _Reading:
    """One repository as far as it was read: its `manifests` by digest."""

    def __init__(self, client: RegistryClient, name: str, has_local: Callable[[Digest], bool]) -> None:
        self._client, self._name, self._has_local = client, name, has_local
        self.manifests: dict[Digest, ManifestView] = {}

    def read(self, reference: str) -> Digest | None:
        """The digest that a tag or digest means; its manifest, and for an index those below, join `manifests`."""
        try:
            # HEAD first: most tags point to what was read already, and Docker Hub counts only GET.
            known = self._client.head_manifest(self._name, reference)
            if known is not None and known.digest in self.manifests:
                return known.digest
            content, media_type = self._client.manifest(self._name, reference)
        except (RegistryError, InvalidValue):  # deleted meanwhile, or of a kind that we do not know
            return None
        digest = known.digest if known is not None else Digest.of(content)
        document = read_document(content, media_type)
        if isinstance(document, Index):
            self.manifests[digest] = _index_view(document, digest, len(content))
            self._read_children(document)
        else:
            self.manifests[digest] = self._manifest_view(document, digest, len(content))
        return digest

    def _read_children(self, index: Index) -> None:
        for child in index.manifests:
            if child.digest not in self.manifests and len(self.manifests) < _MAX_MANIFESTS:
                self.read(child.digest)

    def _manifest_view(self, manifest: Manifest, digest: Digest, size: int) -> ManifestView:
        config = self._config(manifest.config)
        return ManifestView(
            digest=digest,
            media_type=manifest.media_type,
            size=size + manifest.size,
            platform=str(config.platform) if config else "",
            created=config.created if config else "",
            layers=tuple(
                BlobView(digest=layer.digest, size=layer.size, local=self._has_local(layer.digest))
                for layer in manifest.layers
            ),
        )

    def _config(self, descriptor: Descriptor) -> ImageConfig | None:
        """The config of an image; None for what is no image (a signature, a chart) or cannot be read."""
        try:
            return ImageConfig.from_bytes(self._client.read_blob(self._name, descriptor))
        except (RegistryError, InvalidValue):
            return None


def _index_view(index: Index, digest: Digest, size: int) -> ManifestView:
    platforms = ", ".join(str(child.platform) for child in index.manifests if child.platform)
    children = tuple(child.digest for child in index.manifests)
    return ManifestView(digest=digest, media_type=index.media_type, size=size, platform=platforms, children=children)
