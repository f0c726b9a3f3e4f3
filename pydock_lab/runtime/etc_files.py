"""The three files that Docker, too, binds into every container's /etc: hosts, hostname, resolv.conf."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from pydock_lab.errors import ContainerError
from pydock_lab.linux.descriptors import write_all
from pydock_lab.network import outside
from pydock_lab.network.inside import NAME_SERVER
from pydock_lab.network.resolv_conf import ResolvConf, of_the_host
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, NetworkMode

FILES = ("hosts", "hostname", "resolv.conf")
_LOCAL_NAMES = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
_HOST_GATEWAY = "host-gateway"


class EtcFiles:
    """The files of one container, in its `directory`."""

    def __init__(self, spec: ContainerSpec, directory: Path) -> None:
        self._spec, self._network, self._directory = spec, spec.network, directory

    def mounts(self) -> tuple[Mount, ...]:
        """Where they belong."""
        folder = self._directory
        if self._network.mode is NetworkMode.CONTAINER:
            folder = self._directory.parent / self._network.container
        return tuple(Mount(source=str(folder / name), target=f"/etc/{name}") for name in FILES)

    def contents(self, *, asks: bool, has_outside: bool) -> dict[str, str]:
        """The texts of the files, by name; with `asks` names are asked for at 127.0.0.11."""
        return {
            "hosts": self._hosts(),
            "hostname": f"{self._spec.hostname}\n",
            "resolv.conf": self._resolv_conf(asks=asks, has_outside=has_outside),
        }

    def write(self, contents: dict[str, str]) -> None:
        """Write them; one that shares another's network has none of its own."""
        if self._network.mode is not NetworkMode.CONTAINER:
            for name, content in contents.items():
                _write(self._directory / name, content)

    def rewrite_resolv_conf(self, *, has_outside: bool) -> None:
        """From now on the running container is to ask at 127.0.0.11."""
        _write(self._directory / "resolv.conf", self._resolv_conf(asks=True, has_outside=has_outside))

    def add_address(self, address: str) -> None:
        """Add the container's name at a further address to what it has made of the file."""
        # A domain may be a part of the name, or said beside it; either way the bare name is known, too.
        name = ".".join(filter(None, (self._spec.hostname, self._spec.domainname)))
        bare = name.partition(".")[0]
        with (self._directory / "hosts").open("a", encoding="utf-8") as file:
            file.write(f"{address}\t{name}{f' {bare}' if bare != name else ''}\n")

    def remove_address(self, address: str) -> None:
        """Remove that line again."""
        path = self._directory / "hosts"
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
        rest = [line for line in lines if line.split()[:1] != [address]]
        _write(path, "".join(rest))

    def _hosts(self) -> str:
        start = _LOCAL_NAMES
        if self._network.mode is NetworkMode.HOST and not self._spec.hostname:
            # Who has the host's network and its name knows the names that it knows.
            with contextlib.suppress(OSError, UnicodeDecodeError):
                start = Path("/etc/hosts").read_text(encoding="utf-8")
        lines = [f"{address}\t{name}\n" for name, address in self._extra()]
        return start + "".join(lines)

    def _extra(self) -> list[tuple[str, str]]:
        """`--add-host`; where `host-gateway` has no address the line is left out (see `misses_host`)."""
        pairs = [one for one in self._network.extra_hosts if len(one) == 2]  # noqa: PLR2004 - a name and an address
        if len(pairs) != len(self._network.extra_hosts):
            raise ContainerError("network.bad-host", hosts=str(self._network.extra_hosts))
        found = [(name, self._host() if address == _HOST_GATEWAY else address) for name, address in pairs]
        return [(name, address) for name, address in found if address]

    def misses_host(self) -> bool:
        """Whether `host-gateway` was asked for, and there is no way to the host."""
        return any(one[1:] == (_HOST_GATEWAY,) for one in self._network.extra_hosts) and not self._host()

    def _host(self) -> str:
        """The address at which the host can be reached."""
        if self._network.mode is NetworkMode.HOST:
            return "127.0.0.1"
        leads_outside = any(not place.internal for place in self._network.places)
        return outside.host_address() if leads_outside and outside.find_program() else ""

    def _resolv_conf(self, *, asks: bool, has_outside: bool) -> str:
        network = self._network
        host = ResolvConf() if network.mode is NetworkMode.NONE else of_the_host()
        if network.mode is NetworkMode.HOST and not (network.dns or network.dns_search or network.dns_options):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                return Path("/etc/resolv.conf").read_text(encoding="utf-8")
        found = ResolvConf(
            servers=network.dns or (host.servers if network.mode is NetworkMode.HOST else ()),
            search=network.dns_search or host.search,
            options=network.dns_options or host.options,
        )
        if asks:
            # Every name is first asked for as it is: a container's has no dots.
            dots = () if any(one.startswith("ndots:") for one in found.options) else ("ndots:0",)
            found = replace(found, servers=(NAME_SERVER,), options=(*found.options, *dots))
        elif has_outside and not found.servers:
            found = replace(found, servers=(outside.NAME_SERVER,))
        return found.write()


def _write(path: Path, content: str) -> None:
    """Replace a file in place: it may be bound into the container, which would not see another one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        write_all(descriptor, content.encode("utf-8", "surrogateescape"))
    finally:
        os.close(descriptor)
