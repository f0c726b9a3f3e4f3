"""From a COPY or ADD to the draft of its layer: its sources, wherever they are, put where they belong."""

import os
from dataclasses import replace

from pydock_lab.archive.entry import Entry
from pydock_lab.build.archives import as_archive
from pydock_lab.build.context import BuildContext
from pydock_lab.build.copying import Copier, CopyRequest, LayerDraft
from pydock_lab.build.fetching import GetDownloads
from pydock_lab.build.modes import ModeChange
from pydock_lab.build.origins import Origins
from pydock_lab.build.owners import owner
from pydock_lab.build.selection import Selected, selected
from pydock_lab.build.single_file import SingleFile
from pydock_lab.build.source import Entries, Ground, Source
from pydock_lab.build.steps import CopyStep, GitSource, HttpSource, PathSource
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import Workshop

_DOWNLOADED = 0o600  # the mode of a downloaded file (Dockerfile reference, "ADD")
_NOTHING = LayeredTree([], lambda _: iter(()))


class Transfer:
    """The copies of one build."""

    def __init__(self, workshop: Workshop, origins: Origins, downloads: GetDownloads) -> None:
        self._workshop, self._origins, self._downloads = workshop, origins, downloads

    def draft(self, step: CopyStep, tree: Ground) -> LayerDraft:
        """The layer that the step makes on top of `tree`; raises BuildError."""
        # A linked layer knows nothing of what is below it: so it fits on anything.
        below: Entries = _NOTHING if step.is_independent else tree
        return _Copying(self, step, Copier(below), tree).draft()

    def origin(self, step: CopyStep) -> Source:
        """The files that the step's paths are in."""
        return self._origins.source(step.origin)

    def download(self, part: HttpSource) -> SingleFile:
        """A downloaded file as a source."""
        found = self._downloads().file(part)
        entry = Entry(path=os.fsencode(part.filename), size=found.size, mode=_DOWNLOADED, mtime=found.modified)
        return SingleFile(entry, lambda: self._workshop.blobs.open(found.digest))

    def repository(self, part: GitSource) -> BuildContext:
        """A checked-out repository as a source."""
        downloads = self._downloads()
        return BuildContext(downloads.checkout(part, downloads.commit(part)))


class _Copying:
    """One COPY or ADD under way."""

    def __init__(self, transfer: Transfer, step: CopyStep, copier: Copier, tree: Ground) -> None:
        self._transfer, self._step, self._copier = transfer, step, copier
        self._request = CopyRequest(
            destination=step.destination,
            owner=owner(step.chown, tree) if step.chown else None,
            mode=ModeChange.parse(step.chmod) if step.chmod else None,
            # Owners in a stage or image are real; whoever has checked out the context does not matter.
            keep_owner=isinstance(step.origin, int | str),
        )

    def draft(self) -> LayerDraft:
        for part in self._step.parts:
            self._copy(part)
        for file in self._step.inline:
            content = file.data.encode("utf-8", "surrogateescape")
            entry = Entry(path=os.fsencode(file.name), size=len(content), mode=0o644)
            self._copier.add_file(entry, content, self._request)
        return self._copier.finish()

    def _copy(self, part: PathSource | HttpSource | GitSource) -> None:
        match part:
            case HttpSource():
                source = self._transfer.download(part)
                self._put(Selected(source=source, path=source.only.path), unpack=self._step.unpack_remote)
            case GitSource():
                self._put(Selected(source=self._transfer.repository(part), path=b"", only_inside=True), unpack=False)
            case PathSource():
                # A pattern may match nothing: then nothing is copied.
                for one in selected(part, self._transfer.origin(self._step), self._step.excludes):
                    self._put(one, unpack=self._step.unpack)

    def _put(self, what: Selected, *, unpack: bool) -> None:
        archive = as_archive(what.source, what.path) if unpack else None
        if archive is None:
            self._copier.copy(what, self._request)
            return
        into = self._request.destination.rstrip("/") + "/"
        inside = Selected(source=archive, path=b"", only_inside=True)
        kept = replace(self._request, destination=into, keep_owner=True, mode=None)
        self._copier.copy(inside, kept)
