"""COPY and ADD on their way to a layer; that of the next one is written while a RUN before it is still at work.

    RUN apt-get ...   ──container────────────────────────────>|
    COPY . /app         ──tar, gzip, unpacked──> waits ······>|──is the ground the same? then it is there already

A copy asks little of what is below it: which folders are on its way, and who is who in /etc/passwd. These questions
are written down, and asked again when its turn has come. Where an answer is another one now, the copy is made anew.
"""

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from pydock_lab.archive.entry import Entry
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.cancelled import Cancelled
from pydock_lab.build.layers import Both, LayerSink, write_draft
from pydock_lab.build.source import Ground
from pydock_lab.build.steps import CopyStep
from pydock_lab.build.tools import Tools
from pydock_lab.build.workshop import StageLayer


class CopyLayer:
    """The layer of a copy, in `sink` once it is written; with a folder, its files are unpacked in `tree` as well.

    A context manager: without a commit of the sink nothing stays of the layer.
    """

    def __init__(self, tools: Tools, step: CopyStep, folder: Path | None) -> None:
        self._tools, self._step, self.folder = tools, step, folder
        self._stack = ExitStack()
        self._stopped = threading.Event()
        self.sink: LayerSink
        self.index: LayerIndex
        self.seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def write(self, tree: Ground) -> None:
        """Write it on top of `tree`; raises BuildError, ArchiveError, Cancelled."""
        began, workshop = time.monotonic(), self._tools.workshop
        draft = self._tools.transfer.draft(self._step, tree).not_after(workshop.epoch)
        self.sink = self._stack.enter_context(LayerSink(workshop.blobs, workshop.indexes, workshop.lease, index=False))
        if self.folder is None:
            self.index = write_draft(draft, self.sink, self._check)
        else:
            # A worker unpacks the files while they are being compressed here.
            with workshop.snapshots.filled(self.folder / "tree") as stream:
                self.index = write_draft(draft, Both(self.sink, stream), self._check)
        self.seconds = time.monotonic() - began

    def stop(self) -> None:
        """Have `write` end soon, in another thread."""
        self._stopped.set()

    def discard(self) -> None:
        """Leave nothing of it."""
        self._stack.__exit__(Cancelled, Cancelled(), None)
        if self.folder is not None:
            self._tools.workshop.snapshots.remove(self.folder)

    def _check(self) -> None:
        self._tools.check_stopped()
        if self._stopped.is_set():
            raise Cancelled


class CopyAhead:
    """A copy that is written in a thread, before the steps in front of it are done."""

    def __init__(self, tools: Tools, step: CopyStep, layers: tuple[StageLayer, ...], folder: Path | None) -> None:
        self.step, self._tools, self._layers = step, tools, layers
        self._copy = CopyLayer(tools, step, folder)
        self._ground: _AskedGround | None = None
        self._failed = self._is_taken = False
        self._thread = threading.Thread(target=self._run, name="pydock-copy", daemon=True)
        self._thread.start()

    @staticmethod
    def suits(step: CopyStep) -> bool:
        """Whether a step copies out of the context alone: all that it waits for is there from the beginning."""
        return step.origin is None and not step.remote

    def wait(self) -> None:
        """Until it is written, or has failed."""
        self._thread.join()

    def take(self, step: CopyStep, tree: Ground) -> CopyLayer | None:
        """The layer, if it is this step's, and `tree` a ground for it like the one it was written on."""
        if step is not self.step:
            return None
        self.wait()
        self._is_taken = not self._failed and self._ground is not None and self._ground.is_like(tree)
        if self._is_taken:
            return self._copy
        self.discard()
        return None

    def discard(self) -> None:
        """Leave nothing of it, unless somebody has taken it."""
        if self._is_taken:
            return
        self._copy.stop()
        self._thread.join()
        self._copy.discard()

    def _run(self) -> None:
        try:
            self._ground = _AskedGround(self._tools.workshop.tree(self._layers))
            self._copy.write(self._ground)
            # After the write, which has told the context what it hashed: those files are not read again.
            self._tools.keys.look_ahead(self.step)
        except BaseException:  # noqa: BLE001 - what is wrong with the step, it says when its turn has come
            self._failed = True


class _AskedGround:
    """A tree that remembers what it was asked."""

    def __init__(self, tree: Ground) -> None:
        self._tree = tree
        self._entries: dict[bytes, Entry | None] = {}
        self._files: dict[bytes, bytes] = {}

    def entry(self, path: bytes) -> Entry | None:
        self._entries[path] = self._tree.entry(path)
        return self._entries[path]

    def read(self, path: bytes) -> bytes:
        self._files[path] = self._tree.read(path)
        return self._files[path]

    def is_like(self, other: Ground) -> bool:
        """Whether another tree gives the same answers."""
        return all(other.entry(path) == entry for path, entry in self._entries.items()) and all(
            other.read(path) == content for path, content in self._files.items()
        )
