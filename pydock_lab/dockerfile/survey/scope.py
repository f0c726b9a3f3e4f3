"""What the next instruction of a stage sees: variables, and what was said before it."""

from dataclasses import dataclass, field, replace

from pydock_lab.dockerfile.instructions import Instruction
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.oci import ContainerConfig, Platform


@dataclass(slots=True)
class Scope:
    """The state of one stage; it changes from instruction to instruction.

    `env` are the variables in force, the one set last at the end; `declared` the names of all ARGs, with a value
    or without. `is_known` is false where the stage stands on an image that nobody has: then it may have variables
    that are not in `env`. `earlier` says where CMD, ENTRYPOINT and HEALTHCHECK stood last in this stage.
    """

    platform: Platform
    env: dict[str, str]
    is_known: bool
    has_shell: bool
    has_workdir: bool = False
    declared: set[str] = field(default_factory=set)
    earlier: dict[type[Instruction], LineRange] = field(default_factory=dict)

    @classmethod
    def on_image(cls, config: ContainerConfig, platform: Platform, *, is_known: bool) -> "Scope":
        """The state on top of an image; every one has a PATH, but for Windows'."""
        env = config.environment
        if platform.os != "windows":
            env.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        return cls(platform=platform, env=env, is_known=is_known, has_shell=bool(config.shell))

    def on_top(self) -> "Scope":
        """A copy, for a stage that stands on this one."""
        return replace(self, env=dict(self.env), declared=set(self.declared), earlier={})

    def set(self, name: str, value: str) -> None:
        """Give a variable its value."""
        self.env.pop(name, None)
        self.env[name] = value
