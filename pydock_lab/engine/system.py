"""The system's own questions: version, info, doctor, check."""

import platform
import sys
from collections.abc import Callable

from pydock_lab import locale
from pydock_lab.engine import system_facts
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.values import Info
from pydock_lab.runtime.state import Status
from pydock_lab.version import __version__
from pydock_lab.views import Doctor, FacetView


class System:
    """What a home stands on."""

    def __init__(self, home: Home, life: ContainerLife) -> None:
        self._home, self._life = home, life

    def version(self) -> Info:
        """`docker version`: facts of the server; the client is the same program."""
        details = {
            "Arch": PLATFORM.architecture,
            "KernelVersion": platform.release(),
            "Os": PLATFORM.os,
            "PythonVersion": platform.python_version(),
            "Isolation": str(self._home.runtime.tier),
        }
        return Info(
            facts={
                "Platform": {"Name": "pydock_lab"},
                "Components": [{"Name": "Engine", "Version": __version__, "Details": details}],
                "Version": __version__,
                **details,
            }
        )

    def info(self, isolation: str) -> Info:
        """`docker info`, with Docker's names; `Isolation`, `Facets` and `PythonVersion` are ours."""
        states = [state.status for _, state in self._life.all_now()]
        running, paused = states.count(Status.RUNNING), states.count(Status.PAUSED)
        doctor = self.doctor(isolation)
        return Info(
            facts={
                "Containers": len(states),
                "ContainersRunning": running,
                "ContainersPaused": paused,
                "ContainersStopped": len(states) - running - paused,
                "Images": len({image.descriptor.digest for image in self._home.layout.images()}),
                **system_facts.ENGINE,
                **system_facts.machine(),
                **self._boundaries(isolation),
                "Driver": str(self._home.ground(isolation).driver),
                "DockerRootDir": str(self._home.root),
                "Name": platform.node(),
                "ServerVersion": __version__,
                "PythonVersion": platform.python_version(),
                "Isolation": doctor.tier,
                "IsolationSummary": doctor.summary,
                "Facets": [
                    {"Name": facet.name, "InForce": facet.in_force, "How": facet.how, "Why": facet.why}
                    for facet in doctor.facets
                ],
                "Warnings": [facet.why for facet in doctor.facets if not facet.in_force and facet.why],
            }
        )

    def _boundaries(self, isolation: str) -> dict[str, object]:
        """Limits and security options, as this user has them."""
        if sys.platform != "linux":
            return {"SecurityOptions": []}
        tier = self._home.ground(isolation).runtime.tier
        options = ["name=seccomp,profile=builtin", *(["name=rootless"] if tier.in_user_namespace else [])]
        return {"SecurityOptions": options, **system_facts.control_groups()}

    def doctor(self, isolation: str) -> Doctor:
        """Each facet of isolation, tried: in force or not, how, why not, and what would bring it."""
        if sys.platform != "linux":
            return Doctor(tier="none", summary=locale.text("engine.doctor-none"), facets=())
        runtime = self._home.ground(isolation).runtime
        facets = tuple(
            FacetView(
                name=facet.name,
                title=locale.text(f"engine.facet-{facet.name}"),
                in_force=facet.in_force,
                how=facet.how,
                why=_said(facet.why, facet.detail),
                remedy=_said(facet.remedy, facet.detail),
            )
            for facet in runtime.probe()
        )
        tier = str(runtime.tier)
        return Doctor(tier=shown(tier), summary=locale.text(f"engine.doctor-{tier}"), facets=facets)

    def check(self, on_progress: Callable[[int, int], None] | None) -> tuple[str, ...]:
        """Recompute every digest; what is broken, in words."""
        found = self._home.store.collector.check(on_progress)
        return tuple(locale.text(one.damage.value, digest=one.digest, needed_by=one.needed_by or "-") for one in found)


def _said(key: str, detail: str) -> str:
    return locale.text(key, detail=detail) if key else ""
