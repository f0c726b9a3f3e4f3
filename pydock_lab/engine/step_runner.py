"""Running the program of a RUN step: the container specification that a build step gets, and its mounts."""

import hashlib
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.build.steps import RunStep, StepMount
from pydock_lab.dockerfile.instructions import Network as StepNetwork
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.errors import BuildError
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Mount,
    MountKind,
    Network,
    NetworkMode,
    ProcessSpec,
    Rootfs,
)

if TYPE_CHECKING:
    from pydock_lab.engine.home import Home

# A step may fetch packages, so it sees the network of the host; only --network=none takes it away.
_NETWORKS = {
    StepNetwork.DEFAULT: NetworkMode.HOST,
    StepNetwork.HOST: NetworkMode.HOST,
    StepNetwork.NONE: NetworkMode.NONE,
}


class StepRunner:
    """Runs RUN steps in containers of this machine; `context` is what `--mount=type=bind` shows."""

    def __init__(self, home: "Home", context: Path | None) -> None:
        self._home, self._context = home, context

    @property
    def pretends_owners(self) -> bool:
        """Whether all files are one user's here, whatever their layers say."""
        return self._home.runtime.tier == "rootless-single"

    def run(self, step: RunStep, rootfs: Rootfs, folder: Path, stdout: int, stderr: int) -> int:
        """The exit status of the step's program; raises PydockError where it could not be started."""
        from pydock_lab.linux.capabilities import DEFAULT, names  # noqa: PLC0415 - only where there are containers
        from pydock_lab.runtime.base import Stdio  # noqa: PLC0415 - see above

        runtime = self._home.runtime
        if runtime.tier == "none":
            raise BuildError("build.no-containers", reason=_reason(self._home))
        spec = ContainerSpec(
            id=folder.name,
            process=ProcessSpec(
                args=step.args,
                env=step.environment,
                cwd=step.cwd,
                user=step.user,
                capabilities=names(DEFAULT),
            ),
            rootfs=rootfs,
            hostname="buildkitsandbox",  # what scripts of the real world have seen until now
            mounts=(*(self._mount(mount) for mount in step.mounts), *_script(step, folder)),
            network=Network(mode=_NETWORKS[step.network]),
        )
        return runtime.run(folder, spec, Stdio(stdout=stdout, stderr=stderr))

    def _mount(self, mount: StepMount) -> Mount:
        match mount.type:
            case MountType.TMPFS:
                return Mount(target=mount.target, kind=MountKind.TMPFS, size=mount.size_limit)
            case MountType.CACHE if mount.origin == "scratch":
                return Mount(target=mount.target, source=str(self._cache(mount)), read_only=mount.read_only)
            case MountType.BIND if mount.origin is None and self._context is not None:
                source = os.path.normpath(f"{self._context}/{mount.source.lstrip('/')}")
                if not os.path.exists(source):
                    raise BuildError("build.copy-missing", path=mount.source)
                return Mount(target=mount.target, source=source, read_only=True)
            case _:
                raise BuildError("build.not-here", what=f"RUN --mount=type={mount.type.value}")

    def _cache(self, mount: StepMount) -> Path:
        """The folder of a cache mount: it outlives the build, and every build with the same id has the same one."""
        name = hashlib.sha256((mount.cache_id or mount.target).encode()).hexdigest()[:32]
        path = self._home.root / "cachemounts" / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755 if mount.mode is None else mount.mode)
        return path


def _script(step: RunStep, folder: Path) -> tuple[Mount, ...]:
    """The script of a here-document, as a file that the container sees."""
    if not step.script:
        return ()
    path = folder / "script"
    path.write_text(step.script, encoding="utf-8")
    path.chmod(0o755)
    return (Mount(target=step.args[-1], source=str(path), read_only=True),)


def _reason(home: "Home") -> str:
    refusals = home.runtime.sandbox.refusals
    return "; ".join(f"{one.tier}: {one.call}" for one in refusals) or platform.system()
