"""Where the sockets of our helpers are: a short, private directory of this user.

It imports next to nothing, for a command that is over in a few milliseconds comes by here.
"""

import contextlib
import os

_SHORT = 60  # bytes: a socket's path has at most 107 of them (unix(7))
_PRIVATE = 0o700


def socket_directory() -> str:
    """$XDG_RUNTIME_DIR/pydock, else pydock-UID in the folder for temporary files.

    Raises IsolationError when somebody else owns it, OSError when it cannot be made.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and len(runtime) < _SHORT and os.access(runtime, os.W_OK):
        path = f"{runtime}/pydock"
    else:
        folder = os.environ.get("TMPDIR", "")
        is_fit = folder.startswith("/") and len(folder) < _SHORT and os.access(folder, os.W_OK)
        path = f"{folder if is_fit else '/tmp'}/pydock-{os.getuid()}"  # noqa: S108 - checked below
    make_private(path)
    return path


def make_private(path: str) -> None:
    """Make the directory unless it is there; raises IsolationError when it is somebody else's."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, _PRIVATE)
    # /tmp belongs to everybody: a directory that somebody else prepared is not ours.
    # Nor is a link to one of ours: lstat(2) looks at the link itself.
    state = os.lstat(path)
    if state.st_uid != os.getuid() or state.st_mode & 0o777 != _PRIVATE:
        from pydock_lab.errors import IsolationError  # noqa: PLC0415 - see above

        raise IsolationError("sandbox.directory", path=path)
