"""What a container's first process sees between two steps of its start, worked out from the record of the steps.

step                         what it sees differently from then on
clone      new PID, NET      ps shows itself alone, ip addr nothing but lo
overlay    image on a place  one more line in the table of mounts
pivot_root "."               ls / shows the image; the host's tree is still below, out of sight
umount     "."               only what was mounted for the container is left
hostname   web               web
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydock_lab.linux import capabilities
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.snapshot.stub import STUB_DIRECTORIES
from pydock_lab.views import Sight

_ALL = sum(Capability)
_FEW = 4
_MANY = 24

_Step = Mapping[str, Any]
_Change = Callable[["Sights", Sight, _Step], Sight]


class Sights:
    """One sight after the other; `now` is the latest, `outside` what the process saw that made the container."""

    def __init__(self, seen: Mapping[str, Any], names: Iterable[str], words: Sequence[str]) -> None:
        """Begin with what was seen outside (runtime/surroundings.py).

        `names` are those at the top of the image, `words` the program.
        """
        self.outside = self.now = _outside(seen) if seen else Sight()
        self._names, self.words = tuple(sorted({*names, *STUB_DIRECTORIES})), words
        self._mounts: list[str] = []  # the container's own
        self._has_numbers = False  # of its own, for its processes

    def after(self, step: _Step) -> Sight:
        """What is seen after the next step."""
        change = _CHANGES.get(step["name"])
        if change:
            self.now = change(self, self.now, step)
        return self.now

    # ---- one for each kind of step

    def clone(self, sight: Sight, step: _Step) -> Sight:
        """Born: alone among processes, with a network of its own that has nothing yet."""
        flags = Namespace(0)
        for name, arguments, _ in step.get("calls", ()):
            if name == "clone3":
                flags = Namespace((arguments[0] if arguments else 0) & sum(Namespace))
        self._has_numbers = bool(flags & Namespace.PID)
        if self._has_numbers:
            sight = replace(sight, processes=("1 python",))
        if flags & Namespace.NET:
            sight = replace(sight, addresses=("lo",))
        if flags & Namespace.USER:
            sight = replace(sight, capabilities=("ALL",))
        return sight

    def loopback(self, sight: Sight, _step: _Step) -> Sight:
        """127.0.0.1."""
        return replace(sight, addresses=("lo 127.0.0.1",))

    def address(self, sight: Sight, step: _Step) -> Sight:
        """The end of a cable: a device with an address."""
        return replace(sight, addresses=(*sight.addresses, step["detail"].partition("/")[0]))

    def namespace(self, sight: Sight, step: _Step) -> Sight:
        """An inode that is not the host's."""
        kind = step["detail"].partition(":")[0]
        found = replace(sight, namespaces={**sight.namespaces, kind: _inode(step["detail"])})
        return replace(found, control_group="/") if kind == "cgroup" else found

    def share(self, sight: Sight, step: _Step) -> Sight:
        """The host's namespace, or another container's."""
        kind = step["detail"]
        addresses = self.outside.addresses if kind == "net" else sight.addresses
        shared = self.outside.namespaces.get(kind, "")
        return replace(sight, addresses=addresses, namespaces={**sight.namespaces, kind: shared})

    def control_group(self, sight: Sight, step: _Step) -> Sight:
        """The group that was joined."""
        return replace(sight, control_group=step["detail"])

    def overlay(self, sight: Sight, step: _Step) -> Sight:
        """The image's layers, on a place of the host's tree that this process alone sees."""
        place = next((arguments[1] for name, arguments, _ in step.get("calls", ()) if name == "mount"), step["detail"])
        return replace(sight, mounts=(*sight.mounts, f"overlay on {place}"))

    def view(self, sight: Sight, _step: _Step) -> Sight:
        """Without namespaces: whoever asks for "/" is shown the image's tree; the table of mounts is the host's."""
        return replace(sight, root=self._names, directory="/")

    def pivot_root(self, sight: Sight, _step: _Step) -> Sight:
        """The image's tree is "/"; the host's mounts are still in the table."""
        self._mounts = ["overlay on /"]
        return replace(sight, root=self._names, mounts=(*self._mounts, *sight.mounts[:-1]), directory="/")

    def mount(self, sight: Sight, step: _Step) -> Sight:
        """Something more is attached."""
        what, _, place = step["detail"].partition(" on ")
        name = "bind" if what.startswith("/") else what
        rest = sight.mounts[len(self._mounts) :]
        self._mounts.append(f"{name} on {place}")
        top = place.strip("/").partition("/")[0]
        return replace(sight, mounts=(*self._mounts, *rest), root=tuple(sorted({*sight.root, top} - {""})))

    def umount(self, sight: Sight, _step: _Step) -> Sight:
        """The host's tree is gone."""
        return replace(sight, mounts=tuple(self._mounts))

    def hostname(self, sight: Sight, step: _Step) -> Sight:
        """Another name."""
        return replace(sight, hostname=step["detail"])

    def directory(self, sight: Sight, step: _Step) -> Sight:
        """Another working directory."""
        return replace(sight, directory=step["detail"])

    def seccomp(self, sight: Sight, step: _Step) -> Sight:
        """System calls are looked at from now on."""
        return replace(sight, seccomp=step["detail"])

    def ownership(self, sight: Sight, step: _Step) -> Sight:
        """Changes of owners are answered, and not made."""
        return replace(sight, seccomp=step["detail"])

    def capabilities(self, sight: Sight, step: _Step) -> Sight:
        """Fewer rights, and perhaps another user."""
        facts = step.get("facts") or {}
        user = _user(facts["uid"], facts["gid"]) if "uid" in facts else sight.user
        return replace(sight, capabilities=_names(facts.get("kept", 0)), user=user)

    def exec(self, sight: Sight, _step: _Step) -> Sight:
        """The program takes the place of the engine's own; who shares the host's numbers is one of many there."""
        if not self._has_numbers:
            return sight
        return replace(sight, processes=(f"1 {' '.join(self.words)}",))


_CHANGES: Mapping[str, _Change] = MappingProxyType(
    {
        "clone": Sights.clone,
        "loopback": Sights.loopback,
        "address": Sights.address,
        "namespace": Sights.namespace,
        "share": Sights.share,
        "control-group": Sights.control_group,
        "overlay": Sights.overlay,
        "view": Sights.view,
        "pivot_root": Sights.pivot_root,
        "mount": Sights.mount,
        "umount": Sights.umount,
        "hostname": Sights.hostname,
        "directory": Sights.directory,
        "seccomp": Sights.seccomp,
        "ownership": Sights.ownership,
        "capabilities": Sights.capabilities,
        "exec": Sights.exec,
    }
)


def _outside(seen: Mapping[str, Any]) -> Sight:
    return Sight(
        hostname=seen["hostname"],
        processes=tuple(seen["processes"]),
        root=tuple(seen["root"]),
        addresses=tuple(seen["addresses"]),
        mounts=_cut(seen["mounts"]),
        user=_user(seen["uid"], seen["gid"]),
        capabilities=_names(seen["capabilities"]),
        control_group=seen["control_group"],
        directory="/",
        namespaces={name: _inode(text) for name, text in seen["namespaces"].items()},
    )


def _cut(lines: list[str]) -> tuple[str, ...]:
    return tuple(lines) if len(lines) <= _MANY else (*lines[:_MANY], "...")


def _inode(text: str) -> str:
    """`4026531840` of `mnt:[4026531840]`."""
    return text.partition("[")[2].rstrip("]") or text


def _names(bits: int) -> tuple[str, ...]:
    missing = _words(_ALL & ~bits)
    if len(missing) <= _FEW:
        return ("ALL", *(f"-{name}" for name in missing))
    return _words(bits & _ALL)


def _words(bits: int) -> tuple[str, ...]:
    return tuple(name.removeprefix("CAP_") for name in capabilities.names(Capability(bits)))


def _user(uid: int, gid: int) -> str:
    return f"uid={uid} gid={gid}"
