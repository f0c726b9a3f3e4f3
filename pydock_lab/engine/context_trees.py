"""A build context to be looked at: as a tree whose folders are opened as far as somebody wants to see them."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from pydock_lab.build.context import BuildContext
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.engine.context_folder import read_ignore
from pydock_lab.engine.context_scan import ContextScan, Node, Taking, takings
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.oci import ContainerConfig, ImageConfig
from pydock_lab.views import ContextCopy, ContextFile, ContextTree, IgnoreLine

_SHOWN, _MORE = 24, 200  # rows of one folder, until somebody wants more
_FOUND = 100  # rows of a filter
_SOMEWHERE = "/…"  # where a relative destination goes of which nobody knows the folder
_SMALL = 24  # files of a context that is shown opened


class ContextExplorer:
    """The context that `view` is of, to be opened; `scan` is what was found in it."""

    def __init__(self, view: ContextTree, scan: ContextScan) -> None:
        self._view, self._scan = view, scan
        self._opened: set[bytes] = set()
        self._limits: dict[bytes, int] = {}
        self._places: dict[str, Node] = {}
        self.filter = ""
        if scan.root.files + scan.root.ignored_files <= _SMALL:
            self._opened = {node.entry.path for node in scan.nodes() if node.is_folder and node.rule < 0}

    def toggle(self, key: str) -> None:
        """Open a folder that is closed, close one that is open, show the rest of one that has more."""
        node = self._places.get(key)
        if node is None:
            return
        path = node.entry.path
        if key.startswith("more-"):
            self._limits[path] = self._limits.get(path, _SHOWN) + _MORE
        elif path in self._opened:
            self._opened.discard(path)
        else:
            self._opened.add(path)

    def open_path(self, path: str) -> None:
        """Open the folders on the way to a path, and the path itself where it is a folder; raises NotFound."""
        parts = [part for part in path.split("/") if part not in ("", ".")]
        paths = {os.fsencode("/".join(parts[:count])) for count in range(1, len(parts) + 1)}
        if not paths <= {node.entry.path for node in self._scan.nodes()}:
            raise NotFound("engine.context-no-path", path=path, context=self._view.name)
        self._opened |= paths

    def view(self) -> ContextTree:
        """The context as it is opened now."""
        self._places.clear()
        rows = self._found() if self.filter else self._below(self._scan.root, 0)
        tree = self._view
        return ContextTree(
            name=tree.name,
            folder=tree.folder,
            top=self._row(self._scan.root, tree.name, 0),
            rows=tuple(rows),
            copies=tuple(map(_copy, self._scan.takings)),
            rules=tuple(self._rules()),
            dockerfile=tree.dockerfile,
            ignore_file=tree.ignore_file,
            problem=tree.problem,
            can_open=True,
            filter=self.filter,
        )

    def _rules(self) -> Iterator[IgnoreLine]:
        for rule, (files, size) in zip(self._scan.rules.rules, self._scan.ignored, strict=True):
            yield IgnoreLine(text=str(rule), line=rule.line, keeps=rule.keeps, files=files, size=size)

    def _below(self, folder: Node, depth: int) -> Iterator[ContextFile]:
        limit = self._limits.get(folder.entry.path, _SHOWN)
        children = sorted(folder.children, key=_heaviest_first)
        for child in children[:limit]:
            yield self._row(child, child.name, depth)
            if child.entry.path in self._opened:
                yield from self._below(child, depth + 1)
        if len(children) > limit:
            yield self._rest(folder, children[limit:], depth)

    def _found(self) -> Iterator[ContextFile]:
        """Paths with the text of the filter, in a flat list."""
        found = [node for node in self._scan.nodes() if node.entry.path and self.filter.strip("/") in node.path]
        for node in found[:_FOUND]:
            yield self._row(node, node.path, 0, is_flat=True)
        if len(found) > _FOUND:
            yield ContextFile(key="found", path="", name="", others=len(found) - _FOUND)

    def _row(self, node: Node, name: str, depth: int, *, is_flat: bool = False) -> ContextFile:
        # By its path: what is chosen stays chosen when something above it is opened.
        key = f"file-{zlib.crc32(node.entry.path)}"
        self._places[key] = node
        return ContextFile(
            key=key,
            path=node.path,
            name=name + "/" * (node.is_folder and not name.endswith("/")),
            depth=depth,
            files=node.files,
            size=node.size,
            ignored_files=node.ignored_files,
            ignored_size=node.ignored_size,
            untaken=node.untaken,
            is_directory=node.is_folder,
            opened=node.is_folder and not is_flat and node.entry.path in self._opened,
            ignored=node.rule,
            taken=tuple(sorted(node.taken)),
            mode=node.entry.mode,
            link=os.fsdecode(node.entry.target),
        )

    def _rest(self, folder: Node, rest: list[Node], depth: int) -> ContextFile:
        key = f"more-{zlib.crc32(folder.entry.path)}"
        self._places[key] = folder
        return ContextFile(
            key=key,
            path=folder.path,
            name="",
            depth=depth,
            others=len(rest),
            size=sum(node.weight for node in rest),
            files=sum(node.files + node.ignored_files for node in rest),
        )


def _heaviest_first(node: Node) -> tuple[int, bytes]:
    return -node.weight, node.entry.path


def _copy(one: Taking) -> ContextCopy:
    return ContextCopy(
        text=one.text,
        line=one.line,
        to=one.to,
        stage=one.stage,
        files=one.files,
        size=one.size,
        problem=one.problem,
        ignored=one.ignored,
    )


class _KnownImages:
    """Images of the store; of others it is not known in which folder they work, and nothing else counts here."""

    def __init__(self, shelf: ImageShelf) -> None:
        self._shelf = shelf

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image, one that works nowhere where it is not here."""
        del platform
        try:
            return self._shelf.find(name).config
        except PydockError:
            return ImageConfig(platform=PLATFORM, config=ContainerConfig(working_dir=_SOMEWHERE))


def context_explorer(
    folder: Path, shelf: ImageShelf, dockerfile_name: str = "Dockerfile", dockerfile: str = ""
) -> ContextExplorer:
    """A folder as a build context; `dockerfile` is the text of one where the folder has none of that name.

    Raises NotFound, and DockerfileError for an ignore file that means nothing.
    """
    if not folder.is_dir():
        raise NotFound("build.no-context", path=str(folder))
    text, found = _read(folder, dockerfile_name)
    if not found and dockerfile:
        text, found = dockerfile, "%%dockerfile"
    own = f"{dockerfile_name}.dockerignore"
    rules = IgnoreRules.parse(read_ignore(folder, own))
    names = (name for name in (own, ".dockerignore") if (folder / name).is_file())
    try:
        takes, problem = takings(text, _KnownImages(shelf)) if found else [], ""
    except PydockError as error:
        takes, problem = [], error.place() + error.message()
    top = ContextFile(key="", path="", name=str(folder))
    place = str(folder.absolute())
    view = ContextTree(
        name=str(folder), folder=place, top=top, dockerfile=found, ignore_file=next(names, ""), problem=problem
    )
    return ContextExplorer(view, ContextScan(BuildContext(folder), rules, takes))


def _read(folder: Path, name: str) -> tuple[str, str]:
    """The text of a Dockerfile, and what it is called there; nothing where there is none."""
    for one in (name, name.lower()):
        path = folder / one
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace"), one
    return "", ""
