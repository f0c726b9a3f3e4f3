"""The little languages of `-v`, `--mount` and `--device`: their texts become values.

    -v data:/data            a volume          -v ./site:/srv:ro      a folder of the host, read-only
    --mount type=bind,source=/srv,target=/srv,readonly,bind-propagation=rslave
    --mount type=tmpfs,target=/run,tmpfs-size=64m
    --device /dev/fuse:/dev/fuse:rw

Source: Docker's documentation, "docker run", "Bind mounts", "Volumes", "tmpfs mounts".
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydock_lab.cli import parse
from pydock_lab.engine.run_options import DeviceWish, VolumeMount
from pydock_lab.errors import CommandError
from pydock_lab.oci.runtime_spec import Propagation

_ACCESS = re.compile(r"[rwm]{1,3}")
# Docker's words for SELinux and for Docker Desktop: there is nothing to do for them here.
_IDLE = frozenset({"rw", "z", "Z", "cached", "delegated", "consistent"})
_PROPAGATIONS = frozenset(Propagation)
_MODES = frozenset({"ro", "nocopy"}) | _IDLE | _PROPAGATIONS
_RECURSIONS = ("enabled", "disabled", "readonly")
_SYNONYMS = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
_TRUE, _FALSE = ("true", "1", ""), ("false", "0")
_COMMON = ("type", "source", "target", "readonly", "consistency")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "bind": ("bind-propagation", "bind-nonrecursive", "bind-recursive"),
    "volume": ("volume-nocopy", "volume-label", "volume-driver", "volume-subpath"),
    "tmpfs": ("tmpfs-size", "tmpfs-mode"),
}


def volume(text: str) -> VolumeMount:
    """`[SOURCE:]TARGET[:MODE,...]`; a source with a slash is a folder of the host. Raises CommandError."""
    parts = text.split(":")
    has_mode = len(parts) > 2 or _MODES.issuperset(parts[-1].split(","))  # noqa: PLR2004 - source and target
    modes = parts.pop().split(",") if has_mode else []
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004 - source and target
        raise CommandError("cli.bad-volume", value=text)
    source, target = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    unknown = set(modes) - _MODES
    if {"ro", "rw"} <= set(modes):
        raise CommandError("cli.bad-volume", value=text)
    if unknown:
        known = ", ".join(["ro", "rw", "nocopy", *sorted(_PROPAGATIONS)])
        raise CommandError("cli.bad-volume-mode", value=text, mode=min(unknown), known=known)
    propagation = next((mode for mode in modes if mode in _PROPAGATIONS), "")
    source = _place(source)
    if propagation and not source.startswith("/"):
        raise CommandError("cli.volume-propagation", value=text)
    return VolumeMount(
        target=_target(target, text),
        source=source,
        read_only="ro" in modes,
        no_copy="nocopy" in modes,
        propagation=propagation,
    )


def mount(text: str) -> VolumeMount | str:
    """`--mount`: a VolumeMount, or for a tmpfs what --tmpfs takes. Raises CommandError that names the bad field."""
    labels: dict[str, str] = {}
    given: dict[str, str] = {}
    for word in parse.fields_in(text, "--mount"):
        name, _, value = word.partition("=")
        name = name.strip().lower()
        if name == "volume-label":
            labels |= parse.pairs([value], "volume-label")
        else:
            given[_SYNONYMS.get(name, name)] = value
    kind = given.get("type", "volume")
    if kind not in _FIELDS or not given.get("target"):
        raise CommandError("cli.bad-mount", value=text)
    known = (*_COMMON, *_FIELDS[kind])
    for name in given:
        if name not in known:
            raise CommandError("cli.bad-mount-field", value=text, field=name, type=kind, known=", ".join(known))
    if kind == "tmpfs":
        return _tmpfs(given, text)
    if kind == "bind" and not given.get("source"):
        raise CommandError("cli.bind-without-source", value=text)
    return VolumeMount(
        target=_target(given["target"], text),
        source=str(_absolute(given["source"])) if kind == "bind" else _volume_name(given.get("source", ""), text),
        read_only=_is_said(given, "readonly", text),
        propagation=_propagation(given, text),
        is_recursive=_recursion(given, text) != "disabled" and not _is_said(given, "bind-nonrecursive", text),
        must_exist=kind == "bind",
        no_copy=_is_said(given, "volume-nocopy", text),
        subpath=given.get("volume-subpath", ""),
        driver=given.get("volume-driver", ""),
        labels=labels,
    )


def device(text: str) -> DeviceWish:
    """`SOURCE[:TARGET][:ACCESS]`, the access being any of r, w and m (mknod); raises CommandError."""
    source, *rest = text.split(":")
    access = rest.pop() if rest and _ACCESS.fullmatch(rest[-1]) else "rwm"
    path = rest.pop(0) if rest else source
    if rest or not source.startswith("/") or not path.startswith("/"):
        raise CommandError("cli.bad-device", value=text)
    return DeviceWish(source=source, path=path, access=access)


def _tmpfs(given: Mapping[str, str], text: str) -> str:
    if given.get("source"):
        raise CommandError("cli.tmpfs-with-source", value=text)
    options = []
    if "tmpfs-size" in given:
        options.append(f"size={parse.size(given['tmpfs-size'], 'tmpfs-size')}")
    if "tmpfs-mode" in given:
        options.append(f"mode={given['tmpfs-mode']}")
    if _is_said(given, "readonly", text):
        options.append("ro")
    target = _target(given["target"], text)
    return f"{target}:{','.join(options)}" if options else target


def _propagation(given: Mapping[str, str], text: str) -> str:
    said = given.get("bind-propagation", "")
    if said and said not in _PROPAGATIONS:
        known = ", ".join(sorted(_PROPAGATIONS))
        raise CommandError("cli.bad-mount-field", value=text, field=said, type="bind-propagation", known=known)
    return said


def _recursion(given: Mapping[str, str], text: str) -> str:
    """Docker's `writable` (mounts below a read-only one stay writable) is not to be had: they become read-only, too."""
    said = given.get("bind-recursive", "")
    if said and said not in _RECURSIONS:
        known = ", ".join(_RECURSIONS)
        raise CommandError("cli.bad-mount-field", value=text, field=said, type="bind-recursive", known=known)
    return said


def _is_said(given: Mapping[str, str], name: str, text: str) -> bool:
    value = given.get(name, "false")
    if value not in (*_TRUE, *_FALSE):
        raise CommandError("cli.bad-mount-field", value=text, field=f"{name}={value}", type=name, known="true, false")
    return value in _TRUE


def _volume_name(name: str, text: str) -> str:
    if "/" in name:
        raise CommandError("cli.volume-is-a-path", value=text, source=name)
    return name


def _place(source: str) -> str:
    is_path = source.startswith((".", "~")) or "/" in source
    return str(_absolute(source)) if is_path else source


def _absolute(source: str) -> Path:
    return Path(os.path.expanduser(source)).absolute()  # of a user whom nobody knows it stays as it is


def _target(target: str, whole: str) -> str:
    if not target.startswith("/"):
        raise CommandError("cli.volume-target", value=whole, target=target)
    return target
