"""The start of a container, as a record of the store has it; and one whose words are a stranger's."""

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
    "control_group": "0::/user.slice",
    "namespaces": {kind: f"{kind}:[402653183{at}]" for at, kind in enumerate(("cgroup", "ipc", "mnt", "net", "pid"))},
}
_CLONE = 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
_KEPT = {"kept": 0xA80425FB, "uid": 0, "gid": 0}
_MERGED = "/home/ada/.local/share/pydock/containers/4f2a/merged"


def _step(
    at: float, name: str, detail: str = "", *calls: tuple[str, list[object]], **more: object
) -> dict[str, object]:
    told = [[call, arguments, 0.00002] for call, arguments in calls]
    return {"name": name, "detail": detail, "at": at, "seconds": 0.0004, "calls": told, **more}


def record(name: str, image: str, command: list[str], hostname: str) -> dict[str, object]:
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
            _step(2.003, "hold", "3 trees", ("open_tree", ["/x", True])),
            _step(2.004, "pivot_root", "", ("chdir", [_MERGED]), ("pivot_root", [".", "."])),
            _step(2.005, "mount", "proc on /proc", ("move_mount", [3, "/proc"])),
            _step(2.006, "mount", f"{_MERGED}/hosts on /etc/hosts", ("move_mount", [4, "/etc/hosts"])),
            _step(2.007, "umount", "the host's tree", ("umount2", ["."])),
            _step(2.008, "hostname", hostname, ("sethostname", [hostname])),
            _step(2.009, "seccomp", "735 instructions", ("seccomp", [5880])),
            _step(
                2.010, "capabilities", "41 -> 14", ("capset", [1, 1]), facts={"kept": 0xA80425FB, "uid": 0, "gid": 0}
            ),
            _step(2.011, "exec", " ".join(command), ("prctl", [1, 9])),
        ],
    }


START: RunTrace = run_trace(record("web", "nginx:1", ["nginx", "-g", "daemon off;"], "web"))
HOSTILE_START: RunTrace = run_trace(record(HOSTILE, HOSTILE, [HOSTILE], HOSTILE))
