"""Running the program of a RUN step: the container specification that a build step gets."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydock_lab import locale
from pydock_lab.build.steps import RunStep
from pydock_lab.build.workshop import RunPlace, RunStreams
from pydock_lab.dockerfile.instructions import Network as StepNetwork
from pydock_lab.dockerfile.instructions import Security
from pydock_lab.errors import BuildError
from pydock_lab.oci.runtime_spec import ContainerSpec, Network, NetworkMode, ProcessSpec, Rlimit

if TYPE_CHECKING:
    from pydock_lab.engine.ground import Ground
    from pydock_lab.runtime.base import Process

_KILL = 9
_SHM_SIZE = 64 << 20
# A step may fetch packages, so it sees the network of the host; only --network=none takes it away.
_NETWORKS = {
    StepNetwork.DEFAULT: NetworkMode.HOST,
    StepNetwork.HOST: NetworkMode.HOST,
    StepNetwork.NONE: NetworkMode.NONE,
}


class StepRunner:
    """Runs RUN steps in containers of this machine, several at once from several threads."""

    def __init__(self, ground: "Ground") -> None:
        self._ground = ground
        self._running: set[Process] = set()
        self._is_stopped = False
        self._lock = threading.Lock()

    @contextmanager
    def running(self, step: RunStep, place: RunPlace, streams: RunStreams) -> Iterator[Callable[[], int]]:
        """The step's program while it runs: called, it gives the exit status. Raises PydockError."""
        from pydock_lab.runtime.base import Stdio  # noqa: PLC0415 - only where there are containers

        runtime = self._ground.runtime
        if runtime.tier == "none":
            refusals = runtime.sandbox.refusals
            reason = "; ".join(f"{one.tier}: {one.call}" for one in refusals) or locale.text("runtime.why-chosen")
            raise BuildError("build.no-containers", reason=reason)
        spec = container_spec(step, place)
        stdio = Stdio(stdout=streams.stdout, stderr=streams.stderr, layer=streams.layer)
        with runtime.start(place.folder, spec, stdio, record=False, pack=streams.pack) as process:
            with self._lock:
                self._running.add(process)
            if self._is_stopped:
                process.kill(_KILL)
            try:
                yield process.wait
            finally:
                with self._lock:
                    self._running.discard(process)

    def stop(self) -> None:
        """Kill all programs that run; those that are to come end at once."""
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.kill(_KILL)


def container_spec(step: RunStep, place: RunPlace) -> ContainerSpec:
    """What a step's container is to be."""
    from pydock_lab.linux.capabilities import ALL, DEFAULT, names  # noqa: PLC0415 - see StepRunner.run

    is_sandboxed = step.security is Security.SANDBOX
    return ContainerSpec(
        id=place.folder.name,
        process=ProcessSpec(
            args=step.args,
            env=(*step.env, *step.proxies, *place.env),
            cwd=step.cwd,
            user=step.user,
            capabilities=names(DEFAULT if is_sandboxed else ALL),
            seccomp=is_sandboxed,
            rlimits=tuple(map(_rlimit, step.ulimits)),
        ),
        rootfs=place.rootfs,
        hostname="buildkitsandbox",  # what scripts of the real world have seen until now
        mounts=place.mounts,
        masked=is_sandboxed,
        network=Network(
            mode=_NETWORKS[step.network],
            extra_hosts=tuple((name, address) for name, _, address in (one.partition(":") for one in step.hosts)),
        ),
        shm_size=step.shm_size or _SHM_SIZE,
        cgroup_parent=step.cgroup_parent,
    )


def _rlimit(text: str) -> Rlimit:
    """`name=soft[:hard]`."""
    name, _, values = text.partition("=")
    soft, _, hard = values.partition(":")
    return Rlimit(name=name, soft=int(soft), hard=int(hard or soft))
