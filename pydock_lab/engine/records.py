"""Containers as they are kept: one record each, found by id, start of an id, or name."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from pydock_lab.engine.home import Home
from pydock_lab.engine.names import invent
from pydock_lab.engine.values import MountSummary
from pydock_lab.errors import Conflict, InvalidValue, NotFound
from pydock_lab.oci import ContainerConfig, Digest
from pydock_lab.oci.document import Node
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import ContainerSpec, MountKind, Network, NetworkMode, predefined_id
from pydock_lab.runtime.health import HealthCheck
from pydock_lab.runtime.logs import LogLimits
from pydock_lab.runtime.restart import RestartKind, RestartPolicy
from pydock_lab.runtime.state import ContainerState
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.store.lines import Lines
from pydock_lab.store.remembered import Remembered

_SHORTEST_ID = 2
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_LINE_FORM = 2  # another one with each change of ContainerLine
_STATE_FORM = 1  # of ContainerState


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRecord:
    """What `docker create` decided; how the container is now is in the runtime's `state.json`.

    `image` is the name it was asked for by, `chain_ids` its layers' snapshots, `anonymous` the volumes that go with it,
    `isolation` the tier that its files were made for. `security` are the words of --security-opt, without the text of a
    profile. `stop_timeout` in seconds, -1 being for ever.
    """

    id: str
    name: str
    image: str
    image_id: str
    created: float
    spec: ContainerSpec
    config: ContainerConfig
    chain_ids: tuple[Digest, ...]
    auto_remove: bool = False
    interactive: bool = False
    stop_timeout: int = 10
    anonymous: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthCheck | None = None
    log: LogLimits = field(default_factory=LogLimits)
    labels: Mapping[str, str] = field(default_factory=dict)
    isolation: str = ""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave, by this version or an older one."""
        plain = ("id", "name", "image", "image_id", "created", "auto_remove", "interactive", "stop_timeout", "labels")
        lists = ("anonymous", "exposed", "cap_add", "cap_drop", "security")
        health = document.get("health")
        return cls(
            **({name: document[name] for name in plain} | {name: tuple(document.get(name, ())) for name in lists}),
            spec=ContainerSpec.from_json(document["spec"]),
            config=ContainerConfig.from_node(Node(document["config"], "container record")),
            chain_ids=tuple(Digest(text) for text in document["chain_ids"]),
            restart=RestartPolicy.from_json(document.get("restart") or {}),
            health=HealthCheck.from_json(health) if health else None,
            log=LogLimits.from_json(document.get("log") or {}),
            isolation=document.get("isolation", ""),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return said | {
            "spec": self.spec.to_json(),
            "config": self.config.to_json(),
            "chain_ids": [str(one) for one in self.chain_ids],
            "restart": self.restart.to_json(),
            "health": self.health.to_json() if self.health else None,
            "log": self.log.to_json(),
            "labels": dict(self.labels),
        }

    def entrypoint_and_command(self) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """What it was started with: the image's ENTRYPOINT, unless another was asked for, and the words after it."""
        entrypoint, args = tuple(self.config.entrypoint or ()), self.spec.process.args
        inherits = args[: len(entrypoint)] == entrypoint
        return (self.config.entrypoint if inherits else None), (args[len(entrypoint) :] if inherits else args)

    def called(self, name: str) -> Self:
        """The same under another name, in its networks, too."""
        network = replace(self.spec.network, name=name)
        return replace(self, name=name, spec=replace(self.spec, network=network))

    def supervision(self, store: Path, events: Path) -> Supervision:
        """What its shim looks after; `events` is where it tells what happens."""
        about = {"image": self.image, "name": self.name}
        return Supervision(
            restart=self.restart,
            health=self.health,
            log=self.log,
            events=str(events),
            attributes={**self.labels, **about},
            # Volumes that go with it are ours to remove, and so is it then.
            removed_from=str(store) if self.auto_remove and not self.anonymous else "",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerLine(Document):
    """What lists need of a record: see ContainerSummary; `is_looked_after`: the next engine has to see to its end."""

    id: str
    name: str
    image: str
    image_id: str
    created: float
    command: str
    is_looked_after: bool
    layers: tuple[str, ...]
    exposed: tuple[str, ...]
    published: tuple[str, ...]
    mounts: tuple[MountSummary, ...]
    networks: Mapping[str, str]
    labels: Mapping[str, str]
    isolation: str = ""


def _line(document: dict[str, Any]) -> ContainerLine:
    record = ContainerRecord.from_json(document)
    return ContainerLine(
        id=record.id,
        name=record.name,
        image=record.image,
        image_id=record.image_id,
        created=record.created,
        command=" ".join(f"'{word}'" if " " in word else word for word in record.spec.process.args),
        is_looked_after=record.auto_remove or record.restart.kind is not RestartKind.NO,
        layers=tuple(map(str, record.chain_ids)),
        exposed=record.exposed,
        published=tuple(f"{port.container_port}/{port.protocol}" for port in record.spec.network.ports),
        mounts=tuple(
            MountSummary(target=mount.target, source=mount.source, name=mount.volume)
            for mount in record.spec.mounts
            if mount.kind is MountKind.BIND
        ),
        networks=_networks(record.spec.network),
        labels=record.labels,
        isolation=record.isolation,
    )


def _networks(network: Network) -> dict[str, str]:
    """Ids by name; none of its own where it shares another's."""
    if network.mode in (NetworkMode.HOST, NetworkMode.NONE):
        return {network.title: predefined_id(network.title)}
    return {place.name: place.network for place in network.places}


class ContainerShelf:
    """The container records of a home."""

    def __init__(self, home: Home) -> None:
        self._home, self._records = home, home.containers
        self._lines = Lines(home.containers, ContainerLine, _line, form=_LINE_FORM)
        self._states = Lines(
            home.states, ContainerState, ContainerState.from_json, form=_STATE_FORM, file=".states.json"
        )
        self._remembered = Remembered(home.containers, ContainerRecord.from_json)

    def folder(self, container: str) -> Path:
        """Where a container's files are, by its whole id."""
        return self._records.path(container)

    def all(self) -> Iterator[ContainerRecord]:
        """All containers, oldest first; each record is read whole, which takes its time once (`lines` do not)."""
        for line in self.lines():
            record = self.read(line)
            if record is not None:
                yield record

    def lines(self) -> list[ContainerLine]:
        """What lists need of all containers, oldest first."""
        return sorted(self._lines.all(), key=lambda line: line.created)

    def states(self) -> dict[str, ContainerState]:
        """How all containers were when something last happened to them, by id; not those that were never started."""
        return self._states.by_key()

    def read(self, line: ContainerLine) -> ContainerRecord | None:
        """The record of a line; None where it is no more."""
        return self._remembered.get(line.id)

    def find(self, name: str) -> ContainerRecord:
        """A container by name, id, or the start of an id; raises NotFound, Conflict where several begin so.

        The name may have the slash before it with which `docker inspect` shows it.
        """
        lines, said, name = self.lines(), name, name.removeprefix("/")
        named = next((line for line in lines if name in (line.name, line.id)), None)
        starts = [line for line in lines if line.id.startswith(name)] if len(name) >= _SHORTEST_ID else []
        if named is None and len(starts) > 1:
            raise Conflict("engine.ambiguous-container", container=name, count=len(starts))
        found = named or next(iter(starts), None)
        record = self.read(found) if found else None
        if record is None:
            raise NotFound("engine.no-container", container=said)
        return record

    def add(self, record: ContainerRecord, *, is_invented: bool = False) -> ContainerRecord:
        """Keep a new container, as it is given back; raises as `check_name` does.

        Where its name `is_invented`, and somebody has it, another one is invented.
        """
        with self._records.lock():
            if not is_invented:
                self.check_name(record.name)
            elif record.name in (taken := self.names()):
                record = record.called(invent(taken))
            self._records.add(record.id, record.to_json())
        return record

    def change(self, container: str, how: Callable[[ContainerRecord], ContainerRecord]) -> None:
        """Write other words into a record as it is by now, by its whole id; raises NotFound where it is gone.

        Raises as `check_name` does where the words are a new name.
        """
        with self._records.lock():
            try:
                record = how(ContainerRecord.from_json(self._records.read(container)))
            except NotFound:
                raise NotFound("engine.no-container", container=container[:12]) from None
            self.check_name(record.name, but=container)
            self._records.write(container, record.to_json())

    def check_name(self, name: str, *, but: str = "") -> None:
        """Raises InvalidValue for what is no name, Conflict for one that another container has."""
        if not _NAME.fullmatch(name):
            raise InvalidValue("engine.container-name", name=name)
        for other in self.lines():
            if other.name == name and other.id != but:
                raise Conflict("engine.name-taken", name=name, id=other.id[:12])

    def volume_users(self, volume: str) -> tuple[str, ...]:
        """The names of the containers that have a volume."""
        return tuple(line.name for line in self.lines() if any(mount.name == volume for mount in line.mounts))

    def names(self) -> frozenset[str]:
        """All names in use."""
        return frozenset(line.name for line in self.lines())


def now() -> float:
    """Seconds since 1970, for records; durations are measured by another clock."""
    return time.time()
