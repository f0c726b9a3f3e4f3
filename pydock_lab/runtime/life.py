"""One life of a container, from a start to an end, as it is handed from who started it to its shim.

worker: starts it --- Handed, descriptors ---> shim: Life, until it ends
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.oci.plain import Document
from pydock_lab.runtime.plugged import Plugged


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed(Document):
    """What a shim has to know of a container that has just been started; `names` are those of the descriptors.

    They are `process` (its PID 1), `lock` (of its files), `oom` (readable when memory is short), `control` (where
    others knock), `io:NAME` (our ends of its input and output), `ns:NAME` (its namespaces), `engine:NAME` (what the
    engine gave for input and output), `owner:listener` and `owner:root` for who answers for owners, with `newcomer`,
    the ids of who makes files; those of `network` are as `Plugging` names them.
    """

    pid: int
    names: tuple[str, ...]
    newcomer: tuple[int, ...] = ()
    network: Plugged = field(default_factory=Plugged)


class Life:
    """A container that runs, from its shim's side."""

    def __init__(self, handed: Handed, descriptors: Sequence[int], group: ControlGroup | None) -> None:
        self.pid, self.plugged = handed.pid, handed.network
        self.newcomer = handed.newcomer
        self._is_closed = False
        self._named = dict(zip(handed.names, descriptors, strict=True))
        self.group = group

    @property
    def pidfd(self) -> int:
        """Of the container's PID 1."""
        return self._named["process"]

    def of_kind(self, kind: str) -> dict[str, int]:
        """The descriptors whose names begin so (`ns:`, `engine:`, `io:`, `owner:`), by the rest of their names."""
        return {name.removeprefix(kind): one for name, one in self._named.items() if name.startswith(kind)}

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens if it has ended."""
        # By its pidfd: once it has been buried, its number may be another process's.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def close(self) -> None:
        """It is over: what only it needed, once; the lock of its files last, when nothing is mounted any more."""
        if self._is_closed:
            return  # it was the last one, and its policy had wanted another one
        self._is_closed = True
        for name, descriptor in self._named.items():
            if name in ("process", "oom") or name.startswith("ns:"):
                os.close(descriptor)
        if "lock" in self._named:
            # Said aloud: the worker that started it may still be ending, with a copy of the descriptor.
            fcntl.flock(self._named["lock"], fcntl.LOCK_UN)
            os.close(self._named["lock"])
