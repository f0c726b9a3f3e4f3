"""A container's start, told from what was written down while it happened (runtime/steplog.py).

The steps and their system calls are the record's own. What the process saw between them is worked out: each kind of
step changes what can be seen in one known way, and where the record says it (a hostname, an inode, a mount), it is
taken from there (`sights.py`). A test compares the last of these sights with a container that really looks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydock_lab import errors
from pydock_lab.engine.call_texts import call_views
from pydock_lab.engine.held_trees import HeldTrees
from pydock_lab.engine.sights import Sights, group_of
from pydock_lab.oci.times import rfc3339
from pydock_lab.views import RunStep, RunTrace, StartPhase

_PHASES = {
    StartPhase.BIRTH: (
        *("user-namespace", "clone", "session", "namespace", "share", "undumpable", "private", "views", "traced"),
        *("demands", "stopped"),
    ),
    StartPhase.LIMITS: ("make-group", "control-group", "limits", "oom-score", "rlimits"),
    StartPhase.NETWORK: (
        *("bridge", "ports", "loopback", "low-ports", "sysctl", "network-files", "connect", "address", "name-server"),
        *("hostname", "domainname"),
    ),
    StartPhase.FILES: (
        *("upper", "overlay", "materialise", "view", "hold", "pivot_root", "mount", "mask", "umount", "read-only"),
        "directory",
    ),
    StartPhase.POWERS: ("keyring", "no-new-privileges", "seccomp", "user", "capabilities", "ownership", "landlock"),
    StartPhase.PROGRAM: ("terminal", "exec"),
}
_PHASE_OF = MappingProxyType({name: phase for phase, names in _PHASES.items() for name in names})

_Step = Mapping[str, Any]


def run_trace(document: Mapping[str, Any]) -> RunTrace:
    """The start of a container, from the record that the store has of it."""
    about = document["about"]
    words = document["command"]
    steps = list(_in_order(document))
    sights = Sights(document.get("outside") or {}, document["root"], words, steps)
    # What was done ahead has no place in time.
    began = next((step["at"] for step in steps if not _is_ahead(step)), 0.0)
    told = tuple(_Telling(sights, began, steps).all())
    error = errors.from_json(document["error"]) if document.get("error") else None
    return RunTrace(
        container=document["container"],
        name=about.get("name", ""),
        image=about.get("image", ""),
        command=" ".join(words),
        tier=document["tier"],
        created=rfc3339(datetime.fromtimestamp(document["started_at"], UTC)),
        seconds=max((step.start + step.seconds for step in told if not step.is_ahead), default=0.0),
        outside=sights.outside,
        steps=told,
        error=error.message() if error else "",
        hint=(error.hint() or "") if error else "",
    )


def _in_order(document: Mapping[str, Any]) -> Iterator[_Step]:
    """What was done once for all comes first, then what was done ahead, by whichever process."""
    yield from ({**step, "once": True} for step in document.get("ground", ()))
    yield from sorted(document["steps"], key=lambda step: not step.get("ahead"))


def _is_ahead(step: _Step) -> bool:
    return bool(step.get("ahead") or step.get("once"))


class _Telling:
    """One step after the other, with what each is told by those before it."""

    def __init__(self, sights: Sights, began: float, steps: Sequence[_Step]) -> None:
        self._sights, self._began, self._steps = sights, began, steps
        self._held = HeldTrees()
        # When the container's own process was at work.
        own = (step for step in steps if not _is_ahead(step) and not step.get("outside"))
        self._busy = [(step["at"], step["at"] + step["seconds"]) for step in own]

    def all(self) -> Iterator[RunStep]:
        for number, step in enumerate(self._steps, 1):
            yield self._told(number, step)

    def _told(self, number: int, step: _Step) -> RunStep:
        before = self._sights.now
        after = before if step.get("failed") else self._sights.after(step)
        earlier = self._held.before(step)
        calls = call_views(_calls(step, self._sights.words))
        self._held.note(number, step, calls)
        is_ahead = _is_ahead(step)
        return RunStep(
            number=number,
            name=step["name"],
            phase=_PHASE_OF.get(step["name"], StartPhase.PROGRAM),
            detail=_detail(step),
            start=0.0 if is_ahead else step["at"] - self._began,
            seconds=step["seconds"],
            is_ahead=is_ahead,
            is_once=step.get("once", False),
            is_beside=not is_ahead and step.get("outside", False) and self._is_beside(step),
            has_failed=step.get("failed", False),
            outside=self._outside(step),
            calls=(*earlier, *calls),
            after=after,
            changed=tuple(_differing(before, after)),
        )

    def _outside(self, step: _Step) -> str:
        is_namespace = step["name"] in ("namespace", "user-namespace")
        return self._sights.outside.namespaces.get(step["detail"].partition(":")[0], "") if is_namespace else ""

    def _is_beside(self, step: _Step) -> bool:
        begin, end = step["at"], step["at"] + step["seconds"]
        return any(begin < later and earlier < end for earlier, later in self._busy)


def _detail(step: _Step) -> str:
    """What it was done to; a control group as cgroups(7) has it, by its path in the tree of groups."""
    made = [arguments[0] for name, arguments, *_ in step.get("calls", ()) if name == "mkdir"]
    if step["name"] == "control-group":
        return group_of(step["detail"])[1]
    if step["name"] == "make-group" and made:
        return group_of(made[-1])[1]
    return str(step["detail"])


def _calls(step: _Step, words: Sequence[str]) -> list[Any]:
    """The calls of a step; who has called execve(2) well can note nothing any more."""
    calls = list(step.get("calls", ()))
    if step["name"] == "exec" and not step.get("failed"):
        program = (step.get("facts") or {}).get("program") or (words[0] if words else "")
        calls.append(["execve", [program, words], 0.0])
    return calls


def _differing(before: Any, after: Any) -> Iterable[str]:
    return (name for name in type(before).__slots__ if getattr(before, name) != getattr(after, name))
