"""A repository as the tag tree draws it: manifests in a fixed order, each with the tags that meet in it.

A tag points to one digest, so tags can be sorted by what they point to, and no line crosses another one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.views import ManifestView, RepositoryView, TagTree


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A manifest and its tags. `depth` is 1 for a platform's manifest inside of an index.

    `manifest` is None where a tag points to nothing that the registry has.
    """

    digest: str
    manifest: ManifestView | None
    tags: tuple[str, ...]
    depth: int = 0


def branches(repository: RepositoryView) -> tuple[Branch, ...]:
    """All that a repository holds: indexes before their children, untagged manifests last."""
    return tuple(_Order(repository).all())


class _Order:
    def __init__(self, repository: RepositoryView) -> None:
        self._manifests = {manifest.digest: manifest for manifest in repository.manifests}
        self._tags: dict[str, list[str]] = {}
        for tag in repository.tags:
            self._tags.setdefault(tag.digest, []).append(tag.name)
        self._done: set[str] = set()

    def all(self) -> Iterator[Branch]:
        children = {child for manifest in self._manifests.values() for child in manifest.children}
        roots = [digest for digest in self._manifests if digest not in children]
        tagged = [digest for digest in roots if digest in self._tags]
        # An index that names itself, or a ring of them, is no root: it comes at the end, once.
        for digest in [*tagged, *(set_aside for set_aside in roots if set_aside not in self._tags), *self._manifests]:
            yield from self._branch(digest, 0)
        for digest, names in self._tags.items():
            if digest not in self._manifests:
                yield Branch(digest=digest, manifest=None, tags=tuple(names))

    def _branch(self, digest: str, depth: int) -> Iterator[Branch]:
        manifest = self._manifests.get(digest)
        if manifest is None or digest in self._done:
            return
        self._done.add(digest)
        yield Branch(digest=digest, manifest=manifest, tags=tuple(self._tags.get(digest, ())), depth=depth)
        for child in manifest.children:
            yield from self._branch(child, depth + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """What sharing saves in a registry: bytes stored, bytes as if nothing were shared, and who uses each layer."""

    stored: int
    unshared: int
    users: Counter[str]


def sharing(view: TagTree) -> Sharing:
    """Count every layer once, and once for each manifest that has it."""
    manifests = {manifest.digest: manifest for repository in view.repositories for manifest in repository.manifests}
    sizes: dict[str, int] = {}
    users: Counter[str] = Counter()
    unshared = 0
    for manifest in manifests.values():
        for layer in manifest.layers:
            sizes[layer.digest] = layer.size
            users[layer.digest] += 1
            unshared += layer.size
    return Sharing(stored=sum(sizes.values()), unshared=unshared, users=users)
