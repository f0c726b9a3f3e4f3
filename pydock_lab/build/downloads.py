"""What ADD fetches: files by HTTP and git repositories, each kept as long as its server says that it is the same.

    downloads/<digest of url>.json    the URL's ETag and Last-Modified, and the blob that came with them

The next build asks with If-None-Match, and where the server answers 304 nothing travels. A repository is asked for
the commit that a branch or tag is at; only a step that is not in the cache fetches it, with the host's own git.
Source: RFC 9110, "Conditional Requests"; Dockerfile reference, "ADD"; git-ls-remote(1), git-fetch(1).
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pydock_lab.build.remote import without_password
from pydock_lab.build.steps import GitSource, HttpSource
from pydock_lab.dockerfile.git_reference import GitReference, parse_git_reference
from pydock_lab.errors import BuildError
from pydock_lab.events import BlobDone, BlobProgress, Direction, OnEvent
from pydock_lab.oci import Digest
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.leases import Lease

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30  # without any byte
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOT_MODIFIED, _FIRST_ERROR = 304, 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file that was fetched: its blob, and what the server said of it; `modified` in seconds since 1970, or 0."""

    digest: Digest
    size: int
    etag: str = ""
    last_modified: str = ""

    @property
    def modified(self) -> int:
        """When the server says that it was changed."""
        try:
            return int(parsedate_to_datetime(self.last_modified).timestamp())
        except (TypeError, ValueError):
            return 0


class Downloads:
    """Fetches for one build; `root` is the store's, `folder` where repositories are put while it lasts."""

    def __init__(self, root: Path, blobs: BlobStore, lease: Lease, folder: Path, on_event: OnEvent) -> None:
        self._records = root / "downloads"
        self._ingest = Ingest(root)
        self._blobs, self._lease, self._folder, self._on_event = blobs, lease, folder, on_event
        self._fetched: dict[str, Download] = {}

    # ---- files

    def file(self, source: HttpSource) -> Download:
        """The file, fetched once a build; raises BuildError where it cannot be had, or has another digest."""
        if source.url not in self._fetched:
            self._fetched[source.url] = self._file(source.url)
        found = self._fetched[source.url]
        if source.checksum and source.checksum != found.digest:
            raise BuildError(
                "build.add-checksum", url=without_password(source.url), expected=source.checksum, found=found.digest
            )
        return found

    def open(self, download: Download) -> BinaryIO:
        """The bytes of a file that was fetched."""
        return self._blobs.open(download.digest)

    def _file(self, url: str) -> Download:
        known = self._recall(url)
        try:
            with _get(url, known) as answer:
                if answer.status_code == _NOT_MODIFIED and known:
                    return known
                if answer.status_code >= _FIRST_ERROR:
                    reason = f"{answer.status_code} {answer.reason}"
                    raise BuildError("build.add-refused", url=without_password(url), reason=reason)
                found = self._receive(answer)
        except OSError as error:  # requests' errors are OSErrors
            raise BuildError("build.add-unreachable", url=without_password(url), reason=str(error)) from error
        document = {"url": without_password(url), "digest": str(found.digest), "size": found.size} | _validators(found)
        self._ingest.replace(self._record(url), json.dumps(document, indent=1).encode())
        return found

    def _receive(self, answer: "requests.Response") -> Download:
        said = answer.headers.get("Content-Length", "")
        total = int(said) if said.isdecimal() else 0
        digest, size = hashlib.sha256(), 0
        with self._blobs.writer() as blob:
            for chunk in answer.iter_content(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                blob.write(chunk)
                self._on_event(
                    BlobProgress(direction=Direction.PULL, digest=without_password(answer.url), done=size, total=total)
                )
            found = Digest("sha256:" + digest.hexdigest())
            # The lease before the blob: a prune in between would take away what nobody seems to need.
            self._lease.add(found)
            blob.commit(found, size)
        self._on_event(BlobDone(direction=Direction.PULL, digest=found, size=size))
        headers = answer.headers
        return Download(
            digest=found,
            size=size,
            etag=headers.get("ETag", ""),
            last_modified=headers.get("Last-Modified", ""),
        )

    def _recall(self, url: str) -> Download | None:
        """What is known of a URL, where its blob is still here."""
        try:
            said = json.loads(self._record(url).read_bytes())
            known = Download(
                digest=Digest(said["digest"]),
                size=int(said["size"]),
                etag=str(said["etag"]),
                last_modified=str(said["last_modified"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        self._lease.add(known.digest)
        return known if self._blobs.has(known.digest, known.size) else None

    def _record(self, url: str) -> Path:
        return self._records / f"{hashlib.sha256(url.encode()).hexdigest()}.json"

    # ---- repositories

    def commit(self, source: GitSource) -> str:
        """The commit that a repository's branch or tag is at; raises BuildError."""
        reference = parse_git_reference(source.reference)
        found = reference.ref if _COMMIT.fullmatch(reference.ref) else _remote_commit(reference)
        wanted = source.checksum or reference.checksum
        if wanted and not found.startswith(wanted):
            raise BuildError("build.add-commit", url=without_password(source.reference), expected=wanted, found=found)
        return found

    def checkout(self, source: GitSource, commit: str) -> Path:
        """The files of that commit, in a folder that goes with the build."""
        reference = parse_git_reference(source.reference)
        keep = source.keep_git_dir or bool(reference.keep_git_dir)
        folder = self._folder / f"git-{commit[:16]}-{hashlib.sha256(source.reference.encode()).hexdigest()[:16]}"
        if not folder.exists():
            folder.mkdir(parents=True)
            _check_out(reference, commit, folder, keep=keep)
        inside = folder.joinpath(*(part for part in reference.sub_dir.split("/") if part not in ("", ".", "..")))
        # The repository may have a link there, to a folder of this machine.
        if not inside.is_dir() or not inside.resolve().is_relative_to(folder.resolve()):
            raise BuildError("build.add-no-folder", url=without_password(source.reference), folder=reference.sub_dir)
        return inside


def _validators(found: Download) -> dict[str, str]:
    return {"etag": found.etag, "last_modified": found.last_modified}


def _get(url: str, known: Download | None) -> "requests.Response":
    import requests  # noqa: PLC0415 - only for who downloads

    # `identity`: an ETag is of one encoding (RFC 9110, section 8.8.3.3), and requests would unpack gzip.
    headers = {"User-Agent": "pydock_lab", "Accept-Encoding": "identity"}
    # Both where we have both: a server that knows If-None-Match ignores the other (RFC 9110, section 13.1.3).
    if known and known.etag:
        headers["If-None-Match"] = known.etag
    if known and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    session = requests.Session()
    # The user's proxies, but not their passwords: no .netrc.
    session.trust_env = False
    session.proxies.update(requests.utils.get_environ_proxies(url))
    return session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS)


def _remote_commit(reference: GitReference) -> str:
    wanted = reference.ref or "HEAD"
    # An annotated tag is an object of its own: `^{}` is the commit behind it (gitrevisions(7)).
    patterns = [wanted] if wanted == "HEAD" else [wanted, f"{wanted}^{{}}"]
    rows = [line.split("\t") for line in _git(["ls-remote", "--", reference.remote, *patterns], reference).splitlines()]
    names = {name: commit for commit, name in rows}
    # A branch before a tag of the same name, as `git checkout` has it.
    for name in (f"refs/heads/{wanted}", f"refs/tags/{wanted}", wanted):
        for one in (f"{name}^{{}}", name):
            if one in names:
                return names[one]
    if re.fullmatch(r"[0-9a-f]{7,40}", wanted):
        return wanted
    raise BuildError("build.add-no-ref", url=without_password(reference.remote), ref=wanted)


def _check_out(reference: GitReference, commit: str, folder: Path, *, keep: bool) -> None:
    def git(*words: str) -> str:
        return _git(["-C", str(folder), *words], reference)

    git("init", "--quiet", "--initial-branch=main")
    git("remote", "add", "origin", reference.remote)
    try:
        git("fetch", "--quiet", "--depth=1", "--no-tags", "origin", commit)
    except BuildError:  # not every server gives a commit that is no branch's
        git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    git("checkout", "--quiet", "--detach", commit)
    if reference.submodules is not False and (folder / ".gitmodules").exists():
        git("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
    if reference.mtime == "commit":
        _set_times(folder, int(git("log", "-1", "--format=%ct").strip()))
    if not keep:
        for found in [*folder.rglob(".git")]:
            found.unlink() if found.is_file() else shutil.rmtree(found)


def _set_times(folder: Path, seconds: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (seconds, seconds), follow_symlinks=False)


def _git(words: list[str], reference: GitReference) -> str:
    quiet: dict[str, Any] = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    # An `ext::` address runs a program (git-remote-ext(1)). `user` keeps submodules, whose addresses the repository
    # chooses, from the files of this machine (CVE-2022-39253).
    safe = ["-c", "protocol.ext.allow=never", "-c", "protocol.file.allow=user", "-c", "advice.detachedHead=false"]
    try:
        done = subprocess.run(
            ["git", *safe, *words], capture_output=True, text=True, check=False, env=os.environ | quiet, umask=0o022
        )
    except FileNotFoundError:
        raise BuildError("build.no-git", url=without_password(reference.remote)) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [""]
        raise BuildError("build.git-failed", url=without_password(reference.remote), reason=said[-1])
    return done.stdout
