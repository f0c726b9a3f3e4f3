"""docker cp: names, links, owners, and what it must not overwrite."""

import io
import os
import stat
import tarfile

import pytest

BOX = "lab/busybox"
SCRIPT = """
mkdir -p /in/sub /out; echo a > /in/a; echo b > /in/sub/b; chown 33:34 /in/a; chmod 750 /in /in/sub
ln -s a /in/link; ln -s /in /short; ln -s loop /loop; mkdir /empty
"""

pytestmark = pytest.mark.usefixtures("containers")


@pytest.fixture
def box(docker):
    """A container that has files, and has ended."""
    docker("run", "--name", "box", BOX, "sh", "-c", SCRIPT)
    return "box"


@pytest.fixture
def here(tmp_path):
    """A folder of the host with files."""
    (tmp_path / "dir").mkdir(mode=0o750)
    (tmp_path / "dir" / "f").write_text("f")
    (tmp_path / "to-f").symlink_to("dir/f")
    (tmp_path / "to-dir").symlink_to("dir")
    (tmp_path / "there").mkdir()
    return tmp_path


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


OUTSIDE = [
    ("/in/a", "there", ["there/a"]),
    ("/in/a", "new", ["new"]),
    ("/in/a", "there/new", ["there/new"]),
    ("/in/link", "there", ["there/link"]),
    ("/in", "there", ["there/in", "there/in/a", "there/in/link", "there/in/sub", "there/in/sub/b"]),
    ("/in/", "there", ["there/in", "there/in/a", "there/in/link", "there/in/sub", "there/in/sub/b"]),
    ("/in/.", "there", ["there/a", "there/link", "there/sub", "there/sub/b"]),
    ("/in/sub", "new", ["new", "new/b"]),
    ("/in/sub/.", "new", ["new", "new/b"]),
    ("/short", "there", ["there/short"]),
    ("/short/", "there", [f"there/short{one}" for one in ("", "/a", "/link", "/sub", "/sub/b")]),
    ("/empty", "there", ["there/empty"]),
    ("/empty/.", "there", []),
]


@pytest.mark.usefixtures("box")
def test_which_name_a_copy_gets_outside(docker, tmp_path):
    for number, (source, target, made) in enumerate(OUTSIDE):
        folder = tmp_path / str(number)
        (folder / "there").mkdir(parents=True)
        docker("cp", f"box:{source}", str(folder / target))
        assert [one for one in names(folder) if one != "there"] == made, (source, target)


@pytest.mark.parametrize(
    ("source", "target", "made"),
    [
        ("dir/f", "/out", ["/out/f"]),
        ("dir/f", "/out/g", ["/out/g"]),
        ("dir", "/out", ["/out/dir", "/out/dir/f"]),
        ("dir/.", "/out", ["/out/f"]),
        ("dir", "/out/new", ["/out/new", "/out/new/f"]),
        ("dir/.", "/out/new", ["/out/new", "/out/new/f"]),
        ("to-f", "/out", ["/out/to-f"]),
        ("to-dir", "/out", ["/out/to-dir"]),
        ("to-dir/.", "/out", ["/out/f"]),
        ("dir/f", "/short", ["/in/f"]),
    ],
)
@pytest.mark.usefixtures("box")
def test_which_name_a_copy_gets_inside(docker, here, source, target, made):
    before = set(docker("diff", "box").splitlines())
    docker("cp", f"{here}/{source}", f"box:{target}")
    new = {line.split()[1] for line in set(docker("diff", "box").splitlines()) - before if line.startswith("A")}
    assert sorted(new) == made


@pytest.mark.usefixtures("box")
def test_a_link_stays_a_link_or_is_followed(docker, fails, here):
    docker("cp", "box:/in/link", str(here / "there"))
    assert (here / "there" / "link").readlink().name == "a"
    docker("cp", "-L", "box:/in/link", str(here / "there" / "followed"))
    assert (here / "there" / "followed").read_text() == "a\n"
    docker("cp", "--follow-link", "box:/short", str(here / "there"))
    assert (here / "there" / "short" / "a").read_text() == "a\n"
    assert fails("cp", "-L", "box:/loop", str(here)) == "archive.link-loop"
    docker("cp", "-L", str(here / "to-f"), "box:/out")
    docker("cp", "box:/out/to-f", str(here / "back"))
    assert (here / "back").read_text() == "f"
    assert not (here / "back").is_symlink()


@pytest.mark.usefixtures("box")
def test_a_link_that_is_copied_to_leads_to_the_copy(docker, here):
    docker("cp", "box:/in/a", str(here / "to-f"))
    assert ((here / "dir/f").read_text(), (here / "to-f").is_symlink()) == ("a\n", True)
    (here / "new").write_text("new")
    docker("cp", str(here / "new"), "box:/in/link")
    docker("cp", "box:/in", str(here / "there"))
    assert (here / "there/in/a").read_text() == "new"
    assert (here / "there/in/link").is_symlink()


@pytest.mark.usefixtures("box", "as_root")
def test_owners_and_modes(docker, here):
    docker("cp", "box:/in", str(here / "there"))
    assert (here / "there" / "in" / "a").stat().st_uid == os.geteuid()
    assert stat.S_IMODE((here / "there" / "in").stat().st_mode) == 0o750
    docker("cp", "-a", "box:/in/a", str(here / "kept"))
    found = (here / "kept").stat()
    assert (found.st_uid, found.st_gid) == (33, 34)
    docker("cp", "-a", str(here / "kept"), "box:/out")
    docker("cp", str(here / "kept"), "box:/out/roots")
    docker("start", "box")
    docker("wait", "box")
    docker("cp", "box:/out", "-")
    with tarfile.open(fileobj=io.BytesIO(docker.face.bytes.getvalue())) as tar:
        assert {one.name: (one.uid, one.gid) for one in tar if one.isreg()} == {
            "out/kept": (33, 34),
            "out/roots": (0, 0),
        }


@pytest.mark.parametrize("target", ["there", "there/"])
def test_nothing_takes_the_place_of_another_kind(fails, here, box, target):
    (here / "there" / "in").write_text("mine")
    (here / "there" / "a").mkdir()
    assert fails("cp", f"{box}:/in", str(here / target)) == "archive.other-kind"
    assert fails("cp", f"{box}:/in/a", str(here / target)) == "archive.other-kind"
    assert names(here / "there") == ["a", "in"]
    assert fails("cp", f"{here}/dir/f", f"{box}:/in/a/f") == "archive.not-a-directory"
    (here / "sub").write_text("x")
    assert fails("cp", f"{here}/sub", f"{box}:/in") == "archive.other-kind"


def test_a_name_that_hides_in_layers_is_a_name_like_others(docker, here, box):
    with io.BytesIO() as stream:
        with tarfile.open(fileobj=stream, mode="w") as tar:
            tar.addfile(tarfile.TarInfo(".wh.a"))
        docker("cp", "-", f"{box}:/in", piped=stream.getvalue())
    docker("cp", f"{box}:/in/a", str(here / "still"))
    assert (here / "still").read_text() == "a\n"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("box:/nowhere", "{here}"), "engine.no-path"),
        (("box:/in/a", "{here}/no/where"), "engine.copy-refused"),
        (("box:/in/a", "{here}/nofolder/"), "engine.copy-refused"),
        (("box:/in/.", "{here}/no/where"), "engine.copy-refused"),
        (("box:/in/.", "{here}/dir/f"), "engine.copy-refused"),
        (("{here}/nothing", "box:/out"), "engine.no-source"),
        (("{here}/dir/f", "box:/no/where"), "engine.no-path"),
        (("{here}/dir/f", "box:/nodir/"), "engine.no-path"),
        (("box:/in", "box:/out"), "cli.cp-sides"),
        (("{here}", "{here}"), "cli.cp-sides"),
        (("nobody:/in", "{here}"), "engine.no-container"),
    ],
)
@pytest.mark.usefixtures("box")
def test_what_cannot_be_copied(fails, here, words, key):
    assert fails("cp", *(word.format(here=here) for word in words)) == key


@pytest.mark.usefixtures("box")
def test_what_is_told(docker, here):
    docker("cp", "box:/in/a", str(here))
    assert docker.face.noted == f"Successfully copied 2.05kB to {here}\n"
    docker("cp", "-q", "box:/in/a", str(here))
    assert docker.face.noted == ""


def test_a_running_container(docker, here):
    docker("run", "-d", "--name", "live", "-v", "data:/data", BOX, "sleep", "600")
    docker("cp", f"{here}/dir", "live:/data")
    assert docker("exec", "live", "cat", "/data/dir/f") == "f"
    docker("exec", "live", "sh", "-c", "echo inside > /data/g")
    docker("cp", "live:/data/g", str(here))
    assert (here / "g").read_text() == "inside\n"


def test_what_the_kernel_shows_in_a_running_container_is_no_file(docker, fails, engine, tmp_path):
    is_traced = engine.full.doctor().tier.startswith("traced")  # there it is nowhere in the tree
    docker("run", "-d", "--name", "runs", "-v", "vol:/data", BOX, "sh", "-c", "echo a > /data/a; exec sleep 600")
    docker("exec", "runs", "sh", "-c", "until test -e /data/a; do sleep 0.01; done")
    docker("cp", "runs:/", str(tmp_path / "whole"))
    if not is_traced:  # there a volume is nowhere in the tree either
        assert (tmp_path / "whole/data/a").read_text() == "a\n"
    assert [os.listdir(tmp_path / "whole" / name) for name in ("proc", "sys", "dev")] == [[], [], []]
    for source, key in (
        ("/proc/version", "engine.copy-kernels"),
        ("/sys/kernel", "engine.copy-kernels"),
        ("/dev/null", "engine.copy-device"),
    ):
        assert fails("cp", f"runs:{source}", str(tmp_path / "copy")) == ("engine.no-path" if is_traced else key)
    assert fails("cp", "runs:/proc/version", "-").startswith("engine.")
    assert not (tmp_path / "copy").exists()


def test_volumes_of_a_container_that_is_stopped(docker, fails, here):
    (here / "one").write_text("one")
    docker("create", "--name", "box", "-v", "data:/data", "-v", f"{here}/one:/one", "-v", "fixed:/fixed:ro", BOX)
    docker("cp", f"{here}/dir", "box:/data")
    docker("cp", "box:/data/dir/f", str(here / "back"))
    docker("cp", "box:/one", str(here / "there"))
    assert [(here / name).read_text() for name in ("back", "there/one")] == ["f", "one"]
    assert docker("run", "--rm", "-v", "data:/data", BOX, "cat", "/data/dir/f") == "f"
    assert fails("cp", f"{here}/dir", "box:/fixed") == "snapshot.read-only-mount"


_READ_ONLY = ["--read-only", "--tmpfs", "/run", "-v", "data:/data", "-v", "fixed:/fixed:ro"]


def test_a_container_that_runs_read_only(docker, fails, here):
    docker("run", "-d", "--name", "live", *_READ_ONLY, BOX, "sleep", "600")
    for source in ("dir/f", "dir", "dir/."):
        assert fails("cp", f"{here}/{source}", "live:/etc") == "snapshot.read-only-root", source
    assert fails("cp", f"{here}/dir/f", "live:/f") == "snapshot.read-only-root"
    assert fails("cp", f"{here}/dir/f", "live:/fixed/f") == "snapshot.read-only-mount"
    docker("cp", f"{here}/dir/f", "live:/data")
    assert docker("exec", "live", "cat", "/data/f") == "f"
    docker("cp", "live:/data/f", str(here / "there"))
    assert (here / "there/f").read_text() == "f"


@pytest.mark.skipif(os.environ.get("PYDOCK_EXPECTED_TIER") == "traced", reason="its mounts are seen from inside alone")
def test_what_is_mounted_in_a_running_container(docker, fails, here):
    docker("create", "--name", "live", *_READ_ONLY, "-v", "links:/links", BOX, "sleep", "600")
    (here / "way").symlink_to("/fixed")
    docker("cp", f"{here}/way", "live:/links")
    docker("start", "live")
    docker("cp", f"{here}/dir/f", "live:/run")
    assert docker("exec", "live", "cat", "/run/f") == "f"
    assert fails("cp", f"{here}/dir", "live:/links/way") == "snapshot.read-only-mount"


def test_a_container_that_is_stopped_and_read_only(docker, fails, here):
    docker("create", "--name", "box", *_READ_ONLY, BOX)
    assert fails("cp", f"{here}/dir/f", "box:/f") == "snapshot.read-only-root"
    assert fails("cp", f"{here}/dir/f", "box:/run") == "snapshot.read-only-root"
    assert fails("cp", f"{here}/dir/f", "box:/fixed") == "snapshot.read-only-mount"
    docker("cp", f"{here}/dir/f", "box:/data")
    assert docker("run", "--rm", "-v", "data:/data", BOX, "cat", "/data/f") == "f"


def test_a_read_only_volume_of_a_running_container(docker, fails, here):
    docker("run", "-d", "--name", "live", "-v", "fixed:/fixed:ro", BOX, "sleep", "600")
    assert fails("cp", f"{here}/dir", "live:/fixed") == "snapshot.read-only-mount"


@pytest.mark.parametrize("isolation", ["traced", ""])
def test_the_first_container_of_a_store_before_it_is_started(docker, here, isolation):
    docker("create", "--name", "box", *(["--isolation", isolation] if isolation else []), BOX, "cat", "/f")
    docker("cp", f"{here}/dir/f", "box:/f")
    assert docker("start", "-a", "box").endswith("f")
