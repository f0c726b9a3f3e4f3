"""A container's network, from the shim's side: its files in /etc, its cable, its published ports."""

from pathlib import Path
from typing import Self

from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, PublishedPort


class Connectivity:
    """What a container's network consists of; a context manager, because all of it ends with the container."""

    def __init__(self, spec: ContainerSpec, directory: Path) -> None:
        self._spec, self._directory = spec, directory
        self.address = ""
        self.gateway = ""
        self.ports: tuple[PublishedPort, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def files(self) -> tuple[Mount, ...]:
        return ()

    def connect(self, pid: int) -> None:
        pass
