"""What the kernel itself refuses, should the supervisor be deceived: all files outside of the view (landlock.py).

    the tree, what is mounted to be written to       everything
    what is mounted read-only, /sys                  read
    /proc                                            read and write: an ordinary user's own processes
    six devices, terminals                           read and write
    where its secrets are, in memory                 remove them, when the container ends
    everything else of the host                      nothing

The supervisor gives it up first, and the container's processes are its children. So what it does in their name is
held to the same rules, and a signal reaches nobody outside.
"""

import os
from collections.abc import Iterator

from pydock_lab.linux.landlock import ALL, READ, Access, Allowed
from pydock_lab.runtime.traced.view import View

_DEVICES = Access.READ_FILE | Access.WRITE_FILE | Access.READ_DIR


def allowed(view: View, scratch: str, secrets: str = "") -> Iterator[Allowed]:
    """What a container with this view may do; `scratch` and `secrets` (if it has any) are the supervisor's folders."""
    yield Allowed(path=scratch, access=ALL)
    if secrets:
        yield Allowed(path=secrets, access=Access.REMOVE_FILE)
        yield Allowed(path=os.path.dirname(secrets), access=Access.REMOVE_DIR)  # only empty ones can be
    for one in (view.root, *view.mounts):
        path = os.fsdecode(one.host)
        if one.magic or path.startswith("/dev"):
            access = _DEVICES
        elif one.read_only:
            access = READ | Access.EXECUTE
        else:
            access = ALL
        yield Allowed(path=path, access=access)
