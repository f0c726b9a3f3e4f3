"""The time of what SOURCE_DATE_EPOCH names: a Git commit's, a download's (Last-Modified), or an image's."""

import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from pydock_lab.build.downloads import Downloads
from pydock_lab.build.remote import remote_source
from pydock_lab.build.steps import GitSource, NamedContext, RemoteSource
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import BuildError
from pydock_lab.events import OnEvent
from pydock_lab.oci import ImageConfig

_IMAGE = "docker-image://"


class Images(Protocol):
    """The images that a build stands on."""

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError."""


def source_time(
    home: Home, options: BuildOptions, source: RemoteSource | NamedContext, images: Images, on_event: OnEvent
) -> int | None:
    """Seconds since 1970; None for what has no time of its own, such as a folder. Raises PydockError."""
    if isinstance(source, NamedContext):
        said = options.build_contexts[source.name]
        if said.startswith(_IMAGE):
            return _image_time(images.config(said.removeprefix(_IMAGE), options.platform))
        remote = remote_source(said)
        return None if remote is None else _remote_time(home, remote, on_event)
    return _remote_time(home, source, on_event)


def _image_time(config: ImageConfig) -> int | None:
    with suppress(ValueError):
        return int(datetime.fromisoformat(config.created).timestamp())
    return None


def _remote_time(home: Home, source: RemoteSource, on_event: OnEvent) -> int | None:
    with home.leases.hold("time of a source") as lease, home.work_folder() as folder:
        downloads = Downloads(home.root, home.blobs, lease, folder, on_event)
        if isinstance(source, GitSource):
            return _commit_time(downloads, replace(source, keep_git_dir=True))
        return downloads.file(source).modified or None


def _commit_time(downloads: Downloads, source: GitSource) -> int:
    folder = downloads.checkout(source, downloads.commit(source))
    words = ["git", "-C", str(folder), "log", "-1", "--format=%ct"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [""])[-1]
        raise BuildError("build.git-failed", url=source.reference, reason=reason)
    return int(done.stdout)
