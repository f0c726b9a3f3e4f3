"""Build contexts of a wanted number of files and bytes; half of what is in them compresses, as in real source."""

import os
from pathlib import Path

_FOLDER_SIZE = 100


def make_context(root: Path, dockerfile: str, count: int, size: int) -> Path:
    """A folder with a Dockerfile and `count` files of `size` bytes all together, a hundred a folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "Dockerfile").write_text(dockerfile)
    each = size // count
    for number in range(count):
        folder = root / "src" / f"part{number // _FOLDER_SIZE:04}"
        if number % _FOLDER_SIZE == 0:
            folder.mkdir(parents=True)
        (folder / f"file{number % _FOLDER_SIZE:03}.py").write_bytes(os.urandom(each // 2).hex().encode())
    return root
