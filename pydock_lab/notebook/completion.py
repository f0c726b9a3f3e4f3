"""Completion: options, names and files on a magic's line; in a Dockerfile what `dockerfile_completion` tells.

Completion never fails and never waits: an engine that cannot answer offers nothing.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from IPython.core.completer import CompletionContext, SimpleCompletion

from pydock_lab import cli
from pydock_lab.cli.path_types import files, folders
from pydock_lab.dockerfile.arguments import KEYWORDS
from pydock_lab.dockerfile.cursor import cursor
from pydock_lab.errors import PydockError
from pydock_lab.notebook import context_cells
from pydock_lab.notebook.dockerfile_completion import Known, offers
from pydock_lab.notebook.options import OWN
from pydock_lab.notebook.path_completion import context_files

if TYPE_CHECKING:
    from pydock_lab.notebook.magics import DockerMagics

_REGISTRY = ("start", "stop", "log")
_STAGE = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*\S+\s+AS\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_OF_DOCKER = ("explain", "namespaces", "trace", "unshare")
_NAMES = "|".join(("context", "dockerfile", "docker", "layers", "registry", *_OF_DOCKER))
_MAGIC = re.compile(rf"^\s*(%{{1,2}})({_NAMES})\b(.*)$", re.DOTALL)
_CONTEXT = re.compile(r"--context[=\s]+(\S+)")
_DOCKERFILE = re.compile(r"\s*(?:\S+\s+)*?([\w.-]+)/(?:\S*/)?(?:\S+\.)?dockerfile(?:\.\S+)?(?:\s|$)", re.IGNORECASE)


class Completer:
    """What may stand at the cursor, asked of the engine of the magics."""

    def __init__(self, magics: "DockerMagics") -> None:
        self._magics = magics

    def answer(self, context: CompletionContext) -> dict[str, object]:
        """What IPython asks of a matcher."""
        text, line = context.full_text, context.cursor_line
        fragment, found = self.complete(text, line, context.text_until_cursor)
        completions = [SimpleCompletion(text, type=_kind(text)) for text in found]
        # Where nothing fits in a Dockerfile, the names of Python do not either.
        is_alone = bool(found) or (line > 0 and _written(text) is not None)
        return {"completions": completions, "matched_fragment": fragment, "suppress": is_alone}

    def complete(self, text: str, line_number: int, before: str) -> tuple[str, list[str]]:
        """The fragment before the cursor, and what it may become; `before` is the cursor's line up to it."""
        if line_number:
            return self._in_body(text, line_number, before)
        magic = _MAGIC.match(before)
        if not magic:
            return "", []
        fragment = re.split(r"\s", before)[-1]
        words = magic[3].split()
        found = self._on_line(magic, words if magic[3][-1:].isspace() else words[:-1], fragment, text)
        return fragment, sorted({each for each in found if each.startswith(fragment)})

    # ---- in a Dockerfile

    def _in_body(self, text: str, line_number: int, before: str) -> tuple[str, list[str]]:
        context = _written(text)
        if context is None:
            return "", []
        above = text.split("\n")[1:line_number]
        place = cursor("\n".join([*above, before]))
        return offers(place, self._known(context)) if place is not None else ("", [])

    def _known(self, context: str) -> Known:
        def copied(fragment: str) -> Iterable[str]:
            return context_files(context, fragment) if context else ()

        return Known(images=self._images, files=copied)

    # ---- on a magic's line

    def _on_line(self, magic: "re.Match[str]", words: list[str], fragment: str, text: str) -> Iterable[str]:
        name = magic[2]
        if name == "dockerfile":
            return self._of_build(words, fragment, text)
        if name == "docker":
            return self._docker(words, fragment)
        if name == "context":
            return _contexts(words, fragment, is_cell=magic[1] == "%%")
        if name in _OF_DOCKER:
            return self._docker([name, *words], fragment)
        if name == "registry":
            return self._docker(["registry", "serve", *words[1:]], fragment) if words[:1] == ["start"] else _REGISTRY
        return self._images() if name == "layers" else ()

    def _of_build(self, words: list[str], fragment: str, text: str) -> Iterable[str]:
        """The line of `%%dockerfile`: options, and what may follow the last one."""
        match words[-1:]:
            case ["--target"]:
                return _STAGE.findall(text)
            case ["--out"]:
                return (each for each in self._magics.shell.user_ns if not each.startswith("_"))
            case ["-t" | "--tag" | "--cache-from"]:
                return self._images()
            case ["--context"]:
                return folders(fragment)
        if fragment.startswith("--context="):
            return (f"--context={each}" for each in folders(fragment.removeprefix("--context=")))
        return (*OWN, *self._docker(["build", *words], fragment)) if fragment.startswith("-") else ()

    def _images(self) -> list[str]:
        try:
            rows = self._magics.engine.images()
        except PydockError:
            return []
        return [f"{row.repository}:{row.tag}" for row in rows if row.tag != "<none>"]

    def _docker(self, words: list[str], fragment: str) -> list[str]:
        try:
            return cli.complete(words, fragment, self._magics.engine)
        except PydockError:
            return []


def _kind(text: str) -> str:
    """What a page writes beside an offer, in IPython's own words."""
    if text.startswith("$"):
        return "instance"
    if text.startswith("-"):
        return "param"
    return "keyword" if text.upper() in KEYWORDS else "path"


def _written(text: str) -> str | None:
    """The context of the Dockerfile that a cell is, "" for an empty one; None where the cell is no Dockerfile."""
    magic = _MAGIC.match(text.split("\n", maxsplit=1)[0])
    if magic is None or magic[1] != "%%":
        return None
    if magic[2] == "context":
        found = _DOCKERFILE.match(magic[3])
        return found[1] if found else None
    if magic[2] != "dockerfile":
        return None
    said = _CONTEXT.search(magic[3])
    return said[1] if said else ""


def _contexts(words: list[str], fragment: str, *, is_cell: bool) -> Iterable[str]:
    """The line of `%context`: contexts, and the files of one behind a slash."""
    if fragment.startswith(("-", "+")):
        return ("--append", "--mode", "+x") if is_cell else ("--help", "--undo")
    if words[-1:] == ["--mode"]:
        return ("644", "755", "+x")
    if not is_cell and "--undo" not in words:
        return folders(fragment) if not words else ()
    if "/" in fragment:
        return files(fragment)
    return (f"{name}/" for name in context_cells.names())
