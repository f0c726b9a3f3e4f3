"""`lab/busybox`: one static program under three hundred names, where the host has it (Debian's busybox-static)."""

import subprocess

from pydock_lab.bases import elf, host
from pydock_lab.bases.tree import FileTree

_DIRECTORIES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")


def program() -> str | None:
    """The host's busybox, if it has one that needs no libraries."""
    path = host.find("busybox")
    if path is None:
        return None
    found = elf.read(path)
    # A dynamic busybox (Fedora, Alpine) would need its C library beside it.
    return path if found is not None and not found.interpreter else None


def build(tree: FileTree) -> None:
    """Put busybox and all its names into `tree`."""
    path = program()
    if path is None:
        return
    for directory, mode in host.SKELETON.items():
        tree.directory(directory, mode)
    for name, content in host.FILES.items():
        tree.text(name, content)
    tree.file("/bin/busybox", path)
    for applet in _applets(path):
        tree.link(applet, "/bin/busybox")


def _applets(path: str) -> list[str]:
    """The paths of all the names that it answers to."""
    listed = subprocess.run([path, "--list-full"], capture_output=True, text=True, check=True).stdout.split()
    found = (f"/{name}" for name in listed)
    return [name for name in found if name.rpartition("/")[0] in _DIRECTORIES and name != "/bin/busybox"]
