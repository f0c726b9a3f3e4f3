"""Things to do in another network namespace, by a child that is forked for it.

A process in a user namespace can enter a network namespace of its own making, but never come back into the host's. So
somebody else goes, and sends back what he found or made. A socket stays one of the namespace where it was made.
"""

import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias

from pydock_lab.errors import PydockError, from_json
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.sandbox.protocol import Connection

_Found: TypeAlias = tuple[Any, Sequence[socket.socket]]


def inside(namespace: int, action: Callable[[], Any]) -> Any:
    """What `action` returns (plain data) when it is done in a network namespace, a descriptor.

    Raises the PydockError that it raised, or an OSError.
    """
    return _send(namespace, lambda: (action(), ()))[0]


def sockets_inside(namespace: int, make: Callable[[], Sequence[socket.socket]]) -> list[socket.socket]:
    """The sockets (at most 64) that `make` makes in a network namespace; raises as `inside` does."""
    _, descriptors = _send(namespace, lambda: (None, make()))
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _send(namespace: int, action: Callable[[], _Found]) -> tuple[Any, list[int]]:
    ours, theirs = socket.socketpair()
    pid, pidfd = syscalls.clone3(Namespace(0))
    if pid == 0:
        ours.close()
        _act(namespace, action, Connection(theirs))
    theirs.close()
    os.close(pidfd)
    with ours:
        reply, descriptors = Connection(ours).receive() or ({"errno": 5, "reason": "the child ended"}, [])
    # After reading: a child whose answer is long ends only when there is room for it.
    os.waitpid(pid, 0)
    if "error" in reply:
        raise from_json(reply["error"])
    if "errno" in reply:
        raise OSError(reply["errno"], reply["reason"])
    return reply["result"], descriptors


def _act(namespace: int, action: Callable[[], _Found], line: Connection) -> NoReturn:
    try:
        syscalls.setns(namespace, Namespace.NET)
        result, sockets = action()
        line.send({"result": result}, [one.fileno() for one in sockets])
    except PydockError as error:
        line.send({"error": error.to_json()})
    except OSError as error:
        line.send({"errno": error.errno or 0, "reason": error.strerror or str(error)})
    finally:
        os._exit(0)
