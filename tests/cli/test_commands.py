"""The command line on the real engine: what each command shows and does."""

import json
import subprocess

import pytest

from pydock_lab.cli import complete
from pydock_lab.drawing import to_text
from pydock_lab.drawing.file_details import layer_command
from pydock_lab.engine.run_options import RunOptions
from pydock_lab.engine.streams import captured
from pydock_lab.errors import CommandError, Conflict
from pydock_lab.version import __version__
from pydock_lab.views import ChangeKind, LayerStack

DOCKERFILE = b'FROM lab/base\nRUN echo made > /made\nEXPOSE 80\nCMD ["cat", "/made"]\n'
NOTES = (
    b"FROM lab/base\nRUN mkdir -p /srv/notes && echo secret > /srv/notes/a\nRUN rm -r /srv/notes\n"
    b'RUN echo b > /srv/b\nCMD ["cat", "/srv/b"]\n'
)


@pytest.fixture
def built(docker):
    docker("build", "-q", "-t", "app:1", "-", piped=DOCKERFILE)
    return "app:1"


@pytest.mark.usefixtures("containers")
def test_build_tells_its_steps_and_shows_the_layers(docker):
    docker("build", "-t", "app:1", "-", piped=DOCKERFILE)
    assert isinstance(docker.face.shown[0], LayerStack)
    assert "#2 [2/2] RUN echo made > /made" in docker.face.noted
    assert "#2 DONE" in docker.face.noted
    docker("build", "-t", "app:1", "-", piped=DOCKERFILE)
    assert "#2 CACHED" in docker.face.noted


@pytest.mark.usefixtures("containers")
def test_the_files_of_a_layer_and_the_tar_that_they_are_in(docker, tmp_path):
    docker("build", "-q", "-t", "notes:1", "-", piped=NOTES)
    assert to_text(docker("layers", "notes:1") or docker.face.shown[-1], language="en").count("secret") == 1
    docker("layers", "notes:1", "--step", "3", "/srv")
    deleted = next(row for row in docker.face.shown[-1].rows[2].files if row.name == "a")
    assert (deleted.kind, deleted.holder, deleted.size) == (ChangeKind.DELETED, 1, 7)
    docker("layers", "notes:1", "/srv")
    assert [row.name for row in docker.face.shown[-1].rows[3].files if row.depth] == ["b"]
    # What the picture says to copy: a layer is a tar in the image's tar.
    command = layer_command(docker.face.shown[-1], docker.face.shown[-1].rows[1], "srv/notes/a")
    docker("save", "-o", str(tmp_path / "saved.tar"), "notes:1")
    words = command.replace("docker save notes:1", f"cat {tmp_path}/saved.tar")
    assert subprocess.run(["/bin/sh", "-c", words], capture_output=True, check=True).stdout == b"secret\n"
    with pytest.raises(CommandError, match="step 5 of notes:1 has no layer"):
        docker("layers", "notes:1", "--step", "5")


@pytest.mark.usefixtures("containers")
def test_two_images_side_by_side(docker, built):
    docker("build", "-q", "-t", "more:1", "-", piped=f"FROM {built}\nENV A=1\nRUN echo more > /more\n".encode())
    docker("layers", built, "--beside", "more:1")
    view = docker.face.shown[-1]
    own = [layer.row.instruction for layer in view.only_second]
    assert (view.only_first, own) == ((), ["RUN echo more > /more"])
    assert [layer.row.chain_id for layer in view.shared] == [row.chain_id for row in view.first.rows if row.diff_id]
    with pytest.raises(CommandError, match="without --step"):
        docker("layers", built, "--beside", "more:1", "--step", "1")


@pytest.mark.usefixtures("containers")
def test_images_as_a_tree(docker, built):
    docker("build", "-q", "-t", "more:1", "-", piped=f"FROM {built}\nRUN echo more > /more\n".encode())
    docker("images", "--tree")
    rows = [(branch.depth, branch.image.title) for branch in docker.face.shown[-1].branches()]
    assert rows == [(0, "lab/base:latest"), (1, "app:1"), (2, "more:1")]


@pytest.mark.usefixtures("containers")
def test_images_by_name_id_format_and_json(docker, built):
    assert docker("images", "--format", "{{.Repository}}:{{.Tag}}", "app") == "app:1\n"
    short = docker("images", "-q", "app").strip()
    assert len(short) == 12
    assert json.loads(docker("images", "--format", "json", "app"))["ID"] == short
    assert docker("images").splitlines()[0].split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert json.loads(docker("inspect", built))[0]["Config"]["Cmd"] == ["cat", "/made"]
    assert docker("inspect", "-f", "{{.Os}}/{{index .Config.Cmd 0}}", short) == "linux/cat\n"


@pytest.mark.usefixtures("containers", "built")
@pytest.mark.parametrize(
    ("words", "written", "noted", "status"),
    [
        (["app:1"], "made\n", "", 0),
        (["app:1", "sh", "-c", "echo err >&2; exit 3"], "", "err\n", 3),
        (["--entrypoint", "echo", "app:1", "x"], "x\n", "", 0),
        (["-e", "A=1", "-e", "B=2", "app:1", "sh", "-c", "echo $A$B"], "12\n", "", 0),
        (["-w", "/usr", "app:1", "pwd"], "/usr\n", "", 0),
        (["-u", "12:34", "app:1", "sh", "-c", "id -u; id -g"], "12\n34\n", "", 0),
        (["--hostname", "me", "app:1", "hostname"], "me\n", "", 0),
        (["--read-only", "app:1", "sh", "-c", "touch /x 2>/dev/null || echo no"], "no\n", "", 0),
        (["--tmpfs", "/t", "app:1", "sh", "-c", "touch /t/x && ls /t"], "x\n", "", 0),
        (["--network", "none", "app:1", "sh", "-c", "ls /sys/class/net"], "lo\n", "", 0),
        (["-v", "kept:/data", "app:1", "sh", "-c", "echo 1 >> /data/n; cat /data/n"], "1\n", "", 0),
        (["app:1", "sh", "-c", "sh -c 'kill -9 $$'"], "", "Killed\n", 137),
    ],
)
def test_run_and_its_options(docker, words, written, noted, status):
    assert docker("run", "--rm", *words, status=status) == written
    assert docker.face.noted == noted
    assert docker("ps", "-aq") == ""


@pytest.mark.usefixtures("containers", "built")
def test_input_is_passed_on_with_i(engine, tmp_path):
    (tmp_path / "in").write_text("typed\n")
    with (tmp_path / "in").open("rb") as source:
        heard = []
        with captured(lambda _stream, text: heard.append(text), stdin=source.fileno()) as streams:
            engine.full.run(RunOptions(image="app:1", command=("cat",), interactive=True), streams=streams)
    assert "".join(heard) == "typed\n"


@pytest.mark.usefixtures("containers", "built")
def test_the_life_of_a_container(docker):
    container = docker("run", "-d", "--name", "life", "app:1", "sleep", "100").strip()
    assert docker("ps", "--format", "{{.Names}} {{.State}}") == "life running\n"
    assert docker("exec", "life", "sh", "-c", "echo in > /new; hostname") == container[:12] + "\n"
    assert docker("exec", "life", "false", status=1) == ""
    assert "A /new" in docker("diff", "life").splitlines()
    docker("stop", "-t", "0", "life")
    assert docker("wait", "life") == "137\n"
    assert docker("ps", "-q") == ""
    assert docker("ps", "-aq", "--filter", "status=exited") == container[:12] + "\n"
    docker("start", "life")
    assert docker("inspect", "-f", "{{.State.Status}}", "life") == "running\n"
    assert docker("exec", "life", "cat", "/new") == "in\n"
    docker("rename", "life", "renamed")
    docker("kill", "renamed")
    docker("wait", "renamed")
    docker("rm", "renamed")
    assert docker("ps", "-aq") == ""


@pytest.mark.usefixtures("containers", "built")
def test_logs_and_their_tail(docker):
    docker("run", "--name", "talks", "app:1", "sh", "-c", "echo one; echo two; echo three >&2")
    assert docker("logs", "talks") == "one\ntwo\n"
    assert docker.face.noted == "three\n"
    docker("logs", "--tail", "1", "-t", "talks")
    assert (docker.face.written + docker.face.noted).count("\n") == 1


@pytest.mark.usefixtures("containers", "built")
def test_files_in_and_out(docker, tmp_path):
    docker("create", "--name", "box", "app:1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("a")
    docker("cp", str(tmp_path / "folder"), "box:/new")
    docker("cp", str(tmp_path / "folder" / "a"), "box:/renamed")
    docker("cp", "box:/made", str(tmp_path))
    docker("cp", "box:/new", str(tmp_path / "back"))
    assert (tmp_path / "made").read_text() == "made\n"
    assert (tmp_path / "back" / "a").read_text() == "a"
    assert docker("commit", "-m", "with files", "box", "app:2").startswith("sha256:")
    assert docker("run", "--rm", "app:2", "cat", "/new/a", "/renamed") == "aa"


@pytest.mark.usefixtures("containers", "built")
def test_save_rmi_load(docker, tmp_path):
    docker("save", "-o", str(tmp_path / "app.tar"), "app:1")
    assert docker("rmi", "app:1").startswith("Untagged: app:1\nDeleted: sha256:")
    assert docker("load", "-i", str(tmp_path / "app.tar")) == "Loaded image: app:1\n"
    assert docker("run", "--rm", "app:1") == "made\n"


@pytest.mark.usefixtures("containers", "built")
def test_volumes_outlive_their_containers(docker):
    docker("run", "--rm", "-v", "kept:/data", "app:1", "sh", "-c", "echo still > /data/here")
    assert docker("run", "--rm", "-v", "kept:/data:ro", "app:1", "cat", "/data/here") == "still\n"
    assert docker("volume", "ls", "-q") == "kept\n"
    docker("volume", "rm", "kept")
    assert docker("volume", "ls", "-q") == ""


@pytest.mark.usefixtures("containers", "built")
def test_an_image_in_use_stays_until_its_container_goes(docker):
    docker("create", "--name", "user", "app:1")
    with pytest.raises(Conflict, match="user"):
        docker("rmi", "app:1")
    docker("rm", "user")
    docker("rmi", "app:1")


@pytest.mark.usefixtures("containers", "built")
def test_housekeeping(docker):
    docker("run", "app:1")
    assert docker("system", "df").splitlines()[0].startswith("TYPE")
    docker("system", "prune", "-a", "-f")
    assert docker("ps", "-aq") == docker("images", "-q") == ""
    assert docker("system", "check") != ""


def test_help_and_completion(docker, engine):
    assert docker("image").startswith("Usage: docker image")
    assert complete(["system"], "pr", engine.full) == ["prune"]
    assert "run" in complete(["imgaes"], "", engine.full)  # as if the wrong word were not there
    assert "--rm" in complete(["run"], "--r", engine.full)
    assert complete([], "ima", engine.full) == ["image", "images"]


def test_completion_of_networks(docker, engine):
    docker("network", "create", "zoo")
    docker("volume", "create", "zone")
    assert complete(["network", "rm"], "zo", engine.full) == ["zoo"]
    assert complete(["network", "connect"], "zo", engine.full) == ["zoo"]
    assert complete(["volume", "rm"], "zo", engine.full) == ["zone"]
    assert complete(["inspect"], "zo", engine.full) == ["zone", "zoo"]
    assert complete(["image", "inspect"], "zo", engine.full) == []
    assert complete(["network", "create"], "zo", engine.full) == []


@pytest.mark.usefixtures("containers", "built")
def test_completion_of_names(docker, engine):
    docker("create", "--name", "zebra", "app:1")
    assert complete(["rm"], "ze", engine.full) == ["zebra"]
    assert complete(["run"], "ap", engine.full) == ["app:1"]
    assert complete(["unshare", "--mount", "--root"], "ap", engine.full) == ["app:1"]
    assert complete(["run", "--volumes-from"], "ze", engine.full) == ["zebra"]
    # A name that is still to be found, and not an image.
    assert complete(["run", "--name"], "ap", engine.full) == []


@pytest.mark.parametrize("option", ["-v", "--version"])
def test_the_version_in_a_line(docker, option):
    assert docker(option) == f"pydock_lab version {__version__}\n"
    assert docker(option, "ps") == f"pydock_lab version {__version__}\n"


def test_sizes_of_a_history_may_be_bytes(docker):
    docker("build", "-t", "it", "-", piped=b"FROM scratch\nLABEL a=1\n")
    assert "0B" in docker("history", "it")
    assert "0B" not in docker("history", "--human=false", "it")
