"""Why steps of a build were not in the cache: the build beside an earlier one, step by step.

step 3  RUN pip install ...    missed   ARG VERSION: 1 -> 2, set by --build-arg     its own cause
step 4  COPY . /app            missed                                               because of step 3
step 5  RUN make               missed   the command: make -> make -j4               its own, and because of step 4
"""

from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.views.base import View
from pydock_lab.views.layers import ChangeKind


class Outcome(StrEnum):
    """What became of a step."""

    CACHED = "cached"
    MISSED = "missed"
    UNKNOWN = "unknown"  # the build did not get so far, or nobody can know before it does
    NONE = "none"  # only words in the configuration: nothing to look up


class CauseKind(StrEnum):
    """What kind of thing differs."""

    COMMAND = "command"
    INLINE = "inline"  # the text of a here-document that COPY writes to a file
    ENV = "env"
    ARG = "arg"
    ENV_ORDER = "env-order"
    BASE = "base"
    FLAG = "flag"
    MOUNT = "mount"
    USER = "user"
    WORKDIR = "workdir"
    SHELL = "shell"
    PLATFORM = "platform"
    SOURCES = "sources"
    DESTINATION = "destination"
    FILES = "files"
    REMOTE = "remote"  # what ADD fetches
    INSTRUCTION = "instruction"  # COPY became ADD
    ORDER = "order"
    NEW_STEP = "new-step"
    REMOVED_STEP = "removed-step"
    FIRST_BUILD = "first-build"
    NOT_REACHED = "not-reached"  # the earlier build ended before this step
    GONE = "gone"  # the key is the same, but the layer is not in the cache any more
    NO_CACHE = "no-cache"


class SetBy(StrEnum):
    """Who gave a value."""

    ENV = "env"
    ARG = "arg"
    GLOBAL_ARG = "global-arg"
    BUILD_ARG = "build-arg"
    BASE = "base"
    PLATFORM = "platform"  # TARGETARCH and its like
    INSTRUCTION = "instruction"  # USER, WORKDIR, SHELL, or the step itself


class Sign(StrEnum):
    """Where a word stands: in both texts, only in the later, only in the earlier one."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


class Attribute(StrEnum):
    """What differs between two files of one name."""

    BYTES = "bytes"
    MODE = "mode"
    OWNER = "owner"
    LINK = "link"
    KIND = "kind"
    OTHER = "other"  # extended attributes, device numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class WordPiece:
    """Some words in a row, of one sign."""

    text: str
    sign: Sign


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeChange:
    """One attribute of a file: as people write it (`0644`, `0:0`), empty for BYTES and OTHER."""

    attribute: Attribute
    old: str = ""
    new: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDifference:
    """One file that is not as it was; sizes in bytes, 0 where there is none."""

    path: str
    kind: ChangeKind
    attributes: tuple[AttributeChange, ...] = ()
    size_before: int = 0
    size_after: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Setter:
    """Who gave a value: the instruction with its line (0: no line), an option, or the base image."""

    by: SetBy
    line: int = 0
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One difference that makes a step miss.

    `name` is that of a variable, option or file system path, `old` and `new` its values. `change` is for things
    that may come and go (variables, mounts). `words` is the difference of commands, `files` that of what COPY
    reads. `text` is the other step that ORDER and REMOVED_STEP speak of, or the old text of a NEW_STEP's place.
    """

    kind: CauseKind
    name: str = ""
    old: str = ""
    new: str = ""
    change: ChangeKind = ChangeKind.CHANGED
    set_by: Setter | None = None
    words: tuple[WordPiece, ...] = ()
    files: tuple[FileDifference, ...] = ()
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyView:
    """A cache key: its plain text, and the digest of that text."""

    text: str
    digest: str

    @property
    def python(self) -> str:
        """Two lines of Python that give the digest again."""
        text = f'{self.text!r}.encode("utf-8", "surrogateescape")'
        return f'import hashlib\nprint("sha256:" + hashlib.sha256({text}).hexdigest())'


@dataclass(frozen=True, kw_only=True, slots=True)
class StepExplanation:
    """One step: what became of it, and what differs from the earlier build.

    `causes` are its own; `because_of` is the number of the step below that it follows from (0: none), `root` that
    of the step where it all began. `was` is its number in the earlier build (0: it was not there). `before` and
    `after` are both keys. `seconds` is what it took when it really ran, `layer_size` are bytes of files. Of
    `other_times` files only the time differs, which nobody looks at.
    """

    number: int
    stage: str
    text: str
    line: int
    end_line: int
    outcome: Outcome
    causes: tuple[Cause, ...] = ()
    because_of: int = 0
    root: int = 0
    was: int = 0
    before: KeyView | None = None
    after: KeyView | None = None
    seconds: float = 0.0
    layer_size: int = 0
    other_times: int = 0

    @property
    def missed(self) -> bool:
        """Whether it was looked for and not found."""
        return self.outcome is Outcome.MISSED


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation(View):
    """A build and why its steps missed; `compared_with` is the id of the earlier build ("": there is none)."""

    build: str
    name: str
    created: str
    steps: tuple[StepExplanation, ...]
    compared_with: str = ""
    compared_created: str = ""
    predicted: bool = False

    @property
    def own(self) -> tuple[StepExplanation, ...]:
        """The steps that missed by themselves, the first one first.

        Also those that were found in the cache, or are no look-up at all (FROM), where a miss above follows from
        what is other in them.
        """
        roots = {step.root for step in self.steps if step.missed and not step.causes}
        return tuple(step for step in self.steps if step.causes and (step.missed or step.number in roots))

    @property
    def first(self) -> StepExplanation | None:
        """The first step that missed by itself."""
        return next(iter(self.own), None)

    @property
    def consequences(self) -> tuple[StepExplanation, ...]:
        """The steps that missed only because others did."""
        return tuple(step for step in self.steps if step.missed and not step.causes)

    @property
    def open(self) -> tuple[StepExplanation, ...]:
        """The steps of a forecast that depend on what others are going to write: same bytes, and they hit."""
        return tuple(step for step in self.steps if step.outcome is Outcome.UNKNOWN and step.because_of)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """All different causes of misses, each once."""
        return tuple(dict.fromkeys(cause for step in self.own for cause in step.causes))
