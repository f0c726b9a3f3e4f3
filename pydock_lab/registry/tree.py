"""A registry as a tree that is read as far as somebody opens it: repositories, tags, manifests, layers.

    repositories   one request for all (the catalog)
      tags         one for each repository that is open, in pages
        digests    HEAD, for the tags that are shown: several tags of one manifest are one
        manifests  GET, each digest once, and its config; of Docker Hub, which counts these, only what is opened

A repository of ten thousand tags costs no more than one of ten. What was read is kept: opening and closing asks nothing
again. Requests that do not wait for each other go out at the same time.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from pydock_lab.errors import InvalidValue, RegistryError
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Index, Reference, read_document
from pydock_lab.oci.reference import DEFAULT_DOMAIN
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.listing import from_hub
from pydock_lab.registry.together import at_once
from pydock_lab.views import BlobView, ManifestView, RepositoryView, TagTree, TagView

_REPOSITORIES, _TAGS = 24, 12  # what is shown of each, until somebody wants more
_MORE = 48
_OPEN_AT_FIRST = 6  # repositories
_SEARCHED = 50  # repositories whose tags a filter asks for
_CHILDREN = 4  # an index of so many platforms is read at once, of more when it is opened
_NUMBERS = re.compile(r"(\d+)")


@dataclass(kw_only=True)
class _Repository:
    """What was read of one so far."""

    tags: tuple[str, ...] | None = None
    digests: dict[str, Digest | None] = field(default_factory=dict)  # by tag; None: it has gone meanwhile
    manifests: dict[str, ManifestView] = field(default_factory=dict)  # by digest
    private: bool | None = None
    shown: int = _TAGS
    open: bool = False
    opened: set[str] = field(default_factory=set)  # digests of indexes whose children are shown


class Explorer:
    """The tree of `client`'s registry, or of its repository `only`; `has_local` says which blobs are here, too.

    `view` reads what is open and not known yet, and raises RegistryError; so do `open` and `more`.
    """

    def __init__(self, client: RegistryClient, has_local: Callable[[Digest], bool], *, only: str = "") -> None:
        self._client, self._has_local, self._only = client, has_local, only
        self._names: tuple[str, ...] = ()
        self._known: dict[str, _Repository] = {}
        self._shown = _REPOSITORIES
        self._counts_pulls = client.host == DEFAULT_DOMAIN
        self.filter = ""

    # ---- what somebody does with it

    def open(self, repository: str, digest: str = "") -> None:
        """Open a repository, or in it a manifest: read it, with what is below it."""
        found = self._repository(repository)
        if not digest:
            found.open = True
            return
        found.opened.add(digest)
        self._read(repository, [digest])
        view = found.manifests.get(digest)
        if view is not None and view.children:
            self._read(repository, view.children)

    def close(self, repository: str, digest: str = "") -> None:
        """Close it again; what was read stays known."""
        found = self._repository(repository)
        if digest:
            found.opened.discard(digest)
        else:
            found.open = False

    def more(self, repository: str = "") -> None:
        """Show more tags of a repository; without one, more repositories."""
        if repository:
            self._repository(repository).shown += _MORE
        else:
            self._shown += _MORE

    def view(self) -> TagTree:
        """The tree as it is open now."""
        if not self._names:
            self._begin()
        if self.filter:
            at_once(self._tags, self._names[:_SEARCHED])
        names = [name for name in self._names if self._fits(name)]
        shown = names[: self._shown]
        return TagTree(
            host=self._client.host,
            repositories=tuple(self._show(name) for name in shown),
            others=len(names) - len(shown),
            filter=self.filter,
        )

    # ---- reading

    def _begin(self) -> None:
        self._names = (self._only,) if self._only else self._client.catalog()
        for name in self._names[:_OPEN_AT_FIRST]:
            self._repository(name).open = True

    def _repository(self, name: str) -> _Repository:
        return self._known.setdefault(name, _Repository())

    def _tags(self, name: str) -> tuple[str, ...]:
        found = self._repository(name)
        if found.tags is None:
            found.tags = self._client.tags(name)
            found.private = not self._client.is_public(name)
        return found.tags

    def _fits(self, name: str) -> bool:
        """By its own name, or by a tag of it as far as these are known."""
        if not self.filter:
            return True
        repository, colon, _ = self.filter.partition(":")
        if colon:
            return repository in name
        known = self._repository(name)
        return self.filter in name or any(self.filter in tag for tag in known.tags or ())

    def _wanted_tags(self, name: str) -> tuple[str, ...]:
        """The tags that fit the filter, all of them where the repository's own name does."""
        tags = self._tags(name)
        repository, colon, word = self.filter.partition(":")
        word = word if colon else "" if repository in name else repository
        return tuple(tag for tag in tags if word in tag)

    def _show(self, name: str) -> RepositoryView:
        found = self._repository(name)
        if not (found.open or self.filter):
            others = len(found.tags or ())
            return RepositoryView(name=name, tags=(), manifests=(), others=others, closed=True)
        wanted = self._wanted_tags(name)
        # Of many the newest, as far as names tell, and what people ask for first.
        shown = wanted if len(wanted) <= found.shown else newest(wanted)[: found.shown]
        self._resolve(name, shown)
        tags = [TagView(name=tag, digest=digest) for tag in shown if (digest := found.digests[tag]) is not None]
        return RepositoryView(
            name=name,
            tags=tuple(tags),
            manifests=tuple(self._below(found, dict.fromkeys(tag.digest for tag in tags))),
            private=bool(found.private),
            others=len(wanted) - len(shown),
        )

    def _below(self, found: _Repository, digests: Iterable[str]) -> Iterator[ManifestView]:
        """Manifests by digest, and those below an index that is open."""
        for digest in digests:
            view = found.manifests.get(digest)
            if view is None:
                continue
            is_closed = len(view.children) > _CHILDREN and digest not in found.opened
            yield replace(view, closed=is_closed)
            if not is_closed:
                yield from self._below(found, view.children)

    def _resolve(self, name: str, tags: Iterable[str]) -> None:
        """Digests of these tags, and their manifests."""
        found = self._repository(name)
        missing = [tag for tag in tags if tag not in found.digests]
        if missing and self._counts_pulls and self._from_hub(name, missing):
            return
        for tag, digest in zip(missing, at_once(lambda tag: self._digest(name, tag), missing), strict=True):
            found.digests[tag] = digest
        self._read(name, dict.fromkeys(digest for tag in tags if (digest := found.digests[tag]) is not None))
        small = [view for view in found.manifests.values() if 0 < len(view.children) <= _CHILDREN]
        self._read(name, dict.fromkeys(child for view in small for child in view.children))

    def _digest(self, name: str, tag: str) -> Digest | None:
        try:
            # HEAD first: most tags point to what was read already.
            known = self._client.head_manifest(name, tag)
            return known.digest if known is not None else Digest.of(self._client.manifest(name, tag)[0])
        except (RegistryError, InvalidValue):  # deleted meanwhile, or of a kind that we do not know
            return None

    def _read(self, name: str, digests: Iterable[str]) -> None:
        """Manifests that are not known yet, with their configs."""
        found = self._repository(name)
        wanted = [one for one in digests if one not in found.manifests or not found.manifests[one].known]
        for view in at_once(lambda digest: self._manifest(name, Digest(digest)), wanted):
            if view is None:
                continue
            found.manifests[view[0].digest] = view[0]
            for child in view[1]:
                found.manifests.setdefault(child.digest, child)

    def _manifest(self, name: str, digest: Digest) -> tuple[ManifestView, tuple[ManifestView, ...]] | None:
        """A manifest, and what an index says of those below it; None for what cannot be read."""
        try:
            content, media_type = self._client.manifest(name, digest)
            document = read_document(content, media_type)
        except (RegistryError, InvalidValue):
            return None
        if isinstance(document, Index):
            return _index_view(document, digest, len(content)), tuple(map(_child_view, document.manifests))
        config = self._config(name, document.config)
        view = ManifestView(
            digest=digest,
            media_type=document.media_type,
            size=len(content) + document.size,
            platform=str(config.platform) if config else "",
            created=config.created if config else "",
            layers=tuple(
                BlobView(digest=layer.digest, size=layer.size, local=self._has_local(layer.digest))
                for layer in document.layers
            ),
        )
        return view, ()

    def _config(self, name: str, descriptor: Descriptor) -> ImageConfig | None:
        """The config of an image; None for what is no image (a signature, a chart) or cannot be read."""
        try:
            return ImageConfig.from_bytes(self._client.read_blob(name, descriptor))
        except (RegistryError, InvalidValue):
            return None

    def _from_hub(self, name: str, tags: list[str]) -> bool:
        """From Docker Hub's own list, which costs no pulls; whether it has them all."""
        found = self._repository(name)
        reference = Reference.parse(f"{DEFAULT_DOMAIN}/{name}")
        listed = {one.name: one for one in from_hub(self._client, reference.path, _MORE * 2) or ()}
        if any(tag not in listed or not listed[tag].digest for tag in tags):
            return False
        for one in (listed[tag] for tag in tags):
            found.digests[one.name] = Digest(one.digest)
            view = ManifestView(
                digest=one.digest,
                media_type="",
                size=one.size,
                platform=", ".join(one.platforms),
                created=one.updated,
                known=False,
            )
            found.manifests.setdefault(one.digest, view)
        return True


def newest(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as people look for them: `latest`, then numbers from high to low, then words."""

    def rank(tag: str) -> tuple[bool, bool, list[tuple[int, str]]]:
        # 1.10.1 after 1.10, and 1.10-rc1 before it.
        parts = _NUMBERS.split(tag.removeprefix("v"))
        ranks = [(int(one), "") if one.isdigit() else (1 if one == "." else -1, one) for one in parts if one]
        return tag == "latest", tag.removeprefix("v")[:1].isdigit(), [*ranks, (0, "")]

    return tuple(sorted(tags, key=rank, reverse=True))


def _index_view(index: Index, digest: Digest, size: int) -> ManifestView:
    platforms = ", ".join(str(child.platform) for child in index.manifests if child.platform)
    children = tuple(child.digest for child in index.manifests)
    return ManifestView(digest=digest, media_type=index.media_type, size=size, platform=platforms, children=children)


def _child_view(child: Descriptor) -> ManifestView:
    platform = str(child.platform) if child.platform else ""
    return ManifestView(
        digest=child.digest, media_type=child.media_type, size=child.size, platform=platform, known=False
    )
