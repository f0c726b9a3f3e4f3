"""Options that move the boundary of a container: rights, devices, and whose namespaces it lives in.

--cap-drop ALL --cap-add NET_BIND_SERVICE     --security-opt seccomp=profile.json     --pid container:web
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydock_lab.cli import mounts, parse
from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.cli.isolation_option import ISOLATION
from pydock_lab.errors import CommandError

_SECCOMP = ("seccomp=", "seccomp:")
_BUILT_IN = ("", "unconfined", "builtin")

OPTIONS: Sequence[Callable[[Function], Function]] = (
    many("--cap-add", metavar="CAPABILITY"),
    many("--cap-drop", metavar="CAPABILITY"),
    option("--cgroupns", default="", metavar="private|host"),
    many("--device", metavar="SOURCE[:PATH[:ACCESS]]"),
    many("--group-add", metavar="GROUP"),
    flag("--init"),
    option("--ipc", default="", metavar="MODE"),
    ISOLATION,
    option("--pid", default="", metavar="host|container:NAME"),
    flag("--privileged"),
    flag("--read-only"),
    many("--security-opt", metavar="OPTION"),
    many("--sysctl", metavar="NAME=VALUE"),
    option("--userns", default="", metavar="host"),
    option("--uts", default="", metavar="host"),
)


def run_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of RunOptions that speak of the boundary, from what click found for `OPTIONS`; raises CommandError."""
    return {
        "cap_add": said["cap_add"],
        "cap_drop": said["cap_drop"],
        "cgroupns": said["cgroupns"],
        "devices": tuple(map(mounts.device, said["device"])),
        "groups": said["group_add"],
        "init": said["init"],
        "ipc": said["ipc"],
        "isolation": said["isolation"],
        "pid": said["pid"],
        "privileged": said["privileged"],
        "read_only": said["read_only"],
        "security": tuple(map(_security, said["security_opt"])),
        "sysctls": parse.pairs(said["sysctl"], "--sysctl"),
        "userns": said["userns"],
        "uts": said["uts"],
    }


def _security(text: str) -> str:
    """A word of --security-opt, with the text of a seccomp profile in the place of its file's name."""
    if not text.startswith(_SECCOMP):
        return text
    path = text[len("seccomp=") :]
    if path in _BUILT_IN or path.lstrip().startswith("{"):
        return text
    try:
        return f"seccomp={Path(os.path.expanduser(path)).read_text(encoding='utf-8')}"
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError("cli.no-file", path=path, reason=reason) from None
