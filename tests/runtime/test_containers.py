"""Real containers: what they see, what they may do, and how they end. These run in every tier."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import Conflict, ContainerError
from pydock_lab.events import Event, Noted, StartStep
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Limits, Mount, MountKind, Network, NetworkMode, Rlimit
from pydock_lab.runtime.base import Stdio


def test_output_and_exit_status(box: Any) -> None:
    ran = box.sh("echo out; echo err >&2; exit 7")
    assert (ran.status, ran.out, ran.err) == (7, "out\n", "err\n")


def test_standard_input(box: Any) -> None:
    assert box.run("wc", "-c", stdin=b"12345").out.strip() == "5"


@pytest.mark.parametrize(
    ("script", "status"), [("kill -9 $$; sleep 9", 137), ("kill -TERM $$; sleep 9", 143), ("exit 255", 255)]
)
def test_a_signal_ends_with_128_and_its_number(box: Any, script: str, status: int) -> None:
    # `--init`, because the kernel protects PID 1 from its own signals.
    assert box.sh(script, init=True).status == status


def test_it_is_alone_in_its_namespaces(box: Any) -> None:
    out = box.sh("echo $$; hostname; ls /proc | grep -c '^[0-9]'; ls /sys/class/net").out
    own_pid, name, processes, devices = out.split()[:4]
    assert (own_pid, name, devices) == ("1", "box", "lo")
    assert int(processes) <= 3


def test_the_tree_is_the_images_and_changes_stay_apart(box: Any) -> None:
    assert box.sh("cat /etc/plain; echo changed > /etc/plain; rm /bin/ls").out == "plain\n"
    assert (box.layer / "etc/plain").read_text() == "plain\n"
    assert (box.started[-1] / "upper/etc/plain").read_text() == "changed\n"
    assert (box.started[-1] / "upper/bin/ls").is_char_device(), "a deletion is a whiteout"


def test_nothing_is_written_that_the_program_did_not_write(box: Any) -> None:
    box.sh("true")
    assert os.listdir(box.started[-1] / "upper") == []


def test_an_image_without_any_directory(box: Any) -> None:
    directory, spec = box.spec("/busybox", "ls", "/")
    bare = box.home / "bare"
    if not bare.exists():
        bare.mkdir()
        (bare / "busybox").write_bytes((box.layer / "bin/busybox").read_bytes())
        (bare / "busybox").chmod(0o755)
    rootfs = {**spec.rootfs.to_json(), "layers": [str(bare)]}
    bare_spec = type(spec).from_json({**spec.to_json(), "rootfs": rootfs})
    ran = box.collect(lambda stdio: box.runtime.start(directory, bare_spec, stdio, record=False))
    assert ran.out.split() == ["busybox", "dev", "etc", "proc", "sys"]


@pytest.mark.parametrize(
    "script",
    [
        "mount -t tmpfs x /tmp",
        "umount /proc",
        "hostname other",
        "mknod /tmp/disk b 254 0 && dd if=/tmp/disk count=1",
        "echo 1 > /proc/sys/kernel/sysrq",
        "chroot /proc/1/root/.. ls /work",
        "unshare -r true",
        "cat /proc/kcore > /dev/null && [ -s /proc/kcore ]",
    ],
)
def test_what_a_container_may_not_do(box: Any, script: str) -> None:
    assert box.sh(f"{script} 2>/dev/null && echo it worked; true").out == ""


def test_the_host_is_out_of_sight(box: Any) -> None:
    mounts = box.sh("cut -d ' ' -f 2,3 /proc/mounts").out
    assert "/ overlay" in mounts.splitlines()
    assert not any(line.endswith(("ext4", "xfs", "btrfs")) and line.startswith("/ ") for line in mounts.splitlines())
    assert box.sh("ls -l /proc/1/exe 2>&1").out.strip().endswith("/bin/busybox")


def test_init_is_no_window_to_the_host(box: Any) -> None:
    out = box.sh("readlink /proc/1/exe /proc/1/cwd /proc/1/fd/1; tr '\\0' ' ' < /proc/1/cmdline", init=True).out
    assert out.split() == ["init"]


def test_devices(box: Any) -> None:
    script = (
        "echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 8 /dev/urandom | wc -c; [ -c /dev/full ]; echo $?"
    )
    assert box.sh(script).out.split() == ["4", "8", "0"]


@pytest.mark.parametrize(
    ("args", "key", "status"),
    [
        (("nope",), "runtime.not-in-path", 127),
        (("/nope",), "runtime.no-such-file", 127),
        (("script",), "runtime.no-interpreter", 127),
        (("/etc/plain",), "runtime.not-permitted", 126),
        (("/etc",), "runtime.not-permitted", 126),
        (("alien",), "runtime.exec-format", 126),
    ],
)
def test_a_program_that_cannot_be_started(box: Any, args: tuple[str, ...], key: str, status: int) -> None:
    with pytest.raises(ContainerError) as caught:
        box.run(*args)
    assert (caught.value.key, caught.value.exit_status) == (key, status)
    assert args[0] in caught.value.message("fr")


def test_environment_and_directory(box: Any) -> None:
    process = {"env": ("A=1 2", "PATH=/bin"), "cwd": "/new/place"}
    assert box.sh("pwd; echo $A; echo $HOME", process=process).out == "/new/place\n1 2\n/root\n"


def test_a_named_user(box: Any, tier: Tier) -> None:
    out = box.sh("id -u; id -g; echo $HOME; id -G; grep CapEff /proc/self/status", process={"user": "app"}).out.split()
    if tier is Tier.ROOTLESS_SINGLE:  # there is only root
        assert out[:3] == ["0", "0", "/home/app"]
    else:
        assert out == ["1000", "1000", "/home/app", "1000", "2000", "CapEff:", "0000000000000000"]


def test_a_user_opens_its_output_anew(box: Any) -> None:
    ran = box.run("sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr", process={"user": "app"})
    assert (ran.status, ran.out, ran.err) == (0, "out\n", "err\n")
    read = box.run("sh", "-c", "cat /dev/stdin", process={"user": "app"}, stdin=b"in")
    assert read.out == "in"


def test_an_unknown_user(box: Any) -> None:
    with pytest.raises(ContainerError) as caught:
        box.sh("true", process={"user": "eve"})
    assert caught.value.key == "runtime.unknown-user"


def test_ownership_can_be_changed_or_is_pretended(box: Any, tier: Tier) -> None:
    out = box.sh("touch /tmp/f; chown 33:33 /tmp/f; echo $?; stat -c %u:%g /tmp/f").out.split()
    assert out == ["0", "0:0" if tier is Tier.ROOTLESS_SINGLE else "33:33"]


def test_capabilities(box: Any) -> None:
    script = "grep -E 'CapEff|CapBnd' /proc/self/status"
    assert box.sh(script).out.split()[1::2] == ["00000000a80425fb"] * 2
    assert box.sh(script, process={"capabilities": ()}).out.split()[1::2] == ["0000000000000000"] * 2


def test_mounts(box: Any) -> None:
    data = box.home / "data"
    data.mkdir(exist_ok=True)
    (data / "file").write_text("from the host\n")
    mounts = (
        Mount(source=str(data), target="/data"),
        Mount(source=str(data / "file"), target="/one/file", read_only=True),
        Mount(target="/memory", kind=MountKind.TMPFS, size=65536),
    )
    script = "cat /one/file; echo new > /data/new; echo x > /one/file; df /memory | tail -1"
    ran = box.sh(script, mounts=mounts)
    assert ran.out.startswith("from the host\ntmpfs")
    assert "Read-only" in ran.err
    assert (data / "new").read_text() == "new\n"


def test_a_link_in_the_image_does_not_lead_a_mount_to_the_host(box: Any) -> None:
    escape = box.layer / "escape"
    if not escape.is_symlink():
        escape.symlink_to(box.home)
    mounts = (Mount(source=str(box.layer), target="/escape/inside"),)
    assert box.sh("ls /escape/inside/etc/plain", mounts=mounts).status == 0
    assert not (box.home / "inside").exists()


def test_a_link_of_the_image_is_followed_to_where_it_leads(box: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mounted\n")
    for link, seen in (("linked", "/real"), ("dangling", "/made/later")):
        if not (box.layer / link).is_symlink():
            (box.layer / link).symlink_to(seen)
        mounts = (Mount(source=str(tmp_path), target=f"/{link}"),)
        assert box.sh(f"cat {seen}/file", mounts=mounts).out == "mounted\n"


def test_a_missing_source_is_named(box: Any) -> None:
    with pytest.raises(ContainerError) as caught:
        box.sh("true", mounts=(Mount(source="/not/there", target="/x"),))
    assert caught.value.key == "runtime.no-mount-source"


def test_read_only(box: Any) -> None:
    ran = box.sh("touch /x; echo ok > /dev/shm/y; cat /dev/shm/y", read_only=True)
    assert ran.out == "ok\n"
    assert "Read-only" in ran.err


def test_rlimits(box: Any) -> None:
    limits = (Rlimit(name="nofile", soft=64, hard=128), Rlimit(name="core", soft=-1, hard=-1))
    assert box.sh("ulimit -n; ulimit -Hn", process={"rlimits": limits}).out.split() == ["64", "128"]


def test_no_new_privileges(box: Any) -> None:
    out = box.sh("grep NoNew /proc/self/status", process={"no_new_privileges": True}).out
    assert out.split() == ["NoNewPrivs:", "1"]


def test_a_terminal(box: Any) -> None:
    reader, writer = os.pipe()
    directory, spec = box.spec(
        "sh", "-c", "tty; stty size; echo x > /dev/console", process={"terminal": True, "rows": 33, "columns": 99}
    )
    with box.runtime.start(directory, spec, Stdio(stdout=writer), record=False) as process:
        os.close(writer)
        assert process.wait() == 0
    with open(reader) as pipe:
        assert pipe.read().split() == ["/dev/pts/0", "33", "99", "x"]


def test_ctrl_c_in_a_terminal(box: Any) -> None:
    stdin, typing = os.pipe()
    directory, spec = box.spec("sleep", "60", process={"terminal": True}, init=True)
    with box.runtime.start(directory, spec, Stdio(stdin=stdin), record=False) as process:
        time.sleep(0.2)
        os.write(typing, b"\x03")
        assert process.wait() == 128 + signal.SIGINT
    os.close(stdin)
    os.close(typing)


def test_the_steps_of_a_start_are_told(box: Any) -> None:
    seen: list[Event] = []
    directory, spec = box.spec("true")
    box.runtime.run(directory, spec, on_event=seen.append)
    steps = [event for event in seen if isinstance(event, StartStep)]
    names = list(dict.fromkeys(step.name for step in steps))
    order = ["namespace", "overlay", "pivot_root", "mount", "mask", "seccomp", "capabilities", "exec"]
    assert [name for name in names if name in order] == order
    assert all(step.container == spec.id and 0 <= step.seconds < 5 for step in steps)
    namespaces = {step.detail.partition(":")[0] for step in steps if step.name == "namespace"}
    assert namespaces == {"mnt", "pid", "uts", "ipc", "net", "cgroup"}


def test_the_hosts_network(box: Any) -> None:
    host = Network(mode=NetworkMode.HOST)
    assert set(box.sh("ls /sys/class/net", network=host).out.split()) == set(os.listdir("/sys/class/net"))


def test_limits(box: Any, tier: Tier) -> None:
    seen: list[Event] = []
    directory, spec = box.spec("sh", "-c", "head -c 64m /dev/zero | tail > /dev/null", limits=Limits(memory=16 << 20))
    with box.runtime.start(directory, spec, on_event=seen.append, record=False) as process:
        status = process.wait()
    if any(isinstance(event, Noted) for event in seen):
        assert tier is not Tier.ROOT or not os.access("/sys/fs/cgroup", os.W_OK), "root has control groups"
        return
    assert (status, process.oom_killed) == (137, True)


def test_the_same_files_are_never_used_twice(box: Any) -> None:
    directory = box.background("sleep", "60")
    _, spec = box.spec("true")
    rootfs = {**spec.rootfs.to_json(), "upper": f"{directory}/upper", "work": f"{directory}/work"}
    again = type(spec).from_json({**spec.to_json(), "rootfs": rootfs})
    with pytest.raises(Conflict):
        box.runtime.run(box.started[-1], again)


def test_many_layers(box: Any) -> None:
    layers = []
    for number in range(90):
        layer = box.home / "many" / f"{number:064x}"
        layer.mkdir(parents=True, exist_ok=True)
        (layer / f"file{number}").write_text(str(number))
        layers.append(str(layer))
    directory, spec = box.spec("sh", "-c", "cat /file0 /file89")
    rootfs = {**spec.rootfs.to_json(), "layers": [*layers, *spec.rootfs.layers]}
    many = type(spec).from_json({**spec.to_json(), "rootfs": rootfs})
    assert box.collect(lambda stdio: box.runtime.start(directory, many, stdio, record=False)).out == "089"
