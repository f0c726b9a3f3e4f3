"""Which steps and files make an image big, and which bytes of it nobody sees, with the reason.

    layer 3   RUN chmod 600 big.bin       big.bin: only the mode changed, and 100 MB are there twice
    layer 2   COPY big.bin /              100 MB, hidden by layer 3
    layer 1   RUN apt-get update          40 MB of lists, which layer 4 deletes: they go on costing

A layer never changes what is below it: it hides. So what is hidden is still stored, sent and pulled.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.explain.secrets import Read, find_secrets
from pydock_lab.build.explain.weighed import WeighedLayer
from pydock_lab.build.record import BuildRecord
from pydock_lab.views import HeavyFile, StepWeight, WastedFile, WasteReason, Weight

_HEAVIEST = 10
_Why = tuple[WasteReason, str, str]
_DELETED: _Why = (WasteReason.DELETED, "", "")


def weigh_image(name: str, record: BuildRecord, layers: Sequence[WeighedLayer], read: Read | None = None) -> Weight:
    """An image by weight; `layers` from the base up, `read` gives files of them (see `secrets.find_secrets`)."""
    steps, wasted = weigh(layers)
    return Weight(name=name, steps=steps, wasted=wasted, secrets=find_secrets(record, layers, read))


def weigh(layers: Sequence[WeighedLayer]) -> tuple[tuple[StepWeight, ...], tuple[WastedFile, ...]]:
    """Each layer by weight, from the base up; and all files that are in a layer for nothing, the largest first."""
    stack = _Stack()
    wasted = [file for at in range(len(layers)) for file in stack.lay(at, layers)]
    by_layer: Counter[int] = Counter()
    for at, file in wasted:
        by_layer[at] += file.size
    steps = tuple(_step(layer, by_layer[at]) for at, layer in enumerate(layers))
    return steps, tuple(sorted((file for _, file in wasted), key=lambda file: (-file.size, file.path)))


def _step(layer: WeighedLayer, wasted: int) -> StepWeight:
    files = [entry for entry in layer.index.entries if entry.type is EntryType.FILE]
    heaviest = sorted(files, key=lambda entry: (-entry.size, entry.path))[:_HEAVIEST]
    return StepWeight(
        number=layer.number,
        text=layer.text,
        line=layer.line,
        size=layer.index.size,
        compressed=layer.compressed,
        files=len(files),
        heaviest=tuple(HeavyFile(path=f"/{os.fsdecode(entry.path)}", size=entry.size) for entry in heaviest),
        wasted=wasted,
    )


class _Stack:
    """What is seen so far: each path with its entry, and the layer that it is from."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[int, Entry, str]] = {}

    def lay(self, at: int, layers: Sequence[WeighedLayer]) -> Iterator[tuple[int, WastedFile]]:
        """Lay layer `at` on top: the files of lower layers that it hides, each with the place of its layer."""
        index = layers[at].index
        mine = {entry.path for entry in index.entries}
        for path in self._deleted(index):
            # What an opaque folder or a whiteout takes away may come again in the same layer: that is overwritten.
            if path not in mine:
                yield from self._hide(path, at, layers, _DELETED)
        for entry in index.entries:
            yield from self._put(entry, index.checksums.get(entry.path, ""), at, layers)

    def _deleted(self, index: LayerIndex) -> list[bytes]:
        if not index.whiteouts and not index.opaque:
            return []
        return [path for path in self._seen if path in index.whiteouts or _is_below(path, index)]

    def _put(
        self, entry: Entry, said: str, at: int, layers: Sequence[WeighedLayer]
    ) -> Iterator[tuple[int, WastedFile]]:
        known = self._seen.get(entry.path)
        if known is not None and known[1].type is EntryType.FILE and known[0] != at:
            yield from self._hide(entry.path, at, layers, _reason(known, entry, said))
        elif known is not None and known[1].type is EntryType.DIRECTORY and entry.type is not EntryType.DIRECTORY:
            for path in [one for one in self._seen if one.startswith(entry.path + b"/")]:
                yield from self._hide(path, at, layers, _DELETED)
        self._seen[entry.path] = (at, entry, said)

    def _hide(
        self, path: bytes, at: int, layers: Sequence[WeighedLayer], why: _Why
    ) -> Iterator[tuple[int, WastedFile]]:
        below, entry, _ = self._seen.pop(path)
        reason, old, new = why
        if entry.type is EntryType.FILE and entry.size:
            file = WastedFile(
                path=f"/{os.fsdecode(path)}",
                size=entry.size,
                written=layers[below].number,
                hidden=layers[at].number,
                reason=reason,
                old=old,
                new=new,
                written_layer=below,
                hidden_layer=at,
            )
            yield below, file


def _is_below(path: bytes, index: LayerIndex) -> bool:
    """Whether a folder above is deleted, or starts empty."""
    return any(parent in index.whiteouts or parent in index.opaque for parent in _parents(path))


def _parents(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path


def _reason(known: tuple[int, Entry, str], entry: Entry, said: str) -> _Why:
    _, old, before = known
    if entry.type is not EntryType.FILE:
        return WasteReason.OVERWRITTEN, "", ""
    if before and before == said:
        return WasteReason.IDENTICAL, "", ""
    # chmod and chown leave size and time as they are; the kernel copies the file up for the sake of some bits.
    if (old.size, old.mtime) == (entry.size, entry.mtime):
        if old.mode != entry.mode:
            return WasteReason.METADATA, f"{old.mode:04o}", f"{entry.mode:04o}"
        if (old.uid, old.gid) != (entry.uid, entry.gid):
            return WasteReason.METADATA, f"{old.uid}:{old.gid}", f"{entry.uid}:{entry.gid}"
    return WasteReason.OVERWRITTEN, "", ""
