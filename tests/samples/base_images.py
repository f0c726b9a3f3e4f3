"""Base images made of busybox-static, with the users and places that busybox's and Alpine's own images have."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Mapping

from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import StageLayer
from pydock_lab.engine.face import Engine

_PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
_GROUP = """root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
tty:x:5:
disk:x:6:
wheel:x:10:root
users:x:100:
www-data:x:33:
nobody:x:65534:
"""
_FILES = {"etc/passwd": _PASSWD, "etc/group": _GROUP, "etc/shadow": "root:*:::::::\n"}
# Debian's busybox lacks these two of Alpine's.
_ADDUSER = """#!/bin/sh
for name; do :; done
id=$((1000 + $(grep -c "^user" /etc/passwd)))
echo "$name:x:$id:$id::/home/$name:/bin/sh" >> /etc/passwd
echo "$name:x:$id:" >> /etc/group
"""
_ADDGROUP = """#!/bin/sh
for name; do :; done
echo "$name:x:$((2000 + $(wc -l < /etc/group))):" >> /etc/group
"""
_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "etc", "root", "home", "var", "tmp", "dev", "proc", "sys", "opt")


def busybox_tar(scripts: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None) -> bytes:
    """A root file system, with further scripts in /bin and further files."""
    program = shutil.which("busybox") or "/bin/busybox"
    listed = subprocess.run([program, "--list-full"], check=True, capture_output=True, text=True).stdout.split()
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for name in _FOLDERS:
            _add(tar, name, kind=tarfile.DIRTYPE, mode=0o1777 if name == "tmp" else 0o755)
        tar.add(program, "bin/busybox", filter=_as_root)
        for path in sorted({*listed, "usr/bin/env", "bin/sh", "bin/awk"} - {"bin/busybox"}):
            _add(tar, path, kind=tarfile.SYMTYPE, target="/bin/busybox")
        for path, text in (("usr/sbin/adduser", _ADDUSER), ("usr/sbin/addgroup", _ADDGROUP)):
            _add(tar, path, text.encode(), mode=0o755)
        for name, text in (scripts or {}).items():
            _add(tar, f"bin/{name}", text.encode(), mode=0o755)
        for path, text in (_FILES | dict(files or {})).items():
            _add(tar, path, text.encode())
    return sink.getvalue()


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    return entry


def _add(tar, path, content=b"", *, kind=tarfile.REGTYPE, mode=0o644, target=""):
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
    tar.addfile(entry, io.BytesIO(content))


def image_tree(engine: Engine, name: str) -> LayeredTree:
    """The file system of an image."""
    home, details = engine.full.home, engine.image(name).details
    pairs = zip(details.manifest.layers, details.config.diff_ids, strict=True)
    layers = [StageLayer(descriptor=descriptor, diff_id=diff_id) for descriptor, diff_id in pairs]

    def opened(number):
        from pydock_lab.archive.compress import decompress  # noqa: PLC0415 - one line of a test's helper
        from pydock_lab.archive.reader import chunks  # noqa: PLC0415 - see above

        with home.blobs.open(layers[number].descriptor) as blob:
            yield from decompress(chunks(blob))

    return LayeredTree([home.indexes.get(one.diff_id, one.descriptor) for one in layers], opened)
