"""Each option of `docker run`, by its effect as seen inside the container, in whatever tier this process has.

Where the tier cannot give a facet, the test demands that the user is told, by name.
"""

import json
import os
from pathlib import Path

import pytest
from samples.waiting import wait_until

from pydock_lab.errors import PydockError
from pydock_lab.linux.cgroups import find_hierarchy

BOX = "lab/busybox"


def _groups(pid: int) -> dict[str, str]:
    """By controller the control group that a process is in."""
    lines = (line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines())
    return {name: path.lstrip("/") for _, names, path in lines for name in names.split(",")}


def status(field: str) -> str:
    """A line of /proc/self/status, with single spaces."""
    return f"grep ^{field}: /proc/1/status | tr -s '\\t ' '  '"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("words", "script", "expected"),
    [
        # what runs
        (["-e", "A=1", "-e", "B=two words"], 'echo "$A $B"', "1 two words\n"),
        (["-w", "/new/folder"], "pwd", "/new/folder\n"),
        (["--init"], "cat /proc/1/comm", "init\n"),
        (["--hostname", "box"], "hostname", "box\n"),
        (["--uts", "host"], "hostname", f"{os.uname().nodename}\n"),
        # what it may
        (["--cap-drop", "ALL"], status("CapEff"), "CapEff: 0000000000000000\n"),
        (["--cap-drop", "ALL", "--cap-add", "CHOWN"], status("CapEff"), "CapEff: 0000000000000001\n"),
        ([], status("CapEff"), "CapEff: 00000000a80425fb\n"),
        (["--cap-add", "SYS_PTRACE"], status("CapEff"), "CapEff: 00000000a80c25fb\n"),
        (["--security-opt", "no-new-privileges"], status("NoNewPrivs"), "NoNewPrivs: 1\n"),
        (["--security-opt", "no-new-privileges:true"], status("NoNewPrivs"), "NoNewPrivs: 1\n"),
        ([], status("Seccomp"), "Seccomp: 2\n"),
        ([], "unshare -U true 2>/dev/null || echo refused", "refused\n"),
        (["--security-opt", "seccomp=unconfined"], "unshare -U true && echo done", "done\n"),
        (["--read-only"], "touch /new 2>/dev/null || echo refused", "refused\n"),
        (["--read-only", "--tmpfs", "/run"], "touch /run/new && echo written", "written\n"),
        (["--security-opt", "systempaths=unconfined"], "grep ' /proc/kcore ' /proc/mounts || echo open", "open\n"),
        (["--sysctl", "kernel.shm_rmid_forced=1"], "cat /proc/sys/kernel/shm_rmid_forced", "1\n"),
        (["--sysctl", "net.ipv4.ip_unprivileged_port_start=99"],
         "cat /proc/sys/net/ipv4/ip_unprivileged_port_start", "99\n"),
        (["--device", "/dev/full:/dev/brimful"],
         "test -c /dev/brimful && echo x 2>/dev/null > /dev/brimful || echo full", "full\n"),
        (["--device", "/dev/zero:/place"], "head -c 3 /place | wc -c", "3\n"),
        # how much
        (["--ulimit", "nofile=64:128"], "ulimit -n; ulimit -Hn", "64\n128\n"),
        (["--ulimit", "core=0"], "ulimit -c", "0\n"),
        (["--shm-size", "8m"], "df -k /dev/shm | tail -1 | awk '{print $2}'", "8192\n"),
        ([], "df -k /dev/shm | tail -1 | awk '{print $2}'", "65536\n"),
        (["--oom-score-adj", "500"], "cat /proc/self/oom_score_adj", "500\n"),
        (["--ipc", "none"], "ls /dev/shm 2>/dev/null || echo none", "none\n"),
        # files in memory
        (["--tmpfs", "/t:size=1m,mode=700"], "df -k /t | tail -1 | awk '{print $2}'; stat -c %a /t", "1024\n700\n"),
        (["--mount", "type=tmpfs,target=/t,tmpfs-size=2m,tmpfs-mode=1770"],
         "df -k /t | tail -1 | awk '{print $2}'; stat -c %a /t", "2048\n1770\n"),
        (["--mount", "type=tmpfs,target=/t,readonly"], "touch /t/x 2>/dev/null || echo refused", "refused\n"),
        # volumes
        (["-v", "fresh:/data"], "touch /data/x && ls /data", "x\n"),
        (["-v", "/data"], "grep -c ' /data ' /proc/mounts", "1\n"),
        (["--mount", "target=/data,volume-nocopy"], "grep -c ' /data ' /proc/mounts", "1\n"),
    ],
)  # fmt: skip
def test_what_an_option_does_inside(run, words, script, expected):
    assert run(*words, BOX, "sh", "-c", script) == expected


@pytest.fixture
def tier(engine):
    return engine.full.doctor().tier


@pytest.fixture
def facets(engine):
    """The names of the facets of isolation that are in force."""
    return {one.name for one in engine.full.doctor().facets if one.in_force}


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("words", "script", "expected"),
    [
        (["-u", "33:100"], "id -u; id -g", "33\n100\n"),
        (["-u", "www-data"], "id -un", "www-data\n"),
        (["-u", "33:100", "--group-add", "7", "--group-add", "0"], "id -G", "100 0 7\n"),
    ],
)
def test_other_users_where_this_account_has_their_ids(docker, tier, words, script, expected):
    written = docker("run", "--rm", *words, BOX, "sh", "-c", script)
    if tier != "rootless-single":
        assert written == expected
    else:
        assert f"not in force here: user {words[1]}" in docker.face.noted


LIMITS = [
    # words, a file of cgroup v1 (what version 2 does is seen by `make vm`), what is there
    (["--memory", "64m"], "memory/memory.limit_in_bytes", f"{64 << 20}"),
    (["--memory", "64m", "--memory-reservation", "32m"], "memory/memory.soft_limit_in_bytes", f"{32 << 20}"),
    (["--pids-limit", "40"], "pids/pids.max", "40"),
    (["--cpus", "0.5"], "cpu/cpu.cfs_quota_us", "50000"),
    (["--cpu-quota", "20000", "--cpu-period", "50000"], "cpu/cpu.cfs_period_us", "50000"),
    (["--cpu-shares", "512"], "cpu/cpu.shares", "512"),
    (["--cpuset-cpus", "0"], "cpuset/cpuset.cpus", "0"),
    (["--oom-kill-disable", "--memory", "64m"], "memory/memory.oom_control", "oom_kill_disable 1"),
]  # fmt: skip


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(("words", "file", "expected"), LIMITS)
def test_limits_are_in_force_or_named(docker, facets, words, file, expected):
    docker("run", "-d", "--name", "one", *words, BOX, "sleep", "600")
    if find_hierarchy() is None:
        assert "limits" not in facets
        assert "not in force here: " in docker.face.noted
        assert [one for one in words if one.startswith("--") and one not in docker.face.noted] == []
        return
    assert docker.face.noted == ""
    place = _groups(int(docker("inspect", "-f", "{{.State.Pid}}", "one")))
    controller, name = file.split("/")
    assert expected in Path("/sys/fs/cgroup", controller, place[controller], name).read_text()
    assert expected in docker("exec", "one", "cat", f"/sys/fs/cgroup/{file}")


@pytest.mark.usefixtures("containers")
def test_files_of_the_host(run, tmp_path):
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "a").write_text("of the host\n")
    assert run("-v", f"{folder}:/h", BOX, "cat", "/h/a") == "of the host\n"
    refused = ["sh", "-c", "touch /h/b 2>/dev/null || echo refused"]
    assert run("-v", f"{folder}:/h:ro", BOX, *refused) == "refused\n"
    assert run("--mount", f"type=bind,src={folder},dst=/h,readonly", BOX, *refused) == "refused\n"
    assert run("-v", f"{folder}:/h:rw,private", BOX, "sh", "-c", "echo new > /h/c") == ""
    assert (folder / "c").read_text() == "new\n"
    assert run("-v", f"{tmp_path}/made:/h", BOX, "ls", "/h") == ""
    assert (tmp_path / "made").is_dir()


@pytest.mark.usefixtures("containers")
def test_what_another_container_has_mounted(docker, run):
    docker("create", "--name", "one", "-v", "shared:/data", BOX, "true")
    run("--volumes-from", "one", BOX, "touch", "/data/x")
    assert run("--volumes-from", "one:ro", BOX, "sh", "-c", "ls /data; touch /data/y 2>/dev/null || echo refused") == (
        "x\nrefused\n"
    )


@pytest.mark.usefixtures("containers")
def test_files_that_options_read_and_write(docker, run, tmp_path):
    (tmp_path / "env").write_text("# mine\nA=1\n\nB=2\n")
    (tmp_path / "labels").write_text("a=1\n# no\nb=2\n")
    assert run("--env-file", str(tmp_path / "env"), "-e", "B=3", BOX, "sh", "-c", "echo $A$B") == "13\n"
    id_file = tmp_path / "id"
    words = ["--label-file", str(tmp_path / "labels"), "-l", "b=3", "--cidfile", str(id_file), "--annotation", "x=y"]
    docker("create", "--name", "one", *words, BOX, "true")
    labels = json.loads(docker("inspect", "-f", "{{json .Config.Labels}}", "one"))
    assert {"a": "1", "b": "3"}.items() <= labels.items()
    assert docker("inspect", "-f", "{{.Id}}", "one").strip() == id_file.read_text()


@pytest.fixture(params=[0, 0o077])
def umask(request):
    """That of who starts the engine's helpers."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("containers", "umask")
def test_places_for_mounts_are_for_all_users_and_nobody_else_writes(run):
    mounts = ["-v", "made:/new/volume", "--mount", "type=tmpfs,dst=/more/memory"]
    script = "stat -c %a /new /new/volume /more /etc/hosts"
    assert run(*mounts, BOX, "sh", "-c", script).split() == ["755", "755", "755", "644"]


@pytest.mark.usefixtures("containers")
def test_lines_of_a_file_of_variables(run, fails, tmp_path):
    # As an editor of Windows writes it; only LF ends a line.
    (tmp_path / "env").write_bytes("\ufeffA=1\r\n  B=two\u2028lines\r\n".encode())
    assert run("--env-file", str(tmp_path / "env"), BOX, "sh", "-c", 'echo "$A $B"') == "1 two\u2028lines\n"
    (tmp_path / "env").write_text("A B=1\n")
    assert fails("run", "--env-file", str(tmp_path / "env"), BOX, "true") == "cli.bad-env-line"


@pytest.mark.usefixtures("containers")
def test_mounts_below_others_are_seen(run, tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below/one").touch()
    assert run("-v", f"{tmp_path}/below:/a/b", "--tmpfs", "/a", BOX, "ls", "/a/b") == "one\n"
    # A volume on /etc does not hide the name of the container, but what somebody mounts there himself does.
    named = ["--hostname", "box", "-v", "etc:/etc"]
    assert run(*named, BOX, "cat", "/etc/hostname") == "box\n"
    (tmp_path / "one").write_text("mine\n")
    assert run(*named, "-v", f"{tmp_path}/one:/etc/hostname", BOX, "cat", "/etc/hostname") == "mine\n"
    assert run("--mount", "target=/etc,volume-nocopy,readonly", BOX, "ls", "/etc") == ""


@pytest.mark.usefixtures("containers")
def test_a_volume_that_cannot_hold_the_whole_tree_is_not_filled_with_it(docker, fails):
    assert fails("run", "-v", "vol:/", BOX, "true") == "runtime.mount-on-root"
    assert docker("volume", "ls", "-q") == ""


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("words", [["--hostname", "box.lab.org"], ["--hostname", "box", "--domainname", "lab.org"]])
def test_a_name_with_a_domain_is_known_without_it_too(run, tier, words):
    if not tier.startswith("traced"):  # there its address is that of the host
        assert run(*words, BOX, "tail", "-n1", "/etc/hosts").split()[1:] == ["box.lab.org", "box"]


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("folder", ["/etc/passwd", "/etc/passwd/below"])
def test_a_working_folder_that_is_a_file(fails, folder):
    assert fails("run", "-w", folder, BOX, "true") == "runtime.working-file"


@pytest.mark.usefixtures("containers")
def test_a_seccomp_profile_of_ones_own(run, tmp_path):
    profile = tmp_path / "profile.json"
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    script = "mkdir /x 2>&1 | grep -o 'not implemented'; touch /y && echo y"
    assert run("--security-opt", f"seccomp={profile}", BOX, "sh", "-c", script) == "not implemented\ny\n"


@pytest.mark.usefixtures("containers")
def test_namespaces_shared_with_another_container(docker, run):
    docker("run", "-d", "--name", "one", BOX, "sleep", "600")
    assert "sleep 600" in run("--pid", "container:one", BOX, "ps", "-o", "args")
    of_one = docker("exec", "one", "readlink", "/proc/self/ns/ipc")
    assert run("--ipc", "container:one", BOX, "readlink", "/proc/self/ns/ipc") == of_one
    assert run(BOX, "readlink", "/proc/self/ns/ipc") != of_one


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("kind", ["pid", "ipc", "uts"])
def test_namespaces_of_the_host(run, kind):
    ours = os.readlink(f"/proc/self/ns/{kind}")
    script = f"readlink /proc/self/ns/{kind}"
    assert run(BOX, "sh", "-c", script).strip() != ours
    assert run(f"--{kind}", "host", BOX, "sh", "-c", script).strip() == ours


@pytest.mark.usefixtures("containers")
def test_whom_the_kernel_chooses_first_is_said_to_it_in_the_traced_tier_too(run):
    script = "cat /proc/self/oom_score_adj"
    assert run("--isolation", "traced", "--oom-score-adj", "500", BOX, "sh", "-c", script) == "500\n"


@pytest.mark.usefixtures("containers")
def test_privileged_has_every_right_that_this_account_has(run):
    rights = run("--privileged", BOX, "sh", "-c", status("CapEff")).split()[1]
    assert int(rights, 16) > 0xA80425FB


# ---- how it lives on


@pytest.mark.usefixtures("containers")
def test_restart_policies(docker):
    script = "echo again >> /data/n; exit 3"
    docker("run", "-d", "--name", "one", "--restart", "on-failure:2", "-v", "vol:/data", BOX, "sh", "-c", script)
    wait_until(lambda: "Exited (3)" in docker("ps", "-a"))
    assert docker("run", "--rm", "-v", "vol:/data", BOX, "cat", "/data/n") == "again\n" * 3


@pytest.mark.usefixtures("containers")
def test_one_that_is_about_to_be_started_again_can_be_removed(docker):
    docker("run", "-d", "--name", "one", "--restart", "always", BOX, "false")
    wait_until(lambda: docker("ps", "-aq", "--filter", "status=restarting"))
    docker("rm", "-f", "one")
    assert docker("ps", "-aq") == ""


@pytest.mark.usefixtures("containers")
def test_health_options(docker):
    words = ["--health-cmd", "test -e /well", "--health-interval", "50ms", "--health-retries", "2"]
    docker("run", "-d", "--name", "one", *words, BOX, "sleep", "600")
    wait_until(lambda: "unhealthy" in docker("ps"))
    docker("exec", "one", "touch", "/well")
    wait_until(lambda: "(healthy)" in docker("ps"))


@pytest.mark.usefixtures("containers")
def test_log_options(docker):
    script = "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done"
    for words, first in ([], "line 0\n"), (["--log-opt", "max-size=4k", "--log-opt", "max-file=2"], "line "):
        docker("run", "--name", "one", *words, BOX, "sh", "-c", script)
        written = docker("logs", "one")
        assert written.startswith(first)
        assert written.endswith("line 399\n")
        assert (len(written.splitlines()) == 400) is not bool(words)
        docker("rm", "one")
    docker("run", "--name", "one", "--log-driver", "none", BOX, "echo", "hello")
    with pytest.raises(PydockError) as caught:
        docker("logs", "one")
    assert caught.value.key == "engine.no-log"


@pytest.mark.usefixtures("containers")
def test_stop_signal_and_timeout(docker):
    trap = "trap 'echo told; exit 7' USR1; trap '' TERM; echo ready; while :; do sleep 0.05; done"
    docker("run", "-d", "--name", "one", "--stop-signal", "USR1", BOX, "sh", "-c", trap)
    wait_until(lambda: docker("logs", "one"))
    docker("stop", "one")
    assert docker("logs", "one") == "ready\ntold\n"
    assert docker("wait", "one") == "7\n"
    docker("run", "-d", "--name", "two", "--stop-timeout", "0", BOX, "sh", "-c", trap)
    wait_until(lambda: docker("logs", "two"))
    docker("stop", "two")
    assert docker("wait", "two") == "137\n"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--restart", "sometimes"], "runtime.bad-restart"),
        (["--restart", "always:3"], "runtime.bad-restart"),
        (["--restart", "on-failure:x"], "runtime.bad-restart"),
        (["--restart", "always", "--rm"], "engine.rm-and-restart"),
        (["--health-interval", "soon"], "cli.bad-duration"),
        (["--health-interval", "5"], "cli.bad-duration"),
        (["--health-timeout", "1us"], "cli.duration-too-short"),
        (["--no-healthcheck", "--health-cmd", "true"], "cli.health-off-and-on"),
        (["--health-retries", "-1"], "cli.bad-value"),
        (["-m", "much"], "cli.bad-size"),
        (["-m", "1m"], "engine.memory-too-small"),
        (["--memory-swap", "64m"], "engine.swap-without-memory"),
        (["-m", "64m", "--memory-swap", "32m"], "engine.swap-below-memory"),
        (["-m", "64m", "--memory-reservation", "128m"], "engine.reservation-above-memory"),
        (["-m", "64m", "--memory-reservation", "1m"], "engine.reservation-too-small"),
        (["--cpus", "-1"], "cli.bad-value"),
        (["--cpus", "nan"], "engine.cpus"),
        (["--cpus", "inf"], "engine.cpus"),
        (["--cpus", "0.001"], "engine.cpus"),
        (["--cpus", "99999"], "engine.cpus"),
        (["--cpu-period", "5"], "engine.cpu-period"),
        (["--cpu-quota", "5"], "engine.cpu-quota"),
        (["--cpuset-cpus", "1-0"], "engine.cpuset"),
        (["--cpuset-cpus", ","], "engine.cpuset"),
        (["--cpuset-cpus", "99999"], "engine.cpuset-unavailable"),
        (["--cpuset-mems", "99999"], "engine.cpuset-unavailable"),
        (["--cpus", "1", "--cpu-quota", "1000"], "engine.cpus-and-quota"),
        (["--blkio-weight", "5"], "cli.bad-weight"),
        (["--blkio-weight", "2000"], "cli.bad-value"),
        (["--oom-score-adj", "2000"], "cli.bad-value"),
        (["--ulimit", "files=3"], "runtime.unknown-ulimit"),
        (["--ulimit", "nofile=64:32"], "engine.ulimit"),
        (["--ulimit", "nofile=-1:32"], "engine.ulimit"),
        (["--device", "full"], "cli.bad-device"),
        (["--device", "/dev/nowhere"], "runtime.no-device"),
        (["--device", "/dev/nowhere:/place"], "runtime.no-device"),
        (["--device", "/etc/passwd"], "runtime.not-a-device"),
        (["-w", "relative"], "engine.working-folder"),
        (["--hostname", "h" * 65], "engine.hostname"),
        (["--detach-keys", "abc"], "cli.bad-keys"),
        (["--add-host", "alone"], "cli.bad-host"),
        (["--device", "/dev/full:/a:rwx"], "cli.bad-device"),
        (["--pid", "mars"], "engine.namespace-mode"),
        (["--pid", "container:nobody"], "engine.no-container"),
        (["--uts", "host", "--hostname", "box"], "engine.hostname-of-host"),
        (["--sysctl", "vm.swappiness=3"], "runtime.sysctl-machine"),
        (["--security-opt", "colour=blue"], "engine.security-option"),
        (["--security-opt", "seccomp=/nowhere"], "cli.no-file"),
        (["--log-driver", "syslog"], "engine.log-driver"),
        (["--log-opt", "colour=blue"], "engine.log-option"),
        (["--log-opt", "max-size=big"], "engine.log-size"),
        (["--platform", "linux/s390x"], "engine.platform"),
        (["--volume-driver", "nfs", "-v", "a:/a"], "engine.volume-driver"),
        (["-v", "a:/a:sometimes"], "cli.bad-volume-mode"),
        (["-v", "a:/a:shared"], "cli.volume-propagation"),
        (["-v", "a:b"], "cli.volume-target"),
        (["-v", "/etc:/a:ro,rw"], "cli.bad-volume"),
        (["-v", "a:/a", "-v", "b:/a"], "engine.mounted-twice"),
        (["-v", "a:/a", "--tmpfs", "/b/../a/"], "engine.mounted-twice"),
        (["--mount", "type=bind,source=/etc,target=/a,bind-recursive=x"], "cli.bad-mount-field"),
        (["--env-file", ""], "cli.no-path"),
        (["--env-file", "~nobodyknows/x"], "cli.no-file"),
        (["--security-opt", "seccomp=~nobodyknows/x"], "cli.no-file"),
        (["--mount", "type=bind,source=/nowhere,target=/a"], "engine.bind-source"),
        (["--mount", "type=bind,target=/a"], "cli.bind-without-source"),
        (["--mount", "type=tmpfs,source=/x,target=/a"], "cli.tmpfs-with-source"),
        (["--mount", "type=volume,source=/x,target=/a"], "cli.volume-is-a-path"),
        (["--mount", "type=volume,target=/a,tmpfs-size=1m"], "cli.bad-mount-field"),
        (["--mount", "type=nfs,target=/a"], "cli.bad-mount"),
        (["--mount", 'type=bind,"target=/a'], "cli.bad-fields"),
        (["--volumes-from", "nobody"], "engine.no-container"),
        (["--label-file", "/nowhere"], "cli.no-file"),
        (["--cidfile", "/etc/passwd"], "cli.id-file-exists"),
        (["--tmpfs", "/t:size=big"], "engine.tmpfs"),
        (["--tmpfs", "/t:sizee=1m"], "engine.tmpfs"),
        (["--tmpfs", "/t:size=-1"], "engine.tmpfs"),
        (["--tmpfs", "t"], "engine.tmpfs"),
        (["--mount", "type=tmpfs,target=/a,tmpfs-mode=-1"], "engine.tmpfs"),
    ],
)
def test_what_is_refused_and_leaves_nothing_behind(docker, fails, words, key):
    assert fails("run", *words, BOX, "true") == key
    assert docker("ps", "-aq") == ""
