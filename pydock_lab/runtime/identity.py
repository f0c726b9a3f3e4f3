"""Who a program runs as: `USER app`, `--user 1000:1000`, looked up in the container's own passwd and group.

Pure: it is given the texts of /etc/passwd and /etc/group, and the host's have no say. Source: passwd(5), group(5),
and Docker's rules for `--user`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.errors import ContainerError

# What Docker takes. To the kernel 4294967295 is -1, "leave it as it is": a program would stay root (CVE-2024-40635).
MOST = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Numbers that the kernel knows, and the home directory."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def resolve(user: str, passwd: str, group: str, extra_groups: Sequence[str] = ()) -> Identity:
    """The identity of `user`, `user:group`, `uid` or `uid:gid`; "" is root.

    An unknown number is taken as it is, with group 0; an unknown name raises ContainerError. The further groups
    are those that list the user, unless a group was asked for, and `extra_groups` (names or numbers).
    """
    name, _, wanted_group = user.partition(":")
    entry = _find_user(name or "0", passwd)
    if entry is None and not _is_number(name) and name:
        raise ContainerError("runtime.unknown-user", user=name)
    uid = int(entry[2]) if entry else int(name or 0)
    gid = int(entry[3]) if entry else 0
    if wanted_group:
        gid = _group_id(wanted_group, group)
        groups: list[int] = []
    else:
        groups = [int(fields[2]) for fields in _lines(group, 4) if entry and entry[0] in fields[3].split(",")]
    groups += [_group_id(extra, group) for extra in extra_groups]
    for number in (uid, gid, *groups):
        if number > MOST:
            raise ContainerError("runtime.id-range", id=number, most=MOST)
    home = entry[5] if entry else "/"
    # Its own group among them: who could leave it would get at what is closed to that group (CVE-2022-36109).
    return Identity(uid=uid, gid=gid, groups=tuple(dict.fromkeys([gid, *groups])), home=home or "/")


def _find_user(user: str, passwd: str) -> list[str] | None:
    # A name goes before a number, as in Docker: a user may be called "1000".
    lines = list(_lines(passwd, 7))
    by_name = [fields for fields in lines if fields[0] == user]
    by_number = [fields for fields in lines if fields[2] == user]
    return next(iter(by_name + by_number), None)


def _group_id(name: str, group: str) -> int:
    for fields in _lines(group, 4):
        if fields[0] == name:
            return int(fields[2])
    if not _is_number(name):
        raise ContainerError("runtime.unknown-group", group=name)
    return int(name)


def _lines(text: str, count: int) -> Iterator[list[str]]:
    """The entries that have `count` fields and a number where the id belongs."""
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= count and _is_number(fields[2]) and (count == 4 or _is_number(fields[3])):  # noqa: PLR2004 - group(5)
            yield fields


def _is_number(text: str) -> bool:
    """Whether it is written as ids are: others' digits are none."""
    return text.isascii() and text.isdecimal()
