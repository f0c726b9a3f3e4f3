"""The state of a stage while its instructions are read: variables, and the configuration so far."""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.oci import ContainerConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_SHELL = ("/bin/sh", "-c")
# These are read by programs, and are no part of an image: a build argument of this name needs no ARG.
PROXY_ARGS = frozenset(
    name
    for upper in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (upper, upper.lower())
)


@dataclass(slots=True)
class StageState:
    """What the next instruction starts from.

    `env` are the variables that words and RUN see (ENV and ARG, in order), `build_args` the ARGs declared in this
    stage, with their value where they have one.
    """

    config: ContainerConfig
    escape: str
    env: dict[str, str]
    build_args: dict[str, str | None] = field(default_factory=dict)
    author: str = ""

    @classmethod
    def on(cls, config: ContainerConfig, escape: str) -> "StageState":
        """The state on top of an image; every image has a PATH."""
        if "PATH" not in config.environment:
            config = replace(config, env=(*config.env, f"PATH={DEFAULT_PATH}"))
        return cls(config=replace(config, on_build=()), escape=escape, env=dict(config.environment))

    def on_top(self) -> "StageState":
        """A copy, for a stage that stands on this one."""
        config = replace(self.config, on_build=())
        return replace(self, config=config, env=dict(self.env), build_args=dict(self.build_args))

    def expand(self, word: str) -> str:
        """A word with its variables replaced; raises DockerfileError."""
        return expand(word, self.env, self.escape).text

    def expand_words(self, word: str) -> tuple[str, ...]:
        """A word that may become several (EXPOSE)."""
        return expand(word, self.env, self.escape).words

    def set_env(self, name: str, value: str) -> None:
        """ENV: for the image, and for the steps that follow."""
        kept = [entry for entry in self.config.env if entry.partition("=")[0] != name]
        at = next((i for i, entry in enumerate(self.config.env) if entry.partition("=")[0] == name), len(kept))
        kept.insert(at, f"{name}={value}")
        self.config = replace(self.config, env=tuple(kept))
        self.env[name] = value

    def absolute(self, path: str) -> str:
        """A path, from the working directory where it is relative; a slash at its end stays."""
        whole = posixpath.join("/", self.config.working_dir, path)
        cleaned = posixpath.normpath(whole)
        cleaned = "/" + cleaned.lstrip("/")
        is_folder = path.endswith(("/", "/.")) or path in (".", "./") or not path
        return cleaned + "/" if is_folder and cleaned != "/" else cleaned

    @property
    def shell(self) -> tuple[str, ...]:
        """What runs a shell form."""
        return self.config.shell or DEFAULT_SHELL


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is the same for all instructions of a Dockerfile.

    `build_args` were given by the user, `global_args` stand before the first FROM (and are the platform's);
    `find_stage` gives the index of an earlier stage by its name or number.
    """

    build_args: Mapping[str, str]
    global_args: Mapping[str, str]
    find_stage: Callable[[str], int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an instruction stands, and its text."""

    text: str
    lines: LineRange
