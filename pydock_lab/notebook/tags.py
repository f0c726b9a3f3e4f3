"""`%registry`: a registry as its repositories, tags, digests and layers, read as far as somebody opens it.

page                                   kernel
Enter on a repository  --expand-->     Explorer.open: its tags are asked for, and what they point to
a word in the filter   --filter-->     Explorer.filter
                       <--svg----      the tree as it is open now
"""

from typing import TYPE_CHECKING, Any

from pydock_lab.drawing.branches import branches
from pydock_lab.notebook.explored import Explored
from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import TagStory, TagTree

if TYPE_CHECKING:
    from pydock_lab.registry.tree import Explorer


class Story(Picture):
    """Where a tag has pointed."""

    _esm = script("plain.js")

    @property
    def digest(self) -> str:
        """The digest of the chosen moment; "" where none is chosen, or the tag was removed then."""
        found, view = self._number("state"), self.view
        return view.states[found[0]].digest if found and isinstance(view, TagStory) else ""


class Tags(Explored):
    """The tag tree of a registry; with an `explorer` it can be opened further."""

    _esm = script("opens.js", "tags.js")

    def __init__(self, view: TagTree, *, explorer: "Explorer | None" = None, **traits: Any) -> None:
        self._explorer = explorer
        super().__init__(view, explores=explorer is not None, **traits)
        self.on_msg(self._listen)

    @property
    def tree(self) -> TagTree:
        """What is drawn."""
        assert isinstance(self.view, TagTree)  # noqa: S101 - for mypy
        return self.view

    @property
    def digest(self) -> str:
        """The digest of the selected image, or that the selected tag points to; else ""."""
        found = self._number("tag") or self._number("manifest")
        return branches(self.tree.repositories[found[0]])[found[1]].digest if found else ""

    @property
    def repository(self) -> str:
        """The name of the repository that is selected, or in which something is; else ""."""
        for kind in ("repository", "tag", "manifest", "more", "nothing"):
            if found := self._number(kind):
                return self.tree.repositories[found[0]].name
        return ""

    def expand(self, repository: str, digest: str = "") -> None:
        """Open a repository, or a manifest in it."""
        if self._explorer is not None:
            self._explorer.open(repository, digest)
            self._look()

    def collapse(self, repository: str, digest: str = "") -> None:
        """Close it again."""
        if self._explorer is not None:
            self._explorer.close(repository, digest)
            self._look()

    def more(self, repository: str = "") -> None:
        """Show more tags of a repository; without one, more repositories."""
        if self._explorer is not None:
            self._explorer.more(repository)
            self._look()

    def _look(self) -> None:
        assert self._explorer is not None  # noqa: S101 - for mypy
        self._explorer.filter = self.filter
        self.view = self._explorer.view()

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """What was done on the page; a key that there is not any more means nothing."""
        key, kind = str(content.get("key", "")), content.get("type")
        name, _, numbers = key.partition("-")
        places = [int(number) for number in numbers.split("-") if number.isdigit()]
        repositories = self.tree.repositories
        if kind not in ("expand", "collapse") or (places and places[0] >= len(repositories)):
            return
        do = self.expand if kind == "expand" else self.collapse
        repository = repositories[places[0]] if places else None
        if name == "more":
            self._try(lambda: self.more(repository.name if repository else ""))
        elif name == "repository" and repository:
            self._try(lambda: do(repository.name))
        elif name == "manifest" and repository and len(places) > 1:
            found = branches(repository)
            if places[1] < len(found):
                self._try(lambda: do(repository.name, found[places[1]].digest))
