"""What a COPY read, before and after: which files came, went and changed, and in what.

app.py      bytes, 1.2 kB -> 1.3 kB
run.sh      mode 0644 -> 0755          the bytes are the same: a checkout with another umask
data.csv    only the time differs      which the cache never looks at
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.build.record import BuildRecord, StepRecord
from pydock_lab.views import Attribute, AttributeChange, ChangeKind, FileDifference


class FileKind(StrEnum):
    """What a path is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    FIFO = "fifo"
    CHARACTER = "character"
    BLOCK = "block"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFact:
    """One path that a step read; `mode` are permission bits, `size` in bytes, `mtime` in seconds since 1970.

    `checksum` is the one that is in keys (`archive.checksum`): it covers all fields but the time. "" where nobody
    computed it (directories).
    """

    kind: FileKind
    mode: int
    uid: int = 0
    gid: int = 0
    size: int = 0
    link: str = ""
    checksum: str = ""
    mtime: float = 0


Facts = Mapping[str, FileFact]
FilesOf = Callable[[BuildRecord, StepRecord], Facts | None]


def compare(before: Facts, after: Facts) -> tuple[FileDifference, ...]:
    """The files that are not as they were, by path; a time that differs is no difference."""
    return tuple(_differences(before, after))


def other_times(before: Facts, after: Facts) -> int:
    """How many files differ in their time and in nothing else."""
    both = ((before[path], fact) for path, fact in after.items() if path in before)
    return sum(
        old.mtime != new.mtime and new.kind is not FileKind.DIRECTORY and not tuple(_attributes(old, new))
        for old, new in both
    )


def _differences(before: Facts, after: Facts) -> Iterator[FileDifference]:
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old is None and new is not None:
            yield FileDifference(path=path, kind=ChangeKind.ADDED, size_after=_size(new))
        elif new is None and old is not None:
            yield FileDifference(path=path, kind=ChangeKind.DELETED, size_before=_size(old))
        elif old and new and (found := tuple(_attributes(old, new))):
            yield FileDifference(
                path=path, kind=ChangeKind.CHANGED, attributes=found, size_before=_size(old), size_after=_size(new)
            )


def _size(fact: FileFact) -> int:
    # The size of a directory is its file system's business.
    return fact.size if fact.kind is FileKind.FILE else 0


def _attributes(old: FileFact, new: FileFact) -> Iterator[AttributeChange]:
    if old.kind is not new.kind:
        yield AttributeChange(attribute=Attribute.KIND, old=old.kind, new=new.kind)
        return
    said = list(_visible(old, new))
    yield from said
    # What is in a directory is said of the files themselves.
    is_same = old.checksum == new.checksum or not (old.checksum and new.checksum)
    if is_same or old.kind is FileKind.DIRECTORY:
        return
    # The checksum covers mode, owner and link too: where one of them explains it and the sizes are equal, nobody
    # can tell whether the bytes differ as well.
    if old.kind is FileKind.FILE and (old.size != new.size or not said):
        yield AttributeChange(attribute=Attribute.BYTES)
    elif not said:
        yield AttributeChange(attribute=Attribute.OTHER)


def _visible(old: FileFact, new: FileFact) -> Iterator[AttributeChange]:
    # The mode of a link means nothing on Linux.
    if old.mode != new.mode and old.kind is not FileKind.LINK:
        yield AttributeChange(attribute=Attribute.MODE, old=f"{old.mode:04o}", new=f"{new.mode:04o}")
    if (old.uid, old.gid) != (new.uid, new.gid):
        yield AttributeChange(attribute=Attribute.OWNER, old=f"{old.uid}:{old.gid}", new=f"{new.uid}:{new.gid}")
    if old.link != new.link:
        yield AttributeChange(attribute=Attribute.LINK, old=old.link, new=new.link)
