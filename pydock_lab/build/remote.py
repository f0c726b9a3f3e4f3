"""What ADD fetches from elsewhere: a file by HTTP, or a Git repository; all other sources are paths.

Source: Dockerfile reference, "ADD".
"""

import posixpath
import re
from urllib.parse import unquote, urlsplit

from pydock_lab.build.steps import GitSource, HttpSource, RemoteSource
from pydock_lab.dockerfile.git_reference import GitReference, find_git_reference
from pydock_lab.errors import BuildError

_HTTP = ("http://", "https://")
_NO_NAME = "__unnamed__"  # of an address that ends in a slash
_CREDENTIALS = re.compile(r"^(https?://)[^/?#]*@")
_DIGEST = re.compile(r"([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)")
_HEX_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}


def remote_source(text: str, *, checksum: str = "", keep_git_dir: bool | None = None) -> RemoteSource | None:
    """The repository or file that a source of ADD names, None for a path; raises DockerfileError and BuildError."""
    repository = find_git_reference(text)
    if repository is not None:
        return _git(text, repository, checksum, keep_git_dir=keep_git_dir)
    if not text.startswith(_HTTP):
        return None
    if checksum:
        _check_digest(checksum)
    return HttpSource(url=text, filename=_filename(text), checksum=checksum)


def without_password(url: str) -> str:
    """A URL as it may be shown and kept: who knows the name alone may know a token, too."""
    return _CREDENTIALS.sub(r"\1xxxxx@", url)


def _git(text: str, repository: GitReference, checksum: str, *, keep_git_dir: bool | None) -> GitSource:
    inside = repository.keep_git_dir
    if None not in (inside, keep_git_dir) and inside != keep_git_dir:
        raise BuildError("build.git-keep")
    if repository.checksum and checksum not in ("", repository.checksum):
        raise BuildError("build.git-checksum", flag=checksum, address=repository.checksum)
    return GitSource(
        reference=text,
        keep_git_dir=bool(keep_git_dir if inside is None else inside),
        checksum=repository.checksum or checksum,
    )


def _filename(url: str) -> str:
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return _NO_NAME
    return posixpath.basename(path.rstrip("/")) or _NO_NAME


def _check_digest(text: str) -> None:
    found = _DIGEST.fullmatch(text)
    if found is None:
        raise BuildError("build.checksum-format", checksum=text)
    digits = _HEX_DIGITS.get(found[1])
    if digits is None:
        raise BuildError("build.checksum-algorithm", algorithm=found[1])
    if len(found[2]) != digits:
        raise BuildError("build.checksum-length", checksum=text, digits=digits)
    if not re.fullmatch("[a-f0-9]+", found[2]):
        raise BuildError("build.checksum-format", checksum=text)
