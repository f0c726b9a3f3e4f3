"""One repository on disk: which blobs and manifests it has, where its tags point, who refers to what.

Links are files named by their digest; a manifest's link holds its media type, because the bytes of a manifest do not
always say it and a registry must answer with the one that was pushed.
"""

import os
from contextlib import suppress
from pathlib import Path

from pydock_lab.oci import Digest
from pydock_lab.registry.server.tags import Known, TagFile
from pydock_lab.store.ingest import Ingest

BLOBS, MANIFESTS = "_blobs", "_manifests"
_REFERRERS = "_referrers"


class Repository:
    """The repository in `folder`; what changes it is done under `Storage.changing`."""

    def __init__(self, folder: Path, ingest: Ingest, known: Known) -> None:
        self._folder, self._ingest = folder, ingest
        self.tags = TagFile(folder, ingest, known)

    # ---- blobs

    def has_blob(self, digest: Digest) -> bool:
        """Whether the blob belongs here."""
        return self._link(BLOBS, digest).exists()

    def add_blob(self, digest: Digest) -> None:
        """Let it belong here."""
        # An empty file is whole as soon as it is there; one that was here counts as new.
        link = self._link(BLOBS, digest)
        try:
            link.touch()
        except FileNotFoundError:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.touch()

    def touch_blob(self, digest: Digest) -> None:
        """Note that somebody counts on it, as if it had just come."""
        with suppress(OSError):  # it is gone, or not ours to write: then it is not ours to collect, either
            os.utime(self._link(BLOBS, digest))

    def blobs(self) -> list[tuple[Digest, float]]:
        """The blobs that belong here, and when they came."""
        return [(digest, path.stat().st_mtime) for digest, path in self._linked(BLOBS)]

    def remove_blob(self, digest: Digest) -> None:
        """Let it belong here no more."""
        self._link(BLOBS, digest).unlink(missing_ok=True)

    # ---- manifests

    def media_type(self, digest: Digest) -> str | None:
        """The media type that a manifest was pushed with; None where it is not here."""
        try:
            return self._link(MANIFESTS, digest).read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def add_manifest(self, digest: Digest, media_type: str, subject: Digest | None) -> None:
        """Let a manifest belong here; one with a `subject` is found from there too."""
        self._ingest.replace(self._link(MANIFESTS, digest), media_type.encode("ascii"))
        if subject is not None:
            self._ingest.replace(self._referrer(subject, digest), b"")

    def remove_manifest(self, digest: Digest, subject: Digest | None) -> None:
        """Remove it with the tags that point to it: a tag to nothing helps nobody."""
        self._link(MANIFESTS, digest).unlink(missing_ok=True)
        if subject is not None:
            self._referrer(subject, digest).unlink(missing_ok=True)
        self.tags.forget(digest)

    def manifests(self) -> list[tuple[Digest, float]]:
        """The manifests that belong here, and when they came."""
        return [(digest, path.stat().st_mtime) for digest, path in self._linked(MANIFESTS)]

    def referrers(self, subject: Digest) -> list[Digest]:
        """The manifests whose subject is this digest, sorted."""
        folder = self._folder / _REFERRERS / subject.algorithm / subject.hex
        return sorted(Digest(path.name.replace("-", ":", 1)) for path in folder.glob("*-*"))

    def exists(self) -> bool:
        """Whether a manifest was ever pushed to it."""
        return (self._folder / MANIFESTS).is_dir()

    def is_empty(self) -> bool:
        """Whether it holds no manifest, or no more."""
        return not any(self._folder.glob(f"{MANIFESTS}/*/*"))

    def _linked(self, kind: str) -> list[tuple[Digest, Path]]:
        paths = sorted((self._folder / kind).glob("*/*"))
        return [(Digest(f"{path.parent.name}:{path.name}"), path) for path in paths]

    def _link(self, kind: str, digest: Digest) -> Path:
        return self._folder / kind / digest.algorithm / digest.hex

    def _referrer(self, subject: Digest, digest: Digest) -> Path:
        # No colon: it cannot stand in the name of a file on Windows.
        return self._folder / _REFERRERS / subject.algorithm / subject.hex / digest.replace(":", "-", 1)
