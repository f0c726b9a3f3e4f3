"""The magics: a cell that is a Dockerfile, Docker's command line, and the pictures.

Each is "read the line, do it, show it". What is done is the command line's business (`pydock_lab.cli`): `%docker` and
`pydock` are one program, and `%%dockerfile` is `docker build` with the cell as its Dockerfile.

`%load_ext` waits for this module: the engine and the pictures are imported by the first magic that needs them.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)
from traitlets.config import Configurable

from pydock_lab import cli, locale
from pydock_lab.errors import CommandError, PydockError
from pydock_lab.notebook import options, substitution
from pydock_lab.notebook.attended import AttendedEngine, interruptible
from pydock_lab.notebook.teaching_registry import TeachingRegistry

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.notebook.face import NotebookFace
    from pydock_lab.notebook.picture import Picture
    from pydock_lab.views import View

    _Magic = Callable[["DockerMagics", str], Picture | None]

_REQUESTS = 20


@contextmanager
def _unswept() -> Iterator[None]:
    """Of all that a picture is made of nothing is garbage: to look for some would take a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _shows_a_picture(magic: "_Magic") -> "_Magic":
    """What such magics share: `--help` is that of the command of the same name, and they are made unswept."""

    @wraps(magic)
    def run(magics: "DockerMagics", line: str) -> "Picture | None":
        if "--help" not in line.split():
            with _unswept():
                return magic(magics, line)
        magics.help(magic.__name__)
        return None

    return run


@magics_class
class DockerMagics(Magics, Configurable):
    """`%%dockerfile`, `%docker`, `%context`, `%explain`, `%trace`, `%layers`, `%images`, `%instances` and others."""

    lang = traitlets.CaselessStrEnum(locale.LANGUAGES, help="the language: en or fr").tag(config=True)
    live = traitlets.Bool(True, help="whether %instances follows what happens").tag(config=True)

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, open_engine: "Callable[[], Engine] | None" = None) -> None:
        Configurable.__init__(self, config=shell.config, lang=locale.lang())
        Magics.__init__(self, shell=shell)
        self._open_engine = open_engine or _local_engine
        self._engine: Engine | None = None
        self._registry = TeachingRegistry()
        self._dockerfiles: dict[Path, str] = {}  # the latest cell that built with a context
        self.observe(lambda change: locale.set_lang(change["new"]), "lang")

    @property
    def engine(self) -> "Engine":
        """The engine of this notebook, opened when it is first needed."""
        if self._engine is None:
            self._engine = self._open_engine()
        return self._engine

    def help(self, name: str) -> None:
        """Show the help of a magic."""
        if name == "registry":  # its command serves; the magic is a teaching registry's
            _face().write(locale.text("notebook.registry-help").lstrip("\n"))
        else:
            self._run([name, "--help"])

    def close(self) -> None:
        """Stop what runs in the kernel."""
        self._registry.close()

    @no_var_expand
    @cell_magic
    def dockerfile(self, line: str, cell: str) -> None:
        """Build an image from the Dockerfile in this cell, and show its layers.

        %%dockerfile -t NAME:TAG [--build-arg NAME=VALUE] [--target STAGE] [--no-cache] [--context DIR | URL]
                     [--secret id=NAME,src=FILE] [-o DIR] [--predict] [--guess] [--check] [--out VARIABLE]
                     [--quiet]

        The options are all those of `docker build`. Without --context the build context is empty: nothing can be copied
        from outside. {variable} in this line is replaced by the Python variable's value.
        """
        said = options.parse(self._words(line))
        engine = AttendedEngine(self.engine)
        if said.context:
            _check_context(said.context)
            self._dockerfiles[Path(said.context).resolve()] = cell
        with _named_lines(has_context=bool(said.context)):
            cli.invoke(said.words, open_engine=lambda: engine, face=_face(body=cell, quiet=said.quiet))
        if said.out and engine.result is not None:
            self.shell.user_ns[said.out] = engine.result

    @no_var_expand
    @line_cell_magic
    def docker(self, line: str, cell: str | None = None) -> None:
        """Docker's own command line: `%docker run --rm app:1 echo hello`.

        As a cell magic (`%%docker run -i app:1 cat`) the body of the cell is what the program reads. {variable} in
        the line is replaced by the Python variable's value; {{...}} of Docker's --format is left alone.
        """
        face = _face(body=cell)
        words = self._words(line)
        with interruptible():
            status = cli.invoke(words or ["--help"], open_engine=lambda: AttendedEngine(self.engine), face=face)
        # As after `!command`; a status is an answer, not an error of the notebook.
        self.shell.user_ns["_exit_code"] = status
        if status:
            face.note(locale.text("notebook.exit-status", status=status) + "\n")
        elif face.is_unread:
            face.note(locale.text("notebook.body-unread") + "\n")

    @no_var_expand
    @line_cell_magic
    def context(self, line: str, cell: str | None = None) -> "Picture | None":
        """Write a file of a build context with a cell: `%%context shop/app.py`; look at contexts: `%context`.

        %%context NAME/FILE [--append] [--mode 755 | +x]
                                     the body becomes the file; NAME is a folder beside the notebook
        %context                     the contexts, with their sizes
        %context NAME [PATH]         the files of one: what is left out by which line, which COPY takes what
        %context --undo NAME/FILE    takes back what a cell did last to a file

        To build with it: `%%dockerfile -t NAME:1 --context NAME`, or `%docker build -t NAME:1 NAME` where a cell has
        written NAME/Dockerfile.
        """
        from pydock_lab.notebook import context_cells  # noqa: PLC0415 - see the module's docstring

        said, face = context_cells.parse(self._words(line)), _face()
        if said.help:
            face.write(locale.text("notebook.context-help").lstrip("\n"))
        elif cell is not None:
            face.write(context_cells.write(said, cell))
        elif said.undo:
            face.write(context_cells.undo(said))
        elif not said.words:
            face.write(context_cells.listing(self.engine))
        else:
            return self._context(*said.words)
        return None

    @no_var_expand
    @line_magic
    def explain(self, line: str) -> None:
        """Say why steps of a build were not in the cache: `%explain`, `%explain app:1`, `%explain --keys`.

        --keys shows the cache keys of the steps that missed by themselves in plain text, --step NUMBER of that step.
        `%explain pull`, `%explain push` show the latest one, request by request; with an image's name, that of it.
        `%explain CONTAINER` shows how a container was started, to walk through forwards and backwards: each step with
        its system calls, and what the process sees before and after it.
        """
        self._run(["explain", *self._words(line)])

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def trace(self, line: str) -> "Picture | None":
        """Step through a build, forwards and backwards: `%trace`, `%trace app:1`, `%trace 5f2d7c`."""
        words = self._words(line)
        if len(words) > 1:
            raise CommandError("notebook.usage", usage="%trace [BUILD | IMAGE]")
        return _picture(self.engine.trace("".join(words)))

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def layers(self, line: str) -> "Picture | None":
        """Show the layers of an image, to be opened down to what is in a file: `%layers app:1`.

        %layers app:1 --step 3 [PATH]   with the layer of step 3 opened, down to a folder or file
        %layers app:1 --together PATH   what a container sees there: all layers together
        %layers app:1 --beside app:2    two images side by side, and what they share
        """
        words = self._words(line)
        if not words:
            raise CommandError("notebook.usage", usage="%layers app:1")
        if len(words) > 1:
            self._run(["layers", *words])
            return None
        explorer = self.engine.layer_explorer(words[0])
        return _picture(explorer.view(), explorer=explorer)

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def images(self, line: str) -> "Picture | None":
        """Show all images as one tree, which stands on which, and the containers on them: `%images`."""
        self._nothing(line, "%images")
        return _picture(self.engine.image_tree())

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def instances(self, line: str) -> "Picture | None":
        """Show images and the containers on them, as they are now: `%instances`."""
        self._nothing(line, "%instances")
        engine = self.engine
        return _picture(engine.instances(), look=engine.instances if self.live else None)

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def registry(self, line: str) -> "Picture | None":
        """Show what a registry has: `%registry HOST`, or `%registry` for one's own; `%registry HOST/REPOSITORY`.

        %registry start [PORT] [--out VARIABLE]   starts it (PORT 0: any free one); its address goes into the variable
                  --user NAME --tokens --tls ...  with all that `%docker registry serve --help` tells
        %registry log [COUNT]                     its last requests
        %registry story NAME[:TAG]                where a tag has pointed
        %registry stop                            stops it; what was pushed to it stays
        """
        said = options.parse(self._words(line))
        match said.rest:
            case ["start", port, *words] if port.isdigit():
                self._start(["--port", port, *words], said.out)
            case ["start", *words]:
                self._start(words, said.out)
            case ["log"]:
                _face().write(self._registry.log(_REQUESTS))
            case ["log", count] if count.isdigit():
                _face().write(self._registry.log(int(count)))
            case ["story", name]:
                return _picture(self.engine.tag_story(name))
            case ["stop"]:
                self._registry.stop()
            case [where]:
                return self._explore(where)
            case [] if self._registry.address:
                return self._explore(self._registry.address)
            case _:
                raise CommandError(
                    "notebook.usage",
                    usage="%registry [HOST[/REPOSITORY] | start [PORT] [OPTION...] | log [COUNT] | story NAME | stop]",
                )
        return None

    @no_var_expand
    @line_magic
    def argv(self, line: str) -> "Picture | None":
        """Show what process 1 of a container is told: `%argv IMAGE [WORD...]`, `%argv` to try for oneself.

        %argv [--entrypoint PROGRAM] IMAGE [WORD...]     as in `docker run`; the parts can be changed in the picture
        """
        words = self._words(line)
        if not words:
            from pydock_lab.engine.argument_vectors import from_texts  # noqa: PLC0415 - see the module's docstring

            return _picture(from_texts('["echo", "hello"]', '["world"]', ""))
        self._run(["argv", *words])
        return None

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def namespaces(self, line: str) -> "Picture | None":
        """Show a running container from the host and from inside, side by side: `%namespaces CONTAINER`."""
        return _picture(self.engine.namespaces(self._one(line, "%namespaces CONTAINER")))

    @no_var_expand
    @line_magic
    def unshare(self, line: str) -> None:
        """Make a container by hand, one namespace at a time: `%unshare hostname box`, `%unshare --user --uts ...`.

        Each step fails until the next option is there: --user --uts --pid --mount --proc --root IMAGE --net --ipc
        --cgroup. The picture shows what is the process's own by now, and says what to try next.
        """
        self._run(["unshare", *self._words(line)])

    @no_var_expand
    @line_magic
    @_shows_a_picture
    def doctor(self, line: str) -> "Picture | None":
        """Show what this machine can do for containers: `%doctor`."""
        self._nothing(line, "%doctor")
        return _picture(self.engine.doctor())

    def _run(self, words: list[str]) -> None:
        """A command of ours that is no command of Docker's."""
        with interruptible():
            cli.invoke(words, open_engine=lambda: AttendedEngine(self.engine), face=_face(), program="")

    def _context(self, name: str, path: str = "", *more: str) -> "Picture":
        if more:
            raise CommandError("notebook.usage", usage="%context [NAME [PATH] | --undo NAME/FILE]")
        _check_context(name)
        folder = Path(name)
        cell = self._dockerfiles.get(folder.resolve(), "")
        explorer = self.engine.context_explorer(folder, dockerfile=cell)
        explorer.open_path(path)
        return _picture(explorer.view(), explorer=explorer)

    def _explore(self, where: str) -> "Picture":
        explorer = self.engine.explorer(where)
        return _picture(explorer.view(), explorer=explorer)

    def _start(self, words: Sequence[str], variable: str) -> None:
        if not self._registry.address:  # else it stays as it is
            face = _face(quiet=True, keep=self._registry.keep)
            cli.invoke(["registry", "serve", "--quiet", *words], open_engine=lambda: self.engine, face=face)
        address = self._registry.address
        if variable:
            self.shell.user_ns[variable] = address
        _face().write(locale.text("notebook.registry-started", address=address) + "\n")

    def _words(self, line: str) -> list[str]:
        return substitution.words(line, self.shell.user_ns)

    def _one(self, line: str, usage: str) -> str:
        words = self._words(line)
        if len(words) != 1:
            raise CommandError("notebook.usage", usage=usage)
        return words[0]

    def _nothing(self, line: str, usage: str) -> None:
        if line.strip():
            raise CommandError("notebook.usage", usage=usage)


def _check_context(name: str) -> None:
    from pydock_lab.notebook.context_cells import check_there  # noqa: PLC0415 - see the module's docstring

    check_there(name)


def _contexts() -> Sequence[str]:
    from pydock_lab.notebook.context_cells import names  # noqa: PLC0415 - see the module's docstring

    return names()


def _face(**options: Any) -> "NotebookFace":
    from pydock_lab.notebook.face import NotebookFace  # noqa: PLC0415 - see the module's docstring

    return NotebookFace(**options)


def _picture(view: "View", **options: Any) -> "Picture":
    from pydock_lab.notebook.pictures import picture_of  # noqa: PLC0415 - see the module's docstring

    return picture_of(view, **options)


def _local_engine() -> "Engine":
    from pydock_lab import open_engine  # noqa: PLC0415 - the engine only when it is needed

    return open_engine()


@contextmanager
def _named_lines(*, has_context: bool) -> Iterator[None]:
    """Errors name the line of the cell, of which the magic is the first, and the contexts that it might have meant."""
    try:
        with interruptible():
            yield
    except PydockError as error:
        line = error.fields.get("line")
        if isinstance(line, int):
            error.add_note(locale.text("notebook.cell-line", line=line + 1))
        if error.key == "build.copy-missing" and not has_context and (found := _contexts()):
            error.add_note(locale.text("notebook.without-context", contexts=", ".join(found)))
        raise
