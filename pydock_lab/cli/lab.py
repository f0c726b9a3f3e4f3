"""`pydock lab`: the lessons in a folder of the student's own, and JupyterLab on the first one; `pydock completion`."""

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from pydock_lab import locale
from pydock_lab.cli.command import command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError

_SHELLS = ("bash", "zsh", "fish")


def register(group: click.Group) -> None:
    """Add the commands to `group`."""

    @command(group, "lab")
    @option("--lang", type=click.Choice(locale.LANGUAGES))
    @flag("--no-browser")
    @flag("--copy-only")
    @click.argument("directory", required=False, default="lessons")
    def lab(directory: str, lang: str | None, no_browser: bool, copy_only: bool) -> int:
        language = lang or locale.lang()
        folder = Path(directory)
        try:
            new = copy_lessons(folder)
        except OSError as error:
            raise CommandError("cli.no-output", path=error.filename or directory, reason=error.strerror) from None
        session().write(locale.text("cli.lessons-copied", count=new, directory=folder))
        if copy_only:
            return 0
        return _open(folder, language, browser=not no_browser)

    @command(group, "completion")
    @click.argument("shell", type=click.Choice(_SHELLS))
    def completion(shell: str) -> None:
        kind = get_completion_class(shell)
        if kind is None:
            raise CommandError("cli.no-shell", shell=shell, known=", ".join(_SHELLS))
        program = click.get_current_context().find_root().command
        session().face.write(kind(program, {}, "pydock", "_PYDOCK_COMPLETE").source())


def lessons() -> Path:
    """The folder of the lessons that came with the package; raises CommandError where there are none."""
    packaged = Path(str(resources.files("pydock_lab"))) / "lessons"
    # In a checkout they are not copied into the package: they are where their authors edit them.
    beside = Path(str(resources.files("pydock_lab"))).parent / "notebooks"
    for folder in (packaged, beside):
        if folder.is_dir():
            return folder
    raise CommandError("cli.no-lessons")


def copy_lessons(target: Path) -> int:
    """Copy the notebooks to `target`, never over a file that is there; how many were new."""
    count = 0
    for source in sorted(lessons().rglob("*.ipynb")):
        if ".ipynb_checkpoints" in source.parts:
            continue
        copy = target / source.relative_to(lessons())
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            count += 1
    return count


def quiet_path(others: str) -> str:
    """$JUPYTER_CONFIG_PATH with what keeps JupyterLab from asking a student about its news; the reader's own stay."""
    ours = str(Path(str(resources.files("pydock_lab.cli"))) / "jupyter")
    return os.pathsep.join(filter(None, (others, ours)))


def _open(folder: Path, language: str, *, browser: bool) -> int:
    """JupyterLab on the first lesson, until it ends: its exit status, where this comes back."""
    first = next(iter(sorted((folder / language).glob("*.ipynb"))), None)
    path = first.relative_to(folder) if first else Path()
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.absolute()}"]
    words += [f"--LabApp.default_url=/lab/tree/{path.as_posix()}", "--ServerApp.ip=127.0.0.1"]
    words += [] if browser else ["--no-browser"]
    words += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    words += ["--ServerApp.answer_yes=True"]  # Ctrl-C ends it, and its kernels, without a question
    settings = {"PYDOCK_LANG": language, "JUPYTER_CONFIG_PATH": quiet_path(os.environ.get("JUPYTER_CONFIG_PATH", ""))}
    environment = os.environ | settings
    if sys.platform != "win32":
        sys.stdout.flush()
        # We become it: who ends us, in whatever way, ends it.
        os.execve(sys.executable, words, environment)  # noqa: S606 - a list of words
    # There the shell would take that for the end.
    return subprocess.run(words, env=environment, check=False).returncode
