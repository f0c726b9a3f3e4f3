"""Python programs in containers of a tier, also started as a program of its own, by an ordinary user.

python supervised.py TIER LAYER.tar HOME < snippets.json      what they tell, as JSON
"""

import io
import json
import os
import sys
from pathlib import Path

from pydock_lab.archive.apply import apply
from pydock_lab.linux import capabilities
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Network, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Runtime, Stdio
from pydock_lab.snapshot.jobs import policy


def unpack(tar: Path, folder: Path, tier: Tier) -> Path:
    """A layer as a tier has it."""
    folder.mkdir(parents=True)
    root = os.open(folder, os.O_RDONLY)
    with tar.open("rb") as content:
        apply(content, root, policy=policy(tier))
    os.close(root)
    return folder


def run_python(runtime: Runtime, layer: Path, place: Path, program: str, given: bytes) -> tuple[int, bytes, bytes]:
    """A program in a container of this layer: its exit status, what it wrote, and its complaints."""
    place.mkdir(parents=True)
    files = [place / name for name in ("in", "out", "err")]
    files[0].write_bytes(given)
    spec = ContainerSpec(
        id=place.name,
        hostname="box",
        network=Network(mode=NetworkMode.HOST),
        process=ProcessSpec(
            args=("/usr/local/bin/python3", "-c", program),
            env=("PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"),
            capabilities=capabilities.names(capabilities.DEFAULT),
        ),
        rootfs=Rootfs(layers=(str(layer),), mountpoint=f"{place}/merged", upper=f"{place}/upper", work=f"{place}/work"),
    )
    with files[0].open("rb") as standard, files[1].open("wb") as out, files[2].open("wb") as err:
        streams = Stdio(stdin=standard.fileno(), stdout=out.fileno(), stderr=err.fileno())
        status = runtime.run(place, spec, streams)
    return status, files[1].read_bytes(), files[2].read_bytes()


def tell(tier: Tier, tar: Path, home: Path, given: bytes) -> dict[str, object]:
    """What the snippets tell in a container of the tier."""
    from snippets import RUNNER  # noqa: PLC0415 - a sibling of this file, which is run as a program

    runtime = Runtime(home, tier=tier)
    layer = unpack(tar, home / "layer", tier)
    status, out, err = run_python(runtime, layer, home / "containers/one", RUNNER, given)
    assert status == 0, err.decode()
    found: dict[str, object] = json.load(io.BytesIO(out))
    return found


if __name__ == "__main__":
    wanted = Tier(sys.argv[1])
    json.dump(tell(wanted, Path(sys.argv[2]), Path(sys.argv[3]), sys.stdin.buffer.read()), sys.stdout)
