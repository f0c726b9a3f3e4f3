"""The digest of what a COPY selects, as BuildKit's cache keys have it.

A path without patterns is the checksum of the file or folder. With a wildcard, `--exclude` or `--parents` it is the
list of all that is meant: for each its path below the plain part of the pattern, with NUL for every slash, and its
checksum, folders without what is in them.

    d/*   ->   sha256( NUL "abc" sha256:...  NUL "sub" sha256:...  NUL "sub" NUL "ghi" sha256:... )

One thing alone that has the name that was asked for is its checksum again. Source: BuildKit, cache/contenthash.
"""

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.archive import checksum as file_checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.paths import clean
from pydock_lab.build.source import Source, checksum, resolve, walk
from pydock_lab.build.wildcard import has_wildcard, matches
from pydock_lab.dockerfile.ignore import IgnoreRules, Rule
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest

Matches = tuple[bool, ...]  # which rules of a list a folder fits: what is in it fits them too


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """What is selected: `path` absolute, with patterns only where `wildcard`; links are looked behind if `follow`.

    `include` and `exclude` are patterns below the path.
    """

    path: str
    wildcard: bool = False
    follow: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def content_digest(source: Source, selector: Selector) -> Digest:
    """The digest of all that a selector means; raises BuildError where a path without patterns is not there."""
    if not (selector.wildcard or selector.include or selector.exclude):
        return _behind_links(source, selector.path, follow=selector.follow)
    found = list(_Search(source, selector).run())
    if len(found) == 1 and _last_part(found[0].path) == _last_part(selector.path):
        return found[0].digest
    return Digest.of(b"".join(os.fsencode(one.key) + one.digest.encode() for one in found))


def _behind_links(source: Source, path: str, *, follow: bool) -> Digest:
    place = resolve(source, os.fsencode(clean(path)[1:]), follow_last=follow)
    if source.entry(place) is None:
        raise BuildError("build.copy-missing", path=clean(path))
    return checksum(source, place)


def _last_part(path: str) -> str:
    """Go's path.Base: "." for nothing, "/" for the root."""
    return posixpath.basename(path.rstrip("/")) or path[:1] or "."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    path: str
    key: str
    digest: Digest


@dataclass(kw_only=True, slots=True)
class _Folder:
    """A folder on the way; it is listed itself once something in it is."""

    path: str
    found: _Found
    included: Matches | None
    excluded: Matches | None
    is_listed: bool


class _Search:
    """Goes through all that is below the part of the path that has no wildcard."""

    def __init__(self, source: Source, selector: Selector) -> None:
        self._source, self._selector = source, selector
        self._pattern = clean(selector.path).rstrip("/")
        self._plain = self._plain_part() if selector.wildcard else self._pattern
        self._include = IgnoreRules.of(selector.include).rules
        self._exclude = IgnoreRules.of(selector.exclude).rules
        self._matched = ""  # what fitted the wildcard last: all that is below fits as well
        self._way: list[_Folder] = []

    def run(self) -> Iterator[_Found]:
        """What is listed, in the order of the tree."""
        top = resolve(self._source, os.fsencode(self._plain[1:]), follow_last=self._plain != self._pattern)
        for entry in walk(self._source, top):
            # Patterns are about the names that were given, also where a link leads elsewhere.
            inside = os.fsdecode(entry.path[len(top) :]).lstrip("/")
            path = f"{self._plain}/{inside}" if inside else self._plain
            while self._way and not path.startswith(f"{self._way[-1].path}/"):
                self._way.pop()
            if self._is_meant(path):
                yield from self._look(path, entry)

    def _plain_part(self) -> str:
        parts = self._pattern.split("/")
        first = next((at for at, part in enumerate(parts) if has_wildcard(part)), len(parts))
        return "/".join(parts[:first])

    def _is_meant(self, path: str) -> bool:
        if not self._selector.wildcard or not self._pattern:
            return True
        if not (self._matched and path.startswith(f"{self._matched}/")):
            if not _fits(self._pattern, path):
                return False
            self._matched = path
        return True

    def _look(self, path: str, entry: Entry) -> Iterator[_Found]:
        is_folder = entry.type is EntryType.DIRECTORY
        if is_folder and path == self._pattern and self._selector.path.endswith("/"):
            return
        top = self._matched if self._selector.wildcard else self._pattern
        below = path[len(top) :].lstrip("/")
        above = self._way[-1] if self._way else None
        included = _fit(self._include, below, above.included if above else None) if self._include else None
        excluded = None
        is_listed = included is None or included[0]
        if is_listed and self._exclude:
            excluded = _fit(self._exclude, below, above.excluded if above else None)
            is_listed = not excluded[0]
        if not is_folder and not is_listed:
            return
        key = clean(path[len(self._plain) :]).replace("/", "\0")
        found = _Found(path=path, key=key, digest=self._digest(path, entry))
        if is_listed:
            for folder in self._way:
                if not folder.is_listed:
                    folder.is_listed = True
                    yield folder.found
            yield found
        if is_folder:
            self._way.append(
                _Folder(
                    path=path,
                    found=found,
                    included=included[1] if included else None,
                    excluded=excluded[1] if excluded else None,
                    is_listed=is_listed,
                )
            )

    def _digest(self, path: str, entry: Entry) -> Digest:
        # A link that is meant itself is followed; inside a folder it stays a link, as COPY leaves it.
        if entry.type is EntryType.SYMLINK and self._selector.follow and not self._way:
            return _behind_links(self._source, path, follow=True)
        if entry.type is EntryType.DIRECTORY:
            # The folder alone: a digest of all that is in it would count what the patterns leave out.
            return Digest("sha256:" + file_checksum.start(entry).hexdigest())
        return checksum(self._source, entry.path)


def _fits(pattern: str, path: str) -> bool:
    parts, names = pattern.split("/"), path.split("/")
    return len(parts) == len(names) and all(map(matches, parts, names))


def _fit(rules: Sequence[Rule], path: str, above: Matches | None) -> tuple[bool, Matches]:
    """Whether the rules mean a path, and which of them fit; `above` tells it of the folder that the path is in."""
    names = (path, *_parents(path)) if above is None else (path,)
    decided, fitting = False, []
    for at, rule in enumerate(rules):
        # What fits a folder fits all below it: its answers are handed down (moby/patternmatcher,
        # MatchesUsingParentResults).
        fits = above is not None and above[at]
        if not fits and rule.keeps == decided:
            fits = any(map(rule.pattern.matches, names))
        fitting.append(fits)
        decided = not rule.keeps if fits else decided
    return decided, tuple(fitting)


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    yield from ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
