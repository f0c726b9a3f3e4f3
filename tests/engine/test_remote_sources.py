"""ADD of files by HTTP and of Git repositories, from servers on loopback: what is fetched, when again, as what."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import socket
import subprocess
import tarfile
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import zstandard
from samples.base_images import image_tree
from samples.web import file_server

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.remote import without_password
from pydock_lab.build.source import walk
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import BuildError, PydockError
from pydock_lab.events import CacheHit, CacheMissed

JUNE = "Thu, 11 Jun 2020 10:00:00 GMT"
JULY = "Sat, 11 Jul 2020 10:00:00 GMT"
IN_JUNE = 1591869600


@dataclass
class Built:
    """An image: whether each step with a key was a hit, and its files but for folders: mode, owner, time, content."""

    hits: list[bool]
    files: dict[str, str]
    times: dict[str, int]
    modes: dict[str, str]


def build(engine, *instructions, context=None, **more) -> Built:
    events = []
    engine.build("FROM scratch\n" + "\n".join(instructions), "it:1", context=context, on_event=events.append, **more)
    hits = [isinstance(event, CacheHit) for event in events if isinstance(event, CacheHit | CacheMissed)]
    tree = image_tree(engine, "it:1")
    entries = [entry for entry in walk(tree, b"") if entry.type is not EntryType.DIRECTORY]
    assert {(entry.uid, entry.gid) for entry in entries} <= {(0, 0), (5, 6)}
    return Built(
        hits=hits,
        files={
            entry.path.decode(): (entry.target or tree.read(entry.path)).decode("utf-8", "replace") for entry in entries
        },
        times={entry.path.decode(): entry.mtime for entry in entries},
        modes={entry.path.decode(): f"{entry.mode:o}" for entry in entries},
    )


def sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


# ---- files by HTTP


@pytest.fixture
def web():
    files = {"a.txt": "first", "dir/b.sh": "script", "with%20space": "spaced", "empty": ""}
    with file_server(files) as (server, url):
        server.modified["a.txt"] = JUNE
        yield server, url


def test_a_file_comes_with_its_name_its_time_and_for_root_alone(engine, web):
    _, url = web
    built = build(engine, f"ADD {url}/a.txt /x/")
    assert (built.files, built.modes, built.times) == ({"x/a.txt": "first"}, {"x/a.txt": "600"}, {"x/a.txt": IN_JUNE})
    assert build(engine, f"ADD {url}/empty /").times == {"empty": 0}  # nothing is known of its time


@pytest.mark.parametrize(
    ("source", "destination", "path"),
    [
        ("a.txt", "/", "a.txt"),
        ("a.txt", "/named", "named"),
        ("a.txt?version=1#part", "/d/", "d/a.txt"),
        ("dir/b.sh", "/d/", "d/b.sh"),
        ("with%20space", "/d/", "d/with space"),
        ("a.txt", "relative", "relative"),
    ],
)
def test_where_it_goes(engine, web, source, destination, path):
    assert list(build(engine, f"ADD {web[1]}/{source} {destination}").files) == [path]


def test_several_with_owner_and_mode(engine, web):
    built = build(engine, f"ADD --chown=5:6 --chmod=711 {web[1]}/a.txt {web[1]}/dir/b.sh /d/")
    assert built.files == {"d/a.txt": "first", "d/b.sh": "script"}
    assert set(built.modes.values()) == {"711"}


def test_what_has_not_changed_does_not_travel_again(engine, web):
    server, url = web
    assert build(engine, f"ADD {url}/a.txt /").hits == [False]
    assert build(engine, f"ADD {url}/a.txt /").hits == [True]
    assert build(engine, f"ADD {url}/a.txt /other/").files == {"other/a.txt": "first"}
    assert server.asked == [("a.txt", 200), ("a.txt", 304), ("a.txt", 304)]


def test_what_has_changed_is_a_miss(engine, web):
    server, url = web
    build(engine, f"ADD {url}/a.txt /")
    server.files["a.txt"] = "second"
    built = build(engine, f"ADD {url}/a.txt /")
    assert (built.hits, built.files) == ([False], {"a.txt": "second"})
    server.files["a.txt"] = "first"
    assert build(engine, f"ADD {url}/a.txt /").hits == [True]  # those bytes with that time are known


def test_the_time_of_the_server_is_in_the_key(engine, web):
    server, url = web
    server.files |= {"old": "same", "new": "same"}
    server.modified |= {"old": JUNE, "new": JULY}
    assert build(engine, f"ADD {url}/old /x").hits == [False]
    server.modified["old"] = JULY
    server.files["old"] = "other"  # so that it is sent again
    build(engine, f"ADD {url}/old /x")
    server.files["old"] = "same"
    built = build(engine, f"ADD {url}/old /x")
    assert (built.hits, built.times["x"]) == ([False], IN_JUNE + 30 * 86400)


@pytest.mark.parametrize("text", ["first", "other"])
def test_a_checksum(engine, web, text):
    instruction = f"ADD --checksum={sha256(text)} {web[1]}/a.txt /"
    if text == "first":
        assert build(engine, instruction).files == {"a.txt": "first"}
        return
    with pytest.raises(BuildError, match="digest mismatch") as caught:
        build(engine, instruction)
    assert (caught.value.key, caught.value.fields["line"]) == ("build.add-checksum", 2)


def test_a_right_checksum_of_what_was_right_once_is_checked_again(engine, web):
    server, url = web
    instruction = f"ADD --checksum={sha256('first')} {url}/a.txt /"
    build(engine, instruction)
    server.files["a.txt"] = "second"
    with pytest.raises(BuildError, match="digest mismatch"):
        build(engine, instruction)


@pytest.mark.parametrize(
    ("address", "key"),
    [("{url}/missing", "build.add-refused"), ("http://127.0.0.1:1/x", "build.add-unreachable")],
)
def test_what_cannot_be_had(engine, web, address, key):
    with pytest.raises(BuildError) as caught:
        build(engine, f"ADD {address.format(url=web[1])} /")
    assert caught.value.key == key


class _Odd(BaseHTTPRequestHandler):
    """Servers as there are: some promise more than they send, some send elsewhere, some know only times."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.asked.append((name, self.headers.get("If-Modified-Since")))
        if name == "elsewhere":
            self._send(302, Location="/there")
        elif name == "dated" and self.headers.get("If-Modified-Since") == JUNE:
            self._send(304)
        else:
            more = {"Last-Modified": JUNE} if name == "dated" else {}
            self._send(200, b"body", length=400 if name == "cut" else 4, **more)

    def _send(self, status: int, body: bytes = b"", length: int = 0, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(length)} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = length > len(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@host/lab/app.git#main", "https://xxxxx@host/lab/app.git#main"),
        ("https://token@host:8443/x?at=a@b", "https://xxxxx@host:8443/x?at=a@b"),
        ("http://host/a:b@c", "http://host/a:b@c"),
        ("https://host?x=u@y", "https://host?x=u@y"),
        ("git@host:lab/app.git", "git@host:lab/app.git"),
    ],
)
def test_a_password_in_an_address_is_not_shown(url, shown):
    assert without_password(url) == shown


def test_a_password_in_an_address_is_not_kept(engine, web, home):
    _, url = web
    address = url.replace("http://", "http://me:secret@") + "/none"
    with pytest.raises(BuildError) as caught:
        engine.full.build(BuildOptions(dockerfile="", context_url=address))
    assert "secret" not in str(caught.value)
    assert "xxxxx@" in str(caught.value)
    kept = [path for path in home.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]
    assert kept == []


@pytest.fixture
def odd():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    server.asked = []
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_that_stops_in_the_middle(engine, odd):
    with pytest.raises(BuildError) as caught:
        build(engine, f"ADD {odd[1]}/cut /")
    assert caught.value.key == "build.add-unreachable"
    assert not list((engine.full.home.root / "ingest").iterdir())
    assert engine.full.check() == ()


def test_a_server_that_sends_elsewhere(engine, odd):
    assert build(engine, f"ADD {odd[1]}/elsewhere /").files == {"elsewhere": "body"}


def test_a_server_that_knows_only_times(engine, odd):
    server, url = odd
    assert [build(engine, f"ADD {url}/dated /").hits for _ in range(2)] == [[False], [True]]
    assert server.asked == [("dated", None), ("dated", JUNE)]


# ---- archives

PLAIN = io.BytesIO()
with tarfile.open(fileobj=PLAIN, mode="w") as _tar:
    for _name, _content, _owner in (("in/file", b"packed", 5), ("in/other", b"more", 0)):
        _entry = tarfile.TarInfo(_name)
        _entry.size, _entry.uid, _entry.gid, _entry.mode, _entry.mtime = len(_content), _owner, _owner and 6, 0o640, 42
        _tar.addfile(_entry, io.BytesIO(_content))
FORMS = {
    "tar": PLAIN.getvalue(),
    "tar.gz": gzip.compress(PLAIN.getvalue()),
    "tar.bz2": bz2.compress(PLAIN.getvalue()),
    "tar.xz": lzma.compress(PLAIN.getvalue()),
    "tar.zst": zstandard.compress(PLAIN.getvalue()),
}
INSIDE = {"d/in/file": "packed", "d/in/other": "more"}


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_of_the_context_is_unpacked_unless_one_says_otherwise(engine, tmp_path, form):
    (tmp_path / "a").write_bytes(FORMS[form])  # the name does not matter
    built = build(engine, "ADD a /d/", context=tmp_path)
    assert (built.files, built.modes["d/in/file"], built.times["d/in/file"]) == (INSIDE, "640", 42)
    assert list(build(engine, "ADD --unpack=false a /d/", context=tmp_path).files) == ["d/a"]
    assert list(build(engine, "COPY a /d/", context=tmp_path).files) == ["d/a"]


@pytest.mark.parametrize("form", FORMS)
def test_what_only_begins_like_an_archive_is_copied(engine, tmp_path, form):
    (tmp_path / "a").write_bytes(FORMS[form][: 300 if form == "tar" else 12])
    assert list(build(engine, "ADD a /d/", context=tmp_path).files) == ["d/a"]


@pytest.mark.parametrize(("flag", "files"), [("", ["d/a"]), ("--unpack", list(INSIDE)), ("--unpack=false", ["d/a"])])
def test_an_archive_from_elsewhere_is_unpacked_where_one_says_so(engine, flag, files):
    text = PLAIN.getvalue().decode("latin-1")
    with file_server({"a": text}) as (_, url):
        assert list(build(engine, f"ADD {flag} {url}/a /d/").files) == files


# ---- Git repositories


@dataclass
class Repository:
    """Repositories that a `git daemon` serves; `commits` by what they are called here."""

    url: str
    folder: Path
    commits: dict[str, str]

    def git(self, *words: str) -> str:
        return git(self.folder, *words)

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            (self.folder / name).write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")
        return self.git("rev-parse", "HEAD")


def git(folder: Path, *words: str) -> str:
    said = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "@1591869600 +0000"}
    said |= {"GIT_COMMITTER_DATE": "@1591869600 +0000"}
    options = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(folder), *options, *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | said)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def served(tmp_path_factory, need):
    """The address of a `git daemon`, and the folder of its repositories."""
    need("git")
    root = tmp_path_factory.mktemp("git")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["--export-all", f"--base-path={root}", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr", str(root)]
    with subprocess.Popen(["git", "daemon", *words], stderr=subprocess.DEVNULL, start_new_session=True) as daemon:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"git://127.0.0.1:{port}", root
        os.killpg(daemon.pid, 15)


@pytest.fixture(scope="module")
def repository(served):
    url, root = served
    for name in ("main", "part"):
        (root / name).mkdir()
        git(root / name, "init", "-q", "-b", "main")
    Repository(f"{url}/part", root / "part", {}).commit(inner="of the submodule")
    made = Repository(f"{url}/main", root / "main", {})
    commits = made.commits
    commits["first"] = made.commit(file="one")
    made.git("tag", "light")
    made.git("tag", "-a", "v1", "-m", "annotated")
    (made.folder / "docs/deep").mkdir(parents=True)
    (made.folder / "docs/deep/text").write_text("deep")
    (made.folder / "docs/run").write_text("#!/bin/sh")
    (made.folder / "docs/run").chmod(0o755)
    (made.folder / "link").symlink_to("file")
    commits["second"] = made.commit(file="two")
    made.git("checkout", "-q", "-b", "dev")
    commits["dev"] = made.commit(file="dev")
    made.git("checkout", "-q", "main")
    made.git("submodule", "--quiet", "add", "../part", "part")
    commits["third"] = made.commit(file="three")
    made.git("tag", "-a", "dev", "-m", "called as a branch is", "light")
    return made


DOCS = {"r/docs/deep/text": "deep", "r/docs/run": "#!/bin/sh", "r/link": "file"}


def without(files: dict[str, str], *names: str) -> dict[str, str]:
    return {path: content for path, content in files.items() if path.split("/")[1] not in names}


@pytest.mark.parametrize(
    ("reference", "files"),
    [
        ("", {"r/file": "three", "r/part/inner": "of the submodule", **DOCS}),
        ("#main", {"r/file": "three", "r/part/inner": "of the submodule", **DOCS}),
        ("#dev", {"r/file": "dev", **DOCS}),
        ("?branch=dev", {"r/file": "dev", **DOCS}),
        ("#v1", {"r/file": "one"}),
        ("?tag=v1", {"r/file": "one"}),
        ("#light", {"r/file": "one"}),
        ("#refs/heads/dev", {"r/file": "dev", **DOCS}),
        ("#refs/tags/dev", {"r/file": "one"}),
        ("#{second}", {"r/file": "two", **DOCS}),
        ("?commit={first}", {"r/file": "one"}),
        ("?ref=dev&commit={dev}", {"r/file": "dev", **DOCS}),
        ("?submodules=false", {"r/file": "three", **DOCS}),
        ("#dev:docs", {"r/deep/text": "deep", "r/run": "#!/bin/sh"}),
        ("?ref=main&subdir=docs/deep", {"r/text": "deep"}),
    ],
)
def test_what_a_reference_means(engine, repository, reference, files):
    built = build(engine, f"ADD {repository.url}{reference.format(**repository.commits)} /r/")
    assert without(built.files, ".gitmodules") == files
    modes = {path.rpartition("/")[2]: mode for path, mode in built.modes.items()}
    assert modes.get("run", "755") == "755"
    assert modes.get("file", "644") == "644"
    assert modes.get("link", "777") == "777"


@pytest.mark.parametrize("way", ["outside", "outside/below", "inside"])
def test_a_link_in_the_place_of_the_folder_leads_nowhere_else(engine, repository, tmp_path, way):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "secret").write_text("of the host")
    repository.git("checkout", "-q", "-b", way.replace("/", "-"), "main")
    (repository.folder / "outside").symlink_to(tmp_path)
    (repository.folder / "inside").symlink_to("docs")
    commit = repository.commit()
    repository.git("checkout", "-q", "main")
    line = f"ADD {repository.url}#{commit}:{way} /r/"
    if way == "inside":
        assert build(engine, line).files == {"r/deep/text": "deep", "r/run": "#!/bin/sh"}
        return
    with pytest.raises(BuildError) as caught:
        build(engine, line)
    assert caught.value.key == "build.add-no-folder"


def test_a_branch_that_moves_is_a_miss_and_a_commit_never(engine, repository):
    repository.git("checkout", "-q", "-b", "moving")
    branch, fixed = f"ADD {repository.url}#moving /r/", f"ADD {repository.url}#{repository.commits['second']} /s/"
    assert build(engine, fixed, branch).hits == [False, False]
    assert build(engine, fixed, branch).hits == [True, True]
    repository.commit(file="four")
    repository.git("checkout", "-q", "main")
    built = build(engine, fixed, branch)
    assert (built.hits, built.files["r/file"], built.files["s/file"]) == ([True, False], "four", "two")


@pytest.mark.parametrize(
    ("flag", "reference", "kept"),
    [("", "", False), ("--keep-git-dir", "", True), ("--keep-git-dir=false", "", False), ("", "?keep-git-dir=1", True)],
)
def test_the_folder_of_git(engine, repository, flag, reference, kept):
    files = build(engine, f"ADD {flag} {repository.url}{reference} /r/").files
    assert ("r/.git/HEAD" in files) is kept
    if kept:
        assert repository.commits["third"] in files["r/.git/HEAD"]


def test_two_builds_of_a_commit_are_one_image(engine, repository):
    instruction = f"FROM scratch\nADD {repository.url}#dev /r/\n"
    digests = set()
    for _ in range(2):
        more = {"build_args": {"SOURCE_DATE_EPOCH": "1600000000"}, "no_cache": True}
        digests.add(engine.build(instruction, **more).image.digest)
        time.sleep(1.1)
    assert len(digests) == 1


def test_the_times_of_the_commit(engine, repository):
    assert set(build(engine, f"ADD {repository.url}?ref=dev&mtime=commit /r/").times.values()) == {IN_JUNE}


@pytest.mark.parametrize(
    ("flag", "reference", "key"),
    [
        ("--checksum={second}", "#{second}", ""),
        ("--checksum={dev}", "#dev", ""),
        ("--checksum={first}", "#v1", ""),
        ("--checksum={first}", "#dev", "build.add-commit"),
        ("", "?ref=dev&checksum={first}", "build.add-commit"),
        ("", "#nowhere", "build.add-no-ref"),
        ("", "#dev:nowhere", "build.add-no-folder"),
        ("", "#dev:../..", ""),
        ("", "#" + "1" * 40, "build.git-failed"),
    ],
)
def test_what_must_match(engine, repository, flag, reference, key):
    words = [flag.format(**repository.commits), repository.url + reference.format(**repository.commits)]
    try:
        build(engine, f"ADD {' '.join(words)} /r/")
    except PydockError as error:
        assert error.key == key  # noqa: PT017 - some of them are no errors
    else:
        assert not key
    assert not list((engine.full.home.root / "active").iterdir())


def test_a_repository_that_is_not_there(engine, served):
    with pytest.raises(BuildError) as caught:
        build(engine, f"ADD {served[0]}/none.git /r/")
    assert caught.value.key == "build.git-failed"


def test_a_stage_takes_from_what_was_added(engine, repository):
    text = f"FROM scratch AS a\nADD {repository.url}#dev:docs /r/\nFROM scratch\nCOPY --from=a /r/run /run\n"
    engine.build(text, "it:1")
    assert image_tree(engine, "it:1").read(b"run") == b"#!/bin/sh"
