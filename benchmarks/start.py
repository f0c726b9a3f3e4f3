"""Start to exit of /bin/true: through our engine, and with `crun run`; seccomp, capabilities and cgroups on for us.

What is measured is a build step's and a container's common core: from a specification to an exit status, on an
overlay of one layer, in namespaces of its own (mount, pid, uts, ipc, net, cgroup).

All take turns in one run. Before each there is a tenth of a second of rest, the same for ours and for crun's: an
engine goes on working when a container has ended (ours makes the next worker ready, the kernel takes namespaces
apart), and nobody is to pay for what another left behind. Rest favours ours: crun takes longer after it than without.
The likely cause, inferred and not traced in crun: on cgroup version 1 joining a group by `cgroup.procs` takes
milliseconds (the kernel waits for RCU), and by `tasks`, as ours does, next to nothing. So both without rest, in turn,
are in the table as well, though not in the ratio: read both.
"""

import itertools
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.peers import busybox_tree, crun, crun_bundle, hide_empty_hierarchy
from benchmarks.table import measure, ratio, show
from pydock_lab.linux import capabilities
from pydock_lab.oci.runtime_spec import ContainerSpec, Limits, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Runtime, Stdio

ROUNDS = 40
REST_SECONDS = 0.1


def main() -> None:
    """Print the table; the last line is `run ratio=R`, ours by crun's."""
    if shutil.which("crun") is None:
        raise SystemExit("crun is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="pydock-bench-", ignore_cleanup_errors=True) as name,
        open("/dev/null", "r+b") as null,
    ):
        root = Path(name)
        runtime = Runtime(root / "home")
        layer = busybox_tree(root / "layer")
        # The zygote is started before this process goes into a mount namespace for crun's sake.
        assert runtime.tier
        hide_empty_hierarchy()
        bundle = crun_bundle(root / "bundle")
        numbers = itertools.count()
        streams = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())

        def ours(*, record: bool) -> None:
            folder = root / "containers" / str(next(numbers))
            folder.mkdir(parents=True)
            assert runtime.run(folder, specification(folder, layer), streams, record=record) == 0

        def theirs() -> None:
            command = crun("run", "--bundle", str(bundle), f"bench{next(numbers)}")
            subprocess.run(command, check=True, stdin=null, stdout=null)

        times = measure(
            {
                "pydock, a build step": lambda: ours(record=False),
                "pydock, a container with state and log": lambda: ours(record=True),
                "crun run": theirs,
            },
            ROUNDS,
            REST_SECONDS,
        )
        times |= measure({"pydock, without rest": lambda: ours(record=True), "crun run, without rest": theirs}, ROUNDS)
        show(times)
        ratio("run", times["pydock, a container with state and log"], times["crun run"])


def specification(folder: Path, layer: Path, *command: str) -> ContainerSpec:
    """A container of this folder on one layer, limited, with the default capabilities; of /bin/true."""
    return ContainerSpec(
        id=folder.name,
        hostname="bench",
        process=ProcessSpec(
            args=command or ("/bin/true",),
            env=("PATH=/bin",),
            capabilities=capabilities.names(capabilities.DEFAULT),
        ),
        rootfs=Rootfs(
            layers=(str(layer),),
            mountpoint=f"{folder}/merged",
            upper=f"{folder}/upper",
            work=f"{folder}/work",
        ),
        limits=Limits(memory=256 << 20, pids=100),
    )
