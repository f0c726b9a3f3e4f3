"""Which calls a mount goes back to: its tree is taken hold of before the host's is gone, and attached after that.

step 20   hold    open_tree(AT_FDCWD, "/srv", ...) = 15      a descriptor stands for the tree from here on
                  mount_setattr(15, ..., {RDONLY})
step 31   mount   move_mount(15, "", AT_FDCWD, "/data")      so these three belong together
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydock_lab.views import CallView

_GIVING = ("open_tree", "fsmount")
_RESULT = 3  # after name, arguments, seconds


class HeldTrees:
    """Follows the descriptors of trees through the steps of a start."""

    def __init__(self) -> None:
        self._by_descriptor: dict[int, list[CallView]] = {}
        self._by_target: dict[str, list[CallView]] = {}  # taken by another process, whose descriptors are its own

    def before(self, step: Mapping[str, Any]) -> tuple[CallView, ...]:
        """The calls of earlier steps that belong to what is attached in this one."""
        moved = [arguments for name, arguments, *_ in step.get("calls", ()) if name == "move_mount"]
        if step["name"] != "mount" or not moved:
            return ()
        descriptor, target = moved[0]
        return tuple(self._by_target.pop(target, []) or self._by_descriptor.pop(descriptor, []))

    def note(self, number: int, step: Mapping[str, Any], views: Sequence[CallView]) -> None:
        """What this step takes hold of; `views` are its own calls."""
        targets: Iterator[str] = iter((step.get("facts") or {}).get("targets", ()))
        last: list[CallView] = []
        for call, view in zip(step.get("calls", ()), views, strict=False):
            told = replace(view, step=number)
            if call[0] in _GIVING and len(call) > _RESULT:
                last = [told]
                target = next(targets, "")
                if target:
                    self._by_target[target] = last
                else:
                    self._by_descriptor[call[_RESULT]] = last
            elif call[0] == "mount_setattr" and last:
                last.append(told)
