"""top, stats, events, export, pause, update: on the real engine, in whatever tier this process has."""

import io
import json
import os
import signal
import stat
import tarfile
import time

import pytest
from samples.waiting import wait_until

from pydock_lab.linux.cgroups import find_hierarchy

BOX = "lab/busybox"


@pytest.fixture
def web(docker):
    """A container that runs."""
    docker("run", "-d", "--name", "web", BOX, "sh", "-c", "sleep 600 & exec sleep 601")
    return "web"


@pytest.mark.usefixtures("containers")
def test_top_shows_the_processes_of_a_container(docker, fails, web):
    # Until the shell has become a program, and started another.
    wait_until(lambda: sorted(row.split()[-1] for row in docker("top", web).splitlines()[1:]) == ["600", "601"])
    titles, *_ = docker("top", web).splitlines()
    assert titles.split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    pid = docker("inspect", "-f", "{{.State.Pid}}", web).strip()
    assert pid in docker("top", web, "-o", "pid,args").split()
    assert fails("top", web, "-o", "colour") == "engine.top-column"


@pytest.mark.usefixtures("containers")
def test_stats_look_once(docker, web):
    titles, row = docker("stats", "--no-stream").splitlines()
    assert titles.split("   ")[0] == "CONTAINER ID"
    assert row.split()[1] == web
    assert "%" in row
    found = json.loads(docker("stats", "--no-stream", "--format", "json", web))
    assert found["Name"] == web
    assert int(found["PIDs"]) == 2


@pytest.mark.usefixtures("containers")
def test_events_of_a_life(docker):
    docker("run", "--name", "one", "-l", "course=1", BOX, "true")
    docker("rm", "one")
    words = ["events", "--since", "1h", "--until", str(time.time() + 1)]
    actions = docker(*words, "--filter", "type=container", "--format", "{{.Action}}").split()
    assert actions == ["create", "start", "die", "destroy"]
    assert docker(*words, "-f", "label=course=2", "--format", "{{.ID}}") == ""
    line = docker(*words, "-f", "event=die").strip()
    assert " container die " in line
    assert "exitCode=0" in line
    assert "name=one" in line
    started = [*words, "-f", "event=start", "--format"]
    assert json.loads(docker(*started, "{{json .}}")) == json.loads(docker(*started, "json"))
    assert docker(*started, "{{.Actor.Attributes.name}} {{.From}} {{.Scope}}") == f"one {BOX} local\n"
    assert json.loads(docker(*started, "json"))["Actor"]["Attributes"]["name"] == "one"


@pytest.mark.usefixtures("containers")
def test_export_is_a_tar_of_all_files(docker, tmp_path):
    docker("run", "--name", "one", "-v", "data:/data", BOX, "sh", "-c", "echo hi > /new; echo no > /data/x; rm /bin/ls")
    docker("export", "-o", str(tmp_path / "files.tar"), "one")
    with tarfile.open(tmp_path / "files.tar") as tar:
        names = tar.getnames()
        assert tar.extractfile("new").read() == b"hi\n"
    assert "bin/busybox" in names
    assert "bin/ls" not in names
    assert "data" in names
    assert "data/x" not in names


@pytest.mark.usefixtures("containers", "control_groups")
def test_a_paused_container_stands_still(docker, fails, web):
    docker("pause", web)
    assert "(Paused)" in docker("ps")
    assert fails("exec", web, "true") == "engine.exec-paused"
    assert fails("pause", web) == "engine.already-paused"
    docker("unpause", web)
    assert docker("exec", web, "echo", "on") == "on\n"


@pytest.mark.usefixtures("containers")
def test_update_changes_limits_and_the_restart_policy(docker, web):
    docker("update", "--memory", "64m", "--restart", "on-failure:3", web)
    if find_hierarchy() is None:
        assert "not in force here: --memory" in docker.face.noted
    policy = json.loads(docker("inspect", "-f", "{{json .HostConfig.RestartPolicy}}", web))
    assert policy == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert docker("inspect", "-f", "{{.HostConfig.Memory}}", web) == f"{64 << 20}\n"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        (["-m", "512m"], ["--memory-swap", "1g"], ""),
        (["-m", "64m", "--memory-swap", "100m"], ["-m", "200m"], "engine.swap-below-memory"),
        (["--cpus", "1"], ["--cpu-quota", "20000"], ""),
        (["--cpu-quota", "20000"], ["--cpus", "1"], ""),
        ([], ["--memory-swap", "1g"], "engine.swap-without-memory"),
    ],
)
def test_limits_must_make_sense_with_those_from_before(docker, fails, first, second, key):
    docker("create", "--name", "one", *first, BOX)
    if key:
        assert fails("update", *second, "one") == key
        return
    docker("update", *second, "one")
    found = json.loads(docker("inspect", "-f", "{{json .HostConfig}}", "one"))
    assert (found["CpuQuota"], found["NanoCpus"]) in ((0, 0), (20000, 0), (0, 1_000_000_000))


@pytest.mark.usefixtures("containers", "control_groups")
def test_what_is_updated_is_in_force_after_a_restart_and_under_a_new_name(docker):
    docker("run", "-d", "--name", "one", "--restart", "always", "-m", "64m", BOX, "sleep", "600")
    docker("update", "-m", "128m", "one")
    docker("rename", "one", "two")
    before = docker("inspect", "-f", "{{.State.Pid}}", "two")
    os.kill(int(before), signal.SIGKILL)
    wait_until(lambda: docker("inspect", "-f", "{{.RestartCount}} {{.State.Running}}", "two") == "1 true\n")
    assert docker("inspect", "-f", "{{.State.Pid}}", "two") != before
    limits = "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max"
    assert docker("exec", "two", "sh", "-c", f"cat {limits} 2>/dev/null; true") == f"{128 << 20}\n"
    form = ["--filter", "event=die", "--format", "{{.Actor.Attributes.name}}"]
    assert docker("events", "--since", "1h", "--until", "0s", *form) == "two\n"


@pytest.mark.usefixtures("containers")
def test_events_of_further_programs(docker, web):
    docker("exec", web, "sh", "-c", "exit 7", status=7)
    form = "{{.Action}}|{{.Actor.Attributes.exitCode}}|{{index .Actor.Attributes `oldName`}}"
    about = ["events", "--since", "1h", "--until", "0s", "--filter", f"container={web}", "--format"]
    wait_until(lambda: "exec_die" in docker(*about, form))
    shown = [line for line in docker(*about, form).splitlines() if line.startswith("exec")]
    assert shown == ["exec_create: sh -c exit 7|<no value>|", "exec_start: sh -c exit 7|<no value>|", "exec_die|7|"]
    ids = docker(*about, "{{.Actor.Attributes.execID}}").splitlines()
    assert len({one for one in ids if one != "<no value>"}) == 1


@pytest.mark.usefixtures("containers")
def test_what_cannot_be_written_is_told(docker, fails, tmp_path):
    docker("create", "--name", "one", BOX)
    for words in (["export", "one"], ["save", BOX]):
        assert fails(*words, "-o", str(tmp_path / "no" / "x.tar")) == "cli.no-output"
        docker(*words, "-o", "/dev/null")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert fails("create", "--cidfile", str(tmp_path / "no" / "id"), BOX) == "cli.no-output"


@pytest.mark.usefixtures("containers")
def test_commit_applies_instructions(docker):
    docker("run", "--name", "one", BOX, "sh", "-c", "echo hi > /new")
    words = ["-c", "CMD cat /new", "--change", "ENV A=1", "-a", "me", "-m", "mine"]
    docker("commit", *words, "one", "mine:1")
    assert docker("run", "--rm", "mine:1") == "hi\n"
    found = json.loads(docker("inspect", "mine:1"))[0]
    assert found["Author"] == "me"
    assert "A=1" in found["Config"]["Env"]


@pytest.mark.usefixtures("containers")
def test_cp_from_and_into_a_tar(docker, fails):
    docker(
        "run", "--name", "one", BOX, "sh", "-c", "mkdir -p /in/sub; echo a > /in/a; echo b > /in/sub/b; ln -s a /in/l"
    )
    docker("cp", "one:/in", "-")
    with tarfile.open(fileobj=io.BytesIO(docker.face.bytes.getvalue())) as tar:
        assert sorted(tar.getnames()) == ["in", "in/a", "in/l", "in/sub", "in/sub/b"]
        assert tar.extractfile("in/sub/b").read() == b"b\n"
    docker("create", "--name", "two", BOX, "true")
    docker("cp", "one:/in/a", "-")
    docker("cp", "-", "two:/tmp", piped=docker.face.bytes.getvalue())
    docker("cp", "two:/tmp/a", "-")
    with tarfile.open(fileobj=io.BytesIO(docker.face.bytes.getvalue())) as tar:
        assert tar.extractfile("a").read() == b"a\n"
    assert fails("cp", "one:/nowhere", "-") == "engine.no-path"
    assert fails("cp", "-", "two:/nowhere") == "engine.no-path"
