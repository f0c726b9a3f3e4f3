"""How containers get their tree of files here: what Docker calls the storage driver.

overlay    the kernel shows the layers as one tree; what is written goes to a folder of its own
links      a folder for each container, whose files are the layers', copied before they are written to (traced)
copies     a folder for each container, with copies of all files: the store's file system allows no better
none       no container can be started
"""

from enum import StrEnum

from pydock_lab.oci.runtime_spec import Rootfs

_TRACED, _NONE = "traced", "none"


class StorageDriver(StrEnum):
    """What is in force, by the name that `docker info` gives."""

    OVERLAY = "overlay"
    LINKS = "links"
    COPIES = "copies"
    NONE = "none"


def driver_of(tier: str, *, can_share: bool) -> StorageDriver:
    """That of a tier; `can_share` is what the trial of its facet `storage` has found."""
    if tier == _NONE:
        return StorageDriver.NONE
    if not can_share:
        return StorageDriver.COPIES
    return StorageDriver.LINKS if tier == _TRACED else StorageDriver.OVERLAY


def driver_of_tree(rootfs: Rootfs, tier: str) -> StorageDriver:
    """That of a container of a tier: as it was started last, or as it is going to be where an overlay can be had."""
    from pydock_lab.snapshot.copying import is_materialised  # noqa: PLC0415 - not on every machine

    return driver_of(tier, can_share=tier == _TRACED or not is_materialised(rootfs.mountpoint))


def graph_driver(rootfs: Rootfs, driver: StorageDriver) -> dict[str, object]:
    """The folders, with the names that Docker's overlay2 driver has for them; a tree of its own has no upper one."""
    folders = {"LowerDir": ":".join(rootfs.layers), "MergedDir": rootfs.mountpoint}
    if driver is StorageDriver.OVERLAY:
        folders |= {"UpperDir": rootfs.upper, "WorkDir": rootfs.work}
    return {"Name": str(driver), "Data": folders}
