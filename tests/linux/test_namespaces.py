"""System calls and netlink requests, each in a child that goes away with what it did."""

import errno
import os
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface

import pytest

from pydock_lab.linux import links, mount_calls, netlink, routes, seccomp, syscalls
from pydock_lab.linux.mount_calls import MountAttribute, MountFlag
from pydock_lab.linux.netlink import Netlink
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.linux.tiers import attempt, try_container

pytestmark = pytest.mark.usefixtures("as_root")


def done(action: Callable[[], None]) -> bool:
    """Whether the action ran to its end in a child; an OSError is shown."""
    error = attempt(action)
    if error is not None:
        raise error
    return True


def check(condition: object) -> None:
    """For children: an assertion whose failure crosses the process boundary."""
    if not condition:
        raise OSError(errno.EPROTO, "the check failed")


def test_a_failed_check_is_seen() -> None:
    error = attempt(lambda: check(False))
    assert error is not None
    assert error.errno == errno.EPROTO


def test_a_trial_of_a_container_works_for_root() -> None:
    assert attempt(try_container) is None


def test_a_forbidden_machine_is_recognised() -> None:
    def forbidden() -> None:
        syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
        syscalls.install_seccomp(seccomp.assemble(seccomp.isolation_forbidden_policy()))
        try_container()

    error = attempt(forbidden)
    assert error is not None
    assert error.strerror is not None
    assert error.strerror.startswith("unshare")


def test_mounts_stay_in_their_namespace() -> None:
    def mount_and_look() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_calls.mount("here", "/mnt", "tmpfs")
        check(os.path.ismount("/mnt"))

    before = os.path.ismount("/mnt")
    assert done(mount_and_look)
    assert os.path.ismount("/mnt") == before


def test_errors_name_the_call_and_the_path() -> None:
    error = attempt(lambda: mount_calls.mount("x", "/nowhere", "tmpfs"))
    assert error is not None
    assert (error.errno, error.strerror) == (errno.ENOENT, "mount tmpfs: No such file or directory")


def test_attributes_of_a_mount_and_of_what_is_below_it() -> None:
    """Read-only with all that is in it, or alone; and back again."""

    def is_read_only(path: str) -> bool:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)

    def change() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_calls.mount("outer", "/mnt", "tmpfs")
        os.mkdir("/mnt/inner")
        mount_calls.mount("inner", "/mnt/inner", "tmpfs")
        mount_calls.set_mount_attributes(-1, MountAttribute.RDONLY, "/mnt", recursive=False)
        check((is_read_only("/mnt"), is_read_only("/mnt/inner")) == (True, False))
        mount_calls.set_mount_attributes(-1, MountAttribute.RDONLY, "/mnt")
        check(is_read_only("/mnt/inner"))
        mount_calls.set_mount_attributes(-1, MountAttribute(0), "/mnt", off=MountAttribute.RDONLY)
        check(not is_read_only("/mnt"))

    assert done(change)


def test_nothing_open_gets_into_the_next_program() -> None:
    def execute() -> None:
        for number in (20, 400):
            os.dup2(0, number, inheritable=True)
        syscalls.close_on_exec(3)
        check(not any(os.get_inheritable(number) for number in (20, 400)))

    assert done(execute)


def test_a_host_name_of_ones_own() -> None:
    def name_it() -> None:
        syscalls.unshare(Namespace.UTS)
        syscalls.sethostname("lab")
        check(socket.gethostname() == "lab")

    assert done(name_it)


def test_a_bridge_and_a_cable() -> None:
    def build() -> None:
        syscalls.unshare(Namespace.NET)
        netlink.loopback_up()
        with Netlink() as kernel:
            kernel.do([links.add_bridge("b0", mac_address="02:42:0a:09:00:01")])
            bridge = socket.if_nametoindex("b0")
            kernel.do([routes.add_address(bridge, IPv4Interface("10.9.0.1/24")), links.set_up(bridge)])
            kernel.do([links.note(bridge, "10.9.0.0/24")])
            here = os.open("/proc/self/ns/net", os.O_RDONLY)
            end = links.End(name="eth0", namespace=here, mac_address="02:42:0a:09:00:02", mtu=1400)
            kernel.do([links.add_cable("v0", bridge, end), links.isolate("v0")])
            kernel.do([links.set_up(socket.if_nametoindex("eth0"))])
            kernel.do([routes.Route(gateway=IPv4Address("10.9.0.1")).set()])
            found = {one.name: one for one in map(links.Link.read, kernel.ask(links.list_all()))}
            check(found["b0"].alias == "10.9.0.0/24")
            check((found["v0"].bridge, found["eth0"].bridge) == (bridge, 0))
            (body,) = kernel.ask(links.get("v0"))
            check(links.Link.read(body) == found["v0"])
            kernel.do([links.delete(found["v0"].index)])
        check({name for _, name in socket.if_nameindex()} == {"lo", "b0"})
        server = socket.create_server(("10.9.0.1", 0))
        check(socket.create_connection(server.getsockname(), timeout=1))

    assert done(build)


def test_rules_before_all_others_decide_what_a_packet_may_reach() -> None:
    def build() -> None:
        syscalls.unshare(Namespace.NET)
        netlink.loopback_up()
        server = socket.create_server(("127.0.0.1", 0))
        with Netlink() as kernel:
            kernel.do([routes.Rule(priority=9, source="lo").add()])
            kernel.do([routes.Rule(priority=9, source="lo").delete()])
            kernel.do([routes.Rule(priority=20, table=routes.LOCAL_TABLE).add()])
            kernel.do([routes.Rule(priority=0, table=routes.LOCAL_TABLE).delete()])
            check(socket.create_connection(server.getsockname(), timeout=1))
            kernel.do([routes.Rule(priority=9, source="lo").add()])
        try:
            socket.create_connection(server.getsockname(), timeout=1)
        except OSError as error:
            check(error.errno == errno.ENETUNREACH)
        else:
            check(False)

    assert done(build)


def test_what_there_is_not_is_an_error_of_the_system() -> None:
    def look() -> None:
        syscalls.unshare(Namespace.NET)
        with Netlink() as kernel:
            kernel.ask(links.get("b0"))

    error = attempt(look)
    assert error is not None
    assert error.errno == errno.ENODEV


def test_a_name_that_is_taken_is_refused_by_the_kernel() -> None:
    def twice() -> None:
        syscalls.unshare(Namespace.NET)
        with Netlink() as kernel:
            kernel.do([links.add_bridge("b0"), links.add_bridge("b0")])

    error = attempt(twice)
    assert error is not None
    assert error.errno == errno.EEXIST
