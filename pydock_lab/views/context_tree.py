"""A build context as a tree: what is sent, what an ignore file leaves out, and which instruction takes what."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextCopy:
    """An instruction that takes files of the context: so many, of so many bytes, to `to`; `stage` is its title.

    `problem` says, in the reader's language, why it finds nothing; `ignored` is the place in `ContextTree.rules` of
    the line that is to blame, -1 for none.
    """

    text: str
    line: int
    to: str = ""
    stage: str = ""
    files: int = 0
    size: int = 0
    problem: str = ""
    ignored: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoreLine:
    """A pattern of the ignore file, and what it leaves out, or brings back where it `keeps`; it may be nothing."""

    text: str
    line: int
    keeps: bool = False
    files: int = 0
    size: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextFile:
    """A row of the tree: a file, or a folder with all that is in it; or so many `others` that are not shown.

    `files` and `size` are those that are sent, `ignored_files` and `ignored_size` what is left out. `taken` are the
    places of instructions in `ContextTree.copies`, `untaken` files that none takes; `ignored` is the place of a rule.
    """

    key: str
    path: str
    name: str
    depth: int = 0
    files: int = 0
    size: int = 0
    ignored_files: int = 0
    ignored_size: int = 0
    untaken: int = 0
    is_directory: bool = False
    opened: bool = False
    ignored: int = -1
    taken: tuple[int, ...] = ()
    mode: int = 0
    link: str = ""
    others: int = 0

    @property
    def is_out(self) -> bool:
        """Whether nothing of it is sent."""
        return not self.files and bool(self.ignored_files)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextTree(View):
    """A build context, `top` being all of it and `rows` what somebody has opened, the heaviest first.

    `dockerfile` is what the Dockerfile is called ("": there is none), `problem` why it cannot be read, in the reader's
    language; `ignore_file` is the name of the ignore file. `folder` is where the context is.
    """

    name: str
    folder: str
    top: ContextFile
    rows: tuple[ContextFile, ...] = ()
    copies: tuple[ContextCopy, ...] = ()
    rules: tuple[IgnoreLine, ...] = ()
    dockerfile: str = ""
    ignore_file: str = ""
    problem: str = ""
    can_open: bool = False
    filter: str = ""
