"""Who a program is, as the kernel would keep it: user and group ids, and the powers that go with them (credentials(7)).

In a traced container all processes are one user's, and nothing of this is known to the kernel. So each thread has its
credentials here, and the calls that ask for them or change them are answered by the rules of the kernel:

    set-user-ID program, setuid(2) ...     root       --> another: its capabilities go, unless it keeps them
                                           another    --> only to one of its own three ids

Pure: the tests let the kernel itself do the same calls in a user namespace, and compare.

Source: setuid(2), setresuid(2), setfsuid(2), setgroups(2), capget(2), prctl(2); capabilities(7).
"""

import errno
import os
from dataclasses import dataclass, replace
from typing import TypeAlias

from pydock_lab.linux.capabilities import ALL, DEFAULT, Capability

Ids: TypeAlias = tuple[int, int, int, int]  # real, effective, saved, of the file system

_UNCHANGED = 0xFFFF_FFFF
_REAL, _EFFECTIVE, _SAVED, _FILES = range(4)
# What goes and comes with the user id of the file system.
_FILE_POWERS = (
    Capability.CHOWN
    | Capability.DAC_OVERRIDE
    | Capability.DAC_READ_SEARCH
    | Capability.FOWNER
    | Capability.FSETID
    | Capability.LINUX_IMMUTABLE
    | Capability.MKNOD
    | Capability.MAC_OVERRIDE
)


def _refused() -> OSError:
    return OSError(errno.EPERM, os.strerror(errno.EPERM))


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """One thread's; every change gives new ones. Refusals are OSError (EPERM).

    `keeps` says that capabilities outlast the next change of user (prctl(2), PR_SET_KEEPCAPS).
    """

    uids: Ids = (0, 0, 0, 0)
    gids: Ids = (0, 0, 0, 0)
    groups: tuple[int, ...] = ()
    effective: int = int(DEFAULT)
    permitted: int = int(DEFAULT)
    inheritable: int = 0
    ambient: int = 0
    bounding: int = int(DEFAULT)
    keeps: bool = False
    no_new_privileges: bool = False

    def can(self, power: Capability) -> bool:
        """Whether it has a capability in force."""
        return bool(self.effective & power)

    # ---- user ids

    def set_uid(self, uid: int) -> "Credentials":
        """setuid(2)."""
        if self.can(Capability.SETUID):
            return self._with_uids((uid, uid, uid, uid))
        if uid not in (self.uids[_REAL], self.uids[_SAVED]):
            raise _refused()
        return self._with_uids((self.uids[_REAL], uid, self.uids[_SAVED], uid))

    def set_uids(self, real: int, effective: int, saved: int) -> "Credentials":
        """setresuid(2)."""
        return self._with_uids(_three(self.uids, (real, effective, saved), free=self.can(Capability.SETUID)))

    def set_two_uids(self, real: int, effective: int) -> "Credentials":
        """setreuid(2)."""
        return self._with_uids(_two(self.uids, real, effective, free=self.can(Capability.SETUID)))

    def set_file_uid(self, uid: int) -> "Credentials":
        """setfsuid(2): what is not permitted changes nothing."""
        if (uid not in self.uids and not self.can(Capability.SETUID)) or uid == _UNCHANGED:
            return self
        changed = replace(self, uids=(*self.uids[:3], uid))
        if self.uids[_FILES] == 0 != uid:
            return replace(changed, effective=self.effective & ~int(_FILE_POWERS))
        if self.uids[_FILES] != 0 == uid:
            return replace(changed, effective=self.effective | self.permitted & int(_FILE_POWERS))
        return changed

    def _with_uids(self, uids: Ids) -> "Credentials":
        """New user ids, and what they do to the capabilities (capabilities(7), "Effect of user ID changes")."""
        before, now = self.uids, uids
        changed = replace(self, uids=uids)
        if 0 in before[:3] and 0 not in now[:3] and not self.keeps:
            return replace(changed, permitted=0, effective=0, ambient=0)
        if 0 in before[:3] and 0 not in now[:3]:
            # These go in any case: older programs rely on setuid(2) and execve(2) to leave them nothing.
            changed = replace(changed, ambient=0)
        if before[_EFFECTIVE] == 0 != now[_EFFECTIVE]:
            return replace(changed, effective=0)
        if before[_EFFECTIVE] != 0 == now[_EFFECTIVE]:
            return replace(changed, effective=changed.permitted)
        return changed

    # ---- group ids

    def set_gid(self, gid: int) -> "Credentials":
        """setgid(2)."""
        if self.can(Capability.SETGID):
            return replace(self, gids=(gid, gid, gid, gid))
        if gid not in (self.gids[_REAL], self.gids[_SAVED]):
            raise _refused()
        return replace(self, gids=(self.gids[_REAL], gid, self.gids[_SAVED], gid))

    def set_gids(self, real: int, effective: int, saved: int) -> "Credentials":
        """setresgid(2)."""
        return replace(self, gids=_three(self.gids, (real, effective, saved), free=self.can(Capability.SETGID)))

    def set_two_gids(self, real: int, effective: int) -> "Credentials":
        """setregid(2)."""
        return replace(self, gids=_two(self.gids, real, effective, free=self.can(Capability.SETGID)))

    def set_file_gid(self, gid: int) -> "Credentials":
        """setfsgid(2)."""
        if (gid not in self.gids and not self.can(Capability.SETGID)) or gid == _UNCHANGED:
            return self
        return replace(self, gids=(*self.gids[:3], gid))

    def set_groups(self, groups: tuple[int, ...]) -> "Credentials":
        """setgroups(2)."""
        if not self.can(Capability.SETGID):
            raise _refused()
        return replace(self, groups=tuple(sorted(groups)))

    # ---- capabilities

    def set_capabilities(self, effective: int, permitted: int, inheritable: int) -> "Credentials":
        """capset(2)."""
        most = self.inheritable | (self.bounding if self.can(Capability.SETPCAP) else 0) | self.permitted
        if inheritable & ~most or permitted & ~self.permitted or effective & ~permitted:
            raise _refused()
        if inheritable & ~(self.inheritable | self.bounding):
            raise _refused()
        ambient = self.ambient & permitted & inheritable
        return replace(self, effective=effective, permitted=permitted, inheritable=inheritable, ambient=ambient)

    def drop_bounding(self, number: int) -> "Credentials":
        """prctl(2), PR_CAPBSET_DROP."""
        if not self.can(Capability.SETPCAP):
            raise _refused()
        return replace(self, bounding=self.bounding & ~(1 << number))

    def raise_ambient(self, number: int) -> "Credentials":
        """prctl(2), PR_CAP_AMBIENT_RAISE."""
        if not (self.permitted & self.inheritable) >> number & 1:
            raise _refused()
        return replace(self, ambient=self.ambient | 1 << number)

    # ---- a new program

    def execute(self, *, owner: int | None = None, group: int | None = None) -> "Credentials":
        """What a program starts with; `owner` and `group` are those of a set-user-ID or set-group-ID file."""
        uids, gids = self.uids, self.gids
        if owner is not None and not self.no_new_privileges:
            uids = (uids[_REAL], owner, owner, owner)
        if group is not None and not self.no_new_privileges:
            gids = (gids[_REAL], group, group, group)
        uids = (uids[_REAL], uids[_EFFECTIVE], uids[_EFFECTIVE], uids[_EFFECTIVE])
        gids = (gids[_REAL], gids[_EFFECTIVE], gids[_EFFECTIVE], gids[_EFFECTIVE])
        # A set-user-ID file takes the ambient ones away; root counts as a file with all of them.
        ambient = 0 if (uids, gids) != (self._as_saved(self.uids), self._as_saved(self.gids)) else self.ambient
        is_root = 0 in uids[:2]
        permitted = (self.inheritable | self.bounding) if is_root else ambient
        effective = permitted if uids[_EFFECTIVE] == 0 else ambient
        changed = replace(self, uids=uids, gids=gids, ambient=ambient, keeps=False)
        return replace(changed, permitted=permitted, effective=effective)

    @staticmethod
    def _as_saved(ids: Ids) -> Ids:
        return (ids[_REAL], ids[_EFFECTIVE], ids[_EFFECTIVE], ids[_EFFECTIVE])


def _three(ids: Ids, wanted: tuple[int, int, int], *, free: bool) -> Ids:
    real, effective, saved = (old if new == _UNCHANGED else new for old, new in zip(ids, wanted, strict=False))
    if not free and not {real, effective, saved} <= set(ids[:3]):
        raise _refused()
    return (real, effective, saved, effective)


def _two(ids: Ids, wanted_real: int, wanted_effective: int, *, free: bool) -> Ids:
    real = ids[_REAL] if wanted_real == _UNCHANGED else wanted_real
    effective = ids[_EFFECTIVE] if wanted_effective == _UNCHANGED else wanted_effective
    if not free and (real not in ids[:2] or effective not in ids[:3]):
        raise _refused()
    # Who becomes another for good can never come back by the saved one.
    follows = wanted_real != _UNCHANGED or (wanted_effective != _UNCHANGED and effective != ids[_REAL])
    return (real, effective, effective if follows else ids[_SAVED], effective)


ROOT = Credentials()
EVERYTHING = replace(ROOT, effective=int(ALL), permitted=int(ALL), bounding=int(ALL))
