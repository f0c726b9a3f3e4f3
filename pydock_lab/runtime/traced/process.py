"""What the supervisor knows of each thread: parts of it are shared, as in the kernel (clone(2)).

thread  ---- program      what execve made: its memory, its file; shared by the threads of a process (CLONE_VM)
        ---- place        its root and umask (CLONE_FS)
        ---- files        its table of descriptors (CLONE_FILES)
        ---- credentials  its own
"""

from pydock_lab.runtime.traced.credentials import Credentials
from pydock_lab.runtime.traced.memory import Memory


class Program:
    """A program in memory: the path in the container of the file that it came from, and what it said of itself."""

    __slots__ = ("_memory", "file", "is_dumpable", "name", "pid")

    def __init__(self, pid: int, file: bytes) -> None:
        self.pid, self.file = pid, file
        self.is_dumpable = 1
        self._memory: Memory | None = None

    @property
    def memory(self) -> Memory:
        """Its memory; raises OSError when it has gone."""
        if self._memory is None:
            self._memory = Memory(self.pid)
        return self._memory


class Place:
    """Where "/" is for a process: a path in the container ("" is its root), and the mask of new files."""

    __slots__ = ("root", "umask")

    def __init__(self, root: bytes = b"", umask: int = 0o022) -> None:
        self.root, self.umask = root, umask

    def copy(self) -> "Place":
        """One of its own for a new process."""
        return Place(self.root, self.umask)


class Files:
    """A table of descriptors: what is in it only the kernel knows, but not who shares it."""

    __slots__ = ()


class NoRoom(Exception):
    """A thread needs so many bytes of memory for what a call is to be told."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Thread:
    """One thread, by its number on the host; `pid` is that of its process, `room` memory that was made for our use."""

    __slots__ = ("credentials", "files", "number", "pid", "place", "program", "room")

    def __init__(self, number: int, pid: int, program: Program, place: Place, credentials: Credentials) -> None:
        self.number, self.pid = number, pid
        self.program, self.place, self.credentials = program, place, credentials
        self.files = Files()
        self.room = (0, 0)

    def room_for(self, stack: int, size: int) -> int:
        """An address where `size` bytes can be put while a call lasts; `stack` is the stack pointer.

        A little fits below the stack, out of reach of signal handlers, too: they begin below the red zone, and none
        runs before the call has ended. For more raises NoRoom: some programs (Go) have stacks of two kilobytes in the
        midst of other things.
        """
        address, length = self.room
        if size <= length:
            return address
        if size > _LITTLE:
            raise NoRoom(size)
        return (stack - _RED_ZONE - size) // 16 * 16


_RED_ZONE = 128  # bytes below the stack pointer that a program may use without saying so (System V ABI)
_LITTLE = 256
