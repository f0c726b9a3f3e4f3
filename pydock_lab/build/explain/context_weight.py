"""The build context by weight: what is sent, what the ignore file leaves out, and what nobody needs.

.              48.1 MB   1,204 files        12 kB left out
  data         40.0 MB
  .git          8.0 MB                      needless: a line in .dockerignore saves it
"""

from collections.abc import Iterable, Mapping

from pydock_lab.build.explain.proposals import needless_pattern
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.views import ContextFolder, ContextWeight

_INSIDE = 12  # of each folder, so many of its heaviest parts
_NAMES = "Dockerfile"


def weigh_context(
    name: str, files: Mapping[str, int], ignore: str = "", dockerfile_name: str = _NAMES
) -> ContextWeight:
    """A context by weight; `files` are all paths of its folder (with slashes) and their bytes, ignored ones too.

    `ignore` is the text of its ignore file, "" without one. Raises DockerfileError where that means nothing.
    """
    rules = IgnoreRules.parse(ignore)
    ignored = {path for path in files if rules.ignores(path)}
    patterns = {path: needless_pattern(path, dockerfile_name) for path in files if path not in ignored}
    top = _folder("", sorted(files), files, ignored)
    advised: dict[str, int] = {}
    for path, pattern in patterns.items():
        if pattern:
            advised[pattern] = advised.get(pattern, 0) + files[path]
    ordered = sorted(advised, key=lambda pattern: (-advised[pattern], pattern))
    return ContextWeight(name=name, top=top, has_ignore=bool(rules.rules), advised=tuple(ordered))


def _folder(path: str, below: Iterable[str], files: Mapping[str, int], ignored: set[str]) -> ContextFolder:
    """A folder and what is in it; `below` are the files at any depth."""
    parts: dict[str, list[str]] = {}
    start = len(path) + 1 if path else 0
    paths = list(below)
    for one in paths:
        name = one[start:].partition("/")[0]
        parts.setdefault(name, []).append(one)
    inside = [_part(f"{path}/{name}" if path else name, found, files, ignored) for name, found in parts.items()]
    heaviest = sorted(inside, key=lambda part: (-part.size, -part.ignored_size, part.path))[:_INSIDE]
    sent = [one for one in paths if one not in ignored]
    return ContextFolder(
        path=path or ".",
        size=sum(files[one] for one in sent),
        files=len(sent),
        ignored_size=sum(files[one] for one in paths if one in ignored),
        ignored_files=len(paths) - len(sent),
        needless=bool(sent) and bool(path) and needless_pattern(f"{path}/", "") is not None,
        inside=tuple(heaviest),
    )


def _part(path: str, found: list[str], files: Mapping[str, int], ignored: set[str]) -> ContextFolder:
    if found != [path]:
        return _folder(path, found, files, ignored)
    out = path in ignored
    size = files[path]
    return ContextFolder(
        path=path,
        size=0 if out else size,
        files=0 if out else 1,
        ignored_size=size if out else 0,
        ignored_files=1 if out else 0,
        needless=not out and needless_pattern(path, "") is not None,
    )
