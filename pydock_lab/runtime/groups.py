"""The control group of a container, from the side of who starts it: made, told its limits, swept.

It is made before its process is, which joins it at its birth: nothing the container does is ever outside of it. Where
this machine lets us make none, a container runs without, and what was asked for and is not in force is said by name.
"""

import errno
import os
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

from pydock_lab.errors import IsolationError
from pydock_lab.linux import capabilities, cgroups
from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Version, device_rules
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Limits, ProcessSpec
from pydock_lab.runtime import devices
from pydock_lab.runtime.steplog import StepLog

_PREFIX = "shim-"
_MKNOD = "CAP_MKNOD"
_ALL = frozenset(capabilities.names(capabilities.ALL))


@cache
def _hierarchy() -> Hierarchy | None:
    """Where groups can be made: looked for once, by `sweep` in the zygote, for all that it forks."""
    return cgroups.find_hierarchy()


def make(log: StepLog) -> ControlGroup | None:
    """A group for a container like most, without limits yet; None where none can be made."""
    hierarchy = _hierarchy()
    if hierarchy is None:
        return None
    try:
        group = ControlGroup.create(hierarchy, _name())
    except OSError:
        return None
    _restrict_devices(group)
    log.add("make-group", group.name)
    return group


def fits(spec: ContainerSpec) -> bool:
    """Whether a container may be in a group that was made ahead of time."""
    return not (spec.cgroup_parent or spec.devices or spec.privileged or _asks_for_cpuset(spec))


def _asks_for_cpuset(spec: ContainerSpec) -> bool:
    """Whether it needs that controller, which in version 1 groups like most do without: it is slow to make."""
    if not (spec.limits.cpuset_cpus or spec.limits.cpuset_mems):
        return False
    hierarchy = _hierarchy()
    return hierarchy is not None and hierarchy.version is Version.V1


def make_for(spec: ContainerSpec, log: StepLog) -> ControlGroup | None:
    """A group for this container.

    Raises IsolationError where `--cgroup-parent` cannot be had, ContainerError where a device is not there.
    """
    log.begin("make-group", spec.cgroup_parent)
    if fits(spec):
        return make(log)
    devices.check(spec.devices)  # the host may have lost one since the container was made
    hierarchy = _hierarchy()
    if hierarchy is None and spec.cgroup_parent:
        raise _no_parent(spec, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    if hierarchy is None:
        return None
    place = hierarchy.below(spec.cgroup_parent) if spec.cgroup_parent else hierarchy
    try:
        # `sweep` knows our own place only: what was left below another one is found when that is used again.
        ControlGroup.sweep(place, _PREFIX)
        # Later would be too late: its cgroup namespace begins where a process is at its birth (cgroup_namespaces(7)).
        processors = Limits(cpuset_cpus=spec.limits.cpuset_cpus, cpuset_mems=spec.limits.cpuset_mems)
        group = ControlGroup.create(place, _name(), processors)
    except OSError as error:
        if spec.cgroup_parent:
            raise _no_parent(spec, error) from None
        return None
    _restrict_devices(group, spec)
    log.add("make-group", group.name)
    return group


def _no_parent(spec: ContainerSpec, error: OSError) -> IsolationError:
    return IsolationError(
        "runtime.cgroup-parent", facet="limits", parent=spec.cgroup_parent, reason=error.strerror or ""
    )


def _restrict_devices(group: ControlGroup, spec: ContainerSpec | None = None) -> None:
    rules = device_rules(spec.devices, privileged=spec.privileged) if spec else device_rules()
    try:
        group.restrict_devices(rules)
    except OSError as error:
        # In a user namespace there are no devices that could be forbidden; and a kernel may lack the controller.
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOSYS, errno.EINVAL):
            raise


def without_devices(process: ProcessSpec, group: ControlGroup | None, tier: Tier) -> ProcessSpec:
    """The same program without the power to make devices, where no control group keeps it from opening them.

    In a user namespace the kernel does; and who has all powers has this one, too.
    """
    is_kept = tier is not Tier.ROOT or (group is not None and group.keeps_devices)
    if is_kept or _MKNOD not in process.capabilities or set(process.capabilities) >= _ALL:
        return process
    return replace(process, capabilities=tuple(one for one in process.capabilities if one != _MKNOD))


def limit(group: ControlGroup | None, limits: Limits) -> Iterator[dict[str, Any]]:
    """Write the limits, and say which are not in force: the keys of texts with their fields."""
    if group is None:
        asked = [one.name for one in fields(limits) if getattr(limits, one.name) not in (None, "")]
        if asked:
            yield {"noted": "runtime.no-limits", "fields": {"limits": ", ".join(map(option, asked))}}
        return
    for unmet in group.limit(limits):
        yield {"noted": "runtime.limit-refused", "fields": {"limit": option(unmet.limit), "reason": unmet.reason}}


def option(name: str) -> str:
    """What a limit is called on the command line."""
    return "--" + {"pids": "pids-limit"}.get(name, name).replace("_", "-")


def sweep() -> None:
    """Remove the groups of shims that were killed."""
    hierarchy = _hierarchy()
    if hierarchy is not None:
        ControlGroup.sweep(hierarchy, _PREFIX)


def _name() -> str:
    # Of the keeper, which stays: a group whose keeper is dead can be swept.
    return f"{_PREFIX}{os.getppid()}-{time.monotonic_ns()}"
