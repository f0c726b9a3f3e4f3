"""The directories of one group: one a controller in version 1, the same one for all in version 2."""

import contextlib
import errno
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydock_lab.linux.cgroups.tree import Tree
from pydock_lab.linux.cgroups.values import Setting, Unmet, processes


class Directories(NamedTuple):
    """Where the files of a group are, by controller."""

    tree: Tree
    places: dict[str, Path]

    def each(self) -> tuple[Path, ...]:
        """The directories, each once."""
        return tuple(dict.fromkeys(self.places.values()))

    def read(self, controller: str, name: str) -> str | None:
        """What a file says; None where there is none."""
        try:
            return self.tree.read(self.places[controller] / name)
        except (OSError, KeyError):
            return None

    def write(self, controller: str, name: str, *words: object) -> None:
        """Ask for something, or for one thing after the other; raises OSError, ENOENT where there is no controller."""
        if controller not in self.places:
            raise FileNotFoundError(errno.ENOENT, f"no controller {controller}")
        self.tree.write(self.places[controller] / name, *map(str, words))

    def processes(self) -> tuple[int, ...]:
        """Who is in the group, and in those that it was divided into."""
        found: dict[int, None] = {}
        # In version 1 the same processes are in all of them.
        for place in self.each()[:1]:
            found |= dict.fromkeys(self._processes_below(place))
        return tuple(found)

    def _processes_below(self, place: Path) -> list[int]:
        found: list[int] = []
        with contextlib.suppress(OSError):  # it is going away
            found += processes(self.tree.read(place / "cgroup.procs"))
            for name in self.tree.children(place):
                found += self._processes_below(place / name)
        return found

    def apply(self, settings: Iterable[Setting]) -> tuple[Unmet, ...]:
        """Write them all, whichever the kernel refuses; those that are not in force then.

        What depends on another limit (memory must stay below memory and swap, a quota in proportion to its period)
        is refused where the other has not been moved yet: so who was refused gets a second chance after all others.
        """
        refused = [one for one in settings if self._apply(one) is not None]
        codes = ((one.limit, self._apply(one)) for one in refused)
        unmet = {limit: code for limit, code in codes if code is not None}
        return tuple(Unmet(limit=limit, code=code) for limit, code in unmet.items())

    def _apply(self, setting: Setting) -> int | None:
        """The errno of a setting that was refused."""
        code = errno.ENOENT
        for name, text in setting.files:
            try:
                self.write(setting.controller, name, text)
            except OSError as error:
                code = error.errno or errno.EIO
                if code != errno.ENOENT:
                    return code
            else:
                return None
        return None if setting.is_open else code
