"""What a container's first process sees between two steps of its start, worked out from the record of the steps.

step                         what it sees differently from then on
user-namespace               it is root, and may do anything, in there
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
from pydock_lab.linux.cgroups.hierarchy import CONTROLLERS_1
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace
from pydock_lab.snapshot.stub import STUB_DIRECTORIES
from pydock_lab.views import Sight

_ALL = sum(Capability)
_GROUPS = "/sys/fs/cgroup/"
_UNIFIED = "unified/"  # where the tree of version 2 is on a host that has both
_FEW = 4
_MANY = 24

_Step = Mapping[str, Any]
_Change = Callable[["Sights", Sight, _Step], Sight]


class Sights:
    """One sight after the other; `now` is the latest, `outside` what the process saw that made the container."""

    def __init__(
        self, seen: Mapping[str, Any], names: Iterable[str], words: Sequence[str], steps: Iterable[_Step]
    ) -> None:
        """Begin with what was seen outside (runtime/surroundings.py).

        `names` are those at the top of the image, `words` the program. Of some `steps` is told later what they were.
        """
        self.outside = self.now = _outside(seen) if seen else Sight()
        self._names, self.words = tuple(sorted({*names, *STUB_DIRECTORIES})), words
        self._mounts: list[str] = []  # the container's own
        self._tree = ("", "")  # what becomes "/", and where it is until then
        self._has_numbers = False  # of its own, for its processes
        self._born = _born(steps)

    def after(self, step: _Step) -> Sight:
        """What is seen after the next step."""
        change = _CHANGES.get(step["name"])
        if change:
            self.now = change(self, self.now, step)
        return self.now

    # ---- one for each kind of step

    def user_namespace(self, sight: Sight, step: _Step) -> Sight:
        """Root, in there: with all powers over what belongs to that namespace, and over nothing else."""
        facts = step["facts"]
        own = {kind: _inode(text) for kind, text in facts["namespaces"].items()}
        return replace(
            sight,
            user=_user(facts["uid"], facts["gid"]),
            capabilities=_names(facts["capabilities"]),
            namespaces={**sight.namespaces, **own},
        )

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
        # The kernel numbers a namespace when it is made: which number it has been is told when the process looked.
        new = {name: self._born.get(name, "") for flag, name in NAMESPACE_FILES.items() if flag & flags}
        namespaces = {kind: one for kind, one in {**sight.namespaces, **new}.items() if one}
        return replace(sight, namespaces=namespaces)

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
        if kind != "cgroup":
            return found
        # The groups that it is in are the roots of what it sees.
        return replace(found, control_groups=tuple(_in_group(line, "/") for line in sight.control_groups))

    def share(self, sight: Sight, step: _Step) -> Sight:
        """The host's namespace, or another container's."""
        kind = step["detail"]
        entered = (step.get("facts") or {}).get("entered", "")
        addresses = sight.addresses
        if kind == "net":  # another container's addresses are not known here
            addresses = ("lo 127.0.0.1", "...") if entered else self.outside.addresses
        # Nor who is alive in there; what `ps` shows is what its /proc does, once that is made.
        processes = ("...",) if kind == "pid" else sight.processes
        shared = _inode(entered) if entered else self.outside.namespaces.get(kind, "")
        namespaces = {**sight.namespaces, kind: shared}
        return replace(sight, addresses=addresses, processes=processes, namespaces=namespaces)

    def control_group(self, sight: Sight, step: _Step) -> Sight:
        """The groups that were joined: one in each tree."""
        doors = [call[1][0].rpartition("/")[0] for call in step.get("calls", ()) if call[0] == "write"]
        # Who was born into it has not written anything.
        joined = dict(map(group_of, doors or [step["detail"]]))
        return replace(sight, control_groups=tuple(_joined(line, joined) for line in sight.control_groups))

    def overlay(self, sight: Sight, step: _Step) -> Sight:
        """The image's layers, on a place of the host's tree that this process alone sees."""
        return self._made(sight, step, "overlay")

    def materialise(self, sight: Sight, step: _Step) -> Sight:
        """A copy of the layers, mounted on itself where there are mounts at all."""
        return self._made(sight, step, "bind")

    def _made(self, sight: Sight, step: _Step, kind: str) -> Sight:
        places = [call[1][1] for call in step.get("calls", ()) if call[0] in ("mount", "move_mount")]
        if not places:
            return sight
        told = f"{kind} on {places[-1]}"
        if not self._tree[0]:  # the first one is the container's own, others are of images that it has as volumes
            self._tree = (kind, told)
        return replace(sight, mounts=(*sight.mounts, told))

    def view(self, sight: Sight, _step: _Step) -> Sight:
        """Without namespaces: whoever asks for "/" is shown the image's tree; the table of mounts is the host's."""
        return replace(sight, root=self._names, directory="/")

    def pivot_root(self, sight: Sight, _step: _Step) -> Sight:
        """The image's tree is "/"; the host's mounts are still in the table."""
        kind, told = self._tree
        self._mounts = [f"{kind or 'overlay'} on /"]
        rest = tuple(one for one in sight.mounts if one != told)
        return replace(sight, root=self._names, mounts=(*self._mounts, *rest), directory="/")

    def mount(self, sight: Sight, step: _Step) -> Sight:
        """Something more is attached."""
        what, _, told = step["detail"].partition(" on ")
        name, place = "bind" if what.startswith("/") else what, told.partition(" (")[0]
        rest = sight.mounts[len(self._mounts) :]
        self._mounts.append(f"{name} on {told}")
        top = place.strip("/").partition("/")[0]
        return replace(sight, mounts=(*self._mounts, *rest), root=tuple(sorted({*sight.root, top} - {""})))

    def umount(self, sight: Sight, _step: _Step) -> Sight:
        """The host's tree is gone."""
        return replace(sight, mounts=tuple(self._mounts))

    def read_only(self, sight: Sight, _step: _Step) -> Sight:
        """Its tree, and nothing that is attached to it; without a mount of its own no line of the table says so."""
        if not self._mounts:
            return sight
        self._mounts[:1] = [f"{one} (ro)" for one in self._mounts[:1]]
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

    def traced(self, sight: Sight, step: _Step) -> Sight:
        """System calls are answered by the supervisor."""
        return replace(sight, seccomp=step["detail"])

    def ownership(self, sight: Sight, step: _Step) -> Sight:
        """Changes of owners are answered, and not made."""
        return replace(sight, seccomp=step["detail"])

    def capabilities(self, sight: Sight, step: _Step) -> Sight:
        """Fewer rights, and perhaps another user."""
        facts = step.get("facts") or {}
        user = _user(facts["uid"], facts["gid"]) if "uid" in facts else sight.user
        return replace(sight, capabilities=_names(facts.get("kept", 0)), user=user)

    def exec(self, sight: Sight, step: _Step) -> Sight:
        """The program takes the place of the engine's own; who shares the host's numbers is one of many there."""
        if not self._has_numbers:
            return sight
        pid = (step.get("facts") or {}).get("pid", 1)
        init = ("1 init",) if pid > 1 else ()
        return replace(sight, processes=(*init, f"{pid} {' '.join(self.words)}"))


_CHANGES: Mapping[str, _Change] = MappingProxyType(
    {
        "user-namespace": Sights.user_namespace,
        "clone": Sights.clone,
        "loopback": Sights.loopback,
        "address": Sights.address,
        "namespace": Sights.namespace,
        "share": Sights.share,
        "control-group": Sights.control_group,
        "overlay": Sights.overlay,
        "materialise": Sights.materialise,
        "view": Sights.view,
        "pivot_root": Sights.pivot_root,
        "mount": Sights.mount,
        "umount": Sights.umount,
        "read-only": Sights.read_only,
        "hostname": Sights.hostname,
        "directory": Sights.directory,
        "seccomp": Sights.seccomp,
        "traced": Sights.traced,
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
        control_groups=tuple(seen.get("control_groups", ())),
        directory="/",
        namespaces={name: _inode(text) for name, text in seen["namespaces"].items()},
    )


def _born(steps: Iterable[_Step]) -> dict[str, str]:
    """The namespaces that the process was born into: those that it left again, or those that it told of."""
    found: dict[str, str] = {}
    for step in steps:
        told = step["detail"] if step["name"] == "namespace" else (step.get("facts") or {}).get("left", "")
        if told and not isinstance(told, dict):
            found.setdefault(told.partition(":")[0], _inode(told))
    return found


def group_of(directory: str) -> tuple[str, str]:
    """A control group as cgroups(7) names it, from where it is among files: its controllers, and its path.

    `/sys/fs/cgroup/memory/pydock/a` is the group /pydock/a of the memory controller; in version 2 ("") there is one
    tree for all.
    """
    inside = directory.removeprefix(_GROUPS).removeprefix(_UNIFIED)
    first, _, rest = inside.partition("/")
    is_first_version = set(first.split(",")) <= {*CONTROLLERS_1, "net_cls", "net_prio"}
    return (first, f"/{rest}") if is_first_version else ("", f"/{inside}")


def _joined(line: str, joined: Mapping[str, str]) -> str:
    """A line of /proc/PID/cgroup (`4:memory:/user`) once these groups are joined, by their controllers."""
    controllers = line.split(":")[1]
    return _in_group(line, joined[controllers]) if controllers in joined else line


def _in_group(line: str, path: str) -> str:
    return ":".join([*line.split(":")[:2], path])


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
