"""What `--output` gives: the files of the image as they are in the end, and the image as others read it."""

import io
import os
import stat
import subprocess
import tarfile

import pytest

from pydock_lab.engine.options import Output, OutputKind
from pydock_lab.errors import BuildError
from pydock_lab.events import Noted

LAYERS = """FROM lab/base AS base
RUN mkdir -p /o/gone && cd /o && echo 1 > gone/a && echo 1 > changed && echo 1 > deleted && echo 1 > folder
RUN cd /o && rm -r gone deleted folder && echo 22 > changed && mkdir folder && echo 3 > folder/a && ln folder/a hard \\
 && chown 5:6 changed && chmod 4750 changed && ln -s changed link && touch -d @1000000000 folder/a
RUN rm -rf /bin /sbin /lib* /usr /etc /root /home /var /tmp 2>/dev/null; true
"""


def export(engine, text, path):
    return engine.build(text, outputs=(Output(kind=OutputKind.LOCAL, path=path),))


def lines(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        kind = os.readlink(path) if path.is_symlink() else path.read_text().strip() if path.is_file() else "/"
        found[str(path.relative_to(folder))] = (stat.S_IMODE(status.st_mode), kind)
    return found


@pytest.fixture
def layered(engine, tmp_path):
    """A stack that changes, deletes and replaces, as the folder `out`; only /o of it is looked at."""
    export(engine, LAYERS, tmp_path / "out")
    return tmp_path / "out" / "o"


@pytest.mark.usefixtures("containers")
def test_a_folder_has_what_the_stack_shows(layered):
    assert lines(layered) == {
        "changed": (0o4750, "22"),
        "folder": (0o755, "/"),
        "folder/a": (0o644, "3"),
        "hard": (0o644, "3"),
        "link": (0o777, "changed"),
    }
    assert (layered / "hard").stat().st_ino == (layered / "folder" / "a").stat().st_ino
    assert (layered / "hard").stat().st_mtime == 1_000_000_000
    # As with Docker, the files belong to whoever has asked for them.
    assert (layered / "changed").stat().st_uid == os.geteuid()


@pytest.mark.usefixtures("containers")
def test_what_was_in_the_folder_stays(engine, tmp_path):
    out = tmp_path / "out"
    (out / "o").mkdir(parents=True)
    for name in ("mine", "changed", "deleted"):
        (out / "o" / name).write_text("mine")
    (out / "o" / "link").symlink_to("/etc/passwd")
    export(engine, LAYERS, out)
    # `deleted` is a file of the image only in a lower layer: it is no business of the one that was here.
    assert {name: (out / "o" / name).read_text() for name in ("mine", "deleted")} == {"mine": "mine", "deleted": "mine"}
    assert (out / "o" / "changed").read_text() == "22\n"
    assert os.readlink(out / "o" / "link") == "changed"


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_tar_keeps_owners(engine, tmp_path, is_streamed):
    stream, path = io.BytesIO(), tmp_path / "deep" / "out.tar"
    place = {"stream": stream} if is_streamed else {"path": path}
    engine.build(LAYERS, outputs=(Output(kind=OutputKind.TAR, **place),))
    with tarfile.open(fileobj=io.BytesIO(stream.getvalue() if is_streamed else path.read_bytes())) as tar:
        found = {one.name: one for one in tar if one.name.startswith("o/")}
        assert sorted(found) == ["o/changed", "o/folder", "o/folder/a", "o/hard", "o/link"]
        assert (found["o/changed"].uid, found["o/changed"].gid, found["o/changed"].mode) == (5, 6, 0o4750)
        assert found["o/hard"].islnk() is not found["o/folder/a"].islnk()
        assert tar.extractfile("o/hard").read() == b"3\n"


def test_only_images_get_a_name(engine, tmp_path):
    engine.build("FROM scratch\nLABEL a=b\n", "a:1", outputs=(Output(kind=OutputKind.LOCAL, path=tmp_path / "out"),))
    engine.build("FROM scratch\nLABEL a=b\n", "b:1", outputs=(Output(kind=OutputKind.CACHE_ONLY),))
    assert engine.images() == ()
    outputs = (
        Output(kind=OutputKind.LOCAL, path=tmp_path / "out"),
        Output(kind=OutputKind.IMAGE, names=("d:1",)),
    )
    engine.build("FROM scratch\nLABEL a=b\n", "c:1", outputs=outputs)
    assert sorted(engine.images()) == ["c:1", "d:1"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (OutputKind.LOCAL, "file/x"),
        (OutputKind.LOCAL, "file"),
        (OutputKind.TAR, "file/x.tar"),
        (OutputKind.OCI, "folder"),
    ],
)
def test_a_place_that_takes_nothing(engine, tmp_path, kind, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BuildError, match="cannot be written"):
        engine.build("FROM scratch\nLABEL a=b\n", outputs=(Output(kind=kind, path=tmp_path / place),))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["file", "folder"]


def test_a_device_is_left_out_of_a_folder_and_said(engine, tmp_path):
    with tarfile.open(tmp_path / "root.tar", "w") as tar:
        device = tarfile.TarInfo("null")
        device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
        tar.addfile(device)
    events = []
    output = Output(kind=OutputKind.LOCAL, path=tmp_path / "out")
    text = "FROM scratch\nADD root.tar /\n"
    engine.build(text, context=tmp_path, outputs=(output,), on_event=events.append)
    assert list((tmp_path / "out").iterdir()) == []
    assert "not exported: null" in [event.text for event in events if isinstance(event, Noted)]


# ---- judged by others


@pytest.fixture
def archives(engine, tmp_path):
    """One image in all forms: its result."""
    outputs = (
        Output(kind=OutputKind.OCI, path=tmp_path / "oci.tar"),
        Output(kind=OutputKind.OCI, path=tmp_path / "oci", is_folder=True),
        Output(kind=OutputKind.DOCKER, path=tmp_path / "docker.tar", names=("other:2",)),
        Output(kind=OutputKind.IMAGE),
    )
    (tmp_path / "file").write_text("content")
    return engine.build("FROM scratch\nCOPY file /file\n", "app:1", context=tmp_path, outputs=outputs)


def run(need, *words):
    done = subprocess.run([need(words[0]), *map(str, words[1:])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_skopeo_reads_them(archives, need, tmp_path):
    for place in (f"oci-archive:{tmp_path}/oci.tar:1", f"oci:{tmp_path}/oci:1"):
        assert run(need, "skopeo", "inspect", "--format", "{{.Digest}}", place).strip() == archives.image.digest
    run(need, "skopeo", "copy", f"docker-archive:{tmp_path}/docker.tar:other:2", f"oci:{tmp_path}/copy:x")
    assert archives.image.id in run(need, "skopeo", "inspect", "--raw", f"oci:{tmp_path}/copy:x")


@pytest.mark.usefixtures("as_root", "archives")
def test_umoci_unpacks_the_folder(need, tmp_path):
    run(need, "umoci", "unpack", "--image", f"{tmp_path}/oci:1", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "rootfs" / "file").read_text() == "content"


@pytest.mark.usefixtures("archives")
def test_an_oci_archive_is_no_docker_archive(tmp_path):
    with tarfile.open(tmp_path / "oci.tar") as tar:
        assert "manifest.json" not in tar.getnames()
    with tarfile.open(tmp_path / "docker.tar") as tar:
        assert "manifest.json" in tar.getnames()


def test_they_can_be_loaded_again(archives, engine, tmp_path):
    engine.remove_image("app:1")
    with (tmp_path / "docker.tar").open("rb") as stream:
        assert sorted(engine.full.load(stream)) == ["app:1", "other:2"]
    assert engine.image("other:2").id == archives.image.id
