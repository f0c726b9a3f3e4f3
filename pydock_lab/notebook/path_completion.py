"""Names of folders and files for completion: those of a build context as the build sees it, and those beside it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import clean, join, resolve
from pydock_lab.engine.context_folder import open_folder, read_ignore
from pydock_lab.errors import PydockError


def context_files(root: str, fragment: str) -> list[str]:
    """What a COPY may name that begins with `fragment`, a folder with a slash; nothing that is left out."""
    lead = fragment[: fragment.rfind("/") + 1]
    try:
        context = open_folder(Path(root), read_ignore(Path(root)), None)
        folder = resolve(context, clean(lead))
        names = context.children(folder)
        entries = [(os.fsdecode(name), context.entry(resolve(context, join(folder, name)))) for name in names]
    except (PydockError, OSError):
        return []
    found = [(lead + name, entry is not None and entry.type is EntryType.DIRECTORY) for name, entry in entries]
    return [path + "/" * is_folder for path, is_folder in found if _is_word(path)]


def folders(fragment: str) -> list[str]:
    """Folders beside the notebook, and in them, that begin with `fragment`; hidden ones for who asks for them."""
    return [path for path, is_folder in _beside(fragment) if is_folder]


def files(fragment: str) -> list[str]:
    """Files and folders likewise, folders with a slash."""
    return [path + "/" * is_folder for path, is_folder in _beside(fragment)]


def _beside(fragment: str) -> Iterator[tuple[str, bool]]:
    lead, _, name = fragment.rpartition("/")
    lead = fragment[: len(fragment) - len(name)]
    try:
        with os.scandir(os.path.expanduser(lead) or ".") as found:
            rows = [(item.name, _is_folder(item)) for item in found]
    except OSError:
        return
    for one, is_folder in rows:
        if (name.startswith(".") or not one.startswith(".")) and _is_word(one):
            yield lead + one, is_folder


def _is_folder(item: "os.DirEntry[str]") -> bool:
    try:
        return stat.S_ISDIR(item.stat().st_mode)
    except OSError:  # a link to nowhere
        return False


def _is_word(path: str) -> bool:
    """Whether it can be written without quotes."""
    return path.isprintable() and not any(sign in path for sign in " '\"\\$")
