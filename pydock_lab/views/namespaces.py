"""One container seen from two sides at once: from the host, and from inside."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class NamespaceView:
    """A kind of namespace (`pid`, `net` ...): the inode of the engine's and of the container's; "" where unknown."""

    kind: str
    outside: str
    inside: str

    @property
    def is_own(self) -> bool:
        """Whether the container has one of its own."""
        return self.inside != self.outside


@dataclass(frozen=True, kw_only=True, slots=True)
class SidesOfProcess:
    """One process: its number and user as the host has them, and as its container has them."""

    pid: int
    inside_pid: int
    uid: int
    inside_uid: int
    command: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespaces(View):
    """A running container; `outside_name` and `inside_name` are the hostnames of the two sides.

    Or a process made by hand: `command` says how, `next_step` what is missing most (`done`: nothing).
    """

    container: str
    name: str
    tier: str
    outside_name: str
    inside_name: str
    namespaces: tuple[NamespaceView, ...]
    processes: tuple[SidesOfProcess, ...]
    command: str = ""
    next_step: str = ""

    @property
    def own(self) -> int:
        """How many namespaces are the container's own."""
        return sum(one.is_own for one in self.namespaces)
