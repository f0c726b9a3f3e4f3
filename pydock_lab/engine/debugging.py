"""`docker debug`: a shell in exactly the state in which a RUN failed: same layers, files, variables, user and folder.

    what the shell writes            an overlay of its own, gone when the shell ends
    what the failed step had written as it was left
    the layers below the step

So a second look finds what the first one found. Secrets, caches and agents that the step had mounted are not there.
"""

import os
import signal
from dataclasses import replace
from pathlib import Path

from pydock_lab.engine.failed_steps import FailedStep, FailedSteps
from pydock_lab.engine.home import Home
from pydock_lab.engine.streams import Streams
from pydock_lab.linux.capabilities import DEFAULT, names
from pydock_lab.oci.runtime_spec import ContainerSpec, Network, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Stdio

# What a person would type first.
LOOK = "pwd; id; env; ls -la"


class Debugging:
    """Looks into failed steps of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def run(self, build: str, command: tuple[str, ...], streams: Streams, *, terminal: bool) -> int:
        """The exit status of a shell, or of a command, where the step of that build failed ("": the last that failed).

        Without a command and a terminal to type into, the shell only looks around. Raises NotFound, IsolationError
        and ContainerError.
        """
        step = FailedSteps(self._home).find(build)
        ground = self._home.ground(step.isolation)
        ground.check()
        look = () if terminal else ("-c", LOOK)
        args = command or (*step.shell, *look)
        stdio = Stdio(stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
        with self._home.leases.hold(f"debug {step.build}", *step.chain_ids), self._home.work_folder() as folder:
            spec = self._spec(step, args, self._rootfs(step, folder / "debug"), terminal=terminal)
            (folder / "debug").mkdir()
            with ground.runtime.start(folder / "debug", spec, stdio, record=False) as process:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    process.kill(signal.SIGKILL)
                    return process.wait()

    def _rootfs(self, step: FailedStep, folder: Path) -> Rootfs:
        """The tree as the step left it, under a layer that takes what is written now."""
        left = FailedSteps(self._home).rootfs(step)
        own = self._home.ground(step.isolation).snapshots.rootfs((), folder)
        written = (left.upper,) if os.path.isdir(left.upper) else ()  # it may have failed before it wrote anything
        return replace(own, layers=(*written, *left.layers))

    def _spec(self, step: FailedStep, args: tuple[str, ...], rootfs: Rootfs, *, terminal: bool) -> ContainerSpec:
        return ContainerSpec(
            id="debug",
            process=ProcessSpec(
                args=args,
                env=(*step.env, "TERM=xterm") if terminal else step.env,
                cwd=step.cwd,
                user=step.user,
                terminal=terminal,
                capabilities=names(DEFAULT),
            ),
            rootfs=rootfs,
            hostname="buildkitsandbox",
            network=Network(mode=NetworkMode.HOST),
        )
