"""The state of a stage while its instructions are read: variables, and the configuration so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydock_lab.build.labels import Labels
from pydock_lab.build.names import Names
from pydock_lab.build.steps import Origin
from pydock_lab.dockerfile.expansion import Mode, expand
from pydock_lab.dockerfile.instructions import Network
from pydock_lab.oci import ContainerConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass(slots=True)
class StageState:
    """What the next instruction starts from.

    `env` are the variables that words and RUN see (ENV and ARG, in order), `build_args` the ARGs declared in this
    stage, with their value where they have one; `platform` is `os/arch[/variant]`.
    """

    config: ContainerConfig
    escape: str
    env: dict[str, str]
    platform: str
    build_args: dict[str, str | None] = field(default_factory=dict)
    author: str = ""

    @classmethod
    def on(cls, config: ContainerConfig, escape: str, platform: str) -> "StageState":
        """The state on top of an image; every image has a PATH."""
        if "PATH" not in config.environment:
            config = replace(config, env=(*config.env, f"PATH={DEFAULT_PATH}"))
        # Triggers fire once: the image that is built does not hand them on (Dockerfile reference, "ONBUILD").
        config = replace(config, on_build=())
        return cls(config=config, escape=escape, env=dict(config.environment), platform=platform)

    def on_top(self) -> "StageState":
        """A copy, for a stage that stands on this one."""
        config = replace(self.config, on_build=())
        # What the image says comes again, and so goes before an ARG of the stage below.
        env = {name: value for name, value in self.env.items() if name not in config.environment}
        env |= config.environment
        return replace(self, config=config, env=env, build_args=dict(self.build_args))

    def expand(self, word: str) -> str:
        """A word with its variables replaced; raises DockerfileError."""
        return expand(word, self.env, self.escape).text

    def expand_words(self, word: str) -> tuple[str, ...]:
        """A word that may become several (EXPOSE)."""
        return expand(word, self.env, self.escape).words

    def expand_document(self, text: str) -> str:
        """A here-document with its variables replaced, in which quotes mean nothing; raises DockerfileError."""
        return expand(text, self.env, "\\", Mode.PLAIN_QUOTES).text

    def set_env(self, name: str, value: str) -> None:
        """ENV: for the image, and for the steps that follow."""
        kept = [entry for entry in self.config.env if entry.partition("=")[0] != name]
        # In its old place, as in BuildKit: the order is part of the config, and so of the image id.
        at = next((i for i, entry in enumerate(self.config.env) if entry.partition("=")[0] == name), len(kept))
        kept.insert(at, f"{name}={value}")
        self.config = replace(self.config, env=tuple(kept))
        self.set_variable(name, value)

    def set_variable(self, name: str, value: str) -> None:
        """For the steps that follow; the newest variable is the last one."""
        self.env.pop(name, None)
        self.env[name] = value

    @property
    def folder(self) -> str:
        """The working directory."""
        return self.config.working_dir or "/"

    @property
    def shell(self) -> tuple[str, ...]:
        """What runs a shell form."""
        return self.config.shell or DEFAULT_SHELL


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDefaults:
    """What the user says of all RUN steps beside the Dockerfile: see RunStep."""

    network: Network = Network.DEFAULT
    proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    shm_size: int = 0
    ulimits: tuple[str, ...] = ()
    cgroup_parent: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the instructions of a stage are read with.

    `build_args` were given by the user, `global_args` stand before the first FROM (and are the platform's);
    `index` is the stage's own; `is_trigger` for an instruction that ONBUILD of the base gives.
    """

    index: int
    names: Names
    labels: Labels
    build_args: Mapping[str, str]
    global_args: Mapping[str, str]
    defaults: RunDefaults
    is_trigger: bool = False

    def is_later(self, origin: Origin) -> bool:
        """Whether it is a stage that is not built yet when this one is."""
        return isinstance(origin, int) and origin >= self.index and self.names.replaced(origin) is None
