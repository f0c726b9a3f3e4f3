"""Kernel settings of a container's own namespaces (`--sysctl`), and only those (sysctl(8), proc_sys(5)).

    net.*                                        its network namespace
    kernel.shm* kernel.msg* kernel.sem fs.mqueue.*   its IPC namespace
    all others                                   the whole machine's: refused

What /proc/sys shows depends on who looks: a process writes to the settings of the namespaces that it is in.
"""

import os
from collections.abc import Mapping

from pydock_lab.errors import ContainerError
from pydock_lab.linux import journal
from pydock_lab.oci.runtime_spec import Namespaces, Network, NetworkMode
from pydock_lab.runtime.steplog import StepLog

_OF_IPC = frozenset(
    {
        *("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem"),
        *("kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"),
    }
)


def check(wanted: Mapping[str, str], namespaces: Namespaces, network: Network) -> None:
    """Raise ContainerError for a setting that is not of one of the container's own namespaces."""
    for name in wanted:
        if name.startswith("net."):
            owns = network.mode in (NetworkMode.NONE, NetworkMode.BRIDGE)
            key = "runtime.sysctl-network"
        else:
            owns = namespaces.ipc != "host" and (name in _OF_IPC or name.startswith("fs.mqueue."))
            is_known = name in _OF_IPC or name.startswith("fs.mqueue.")
            key = "runtime.sysctl-ipc" if is_known else "runtime.sysctl-machine"
        if not owns:
            raise ContainerError(key, sysctl=name)


def write(wanted: Mapping[str, str], log: StepLog) -> None:
    """Write settings through the /proc that is there; raises ContainerError where the kernel does not take one."""
    for name, value in wanted.items():
        log.begin("sysctl", f"{name}={value}")
        try:
            put(name, value)
        except OSError as error:
            raise ContainerError("runtime.sysctl-refused", sysctl=name, value=value, reason=error.strerror) from None
        log.add("sysctl", f"{name}={value}")


def put(name: str, value: str) -> None:
    """Write one setting; raises OSError."""
    # A dot in a name between slashes is a device's (net.ipv4.conf.eth0/1.mtu).
    path = "/proc/sys/" + name.translate(str.maketrans("./", "/."))
    journal.ask("write", _write, path, value)


def _write(path: str, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)
