"""Containers as they are kept: one record each, found by id, start of an id, or name."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from pydock_lab.engine.failed_steps import FailedSteps
from pydock_lab.engine.home import Home
from pydock_lab.errors import Conflict, NotFound, StoreError
from pydock_lab.oci import ContainerConfig, Digest
from pydock_lab.oci.document import Node
from pydock_lab.oci.runtime_spec import ContainerSpec
from pydock_lab.runtime.health import HealthCheck
from pydock_lab.runtime.logs import LogLimits
from pydock_lab.runtime.restart import RestartPolicy
from pydock_lab.runtime.supervision import Supervision

_SHORTEST_ID = 2


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

    def supervision(self, events: str) -> Supervision:
        """What its shim looks after; `events` is where it tells what happens."""
        about = {"image": self.image, "name": self.name}
        return Supervision(
            restart=self.restart,
            health=self.health,
            log=self.log,
            events=events,
            attributes={**self.labels, **about},
        )


class ContainerShelf:
    """The container records of a home."""

    def __init__(self, home: Home) -> None:
        self._home, self._records = home, home.containers

    def folder(self, container: str) -> Path:
        """Where a container's files are, by its whole id."""
        return self._records.path(container)

    def all(self) -> Iterator[ContainerRecord]:
        """All containers, oldest first."""
        found = [record for key in self._records if (record := self._read(key)) is not None]
        yield from sorted(found, key=lambda record: record.created)

    def _read(self, key: str) -> ContainerRecord | None:
        try:
            return ContainerRecord.from_json(self._records.read(key))
        except (StoreError, KeyError, TypeError):  # removed meanwhile, or half made by a killed process
            return None

    def find(self, name: str) -> ContainerRecord:
        """A container by name, id, or the start of an id; raises NotFound, Conflict where several begin so."""
        records = list(self.all())
        for record in records:
            if name in (record.name, record.id):
                return record
        starts = [record for record in records if record.id.startswith(name)] if len(name) >= _SHORTEST_ID else []
        if len(starts) > 1:
            raise Conflict("engine.ambiguous-container", container=name, count=len(starts))
        if not starts:
            raise NotFound("engine.no-container", container=name)
        return starts[0]

    def add(self, record: ContainerRecord) -> None:
        """Keep a new container, whose folder is there; raises Conflict where its name is taken."""
        with self._records.lock():
            self._check_name(record.name, but=record.id)
            self._records.write(record.id, record.to_json())

    def replace(self, record: ContainerRecord) -> None:
        """Keep a container with other words in its record (a new name)."""
        self.add(record)

    def _check_name(self, name: str, *, but: str) -> None:
        for other in self.all():
            if other.name == name and other.id != but:
                raise Conflict("engine.name-taken", name=name, id=other.id[:12])

    def names(self) -> frozenset[str]:
        """All names in use."""
        return frozenset(record.name for record in self.all())


def needed(home: Home) -> frozenset[Digest]:
    """What is needed though no image names it: layers of the build cache, snapshots of containers and failed steps."""
    layers = {layer.descriptor.digest for _, layer in home.cache.layers()}
    chains = {chain for record in ContainerShelf(home).all() for chain in record.chain_ids}
    return frozenset({*layers, *chains, *FailedSteps(home).needed()})


def now() -> float:
    """Seconds since 1970, for records; durations are measured by another clock."""
    return time.time()
