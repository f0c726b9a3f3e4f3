"""The first that a zygote does: see that its Python is a sealed one. Only then is everything else imported, once.

root in a container may be given powers with which it could write to the program that started it (linux/sealed.py). So a
zygote of root's lays its Python over itself, read-only, in a mount namespace of its own, and becomes that; with it the
folders of the libraries that it is going to have. What it has imported until then is for nothing: here that is next to
nothing.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from pydock_lab.linux import mount_calls, sealed, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace

REFUSED = 3  # exit status


def main(arguments: Sequence[str]) -> None:
    """`{"socket": path, "modules": [...], "store": path, "tier": ""}`: become a zygote, and end as soon as it listens.

    It stands on the ground of the tier, if one is named. Where that is refused, standard output says by what, and the
    exit status is `REFUSED`.
    """
    options: dict[str, Any] = json.loads(arguments[0])
    # Whatever that of who started us is: places that are made in containers, for mounts, are there for all their users.
    os.umask(0o022)
    # In a user namespace nobody can do that, and none of the host's mounts can be had as they are.
    if os.geteuid() == 0 and options["tier"] in ("", "root") and not options.get("sealed"):
        _seal(options)
    from pydock_lab.sandbox import zygote  # noqa: PLC0415 - see above

    zygote.become(options)


def _seal(options: dict[str, Any]) -> None:
    """Become the same program once more, sealed; where this is refused, the log says so, and the facets do."""
    program = os.path.realpath("/proc/self/exe")
    host = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    try:
        syscalls.unshare(Namespace.MOUNT)
        # What the host mounts later is still seen here, but not the other way round.
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.SLAVE)
        # The folder of the package itself has no libraries.
        for place in (places := sealed.to_seal(program, sys.path[1:], options["store"])):
            sealed.seal(place)
    except OSError as error:
        print(f"not sealed: {error}", file=sys.stderr)  # noqa: T201 - its log
        os.close(host)
        return
    os.set_inheritable(host, True)
    sealed_options = options | {"sealed": places, "host_mounts": host}
    os.execv(program, [*sys.orig_argv[:-1], json.dumps(sealed_options)])  # noqa: S606 - a list of words
