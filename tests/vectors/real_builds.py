"""Building the cases of the vectors for real: contexts on disk, and a busybox image under every name they ask for."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path

from samples.base_images import busybox_tar

from pydock_lab.build.plan import PlanOptions, plan
from pydock_lab.dockerfile.platforms import parse_platform
from pydock_lab.dockerfile.stages import parse
from pydock_lab.errors import PydockError
from pydock_lab.oci import ContainerConfig, Descriptor, ImageConfig, MediaType, Reference

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Asked:
    """The names of images that a plan asks for."""

    def __init__(self):
        self.names = set()

    def config(self, name, platform):
        self.names.add(name)
        return ImageConfig(platform=parse_platform(platform or "linux/amd64"), config=ContainerConfig())

    def manifest(self, _name, _platform):
        raise NotImplementedError


def asked_images(dockerfile, **options):
    """The images that a Dockerfile stands on and copies from; none where it cannot be planned."""
    asked = Asked()
    try:
        planned = plan(parse(dockerfile), PlanOptions(**options), asked)
    except PydockError:
        return asked.names
    for stage in planned.stages:
        asked.names.update(
            origin
            for step in stage.steps
            for origin in (getattr(step, "origin", None), *(mount.origin for mount in getattr(step, "mounts", ())))
            if isinstance(origin, str) and origin != "scratch"
        )
    return asked.names


def take_images(engine, names, tar=None, *, configs=None, platform=""):
    """Have busybox under these names; `configs` gives some of them another configuration.

    Two names that differ in more than their registry have different files, as two releases of one image have.
    """
    for name in names:
        more = {f"etc/{name.replace('/', '_')}": f"{name} {platform}"}
        engine.full.import_(io.BytesIO(tar or busybox_tar(files=more)), "base/busybox:1")
        home, found = engine.full.home, engine.full._shelf.find("base/busybox:1")
        document = json.loads(found.config.to_bytes())
        document["config"] = (configs or {}).get(str(Reference.parse(name)), {}).get("config", {"Env": [PATH]})
        document |= dict(zip(("os", "architecture", "variant"), (platform or "linux/amd64").split("/"), strict=False))
        content = json.dumps(document).encode()
        home.blobs.put(content)
        manifest = replace(found.manifest, config=Descriptor.of(content, MediaType.CONFIG)).to_bytes()
        home.blobs.put(manifest)
        home.layout.tag(Reference.parse(name), Descriptor.of(manifest, MediaType.MANIFEST))


def write_context(root: Path, files):
    """The files of a case: a text, or content, mode, symlink or dir."""
    for name, text in files.items():
        path, said = root / name, {"content": text} if isinstance(text, str) else text
        path.parent.mkdir(parents=True, exist_ok=True)
        if "symlink" in said:
            path.symlink_to(said["symlink"])
            continue
        if said.get("dir"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(said["content"], encoding="utf-8")
        if "mode" in said:
            os.chmod(path, int(said["mode"], 8))
