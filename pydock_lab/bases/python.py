"""`lab/python`: the base system with the host's own Python, in /usr/local, where the official image has it.

    the host                                        the image
    <prefix>/bin/python3.11                         /usr/local/bin/python3.11  <── python3, python
    <prefix>/lib/python3.11/*.py, lib-dynload/*.so  /usr/local/lib/python3.11/...
    <prefix>/lib/libpython3.11.so.1.0 (if any)      /usr/local/lib/...

Python finds its library from where its program stands (`lib/python3.11/os.py` beside `bin`), so it can be moved as a
whole; that is how one recipe serves pyenv, conda, a virtual environment and Debian. No site-packages, no caches.

Source: the Python library reference, "The initialization of the sys.path module search path".
"""

import os
import re
import ssl
import sys
import sysconfig
from contextlib import suppress

from pydock_lab.bases import host
from pydock_lab.bases.elf import Linker
from pydock_lab.bases.tree import FileTree

_PREFIX = "/usr/local"
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = re.compile(
    r"test|tests|idlelib|tkinter|turtledemo|ensurepip|site-packages|dist-packages|lib2to3|pydoc_data|__pycache__"
    r"|config-3.*"
)


def build(tree: FileTree) -> None:
    """Put the base system and Python into `tree`."""
    host.build(tree)
    # In a virtual environment sys.executable is a link, or a copy without a library.
    program = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    _put(tree, f"{_PREFIX}/bin/{_VERSION}", program)
    for name in ("python3", "python"):
        tree.link(f"{_PREFIX}/bin/{name}", _VERSION)
    _standard_library(tree)
    _certificates(tree)


def _standard_library(tree: FileTree) -> None:
    library = sysconfig.get_path("stdlib")
    inside = f"{_PREFIX}/{sys.platlibdir}/{_VERSION}"
    for folder, folders, names in os.walk(library):
        # In place: os.walk then does not enter what is left out.
        folders[:] = [name for name in folders if not _LEFT_OUT.fullmatch(name)]
        there = inside + folder.removeprefix(library)
        for name in names:
            if name.endswith(".so"):
                _put(tree, f"{there}/{name}", os.path.join(folder, name))
            elif not name.endswith((".pyc", ".a")):
                tree.file(f"{there}/{name}", os.path.realpath(os.path.join(folder, name)))


def _put(tree: FileTree, path: str, source: str) -> None:
    """A program or extension at `path`, with its libraries; those of Python's own prefix move with it."""
    tree.file(path, source)
    for library in Linker().closure(source):
        if _is_system(library):
            tree.same(library)
        elif (moved := f"{_PREFIX}/lib/{os.path.basename(library)}") not in tree:
            tree.file(moved, os.path.realpath(library))
            # A path that was fixed when Python was built leads nowhere here: the linker's own directory does.
            tree.link(f"{_linker_directory()}/{os.path.basename(library)}", moved)


def _is_system(library: str) -> bool:
    return os.path.realpath(library).startswith(("/lib", "/usr/lib"))


def _linker_directory() -> str:
    """Where the dynamic linker looks without being told: beside the C library."""
    found = Linker().find("libc.so.6", (), "/")
    return os.path.dirname(os.path.realpath(found)) if found else "/usr/lib"


def _certificates(tree: FileTree) -> None:
    """The authorities at the place where this OpenSSL looks for them."""
    wanted = ssl.get_default_verify_paths().openssl_cafile
    if host.CERTIFICATES in tree and wanted not in tree:
        with suppress(OSError):
            tree.same(os.path.dirname(wanted))
        tree.link(wanted, host.CERTIFICATES)
