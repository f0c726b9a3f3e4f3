"""A container made by hand: each step fails until the next option is there, and none reaches the machine itself."""

import os

import pytest

from pydock_lab.errors import IsolationError

pytestmark = pytest.mark.usefixtures("containers")


@pytest.fixture
def by_hand(docker):
    """What a script says, and the sides that are shown of it."""

    def do(*options, script, status=0):
        said = docker("unshare", *options, "sh", "-c", script, status=status)
        return said, docker.face.shown[-1]

    return do


def own(view):
    return {one.kind for one in view.namespaces if one.is_own}


def test_an_ordinary_process_has_no_power(by_hand):
    before = os.uname().nodename
    said, view = by_hand(script="hostname box; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status", status=0)
    assert os.uname().nodename == before
    assert said.split()[1] == "0000000000000000"
    assert (own(view), view.next_step) == (set(), "user")


def test_a_namespace_needs_the_users_first(docker):
    with pytest.raises(IsolationError) as caught:
        docker("unshare", "--uts", "hostname", "box")
    assert caught.value.message("en") == "unshare(CLONE_NEWUTS): Operation not permitted"
    assert "--user" in caught.value.hint("en")


def test_root_of_its_own_is_nobody_outside(by_hand):
    before = os.uname().nodename
    said, view = by_hand("--user", script="id -u; hostname box || echo refused")
    assert said.split() == ["0", "refused"]
    assert os.uname().nodename == before
    assert (own(view), view.next_step) == ({"user"}, "uts")


def test_a_host_name_of_its_own(by_hand):
    before = os.uname().nodename
    said, view = by_hand("--user", "--uts", script="hostname box; hostname")
    assert (said, os.uname().nodename) == ("box\n", before)
    assert (own(view), view.next_step) == ({"user", "uts"}, "pid")


def test_process_one_and_what_it_sees_of_others(by_hand, docker):
    options = ["--user", "--uts", "--pid"]
    count = "ls /proc | grep -c '^[0-9]'"
    said, view = by_hand(*options, script=f"echo $$; {count}")
    number, seen = map(int, said.split())
    assert number == 1
    assert seen > 3, "the host's /proc still shows everybody"
    assert view.next_step == "proc"
    with pytest.raises(IsolationError) as caught:
        docker("unshare", *options, "--proc", "true")
    assert caught.value.fields["call"] == "mount(proc)"
    said, view = by_hand(*options, "--mount", "--proc", script=count)
    assert int(said) <= 4
    assert view.next_step == "root"


def test_other_files(by_hand, docker):
    options = ["--user", "--uts", "--pid", "--proc", "--root", "lab/base"]
    with pytest.raises(IsolationError) as caught:
        docker("unshare", *options, "true")
    assert caught.value.fields["call"].startswith("mount")
    said, view = by_hand(*options, "--mount", script="ls /; echo x > /new; cat /new; cat /proc/self/mounts | wc -l")
    assert "work" not in said.split()
    assert said.split()[-2] == "x"
    assert int(said.split()[-1]) < 10, "the host's mounts are gone"
    assert view.next_step == "net"


def test_all_of_it_is_a_container(by_hand):
    said, view = by_hand(
        "--all", "--root", "lab/base", "--hostname", "box", script="hostname; cat /proc/net/dev; id -u"
    )
    assert said.split()[0] == "box"
    assert {line.split(":")[0].strip() for line in said.splitlines() if ":" in line} == {"lo"}
    assert own(view) == {"user", "uts", "pid", "mnt", "net", "ipc", "cgroup"}
    assert view.next_step == "done"
    assert view.command.startswith("pydock unshare --user --uts --pid --mount --proc --root lab/base --net")


def test_exit_statuses(docker):
    docker("unshare", "sh", "-c", "exit 7", status=7)
    docker("unshare", "no-such-program", status=127)
    docker("unshare", "sh", "-c", "kill -9 $$", status=137)


@pytest.mark.parametrize(
    ("options", "call", "hint"),
    [
        ("--user --hostname box", "sethostname", "Next: --uts"),
        ("--hostname box", "sethostname", "Next: --user"),
        ("--user --uts --root lab/base", "mount(MS_BIND)", "Next: --mount"),
    ],
)
def test_the_advice_is_about_what_was_refused(docker, options, call, hint):
    with pytest.raises(IsolationError) as caught:
        docker("unshare", *options.split(), "true")
    assert call in caught.value.message("en")
    assert hint in str(caught.value)
