"""What the kernel itself refuses, should the supervisor be deceived: all files outside of the view (landlock.py).

    the tree, what is mounted to be written to       everything
    what is mounted read-only, /sys                  read
    /proc                                            read and write: an ordinary user's own processes
    six devices, terminals                           read and write
    everything else of the host                      nothing

The supervisor gives it up first, and the container's processes are its children. So what it does in their name is
held to the same rules, and a signal reaches nobody outside.
"""

import os
from collections.abc import Iterator

from pydock_lab.linux.landlock import ALL, READ, Access, Allowed
from pydock_lab.runtime.traced.view import View

_DEVICES = Access.READ_FILE | Access.WRITE_FILE | Access.READ_DIR


def allowed(view: View, scratch: str) -> Iterator[Allowed]:
    """What a container with this view may do; `scratch` is the supervisor's own folder."""
    yield Allowed(path=scratch, access=ALL)
    for one in (view.root, *view.mounts):
        path = os.fsdecode(one.host)
        if one.magic or path.startswith("/dev"):
            access = _DEVICES
        elif one.read_only:
            access = READ | Access.EXECUTE
        else:
            access = ALL
        yield Allowed(path=path, access=access)
