"""Making a container: an image, and what was asked for, become a record and a folder; nothing is started yet."""

import os
import posixpath
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from pydock_lab import locale
from pydock_lab.engine.final_tree import FinalTree, final_tree
from pydock_lab.engine.ground import Ground
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.names import invent
from pydock_lab.engine.network_wishes import NetworkWishes
from pydock_lab.engine.records import ContainerRecord, ContainerShelf, now
from pydock_lab.engine.run_options import RunOptions, VolumeMount
from pydock_lab.engine.security import read_security
from pydock_lab.engine.this_machine import fits
from pydock_lab.engine.transfers import Transfers
from pydock_lab.engine.volumes import Volumes
from pydock_lab.engine.wishes import health_check, log_limits, run_wishes, tmpfs
from pydock_lab.errors import CommandError, Conflict, ContainerError
from pydock_lab.events import Noted, OnEvent
from pydock_lab.oci.config import ContainerConfig
from pydock_lab.oci.runtime_spec import Mount, Namespaces
from pydock_lab.runtime.bundle import container_spec
from pydock_lab.runtime.restart import RestartKind
from pydock_lab.snapshot.snapshotter import PackedLayer

_STOP_SECONDS = 10
_CONTAINER = "container:"
# What `--pid` and its like may be, besides "" and container:NAME.
_MODES = {
    "pid": ("host",),
    "ipc": ("host", "none", "private", "shareable"),
    "uts": ("host",),
    "userns": ("host",),
    "cgroupns": ("host", "private"),
}
_WITH_CONTAINERS = ("pid", "ipc")


class Creating:
    """Makes the containers of a home."""

    def __init__(
        self, home: Home, images: ImageShelf, transfers: Transfers, volumes: Volumes, networks: NetworkWishes
    ) -> None:
        self._home, self._images, self._transfers = home, images, transfers
        self._volumes, self._networks = volumes, networks
        self._shelf = ContainerShelf(home)

    def create(self, options: RunOptions, on_event: OnEvent) -> ContainerRecord:
        """Make a container, ready to start; raises PydockError, with nothing left behind."""
        found = self._image(options, on_event)
        if options.name:
            self._shelf.check_name(options.name)
        for key in self._networks.notes(options):
            on_event(Noted(text=locale.text(key)))
        ground = self._home.ground(options.isolation)
        with ExitStack() as undo, self._volumes.wanting():
            record = self._record(options, found, ground, on_event, undo)
            kept = self._keep(record, found, ground, is_invented=not options.name)
            undo.pop_all()
        return kept

    def _keep(
        self, record: ContainerRecord, found: FoundImage, ground: Ground, *, is_invented: bool
    ) -> ContainerRecord:
        with self._home.leases.collecting(shared=True):  # what is here stays
            if all(map(ground.snapshots.has, record.chain_ids)):
                return self._shelf.add(record, is_invented=is_invented)
        with self._home.leases.hold(f"create {record.name}") as lease:
            lease.add(*record.chain_ids)
            self._unpack(found, ground)
            return self._shelf.add(record, is_invented=is_invented)

    def _image(self, options: RunOptions, on_event: OnEvent) -> FoundImage:
        if options.pull == "never":
            found = self._images.find(options.image)
        else:
            found = self._transfers.have(
                options.image,
                on_event,
                always=options.pull == "always",
                meanwhile=lambda: self._home.warm(options.isolation),
            )
        wanted, has = options.platform, str(found.config.platform)
        if wanted and not fits(has, wanted):
            raise ContainerError("engine.platform", image=options.image, wanted=wanted, found=has)
        return found

    def _record(
        self, options: RunOptions, found: FoundImage, ground: Ground, on_event: OnEvent, undo: ExitStack
    ) -> ContainerRecord:
        ground.check()
        if options.auto_remove and options.restart.kind is not RestartKind.NO:
            raise CommandError("engine.rm-and-restart")
        config = found.config.config
        chain = found.config.chain_ids
        name = options.name or invent(())  # another one where it is taken: see `add`
        security, notes = read_security(options.security)
        for key, said in notes:
            on_event(Noted(text=locale.text(key, None, **said)))
        network = self._networks.network(options, name, config.exposed_ports)
        options = replace(options, hostname=self._networks.hostname(options))
        mounts, anonymous = self._mounts(options, config, lambda: self._tree(found), ground)
        for volume in anonymous:
            undo.callback(self._volumes.remove, volume, self._shelf.volume_users)
        container = os.urandom(32).hex()
        rootfs = ground.snapshots.rootfs(chain, self._home.containers.path(container))
        wishes = run_wishes(options, mounts, network, self._namespaces(options), security)
        return ContainerRecord(
            id=container,
            name=name,
            image=options.image,
            image_id=found.image_id,
            created=now(),
            spec=container_spec(container, config, wishes, rootfs),
            config=config,
            chain_ids=chain,
            auto_remove=options.auto_remove,
            interactive=options.interactive,
            stop_timeout=_STOP_SECONDS if options.stop_timeout is None else options.stop_timeout,
            anonymous=anonymous,
            exposed=tuple(dict.fromkeys((*config.exposed_ports, *options.expose))),
            cap_add=options.cap_add,
            cap_drop=options.cap_drop,
            security=tuple(word if "{" not in word else "seccomp=(profile)" for word in options.security),
            restart=options.restart,
            health=health_check(options.health, config.healthcheck, config.shell),
            log=log_limits(options.log_driver, options.log_options),
            labels=dict(config.labels) | dict(options.labels),
            isolation=str(ground.runtime.tier),
        )

    # ---- mounts

    def _mounts(
        self, options: RunOptions, config: ContainerConfig, tree: Callable[[], FinalTree], ground: Ground
    ) -> tuple[tuple[Mount, ...], tuple[str, ...]]:
        """`-v`, `--volumes-from`, and an anonymous volume for each VOLUME of the image that nothing is mounted on."""
        targets = [*(one.target for one in options.volumes), *(tmpfs(text).target for text in options.tmpfs)]
        taken = _places(targets)
        of_others = [one for text in options.volumes_from for one in self._of_container(text)]
        kept = [one for one in of_others if _clean(one.target) not in taken]
        taken |= {_clean(one.target) for one in kept}
        rest = [VolumeMount(target=path) for path in config.volumes if _clean(path) not in taken]
        made = [self._volumes.mount(volume, tree, ground) for volume in (*options.volumes, *rest)]
        mounts = {_clean(mount.target): mount for mount in (*kept, *(mount for mount, _ in made))}
        # Shorter paths first: what is mounted below something else must come after it.
        in_order = sorted(mounts.values(), key=lambda mount: _clean(mount.target).count("/"))
        return tuple(in_order), tuple(name for _, name in made if name)

    def _of_container(self, text: str) -> list[Mount]:
        """`--volumes-from CONTAINER[:ro|rw]`."""
        name, _, mode = text.partition(":")
        if mode not in ("", "ro", "rw"):
            raise CommandError("engine.volumes-from", value=text)
        mounts = [one for one in self._shelf.find(name).spec.mounts if one.source]
        return [replace(one, read_only=one.read_only or mode == "ro") for one in mounts]

    def _tree(self, found: FoundImage) -> FinalTree:
        return final_tree(self._home, found.manifest, found.config)

    # ---- namespaces

    def _namespaces(self, options: RunOptions) -> Namespaces:
        said = {kind: self._mode(kind, getattr(options, kind)) for kind in _MODES}
        if said["uts"] == "host" and options.hostname:
            raise ContainerError("engine.hostname-of-host")
        return Namespaces(
            pid=said["pid"],
            ipc=said["ipc"],
            uts=said["uts"],
            user=said["userns"],
            cgroup="" if said["cgroupns"] == "private" else said["cgroupns"],
        )

    def _mode(self, kind: str, text: str) -> str:
        """A mode, with the id of a container in the place of its name; raises CommandError, NotFound, Conflict."""
        if kind in _WITH_CONTAINERS and text.startswith(_CONTAINER):
            other = self._shelf.find(text.removeprefix(_CONTAINER))
            if kind == "ipc" and other.spec.namespaces.ipc not in ("", "shareable"):
                raise Conflict("engine.ipc-not-shareable", container=other.name, mode=other.spec.namespaces.ipc)
            return f"{_CONTAINER}{other.id}"
        if text and text not in _MODES[kind]:
            known = [*_MODES[kind], *([f"{_CONTAINER}NAME"] if kind in _WITH_CONTAINERS else [])]
            raise CommandError("engine.namespace-mode", option=f"--{kind}", value=text, known=", ".join(known))
        return text

    # ---- layers

    def _unpack(self, found: FoundImage, ground: Ground) -> None:
        parts = zip(found.manifest.layers, found.config.diff_ids, found.config.chain_ids, strict=True)
        layers = [PackedLayer(chain_id=chain_id, diff_id=diff_id, blob=layer) for layer, diff_id, chain_id in parts]
        ground.snapshots.have(layers, self._home.blobs.open)


def _places(targets: Sequence[str]) -> set[str]:
    """Where something is to be mounted; raises CommandError for a place that is named twice, and for the whole tree.

    Before anything is made: a volume that is to hold the whole tree would be filled with the image first.
    """
    found: set[str] = set()
    for place in map(_clean, targets):
        if place == "/":
            raise CommandError("runtime.mount-on-root", target=place)
        if place in found:
            raise CommandError("engine.mounted-twice", target=place)
        found.add(place)
    return found


def _clean(target: str) -> str:
    return posixpath.normpath("/" + target.strip("/"))
