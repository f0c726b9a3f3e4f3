"""Containers as rows of Docker's lists: `docker ps`, and `docker system df -v`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydock_lab.cli.table import Listing, Row
from pydock_lab.cli.words import ago, local_time, pairs, quoted, short, shortened, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pydock_lab.engine.values import ContainerSize, ContainerSummary
    from pydock_lab.views import PortView

_COMMAND, _MOUNT = 20, 15  # columns that these may take

LISTING = Listing(
    headings={
        "ID": "CONTAINER ID",
        "Image": "IMAGE",
        "Command": "COMMAND",
        "RunningFor": "CREATED",
        "CreatedAt": "CREATED AT",
        "Status": "STATUS",
        "State": "STATE",
        "Ports": "PORTS",
        "Names": "NAMES",
        "Size": "SIZE",
        "Labels": "LABELS",
        "Mounts": "MOUNTS",
        "LocalVolumes": "LOCAL VOLUMES",
        "Networks": "NETWORKS",
        "Platform": "PLATFORM",
    },
    columns=("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"),
    setting="psFormat",
    quiet_wins=True,
    raw="""\
container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
""",
    quiet_raw="container_id: {{.ID}}",
)
# `docker ps --size`.
SIZED = replace(LISTING, columns=(*LISTING.columns, "Size"), raw=LISTING.raw + "size: {{- pad .Size 1 0}}\n")


def container_row(
    one: ContainerSummary, find_size: Callable[[], ContainerSize | None], *, no_trunc: bool = False
) -> Row:
    """One row; its size is asked for when it is shown."""
    mounts = [mount.name or mount.source for mount in one.mounts]
    return Row(
        fields={
            "ID": one.id if no_trunc else short(one.id),
            "Image": one.image,
            "Command": quoted(one.command if no_trunc else shortened(one.command, _COMMAND)),
            "CreatedAt": lambda: local_time(one.created),
            "RunningFor": ago(one.created),
            "Status": one.status,
            "State": one.state,
            "Ports": shown_ports(one.ports, one.exposed if one.state in ("running", "paused") else ()),
            "Names": one.name,
            "Labels": pairs(one.labels),
            "Mounts": ",".join(mounts if no_trunc else (shortened(mount, _MOUNT) for mount in mounts)),
            "LocalVolumes": str(sum(bool(mount.name) for mount in one.mounts)),
            "Networks": ",".join(one.networks),
            "Platform": None,  # as in Docker, where images of several platforms are not kept side by side
            "Size": lambda: shown_size(find_size()),
        },
        labels=one.labels,
    )


def shown_size(found: ContainerSize | None) -> str:
    """What a container wrote, and that with its image: `12B (virtual 5.6MB)`."""
    if found is None:
        return size(0, 3)
    written = size(found.writable, 3)
    return f"{written} (virtual {size(found.total, 3)})" if found.total else written


def shown_ports(ports: Iterable[PortView], exposed: Iterable[str]) -> str:
    """`81-82/tcp, 0.0.0.0:8080->80/tcp`: neighbours together, ports with another number on the host last."""
    published = [(port.container_port, _host(port.host_ip), port.host_port, port.protocol) for port in ports]
    here = {(port, protocol) for port, _, _, protocol in published}
    inside = [(port, "", 0, kind) for text in exposed for port, kind in _expanded(text) if (port, kind) not in here]
    closed, others = list[str](), list[str]()
    runs: dict[tuple[str, str], tuple[int, int]] = {}
    for port, host, outside, kind in sorted({*published, *inside}):
        if host and outside != port:
            others.append(f"{host}:{outside}->{port}/{kind}")
            continue
        first, last = runs.get((host, kind), (port, port - 1))
        if port != last + 1:
            closed.append(_run(host, kind, first, last))
            first = port
        runs[host, kind] = (first, port)
    return ", ".join([*closed, *(_run(*key, *ends) for key, ends in runs.items()), *others])


def _run(host: str, kind: str, first: int, last: int) -> str:
    words = str(first) if first == last else f"{first}-{last}"
    return f"{host}:{words}->{words}/{kind}" if host else f"{words}/{kind}"


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _expanded(text: str) -> Iterator[tuple[int, str]]:
    """The ports of `80/tcp`, `80` or `8000-8010/udp`."""
    numbers, _, kind = text.partition("/")
    first, _, last = numbers.partition("-")
    for port in range(int(first), int(last or first) + 1):
        yield port, kind or "tcp"
