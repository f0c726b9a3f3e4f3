"""`--security-opt`: words become what the runtime's bundle takes.

no-new-privileges[:true|false]     setuid programs bring nothing back
seccomp=unconfined|builtin|PROFILE no filter, Docker's default one, or one's own (the text of its file)
systempaths=unconfined             what /proc and /sys say of the whole machine is not hidden
apparmor=, label=                  need a kernel with AppArmor or SELinux: said where they have no effect
"""

import os
from collections.abc import Iterable

from pydock_lab.errors import CommandError
from pydock_lab.linux import seccomp
from pydock_lab.runtime.bundle import Security

_TRUTH = {"": True, "true": True, "false": False}


def read_security(words: Iterable[str]) -> tuple[Security, tuple[tuple[str, dict[str, object]], ...]]:
    """What is asked for, and notes (keys of texts with fields) of what has no effect here.

    Raises CommandError for a word that nobody knows, ContainerError for a bad profile.
    """
    said: dict[str, object] = {}
    notes: list[tuple[str, dict[str, object]]] = []
    for word in words:
        name, value = _parts(word)
        match name:
            case "no-new-privileges" if value in _TRUTH:
                said["no_new_privileges"] = _TRUTH[value]
            case "seccomp" if value:
                said |= _seccomp(value)
                notes += _unknown_calls(value)
            case "systempaths" if value == "unconfined":
                said["masked"] = False
            case "apparmor" | "label" | "selinux":
                if value not in ("unconfined", "disable", "") and not _is_active(name):
                    notes.append(("engine.security-without-effect", {"option": word}))
            case _:
                raise CommandError("engine.security-option", option=word)
    return Security(**said), tuple(notes)  # type: ignore[arg-type] # each was checked above


def _parts(word: str) -> tuple[str, str]:
    for sign in ("=", ":"):
        name, found, value = word.partition(sign)
        if found and name.isascii() and "{" not in name:
            return name, value
    return word, ""


def _seccomp(value: str) -> dict[str, object]:
    if value == "unconfined":
        return {"seccomp": False}
    if value == "builtin":
        return {"seccomp": True, "seccomp_profile": ""}
    seccomp.read_profile(value)  # what is wrong with it is said now, and not when the container starts
    return {"seccomp": True, "seccomp_profile": value}


def _unknown_calls(value: str) -> list[tuple[str, dict[str, object]]]:
    if value in ("unconfined", "builtin"):
        return []
    unknown = seccomp.read_profile(value).unknown_names()
    return [("engine.seccomp-unknown", {"names": ", ".join(sorted(unknown))})] if unknown else []


def _is_active(name: str) -> bool:
    return os.path.exists("/sys/kernel/security/apparmor" if name == "apparmor" else "/sys/fs/selinux/enforce")
