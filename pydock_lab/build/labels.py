"""How progress calls the steps of a stage: `[build 2/4] RUN make`, as BuildKit does.

The number counts what a stage does, its FROM included, and not what it only says (ENV, CMD ...). The command is
shown with its variables replaced, but what is a secret as stars.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydock_lab.dockerfile.expansion import Mode, expand
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.errors import DockerfileError

SECRET = "****"  # noqa: S105 - what is shown instead of one


@dataclass(slots=True)
class Labels:
    """The labels of one stage; `title` is "" where there is only one, `total` how many steps it has."""

    title: str
    total: int
    number: int = 0

    def next(self, text: str, *, is_trigger: bool = False) -> str:
        """The label of the next step; `is_trigger` where the base image's ONBUILD asks for it."""
        if not self.total:
            return text
        self.number += 1
        place = f"{self.number:{len(str(self.total))}}/{self.total}"
        return f"[{' '.join(part for part in (self.title, place) if part)}] {'ONBUILD ' * is_trigger}{text}"


def shown(code: str, env: Mapping[str, str], escape: str, mode: Mode = Mode.VALUE) -> str:
    """A command as it is shown: its keyword in capitals, its variables replaced where that can be done."""
    try:
        text = expand(code, env, escape, mode).text
    except DockerfileError:
        text = code
    keyword, space, rest = text.partition(" ")
    return keyword.upper() + space + rest


def summary(document: Heredoc) -> str:
    """A here-document by its first line."""
    first, more, _ = document.content.strip().replace("\r\n", "\n").partition("\n")
    return f"{first}..." if more else first
