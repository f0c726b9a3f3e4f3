"""The little languages inside options: `-v data:/data:ro`, `--memory 64m`, `-e NAME=value`."""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pydock_lab.engine.run_options import VolumeMount
from pydock_lab.errors import CommandError

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9.]+)s)?")


def size(text: str, option: str) -> int:
    """Bytes: `64m`, `1g`, `1.5GB`, `4096`; raises CommandError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise CommandError("cli.bad-size", option=option, value=text)
    return int(float(found[1]) * _UNITS[found[2].lower()])


def environment(words: Iterable[str], files: Iterable[str] = ()) -> dict[str, str]:
    """`-e NAME=value`, `-e NAME` (the caller's value) and the lines of `--env-file`; raises CommandError."""
    found: dict[str, str] = {}
    for path in files:
        found |= _env_file(path)
    for word in words:
        name, equals, value = word.partition("=")
        if not name:
            raise CommandError("cli.bad-env", value=word)
        if equals:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def _env_file(path: str) -> dict[str, str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError("cli.no-file", path=path, reason=error.strerror) from None
    return environment(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def pairs(words: Iterable[str], option: str) -> dict[str, str]:
    """`NAME=value` options such as --label and --build-arg; a bare --build-arg NAME takes the caller's value."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name:
            raise CommandError("cli.bad-pair", option=option, value=word)
        if equals or option != "--build-arg":
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def volume(text: str) -> VolumeMount:
    """`[SOURCE:]TARGET[:ro]`; a source with a slash is a folder of the host. Raises CommandError."""
    parts = text.split(":")
    mode = parts.pop() if len(parts) > 1 and parts[-1] in ("ro", "rw") else "rw"
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004 - source and target
        raise CommandError("cli.bad-volume", value=text)
    source, target = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    return _mount(source, target, text, read_only=mode == "ro")


def mount(text: str) -> VolumeMount | str:
    """`--mount type=...,source=...,target=...`: a VolumeMount, or for a tmpfs what --tmpfs takes."""
    given: dict[str, str] = {}
    for field in text.split(","):
        name, equals, value = field.partition("=")
        given[{"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}.get(name, name)] = (
            value if equals else "true"
        )
    kind = given.get("type", "volume")
    if "target" not in given or kind not in ("bind", "volume", "tmpfs"):
        raise CommandError("cli.bad-mount", value=text)
    if kind == "tmpfs":
        options = ["size=" + given["tmpfs-size"]] if "tmpfs-size" in given else []
        return ":".join([given["target"], *options])
    read_only = given.get("readonly", "false") in ("true", "1")
    return _mount(given.get("source", ""), given["target"], text, read_only=read_only)


def _mount(source: str, target: str, whole: str, *, read_only: bool) -> VolumeMount:
    if not target.startswith("/"):
        raise CommandError("cli.volume-target", value=whole, target=target)
    if source.startswith((".", "~")) or "/" in source:
        source = str(Path(source).expanduser().absolute())
    return VolumeMount(target=target, source=source, read_only=read_only)


def moment(text: str, now: float) -> float:
    """A time for --since and --until: RFC 3339, seconds since 1970, or how long ago (`10m`); raises CommandError."""
    found = _DURATION.fullmatch(text)
    if text and found and any(found.groups()):
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return now - hours * 3600 - minutes * 60 - seconds
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise CommandError("cli.bad-time", value=text) from None


def split_container_path(text: str) -> tuple[str, str]:
    """`CONTAINER:PATH` of `docker cp`; the container is empty for a path of the host."""
    container, colon, path = text.partition(":")
    if not colon or container.startswith((".", "/")):
        return "", text
    return container, path or "/"


def words_of(mapping: Mapping[str, str]) -> str:
    """Labels as `docker ps` lists them."""
    return ",".join(f"{name}={value}" for name, value in mapping.items())
