"""`%argv`: ENTRYPOINT, CMD and the words of `docker run`, changed in the page and composed at once in the kernel."""

import json
import shlex
from typing import Any

import traitlets

from pydock_lab.errors import PydockError
from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import ArgumentVector

_SHELL = ("/bin/sh", "-c")


class Argv(Picture):
    """The argument vector of process 1; its parts are texts, as a Dockerfile and a terminal have them.

    `said` is what is wrong with a text, in words; then the picture stays as it was.
    """

    _esm = script("argv.js")

    entrypoint = traitlets.Unicode("").tag(sync=True)
    cmd = traitlets.Unicode("").tag(sync=True)
    run_words = traitlets.Unicode("").tag(sync=True)
    option = traitlets.Unicode("").tag(sync=True)

    def __init__(self, view: ArgumentVector, **traits: Any) -> None:
        texts = {
            "entrypoint": _written(view.entrypoint),
            "cmd": _written(view.cmd),
            "run_words": shlex.join(view.words),
            "option": view.option or "",
        }
        super().__init__(view, **texts, **traits)
        self._image = view.image
        self.observe(self._compose, list(texts))

    @property
    def result(self) -> tuple[str, ...]:
        """What process 1 receives; empty where nothing could be started."""
        assert isinstance(self.view, ArgumentVector)  # noqa: S101 - for mypy
        return tuple(word.text for word in self.view.result)

    def _compose(self, _change: object) -> None:
        # The parser of Dockerfiles: a third of what the first picture of a kernel would wait for.
        from pydock_lab.engine.argument_vectors import from_texts  # noqa: PLC0415 - see above

        try:
            self.view = from_texts(self.entrypoint, self.cmd, self.run_words, self.option or None, image=self._image)
            self.said = ""
        except PydockError as error:
            self.said = error.message(self.language)


def _written(words: tuple[str, ...]) -> str:
    """As a Dockerfile has it: a text for the shell, else a list."""
    if words[: len(_SHELL)] == _SHELL and len(words) == len(_SHELL) + 1:
        return words[-1]
    return json.dumps(words, ensure_ascii=False) if words else ""
