"""Control groups: how much of the machine the processes of a container may use, and what they did use (cgroups(7)).

    version 1: one tree a controller             version 2: one tree
    /sys/fs/cgroup/memory/pydock/ID              /sys/fs/cgroup/pydock/ID
    /sys/fs/cgroup/pids/pydock/ID                    memory.max  pids.max  cpu.max  cgroup.procs
        memory.limit_in_bytes  cgroup.procs

A group is a directory: made by mkdir, joined by writing to `cgroup.procs`, limited by writing to its files, gone by
rmdir. Without root a part of the tree must have been delegated (systemd does it for `user@UID.service`, version 2
only). Where there is nothing to write to, a container runs without limits, and that is said.

    hierarchy.py   where groups can be made          v1.py, v2.py    the two interfaces
    group.py       one group                         devices.py      which devices may be opened
    values.py      limits and usage as values        watch.py        to hear of lack of memory
    tree.py        the files, as a seam: the kernel's, or made up by a test
"""

from pydock_lab.linux.cgroups.devices import DEFAULT_DEVICES, DeviceKind, DeviceRule, device_rules
from pydock_lab.linux.cgroups.group import ControlGroup
from pydock_lab.linux.cgroups.hierarchy import Hierarchy, Version, find_hierarchy
from pydock_lab.linux.cgroups.values import Pressure, Unmet, Usage
from pydock_lab.linux.cgroups.watch import OomWatch

__all__ = [
    "DEFAULT_DEVICES",
    "ControlGroup",
    "DeviceKind",
    "DeviceRule",
    "Hierarchy",
    "OomWatch",
    "Pressure",
    "Unmet",
    "Usage",
    "Version",
    "device_rules",
    "find_hierarchy",
]
