"""The build contexts of one build: the main one, and what `--build-context` names; each with its own ignore file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.archive.entry import Entry
from pydock_lab.build.archives import as_archive
from pydock_lab.build.context import BuildContext
from pydock_lab.build.fetching import GetDownloads
from pydock_lab.build.remote import remote_source
from pydock_lab.build.single_file import SingleFile
from pydock_lab.build.source import Source
from pydock_lab.build.stat_cache import StatCache
from pydock_lab.build.steps import GitSource, HttpSource
from pydock_lab.engine.context_folder import ignore_text, open_folder, read_ignore
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import BuildError

if TYPE_CHECKING:
    from pydock_lab.build.downloads import Downloads


@dataclass(frozen=True, kw_only=True)
class BuildContexts:
    """Opens contexts by name, None being the main one; `ignore` is the text of the main one's ignore file."""

    options: BuildOptions
    cache: StatCache
    downloads: GetDownloads
    opened: dict[str, BuildContext] = field(default_factory=dict)

    def __call__(self, name: str | None) -> Source:
        """A context; raises NotFound and BuildError."""
        if name is None:
            # Nothing is remembered of a folder that is gone after the build.
            cache = None if self.options.context_url else self.cache
            return self._folder("", self.options.context, self.ignore, cache)
        said = self.options.build_contexts[name]
        remote = remote_source(said)
        if remote is None:
            path = Path(said)
            return self._folder(name, path, read_ignore(path), self.cache)
        downloads = self.downloads()
        if isinstance(remote, GitSource):
            return BuildContext(downloads.checkout(remote, downloads.commit(remote)))
        archive = as_archive(*_downloaded(downloads, remote))
        if archive is None:
            raise BuildError("build.context-archive", name=name, url=said)
        return archive

    @property
    def ignore(self) -> str:
        """What the main context's ignore file says."""
        return ignore_text(self.options)

    def _folder(self, name: str, root: Path | None, ignore: str, cache: StatCache | None) -> BuildContext:
        self.opened[name] = open_folder(root, ignore, cache)
        return self.opened[name]

    def save(self) -> Mapping[str, str]:
        """Remember what was read: the name of each context's snapshot, the main one's under ""."""
        return {name: context.save() for name, context in self.opened.items()}


def _downloaded(downloads: "Downloads", remote: HttpSource) -> tuple[SingleFile, bytes]:
    found = downloads.file(remote)
    entry = Entry(path=os.fsencode(remote.filename), size=found.size)
    return SingleFile(entry, lambda: downloads.open(found)), entry.path
