"""The life of containers from the command line: signals, restarts, names, ports, logs, and what is pruned."""

import json
import re
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from samples.faces import RememberingFace
from samples.waiting import wait_until

from pydock_lab.errors import PydockError
from pydock_lab.views import ChangeKind

BOX = "lab/busybox"
ECHO = "echo hello; exec sleep 600"
# Tells each signal that it gets, and goes on.
EARS = """
trap 'echo TERM' TERM; trap 'echo USR1' USR1; trap 'echo INT; exit 3' INT
echo ready; while :; do sleep 0.05; done
"""

pytestmark = pytest.mark.usefixtures("containers")


@pytest.fixture
def ears(docker):
    """A container that listens."""
    docker("run", "-d", "--name", "ears", BOX, "sh", "-c", EARS)
    wait_until(lambda: "ready" in docker("logs", "ears"))
    return "ears"


def state(docker, name, field="Status"):
    return docker("inspect", "-f", f"{{{{.State.{field}}}}}", name).strip()


@pytest.mark.parametrize(
    ("words", "exit_code", "heard"),
    [
        (("stop", "-t", "1"), "137", "TERM"),
        (("stop", "-s", "SIGINT"), "3", "INT"),
        (("stop", "--signal", "INT", "--timeout", "20"), "3", "INT"),
        (("kill", "-s", "INT"), "3", "INT"),
        (("kill",), "137", ""),
    ],
)
def test_ways_to_end(docker, ears, words, exit_code, heard):
    assert docker(*words, ears) == f"{ears}\n"
    assert docker("wait", ears) == f"{exit_code}\n"
    assert docker("logs", ears).split()[1:] == ([heard] if heard else [])


def test_a_signal_need_not_be_the_end(docker, fails, ears):
    docker("kill", "--signal", "USR1", ears)
    wait_until(lambda: "USR1" in docker("logs", ears))
    assert state(docker, ears) == "running"
    assert fails("kill", "-s", "SIGNONSENSE", ears).startswith("runtime.")
    docker("restart", "-s", "INT", "-t", "20", ears)
    assert "INT" in docker("logs", ears)
    assert state(docker, ears) == "running"
    docker("rm", "-f", ears)
    assert fails("kill", ears) == "engine.no-container"


@pytest.mark.usefixtures("control_groups")
@pytest.mark.parametrize(
    ("words", "exit_code", "heard"),
    [(("stop", "-s", "INT", "-t", "20"), "3", "INT"), (("kill",), "137", ""), (("stop", "-t", "1"), "137", "TERM")],
)
def test_who_is_paused_hears_what_is_to_end_him(docker, ears, words, exit_code, heard):
    docker("pause", ears)
    docker(*words, ears)
    assert docker("wait", ears) == f"{exit_code}\n"
    assert docker("logs", ears).split()[1:] == ([heard] if heard else [])


def test_a_name_may_be_said_with_the_slash_that_inspect_shows(docker, fails):
    docker("create", "--name", "/one", BOX, "true")
    assert docker("inspect", "-f", "{{.Name}}", "/one") == "/one\n"
    docker("rename", "/one", "/two")
    assert docker("ps", "-a", "--format", "{{.Names}}") == "two\n"
    assert fails("rename", "two", "two") == "engine.same-name"
    assert fails("inspect", "/nobody") == "cli.no-such-object"
    docker("rm", "/two")


def test_what_is_gone_already_need_not_be_removed_by_force(docker, fails):
    docker("create", "--name", "one", BOX, "true")
    assert docker("rm", "-f", "nobody", "one") == "one\n"
    assert "no such container: nobody" in docker.face.noted
    assert fails("rm", "nobody") == "engine.no-container"


def test_who_is_removed_while_he_starts_is_told_so(docker, engine, home):
    """Whichever file is missed first: of the container, of its network, or those that say that it runs."""
    heard: list[str] = []

    def start(name: str) -> None:
        try:
            engine.full.start(name)
        except PydockError as error:
            heard.append(error.key)

    docker("create", "--name", "other", BOX, "true")
    for number in range(40):
        name = f"c{number}"
        docker("create", "--name", name, BOX, "sleep", "600")
        thread = threading.Thread(target=start, args=(name,))
        thread.start()
        time.sleep(number * 0.0003)
        docker("rm", "-f", name)
        thread.join()
    assert set(heard) <= {"runtime.removed-meanwhile", "engine.no-container"}
    assert docker("ps", "-a", "--format", "{{.Names}}") == "other\n"
    assert len(list((home / "containers").glob("*/"))) == 1


def test_rm(docker, fails):
    docker("run", "-d", "--name", "one", "-v", "/anonymous", "-v", "named:/named", BOX, "sleep", "600")
    assert fails("rm", "one") == "engine.container-running"
    assert fails("rm", "-l", "one") == "cli.rm-link"
    assert len(docker("volume", "ls", "-q").split()) == 2
    assert docker("rm", "-fv", "one") == "one\n"
    assert docker("volume", "ls", "-q") == "named\n"
    assert docker("ps", "-aq") == ""


@pytest.mark.parametrize("name", ["x", ".x", "a b", "é", "a/b", "_ab"])
def test_what_is_no_name(docker, fails, name):
    docker("create", "--name", "box", BOX)
    assert fails("rename", "box", name) == "engine.container-name"
    assert fails("create", "--name", name, BOX) == "engine.container-name"
    assert docker("ps", "-a", "--format", "{{.Names}}") == "box\n"


def test_port(docker, fails):
    words = ["-p", "127.0.0.1::80", "-p", "127.0.0.1::53/udp", "-p", "127.0.0.1::443"]
    docker("run", "-d", "--name", "web", *words, BOX, "sleep", "600")
    lines = docker("port", "web").splitlines()
    assert [line.rpartition(":")[0] for line in lines] == [
        "53/udp -> 127.0.0.1",
        "80/tcp -> 127.0.0.1",
        "443/tcp -> 127.0.0.1",
    ]
    place = lines[1].partition(" -> ")[2]
    assert docker("port", "web", "80") == docker("port", "web", "80/tcp") == f"{place}\n"
    assert fails("port", "web", "80/udp") == "cli.no-port"
    assert fails("port", "web", "81") == "cli.no-port"
    docker("kill", "web")
    docker("wait", "web")
    assert docker("port", "web") == ""


def test_logs_between_moments(docker, fails):
    docker("run", "--name", "box", "-l", "a=1", BOX, "sh", "-c", "echo one; sleep 0.3; echo two; sleep 0.3; echo three")
    stamps = [line.split()[0] for line in docker("logs", "-t", "box").splitlines()]
    assert docker("logs", "--since", stamps[1], "box") == "two\nthree\n"
    assert docker("logs", "--until", stamps[1], "box") == "one\ntwo\n"
    assert docker("logs", "--since", stamps[1], "--until", stamps[1], "box") == "two\n"
    assert docker("logs", "--since", "10m", "box").count("\n") == 3
    assert docker("logs", "--until", "10m", "box") == ""
    assert docker("logs", "--tail", "1", "box") == "three\n"
    assert docker("logs", "--tail=-1", "box").count("\n") == 3
    assert docker("logs", "-n", "0", "box") == ""
    assert re.fullmatch(r"a=1\S* three\n", docker("logs", "-n", "1", "--details", "box"))
    assert fails("logs", "--tail", "some", "box") == "cli.bad-tail"
    assert fails("logs", "--since", "soon", "box") == "cli.bad-time"


def test_who_starts_what_runs_stays_with_it(docker):
    docker("run", "-d", "--name", "one", BOX, "sh", "-c", "until test -e /go; do sleep 0.02; done; echo gone; exit 3")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(docker("start", "-a", "one", status=3)), daemon=True)
    thread.start()
    time.sleep(0.3)
    # It may be ended together with the container, for which it is the sign to end.
    docker.__class__(docker.engine)("exec", "one", "touch", "/go", status=None)
    thread.join(20)
    assert said == ["gone\n"]


def test_logs_go_on_until_the_moment_that_is_said(docker):
    """However long the container lives on, and though it writes nothing any more."""
    docker("run", "-d", "--name", "one", BOX, "sh", "-c", ECHO)
    wait_until(lambda: docker("logs", "one"))
    found: list[str] = []

    def look(until: str) -> None:
        found.append(docker("logs", "-f", "--until", until, "one"))

    for until, wanted in (("0s", ["hello\n"]), (f"{time.time() + 0.5:f}", ["hello\n"]), ("1h", [""])):
        thread = threading.Thread(target=look, args=(until,), daemon=True)
        thread.start()
        thread.join(10)
        assert found == wanted
        found.clear()


def test_logs_go_on_until_the_end(docker):
    docker("run", "-d", "--name", "box", BOX, "sh", "-c", "echo one; sleep 0.3; echo two")
    assert docker("logs", "-f", "box") == "one\ntwo\n"


def test_who_looks_at_a_list_sees_the_isolation(docker, monkeypatch):
    docker("run", "-d", "--name", "one", BOX, "sleep", "100")
    tier = docker("inspect", "-f", "{{.HostConfig.Isolation}}", "one").strip()
    assert "isolation" not in docker("ps")  # a program that reads the list expects Docker's lines
    monkeypatch.setattr(RememberingFace, "has_terminals", True)
    assert docker("ps").splitlines()[-1] == f"isolation: {tier}"
    assert "isolation" not in docker("ps", "--format", "{{.ID}}") + docker("ps", "-q")


def test_a_container_between_two_starts_is_listed(docker):
    docker("run", "-d", "--name", "box", "--restart", "on-failure:20", BOX, "sh", "-c", "exit 3")
    wait_until(lambda: "restarting" in docker("ps", "--format", "{{.State}}"))
    assert re.search(r"Restarting \(3\) .* ago", docker("ps", "-f", "status=restarting"))
    found = json.loads(docker("inspect", "box"))[0]
    assert found["State"]["Running"] is (found["State"]["Status"] != "exited")
    docker("rm", "-f", "box")


def test_latest_last_and_size(docker):
    for name in ("one", "two", "three"):
        docker("run", "--name", name, BOX, "sh", "-c", f"echo {name} > /new")
    names = ("ps", "--format", "{{.Names}}")
    assert docker(*names) == ""
    assert docker(*names, "-l") == "three\n"
    assert docker(*names, "-n", "2") == "three\ntwo\n"
    assert docker(*names, "-a", "-f", "since=one", "-f", "before=three") == "two\n"
    assert docker(*names, "-f", "status=exited", "-f", "name=o") == "two\none\n"
    assert docker("ps", "-as", "-f", "name=three", "--format", "{{.Size}}").startswith("6B (virtual ")
    assert "SIZE" in docker("ps", "-s")


# ---- what goes


@pytest.fixture
def leftovers(docker):
    """Something of each kind that nobody uses, and something that somebody does."""
    docker("run", "--name", "ended", "-l", "keep=1", BOX, "sh", "-c", "head -c 100000 /dev/zero > /big")
    docker("create", "--name", "never", "-v", "used:/used", BOX)
    docker("run", "-d", "--name", "runs", BOX, "sleep", "600")
    docker("network", "create", "lab")
    docker("volume", "create", "free")
    docker("run", "--name", "anonymous", "-v", "/data", BOX, "sh", "-c", "head -c 5000 /dev/zero > /data/x")
    docker("rm", "anonymous")


@pytest.mark.usefixtures("leftovers")
def test_containers_are_pruned(docker, fails):
    ids = dict(line.split() for line in docker("ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.ID}}").splitlines())
    assert docker("container", "prune", answers=("n",)) == ""
    assert "WARNING" in docker.face.noted
    assert docker("container", "prune", "-f", "--filter", "until=1h") == "Total reclaimed space: 0B\n"
    text = docker("container", "prune", "-f", "--filter", "label!=keep")
    assert text == f"Deleted Containers:\n{ids['never']}\n\nTotal reclaimed space: 0B\n"
    text = docker("container", "prune", "--filter", "label=keep=1", answers=("y",))
    assert text == f"Deleted Containers:\n{ids['ended']}\n\nTotal reclaimed space: 100kB\n"
    assert docker("ps", "-a", "--format", "{{.Names}}") == "runs\n"
    assert fails("container", "prune", "-f", "--filter", "status=exited") == "engine.filter-unknown"


def test_a_volume_is_kept_as_long_as_somebody_has_it(docker, fails):
    """Also a part of it, or with --volumes-from; a folder of the host with such a name is none."""
    docker("run", "--name", "part", "-v", "whole:/x", BOX, "mkdir", "/x/sub")
    docker("rm", "part")
    docker("create", "--name", "part", "--mount", "type=volume,source=whole,target=/x,volume-subpath=sub", BOX)
    assert fails("volume", "rm", "whole") == "engine.volume-in-use"
    docker("create", "--name", "first", "-v", "/data", BOX)
    docker("create", "--name", "second", "--volumes-from", "first", BOX)
    before = docker("volume", "ls", "-q")
    docker("rm", "-v", "first")
    assert docker("volume", "ls", "-q") == before
    docker("volume", "prune", "-fa")
    assert docker("volume", "ls", "-q") == before


def test_a_volume_that_is_filled_late_is_still_the_same_one(docker):
    """It was empty, and somebody has it mounted: what is put there, that one sees, too."""
    docker("run", "-d", "--name", "first", "-v", "shared:/nowhere", BOX, "sleep", "600")
    docker("run", "--name", "second", "-v", "shared:/bin", BOX, "sh", "-c", "echo hi > /bin/said")
    assert docker("exec", "first", "cat", "/nowhere/said") == "hi\n"
    docker("exec", "first", "sh", "-c", "echo back > /nowhere/back")
    assert docker("run", "--rm", "-v", "shared:/y", BOX, "cat", "/y/back") == "back\n"


def test_a_container_that_cannot_be_made_leaves_no_volume(docker, fails):
    docker("build", "-t", "keeps", "-", piped=f"FROM {BOX}\nVOLUME /data\n".encode())
    assert fails("create", "--memory", "1m", "keeps") == "engine.memory-too-small"
    assert docker("volume", "ls", "-q") == ""


def test_a_shell_of_the_image_checks_its_health(docker):
    shell = 'SHELL ["/bin/busybox", "sh", "-e", "-c"]'
    docker("build", "-t", "checked", "-", piped=f"FROM {BOX}\n{shell}\nHEALTHCHECK CMD false; true\n".encode())
    docker("create", "--name", "one", "checked", "sleep", "600")
    test = docker("inspect", "-f", "{{json .Config.Healthcheck.Test}}", "one")
    assert json.loads(test)[1:] == ["/bin/busybox", "sh", "-e", "-c", "false; true"]


def test_what_it_was_started_with_is_shown(docker):
    docker("create", "--name", "one", BOX, "sleep", "60")
    assert docker("inspect", "-f", "{{json .Config.Cmd}} {{json .Config.Entrypoint}}", "one") == '["sleep","60"] null\n'


def test_a_program_whose_name_is_cut_in_a_letter_is_shown(docker, engine):
    script = "printf '#!/bin/sh\\nread x\\n' > /vérification-été; chmod +x /vérification-été; exec /vérification-été"
    docker("run", "-d", "-i", "--name", "one", BOX, "sh", "-c", script)
    cut = "vérification-é".encode()[:15]
    wait_until(lambda: Path(f"/proc/{state(docker, 'one', 'Pid')}/comm").read_bytes() == cut + b"\n")
    assert "vérification-été" in engine.full.namespaces("one").processes[0].command


def test_a_restart_is_not_the_end_that_removes(docker, engine):
    docker("run", "-d", "--rm", "--name", "back", BOX, "sleep", "600")
    front = partial(engine.run, BOX, "sleep", "600", name="front", auto_remove=True)
    thread = threading.Thread(target=front)
    thread.start()
    wait_until(lambda: "front" in docker("ps"))
    for name in ("back", "front"):
        before = state(docker, name, "Pid")
        docker("restart", "-t", "0", name)
        assert state(docker, name) == "running"
        assert state(docker, name, "Pid") != before
        docker("kill", name)
    thread.join()
    wait_until(lambda: docker("ps", "-aq") == "")


def test_a_folder_that_cannot_be_made_is_told(fails, tmp_path):
    (tmp_path / "file").write_text("")
    assert fails("create", "-v", f"{tmp_path}/file/x:/y", BOX) == "engine.bind-make"


@pytest.mark.usefixtures("leftovers")
def test_volumes_are_pruned(docker):
    anonymous = next(name for name in docker("volume", "ls", "-q").split() if len(name) == 64)
    assert docker("volume", "prune", "-f", "--filter", "label=x") == "Total reclaimed space: 0B\n"
    assert docker("volume", "prune", "-f") == f"Deleted Volumes:\n{anonymous}\n\nTotal reclaimed space: 5kB\n"
    assert docker("volume", "prune", "-fa") == "Deleted Volumes:\nfree\n\nTotal reclaimed space: 0B\n"
    assert docker("volume", "ls", "-q") == "used\n"


@pytest.mark.usefixtures("leftovers")
def test_everything_is_pruned(docker, fails):
    assert fails("system", "prune", "-f", "--volumes", "--filter", "until=1h") == "engine.prune-until-volumes"
    text = docker("system", "prune", "-f", "--filter", "label=nobody-has-this")
    assert text == "Total reclaimed space: 0B\n"
    text = docker("system", "prune", "-a", "--volumes", answers=("y",))
    assert [line for line in text.splitlines() if line.startswith("Deleted") and line.endswith(":")] == [
        "Deleted Containers:",
        "Deleted Networks:",
        "Deleted Volumes:",
    ]
    assert text.splitlines()[-1].startswith("Total reclaimed space: ")
    assert docker("ps", "-a", "--format", "{{.Names}}") == "runs\n"
    # -a is about images: a volume that somebody has given a name is not removed with all the rest.
    assert docker("volume", "ls", "-q") == "free\nused\n"
    assert docker("network", "ls", "-qf", "type=custom") == ""


# ---- one thing, whole


def test_inspect_has_all_of_dockers_fields(docker):
    check = ["--health-cmd", "true", "--health-interval", "100ms"]
    limits = ["--memory", "64m", "--cpus", "1.5", "--pids-limit", "50", "--ulimit", "nofile=64:128"]
    mounts = ["-v", "data:/data:ro", "--tmpfs", "/scratch:size=1m"]
    docker("run", "-d", "--name", "box", *check, *limits, *mounts, "--restart", "unless-stopped", BOX, "sh", "-c", ECHO)
    wait_until(lambda: state(docker, "box", "Health.Status") == "healthy")
    found = json.loads(docker("inspect", "-s", "box"))[0]
    assert found["State"]["Health"]["Log"][0]["ExitCode"] == 0
    assert found["RestartCount"] == 0
    host = found["HostConfig"]
    assert host["RestartPolicy"] == {"Name": "unless-stopped", "MaximumRetryCount": 0}
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 1_500_000_000, 50)
    assert host["Ulimits"] == [{"Name": "nofile", "Hard": 128, "Soft": 64}]
    volume = next(one for one in found["Mounts"] if one["Destination"] == "/data")
    assert {name: volume[name] for name in ("Type", "Name", "Driver", "Mode", "RW", "Propagation")} == {
        "Type": "volume",
        "Name": "data",
        "Driver": "local",
        "Mode": "ro",
        "RW": False,
        "Propagation": "",
    }
    assert set(found["GraphDriver"]["Data"]) == {"LowerDir", "MergedDir", "UpperDir", "WorkDir"}
    assert "hello" in Path(found["LogPath"]).read_text()
    assert found["SizeRw"] >= 0 < found["SizeRootFs"]


@pytest.mark.parametrize("kind", ["container", "image", "network", "volume"])
def test_one_name_of_several_kinds(docker, fails, kind):
    docker("create", "--name", "same", BOX)
    docker("tag", BOX, "same")
    docker("network", "create", "same")
    docker("volume", "create", "same")
    keys = {"container": "HostConfig", "image": "RootFS", "network": "IPAM", "volume": "Mountpoint"}
    assert keys[kind] in json.loads(docker("inspect", "--type", kind, "same"))[0]
    assert keys["container"] in json.loads(docker("inspect", "same"))[0]
    assert fails("inspect", "nothing") == "cli.no-such-object"


def test_what_is_found_is_shown_and_the_rest_told(docker):
    docker("create", "--name", "box", BOX)
    assert docker("inspect", "-f", "{{.Name}}", "box", "nothing", status=1) == "/box\n"
    assert "nothing" in docker.face.noted


def test_events_begin_where_they_are_asked_to(docker):
    began = time.time()
    docker("create", "--name", "box", BOX)
    line = docker("events", "--since", str(began), "--until", str(time.time() + 0.2), "-f", "container=box").strip()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d) container create [0-9a-f]{64} \(.*\)", line
    )
    assert docker("events", "--since", "1h", "--until", "30m") == ""


def test_diff_has_every_change_and_the_list_of_a_picture_enough(docker, engine):
    script = "mkdir /many; cd /many; i=0; while [ $i -lt 5100 ]; do : > $i; i=$((i+1)); done"
    docker("run", "--name", "big", BOX, "sh", "-c", script)
    assert len(docker("diff", "big").splitlines()) == 5101
    (view,) = (one for image in engine.instances().images for one in image.containers)
    assert (len(view.changes) <= 5000, view.changes_total) == (True, 5101)


def test_a_file_in_the_place_of_a_folder_was_not_copied_up(docker, engine):
    docker("run", "--name", "swap", BOX, "sh", "-c", "rm -rf /home; echo file > /home; echo x >> /etc/passwd")
    changes = {one.path: one for one in engine.container("swap").changes}
    assert (changes["/home"].kind, changes["/home"].copied_up) == (ChangeKind.CHANGED, False)
    assert changes["/etc/passwd"].copied_up


@pytest.mark.parametrize("tier", ["default", "traced"])
def test_diff_has_what_a_folder_that_was_made_anew_hides(docker, tier):
    docker("run", "--name", "first", BOX, "sh", "-c", "mkdir -p /srv/old/deep && touch /srv/old/a /srv/old/deep/b")
    docker("commit", "first", "with-files")
    script = "rm -r /srv/old && mkdir /srv/old && touch /srv/old/new /srv/old/a"
    docker("run", "--isolation", tier, "--name", "second", "with-files", "sh", "-c", script)
    assert docker("diff", "second").splitlines() == [
        "C /srv",
        "C /srv/old",
        "C /srv/old/a",
        "D /srv/old/deep",
        "A /srv/old/new",
    ]
