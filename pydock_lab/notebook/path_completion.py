"""Names of files for completion: those of a build context, as the build sees it."""

import os
from pathlib import Path

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import clean, join, resolve
from pydock_lab.cli.path_types import is_word
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
    return [path + "/" * is_folder for path, is_folder in found if is_word(path)]
