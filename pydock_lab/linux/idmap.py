"""Which ids a user namespace may use: its own one, and the ranges of /etc/subuid and /etc/subgid.

    inside     outside
    0          1000                the user
    1 - 65536  100000 - 165535     a range lent to the user by the administrator

A program that is root inside may write to files of these ids and to no others. Only `newuidmap` and `newgidmap`,
which are setuid root and read the two files themselves, can give a range. Sources: user_namespaces(7), subuid(5),
newuidmap(1).
"""

import os
from dataclasses import dataclass

from pydock_lab.linux import journal

SUBUID = "/etc/subuid"
SUBGID = "/etc/subgid"
_NEEDED = 65536  # ids that ordinary images use: `nobody` is 65534


@dataclass(frozen=True, kw_only=True, slots=True)
class IdRange:
    """`count` ids, from `inside` in the namespace and from `outside` on the host."""

    inside: int
    outside: int
    count: int

    def words(self) -> list[str]:
        """As newuidmap(1) takes them."""
        return [str(self.inside), str(self.outside), str(self.count)]


def parse(text: str, owners: tuple[str, ...]) -> list[tuple[int, int]]:
    """The (first, count) ranges of one of these owners (a name or an id) in the text of subuid(5)."""
    ranges = []
    for line in text.splitlines():
        owner, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if owner in owners and first.isdigit() and count.strip().isdigit():
            ranges.append((int(first), int(count)))
    return ranges


def mapping(own: int, ranges: list[tuple[int, int]]) -> tuple[IdRange, ...]:
    """The user becomes 0, the ranges follow from 1; empty when there are fewer than 1,000 ids."""
    mapped = [IdRange(inside=0, outside=own, count=1)]
    inside = 1
    for first, count in ranges:
        mapped.append(IdRange(inside=inside, outside=first, count=count))
        inside += count
    enough = 1000
    return tuple(mapped) if inside > enough else ()


def is_complete(mapped: tuple[IdRange, ...]) -> bool:
    """Whether every id that ordinary images use has a place."""
    return sum(one.count for one in mapped) >= _NEEDED


def of_user(path: str, own: int) -> tuple[IdRange, ...]:
    """The mapping that the file at `path` (subuid or subgid) lends to the calling user; empty when none."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return ()
    # A line of /etc/subgid, too, begins with a user, not with a group (subgid(5)).
    return mapping(own, parse(text, (_user_name(), str(os.getuid()))))


def _user_name() -> str:
    import pwd  # noqa: PLC0415 - absent on Windows, and needed only here

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


def write_single(uid: int, gid: int) -> None:
    """Map 0 of the user namespace just entered to one id; raises OSError. setgroups(2) must be given up first."""
    # A file can be closed to one group: who could leave that group in a namespace would get at it. So the kernel takes
    # gid_map from who has no power outside only when setgroups is denied (user_namespaces(7); CVE-2014-8989).
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1\n"), ("gid_map", f"0 {gid} 1\n")):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            # In a single write(2): a map can be written once, and is never changed.
            journal.ask("write", lambda _, said, to=descriptor: os.write(to, said.encode()), f"/proc/self/{name}", text)
        finally:
            os.close(descriptor)


def _run(tool: str, words: list[str]) -> int:
    return os.spawnvp(os.P_WAIT, tool, words)  # noqa: S606 - a list of words


def write_ranges(pid: int) -> tuple[str, int] | None:
    """Map the ranges lent to this user into the user namespace of `pid`; what refused, and its status, or None.

    Called from outside of the namespace. 0 as status stands for no range, 127 for a missing program, as in a shell.
    """
    tools = (("newuidmap", SUBUID, os.getuid()), ("newgidmap", SUBGID, os.getgid()))
    for tool, path, own in tools:
        mapped = of_user(path, own)
        if not mapped:
            return path, 0
        words = [word for one in mapped for word in one.words()]
        status = journal.ask("execve", _run, tool, [tool, str(pid), *words])
        if status:
            return tool, status
    return None
