"""A container made by hand, one namespace at a time: what `docker run` does in one go, with all its steps missing.

`pydock unshare --user --uts hostname box` starts a process with just these namespaces (runtime/by_hand.py). Whatever is
missing fails as it must: so each failure is the reason for the next option.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydock_lab import locale
from pydock_lab.engine.hand_made import HandMade
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage
from pydock_lab.engine.streams import Streams
from pydock_lab.engine.unpacking import unpack
from pydock_lab.errors import IsolationError
from pydock_lab.linux.syscalls import NAMESPACE_FILES
from pydock_lab.views import Namespaces, NamespaceView, SidesOfProcess


class ByHand:
    """Starts such processes; images are those of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def run(self, wish: HandMade, image: FoundImage | None, streams: Streams) -> tuple[int, Namespaces]:
        """Run it to its end: its exit status, and what was its own. Raises IsolationError for what is refused."""
        with self._tree(image) if image else contextlib.nullcontext("") as root:
            status, found = _run(wish, root, streams)
        if "refused" in found:
            call, reason = found["refused"], found["reason"]
            step = locale.text(f"drawing.by-hand-{wish.step_for(call) or 'done'}")
            raise IsolationError("engine.by-hand", facet="namespaces", call=call, reason=reason, step=step)
        return status, _view(wish, found)

    @contextlib.contextmanager
    def _tree(self, image: FoundImage) -> Iterator[str]:
        """The files of an image, copied for this one process: without layers, and gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="pydock-by-hand-", ignore_cleanup_errors=True) as name:
            for layer in image.manifest.layers:
                with self._home.blobs.open(layer) as blob:
                    unpack(blob, Path(name))
            yield name


def _run(wish: HandMade, root: str, streams: Streams) -> tuple[int, dict[str, Any]]:
    """The exit status, and what the process said of itself."""
    reader, writer = os.pipe()
    said = {
        "own": sorted(wish.own),
        "root": root,
        "proc": wish.proc,
        "hostname": wish.hostname,
        "facts": writer,
        "command": list(wish.command),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pydock_lab.runtime.by_hand", json.dumps(said)],
        stdin=subprocess.DEVNULL if streams.stdin is None else streams.stdin,
        stdout=streams.stdout,
        stderr=streams.stderr,
        pass_fds=[writer],
        cwd="/",
    )
    os.close(writer)
    found: dict[str, Any] = {}
    with process, os.fdopen(reader, encoding="utf-8") as facts:
        try:
            for line in facts:
                found |= json.loads(line)
            return process.wait(), found
        except BaseException:
            process.kill()
            raise


def _view(wish: HandMade, found: dict[str, Any]) -> Namespaces:
    outside = {kind: str(os.stat(f"/proc/self/ns/{kind}").st_ino) for kind in NAMESPACE_FILES.values()}
    inside: dict[str, str] = found.get("namespaces", {})
    uid = os.getuid()
    process = SidesOfProcess(
        pid=found["pid"],
        inside_pid=1 if "pid" in wish.own else found["pid"],
        uid=uid,
        inside_uid=0 if "user" in wish.own else uid,
        command=" ".join(wish.command),
    )
    host = os.uname().nodename
    return Namespaces(
        container="",
        name=" ".join(wish.command),
        tier="",
        outside_name=host,
        inside_name=wish.hostname or host,
        namespaces=tuple(
            NamespaceView(kind=kind, outside=outside[kind], inside=inside.get(kind, outside[kind]))
            for kind in sorted(outside)
        ),
        processes=(process,),
        command=f"pydock unshare {wish.options} {' '.join(wish.command)}".replace("  ", " "),
        next_step=wish.next_step or "done",
    )
