"""Extended attributes: marks stay hidden, and capabilities of files are kept under another name (xattr(7)).

in the container          on the file
user.mime                 user.mime
security.capability       user.pydock.capability     only root may write the real one
                          user.pydock.owner          not shown
"""

import errno
import os
from collections.abc import Callable, Mapping

from pydock_lab.archive import marks
from pydock_lab.linux.capabilities import Capability
from pydock_lab.runtime.traced.copying_up import CopyUp
from pydock_lab.runtime.traced.paths import Spot
from pydock_lab.runtime.traced.permissions import WRITE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import HERE, Answer, World

_LARGEST = 65536


class Attributes:
    """Each method is a system call, with its arguments."""

    def __init__(self, world: World, copy_up: CopyUp) -> None:
        self._world, self._copy_up = world, copy_up

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        answers: dict[str, Callable[..., Answer]] = {}
        for verb, answer in (("get", self._get), ("set", self._set), ("list", self._list), ("remove", self._remove)):
            for prefix, find in (("", self._followed), ("l", self._itself), ("f", self._open)):
                answers[f"{prefix}{verb}xattr"] = _bound(answer, find)
        return answers

    # ---- of which file

    def _followed(self, thread: Thread, path: int) -> Spot:
        return self._spot(thread, thread.program.memory.string(path), follow=True)

    def _itself(self, thread: Thread, path: int) -> Spot:
        return self._spot(thread, thread.program.memory.string(path), follow=False)

    def _open(self, thread: Thread, descriptor: int) -> Spot:
        return self._world.opened(thread, descriptor)

    def _spot(self, thread: Thread, path: bytes, *, follow: bool) -> Spot:
        spot = self._world.reach(thread, HERE, path, follow=follow)
        if spot.error:
            raise failed(-spot.error)
        return spot

    # ---- what is done

    def _get(self, thread: Thread, spot: Spot, name: int, place: int, size: int, *_: int) -> int:
        value = os.getxattr(spot.here, _stored(thread.program.memory.string(name)), follow_symlinks=_leads(spot))
        return self._tell(thread, value, place, size)

    def _set(self, thread: Thread, spot: Spot, name: int, place: int, size: int, flags: int, *_: int) -> int:
        if size > _LARGEST:
            return -errno.E2BIG
        text = thread.program.memory.string(name)
        if text == _CAPABILITY and not thread.credentials.can(Capability.SETFCAP):
            return -errno.EPERM
        value = thread.program.memory.read(place, size)
        os.setxattr(self._own(thread, spot), _stored(text), value, flags & 3, follow_symlinks=_leads(spot))
        return 0

    def _list(self, thread: Thread, spot: Spot, place: int, size: int, *_: int) -> int:
        names = map(os.fsencode, os.listxattr(spot.here, follow_symlinks=_leads(spot)))
        shown = [_CAPABILITY if name == _KEPT else name for name in names if name == _KEPT or not _is_hidden(name)]
        return self._tell(thread, b"".join(name + b"\0" for name in shown), place, size)

    def _remove(self, thread: Thread, spot: Spot, name: int, *_: int) -> int:
        text = _stored(thread.program.memory.string(name))
        os.removexattr(self._own(thread, spot), text, follow_symlinks=_leads(spot))
        return 0

    def _own(self, thread: Thread, spot: Spot) -> bytes:
        self._world.check(thread, spot, WRITE)
        self._copy_up.before_change(spot)
        return spot.here

    @staticmethod
    def _tell(thread: Thread, value: bytes, place: int, size: int) -> int:
        if not size:
            return len(value)
        if size < len(value):
            return -errno.ERANGE
        if value:
            thread.program.memory.write(place, value)
        return len(value)


_CAPABILITY, _KEPT, _OURS = b"security.capability", os.fsencode(marks.CAPABILITY), os.fsencode(marks.PREFIX)


def _is_hidden(name: bytes) -> bool:
    return name.startswith(_OURS)


def _stored(name: bytes) -> bytes:
    """The name on the file; raises OSError for one of ours."""
    if _is_hidden(name):
        raise failed(errno.EPERM)
    return _KEPT if name == _CAPABILITY else name


def _leads(spot: Spot) -> bool:
    """Whether the spot is a link of /proc that stands for an open file."""
    return spot.folder.part.magic


def _bound(answer: Callable[..., int], find: Callable[[Thread, int], Spot]) -> Callable[..., Answer]:
    return lambda thread, file, *rest: answer(thread, find(thread, file), *rest)
