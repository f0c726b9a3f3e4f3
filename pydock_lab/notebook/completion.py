"""Completion: options and names on a magic's line, instructions and stages inside a Dockerfile.

Completion never fails and never waits: an engine that cannot answer offers nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from pydock_lab import cli
from pydock_lab.errors import PydockError
from pydock_lab.notebook.options import OWN

if TYPE_CHECKING:
    from pydock_lab.notebook.magics import DockerMagics

INSTRUCTIONS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN",
    "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
_REGISTRY = ("start", "stop", "log")
_STAGE = re.compile(r"^\s*FROM\s+\S+\s+AS\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_MAGIC = re.compile(r"^\s*(%{1,2})(dockerfile|docker|explain|layers|registry|trace)\b(.*)$", re.DOTALL)


class Completer:
    """What may stand at the cursor, asked of the engine of the magics."""

    def __init__(self, magics: "DockerMagics") -> None:
        self._magics = magics

    def matcher(self) -> Callable[[CompletionContext], Any]:
        """The matcher for `shell.Completer.custom_matchers`."""

        @context_matcher(identifier="pydock_lab")  # type: ignore[untyped-decorator]
        def match(context: CompletionContext) -> dict[str, object]:
            fragment, found = self.complete(context.full_text, context.cursor_line, context.text_until_cursor)
            completions = [SimpleCompletion(text, type="keyword") for text in found]
            return {"completions": completions, "matched_fragment": fragment, "suppress": bool(found)}

        found: Callable[[CompletionContext], Any] = match
        return found

    def complete(self, text: str, line_number: int, before: str) -> tuple[str, list[str]]:
        """The fragment before the cursor, and what it may become; `before` is the cursor's line up to it."""
        first = text.split("\n", maxsplit=1)[0]
        magic = _MAGIC.match(first if line_number else before)
        if not magic:
            return "", []
        fragment = re.split(r"\s", before)[-1]
        found: Iterable[str] = ()
        if not line_number:
            words = magic[3].split()
            found = self._on_line(magic[2], words if magic[3][-1:].isspace() else words[:-1], fragment, text)
        elif magic[2] == "dockerfile":
            found = self._in_dockerfile(text, before, fragment)
        return fragment, sorted({each for each in found if each.startswith(fragment)})

    def _on_line(self, name: str, words: list[str], fragment: str, text: str) -> Iterable[str]:
        if name == "dockerfile":
            return self._of_build(words, fragment, text)
        if name == "docker":
            return self._docker(words, fragment)
        if name in ("explain", "trace"):
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
        return (*OWN, *self._docker(["build", *words], fragment)) if fragment.startswith("-") else ()

    def _in_dockerfile(self, text: str, before: str, fragment: str) -> Iterator[str]:
        words = before.split()
        keyword = words[0].upper() if words else ""
        if len(words) <= 1 and not before[-1:].isspace():
            # In the case in which the first letters were typed.
            yield from (each.lower() if fragment.islower() else each for each in INSTRUCTIONS)
        elif keyword == "FROM":
            yield from self._images()
            yield from _STAGE.findall(text)
        elif keyword in ("COPY", "ADD") and fragment.startswith("--from="):
            yield from (f"--from={stage}" for stage in _STAGE.findall(text))
        elif keyword in ("COPY", "ADD") and fragment.startswith("-"):
            yield from ("--from=", "--chown=", "--chmod=")

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
