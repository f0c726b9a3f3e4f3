"""Two images beside each other: which layers both have, which settings differ, and which files.

An image may be in the store or in a registry. Of one in a registry only its manifest, its config and the layers that
are not known here are read, as they come: what is kept of them is the list of their files.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.engine.values import ImageDifference, LayerDifference, SettingDifference
from pydock_lab.errors import ArchiveError, Corrupt, NotFound
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Manifest
from pydock_lab.views import ChangeKind, FileChange

if TYPE_CHECKING:
    from pydock_lab.registry.client import RegistryClient

_ABOUT = ("architecture", "os", "variant", "author")


@dataclass(frozen=True, kw_only=True)
class Side:
    """An image as it is compared; `client` and `repository` where it is in a registry."""

    name: str
    manifest: Manifest
    config: ImageConfig
    client: "RegistryClient | None" = None
    repository: str = ""


def compare(home: Home, before: Side, after: Side) -> ImageDifference:
    """What is different in `after`; raises RegistryError, NotFound, Corrupt, ArchiveError."""
    return ImageDifference(
        before=before.name,
        after=after.name,
        layers=tuple(_layers(before, after)),
        settings=tuple(_settings(before.config, after.config)),
        files=tuple(_files(_tree(home, before), _tree(home, after))),
    )


def _layers(before: Side, after: Side) -> Iterator[LayerDifference]:
    """By what is in them, not by how they are packed: a layer pushed with another compression is the same."""
    ours, theirs = set(before.config.diff_ids), set(after.config.diff_ids)
    for diff_id, layer in zip(before.config.diff_ids, before.manifest.layers, strict=True):
        sign = "=" if diff_id in theirs else "-"
        yield LayerDifference(sign=sign, digest=layer.digest, diff_id=diff_id, size=layer.size)
    for diff_id, layer in zip(after.config.diff_ids, after.manifest.layers, strict=True):
        if diff_id not in ours:
            yield LayerDifference(sign="+", digest=layer.digest, diff_id=diff_id, size=layer.size)


def _settings(before: ImageConfig, after: ImageConfig) -> Iterator[SettingDifference]:
    """Fields of the config, and of its lists (Env, Volumes ...) each entry by itself."""
    old, new = _flat(before), _flat(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield SettingDifference(name=name, before=old.get(name, ""), after=new.get(name, ""))


def _flat(config: ImageConfig) -> dict[str, str]:
    found: dict[str, str] = {}
    platform = config.platform.to_json()
    for name in _ABOUT:
        found[name] = str(platform.get(name) or (config.author if name == "author" else ""))
    for name, value in config.config.to_json().items():
        if name == "Env" and isinstance(value, list):
            found |= {f"Env {key}": said for key, _, said in (str(entry).partition("=") for entry in value)}
        elif isinstance(value, Mapping):
            found |= {f"{name} {key}": str(said or "yes") for key, said in value.items()}
        elif isinstance(value, list):
            found[name] = " ".join(map(str, value))
        else:
            found[name] = str(value)
    return {name: said for name, said in found.items() if said}


# ---- files


def _tree(home: Home, side: Side) -> LayeredTree:
    pairs = zip(side.config.diff_ids, side.manifest.layers, strict=True)
    return LayeredTree([_index(home, side, diff_id, layer) for diff_id, layer in pairs], _nothing)


def _nothing(_number: int) -> Iterator[bytes]:
    """No content is needed: indexes have the checksums."""
    return iter(())


def _index(home: Home, side: Side, diff_id: Digest, layer: Descriptor) -> LayerIndex:
    try:
        return home.indexes.get(diff_id, layer)
    except NotFound:
        if side.client is None:
            raise
    digest, content = hashlib.new(layer.digest.algorithm), hashlib.sha256()

    def arriving() -> Iterator[bytes]:
        assert side.client is not None  # noqa: S101 - for mypy
        for piece in side.client.stream_blob(side.repository, layer):
            digest.update(piece)
            yield piece

    def unpacked() -> Iterator[bytes]:
        for piece in decompress(arriving()):
            content.update(piece)
            yield piece

    index = LayerIndex.read(unpacked())
    # Only what is what it says it is may be kept: others will believe it.
    if digest.hexdigest() != layer.digest.hex or content.hexdigest() != diff_id.hex:
        raise Corrupt("store.blob-content", digest=layer.digest)
    home.indexes.put(diff_id, index)
    return index


def _files(before: LayeredTree, after: LayeredTree) -> Iterator[FileChange]:
    old, new = dict(_walk(before)), dict(_walk(after))
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if now is None and was is not None:
            yield _change(path, was, ChangeKind.DELETED)
        elif was is None and now is not None:
            yield _change(path, now, ChangeKind.ADDED)
        elif was is not None and now is not None and _look(before, was) != _look(after, now):
            yield _change(path, now, ChangeKind.CHANGED)


def _walk(tree: LayeredTree, folder: bytes = b"") -> Iterator[tuple[bytes, Entry]]:
    """Every path below a folder; without recursion, for trees may be deep."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for name in tree.children(place):
            path = place + b"/" + name if place else name
            entry = tree.entry(path)
            if entry is None:
                continue
            yield path, entry
            if entry.type is EntryType.DIRECTORY:
                waiting.append(path)


def _look(tree: LayeredTree, entry: Entry) -> tuple[object, ...]:
    """All of an entry that an image is about; not when it was written."""
    # The index's checksum of a file knows its mode and owner as well as its content.
    said = tree.file_checksum(entry) if entry.type is EntryType.FILE else ""
    return entry.type, entry.mode, entry.uid, entry.gid, entry.target, entry.device, said


def _change(path: bytes, entry: Entry, kind: ChangeKind) -> FileChange:
    return FileChange(
        path="/" + path.decode("utf-8", "replace"),
        kind=kind,
        size=entry.size,
        mode=entry.mode,
        link=entry.target.decode("utf-8", "replace"),
        is_directory=entry.type is EntryType.DIRECTORY,
    )


def check_layers(name: str, manifest: Manifest, config: ImageConfig) -> None:
    """Raise ArchiveError where a config names another number of layers than its manifest has."""
    if len(manifest.layers) != len(config.diff_ids):
        raise ArchiveError("store.layer-count", config=len(config.diff_ids), layers=len(manifest.layers), image=name)
