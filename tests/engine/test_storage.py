"""A store on other file systems: each works, or says why not and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier

PROGRAM = """
import sys
from pathlib import Path
from pydock_lab.engine.face import Engine
from pydock_lab.errors import PydockError
engine = Engine(Path(sys.argv[1]) / "store")
try:
    engine.build("FROM lab/base\\nRUN mkdir /d && echo x > /d/x\\nRUN rm -r /d && mkdir /d && touch /d/y\\n", "it:1")
    print(engine.run("it:1", "ls", "/d").logs().strip())
except PydockError as error:
    print(error)
full = engine.full
image, container = full.inspect_image("it:1"), full.inspect_container(engine.containers(all_=True)[0].name)
names = {full.info().facts["Driver"], image["GraphDriver"]["Name"], container["GraphDriver"]["Name"]}
print(*names, *container["GraphDriver"]["Data"])
print(*[(facet.name, facet.in_force) for facet in engine.doctor().facets if facet.name == "storage"])
"""

OVERLAY, COPIES, LINKS = (
    "overlay LowerDir MergedDir UpperDir WorkDir",
    "copies LowerDir MergedDir",
    "links LowerDir MergedDir",
)
MOUNTS = {
    "tmpfs": "mount -t tmpfs tmpfs $0",
    "ramfs": "mount -t ramfs ramfs $0",
    "overlay": "mount -t tmpfs tmpfs $0 && mkdir $0/l $0/u $0/w $0/m"
    " && mount -t overlay -o lowerdir=$0/l,upperdir=$0/u,workdir=$0/w overlay $0/m && mount --bind $0/m $0",
}


def on(file_system, place, *words):
    """Run Python in a mount namespace of its own, where `place` is of that file system."""
    script = f'{MOUNTS[file_system]} && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(place), sys.executable, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("as_root", "containers")
def test_files_in_memory_are_enough(tmp_path):
    done = on("tmpfs", tmp_path, "-c", PROGRAM, str(tmp_path))
    assert done.stdout.splitlines() == ["y", OVERLAY, "('storage', True)"], done.stderr


@pytest.mark.usefixtures("as_root", "containers")
@pytest.mark.parametrize("file_system", ["overlay", "ramfs"])
def test_where_layers_cannot_be_stacked_they_are_copied(file_system, tmp_path):
    done = on(file_system, tmp_path, "-c", PROGRAM, str(tmp_path))
    assert done.stdout.splitlines() == ["y", COPIES, "('storage', False)"], done.stderr


@pytest.mark.usefixtures("as_root", "containers")
def test_an_ordinary_user_has_user_attributes_on_an_ordinary_disk():
    with ordinary_user() as user:
        Path(f"/home/{user}").chmod(0o755)
        done = run_as(user, "-c", PROGRAM, f"/home/{user}")
    assert done.stdout.splitlines() == ["y", OVERLAY, "('storage', True)"], done.stderr


@pytest.mark.usefixtures("as_root", "containers")
def test_without_namespaces_files_are_linked_and_that_is_said():
    with ordinary_user() as user:
        done = run_as(user, "-c", PROGRAM, f"/home/{user}", tier=Tier.TRACED)
    assert done.stdout.splitlines() == ["y", LINKS, "('storage', True)"], done.stderr
