"""A build context that is not a folder here: a Git repository, an archive on the network, a tar on standard input.

    https://github.com/user/app.git#main:web    cloned by the host's git: the folder `web` of the branch `main`
    https://example.org/app.tar.gz              downloaded, unpacked
    https://example.org/Dockerfile              no archive: the Dockerfile, without a context
    - < app.tar                                 unpacked

What was fetched lies in a folder of the store as long as the build lasts. Source: Docker's documentation, "Build
context".
"""

import bz2
import errno
import lzma
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from pydock_lab.build.downloads import Downloads
from pydock_lab.build.remote import remote_source, without_password
from pydock_lab.build.steps import GitSource, HttpSource
from pydock_lab.engine.context_archives import HEAD, is_archive
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.unpacking import unpack
from pydock_lab.errors import BuildError
from pydock_lab.events import OnEvent

_OTHER_FORMS = {b"BZh": bz2.BZ2File, b"\xfd7zXZ\x00": lzma.LZMAFile}  # those that layers never have
_KEEP_GIT = "BUILDKIT_CONTEXT_KEEP_GIT_DIR"


@contextmanager
def fetched(home: Home, options: BuildOptions, on_event: OnEvent) -> Iterator[BuildOptions]:
    """The options with a folder as their context and the Dockerfile's text, until the block ends; raises PydockError.

    Options of a context that is here already are given back as they are.
    """
    if not options.context_url and options.context_archive is None:
        yield options
        return
    with home.leases.hold("build context") as lease, home.work_folder() as folder:
        fetching = _Fetching(options, folder, Downloads(home.root, home.blobs, lease, folder, on_event))
        yield fetching.fetched()


class _Fetching:
    def __init__(self, options: BuildOptions, folder: Path, downloads: Downloads) -> None:
        self._options, self._folder, self._downloads = options, folder, downloads

    def fetched(self) -> BuildOptions:
        options = self._options
        if options.context_archive is not None:
            return self._taken(options.context_archive)
        keep = options.build_args.get(_KEEP_GIT, "").lower() in ("1", "true")
        source = remote_source(options.context_url, keep_git_dir=keep or None)
        match source:
            case GitSource():
                return self._in(self._downloads.checkout(source, self._downloads.commit(source)))
            case HttpSource():
                with self._downloads.open(self._downloads.file(source)) as file:
                    return self._taken(file)
        raise BuildError("build.context-url", url=without_password(options.context_url))

    def _taken(self, stream: BinaryIO) -> BuildOptions:
        """What a stream holds: an archive of the context, or the Dockerfile alone."""
        spool = self._folder / "context.tar"
        with spool.open("wb") as file:
            shutil.copyfileobj(stream, file)
        with spool.open("rb") as file:
            head = file.read(HEAD)
            file.seek(0)
            if not is_archive(head):
                text = self._options.dockerfile or file.read().decode("utf-8", "replace")
                return replace(self._options, dockerfile=text, context_archive=None)
            library = next((one for magic, one in _OTHER_FORMS.items() if head.startswith(magic)), None)
            opened: Any = library(file) if library else nullcontext(file)
            with opened as tar:
                unpack(tar, self._folder / "context")
        spool.unlink()
        return self._in(self._folder / "context")

    def _in(self, folder: Path) -> BuildOptions:
        """The options with this folder, and the Dockerfile that is in it unless it is given."""
        options = self._options
        text = options.dockerfile or _dockerfile(folder, options)
        place = options.context_url or "-"
        return replace(options, context=folder, context_url=place, dockerfile=text, context_archive=None)


def _dockerfile(folder: Path, options: BuildOptions) -> str:
    name, path = options.dockerfile_name, (folder / options.dockerfile_name).resolve()
    try:
        # Nobody here wrote this context: a link in it must not show files of this machine.
        if folder.resolve() not in path.parents:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        where = without_password(options.context_url) or "-"
        raise BuildError("build.no-dockerfile", name=name, url=where, reason=error.strerror) from None
