"""The file system of a RUN that failed, kept as it was, so that one can look into it.

    builds/<build>/failed/upper       what the step had written
    builds/<build>/failed.json        the layers below it, and how its program was started

`docker debug` starts a shell on exactly that: the same layers, files, variables, user and folder. The last failure
of all builds is kept, the earlier ones give way to it. Source: moby/buildkit#1472 asks for it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pydock_lab.build.failures import FailedRun
from pydock_lab.engine.home import Home
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.oci import Digest
from pydock_lab.oci.runtime_spec import Rootfs

_RECORD = "failed.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedStep:
    """A step that failed: the layers below it, and how its program was started (`command` as a person wrote it).

    `isolation` is the tier that it ran in.
    """

    build: str
    number: int
    line: int
    command: str
    chain_ids: tuple[Digest, ...]
    env: tuple[str, ...]
    cwd: str
    user: str
    shell: tuple[str, ...]
    isolation: str


class FailedSteps:
    """The failed steps of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def keep(self, build: str, failed: FailedRun, isolation: str) -> None:
        """Take over the files of a step that failed; those of earlier builds go."""
        for earlier in list(self._builds()):
            self.remove(earlier)
        step, folder = failed.step, self._home.builds.path(build) / "failed"
        document = {
            "number": failed.number,
            "line": step.lines.first,
            "command": step.args[-1],
            "chain_ids": list(failed.chain_ids),
            "env": list(step.env),
            "cwd": step.cwd,
            "user": step.user,
            "isolation": isolation,
            "shell": list(step.args[:-2]) if step.args[-2:-1] == ("-c",) else [],
        }
        try:
            folder.mkdir(parents=True)
            with suppress(FileNotFoundError):  # it failed before it wrote anything
                os.rename(failed.upper, folder / "upper")
            self._home.builds.write(build, document, _RECORD)
        except OSError:
            self.remove(build)  # without its record nobody would find it
            raise

    def find(self, build: str = "") -> FailedStep:
        """The failed step of a build (or of the last one that failed); raises NotFound."""
        for name in self._builds():
            if not build or name.startswith(build):
                said = self._home.builds.read(name, _RECORD)
                return FailedStep(
                    build=name,
                    number=said["number"],
                    line=said["line"],
                    command=said["command"],
                    chain_ids=tuple(map(Digest, said["chain_ids"])),
                    env=tuple(said["env"]),
                    cwd=said["cwd"],
                    user=said["user"],
                    shell=tuple(said["shell"]) or ("/bin/sh",),
                    isolation=said.get("isolation", ""),
                )
        raise NotFound("engine.no-failed-step", build=build or "-")

    def rootfs(self, step: FailedStep) -> Rootfs:
        """The tree as the step left it, writable."""
        folder = self._home.builds.path(step.build) / "failed"
        return self._home.ground(step.isolation).snapshots.rootfs(step.chain_ids, folder)

    def needed(self) -> Iterator[Digest]:
        """The snapshots that failed steps stand on."""
        for name in self._builds():
            with suppress(PydockError):
                yield from self.find(name).chain_ids

    def remove(self, build: str) -> None:
        """Let go of a failed step's files."""
        folder = self._home.builds.path(build)
        self._home.snapshots.remove(folder / "failed")
        with suppress(FileNotFoundError):
            (folder / _RECORD).unlink()
        if not (folder / "record.json").exists():
            shutil.rmtree(folder, ignore_errors=True)

    def _builds(self) -> Iterator[str]:
        """Builds with a failed step, the newest first."""
        found: list[tuple[float, str]] = []
        for path in self._home.builds.directory.glob(f"*/{_RECORD}"):
            with suppress(FileNotFoundError):  # somebody else lets go of it just now
                found.append((path.stat().st_mtime, path.parent.name))
        yield from (name for _, name in sorted(found, reverse=True))
