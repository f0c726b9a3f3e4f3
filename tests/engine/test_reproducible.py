"""One Dockerfile, one context, SOURCE_DATE_EPOCH: one digest, wherever it is built, by whom, with what privilege."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from samples.base_images import busybox_tar
from samples.trees import file, tar
from samples.users import ordinary_user, run_as

from pydock_lab.linux.tiers import Tier

EPOCH = "1700000000"
USERS = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\nweb:x:33:33::/var/www:/bin/sh\n"
GROUPS = "root:x:0:\napp:x:1000:\nweb:x:33:\nstaff:x:50:web\n"
DOCKERFILE = """
FROM scratch AS base
ADD base.tar /

FROM scratch AS owned
COPY owned.tar /

FROM base AS made
# By RUN: files and folders, links, to names and numbers, from earlier layers, renamed and linked afterwards.
RUN mkdir -p /srv/app/in /srv/web && echo app > /srv/app/in/file && ln -s in/file /srv/app/link && \\
    cp /srv/app/in/file /srv/web/page && chown -R app:app /srv/app && chown web /srv/web/page && chown :staff /srv/web
RUN echo third > /srv/third && chown 3000:3001 /srv/third && mv /srv/third /srv/moved && ln /srv/moved /srv/again && \\
    chmod 4755 /srv/moved
RUN chown -h web:staff /srv/app/link && echo more >> /srv/app/in/file && chgrp web /bin/busybox
RUN chmod 700 /srv/app/in && touch /srv/app/in/by-root && rm /srv/web/page && mkfifo /srv/pipe && chown app /srv/pipe
RUN mkdir -m 2775 /srv/group && chgrp staff /srv/group && echo in > /srv/group/in && mkdir /srv/group/sub && \
    ln -s in /srv/group/link && ! chown app /srv/missing && cd /srv/group && chown web ../group/./sub && \
    echo "chown web:app /srv/group/in" | sh && mkdir -p /jail/bin && cp /bin/busybox /jail/bin && \
    touch /jail/file && chroot /jail /bin/busybox chown 44:45 bin/../file && ln -sf nowhere /jail/link && \
    chown -h 46 /jail/link && ln -sf elsewhere /jail/link && rm /jail/bin/busybox
RUN --mount=from=owned,target=/mnt tar -xf /mnt/owned.tar -C /srv && chown 47 /mnt/.. && chown app /srv/owned/none

FROM base
COPY --from=made /jail /jail
COPY --chown=app:app src /src
COPY --chown=web src/one /web/
COPY --chown=3000:3001 src/two /three/two
COPY --from=made /srv /srv
COPY --from=made --chown=33:50 /srv/app/in/file /web/file
USER app
WORKDIR /home/app/work/deep
RUN --mount=type=cache,target=/c,mode=1777 echo mine > mine && mkdir folder && echo in > folder/in && ln -s mine l
RUN chmod 600 mine && mv folder moved && rm moved/in && echo again > /src/one && touch /tmp/by-app
USER web:staff
RUN mkdir /tmp/by-web && echo web > /tmp/by-web/file
USER 3000
WORKDIR /last
RUN echo three > three
USER root
RUN rm -rf /three && mkdir /three && echo new > /three/new && chown -R app /three
CMD ["sh", "-c", "stat -c '%u:%g %a %n' /src /src/one /web/one /srv/app/link /srv/moved /last/three /three/new"]
"""
OWNERS = """1000:1000 755 /src
1000:1000 644 /src/one
33:33 644 /web/one
33:50 777 /srv/app/link
3000:3001 4755 /srv/moved
3000:0 644 /last/three
1000:0 644 /three/new
"""
PROGRAM = """
import json, sys, tarfile
from pathlib import Path
from pydock_lab.engine.face import Engine
home, context, epoch = sys.argv[1:]
engine = Engine(Path(home))
text = Path(context, "Dockerfile").read_text()
image = engine.build(text, "it:1", context=Path(context), build_args={"SOURCE_DATE_EPOCH": epoch}).image
home, found = engine.full.home, []
for layer in image.details.manifest.layers:
    with home.blobs.open(layer) as blob, tarfile.open(fileobj=blob) as tar:
        entries = [f"{one.name} {one.type} {one.mode:o} {one.uid}:{one.gid} {one.mtime} {one.linkname}" for one in tar]
        found.append([str(layer.digest), *entries])
says = {"tier": home.runtime.tier, "layers": found, "digest": str(image.digest), "id": str(image.id)}
print(json.dumps(says | {"prints": engine.run("it:1").logs()}))
"""


def project(folder: Path) -> Path:
    """The context, made anew, at another time than others."""
    (folder / "src").mkdir(parents=True)
    files = {"Dockerfile": DOCKERFILE.encode(), "src/one": b"one", "src/two": b"two"}
    files["base.tar"] = busybox_tar(files={"etc/passwd": USERS, "etc/group": GROUPS})
    files["owned.tar"] = tar(*(file(f"owned/{name}", name, uid=uid, gid=9) for name, uid in (("none", 0), ("five", 5))))
    for name in sorted(files, key=lambda _: os.urandom(2)):
        (folder / name).write_bytes(files[name])
        (folder / name).chmod(0o644)
    for one in (folder, folder / "src"):
        one.chmod(0o755)
    return folder


def built(done: "subprocess.CompletedProcess[str]") -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def here(home: Path, context: Path, epoch: str = EPOCH) -> dict:
    command = [sys.executable, "-c", PROGRAM, str(home), str(context), epoch]
    return built(subprocess.run(command, capture_output=True, text=True, check=False))


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> dict:
    place = tmp_path_factory.mktemp("reference")
    return here(place / "home", project(place / "context"))


@pytest.mark.usefixtures("containers")
def test_the_image_is_what_the_dockerfile_says(reference):
    assert reference["prints"] == OWNERS


@pytest.mark.usefixtures("containers")
def test_elsewhere_later_and_with_another_environment(reference, tmp_path, monkeypatch):
    time.sleep(1.1)  # whole seconds are in a layer
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LC_ALL", "C")
    before = os.umask(0o077)
    try:
        found = here(tmp_path / "home", project(tmp_path / "some" / "where"))
    finally:
        os.umask(before)
    assert found == reference


@pytest.mark.usefixtures("containers")
def test_another_moment_is_another_image(reference, tmp_path):
    found = here(tmp_path / "home", project(tmp_path / "context"), "1600000000")
    assert found["digest"] != reference["digest"]


@pytest.mark.usefixtures("as_root", "containers")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.TRACED])
def test_in_every_tier(reference, need, tier):
    need("newuidmap")
    with ordinary_user() as user:
        folder = project(Path(f"/home/{user}/{tier}"))
        shutil.chown(folder, user, user)
        found = built(run_as(user, "-c", PROGRAM, f"/home/{user}/store-{tier}", str(folder), EPOCH, tier=tier))
    assert found["tier"] == tier
    assert found["layers"] == reference["layers"]
    assert (found["digest"], found["id"]) == (reference["digest"], reference["id"])
