"""A command that is served is the command that it would have been: words, files, environment, directory, end."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from samples.served import NOT_SERVED, PLAIN, SERVED, passes_signals_on
from samples.waiting import wait_until

from pydock_lab.engine.face import Engine

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
BOX = "lab/busybox"


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["run", "--help"],
        ["version"],
        ["ps", "-a"],
        ["images", "--format", "{{.Repository}} {{.Size}}"],
        ["history", BOX],
        ["inspect", BOX, "--format", "{{json .Config}}"],
        ["layers", BOX],
        ["rnu"],
        ["run"],
        ["ps", "--filter", "nonsense"],
        ["inspect", "nobody"],
        ["run", "--rm", BOX, "sh", "-c", "echo out; echo err >&2; exit 7"],
        ["run", "--rm", BOX, "/no/such/program"],
        ["run", "--rm", "--memory", "1", BOX, "true"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_says_what_a_command_says_here(
    pydock: Run, environment: dict[str, str], home: Path, words: list[str], language: str
) -> None:
    Engine(home).image(BOX)
    spoken = environment | {"PYDOCK_LANG": language, "NO_COLOR": "1"}
    theirs = pydock(*words, env=spoken)
    here = subprocess.run([*PLAIN, *words], env=spoken | {"PYDOCK_SERVER": "off"}, capture_output=True, check=False)
    assert theirs.returncode != NOT_SERVED
    assert (theirs.returncode, theirs.stdout, theirs.stderr) == (here.returncode, here.stdout, here.stderr)


@pytest.mark.usefixtures("containers")
def test_input_is_piped_through(pydock: Run) -> None:
    assert pydock("run", "--rm", "-i", BOX, "cat", input=b"hello\n").stdout == b"hello\n"


def test_a_reader_who_has_seen_enough(environment: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*SERVED, "version"], env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_its_directory_and_its_umask(pydock: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "Dockerfile").write_text("FROM lab/busybox\nCOPY Dockerfile /\n")
    done = pydock("build", "-t", "one:1", "--iidfile", "id", ".", cwd=tmp_path / "folder", preexec_fn=_shy)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "folder" / "id").stat().st_mode & 0o777 == 0o600


def _shy() -> None:
    os.umask(0o077)


@pytest.mark.usefixtures("containers")
def test_files_that_a_shell_has_opened(environment: dict[str, str]) -> None:
    """`<(...)` of bash is a file behind /dev/fd/63, and `5<` one behind /dev/fd/5: both are the command's."""
    script = 'exec "$@" --env-file <(echo A=seventeen) --env-file /dev/fd/5 lab/busybox env 5< <(echo B=eighteen)'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *SERVED, "run", "--rm"], env=environment, capture_output=True, check=False
    )
    assert {b"A=seventeen", b"B=eighteen"} <= set(done.stdout.splitlines()), done.stderr


def test_files_of_high_numbers_keep_them(environment: dict[str, str]) -> None:
    numbers = (517, 518, 519, 600)
    try:
        for number in numbers:
            source, writer = os.pipe()
            os.write(writer, f"A{number}={number}\n".encode())
            os.close(writer)
            os.dup2(source, number)
            os.close(source)
        files = [word for number in numbers for word in ("--env-file", f"/dev/fd/{number}")]
        words = [*SERVED, "run", "--rm", *files, BOX, "env"]
        done = subprocess.run(words, env=environment, pass_fds=numbers, capture_output=True, check=False)
    finally:
        for number in numbers:
            os.close(number)
    assert {f"A{number}={number}".encode() for number in numbers} <= set(done.stdout.splitlines()), done.stderr


def test_its_environment_is_its_own(pydock: Run, environment: dict[str, str], tmp_path: Path) -> None:
    assert b"A=1" in pydock("run", "--rm", "-e", "A", BOX, "env", env=environment | {"A": "1"}).stdout
    assert b"A=1" not in pydock("run", "--rm", "-e", "A", BOX, "env").stdout
    elsewhere = environment | {"PYDOCK_HOME": str(tmp_path / "elsewhere")}
    assert pydock("images", "-q", env=elsewhere).stdout == b""


# ---- on other ground it is not served, and done all the same


@pytest.mark.parametrize(
    "before",
    [
        ["nice", "-n", "3"],
        ["prlimit", "--nofile=600:600"],
        ["taskset", "1"],
        ["setpriv", "--no-new-privs"],
        ["setpriv", "--groups", "7"],
        ["unshare", "--uts"],
        ["unshare", "--mount"],
        ["env", "PYTHONUTF8=1"],
        ["env", "LC_ALL=C"],
        ["env", "PYDOCK_SERVER=off"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("as_root")
def test_on_other_ground_it_is_done_by_the_command_itself(
    pydock: Run, environment: dict[str, str], before: list[str]
) -> None:
    assert pydock("version", before=before).returncode == NOT_SERVED
    plain = [*before, *PLAIN, "images", "-q"]
    done = subprocess.run(plain, env=environment | {"PYDOCK_SERVER": "off"}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


def test_what_belongs_to_a_life_of_its_own_is_not_served(pydock: Run) -> None:
    assert pydock("registry", "--help").returncode == NOT_SERVED
    assert pydock("lab", "--help").returncode == NOT_SERVED


def test_without_one_of_the_three_streams_it_is_not_served(environment: dict[str, str]) -> None:
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *SERVED, "version"], env=environment, check=False)
    assert done.returncode == NOT_SERVED


def test_with_too_many_files_it_is_not_served(environment: dict[str, str]) -> None:
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(70)]
    done = subprocess.run([*SERVED, "version"], env=environment, pass_fds=files, check=False)
    for one in files:
        os.close(one)
    assert done.returncode == NOT_SERVED


# ---- how it ends


@pytest.mark.usefixtures("containers")
def test_words_that_are_no_text(pydock: Run, environment: dict[str, str]) -> None:
    """Bytes as they are, to the program, with and without a server."""
    words = ["run", "--rm", BOX, "printf", b"%s", b"\xff\xfe"]
    assert pydock(*words).stdout == b"\xff\xfe"
    done = subprocess.run([*PLAIN, *words], env=environment | {"PYDOCK_SERVER": "off"}, capture_output=True, check=True)
    assert done.stdout == b"\xff\xfe"


@pytest.mark.usefixtures("containers")
def test_any_exit_status_is_the_programs(pydock: Run, environment: dict[str, str]) -> None:
    """3, too: none of them ends the server."""
    for status in range(1, 6):
        assert pydock("run", "--rm", BOX, "sh", "-c", f"exit {status}").returncode == status
    assert list(Path(environment["XDG_RUNTIME_DIR"]).glob("pydock/commands-*.sock"))


def ready(environment: dict[str, str], *words: str) -> "subprocess.Popen[bytes]":
    """A container that has said so; it goes on until it is told to end."""
    program = subprocess.Popen(
        [*SERVED, "run", "--rm", "--name", "one", BOX, "sh", "-c", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    if program.stdout.readline() != b"ready\n":
        _, complaints = program.communicate(timeout=30)
        pytest.fail(complaints.decode())
    (worker,) = workers(served_by(environment))
    wait_until(lambda: passes_signals_on(worker))
    return program


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1"])
@pytest.mark.usefixtures("containers")
def test_signals_reach_the_container(environment: dict[str, str], name: str) -> None:
    script = f"trap 'echo told; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
    with ready(environment, script) as run:
        run.send_signal(getattr(signal, f"SIG{name}"))
        assert run.communicate(timeout=30) == (b"told\n", b"")
    assert run.returncode == 7


@pytest.mark.usefixtures("containers")
def test_who_is_killed_takes_the_command_along(environment: dict[str, str], home: Path) -> None:
    with ready(environment, "echo ready; sleep 1000") as run:
        run.kill()
        run.communicate(timeout=30)
    wait_until(lambda: not [row for row in Engine(home).full.containers(all_=True) if row.state == "running"])


def test_a_signal_that_ends_the_command_ends_who_asked(environment: dict[str, str]) -> None:
    with subprocess.Popen([*SERVED, "events"], env=environment, stdout=subprocess.PIPE) as run:
        at_work(environment)
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == -signal.SIGTERM
    assert not workers(served_by(environment))


def test_an_ignored_signal_stays_ignored(environment: dict[str, str]) -> None:
    words = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *SERVED, "events"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as run:
        worker = at_work(environment)
        os.kill(worker, signal.SIGHUP)
        run.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert run.poll() is None
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == -signal.SIGTERM


def test_ctrl_z_stops_both_and_fg_goes_on(environment: dict[str, str]) -> None:
    with subprocess.Popen([*SERVED, "events"], env=environment, stdout=subprocess.PIPE) as run:
        worker = at_work(environment)
        run.send_signal(signal.SIGTSTP)
        wait_until(lambda: state(run.pid) == state(worker) == "T")
        run.send_signal(signal.SIGCONT)
        wait_until(lambda: "T" not in (state(run.pid), state(worker)))
        run.send_signal(signal.SIGTERM)
        run.wait(20)


def at_work(environment: dict[str, str]) -> int:
    """The pid of `pydock events`, as soon as it is that."""
    wait_until(lambda: bool(workers(served_by(environment))))
    (worker,) = workers(served_by(environment))
    wait_until(lambda: "pydock events" in Path(f"/proc/{worker}/cmdline").read_text())
    return worker


def served_by(environment: dict[str, str]) -> int:
    """The server's pid."""
    return int(environment["PYDOCK_TEST_SERVER"])


def workers(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.usefixtures("containers")
def test_a_terminal(environment: dict[str, str]) -> None:
    """As in tests/cli/test_typing: keys, Ctrl-C, size; and the terminal is afterwards what it was."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    words = [*SERVED, "run", "--rm", "-it", BOX, "sh"]
    with subprocess.Popen(words, env=environment, stdin=slave, stdout=slave, stderr=slave) as run:
        say(master, b"", b"# ")
        termios.tcsetwinsize(slave, (31, 91))
        run.send_signal(signal.SIGWINCH)
        wait_until(lambda: b"31 91" in say(master, b"stty size\r", b"# "))
        say(master, b"sh -c 'echo $((40 + 2)); exec sleep 50'\r", b"42")  # it runs when it says so
        say(master, b"\x03", b"# ")
        os.write(master, b"exit 9\r")
        assert run.wait(20) == 9
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


def say(descriptor: int, text: bytes, wanted: bytes) -> bytes:
    """Type, and read up to what is wanted."""
    os.write(descriptor, text)
    said = b""
    end = time.monotonic() + 20
    while wanted not in said:
        assert time.monotonic() < end, said
        if select.select([descriptor], [], [], 0.1)[0]:
            said += os.read(descriptor, 4096)
    return said
