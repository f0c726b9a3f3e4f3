"""The lowest layer of all containers of a store: places to mount something on, even in an image made from scratch."""

import os

STUB_DIRECTORIES = ("proc", "sys", "dev", "etc")
STUB_FILES = ("etc/hosts", "etc/hostname", "etc/resolv.conf")
# apt changes to a user of its own and looks whether it did: with a single uid it cannot, and must be told not to try.
_APT = "etc/apt/apt.conf.d"
_APT_AS_ROOT = b'APT::Sandbox::User "root";\n'


def make_stub(path: str, *, has_single_uid: bool) -> None:
    """Make the lowest layer, once for all containers of a store."""
    apt = os.path.join(path, _APT, "99single-uid")
    needs_apt = has_single_uid and not os.path.exists(apt)
    if not needs_apt and os.path.exists(os.path.join(path, STUB_FILES[-1])):
        return
    # Whatever the caller's is: all of a container's users look into it, and nobody on the host writes to it.
    before = os.umask(0o022)
    try:
        if needs_apt:
            os.makedirs(os.path.dirname(apt), exist_ok=True)
            with open(apt, "wb") as file:
                file.write(_APT_AS_ROOT)
        for name in STUB_DIRECTORIES:
            os.makedirs(os.path.join(path, name), exist_ok=True)
        for name in STUB_FILES:
            os.close(os.open(os.path.join(path, name), os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644))
    finally:
        os.umask(before)
