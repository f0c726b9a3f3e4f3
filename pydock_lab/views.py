"""What a person sees, as plain frozen data: the engine fills them, `drawing` shows them, tests compare them.

Sizes are bytes, times RFC 3339 texts, digests full (`sha256:...`); a drawing shortens them.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Something to look at."""

    def to_json(self) -> dict[str, object]:
        """The view as plain data, for a widget or a record."""
        return asdict(self)


# ---- layer stack


class ChangeKind(StrEnum):
    """What a layer does to a path."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


class Origin(StrEnum):
    """Where a layer of an image came from in the build that made it."""

    BASE = "base"  # the layers of FROM
    CACHED = "cached"
    BUILT = "built"
    CONFIG = "config"  # ENV, CMD, EXPOSE ...: no files, only words in the config


@dataclass(frozen=True, kw_only=True, slots=True)
class FileChange:
    """One path of a layer; `size` of a deleted file is what it goes on costing in the layer below."""

    path: str
    kind: ChangeKind
    size: int
    mode: int = 0
    link: str = ""
    is_directory: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerRow:
    """One step of an image's history, with its layer if it has one.

    `size` is compressed, `unpacked_size` what its files weigh; `changes` may be cut (`changes_total` is not).
    `line` is the Dockerfile's (0 where it is not known), `command` the docker command that shows the same.
    """

    number: int
    instruction: str
    origin: Origin
    size: int = 0
    unpacked_size: int = 0
    digest: str = ""
    diff_id: str = ""
    chain_id: str = ""
    created: str = ""
    seconds: float = 0.0
    line: int = 0
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0
    command: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the step wrote no layer."""
        return not self.diff_id


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerStack(View):
    """An image as its layers, base first."""

    name: str
    image_id: str
    digest: str
    platform: str
    rows: tuple[LayerRow, ...]
    created: str = ""

    @property
    def size(self) -> int:
        """Compressed bytes of all layers."""
        return sum(row.size for row in self.rows)

    @property
    def unpacked_size(self) -> int:
        """Bytes that the files of all layers weigh, deleted ones too."""
        return sum(row.unpacked_size for row in self.rows)

    @property
    def hidden_size(self) -> int:
        """Bytes of files that a later layer deleted or wrote again: they travel, and nobody sees them."""
        hidden = (ChangeKind.DELETED,)
        return sum(change.size for row in self.rows for change in row.changes if change.kind in hidden)


# ---- image and containers


@dataclass(frozen=True, kw_only=True, slots=True)
class PortView:
    """A published port."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        return f"{self.host_ip}:{self.host_port}->{self.container_port}/{self.protocol}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerView:
    """One container: `pid` as the host sees it, `inside_pid` as it sees itself (0 while it does not run)."""

    id: str
    name: str
    state: str
    status: str
    command: str
    pid: int = 0
    inside_pid: int = 0
    hostname: str = ""
    address: str = ""
    ports: tuple[PortView, ...] = ()
    writable_size: int = 0
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0
    tier: str = ""
    network: str = ""
    docker_command: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageInstances(View):
    """One image's read-only layers, drawn once, and the containers that stand on them."""

    name: str
    image_id: str
    layers: tuple[LayerRow, ...]
    containers: tuple[ContainerView, ...]

    @property
    def shared_size(self) -> int:
        """Unpacked bytes of the layers, on disk once however many containers there are."""
        return sum(row.unpacked_size for row in self.layers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instances(View):
    """All images that have containers."""

    images: tuple[ImageInstances, ...]
    tier: str = ""


# ---- registry


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobView:
    """A layer or config as a registry has it; `local` says whether it is in our store too."""

    digest: str
    size: int
    local: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestView:
    """A manifest: what a tag, or several, point to."""

    digest: str
    media_type: str
    size: int
    platform: str = ""
    created: str = ""
    layers: tuple[BlobView, ...] = ()
    children: tuple[str, ...] = ()  # digests, where this is an index


@dataclass(frozen=True, kw_only=True, slots=True)
class TagView:
    """A name that may move, and the digest it points to now."""

    name: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryView:
    """A repository: its tags, and the manifests that they point to, each once."""

    name: str
    tags: tuple[TagView, ...]
    manifests: tuple[ManifestView, ...]
    private: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TagTree(View):
    """A registry as its repositories, tags and manifests."""

    host: str
    repositories: tuple[RepositoryView, ...]


# ---- the machine


@dataclass(frozen=True, kw_only=True, slots=True)
class FacetView:
    """One facet of isolation: whether it is in force here, how, why not, and what would bring it."""

    name: str
    title: str
    in_force: bool
    how: str
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Doctor(View):
    """What this machine can do for containers."""

    tier: str
    summary: str
    facets: tuple[FacetView, ...]
