"""What makes an image big: by step and by file, what of it is wasted and why, and what should not be in it."""

from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.views.base import View


class WasteReason(StrEnum):
    """Why bytes of a layer are in the image, and nobody sees them."""

    OVERWRITTEN = "overwritten"
    DELETED = "deleted"
    METADATA = "metadata"  # chmod, chown: the whole file is copied for some bits
    IDENTICAL = "identical"  # written again as it was


class SecretKind(StrEnum):
    """What looks like a secret."""

    PRIVATE_KEY = "private-key"
    CLOUD_KEY = "cloud-key"
    TOKEN = "token"  # noqa: S105 - a kind of secret, not one
    PASSWORD = "password"  # noqa: S105 - see above
    CREDENTIALS = "credentials"  # a file whose purpose is to hold them


class SecretPlace(StrEnum):
    """Where it was found."""

    ARGUMENT = "argument"  # ARG, --build-arg: in the history
    VARIABLE = "variable"  # ENV: in the history and in every container
    COMMAND = "command"
    FILE = "file"
    DELETED_FILE = "deleted-file"  # a later step deleted it: it is in its layer all the same


@dataclass(frozen=True, kw_only=True, slots=True)
class HeavyFile:
    """A file of a layer; bytes."""

    path: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WastedFile:
    """A file that step `written` put into the image and step `hidden` hid again: `size` bytes travel for nothing.

    `old` and `new` are modes or owners where only those changed. `written_layer` and `hidden_layer` are the places of
    both layers in `Weight.steps`: a base image has several layers, which all have the number 0.
    """

    path: str
    size: int
    written: int
    hidden: int
    reason: WasteReason
    old: str = ""
    new: str = ""
    written_layer: int = 0
    hidden_layer: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StepWeight:
    """One layer: bytes of its files, what it takes compressed, its heaviest files, what of it is wasted.

    `number` 0 is the base image, `line` 0 where it is not known; `files` counts all.
    """

    number: int
    text: str
    line: int = 0
    size: int = 0
    compressed: int = 0
    files: int = 0
    heaviest: tuple[HeavyFile, ...] = ()
    wasted: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """What looks like a secret: `shown` is never all of it. `name` is a variable, a path, or an option."""

    kind: SecretKind
    place: SecretPlace
    step: int
    line: int
    name: str
    shown: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight(View):
    """An image by weight: steps from the base up, wasted files with the largest first, secrets in order of steps."""

    name: str
    steps: tuple[StepWeight, ...]
    wasted: tuple[WastedFile, ...] = ()
    secrets: tuple[Secret, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files of all layers."""
        return sum(step.size for step in self.steps)

    @property
    def wasted_size(self) -> int:
        """Bytes that nobody sees."""
        return sum(file.size for file in self.wasted)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextFolder:
    """A path of a build context with all that is in it: bytes and files that are sent, and that are left out.

    `inside` are its heaviest parts (files too), the heaviest first; `needless` tells that images do not need it.
    """

    path: str
    size: int
    files: int
    ignored_size: int = 0
    ignored_files: int = 0
    needless: bool = False
    inside: tuple["ContextFolder", ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextWeight(View):
    """A build context by weight; `has_ignore` whether there is an ignore file, `advised` lines for it."""

    name: str
    top: ContextFolder
    has_ignore: bool
    advised: tuple[str, ...] = ()
