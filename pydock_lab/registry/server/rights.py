"""Who may do what in which repository: a list of grants, where what none of them gives is refused.

everyone:lab/*:pull        whoever asks, logged in or not, may pull from all repositories below lab/
users:*:pull               whoever has logged in may pull from all
alice:team/*:push          alice may push there (and pull), and nobody else
alice:*:all                alice may do everything: delete, too
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase

from pydock_lab.errors import RegistryError

EVERYONE, USERS = "everyone", "users"


class Action(Enum):
    """What an endpoint does to the registry."""

    PING = auto()
    LIST = auto()
    PULL = auto()
    PUSH = auto()
    DELETE = auto()


_ACTIONS = {
    "pull": frozenset({Action.PULL}),
    "push": frozenset({Action.PULL, Action.PUSH}),
    "delete": frozenset({Action.PULL, Action.DELETE}),
    "all": frozenset({Action.PULL, Action.PUSH, Action.DELETE}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """`who` (a user, `users` or `everyone`) may do `actions` in the repositories that a pattern with `*` names."""

    who: str
    repositories: str
    actions: frozenset[Action]

    @classmethod
    def parse(cls, text: str) -> "Grant":
        """`WHO:REPOSITORIES:ACTIONS`, the actions with commas; raises RegistryError."""
        who, _, rest = text.partition(":")
        repositories, _, said = rest.rpartition(":")
        words = said.split(",")
        if not who or not repositories or not set(words) <= _ACTIONS.keys():
            raise RegistryError("registry.bad-grant", grant=text, known=", ".join(_ACTIONS))
        return cls(who=who, repositories=repositories, actions=frozenset().union(*map(_ACTIONS.__getitem__, words)))

    def gives(self, username: str, repository: str, action: Action) -> bool:
        """Whether it lets this user ("": nobody has logged in) do this."""
        is_meant = self.who in (EVERYONE, username) or (self.who == USERS and username)
        # Its `*` crosses slashes, as `lab/*` is meant. fnmatch() would ignore case on Windows.
        return bool(is_meant) and action in self.actions and fnmatchcase(repository, self.repositories)


class Rights:
    """All grants of a registry."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._grants = tuple(grants)

    @classmethod
    def of(cls, words: Sequence[str], *, has_users: bool, public: bool) -> "Rights":
        """The grants that are written; where there are none: all for all, or for who has logged in if there are users.

        With `public` everyone may pull from all besides.
        """
        usual = f"{USERS if has_users else EVERYONE}:*:all"
        return cls(map(Grant.parse, [*(words or [usual]), *([f"{EVERYONE}:*:pull"] if public else [])]))

    def allow(self, username: str, repository: str, action: Action) -> bool:
        """Whether any grant lets this user do this."""
        return any(grant.gives(username, repository, action) for grant in self._grants)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Who asks ("": nobody has logged in): what they may do in a repository now, and which repositories they see.

    The two differ where somebody comes with a token: that is for what it was asked for, and no more.
    """

    username: str
    may: Callable[[str, Action], bool]
    sees: Callable[[str], bool]


NOBODY = Visitor(username="", may=lambda _repository, _action: False, sees=lambda _repository: False)
