"""Containers for tests: a tree of files made of busybox, and a `Box` that starts programs in it."""

import contextlib
import os
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Network, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Process, Runtime, Stdio

PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"
GROUP = "root:x:0:\ntty:x:5:\napp:x:1000:\nextra:x:2000:app\n"


@dataclass(frozen=True)
class Ran:
    """A container that has ended: exit status, and what it wrote."""

    status: int
    out: str
    err: str


@dataclass
class Box:
    """Starts busybox programs in containers of one store; each has its own directory."""

    runtime: Runtime
    home: Path
    layer: Path
    started: list[Path] = field(default_factory=list)

    def spec(self, *args: str, process: dict[str, Any] | None = None, **rest: Any) -> tuple[Path, ContainerSpec]:
        directory = self.home / "containers" / f"{os.getpid()}-{len(self.started)}"
        directory.mkdir(parents=True)
        self.started.append(directory)
        rootfs = Rootfs(
            layers=(str(self.layer),),
            mountpoint=f"{directory}/rootfs",
            upper=f"{directory}/upper",
            work=f"{directory}/work",
        )
        words = {"capabilities": capabilities.names(capabilities.DEFAULT)} | (process or {})
        spec = ContainerSpec(id=directory.name, hostname="box", process=ProcessSpec(args=args, **words), rootfs=rootfs)
        if self.runtime.tier is Tier.TRACED:  # where there is none but the host's
            spec = replace(spec, network=Network(mode=NetworkMode.HOST))
        return directory, replace(spec, **rest)

    def written(self, directory: Path, path: str) -> Path:
        """Where a container has a file that it has written."""
        return directory / ("rootfs" if self.runtime.tier is Tier.TRACED else "upper") / path

    def run(self, *args: str, record: bool = False, stdin: bytes = b"", **rest: Any) -> Ran:
        directory, spec = self.spec(*args, **rest)
        return self.collect(lambda stdio: self.runtime.start(directory, spec, stdio, record=record), stdin)

    def sh(self, script: str, **rest: Any) -> Ran:
        return self.run("sh", "-c", script, **rest)

    def background(self, *args: str, keep_input: bool = False, **rest: Any) -> Path:
        directory, spec = self.spec(*args, **rest)
        self.runtime.start(directory, spec, detach=True, keep_input=keep_input).close()
        return directory

    def exec(self, directory: Path, *args: str, stdin: bytes = b"", **rest: Any) -> Ran:
        words = {"capabilities": capabilities.names(capabilities.DEFAULT)} | rest
        process = ProcessSpec(args=args, **words)
        return self.collect(lambda stdio: self.runtime.exec(directory, process, stdio), stdin)

    @staticmethod
    def collect(start: Callable[[Stdio], Process], stdin: bytes = b"") -> Ran:
        """Start a program with pipes (its output is small here: a pipe holds it) and wait for its end."""
        pipes = [os.pipe() for _ in range(3)]
        (their_in, our_in), (our_out, their_out), (our_err, their_err) = pipes
        try:
            process = start(Stdio(stdin=their_in, stdout=their_out, stderr=their_err))
        finally:
            for descriptor in (their_in, their_out, their_err):
                os.close(descriptor)
        with open(our_in, "wb") as feed, open(our_out) as out, open(our_err) as err:
            feed.write(stdin)
            feed.close()
            return Ran(process.wait(), out.read(), err.read())

    def until(self, condition: Callable[[], bool], seconds: float = 5) -> bool:
        """Whether it comes true in time; it is not asked again once it has."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.01)
        return False


def make_layer(path: Path, busybox: str) -> None:
    for name in ("bin", "etc", "root", "tmp", "home/app"):
        (path / name).mkdir(parents=True)
    (path / "tmp").chmod(0o1777)
    program = path / "bin/busybox"
    program.write_bytes(Path(busybox).read_bytes())
    program.chmod(0o755)
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            (path / "bin" / name).symlink_to("busybox")
    (path / "etc/passwd").write_text(PASSWD)
    (path / "etc/group").write_text(GROUP)
    (path / "etc/plain").write_text("plain\n")
    script = path / "bin/script"
    script.write_text("#!/bin/nothing\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    elf = path / "bin/alien"
    elf.write_text("not a program\n")
    elf.chmod(0o755)


@pytest.fixture(scope="session")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    home = tmp_path_factory.mktemp("home")
    return Box(Runtime(home), home, home / "layer")


@pytest.fixture
def any_box(shared_box: Box, need: Callable[[str], str]) -> Box:
    """A box on whatever ground there is."""
    if not shared_box.layer.exists():
        make_layer(shared_box.layer, need("busybox"))
    return shared_box


@pytest.fixture
def box(any_box: Box) -> Iterator[Box]:
    """A box in which containers can be started; those that still run are killed afterwards."""
    if any_box.runtime.tier is Tier.NONE:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no namespaces here")
    first = len(any_box.started)
    yield any_box
    for directory in any_box.started[first:]:
        with contextlib.suppress(ContainerError):  # it has ended
            any_box.runtime.kill(directory, 9)
            any_box.runtime.wait(directory)


@pytest.fixture
def tier(any_box: Box) -> Tier:
    return any_box.runtime.tier
