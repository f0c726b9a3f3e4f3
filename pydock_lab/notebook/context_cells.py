"""`%%context NAME/FILE`: the body of a cell becomes a file of a build context; `%context` lists the contexts.

%%context shop/app.py  --+--> shop/app.py --+--> %%dockerfile -t shop:1 --context shop
print("hello")           |                  +--> %docker build -t shop:1 shop
                         +--> what was there before, for %context --undo shop/app.py
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydock_lab import locale
from pydock_lab.build.modes import ModeChange
from pydock_lab.cli.tabs import align
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.engine.base import Engine
from pydock_lab.engine.context_files import ContextFiles, ContextPlace, Done, Written
from pydock_lab.engine.context_folder import read_ignore
from pydock_lab.errors import CommandError, NotFound, PydockError
from pydock_lab.store.home import find

OPTIONS = ("--append", "--help", "--mode", "--undo")
_DECIDING = ("Dockerfile", "dockerfile", ".dockerignore")  # a folder with one of these is a context
_USAGE = "%%context NAME/FILE [--append] [--mode 755 | +x]"


@dataclass(frozen=True, kw_only=True, slots=True)
class CellLine:
    """What the line says; `words` are what is no option."""

    words: tuple[str, ...] = ()
    append: bool = False
    undo: bool = False
    help: bool = False
    mode: ModeChange | None = None


def parse(words: Sequence[str]) -> CellLine:
    """Read the line; raises CommandError for an option that it does not know, and for a mode that is none."""
    rest: list[str] = []
    said = {"append": False, "undo": False, "help": False}
    mode: ModeChange | None = None
    flags = {"-a": "append"} | {f"--{name}": name for name in said}
    remaining = iter(words)
    for word in remaining:
        name, equals, value = word.partition("=")
        if word in flags:
            said[flags[word]] = True
        elif name == "--mode":
            mode = _mode(value if equals else next(remaining, ""))
        elif word.startswith("+"):
            mode = _mode(word)
        elif word.startswith("-"):
            raise CommandError("notebook.context-option", option=word, known=", ".join(OPTIONS))
        else:
            rest.append(word)
    return CellLine(words=tuple(rest), mode=mode, **said)


def _mode(text: str) -> ModeChange:
    try:
        return ModeChange.parse(text)
    except PydockError:
        raise CommandError("notebook.context-permissions", mode=text) from None


def write(said: CellLine, body: str) -> str:
    """Write a cell's body to its file; what was done, in a line. Raises CommandError."""
    if len(said.words) != 1 or said.undo:
        raise CommandError("notebook.usage", usage=_USAGE)
    place = ContextPlace.parse(said.words[0])
    written = _files().write(place, body.encode(errors="replace"), append=said.append, mode=said.mode)
    return "\n".join([sentence(written), *_left_out(place)]) + "\n"


def undo(said: CellLine) -> str:
    """Take back what a cell did last; what was done, in a line. Raises CommandError, NotFound and Conflict."""
    if len(said.words) != 1:
        raise CommandError("notebook.usage", usage="%context --undo NAME/FILE")
    written = _files().undo(ContextPlace.parse(said.words[0]))
    if written.done is Done.GONE:
        return locale.text("notebook.context-undone-new", place=written.place) + "\n"
    return locale.text("notebook.context-undone", place=written.place, size=locale.size(written.size)) + "\n"


def sentence(written: Written) -> str:
    """What was done to a file."""
    return locale.text(
        f"notebook.context-{written.done}",
        place=written.place,
        size=locale.size(written.size),
        added=written.added,
        removed=written.removed,
        old=f"{written.old_mode:o}",
        mode=f"{written.mode:o}",
    )


def _left_out(place: ContextPlace) -> Iterator[str]:
    """A file that no COPY will find: better said now than by the build."""
    with suppress(PydockError, OSError):
        rule = IgnoreRules.parse(read_ignore(Path(place.name))).deciding_rule(place.file)
        if rule is not None and not rule.keeps:
            yield locale.text("notebook.context-left-out", line=rule.line)


def names() -> list[str]:
    """The contexts beside the notebook: folders with a Dockerfile or an ignore file, or that cells have written to."""
    here = Path()
    known = _files().names()
    folders = (path for path in here.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(
        path.name for path in folders if path.name in known or any((path / one).is_file() for one in _DECIDING)
    )


def check_there(name: str) -> None:
    """Raises NotFound, with the contexts that there are, for a mere name that is no folder; paths and URLs pass."""
    if not set(name) & set("/:.~") and not Path(name).is_dir():
        found = names()
        key = "notebook.no-such-context" if found else "notebook.no-context-yet"
        raise NotFound(key, name=name, contexts=", ".join(found))


def listing(engine: Engine) -> str:
    """The contexts with their sizes, as a table; or how one comes to be."""
    found = names()
    if not found:
        return locale.text("notebook.context-no-contexts") + "\n"
    heading = "\t".join(locale.text(f"notebook.context-column-{name}") for name in ("name", "files", "size", "out"))
    return "\n".join(align([heading, *(_row(engine, name) for name in found)])) + "\n"


def _row(engine: Engine, name: str) -> str:
    try:
        top = engine.context_tree(Path(name)).top
    except PydockError as error:
        return f"{name}\t{error.message()}"
    out = locale.text("notebook.context-out", files=top.ignored_files, size=locale.size(top.ignored_size))
    return "\t".join([name, str(top.files), locale.size(top.size), out if top.ignored_files else "-"])


def _files() -> ContextFiles:
    return ContextFiles(find(), Path.cwd())
