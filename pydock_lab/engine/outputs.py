"""`docker build --output`: what becomes of the result besides, or instead of, an image in the store.

    type=local       the files of the image in a folder, all layers together; they belong to whoever builds
    type=tar         the same as one tar, with owners and devices
    type=oci         the image as an OCI archive, or with tar=false as a folder
    type=docker      the image as `docker save` writes it
    type=image       the image in the store, and with push=true in its registry
    type=cacheonly   nothing: only the cache is filled

Source: Docker's documentation, "docker buildx build --output"; BuildKit, docs/build/exporters.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydock_lab import locale
from pydock_lab.archive.writer import Writable
from pydock_lab.build.builder import BuiltImage
from pydock_lab.engine.final_tree import final_tree
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import Output, OutputKind
from pydock_lab.engine.unpacking import unpacking
from pydock_lab.errors import BuildError
from pydock_lab.events import Noted, OnEvent
from pydock_lab.oci import Reference
from pydock_lab.store import saving

_ARCHIVES = (OutputKind.OCI, OutputKind.DOCKER)


def export(home: Home, built: BuiltImage, output: Output, names: tuple[Reference, ...], on_event: OnEvent) -> None:
    """Write one output; raises BuildError where its place takes nothing. Those in the store are not ours to write."""
    place = str(output.path or "-")
    try:
        if output.kind is OutputKind.LOCAL and output.path is not None:
            size = _folder(home, built, output.path, on_event)
        elif output.kind is OutputKind.TAR:
            tree = final_tree(home, built.manifest, built.config)
            with _opened(output) as sink:
                tree.write(sink)
            size = tree.shown_size
        elif output.kind in _ARCHIVES and not output.is_image:
            _archive(home, built, output, names)
            size = built.manifest.size
        else:
            return
    except OSError as error:
        raise BuildError("build.output", path=place, reason=error.strerror or str(error)) from error
    on_event(Noted(text=locale.text("engine.exported", kind=output.kind.value, path=place, size=locale.size(size))))


def _folder(home: Home, built: BuiltImage, path: Path, on_event: OnEvent) -> int:
    tree = final_tree(home, built.manifest, built.config)
    with unpacking(path) as sink:
        tree.write(sink)
    for name in sink.applied.skipped if sink.applied else ():
        on_event(Noted(text=locale.text("engine.export-skipped", name=os.fsdecode(name))))
    return tree.shown_size


def _archive(home: Home, built: BuiltImage, output: Output, names: tuple[Reference, ...]) -> None:
    images = [(name, built.descriptor) for name in names or (None,)]
    is_docker = output.kind is OutputKind.DOCKER
    if output.is_folder and output.path is not None:
        with unpacking(output.path) as sink:
            saving.save(images, home.blobs, sink, docker=is_docker)
        return
    with _opened(output) as file:
        saving.save(images, home.blobs, file, docker=is_docker)


@contextmanager
def _opened(output: Output) -> Iterator[Writable]:
    """Where the bytes of an output go; a file gets its name when it is whole."""
    path = output.path
    if path is None:
        assert output.stream is not None  # noqa: S101 - it has a place, or is none of ours
        yield output.stream
        output.stream.flush()
        return
    if path.exists() and not path.is_file():  # a pipe, a device: there is nothing to be renamed
        with path.open("wb") as file:
            yield file
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
