"""`docker images --filter`, and its argument. Source: Docker's documentation, "docker image ls", "Filtering"."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydock_lab.dockerfile.path_pattern import PathPattern
from pydock_lab.engine.filters import LABELS, Filters, bad_value
from pydock_lab.engine.values import ImageSummary
from pydock_lab.errors import DockerfileError
from pydock_lab.oci.times import seconds

_KNOWN = ("before", "dangling", *LABELS, "reference", "since", "until")
_NONE = "<none>"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageFilters:
    """Filters of images; `find_created` gives the RFC 3339 time of an image, or raises NotFound."""

    said: Filters
    find_created: Callable[[str], str]

    @classmethod
    def parse(cls, words: Sequence[str], find_created: Callable[[str], str]) -> "ImageFilters":
        """Read them; raises CommandError, whether there is anything to be filtered or not."""
        said = Filters.parse(words, _KNOWN)
        said.truth("dangling")
        said.is_older(0.0, time.time())
        for value in said.values("reference"):
            _pattern(value)
        return cls(said=said, find_created=find_created)

    @property
    def ask_for_nameless(self) -> bool:
        """Whether images without a name are asked for."""
        return self.said.truth("dangling") is True

    def select(self, rows: Sequence[ImageSummary]) -> list[ImageSummary]:
        """Those that fit; raises NotFound for an image that before or since names."""
        earlier = [self._moment(value) for value in self.said.values("before")]
        later = [self._moment(value) for value in self.said.values("since")]
        dangling, now = self.said.truth("dangling"), time.time()
        return [
            row
            for row in rows
            if (dangling is None or (row.repository == _NONE) is dangling)
            and all(_created(row) < moment for moment in earlier)
            and all(_created(row) > moment for moment in later)
            and self.said.is_older(_created(row), now)
            and self.said.has_labels(row.labels)
            and self.said.fit("reference", lambda value: _is_called(row, value))  # noqa: B023 - asked at once
        ]

    def _moment(self, name: str) -> float:
        return seconds(self.find_created(name)) or 0.0


def _created(row: ImageSummary) -> float:
    return seconds(row.created) or 0.0


def _is_called(row: ImageSummary, pattern: str) -> bool:
    """Whether a pattern means `name:tag`, or the name alone."""
    if row.repository == _NONE:
        return False
    found = _pattern(pattern)
    return found.matches(f"{row.repository}:{row.tag}") or found.matches(row.repository)


def _pattern(text: str) -> PathPattern:
    try:
        return PathPattern.parse(text)
    except DockerfileError:
        raise bad_value("reference", text, "app, app:1, 'app:*', '*/*'") from None
