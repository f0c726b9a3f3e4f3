"""What a COPY takes out of its origin: all that a path, a wildcard or `--parents` means, less what `--exclude` names.

    COPY --exclude=*.md docs /docs        the folder docs, as if it had no *.md
    COPY --parents src/**/a.c /x          src, and below it only what leads to a file a.c

Both are the origin seen through a filter, so that whoever copies or computes a checksum need not know of them.
Source: Dockerfile reference, "COPY --parents", "COPY --exclude".
"""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.paths import clean as absolute
from pydock_lab.build.source import Contents, Source, checksum, clean, join, resolve, select, walk
from pydock_lab.build.steps import PathSource
from pydock_lab.build.wildcard import has_wildcard
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.path_pattern import PathPattern
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """One path that a COPY takes from `source`; with `only_inside`, what is in it and not itself."""

    source: Source
    path: bytes
    only_inside: bool = False

    def fact(self) -> list[str]:
        """What the key of the step says of it: its name, and the checksum of all that is taken."""
        name = "" if self.only_inside else posixpath.basename(os.fsdecode(self.path))
        return [name, checksum(self.source, resolve(self.source, self.path))]


def selected(part: PathSource, origin: Source, excludes: tuple[str, ...] = ()) -> list[Selected]:
    """What one source of a COPY means; raises BuildError where a path that is no pattern is not there."""
    if part.include:
        return list(_with_parents(part, origin))
    source = _without(origin, part.written, excludes) if excludes else origin
    found = select(source, part.written)
    if not found and not has_wildcard(part.written):
        raise BuildError("build.copy-missing", path=absolute(part.written))
    return [Selected(source=source, path=path) for path in found]


def _without(origin: Source, pattern: str, excludes: tuple[str, ...]) -> "Without":
    tops = [resolve(origin, path) for path in select(origin, pattern)]
    return Without(origin, IgnoreRules.of(excludes), tops)


def _with_parents(part: PathSource, origin: Source) -> Iterator[Selected]:
    """What is in the folders that lead up to the pivot, as far as it matches."""
    if part.required and origin.entry(resolve(origin, clean(part.required))) is None:
        raise BuildError("build.copy-missing", path=absolute(part.written))
    pattern = PathPattern.parse(posixpath.normpath(part.include.strip("/")))
    for path in select(origin, part.path):
        top = resolve(origin, path)
        yield Selected(source=_Within(origin, top, pattern), path=top, only_inside=True)


class _Filtered:
    """A source of which some paths are not seen."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._folders: dict[bytes, Digest] = {}

    def hides(self, _path: bytes) -> bool:
        """Whether a path is not seen."""
        raise NotImplementedError

    def entry(self, path: bytes) -> Entry | None:
        """See Source."""
        return None if path and self.hides(path) else self._source.entry(path)

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """See Source."""
        return tuple(name for name in self._source.children(path) if not self.hides(join(path, name)))

    def file_checksum(self, entry: Entry) -> Digest:
        """See Source."""
        return self._source.file_checksum(entry)

    def folder_checksum(self, path: bytes) -> Digest | None:
        """See Source."""
        return self._folders.get(path)

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """The folder without some of its paths is another one: remembered here."""
        self._folders[path] = digest

    def contents(self, entries: Iterable[Entry]) -> AbstractContextManager[Contents]:
        """See Source."""
        return self._source.contents(entries)


class Without(_Filtered):
    """Without what rules ignore (those of --exclude): they are about what is below `tops`, the folders copied."""

    def __init__(self, source: Source, rules: IgnoreRules, tops: Sequence[bytes]) -> None:
        super().__init__(source)
        self._rules, self._tops = rules, tops
        self.hides = cache(self.hides)  # type: ignore[method-assign] # asked for each path again and again

    def hides(self, path: bytes) -> bool:
        """Whether a pattern names it, and no exception brings it or something in it back."""
        if not any(self._rules.ignores(name) for name in self._names(path)):
            return False
        entry = self._source.entry(path)
        if entry is None or entry.type is not EntryType.DIRECTORY or not self._rules.has_exceptions:
            return True
        return all(self.hides(join(path, name)) for name in self._source.children(path))

    def _names(self, path: bytes) -> Iterator[str]:
        """The path as the patterns mean it: below the folder that is copied; a file that is named, by its own name."""
        for top in self._tops:
            if path == top and not self._source.children(top):
                yield posixpath.basename(os.fsdecode(path))
            elif path.startswith(top + b"/") or (not top and path):
                yield os.fsdecode(path[len(top) :].lstrip(b"/"))


class _Within(_Filtered):
    """Only what a pattern below `top` matches, with all that is in it and the folders that lead there."""

    def __init__(self, source: Source, top: bytes, pattern: PathPattern) -> None:
        super().__init__(source)
        self._kept = {b""} | set(self._lead_to(top))
        for entry in walk(source, top):
            inside = entry.path[len(top) :].lstrip(b"/")
            if inside and _matches(pattern, inside):
                self._kept.update(self._lead_to(entry.path))

    def _lead_to(self, path: bytes) -> Iterator[bytes]:
        while path:
            yield path
            path = posixpath.dirname(path)

    def hides(self, path: bytes) -> bool:
        """Whether it neither matches nor leads to a match."""
        return path not in self._kept


def _matches(pattern: PathPattern, path: bytes) -> bool:
    """Whether the path matches, or a folder above it does."""
    names = os.fsdecode(path).split("/")
    return pattern.text == "." or any(pattern.matches("/".join(names[:count])) for count in range(1, len(names) + 1))
