"""An image as its layers."""

from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.views.base import View


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
    """One path of a layer; `size` of a deleted file is what it goes on costing in the layer below.

    Of a container's writable layer: the number (from 0) of the image's `layer` that has the file as well, -1 where none
    has; how many bytes were `copied` up from there; when the file was last `touched`, in nanoseconds since 1970.
    """

    path: str
    kind: ChangeKind
    size: int
    mode: int = 0
    link: str = ""
    is_directory: bool = False
    layer: int = -1
    copied: int = 0
    touched: int = 0

    @property
    def copied_up(self) -> bool:
        """Whether it is a file of the image that a container has changed."""
        return self.kind is ChangeKind.CHANGED and self.layer >= 0 and not self.is_directory


class Opened(StrEnum):
    """What is shown of a layer's files."""

    CLOSED = "closed"
    CHANGES = "changes"  # what the layer holds, and what it deletes
    TOGETHER = "together"  # the tree that there is with it and all layers below


@dataclass(frozen=True, kw_only=True, slots=True)
class FileNode:
    """A file or folder of a layer that is opened, `depth` folders deep; `key` names it among all that are shown.

    `kind` is what the layer did to it, None where it only has it from below. `size` is what it weighs, of what is
    deleted what that goes on costing; of a folder with all in it. `files` are in a folder that is not `opened`.
    `holder` is the row whose bytes these are (-1: nobody's). `others` more stand beside it, where that is all.
    """

    key: str
    path: str
    name: str
    depth: int
    kind: ChangeKind | None = None
    size: int = 0
    is_directory: bool = False
    opened: bool = False
    files: int = 0
    mode: int = 0
    owner: str = ""
    link: str = ""
    holder: int = -1
    others: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class FileContent:
    """The beginning of the file `key`: `text`, of something else than text its bytes in hexadecimal; `cut`: not all."""

    key: str
    text: str
    is_text: bool
    cut: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerRow:
    """One step of an image's history, with its layer if it has one.

    `size` is compressed, `unpacked_size` what its files weigh; `changes` may be cut (`changes_total` is not).
    `line` is the Dockerfile's (0 where it is not known), `command` the docker command that shows the same. `files` are
    the parts of its tree that somebody has opened.
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
    opened: Opened = Opened.CLOSED
    files: tuple[FileNode, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the step wrote no layer."""
        return not self.diff_id


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerStack(View):
    """An image as its layers, base first; `content` is that of a file that somebody looks at.

    It `can_open` where somebody is there to open a layer's files; with a `filter` these are only paths with that text.
    """

    name: str
    image_id: str
    digest: str
    platform: str
    rows: tuple[LayerRow, ...]
    created: str = ""
    can_open: bool = False
    filter: str = ""
    content: FileContent | None = None

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
