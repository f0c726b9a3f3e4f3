"""COPY and ADD: from sources and a destination to the entries of one layer.

Nothing is unpacked and nothing needs a privilege: the tree below is known from its indexes, so the layer's tar
can be written at once. Like the layers that other builders make, it carries the folders on the way with the
attributes they have below.

    COPY a.py lib /app/        app/         new folder, 0755
                               app/a.py     from the source, owner 0:0 or --chown, mode or --chmod
                               app/x.py     lib's content, not lib itself
Source: Dockerfile reference, "COPY"; the behaviour of BuildKit's file backend.
"""

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.modes import ModeChange
from pydock_lab.build.selection import Selected
from pydock_lab.build.source import Entries, Source, clean, join, resolve, walk
from pydock_lab.errors import BuildError

Owner = tuple[int, int]
_NEW_FOLDER = 0o755


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyRequest:
    """Where something is copied: `destination` is absolute, a slash at its end means a folder.

    `owner` and `mode` are what --chown and --chmod say, for the folders on the way too; `keep_owner` is COPY
    --from's and an archive's, whose owners are real.
    """

    destination: str
    owner: Owner | None = None
    mode: ModeChange | None = None
    keep_owner: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether the destination says that it is a folder."""
        return self.destination.endswith(("/", "/."))


@dataclass(kw_only=True, slots=True)
class LayerDraft:
    """A layer before it is written: for each path its entry, and the source entry that its bytes come from."""

    entries: dict[bytes, Entry] = field(default_factory=dict)
    origins: dict[bytes, tuple[Source, Entry]] = field(default_factory=dict)
    inline: dict[bytes, bytes] = field(default_factory=dict)

    def in_order(self) -> Iterator[Entry]:
        """The entries in the order of the tar: byte order, so that folders come before what is in them."""
        for path in sorted(self.entries):
            yield self.entries[path]

    def not_after(self, epoch: int | None) -> Self:
        """The same, with no time later than SOURCE_DATE_EPOCH, where there is one."""
        for path, entry in self.entries.items():
            if epoch is not None and entry.mtime > epoch:
                self.entries[path] = replace(entry, mtime=epoch)
        return self

    def settle_times(self, known: Mapping[bytes, Entry]) -> None:
        """Give folders that the copy made the newest time of what was copied: the same context, the same layer."""
        newest = max((self.entries[path].mtime for path in [*self.origins, *self.inline]), default=0)
        for path, entry in self.entries.items():
            if entry.type is EntryType.DIRECTORY and path not in known and path not in self.origins:
                self.entries[path] = replace(entry, mtime=newest)


class Copier:
    """Fills a draft from one or more requests, on top of the tree `below`."""

    def __init__(self, below: Entries) -> None:
        self.below = below
        self.draft = LayerDraft()
        self._known: dict[bytes, Entry] = {}

    def copy(self, what: Selected, request: CopyRequest) -> None:
        """Add a path, with all that is in it; raises BuildError where it is not there, or its place is taken."""
        # A link that is named itself is followed; links inside a copied folder stay links.
        entry = what.source.entry(resolve(what.source, what.path))
        if entry is None:
            raise BuildError("build.copy-missing", path="/" + os.fsdecode(what.path))
        if entry.type is EntryType.DIRECTORY:
            self._copy_folder(what.source, entry, request)
        else:
            place = self._place(request, posixpath.basename(os.fsdecode(what.path)))
            self._add_folders(posixpath.dirname(place), request.owner, request.mode)
            self._put(what.source, entry, place, request)

    def add_file(self, entry: Entry, content: bytes, request: CopyRequest) -> None:
        """Add a file whose bytes are at hand (a heredoc)."""
        place = self._place(request, os.fsdecode(entry.path))
        self._add_folders(posixpath.dirname(place), request.owner, request.mode)
        self.draft.entries[place] = _placed(entry, place, request)
        self.draft.inline[place] = content

    def finish(self) -> LayerDraft:
        """The draft, ready to be written."""
        self.draft.settle_times(self._known)
        return self.draft

    def make_folder(self, path: str, owner: Owner | None) -> None:
        """WORKDIR: the folder and those above it, where they are not there yet."""
        self._add_folders(resolve(self.below, clean(path)), owner)

    def _copy_folder(self, source: Source, folder: Entry, request: CopyRequest) -> None:
        place = resolve(self.below, clean(request.destination))
        self._add_folders(posixpath.dirname(place), request.owner, request.mode)
        if request.is_folder:
            self._add_folders(place, request.owner, request.mode)
        for entry in walk(source, folder.path):
            inside = entry.path[len(folder.path) :].lstrip(b"/")
            self._put(source, entry, join(place, inside) if inside else place, request)

    def _place(self, request: CopyRequest, name: str) -> bytes:
        """Where a file goes: into the destination if that is a folder, else under its name."""
        place = resolve(self.below, clean(request.destination))
        known = self._entry(place)
        if request.is_folder or (known is not None and known.type is EntryType.DIRECTORY):
            return resolve(self.below, join(place, os.fsencode(name)), follow_last=False)
        return place

    def _put(self, source: Source, entry: Entry, place: bytes, request: CopyRequest) -> None:
        known = self._entry(place)
        is_folder = entry.type is EntryType.DIRECTORY
        if known is not None and is_folder != (known.type is EntryType.DIRECTORY):
            if known.type is EntryType.DIRECTORY or not place:
                raise BuildError("build.copy-onto-folder", path="/" + os.fsdecode(place))
            raise BuildError("build.copy-onto-file", path="/" + os.fsdecode(place))
        if is_folder and known is not None:
            self._keep(place, known)
            return
        if not place:
            return
        self.draft.entries[place] = _placed(entry, place, request)
        self.draft.origins[place] = (source, entry)

    def _entry(self, place: bytes) -> Entry | None:
        return self.draft.entries.get(place) or self.below.entry(place)

    def _keep(self, place: bytes, known: Entry) -> None:
        if place and place not in self.draft.entries:
            self.draft.entries[place] = known
            self._known[place] = known

    def _add_folders(self, folder: bytes, owner: Owner | None, mode: ModeChange | None = None) -> None:
        """The folder and those above it: as they are below, or new."""
        if not folder or folder in self.draft.entries:
            return
        self._add_folders(posixpath.dirname(folder), owner, mode)
        known = self.below.entry(folder)
        if known is not None:
            if known.type is not EntryType.DIRECTORY:
                raise BuildError("build.copy-through-file", path="/" + os.fsdecode(folder))
            self._keep(folder, known)
            return
        uid, gid = owner or (0, 0)
        bits = mode.apply(_NEW_FOLDER, is_folder=True) if mode else _NEW_FOLDER
        new = Entry(path=folder, type=EntryType.DIRECTORY, mode=bits, uid=uid, gid=gid)
        self.draft.entries[folder] = new


def _placed(entry: Entry, place: bytes, request: CopyRequest) -> Entry:
    """The entry where it is copied, with the owner and mode that the request gives it."""
    uid, gid = request.owner or ((entry.uid, entry.gid) if request.keep_owner else (0, 0))
    mode = entry.mode
    # Linux has no mode of a symbolic link: it is always 0777, and nobody looks at it (symlink(7)).
    if request.mode is not None and entry.type is not EntryType.SYMLINK:
        mode = request.mode.apply(entry.mode, is_folder=entry.type is EntryType.DIRECTORY)
    return entry.placed(place, mode=mode, uid=uid, gid=gid)
