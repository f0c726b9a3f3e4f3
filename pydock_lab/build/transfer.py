"""Where COPY and ADD find their files: the context, another stage, an image; as facts for a key, and as a draft."""

import os
from collections.abc import Callable, Iterator

from pydock_lab.archive.entry import Entry
from pydock_lab.build.archives import as_archive
from pydock_lab.build.copying import Copier, CopyRequest, LayerDraft
from pydock_lab.build.modes import ModeChange
from pydock_lab.build.owners import owner
from pydock_lab.build.source import Source, checksum, resolve, select, walk
from pydock_lab.build.steps import CopyStep, NamedContext, Origin, StepMount
from pydock_lab.build.tree import LayeredTree
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.errors import BuildError

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")
FindTree = Callable[[int | str], LayeredTree]


class Transfer:
    """The sources of one build: `context`, and `find_tree` for stages (by index) and images (by name)."""

    def __init__(self, context: Source, find_tree: FindTree) -> None:
        self.context, self._find_tree = context, find_tree

    def source(self, origin: Origin) -> Source:
        """The tree that `--from` means."""
        if isinstance(origin, NamedContext):
            raise BuildError("build.not-here", what=f"--from={origin.name} (--build-context)")
        return self.context if origin is None else self._find_tree(origin)

    def files(self, step: CopyStep) -> list[list[str]]:
        """What the key of a COPY says of its files: each selected path with its checksum."""
        _check(step)
        source = self.source(step.origin)
        hidden = _excluded(step, source)
        return [
            [os.fsdecode(path), checksum(_Without(source, hidden) if hidden else source, resolve(source, path))]
            for pattern in step.sources
            for path in select(source, pattern)
        ]

    def mount_fact(self, mount: StepMount) -> dict[str, object]:
        """What the key of a RUN says of a mount: never what a secret is."""
        origin = mount.origin.name if isinstance(mount.origin, NamedContext) else mount.origin
        return {"type": mount.type.value, "target": mount.target, "from": origin, "source": mount.source}

    def draft(self, step: CopyStep, below: LayeredTree) -> LayerDraft:
        """The layer that a COPY or ADD makes on top of `below`; raises BuildError."""
        source = self.source(step.origin)
        copier = Copier(below)
        request = CopyRequest(
            patterns=step.sources,
            destination=step.destination,
            owner=owner(step.chown, below) if step.chown else None,
            mode=ModeChange.parse(step.chmod) if step.chmod else None,
            keep_owner=step.origin is not None,
            excluded=_excluded(step, source),
        )
        if step.unpack:
            self._add(copier, source, request)
        else:
            copier.copy(source, request)
        for file in step.inline:
            content = file.data.encode("utf-8", "surrogateescape")
            entry = Entry(path=os.fsencode(file.name), size=len(content), mode=0o644)
            copier.add_file(entry, content, request)
        return copier.finish()

    def _add(self, copier: Copier, source: Source, request: CopyRequest) -> None:
        for pattern in request.patterns:
            plain = CopyRequest(
                patterns=(pattern,), destination=request.destination, owner=request.owner, mode=request.mode
            )
            found = select(source, pattern)
            entry = source.entry(resolve(source, found[0])) if len(found) == 1 else None
            archive = as_archive(source, entry) if entry else None
            if archive is None:
                copier.copy(source, plain)
            else:
                into = request.destination.rstrip("/") + "/"
                copier.copy(archive, CopyRequest(patterns=("",), destination=into, keep_owner=True))


class _Without:
    """A source without some of its paths."""

    def __init__(self, source: Source, hidden: frozenset[bytes]) -> None:
        self._source, self._hidden = source, hidden
        self.file_checksum, self.contents = source.file_checksum, source.contents

    def entry(self, path: bytes) -> Entry | None:
        return None if path in self._hidden else self._source.entry(path)

    def children(self, path: bytes) -> tuple[bytes, ...]:
        start = path + b"/" if path else b""
        return tuple(name for name in self._source.children(path) if start + name not in self._hidden)


def _excluded(step: CopyStep, source: Source) -> frozenset[bytes]:
    if not step.excludes:
        return frozenset()
    rules = IgnoreRules.of(step.excludes)
    return frozenset(_ignored(step, source, rules))


def _ignored(step: CopyStep, source: Source, rules: IgnoreRules) -> Iterator[bytes]:
    for pattern in step.sources:
        for path in select(source, pattern):
            top = resolve(source, path)
            for entry in walk(source, top):
                inside = os.fsdecode(entry.path[len(top) :].lstrip(b"/")) or os.fsdecode(entry.path)
                if rules.ignores(inside) or rules.ignores(os.fsdecode(entry.path)):
                    yield entry.path


def _check(step: CopyStep) -> None:
    """Refuse, clearly, what is not done yet."""
    if step.parents:
        raise BuildError("build.not-here", what="COPY --parents")
    for source in (*step.sources, *(getattr(one, "url", "") for one in step.remote)):
        if source.startswith(_REMOTE):
            raise BuildError("build.add-remote", source=source)
