"""Records, and the processes and locks behind them."""

import builtins
import dataclasses
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import Conflict, Corrupt, InvalidValue, NotFound
from pydock_lab.store import FileLock, Liveness, Process, Store, home
from pydock_lab.store.ingest import Ingest


def test_a_record_comes_back(store: Any) -> None:
    builds = store.collection("builds")
    builds.write("b1", {"name": "é"})
    assert builds.read("b1") == {"format": 1, "name": "é"}
    assert (list(builds), "b1" in builds, "b2" in builds) == (["b1"], True, False)


def test_several_files_make_one_record(store: Any) -> None:
    containers = store.collection("containers", "spec.json")
    path = containers.add("c1", {"name": "one"})
    containers.write("c1", {}, "state.json")
    assert sorted(os.listdir(path)) == ["spec.json", "state.json"]
    with pytest.raises(Conflict):
        containers.add("c1", {"name": "two"})
    assert containers.read("c1")["name"] == "one"


def test_who_is_killed_while_adding_leaves_nothing(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    containers = store.collection("containers", "spec.json")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        containers.add("c1", {})
    monkeypatch.undo()
    assert list(containers) == []
    assert os.listdir(store.root / "ingest") == []
    dead = store.root / "ingest" / f"{dataclasses.replace(Process.current(), started=1)}~~1"
    dead.mkdir()
    (dead / "spec.json").write_text("{}")
    Ingest(store.root).sweep()
    assert not dead.exists()


def test_what_is_removed_waits_in_the_trash(store: Any) -> None:
    builds = store.collection("builds")
    builds.write("b1", {})
    builds.remove("b1")
    assert list(builds) == []
    assert (store.trash.empty(), store.trash.empty()) == (1, 0)
    with pytest.raises(NotFound):
        builds.remove("b1")


@pytest.mark.parametrize("key", ["", ".", "..", "../x", "a/b", ".hidden", "x" * 201, "a\0b", "-x"])
def test_what_is_no_key(store: Any, key: Any) -> None:
    with pytest.raises(InvalidValue):
        store.collection("builds").read(key)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"format": 2}', ""])
def test_a_record_of_another_kind_is_refused(store: Any, content: Any) -> None:
    path = store.collection("builds").add("b1", {}) / "record.json"
    path.write_text(content)
    with pytest.raises(Corrupt):
        store.collection("builds").read("b1")


def test_this_process_lives_and_is_told_again() -> None:
    me = Process.current()
    assert Process.parse(str(me)) == me
    assert me.liveness() is Liveness.ALIVE
    assert Process.parse("nonsense") is None


CHANGED = {
    "another start of the same pid": ({"started": 1}, Liveness.DEAD),
    "no such pid": ({"pid": 2**22 + 1}, Liveness.DEAD),
    "another pod": ({"namespace": 1}, Liveness.UNKNOWN),
    "after a restart": ({"boot": "other"}, Liveness.DEAD),
    "another machine": ({"boot": "other", "host": "elsewhere"}, Liveness.UNKNOWN),
}


@pytest.mark.parametrize("case", CHANGED)
def test_liveness(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "here")
    fields, expected = CHANGED[case]
    assert dataclasses.replace(Process.current(), **fields).liveness() is expected


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = Process.of(child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process.liveness() is Liveness.DEAD
    child.wait()


def test_a_lock_keeps_threads_apart(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with FileLock(tmp_path / "lock"):
            entered.set()

    thread = threading.Thread(target=enter)
    with FileLock(tmp_path / "lock"):
        thread.start()
        assert not entered.wait(0.1)
    thread.join(5)
    assert entered.is_set()


def test_shared_locks_go_together(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock", shared=True), FileLock(tmp_path / "lock", shared=True):
        assert (tmp_path / "lock").exists()


def test_leftovers_of_the_dead_are_swept(home: Path) -> None:
    program = (
        "import os; from pydock_lab.store import Store\n"
        "store = Store.open(); blob = store.blobs.writer(); blob.write(b'x'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert len(os.listdir(home / "ingest")) == 1
    with Store.open(home).blobs.writer():
        Store.open(home)
        assert len(os.listdir(home / "ingest")) == 1  # the living one's, and no other


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.2])
def test_killed_at_any_instant_nothing_committed_is_lost(home: Path, delay: Any) -> None:
    program = (
        "from pydock_lab.store import Store; from pydock_lab.oci import Descriptor, Reference\n"
        "store = Store.open(); app = Reference.parse('app:1'); n = 0\n"
        "while True:\n"
        "    content = b'%d' % n; digest = store.blobs.put(content)\n"
        "    store.layout.tag(app.with_tag(f't{n}'), Descriptor.of(content, 'text/plain'))\n"
        "    print(n, flush=True); n += 1"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as running:
        assert running.stdout
        last = int(running.stdout.readline())
        time.sleep(delay)
        running.kill()
        last = max([last, *map(int, running.stdout.read().split(b"\n")[:-1])])
    store = Store.open(home)
    tags = {image.reference.tag for image in store.layout.images() if image.reference}
    assert tags >= {f"t{n}" for n in range(last + 1)}
    assert all(store.blobs.recompute(image.descriptor.digest) for image in store.layout.images())
    assert os.listdir(home / "ingest") == []


def test_it_imports_and_works_without_fcntl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with FileLock(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
    for name in [name for name in sys.modules if name.startswith("pydock_lab.store")]:
        monkeypatch.delitem(sys.modules, name)
    assert builtins.__import__("pydock_lab.store").store.Store


def test_where_the_home_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYDOCK_HOME", str(tmp_path))
    assert home.find() == tmp_path
    monkeypatch.delenv("PYDOCK_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert home.find().name == "pydock_lab"


def test_the_storage_is_probed(tmp_path: Path) -> None:
    found = home.probe(tmp_path)
    assert (found.symlinks, found.hardlinks, found.case_sensitive) == (True, True, True)
    assert found.filesystem
    assert found.free > 0
    assert os.listdir(tmp_path) == []
