"""Assertions about a container."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydock_lab import locale
from pydock_lab.check.result import Examination, Result

if TYPE_CHECKING:
    from pydock_lab.engine.face import Engine


def container(
    name: str,
    *,
    image: str | None = None,
    running: bool | None = None,
    exit_code: int | None = None,
    logs: str | None = None,
    published: Mapping[int, int] | None = None,
    networks: Sequence[str] = (),
    wrote: Sequence[str] = (),
    engine: "Engine | None" = None,
) -> Result:
    """Examine a container: `logs` is a text that it must have written, `published` host's port by container's port.

    `wrote` are paths that it must have added, changed or deleted. Without any of them: that it is there.
    """
    from pydock_lab.engine.face import Engine  # noqa: PLC0415 - only for who examines

    the_engine = engine or Engine()
    exam = Examination(name)
    ports = dict(published or {})
    count = sum(one is not None for one in (image, running, exit_code, logs))
    count += len(ports) + len(networks) + len(wrote)

    def examine() -> None:
        found = the_engine.container(name)
        summary = found.summary
        if not count:
            exam.holds(True, "there", name=name)
        if image is not None:
            exam.equal(locale.text("check.its-image"), image, summary.image)
        if running is not None:
            exam.holds((summary.state == "running") is running, "running" if running else "ended", state=summary.state)
        if exit_code is not None:
            exam.equal(locale.text("check.exit-code"), exit_code, found.exit_code)
        if logs is not None:
            exam.holds(logs in found.logs(), "wrote", text=logs)
        open_ports = {port.host_port: port.container_port for port in summary.ports if port.host_port}
        for outside, inside in ports.items():
            exam.holds(open_ports.get(outside) == inside, "published", outside=outside, inside=inside)
        for network in networks:
            exam.holds(network in summary.networks, "network", network=network)
        changed = {change.path for change in found.changes} if wrote else set()
        for path in wrote:
            exam.holds(path in changed, "changed", path=path)

    exam.attempt(max(count, 1), examine)
    return exam.result()
