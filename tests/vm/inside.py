"""Runs in the machine, as root: the tests of limits, once as root and twice as a user who was given a part of the tree.

root     /sys/fs/cgroup is all ours
scope    user@1000.service was handed over, as systemd does it, and we are in a scope of it
given    we are in the group itself that was handed over, as after `systemd-run -p Delegate=yes --user --scope`
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
USER = 1000
LIMITS = (
    "tests/linux/test_limits_in_force.py",
    "tests/vm/inside_kernel.py",
    "tests/vm/inside_containers.py",
    "tests/runtime/test_shown_groups.py",
)
AS_ROOT = (*LIMITS, "tests/linux/test_devices.py", "tests/linux/test_seccomp.py")


def say(line: str) -> None:
    """On the console, where the host reads it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(name: str, files: tuple[str, ...], group: Path | None = None) -> None:
    """Run tests and say how it went; with a group, as the user, in it."""

    def enter() -> None:
        if group:
            (group / "cgroup.procs").write_text("0")
            os.setgroups([])
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)

    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/srv", "TMPDIR": "/srv"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = "/pydock:/pydock/tests/vm:/pydock/tests/runtime"
    options = ["-q", "--noconftest", "-p", "inside_fixtures", "-p", "no:cacheprovider", "--color=no"]
    command = [sys.executable, "-m", "pytest", *options, *files]
    done = subprocess.run(command, env=environment, preexec_fn=enter, check=False)
    say(f"RESULT {name} {done.returncode}")


def divide(path: str) -> Path:
    """A group in which all controllers are at hand."""
    place = ROOT
    for part in path.split("/"):
        offered = (place / "cgroup.controllers").read_text().split()
        (place / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in offered))
        place /= part
        place.mkdir(exist_ok=True)
    return place


def hand_over(group: Path) -> Path:
    """What systemd does for a user, see /sys/kernel/cgroup/delegate."""
    for name in (".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"):
        os.chown(group / name, USER, USER)
    return group


def main() -> None:
    with open("/etc/passwd", "a") as file:
        file.write(f"student:x:{USER}:{USER}::/tmp:/bin/sh\n")
    say(f"KERNEL {os.uname().release}: {(ROOT / 'cgroup.controllers').read_text().strip()}")
    run("root", AS_ROOT)
    service = hand_over(divide("user.slice/user-1000.slice/user@1000.service"))
    (service / "app.scope").mkdir()
    run("scope", LIMITS, hand_over(service / "app.scope"))
    run("given", LIMITS, hand_over(divide("given.scope")))


if __name__ == "__main__":
    main()
