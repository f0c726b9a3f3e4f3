"""A registry as its repositories, tags and manifests."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobView:
    """A layer or config as a registry has it; `local` says whether it is in our store too."""

    digest: str
    size: int
    local: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestView:
    """A manifest: what a tag, or several, point to.

    It is not `known` where only what points to it was read (an index, a list of tags): then it has no layers yet.
    """

    digest: str
    media_type: str
    size: int
    platform: str = ""
    created: str = ""
    layers: tuple[BlobView, ...] = ()
    children: tuple[str, ...] = ()  # digests, where this is an index
    known: bool = True
    closed: bool = False  # its children are there, and not shown


@dataclass(frozen=True, kw_only=True, slots=True)
class TagView:
    """A name that may move, and the digest it points to now."""

    name: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryView:
    """A repository: its tags, and the manifests that they point to, each once.

    `others` are tags that it has besides; of one that is `closed` nothing was asked for yet.
    """

    name: str
    tags: tuple[TagView, ...]
    manifests: tuple[ManifestView, ...]
    private: bool = False
    others: int = 0
    closed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TagTree(View):
    """A registry as its repositories, tags and manifests; `others` are repositories that it has besides.

    With a `filter`, only what has this text in its name.
    """

    host: str
    repositories: tuple[RepositoryView, ...]
    others: int = 0
    filter: str = ""
