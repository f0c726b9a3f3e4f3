"""System calls as C has them, from what a start's journal kept: names and plain arguments (linux/journal.py).

["mount", ["proc", "/tmp/proc", "proc", 14]]  ->  mount("proc", "/tmp/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)

Where the result is known it is behind the call, as strace(1) has it: a descriptor, or what the call failed with.
"""

import errno
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntFlag
from types import MappingProxyType
from typing import Any

from pydock_lab.linux import capabilities
from pydock_lab.linux.mount_calls import MountAttribute, MountFlag
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.views import CallView

_BYTES_AN_INSTRUCTION = 8
_MANUAL = {"sendto": "rtnetlink(7)", "ioctl": "netdevice(7)"}
# Of rtnetlink(7).
_MESSAGES = {
    16: "RTM_NEWLINK",
    17: "RTM_DELLINK",
    19: "RTM_SETLINK",
    20: "RTM_NEWADDR",
    21: "RTM_DELADDR",
    24: "RTM_NEWROUTE",
    25: "RTM_DELROUTE",
    28: "RTM_NEWNEIGH",
    32: "RTM_NEWRULE",
    36: "RTM_NEWQDISC",
    67: "RTM_SETNEIGHTBL",
}
_NAMESPACES = {
    Namespace.MOUNT: "CLONE_NEWNS",
    Namespace.CGROUP: "CLONE_NEWCGROUP",
    Namespace.UTS: "CLONE_NEWUTS",
    Namespace.IPC: "CLONE_NEWIPC",
    Namespace.USER: "CLONE_NEWUSER",
    Namespace.PID: "CLONE_NEWPID",
    Namespace.NET: "CLONE_NEWNET",
}


def call_view(call: Sequence[Any]) -> CallView:
    """A call of a journal, (name, arguments, seconds), and the result where it says more than that it went well."""
    name, arguments, seconds, *results = call
    text = f"{name}({', '.join(_WORDS.get(name, _as_they_are)(arguments))})"
    error = ""
    for result in results:
        error = errno.errorcode.get(-result, "") if result < 0 else ""
        text += f" = -1 {error}" if result < 0 else f" = {result}"
    return CallView(text=text, man=_MANUAL.get(name, f"{name}(2)"), seconds=seconds, error=error)


def call_views(calls: Iterable[Sequence[Any]]) -> tuple[CallView, ...]:
    """All calls of a step; the many that drop one capability each become one line."""
    found: list[CallView] = []
    dropped: list[Sequence[Any]] = []
    for call in calls:
        if call[0] == "prctl" and call[1][0] == Prctl.CAPBSET_DROP:
            dropped.append(call)
        else:
            found += _dropping(dropped)
            dropped = []
            found.append(call_view(call))
    return (*found, *_dropping(dropped))


def _dropping(calls: Sequence[Sequence[Any]]) -> list[CallView]:
    if len(calls) < 2:  # noqa: PLR2004 - one is told as it is
        return [call_view(call) for call in calls]
    names = ", ".join(_capability(call[1][1]) for call in calls)
    seconds = sum(call[2] for call in calls)
    return [CallView(text=f"prctl(PR_CAPBSET_DROP, ...) {len(calls)} times: {names}", man="prctl(2)", seconds=seconds)]


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _at(arguments: Sequence[Any], number: int, default: Any = None) -> Any:
    return arguments[number] if number < len(arguments) else default


def flags(value: int, kind: type[IntFlag], prefix: str) -> str:
    """`MS_NOSUID|MS_NODEV`; 0 for none."""
    names = [f"{prefix}{one.name}" for one in kind if one and value & one]
    return "|".join(names) or "0"


def _namespaces(value: int) -> str:
    return "|".join(name for flag, name in _NAMESPACES.items() if value & flag) or "0"


def _capability(number: int) -> str:
    return capabilities.names(capabilities.Capability(1 << number))[0]


def _as_they_are(arguments: Sequence[Any]) -> Iterable[str]:
    return [_quoted(one) if isinstance(one, str) or one is None else str(int(one)) for one in arguments]


def _clone3(arguments: Sequence[Any]) -> Iterable[str]:
    wanted = _at(arguments, 0, 0)
    flags = [_namespaces(wanted)] if wanted else []  # a process in all the namespaces of its parent
    flags += ["CLONE_PARENT"] if _at(arguments, 1) else []
    flags += ["CLONE_INTO_CGROUP"] if _at(arguments, 2, -1) >= 0 else []
    return [f"{{flags={'|'.join([*flags, 'CLONE_PIDFD'])}}}"]


def _mount(arguments: Sequence[Any]) -> Iterable[str]:
    source, target, kind = (_quoted(_at(arguments, number)) for number in range(3))
    return [source, target, kind, flags(_at(arguments, 3, 0), MountFlag, "MS_"), _quoted(_at(arguments, 4))]


def _prctl(arguments: Sequence[Any]) -> Iterable[str]:
    operation, value = Prctl(arguments[0]), _at(arguments, 1, 1)
    if operation is Prctl.SET_PDEATHSIG:
        value = signal.Signals(value).name if value else 0
    elif operation is Prctl.CAPBSET_DROP:
        value = _capability(value)
    elif operation is Prctl.SET_NAME:
        value = "..."  # of bytes it is only noted how many
    return [f"PR_{operation.name}", str(value)]


def _capset(arguments: Sequence[Any]) -> Iterable[str]:
    effective, permitted = arguments[:2]
    return ["...", f"{{effective={effective:#x}, permitted={permitted:#x}, inheritable=0}}"]


def _written(arguments: Sequence[Any]) -> Iterable[str]:
    path, content, *_ = arguments
    # A descriptor stands for the door of a control group: who writes 0 joins.
    return [_quoted(path), _quoted(content if isinstance(content, str) else "0")]


def _tree(arguments: Sequence[Any]) -> Iterable[str]:
    recursive = "|AT_RECURSIVE" if _at(arguments, 1, default=True) else ""
    return ["AT_FDCWD", _quoted(arguments[0]), f"OPEN_TREE_CLONE{recursive}"]


def _attributes(arguments: Sequence[Any]) -> Iterable[str]:
    descriptor, value = arguments[0], int(_at(arguments, 1, 0))
    is_propagation = bool(value & (MountFlag.PRIVATE | MountFlag.SLAVE | MountFlag.SHARED))
    words = flags(value, MountFlag, "MS_") if is_propagation else flags(value, MountAttribute, "MOUNT_ATTR_")
    changed = f"{{{'propagation' if is_propagation else 'attr_set'}={words}}}"
    path = _at(arguments, 2, "")
    if isinstance(path, str) and path:
        return ["AT_FDCWD", _quoted(path), "0", changed]
    return [str(descriptor), '""', "AT_EMPTY_PATH|AT_RECURSIVE", changed]


def _limit(arguments: Sequence[Any]) -> Iterable[str]:
    name, _, (soft, hard) = arguments
    return [f"RLIMIT_{name.upper()}", f"{{rlim_cur={soft}, rlim_max={hard}}}"]


_WORDS: Mapping[str, Callable[[Sequence[Any]], Iterable[str]]] = MappingProxyType(
    {
        "clone3": _clone3,
        "unshare": lambda arguments: [_namespaces(arguments[0])],
        "setns": lambda arguments: [str(arguments[0]), _namespaces(_at(arguments, 1, 0))],
        "mount": _mount,
        "umount2": lambda arguments: [_quoted(arguments[0]), "MNT_DETACH"],
        "open_tree": _tree,
        "move_mount": lambda arguments: [str(arguments[0]), '""', "AT_FDCWD", _quoted(arguments[1])],
        "mount_setattr": _attributes,
        "fsmount": lambda arguments: [_quoted(arguments[0]), *(f"{name}={value}" for name, value in arguments[1])],
        "prctl": _prctl,
        "capset": _capset,
        "write": _written,
        "keyctl": lambda _arguments: ["KEYCTL_JOIN_SESSION_KEYRING", "NULL"],
        "seccomp": lambda arguments: [
            "SECCOMP_SET_MODE_FILTER",
            "SECCOMP_FILTER_FLAG_NEW_LISTENER" if _at(arguments, 1) else "0",
            f"{{{arguments[0] // _BYTES_AN_INSTRUCTION} instructions}}",
        ],
        "sendto": lambda arguments: ["netlink", f"{{{', '.join(_MESSAGES.get(one, str(one)) for one in arguments)}}}"],
        "ioctl": lambda arguments: ["socket", arguments[0], f"{{{', '.join(arguments[1:])}}}"],
        "bind": lambda arguments: ["socket", f"{{{arguments[0]}:{arguments[1]}}}"],
        "listen": lambda arguments: ["socket", str(arguments[0])],
        "setgroups": lambda arguments: [str(len(arguments[0])), f"{{{', '.join(map(str, arguments[0]))}}}"],
        "setrlimit": _limit,
        "execve": lambda arguments: [_quoted(arguments[0]), f"[{', '.join(map(_quoted, arguments[1]))}]", "..."],
    }
)
