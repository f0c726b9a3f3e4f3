"""Who is where: each running container writes one small file for each of its networks, for others to find it by.

    networks/NETWORK/endpoints/CONTAINER.json       written by its shim, removed at its end

A shim that was killed leaves its file behind: the file says which process wrote it, so whoever reads can tell. It also
says in which hub its cable is: containers of two hubs do not reach each other, and must not hear of each other.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import Endpoint
from pydock_lab.store.process import Liveness, Process

_FORMAT = 1
_SHORT_ID = 12  # characters of an id that Docker shows, and takes for a name
_FOLDER = "endpoints"
_TICK_NS = 20_000_000  # more than one tick of the clock by which files are stamped
_Stamp: TypeAlias = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place(Document):
    """A running container in one network: `names` are those under which it is found there, its own one first.

    `interface` is the cable's end in the container, `shim` the process that wrote this, `hub` the hub's mark.
    """

    container: str
    names: tuple[str, ...]
    endpoint: Endpoint
    interface: str
    shim: str
    hub: str
    format: int = _FORMAT

    @classmethod
    def of(cls, container: str, names: Iterable[str], endpoint: Endpoint, **rest: Any) -> "Place":
        """The place of a container of this process, or of another `shim`; its short id and aliases are names, too."""
        name, *others = names
        found = dict.fromkeys(one for one in (name, *endpoint.aliases, container[:_SHORT_ID], *others) if one)
        rest.setdefault("shim", str(Process.current()))
        return cls(container=container, names=tuple(found), endpoint=endpoint, **rest)

    @property
    def is_left_over(self) -> bool:
        """Whether its shim is no more."""
        process = Process.parse(self.shim)
        return process is None or process.liveness() is Liveness.DEAD


def write(networks: Path, place: Place) -> None:
    """Put a place on the list of its network; raises OSError."""
    folder = _folder(networks, place)
    temporary = os.path.join(folder, f".{place.container}.{os.getpid()}")
    content = json.dumps(place.to_json())
    try:
        _write(temporary, content)
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
        _write(temporary, content)
    # Who reads finds the old one or the new one, never a half. It also changes the folder's time (see `Places._read`).
    os.replace(temporary, os.path.join(folder, f"{place.container}.json"))


def remove(networks: Path, place: Place) -> None:
    """Take it off the list."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(_folder(networks, place), f"{place.container}.json"))


def rehearse(place: Place) -> None:
    """Do what `write` does, up to where something would be done."""
    _folder(Path("/"), place)
    json.dumps(place.to_json())


def _folder(networks: Path, place: Place) -> str:
    return os.path.join(networks, place.endpoint.network, _FOLDER)


def _write(path: str, content: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


class Places:
    """The list of one network, read again only where something has changed."""

    def __init__(self, networks: Path, network: str) -> None:
        self._folder = networks / network / _FOLDER
        self._known: dict[str, tuple[_Stamp, Place]] = {}
        self._by_name: dict[str, list[Place]] = {}
        self._changed: int | None = None

    def all(self) -> list[Place]:
        """All whose shims run; what others left is passed over."""
        self._read()
        return [place for _, place in self._known.values() if not place.is_left_over]

    def named(self, name: str) -> list[Place]:
        """Those that are found under a name, in small letters."""
        self._read()
        return [place for place in self._by_name.get(name, ()) if not place.is_left_over]

    def sweep(self) -> None:
        """Remove the files of shims that were killed."""
        self._read()
        for name, (stamp, place) in self._known.items():
            path = os.path.join(self._folder, name)
            if place.is_left_over and _stamp(path) == stamp:  # not that of the container's next life
                os.unlink(path)

    def _read(self) -> None:
        try:
            changed = os.stat(self._folder).st_mtime_ns
        except FileNotFoundError:
            self._known, self._by_name, self._changed = {}, {}, None
            return
        if changed == self._changed:
            return
        # Of two changes within one tick of the clock the second leaves no trace: first let that time pass.
        self._changed = changed if time.time_ns() - changed > _TICK_NS else None
        self._known = dict(self._entries())
        self._by_name = {}
        for _, place in self._known.values():
            for name in dict.fromkeys(map(str.lower, place.names)):
                self._by_name.setdefault(name, []).append(place)

    def _entries(self) -> Iterator[tuple[str, tuple[_Stamp, Place]]]:
        for name in os.listdir(self._folder):
            path = os.path.join(self._folder, name)
            stamp = _stamp(path) if name.endswith(".json") and not name.startswith(".") else None
            known = self._known.get(name)
            if known is not None and known[0] == stamp:
                yield name, known
            elif stamp is not None and (place := _load(path)) is not None:
                yield name, (stamp, place)


def _stamp(path: str) -> _Stamp | None:
    """What tells one file from its successor of the same name; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _load(path: str) -> Place | None:
    try:
        with open(path, "rb") as file:
            document: Mapping[str, Any] = json.load(file)
        return Place.from_json(document) if document.get("format") == _FORMAT else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None  # gone meanwhile, or not ours
