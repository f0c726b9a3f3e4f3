"""Ways out of a container that were found in other engines.

Each works with its one defence switched off, on a stand-in made for the test, and does not with it on.
Nothing of the host's own is opened for it: each stand-in belongs to the container or to the test.
"""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pydock_lab import errors
from pydock_lab.cli import asking, table, watching
from pydock_lab.errors import ContainerError, NotFound

BOX, PYTHON = "lab/busybox", "lab/python"
ADMIN, FREE_CALLS = ["--cap-add", "SYS_ADMIN"], ["--security-opt", "seccomp=unconfined"]
ADD_KEY, SELF = 248, -2  # x86-64; KEY_SPEC_PROCESS_KEYRING


def escapes(docker, words, image, *program):
    """Whether a program in a container comes to say `out`."""
    docker("run", "--name", "attacker", *words, image, *program, status=None)
    found = "out" in docker.face.written.split()
    docker("rm", "-f", "-v", "attacker")
    return found


@pytest.mark.usefixtures("containers", "as_root")
@pytest.mark.parametrize(
    ("off", "script"),
    [
        # /proc/sys: the name of the container's own UTS namespace stands for core_pattern
        (["--security-opt", "systempaths=unconfined"],
         "(echo mine > /proc/sys/kernel/hostname) 2>/dev/null && hostname | grep -q mine && echo out"),
        # /proc/sysrq-trigger, which not every kernel has and nobody tries to open: /proc/fs is made read-only with it
        (["--security-opt", "systempaths=unconfined"], "grep -q '/proc/fs proc ro,' /proc/mounts || echo out"),
        # release_agent: the first step is a hierarchy of control groups of one's own to mount
        (ADMIN, "mkdir /g && mount -t cgroup -o memory none /g 2>/dev/null && test -e /g/tasks && echo out"),
        (ADMIN, "mount -t tmpfs none /mnt 2>/dev/null && echo out"),
        # devices: one that belongs to whoever opens it stands for a disk
        (["--device", "/dev/fuse"], "mknod /dev/mine c 10 229 2>/dev/null; (: < /dev/mine) 2>/dev/null && echo out"),
        # namespaces, in which one would be root again
        (FREE_CALLS, "unshare -U true 2>/dev/null && echo out"),
        (ADMIN, "unshare -m true 2>/dev/null && echo out"),
    ],
)  # fmt: skip
def test_files_and_calls_of_the_host(docker, off, script):
    assert escapes(docker, off, BOX, "sh", "-c", script)
    assert not escapes(docker, [], BOX, "sh", "-c", script)


@pytest.fixture
def victim():
    """A process of the host, made for the test."""
    process = subprocess.Popen(["sleep", "600"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.usefixtures("containers", "as_root")
def test_processes_of_the_host(docker, victim):
    script = f"kill -0 {victim} 2>/dev/null && echo out"
    assert escapes(docker, ["--pid", "host"], BOX, "sh", "-c", script)
    assert not escapes(docker, [], BOX, "sh", "-c", script)
    # Seen, but not looked into: /proc/PID/root is as good as ptrace.
    script = f"ls /proc/{victim}/root/ >/dev/null 2>&1 && echo out"
    assert escapes(docker, ["--pid", "host", "--cap-add", "SYS_PTRACE"], BOX, "sh", "-c", script)
    assert not escapes(docker, ["--pid", "host"], BOX, "sh", "-c", script)


@pytest.mark.usefixtures("containers", "as_root")
def test_whom_the_kernel_kills_first(docker, victim):
    """Where /proc is the outer container's, its processes are in sight, and one user's with those in the container."""
    nested, script = ["--isolation", "nested"], f"(echo 500 > /proc/{victim}/oom_score_adj) 2>/dev/null && echo out"
    assert escapes(docker, [*nested, "--pid", "host"], BOX, "sh", "-c", script)
    assert Path(f"/proc/{victim}/oom_score_adj").read_text() == "500\n"
    assert not escapes(docker, nested, BOX, "sh", "-c", script)


@pytest.mark.usefixtures("containers")
def test_abstract_sockets_of_the_host(docker):
    name = f"pydock-test-{os.getpid()}"
    code = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}'); print('out')"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        assert escapes(docker, ["--network", "host"], PYTHON, "python3", "-c", code)
        assert not escapes(docker, [], PYTHON, "python3", "-c", code)


@pytest.mark.usefixtures("containers", "as_root")
def test_keys_of_the_kernel(docker):
    call = f"ctypes.CDLL(None).syscall({ADD_KEY}, b'user', b'x', b'y', 1, {SELF})"
    code = f"import ctypes; print('out' * ({call} > 0))"
    assert escapes(docker, FREE_CALLS, PYTHON, "python3", "-c", code)
    assert not escapes(docker, [], PYTHON, "python3", "-c", code)


# socketcall(SYS_SOCKET, {AF_VSOCK, SOCK_STREAM, 0}) as 32-bit programs make it: by int 0x80, with memory below 4 GB.
SOCKETCALL = """
import ctypes, struct
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
place = libc.mmap(None, 4096, 7, 0x62, -1, 0)
code = bytes.fromhex("53 89f8 89f3 89d1 cd80 5b c3")
ctypes.memmove(place, code, len(code))
ctypes.memmove(place + 2048, struct.pack("3i", 40, 1, 0), 12)
call = ctypes.CFUNCTYPE(*[ctypes.c_int] * 4)(place)
assert call(20, 0, 0) == 1, "getpid"
print("in" if call(102, 1, place + 2048) == -1 else "out")
"""


@pytest.mark.usefixtures("containers", "as_root")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls of another architecture are x86-64's")
def test_a_socket_of_any_family_by_a_call_of_32_bits(docker):
    """AF_VSOCK leads to the host of a virtual machine: "out" is that the kernel was asked, whatever it has said."""
    assert escapes(docker, FREE_CALLS, PYTHON, "python3", "-c", SOCKETCALL)
    assert not escapes(docker, [], PYTHON, "python3", "-c", SOCKETCALL)


@pytest.mark.usefixtures("containers")
def test_descriptors_that_were_left_open(docker, tmp_path):
    """CVE-2024-21626: a working directory that is a descriptor of the engine's leads to the host's tree."""
    (tmp_path / "secret").write_text("out\n")
    leaked = os.open(tmp_path, os.O_PATH)
    try:
        found = subprocess.run(
            ["cat", "secret"], cwd=f"/proc/self/fd/{leaked}", capture_output=True, text=True, check=False
        )
        assert found.stdout == "out\n"
    finally:
        os.close(leaked)
    assert docker("run", "--rm", BOX, "ls", "/proc/self/fd") == "0\n1\n2\n3\n"  # 3 is ls's own
    for number in range(3, 16):
        # There is none, or it leads nowhere but into the container.
        with contextlib.suppress(ContainerError):
            docker("run", "--rm", "-w", f"/proc/self/fd/{number}", BOX, "sh", "-c", f"cat {tmp_path}/secret secret")
        assert "out" not in docker.face.written


@pytest.mark.usefixtures("containers")
def test_ids_that_are_too_large(fails):
    """CVE-2024-40635: 4294967296 is 0 in 32 bits, and 0 is root: of who becomes that without a look."""
    become = "import ctypes, os; os.setuid(65534) if os.getuid() else None; n = 4294967296; libc = ctypes.CDLL(None)"
    unchecked = f"{become}; libc.setresuid(*[ctypes.c_uint(n)] * 3) and exit(1); print('out' * (os.getuid() == 0))"
    if os.getuid() == 0:
        found = subprocess.run([sys.executable, "-c", unchecked], capture_output=True, text=True, check=True)
        assert found.stdout == "out\n"
    for user in ("4294967296", "0:4294967296", "-1"):
        assert fails("run", "--rm", "-u", user, BOX, "id", "-u").startswith("runtime.")


@pytest.mark.usefixtures("containers")
def test_links_of_a_container_do_not_lead_cp_to_the_host(docker, tmp_path):
    """CVE-2018-15664, CVE-2019-14271: what is copied is resolved in the container's tree, and nobody's code is run."""
    host = tmp_path / "host"
    host.mkdir()
    (host / "secret").write_text("of the host\n")
    (tmp_path / "new").write_text("new\n")
    docker(
        "run", "--name", "one", BOX, "sh", "-c", f"mkdir -p /in && ln -s {host} /in/link && ln -s /etc/passwd /in/pw"
    )
    tree = Path(docker("inspect", "-f", "{{.GraphDriver.Data.UpperDir}}", "one").strip())
    # Who follows the link outside of the container is at the host's files.
    assert (tree / "in/link/secret").read_text() == "of the host\n"
    with pytest.raises(NotFound):
        docker("cp", "one:/in/link/secret", str(tmp_path / "stolen"))
    with pytest.raises(NotFound):
        docker("cp", str(tmp_path / "new"), "one:/in/link/new")
    # With a folder of that name inside, that is where it goes.
    docker("run", "--name", "two", BOX, "sh", "-c", f"mkdir -p /in {host} && ln -s {host} /in/link")
    docker("cp", str(tmp_path / "new"), "two:/in/link/new")
    assert f"A {host}/new" in docker("diff", "two")
    assert sorted(path.name for path in host.iterdir()) == ["secret"]


@pytest.mark.usefixtures("containers", "control_groups")
def test_a_fork_bomb(docker):
    script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do sleep 5 & done; echo out"
    assert escapes(docker, ["--init"], BOX, "sh", "-c", script)
    assert not escapes(docker, ["--pids-limit", "10"], BOX, "sh", "-c", script)


@pytest.mark.usefixtures("containers", "control_groups")
def test_a_memory_bomb(docker):
    script = "dd if=/dev/zero of=/dev/null bs=96M count=1 2>/dev/null && echo out"
    assert escapes(docker, [], BOX, "sh", "-c", script)
    limits = ["--memory", "32m", "--memory-swap", "32m"]
    docker("run", "--name", "one", *limits, BOX, "dd", "if=/dev/zero", "of=/dev/null", "bs=96M", "count=1", status=None)
    assert docker("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "one") == "true 137\n"


@pytest.mark.usefixtures("containers")
def test_a_full_disk(docker):
    script = "dd if=/dev/zero of=/t/x bs=1M count=4 2>/dev/null && echo out"
    assert escapes(docker, ["--tmpfs", "/t:size=8m"], BOX, "sh", "-c", script)
    assert not escapes(docker, ["--tmpfs", "/t:size=1m"], BOX, "sh", "-c", script)
    script = "dd if=/dev/zero of=/dev/shm/x bs=1M count=80 2>/dev/null && echo out"
    assert not escapes(docker, [], BOX, "sh", "-c", script)


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("link", ["/..", "../../../..", "/proc/self/root/.."])
def test_a_link_of_the_image_leads_no_mount_to_the_host(docker, tmp_path, link):
    """Not through the root of the host, which is stacked on the container's while its tree is put together."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BOX}\nRUN ln -s {link}{outside} /evil\nRUN --mount=type=tmpfs,target=/evil/built true\n"
    )
    docker("build", "-q", "-t", "evil", str(tmp_path))
    docker("run", "--rm", "--tmpfs", "/evil/run", "evil", "true")
    docker("run", "--rm", "-v", "kept:/evil/volume", "evil", "touch", "/evil/volume/x")
    assert docker("run", "--rm", "-v", "kept:/v", BOX, "ls", "/v") == "x\n"
    assert list(outside.iterdir()) == []


@pytest.mark.usefixtures("containers")
def test_nothing_is_mounted_on_the_view_of_the_kernel(docker, fails, tmp_path):
    """What is read and written there on the way to the program would be the image's (CVE-2025-52881)."""
    for target in ("/proc", "/proc/sys", "/proc/1/root", "/"):
        key = fails("run", "--rm", "-v", f"{tmp_path}:{target}", BOX, "true")
        assert key == ("runtime.mount-on-root" if target in ("/", "/proc/1/root") else "runtime.mount-on-proc")
    (tmp_path / "Dockerfile").write_text(f"FROM {BOX}\nRUN ln -s /proc/self/attr /link\nVOLUME /link\n")
    docker("build", "-q", "-t", "evil", str(tmp_path))
    assert fails("run", "--rm", "evil", "true") == "runtime.mount-on-proc"
    (tmp_path / "uptime").write_text("42.00 42.00\n")
    words = ["run", "--rm", "-v", f"{tmp_path}/uptime:/proc/uptime:ro", BOX, "cat", "/proc/uptime"]
    assert docker(*words) == "42.00 42.00\n"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("defence", ["off", "on"])
def test_words_of_an_image_do_not_move_the_terminal(docker, tmp_path, monkeypatch, defence):
    """Titles, colours, a screen that is cleared: what a stranger has written is shown, and not obeyed."""
    if defence == "off":
        for module in (asking, table, watching, errors):
            monkeypatch.setattr(module, "harmless", str)
    (tmp_path / "Dockerfile").write_text(f'FROM {BOX}\nLABEL a="\x1b]0;t\x07" b="gnp.\u202eexe"\nENV X="\x1b[2J"\n')
    docker("build", "-q", "-t", "evil", str(tmp_path))
    docker("run", "--name", "attacker", "evil", "sh", "-c", "touch /f$X; printf '%s\\n' $X")
    shown = [("history", "--no-trunc", "evil"), ("diff", "attacker"), ("events", "--since", "1h", "--until", "0s")]
    shown += [("ps", "-a", "--no-trunc", "--format", "table {{.Labels}}")]
    obeyed = [words[0] for words in shown if {"\x1b", "\x07", "\u202e"} & set(docker(*words))]
    with pytest.raises(NotFound) as caught:
        docker("rm", "attack\x1b[2J")
    obeyed += ["rm"] if "\x1b" in str(caught.value) else []
    assert obeyed == ([*(words[0] for words in shown), "rm"] if defence == "off" else [])
    # Exactly what it is for programs, and what a container writes is its own.
    assert "\x1b]0;t\x07" in docker("ps", "-a", "--no-trunc", "--format", "{{.Labels}}")
    assert docker("logs", "attacker") == "\x1b[2J\n"


@pytest.mark.usefixtures("as_root")
def test_a_false_proc_leaves_no_capability():
    """The kernel is asked for the number of the last one, and no file."""
    script = """
import ctypes
import sys
from pydock_lab.linux import capabilities, mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace
syscalls.unshare(Namespace.MOUNT)
mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
mount_calls.mount("none", "/proc", "tmpfs")
with open("/proc/cap_last_cap", "w") as file:
    file.write("20")
if sys.argv[1] == "off":
    capabilities._MOST_NUMBERS = int(open("/proc/cap_last_cap").read()) + 1
capabilities.limit_bounding(capabilities.parse("CHOWN"))
print([n for n in range(41) if ctypes.CDLL(None).prctl(23, n, 0, 0, 0)])  # PR_CAPBSET_READ
"""
    found = {
        defence: subprocess.run(
            [sys.executable, "-c", script, defence], capture_output=True, text=True, check=True
        ).stdout
        for defence in ("off", "on")
    }
    assert "21" in found["off"], "CAP_SYS_ADMIN"
    assert found["on"] == "[0]\n"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("program", ["ln -s {outside} /all/part", "ln -s ../../../../../../../../{outside} /all/part"])
def test_a_part_of_a_volume_that_became_a_link(docker, fails, tmp_path, program):
    """It is looked for anew at each start, in the volume alone (CVE-2021-30465); by cp, too."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("of the host")
    docker("run", "--rm", "-v", "shared:/all", BOX, "mkdir", "/all/part")
    mounts = ["-v", "shared:/all", "--mount", "type=volume,source=shared,target=/m,volume-subpath=part"]
    swap = f"rmdir /all/part && {program.format(outside=outside)}"
    docker("run", "--name", "attacker", *mounts, BOX, "sh", "-c", f"cat /m/secret || {{ {swap}; false; }}", status=1)
    assert fails("start", "attacker") == "runtime.no-mount-source"
    assert fails("cp", "attacker:/m/secret", str(tmp_path / "stolen")) in ("archive.not-there", "engine.no-path")
    assert not (tmp_path / "stolen").exists()


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("part", ["..", "part/../..", "/..", "./.."])
def test_a_part_above_the_volume_is_the_volume(docker, part):
    """As a chroot has it; what the engine keeps beside the files is not to be seen."""
    docker("run", "--rm", "-v", "shared:/all", BOX, "mkdir", "/all/part")
    mount = f"type=volume,source=shared,target=/m,volume-subpath={part}"
    assert docker("run", "--rm", "--mount", mount, BOX, "ls", "/m") == "part\n"


@pytest.mark.usefixtures("containers", "as_root")
def test_without_control_groups_nobody_makes_devices(docker, home):
    """Nor finds those that an image has put into a volume; with a policy a container may make some, and open few."""
    script = "mknod /dev/mine c 10 229 && (: < /dev/mine) && echo out; true"
    hidden = 'mount -t tmpfs -o ro none /sys/fs/cgroup && exec "$@"'
    environment = os.environ | {"PYDOCK_HOME": str(home), "PYDOCK_SERVER": "off"}
    docker("images")

    def run(*options):
        words = ["-m", "pydock_lab", "run", "--rm", *options, BOX, "sh", "-c", script]
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", hidden, "sh", sys.executable, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert "out" in run("--privileged").stdout.split()
    done = run()
    assert done.stdout == ""
    assert "MKNOD" in done.stderr
