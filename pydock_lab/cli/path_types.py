"""Arguments and options that name a folder or a file: what may stand there is completed, nothing is checked.

A shell completes them itself; a notebook, which has no shell, asks `folders` and `files`.
"""

import os
import stat
from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem


class PathText(click.types.StringParamType):
    """A text that may be a path; `kind` is what click tells shells: `dir` or `file`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """See click."""
        del ctx, param
        return [CompletionItem(incomplete, type=self.kind)]


FOLDER, FILE = PathText("dir"), PathText("file")


def folders(fragment: str) -> list[str]:
    """Folders beside us, and in them, that begin with `fragment`; hidden ones for who asks for them."""
    return [path for path, is_folder in _beside(fragment) if is_folder]


def files(fragment: str) -> list[str]:
    """Files and folders likewise, folders with a slash."""
    return [path + "/" * is_folder for path, is_folder in _beside(fragment)]


def is_word(path: str) -> bool:
    """Whether it can be written without quotes."""
    return path.isprintable() and not any(sign in path for sign in " '\"\\$")


def _beside(fragment: str) -> Iterator[tuple[str, bool]]:
    name = fragment.rpartition("/")[2]
    lead = fragment[: len(fragment) - len(name)]
    try:
        with os.scandir(os.path.expanduser(lead) or ".") as found:
            rows = [(item.name, _is_folder(item)) for item in found]
    except OSError:
        return
    for one, is_folder in sorted(rows):
        if one.startswith(name) and (name.startswith(".") or not one.startswith(".")) and is_word(one):
            yield lead + one, is_folder


def _is_folder(item: "os.DirEntry[str]") -> bool:
    try:
        return stat.S_ISDIR(item.stat().st_mode)
    except OSError:  # a link to nowhere
        return False
