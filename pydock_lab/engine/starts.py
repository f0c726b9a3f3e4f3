"""A container's start, told from what was written down while it happened (runtime/steplog.py).

The steps and their system calls are the record's own. What the process saw between them is worked out: each kind of
step changes what can be seen in one known way, and where the record says it (a hostname, an inode, a mount), it is
taken from there (`sights.py`). A test compares the last of these sights with a container that really looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydock_lab import errors
from pydock_lab.engine.call_texts import call_views
from pydock_lab.engine.sights import Sights
from pydock_lab.oci.times import rfc3339
from pydock_lab.views import RunStep, RunTrace, StartPhase

_PHASES = {
    StartPhase.BIRTH: ("clone", "session", "namespace", "share", "undumpable", "private", "views", "traced"),
    StartPhase.LIMITS: ("control-group", "limits", "oom-score", "rlimits"),
    StartPhase.NETWORK: (
        *("bridge", "loopback", "low-ports", "sysctl", "network-files", "connect", "address", "name-server"),
        *("hostname", "domainname"),
    ),
    StartPhase.FILES: (
        *("upper", "overlay", "materialise", "view", "pivot_root", "mount", "mask", "umount", "read-only", "directory"),
    ),
    StartPhase.POWERS: ("keyring", "no-new-privileges", "seccomp", "user", "capabilities", "ownership", "landlock"),
    StartPhase.PROGRAM: ("terminal", "exec"),
}
_PHASE_OF = MappingProxyType({name: phase for phase, names in _PHASES.items() for name in names})
# Descriptors that were taken along for a later step: that one is told.
_LEFT_OUT = frozenset({"hold"})


def run_trace(document: Mapping[str, Any]) -> RunTrace:
    """The start of a container, from the record that the store has of it."""
    about = document["about"]
    words = document["command"]
    program = " ".join(words)
    sights = Sights(document.get("outside") or {}, document["root"], words)
    steps = [step for step in document["steps"] if step["name"] not in _LEFT_OUT]
    # What was done ahead, by whichever process, comes before what was done for this container.
    steps.sort(key=lambda step: not step.get("ahead"))
    began = next((step["at"] for step in steps if not step.get("ahead")), 0.0)
    told = tuple(_told(number, step, began, sights) for number, step in enumerate(steps, 1))
    return RunTrace(
        container=document["container"],
        name=about.get("name", ""),
        image=about.get("image", ""),
        command=program,
        tier=document["tier"],
        created=rfc3339(datetime.fromtimestamp(document["started_at"], UTC)),
        seconds=max((step.start + step.seconds for step in told if not step.is_ahead), default=0.0),
        outside=sights.outside,
        steps=told,
        error=errors.from_json(document["error"]).message() if document.get("error") else "",
    )


def _told(number: int, step: Mapping[str, Any], began: float, sights: Sights) -> RunStep:
    before = sights.now
    after = sights.after(step)
    is_ahead = step.get("ahead", False)
    return RunStep(
        number=number,
        name=step["name"],
        phase=_PHASE_OF.get(step["name"], StartPhase.PROGRAM),
        detail=step["detail"],
        start=0.0 if is_ahead else step["at"] - began,
        seconds=step["seconds"],
        is_ahead=is_ahead,
        calls=call_views(_calls(step, sights.words)),
        after=after,
        changed=tuple(_differing(before, after)),
    )


def _calls(step: Mapping[str, Any], words: Sequence[str]) -> list[Any]:
    """The calls of a step; who has called execve(2) well can note nothing any more."""
    calls = list(step.get("calls", ()))
    if step["name"] == "exec":
        calls.append(["execve", [words[0] if words else "", words], 0.0])
    return calls


def _differing(before: Any, after: Any) -> Iterable[str]:
    return (name for name in type(before).__slots__ if getattr(before, name) != getattr(after, name))
