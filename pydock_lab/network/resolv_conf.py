"""resolv.conf: which servers a program asks for names, and how (resolv.conf(5)). Pure, but for the host's own file."""

import contextlib
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self

_MOST_SERVERS = 3  # that the C library asks
_NO_SEARCH = "."  # as in `--dns-search .`


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvConf:
    """What such a file says."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: str) -> Self:
        """From the text; what means nothing is passed over, as the C library does."""
        servers: list[str] = []
        search: tuple[str, ...] = ()
        options: list[str] = []
        for line in content.splitlines():
            word, *values = line.split() or [""]
            if word == "nameserver" and values and _is_address(values[0]):
                servers.append(values[0])
            elif word in ("search", "domain"):
                # Of several such lines the last one counts (resolv.conf(5)).
                search = tuple(values)
            elif word == "options":
                options += values
        return cls(servers=tuple(servers), search=search, options=tuple(options))

    def write(self) -> str:
        """As the text of a file."""
        search = [one for one in self.search if one != _NO_SEARCH]
        lines = [f"nameserver {server}\n" for server in self.servers[:_MOST_SERVERS]]
        lines += [f"search {' '.join(search)}\n"] if search else []
        lines += [f"options {' '.join(self.options)}\n"] if self.options else []
        return "".join(lines)


def of_the_host() -> ResolvConf:
    """What the host's own file says; nothing where there is none."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return ResolvConf.read(Path("/etc/resolv.conf").read_text(encoding="utf-8"))
    return ResolvConf()


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
