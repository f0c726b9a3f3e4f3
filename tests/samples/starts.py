"""The start of a container, as a record of the store has it; and one whose words are a stranger's."""

from typing import Any

from pydock_lab.engine.starts import run_trace
from pydock_lab.views import RunTrace
from samples.views import HOSTILE

_OUTSIDE = {
    "hostname": "laptop",
    "processes": ["1 systemd", "2 kthreadd", "871 sshd", "... 210"],
    "root": ["bin", "boot", "dev", "etc", "home", "lib", "proc", "root", "sys", "tmp", "usr", "var"],
    "addresses": ["lo 127.0.0.1", "wlan0 192.0.2.7"],
    "mounts": ["/dev/nvme0n1p2 on /", "proc on /proc", "sysfs on /sys", "devtmpfs on /dev"],
    "uid": 0,
    "gid": 0,
    "capabilities": (1 << 41) - 1,
    "control_groups": ["0::/user.slice"],
    "namespaces": {
        kind: f"{kind}:[402653183{at}]" for at, kind in enumerate(("cgroup", "ipc", "mnt", "net", "pid", "user"))
    },
}
_CLONE = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
_KEPT = {"kept": 0xA80425FB, "uid": 0, "gid": 0}
_MERGED = "/home/ada/.local/share/pydock/containers/4f2a/merged"


def _step(at: float, name: str, detail: str = "", *calls: tuple[Any, ...], **more: object) -> dict[str, Any]:
    """`calls` are names and arguments, and where it is told the result."""
    told = [[call, arguments, 0.00002, *result] for call, arguments, *result in calls]
    return {"name": name, "detail": detail, "at": at, "seconds": 0.0004, "calls": told, **more}


def record(name: str, image: str, command: list[str], hostname: str) -> dict[str, Any]:
    """A start as it is written down (runtime/start.py)."""
    return {
        "format": 1,
        "container": "4f2a" * 16,
        "about": {"name": name, "image": image},
        "command": command,
        "tier": "root",
        "started_at": 1767225600.25,
        "outside": _OUTSIDE,
        "root": ["bin", "etc", "home", "usr"],
        "steps": [
            _step(1.0, "clone", "", ("clone3", [_CLONE, True]), ahead=True),
            _step(1.1, "loopback", "lo", ("ioctl", ["SIOCSIFFLAGS", "lo", "IFF_UP"]), ahead=True),
            _step(2.0, "limits", "", ("write", ["/sys/fs/cgroup/pydock/4f2a/memory.max", "67108864"])),
            _step(2.001, "namespace", "mnt:[4026532300]"),
            _step(2.002, "overlay", "1 layers", ("mount", ["overlay", _MERGED, "overlay", 4, "lowerdir=/a:/b"])),
            _step(
                *(2.003, "hold", "/etc/hosts /data"),
                ("open_tree", [f"{_MERGED}/hosts", True], 4),
                ("open_tree", ["/srv/data", True], 5),
                ("mount_setattr", [5, 1]),
            ),
            _step(2.004, "pivot_root", "", ("chdir", [_MERGED]), ("pivot_root", [".", "."])),
            _step(2.005, "mount", "proc on /proc", ("move_mount", [3, "/proc"])),
            _step(2.006, "mount", f"{_MERGED}/hosts on /etc/hosts", ("move_mount", [4, "/etc/hosts"])),
            _step(
                *(2.0065, "mount", "/srv/data on /data (ro,nodev)"),
                ("mount_setattr", [5, 4]),
                ("move_mount", [5, "/data"]),
            ),
            _step(2.007, "umount", "the host's tree", ("umount2", ["."])),
            _step(2.008, "hostname", hostname, ("sethostname", [hostname])),
            _step(2.009, "seccomp", "735 instructions", ("seccomp", [5880])),
            _step(
                2.010, "capabilities", "41 -> 14", ("capset", [1, 1]), facts={"kept": 0xA80425FB, "uid": 0, "gid": 0}
            ),
            _step(2.011, "exec", " ".join(command), ("prctl", [1, 9])),
        ],
    }


def without_root() -> dict[str, Any]:
    """The same where the engine's helper has entered a user namespace."""
    namespaces = {"user": "user:[4026532100]", "mnt": "mnt:[4026532101]"}
    powers = {"namespaces": namespaces, "capabilities": (1 << 41) - 1, "uid": 0, "gid": 0}
    ground = _step(
        *(0.5, "user-namespace", "user:[4026532100]"),
        ("unshare", [0x10020000]),
        ("execve", ["newuidmap", ["newuidmap", "812", "0", "1000", "1", "1", "100000", "65536"]]),
        ("setresuid", [0, 0, 0]),
        facts=powers,
    )
    made = record("web", "nginx:1", ["nginx", "-g", "daemon off;"], "web")
    outside = {**_OUTSIDE, "uid": 1000, "gid": 1000, "capabilities": 0}
    return made | {"tier": "rootless", "ground": [ground], "outside": outside}


def failing() -> dict[str, Any]:
    """A start that ends at its program: it is in no place where it is looked for."""
    made = record("web", "nginx:1", ["ngnix"], "web")
    error = {"error": "ContainerError", "key": "runtime.not-in-path", "fields": {"program": "ngnix"}}
    tried = [("execve", [f"{place}/ngnix", ["ngnix"]], -2) for place in ("/usr/bin", "/bin")]
    last = _step(2.011, "exec", "ngnix", ("prctl", [1, 9]), *tried, failed=True)
    return made | {"error": error, "steps": [*made["steps"][:-1], last]}


START: RunTrace = run_trace(record("web", "nginx:1", ["nginx", "-g", "daemon off;"], "web"))
ROOTLESS_START: RunTrace = run_trace(without_root())
FAILED_START: RunTrace = run_trace(failing())
HOSTILE_START: RunTrace = run_trace(record(HOSTILE, HOSTILE, [HOSTILE], HOSTILE))
