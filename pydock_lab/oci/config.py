"""The image config: how to start a container of it, which layers it has, and how each came to be.

Source: OCI image specification, config.md; Docker's additions (Healthcheck, Shell, OnBuild) as moby writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydock_lab.oci.descriptor import Platform
from pydock_lab.oci.digest import Digest, chain_ids
from pydock_lab.oci.document import Node, canonical, drop_empty, in_order


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck:
    """How to tell that a container works; durations in nanoseconds, 0 means inherited."""

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0

    @classmethod
    def from_node(cls, node: Node) -> Self:
        """Read one; raises InvalidDocument."""
        numbers = {
            name: node.maybe(key, Node.whole) or 0
            for name, key in (
                ("interval", "Interval"),
                ("timeout", "Timeout"),
                ("start_period", "StartPeriod"),
                ("start_interval", "StartInterval"),
                ("retries", "Retries"),
            )
        }
        return cls(test=node.get("Test").texts(), **numbers)

    def to_json(self) -> dict[str, object]:
        """As Docker writes it."""
        numbers = {
            "Interval": self.interval,
            "Timeout": self.timeout,
            "StartPeriod": self.start_period,
            "StartInterval": self.start_interval,
            "Retries": self.retries,
        }
        return {"Test": list(self.test)} | {name: value for name, value in numbers.items() if value}


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerConfig:
    """What `docker run` starts from: each field is what the instruction of that name wrote.

    `None` for `entrypoint` and `cmd` means "never said", an empty tuple "said to be empty"; JSON has one form for both.
    """

    user: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    working_dir: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: Healthcheck | None = None
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    args_escaped: bool = False  # Docker's word for "cmd is final": every CMD says so

    @classmethod
    def from_node(cls, node: Node) -> Self:
        """Read one; raises InvalidDocument."""
        return cls(
            args_escaped=node.maybe("ArgsEscaped", Node.truth) or False,
            user=node.maybe("User", Node.text) or "",
            env=node.get("Env").texts(),
            entrypoint=node.maybe("Entrypoint", Node.texts),
            cmd=node.maybe("Cmd", Node.texts),
            working_dir=node.maybe("WorkingDir", Node.text) or "",
            exposed_ports=tuple(sorted(name for name, _ in node.get("ExposedPorts").entries())),
            volumes=tuple(sorted(name for name, _ in node.get("Volumes").entries())),
            labels=node.get("Labels").words(),
            stop_signal=node.maybe("StopSignal", Node.text) or "",
            healthcheck=node.maybe("Healthcheck", Healthcheck.from_node),
            shell=node.get("Shell").texts(),
            on_build=node.get("OnBuild").texts(),
        )

    def to_json(self) -> dict[str, object]:
        """As the specification and Docker write it."""
        fields: dict[str, object] = {
            "User": self.user,
            "ExposedPorts": {port: {} for port in sorted(self.exposed_ports)},
            "Env": list(self.env),
            "Entrypoint": list(self.entrypoint or ()),
            "Cmd": list(self.cmd or ()),
            "Volumes": {path: {} for path in sorted(self.volumes)},
            "WorkingDir": self.working_dir,
            "Labels": in_order(self.labels),
            "StopSignal": self.stop_signal,
            "ArgsEscaped": self.args_escaped or None,
            # Docker's own, after those of the specification:
            "Healthcheck": self.healthcheck.to_json() if self.healthcheck else None,
            "Shell": list(self.shell),
            "OnBuild": list(self.on_build),
        }
        return drop_empty(fields)

    @property
    def environment(self) -> dict[str, str]:
        """`env` as names and values; the last one wins."""
        return {name: value for name, _, value in (entry.partition("=") for entry in self.env)}


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """How one step came to be; `empty_layer` where it wrote no files (ENV, CMD, EXPOSE ...)."""

    created_by: str = ""
    created: str = ""
    comment: str = ""
    author: str = ""
    empty_layer: bool = False

    @classmethod
    def from_node(cls, node: Node) -> Self:
        """Read one; raises InvalidDocument."""
        return cls(
            created_by=node.maybe("created_by", Node.text) or "",
            created=node.maybe("created", Node.text) or "",
            comment=node.maybe("comment", Node.text) or "",
            author=node.maybe("author", Node.text) or "",
            empty_layer=node.maybe("empty_layer", Node.truth) or False,
        )

    def to_json(self) -> dict[str, object]:
        """As the specification writes it."""
        fields = {
            "created": self.created,
            "created_by": self.created_by,
            "author": self.author,
            "comment": self.comment,
        }
        return drop_empty(fields) | ({"empty_layer": True} if self.empty_layer else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageConfig:
    """The config of an image; its digest is what Docker calls the image id. `created` is RFC 3339."""

    platform: Platform
    config: ContainerConfig = field(default_factory=ContainerConfig)
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[History, ...] = ()
    created: str = ""
    author: str = ""

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read one; raises InvalidDocument."""
        node = Node.read(content, "image config")
        rootfs = node.get("rootfs")
        return cls(
            platform=Platform.from_node(node),
            config=node.maybe("config", ContainerConfig.from_node) or ContainerConfig(),
            diff_ids=tuple(item.as_value(Digest) for item in rootfs.get("diff_ids").items()),
            history=tuple(History.from_node(item) for item in node.get("history").items()),
            created=node.maybe("created", Node.text) or "",
            author=node.maybe("author", Node.text) or "",
        )

    def to_bytes(self) -> bytes:
        """The config as canonical JSON."""
        about: dict[str, object] = {"created": self.created, "author": self.author}
        required = {
            "config": self.config.to_json(),
            "rootfs": {"type": "layers", "diff_ids": [str(diff_id) for diff_id in self.diff_ids]},
        }
        history = {"history": [entry.to_json() for entry in self.history]}
        return canonical(drop_empty(about) | self.platform.to_json() | required | drop_empty(history))

    @property
    def chain_ids(self) -> tuple[Digest, ...]:
        """The chain id of each layer, base first."""
        return chain_ids(self.diff_ids)
