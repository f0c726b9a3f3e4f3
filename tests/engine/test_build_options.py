"""Every option of `docker build` by what it does: to RUN, to the image, to the cache, to what is written."""

import json
import os
import shlex
import socket
import subprocess
import tarfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.errors import BuildError, PydockError
from pydock_lab.oci import Digest, Manifest, MediaType
from pydock_lab.registry.server import RegistryServer
from pydock_lab.views import Explanation


@pytest.fixture
def docker(engine, tmp_path, monkeypatch):
    """`docker("build ...", dockerfile)`: its face; the Dockerfile is piped in."""
    monkeypatch.chdir(tmp_path)

    def do(line, dockerfile=""):
        face = RememberingFace(dockerfile if isinstance(dockerfile, bytes) else dockerfile.encode())
        assert invoke(shlex.split(line), open_engine=lambda: engine.full, face=face) == 0
        return face

    return do


def config(engine, name):
    return engine.image(name).details.config


# ---- what RUN sees

RUN = [
    ("--build-arg A=1", "ARG A\nRUN echo @$A", "@1"),
    ("--build-arg HOME_OF", "ARG HOME_OF\nRUN echo @$HOME_OF", "@caller"),
    ("--add-host db:10.1.2.3 --add-host v6=[::2]", "RUN echo @$(grep -c 'db$\\|v6$' /etc/hosts)", "@2"),
    ("--shm-size 8m", "RUN echo @$(df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2)", "@8192"),
    ("--ulimit nofile=100:200", "RUN echo @$(ulimit -Sn).$(ulimit -Hn)", "@100.200"),
    ("--network none", "RUN echo @$(ls /sys/class/net)", "@lo"),
    ("--network host", "RUN --network=host echo @$(hostname)", "@buildkitsandbox"),
    ("--allow network.host", "RUN --network=host echo @fine", "@fine"),
    (
        "--allow security.insecure",
        "RUN --security=insecure [ $(grep CapEff /proc/self/status | cut -f2) != 00000000a80425fb ] && echo @more",
        "@more",
    ),
    ("--secret id=t,src=token", "RUN --mount=type=secret,id=t echo @$(cat /run/secrets/t)", "@s3cret"),
    ("--secret id=t,env=HOME_OF", 'RUN --mount=type=secret,id=t,env=T echo "@$T"', "@caller"),
    ("--build-context docs=docs", "RUN --mount=from=docs,target=/d echo @$(cat /d/a)", "@of docs"),
    (
        "--build-context lab/busybox=docker-image://lab/base",
        "FROM lab/busybox\nRUN echo @$(ls /bin/bash)",
        "@/bin/bash",
    ),
    ("--target one", "RUN echo @one\nFROM scratch AS two\nCOPY nothing /", "@one"),
    ("--no-cache=true --pull=false --rm=true --force-rm --compress", "RUN echo @old", "@old"),
]


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("row", RUN, ids=lambda row: row[0])
def test_what_a_step_sees(docker, tmp_path, monkeypatch, row):
    options, instructions, says = row
    monkeypatch.setenv("HOME_OF", "caller")
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a").write_text("of docs")
    first = "" if instructions.startswith("FROM") else "FROM lab/base AS one\n"
    said = docker(f"build {options} -", f"{first}{instructions}\n").noted
    assert any(line.endswith(f" {says}") for line in said.splitlines())


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("instruction", "entitlement"),
    [("RUN --network=host true", "network.host"), ("RUN --security=insecure true", "security.insecure")],
)
def test_what_a_step_may_not_do_unless_allowed(docker, instruction, entitlement):
    with pytest.raises(BuildError, match=entitlement) as caught:
        docker("build -", f"FROM lab/base\n{instruction}\n")
    assert caught.value.fields["line"] == 2


@pytest.mark.usefixtures("containers")
def test_keys_get_an_agent(docker, need):
    need("ssh-agent")
    subprocess.run([need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "mine", "-f", "key"], check=True)
    # What `ssh-add -l` asks: SSH_AGENTC_REQUEST_IDENTITIES; the answer has the comment of each key in it.
    ask = "import os,socket;s=socket.socket(1);s.connect(os.environ['SSH_AUTH_SOCK']);s.send(b'\\0\\0\\0\\1\\x0b')"
    lines = f'RUN --mount=type=ssh python3 -c "{ask};print(chr(64)+str(s.recv(9999)[-4:]))"'
    assert "@b'mine'" in docker("build --ssh default=key -", f"FROM lab/python\n{lines}\n").noted


# ---- what the image says


def test_labels_annotations_platform(docker, engine):
    docker("build -t a:1 --label x=y --annotation org.a=b --platform linux/arm64/v8 -", "FROM scratch\nLABEL z=0\n")
    found = engine.image("a:1").details
    assert dict(found.config.config.labels) == {"z": "0", "x": "y"}
    assert dict(found.manifest.annotations) == {"org.a": "b"}
    assert found.config.platform.architecture == "arm64"


def test_several_tags_and_load(docker, engine):
    docker(
        "build -t a:1 -t b --load --provenance=false --sbom=false --attest type=sbom,disabled=true -", "FROM scratch\n"
    )
    assert engine.image("a:1").id == engine.image("b:latest").id


def test_its_id_and_metadata_in_files(docker, engine, tmp_path):
    (tmp_path / "id").write_text("old")
    docker("build -t a:1 -t host/b --iidfile id --metadata-file meta.json -", "FROM scratch\nCMD a\n")
    image, said = engine.image("a:1"), json.loads((tmp_path / "meta.json").read_text())
    assert (tmp_path / "id").read_text() == image.id == said["containerimage.config.digest"]
    assert said["containerimage.digest"] == said["containerimage.descriptor"]["digest"] == image.digest
    assert said["containerimage.descriptor"]["size"] == engine.full.home.blobs.size(Digest(image.digest))
    assert said["image.name"] == "docker.io/library/a:1,docker.io/host/b:latest"
    assert isinstance(engine.explain(said["buildx.build.ref"].rpartition("/")[2]), Explanation)


def test_no_id_of_an_earlier_build_is_left(docker, tmp_path):
    (tmp_path / "id").write_text("old")
    with pytest.raises(BuildError):
        docker("build --iidfile id -", "FROM scratch\nCOPY a /\n")
    assert not (tmp_path / "id").exists()


# ---- what is shown


@pytest.mark.parametrize(
    ("option", "written", "noted"),
    [
        ("-q", True, False),
        ("--quiet", True, False),
        ("--progress=quiet", True, False),
        ("--progress=none", False, False),
        ("--progress=plain", False, True),
        ("--progress=tty", False, True),
    ],
)
def test_progress(docker, option, written, noted):
    face = docker(f"build {option} -", "FROM scratch\nLABEL a=b\n")
    assert face.written.startswith("sha256:") is written
    assert bool(face.noted) is noted
    assert bool(face.shown) is not written


def test_progress_for_programs(docker, monkeypatch):
    monkeypatch.setenv("BUILDKIT_PROGRESS", "rawjson")
    events = [json.loads(line) for line in docker("build -", "FROM scratch\nLABEL a=b\n").noted.splitlines()]
    assert {"BuildStarted", "StepFinished", "BuildFinished"} <= {event["event"] for event in events}


def test_predict_builds_nothing(docker, engine, tmp_path):
    (tmp_path / "a").write_text("1")
    text = "FROM scratch\nCOPY a /a\nCOPY a /b\n"
    (tmp_path / "Dockerfile").write_text(text)
    [first] = docker("build --predict .").shown
    assert (first.predicted, [step.missed for step in first.steps[1:]]) == (True, [True, True])
    assert engine.images() == ()
    docker("build .")
    assert not any(step.missed for step in docker("build --predict .").shown[0].steps)
    (tmp_path / "a").write_text("2")
    after = docker("build --predict .").shown[0]
    assert after.first.causes[0].files[0].path.lstrip("/") == "a"


@pytest.fixture
def small_group():
    """A control group in which few processes may be: its path from the top, and the directory of `pids`."""
    from pydock_lab.linux.cgroups import find_hierarchy  # noqa: PLC0415 - Linux only

    hierarchy = find_hierarchy()
    if hierarchy is None or "pids" not in hierarchy.controllers():
        pytest.fail("root has no control groups on this machine")
    path = f"/pydock-test-{os.getpid()}/small"
    places = dict(hierarchy.below(path).parents)
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    (places["pids"] / "pids.max").write_text("5")
    yield path, places["pids"]
    for place in dict.fromkeys(places.values()):
        place.rmdir()
        place.parent.rmdir()


@pytest.mark.usefixtures("containers", "as_root")
def test_a_cgroup_parent_has_its_limits_for_every_run(docker, small_group):
    path, directory = small_group
    many = "FROM lab/base\nRUN for n in 1 2 3 4 5 6 7 8; do sleep 0.5 & done; wait; echo all\n"
    with pytest.raises(BuildError, match="fork"):
        docker(f"build --cgroup-parent {path} -", many)
    docker(f"build --cgroup-parent {path} -", "FROM lab/base\nRUN echo few\n")
    assert [one for one in directory.iterdir() if one.is_dir()] == []
    docker("build -", many)


@pytest.mark.usefixtures("containers")
def test_a_cgroup_parent_that_cannot_be(docker):
    with pytest.raises(PydockError, match="--cgroup-parent"):
        docker("build --cgroup-parent 'two\nlines' -", "FROM lab/base\nRUN true\n")


# ---- where files come from


@pytest.fixture
def project(tmp_path):
    """A project with two Dockerfiles, one in a folder, each with what it does not want."""
    folder = tmp_path / "project"
    (folder / "docker").mkdir(parents=True)
    (folder / "a").write_text("a")
    (folder / "b").write_text("b")
    (folder / ".dockerignore").write_text("b\n")
    (folder / "docker" / "app").write_text("FROM scratch\nCOPY . /\n")
    (folder / "docker" / "app.dockerignore").write_text("a\n")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    return folder


def names(tmp_path):
    with tarfile.open(tmp_path / "out.tar") as tar:
        return sorted(tar.getnames())


EVERYTHING = [".dockerignore", "Dockerfile", "a", "docker", "docker/app", "docker/app.dockerignore"]


def test_a_dockerfile_elsewhere_has_its_own_ignore_file(docker, project, tmp_path):
    docker(f"build -o type=tar,dest=out.tar {project}")
    assert names(tmp_path) == EVERYTHING
    docker(f"build -o type=tar,dest=out.tar -f {project}/docker/app {project}")
    assert names(tmp_path) == sorted({*EVERYTHING, "b"} - {"a"})


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_context_as_an_archive(docker, project, tmp_path, mode):
    with tarfile.open(tmp_path / "context", mode) as tar:
        tar.add(project, ".")
    docker("build -o type=tar,dest=out.tar -", (tmp_path / "context").read_bytes())
    assert names(tmp_path) == EVERYTHING
    docker("build -o type=tar,dest=out.tar -f docker/app -", (tmp_path / "context").read_bytes())
    assert names(tmp_path) == sorted({*EVERYTHING, "b"} - {"a"})


def test_a_link_in_an_archive_shows_no_file_of_this_machine(docker, project, tmp_path):
    (project / "Dockerfile").unlink()
    (project / "Dockerfile").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "context", "w") as tar:
        tar.add(project, ".")
    with pytest.raises(BuildError, match="failed to read dockerfile Dockerfile"):
        docker("build -", (tmp_path / "context").read_bytes())


@pytest.fixture
def repository(project, need):
    """The project as a Git repository, at a known time."""
    git = need("git")
    who = {"GIT_AUTHOR_DATE": "@1700000000 +0000", "GIT_COMMITTER_DATE": "@1700000000 +0000"}
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        said = ["-c", "user.name=x", "-c", "user.email=x@x", *words]
        subprocess.run([git, "-C", project, *said], check=True, env=os.environ | who)
    return f"git://127.0.0.1/{project.name}", project


@pytest.fixture
def git_daemon(repository, need):
    """It served by git itself: its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]

    def is_there():
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", port)) == 0

    folder = repository[1].parent
    words = ["daemon", f"--base-path={folder}", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen([need("git"), *words, "--reuseaddr"], start_new_session=True) as daemon:
        while not is_there():
            assert daemon.poll() is None
        yield f"git://127.0.0.1:{port}/project/.git"
        daemon.terminate()


def test_a_context_in_a_repository(docker, git_daemon, engine, tmp_path):
    docker(f"build -t a:1 -o type=tar,dest=out.tar {git_daemon}#main")
    assert names(tmp_path) == EVERYTHING
    docker(f"build -o type=tar,dest=out.tar -f app '{git_daemon}#main:docker'")
    assert names(tmp_path) == ["app", "app.dockerignore"]
    face = docker(f"build --check {git_daemon}")
    assert "no warnings" in face.written
    assert not list((engine.full.home.root / "active").iterdir())


def test_a_time_that_a_repository_gives(docker, git_daemon, engine):
    text = f"FROM scratch AS source\nADD {git_daemon} /\nFROM scratch\nCOPY <<E /a\nE\n"
    docker("build -t a:1 --build-arg SOURCE_DATE_EPOCH=source -", text)
    assert config(engine, "a:1").created == "2023-11-14T22:13:20Z"
    docker(
        f"build -t a:2 --build-arg SOURCE_DATE_EPOCH=src --build-context src={git_daemon} -",
        "FROM scratch\nCOPY <<E /a\nE\n",
    )
    assert config(engine, "a:2").created == "2023-11-14T22:13:20Z"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_words):
        pass


@pytest.fixture
def web(tmp_path):
    """A web server: its address; its files are in the folder `web`."""
    (tmp_path / "web").mkdir()
    handler = partial(_Silent, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_context_on_the_web(docker, project, tmp_path, web):
    with tarfile.open(tmp_path / "web" / "app.tar.gz", "w:gz") as tar:
        tar.add(project, ".")
    (tmp_path / "web" / "Dockerfile").write_text("FROM scratch\nCOPY <<E /made\nE\n")
    docker(f"build -o type=tar,dest=out.tar {web}/app.tar.gz")
    assert names(tmp_path) == EVERYTHING
    docker(f"build -o type=tar,dest=out.tar -f docker/app {web}/app.tar.gz")
    assert names(tmp_path) == sorted({*EVERYTHING, "b"} - {"a"})
    docker(f"build -o type=tar,dest=out.tar {web}/Dockerfile")
    assert names(tmp_path) == ["made"]
    docker(f"build -o type=tar,dest=out.tar -f - {web}/app.tar.gz", "FROM scratch\nCOPY a /\n")
    assert names(tmp_path) == ["a"]
    with pytest.raises(BuildError, match="404"):
        docker(f"build {web}/nothing")


def test_a_time_that_a_download_gives(docker, web, tmp_path, engine):
    (tmp_path / "web" / "file").write_text("x")
    os.utime(tmp_path / "web" / "file", (1_600_000_000, 1_600_000_000))
    text = f"FROM scratch AS source\nADD {web}/file /\nFROM scratch\nCOPY <<E /a\nE\n"
    docker("build -t a:1 --build-arg SOURCE_DATE_EPOCH=source -", text)
    assert config(engine, "a:1").created == "2020-09-13T12:26:40Z"


def test_an_image_in_a_folder_as_a_context(docker, tmp_path):
    (tmp_path / "x").write_text("of the layout")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY x /x\n")
    docker("build -t there:1 -o type=oci,dest=layout,tar=false .")
    docker("build -t a:1 --build-context base=oci-layout://layout:1 -o out -", "FROM base\nCOPY --from=base /x /y\n")
    assert (tmp_path / "out" / "y").read_text() == (tmp_path / "out" / "x").read_text() == "of the layout"


@pytest.mark.parametrize("machine", ["amd64", "arm64"])
def test_an_image_in_a_folder_is_that_of_the_platform(docker, tmp_path, machine):
    """Of a layout with several, as `docker buildx build --output type=oci` of more than one platform has it."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nARG TARGETARCH\nCOPY <<E /x\n$TARGETARCH\nE\n")
    manifests = []
    for one in ("amd64", "arm64"):
        docker(f"build --platform linux/{one} -o type=oci,dest=layout,tar=false .")
        (entry,) = json.loads((tmp_path / "layout" / "index.json").read_text())["manifests"]
        manifests.append(entry | {"platform": {"os": "linux", "architecture": one}})
    index = json.dumps({"schemaVersion": 2, "mediaType": MediaType.INDEX, "manifests": manifests}).encode()
    digest = Digest.of(index)
    (tmp_path / "layout" / "blobs" / "sha256" / digest.hex).write_bytes(index)
    whole = {"mediaType": MediaType.INDEX, "digest": digest, "size": len(index)}
    (tmp_path / "layout" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [whole]}))
    words = f"build --platform linux/{machine} --build-context base=oci-layout://layout -o out -"
    docker(words, "FROM base\nCOPY --from=base /x /y\n")
    assert (tmp_path / "out" / "x").read_text() == (tmp_path / "out" / "y").read_text() == f"{machine}\n"


# ---- the cache


def hits(face):
    return [line.partition(" ")[2] for line in face.noted.splitlines() if line.endswith("CACHED")]


@pytest.mark.usefixtures("containers")
def test_no_cache_for_one_stage(docker):
    text = "FROM lab/base AS one\nRUN echo 1 > /1\nFROM lab/base AS two\nRUN echo 2 > /2\nCOPY --from=one /1 /1\n"
    docker("build -", text)
    assert len(hits(docker("build --no-cache-filter=two -", text))) == 1
    assert len(hits(docker("build --no-cache-filter one,two -", text))) == 0
    assert len(hits(docker("build -", text))) == 3


STAGES = "FROM lab/base AS build\nRUN echo 1 > /1\nFROM scratch\nCOPY --from=build /1 /1\nCOPY a /a\n"


@pytest.fixture
def elsewhere(tmp_path):
    """A second store, which has built nothing: `elsewhere("build ...")`, its face."""
    from pydock_lab.engine.local import LocalEngine  # noqa: PLC0415 - only here

    engine = LocalEngine(tmp_path / "elsewhere")

    def do(line):
        face = RememberingFace()
        assert invoke(shlex.split(line), open_engine=lambda: engine, face=face) == 0
        return face

    do.engine = engine
    return do


@pytest.fixture
def registry(tmp_path):
    """A registry of our own: its address."""
    with RegistryServer(tmp_path / "registry") as server:
        yield server.address


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    "row",
    [
        ("type=local,dest=cache,mode=max", "type=local,src=cache", 3),
        ("type=local,dest=cache", "type=local,src=cache", 2),
        ("type=local,dest=cache,tag=x,mode=max", "type=local,src=cache,tag=x", 3),
        ("type=registry,ref={registry}/app:cache,mode=max", "type=registry,ref={registry}/app:cache", 3),
        ("{registry}/app:cache", "{registry}/app:cache", 2),
        ("type=inline --push", "{registry}/app:1", 2),
    ],
)
def test_a_cache_that_travels(docker, elsewhere, registry, tmp_path, row):
    (tmp_path / "a").write_text("a")
    (tmp_path / "Dockerfile").write_text(STAGES)
    to, source, count = row[0].format(registry=registry), row[1].format(registry=registry), row[2]
    docker(f"build -t {registry}/app:1 --cache-to {to} .")
    face = elsewhere(f"build -t app:1 --cache-from {source} .")
    assert len(hits(face)) == count
    if count == 3:
        docker("build -t app:2 .")
        # What came from the cache is the very same, times and all.
        assert elsewhere("images -q app").written == docker("images -q app").written


def test_a_cache_that_is_not_there_or_not_whole_is_said(docker, elsewhere, tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a /a\n")
    docker("build --cache-to type=local,dest=cache .")
    for blob in (tmp_path / "cache" / "blobs" / "sha256").iterdir():
        if blob.read_bytes()[:2] == b"\x1f\x8b":
            blob.write_bytes(b"\x1f\x8b" + blob.read_bytes()[2:][::-1])
    assert "not read" in elsewhere("build --cache-from type=local,src=cache .").noted
    assert elsewhere.engine.check() == ()
    assert "cache nowhere not read" in elsewhere("build --cache-from type=local,src=nowhere .").noted


def test_a_cache_that_cannot_be_written_fails_the_build_unless_said(docker, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="cannot be written"):
        docker("build --cache-to type=local,dest=file/x -", "FROM scratch\nLABEL a=b\n")
    face = docker("build --cache-to type=local,dest=file/x,ignore-error=true -", "FROM scratch\nLABEL a=b\n")
    assert "cache not written to" in face.noted


# ---- registries


def test_push(docker, elsewhere, engine, registry):
    docker(f"build -t {registry}/a:1 --push -", "FROM scratch\nLABEL a=1\n")
    docker(f"build -o type=registry,name={registry}/b:1 -", "FROM scratch\nLABEL a=2\n")
    for name in ("a", "b"):
        elsewhere(f"pull {registry}/{name}:1")
        assert elsewhere.engine.image(f"{registry}/{name}:1").digest == engine.image(f"{registry}/{name}:1").digest


def test_pull_looks_for_a_newer_base(docker, elsewhere, registry, tmp_path):
    base = f"{registry}/base:1"
    docker(f"build -t {base} --push -", "FROM scratch\nLABEL old=1\n")
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\n")
    elsewhere("build -t app .")
    docker(f"build -t {base} --push -", "FROM scratch\nLABEL new=1\n")
    elsewhere("build -t app .")
    assert "old" in elsewhere.engine.image("app").details.config.config.labels
    elsewhere("build --pull -t app .")
    assert "new" in elsewhere.engine.image("app").details.config.config.labels


def test_a_manifest_has_its_annotations_in_the_registry(docker, engine, registry):
    docker(f"build -t {registry}/a:1 --annotation a=b --push -", "FROM scratch\nLABEL a=1\n")
    content, _ = engine.full._transfers.client(registry, lambda _: None).manifest("a", "1")
    assert dict(Manifest.from_bytes(content).annotations) == {"a": "b"}
