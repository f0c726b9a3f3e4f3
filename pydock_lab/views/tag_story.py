"""Where a tag has pointed."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class TagState:
    """What a tag meant since a moment (RFC 3339): a digest, "" where it was removed.

    `tags` are those that mean this digest now.
    """

    since: str
    digest: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TagStory(View):
    """A tag through time, oldest first; `told` by the registry itself, else as far as it was seen from here."""

    host: str
    repository: str
    tag: str
    states: tuple[TagState, ...]
    told: bool

    @property
    def now(self) -> TagState | None:
        """What it means now, as far as is known."""
        return self.states[-1] if self.states else None

    @property
    def images(self) -> int:
        """How many images it has meant."""
        return len({state.digest for state in self.states if state.digest})
