"""A container from both sides: rootless, sharing the host's network; and one whose words are a stranger's."""

from pydock_lab.views import Namespaces, NamespaceView, SidesOfProcess
from samples.views import HOSTILE

_KINDS = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def _view(name: str, command: str) -> Namespaces:
    return Namespaces(
        container="4f2a" * 16,
        name=name,
        tier="rootless",
        outside_name="laptop" if name != HOSTILE else HOSTILE,
        inside_name=name,
        namespaces=tuple(
            NamespaceView(kind=kind, outside=f"402653183{at}", inside=f"40265{'31' if kind == 'net' else '32'}83{at}")
            for at, kind in enumerate(_KINDS)
        ),
        processes=(
            SidesOfProcess(pid=31415, inside_pid=1, uid=1000, inside_uid=0, command=command),
            SidesOfProcess(pid=31420, inside_pid=7, uid=100032, inside_uid=33, command="sleep 600"),
        ),
    )


SIDES = _view("web", "nginx -g daemon off;")
HOSTILE_SIDES = _view(HOSTILE, HOSTILE)
