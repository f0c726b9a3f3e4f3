"""`docker ps --filter`. Source: Docker's documentation, "docker container ls", "Filtering"."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.engine.filters import LABELS, Filters, bad_value, found_in
from pydock_lab.engine.values import ContainerSummary
from pydock_lab.errors import NotFound

_KNOWN = (
    *("ancestor", "before", "exited", "expose", "health", "id", "is-task", *LABELS, "name", "network", "publish"),
    *("since", "status", "volume"),
)
_STATES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
_HEALTH = ("starting", "healthy", "unhealthy", "none")
_PORTS = re.compile(r"([0-9]+)(?:-([0-9]+))?(?:/(tcp|udp|sctp))?")

FindImage = Callable[[str], tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerFilters:
    """Filters of containers; `find_image` gives an image's id and its topmost layer's chain id, or raises NotFound."""

    said: Filters
    find_image: FindImage

    @classmethod
    def parse(cls, words: Sequence[str], find_image: FindImage) -> "ContainerFilters":
        """Read them; raises CommandError, whether there is anything to be filtered or not."""
        said = Filters.parse(words, _KNOWN)
        said.choices("status", _STATES)
        said.choices("health", _HEALTH)
        said.truth("is-task")
        for name in ("expose", "publish"):
            for value in said.values(name):
                _ports(name, value)
        for value in said.values("exited"):
            said.number("exited", value)
        return cls(said=said, find_image=find_image)

    @property
    def ask_for_all(self) -> bool:
        """Whether containers that do not run are asked for."""
        return "status" in self.said

    def select(
        self, rows: Sequence[ContainerSummary], everything: Sequence[ContainerSummary]
    ) -> list[ContainerSummary]:
        """Those of `rows` that fit; `everything` has the containers that before and since may name."""
        said = self.said
        ancestors = [found for value in said.values("ancestor") if (found := self._ancestor(value)) is not None]
        earlier, later = self._moments("before", everything), self._moments("since", everything)
        return [
            row
            for row in rows
            if ("ancestor" not in said or any(_stands_on(row, *one) for one in ancestors))
            and all(row.created < moment for moment in earlier)
            and all(row.created > moment for moment in later)
            and all(self._tests(row))
        ]

    def _tests(self, row: ContainerSummary) -> Iterator[bool]:
        said = self.said
        yield said.fit("exited", lambda value: row.exit_code is not None and row.exit_code == int(value))
        yield said.fit("health", lambda value: (row.health or "none") == value)
        yield said.matches("id", row.id)
        yield said.truth("is-task") is not True  # tasks are Swarm's
        yield said.has_labels(row.labels)
        yield said.fit("name", lambda value: found_in(value, row.name) or found_in(value, f"/{row.name}"))
        yield said.fit("network", lambda value: value in row.networks or value in row.networks.values())
        yield said.fit("status", lambda value: row.state == value)
        yield said.fit("volume", lambda value: any(value in (one.name, one.source, one.target) for one in row.mounts))
        yield said.fit("expose", lambda value: _has_port("expose", (*row.exposed, *row.published), value))
        yield said.fit("publish", lambda value: _has_port("publish", row.published, value))

    def _ancestor(self, name: str) -> tuple[str, str] | None:
        try:
            return self.find_image(name)
        except NotFound:
            return None

    def _moments(self, name: str, everything: Sequence[ContainerSummary]) -> list[float]:
        return [_find(value, everything).created for value in self.said.values(name)]


def _stands_on(row: ContainerSummary, image_id: str, layer: str) -> bool:
    """Whether it was made of that image, or of one that was made from it."""
    return row.image_id == image_id or (bool(layer) and layer in row.layers)


def _find(name: str, rows: Sequence[ContainerSummary]) -> ContainerSummary:
    for row in rows:
        if name.removeprefix("/") == row.name or (name and row.id.startswith(name)):
            return row
    raise NotFound("engine.no-container", container=name)


def _ports(name: str, value: str) -> tuple[range, str]:
    """`80`, `80/udp`, `8000-8080/tcp`; raises CommandError."""
    found = _PORTS.fullmatch(value)
    if found is None:
        raise bad_value(name, value, "80, 80/udp, 8000-8080/tcp")
    first = int(found[1])
    return range(first, int(found[2] or first) + 1), found[3] or "tcp"


def _has_port(name: str, texts: Iterable[str], value: str) -> bool:
    wanted, protocol = _ports(name, value)
    for text in texts:
        found, kind = _ports(name, text)
        if kind == protocol and found.start < wanted.stop and wanted.start < found.stop:
            return True
    return False
