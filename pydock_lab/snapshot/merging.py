"""What a stack of layers shows in one folder, worked out without an overlay: each name is that of the topmost layer.

    layer 3    etc/motd   (deleted) etc/passwd
    layer 2    etc/passwd  etc/motd
    layer 1    etc/hosts   etc/motd            ==>   etc/hosts of 1, etc/motd of 3; folders of several are merged

Source: the kernel's filesystems/overlayfs.rst; archive/whiteout.py.
"""

import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace

from pydock_lab.archive import whiteout
from pydock_lab.linux.file_calls import read_attribute

_OPAQUE = tuple(os.fsencode(name) for name in whiteout.OpaqueAttribute)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a name stands for: `path` in the topmost layer that has it, and all folders that are `merged` into one."""

    path: bytes
    _: KW_ONLY
    is_file: bool
    is_link: bool
    merged: tuple[bytes, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether there may be something below."""
        return bool(self.merged)


def merge(folders: Sequence[bytes]) -> dict[bytes, Shown]:
    """The names in the same folder of several layers, the topmost first; `folders` is a `Shown.merged`."""
    found: dict[bytes, Shown] = {}
    closed: set[bytes] = set()  # names below which nothing of deeper layers shows
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name in closed:
                    continue
                if name in found:
                    found[name] = _with(found[name], entry)
                    # Not merged: the folder above is opaque, or this is none. Either hides what is deeper still.
                    if found[name].merged[-1:] != (entry.path,):
                        closed.add(name)
                elif entry.is_dir(follow_symlinks=False):
                    found[name] = Shown(entry.path, is_file=False, is_link=False, merged=(entry.path,))
                elif is_whiteout(entry):
                    closed.add(name)
                else:
                    is_file, is_link = entry.is_file(follow_symlinks=False), entry.is_symlink()
                    found[name] = Shown(entry.path, is_file=is_file, is_link=is_link)
                    closed.add(name)
    return found


def _with(one: Shown, below: "os.DirEntry[bytes]") -> Shown:
    """A folder and what a deeper layer has in its place: merged with it, if it is a folder that shows through."""
    if below.is_dir(follow_symlinks=False) and not is_opaque(one.merged[-1]):
        return replace(one, merged=(*one.merged, below.path))
    return one


def is_whiteout(entry: "os.DirEntry[bytes]") -> bool:
    """Whether this marks a deleted file: only what is neither file nor link nor folder has to be looked at."""
    if entry.is_file(follow_symlinks=False) or entry.is_symlink() or entry.is_dir(follow_symlinks=False):
        return False
    return whiteout.is_whiteout(entry.stat(follow_symlinks=False))


def is_opaque(folder: bytes) -> bool:
    """Whether a folder hides those of the layers below."""
    return any(read_attribute(folder, name) == b"y" for name in _OPAQUE)
