"""The check of COPY and ADD against .dockerignore."""

import posixpath
import re
from collections.abc import Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.instructions import Copy
from pydock_lab.dockerfile.path_pattern import clean
from pydock_lab.dockerfile.survey import SourceSeen

_EVERYTHING = ("*", "**", "**/*")
_WILDCARD = re.compile(r"[*?\[]")


def copy_ignored_file(sight: SourceSeen, ignore: IgnoreRules) -> Iterator[Finding]:
    """What .dockerignore leaves out of the context cannot be copied from it."""
    path = clean(sight.path)
    # The context itself is never left out, only all that is in it.
    if path in (".", "/") and not any(not rule.keeps and rule.pattern.text in _EVERYTHING for rule in ignore.rules):
        return
    if _may_be_kept(path, ignore) or not ignore.ignores(path):
        return
    command = "Copy" if isinstance(sight.instruction, Copy) else "Add"
    fields = {"command": command, "path": quote(path), "plain": path}
    yield Finding(rule=Rule.COPY_IGNORED_FILE, lines=sight.lines, fields=fields)


def _may_be_kept(path: str, ignore: IgnoreRules) -> bool:
    """Whether an exception (`!pattern`) may bring back something at `path` or below."""
    base = "" if path == "." else path.removeprefix("/")
    for rule in ignore.rules:
        if rule.keeps:
            known, has_wildcard = _known_part(rule.pattern.text)
            if _is_below(known, base) or (has_wildcard and _is_below(base, known)):
                return True
    return False


def _known_part(pattern: str) -> tuple[str, bool]:
    """The folders of a pattern before its first wildcard, and whether it has one."""
    parts = pattern.split("/")
    for index, part in enumerate(parts):
        if _WILDCARD.search(part):
            return posixpath.join("", *parts[:index]), True
    return pattern, False


def _is_below(path: str, base: str) -> bool:
    return not base or path == base or path.startswith(f"{base}/")
