"""What may be written at a place of a Dockerfile: keywords, flags and their values, stages, images, files, variables.

CO|                  keywords            COPY --from=|        stages above, images
COPY --|             flags               RUN --mount=type=|   types, then the fields of that type
FROM |               images, stages      COPY src/|           files of the context, as the build sees it
ENV PATH=${|         variables of ARG and ENV that hold here
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydock_lab.dockerfile.arguments import KEYWORDS
from pydock_lab.dockerfile.cursor import Cursor
from pydock_lab.dockerfile.flags import FlagKind
from pydock_lab.dockerfile.instructions import Network, Security
from pydock_lab.dockerfile.mounts import MountType, Sharing
from pydock_lab.dockerfile.readers import FLAGS

_DEPRECATED = ("MAINTAINER",)
_NOT_LATER = ("FROM", "ONBUILD", *_DEPRECATED)  # what ONBUILD cannot hold
_VARIABLE = re.compile(r"\$\{?\w*$")
# The first word of some instructions, and the values of some flags.
_FIRST: Mapping[str, tuple[str, ...]] = {
    "HEALTHCHECK": ("CMD", "NONE"),
    "STOPSIGNAL": ("SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL", "SIGHUP", "SIGUSR1"),
}
_VALUES: Mapping[str, tuple[str, ...]] = {
    "chmod": ("644", "755", "u=rwX,go=rX"),
    "network": tuple(one.value for one in Network),
    "platform": ("linux/amd64", "linux/arm64", "$BUILDPLATFORM", "$TARGETPLATFORM"),
    "security": tuple(one.value for one in Security),
}
_MOUNTS: Mapping[str, tuple[str, ...]] = {
    MountType.BIND.value: ("from=", "source=", "target=", "readwrite"),
    MountType.CACHE.value: ("id=", "target=", "sharing=", "from=", "source=", "mode=", "uid=", "gid="),
    MountType.TMPFS.value: ("target=", "size="),
    MountType.SECRET.value: ("id=", "target=", "env=", "required", "mode=", "uid=", "gid="),
    MountType.SSH.value: ("id=", "target=", "required", "mode=", "uid=", "gid="),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What only the engine and the context can tell: local images, and files that begin with a text."""

    images: Callable[[], Iterable[str]]
    files: Callable[[str], Iterable[str]]


def offers(place: Cursor, known: Known) -> tuple[str, list[str]]:
    """The fragment before the cursor, and what it may become, sorted."""
    variable = _VARIABLE.search(place.fragment)
    fragment = variable[0] if variable else place.fragment
    found = _variables(place, fragment) if variable else _words(place, known)
    return fragment, sorted({each for each in found if each.startswith(fragment) and each != fragment})


def _variables(place: Cursor, fragment: str) -> Iterator[str]:
    for name in place.variables:
        yield f"${{{name}}}" if fragment.startswith("${") else f"${name}"


def _words(place: Cursor, known: Known) -> Iterable[str]:
    keyword = place.keyword
    if not keyword:
        return _keywords(place)
    if place.fragment.startswith("-") and not place.arguments:
        return _flags(place, known)
    if keyword == "FROM":
        return _bases(place, known)
    if keyword in ("COPY", "ADD"):
        is_from = any(flag.startswith("--from=") for flag in place.flags)
        return () if is_from else known.files(place.fragment)
    return () if place.arguments else _FIRST.get(keyword, ())


def _keywords(place: Cursor) -> Iterator[str]:
    out = _NOT_LATER if place.words else _DEPRECATED
    for keyword in KEYWORDS:
        if keyword not in out:
            # In the case in which the first letters were typed.
            yield keyword.lower() if place.fragment.islower() else keyword


def _bases(place: Cursor, known: Known) -> Iterator[str]:
    if not place.arguments:
        yield from known.images()
        yield from _stages(place)
        yield "scratch"
    elif len(place.arguments) == 1:
        yield "AS"


def _stages(place: Cursor) -> Iterator[str]:
    """The stages above: the one that is being written cannot be copied from, nor be stood on."""
    above = place.stages if place.keyword == "FROM" else place.stages[:-1]
    yield from (stage.name for stage in above if stage.name)


# ---- flags


def _flags(place: Cursor, known: Known) -> Iterator[str]:
    name, equals, value = place.fragment.removeprefix("--").partition("=")
    kinds = FLAGS.get(place.keyword, {})
    if equals:
        yield from (f"--{name}={one}" for one in _values(place, name, value, known) if name in kinds)
        return
    written = {flag.removeprefix("--").partition("=")[0] for flag in place.flags}
    for flag, kind in kinds.items():
        if flag not in written or kind is FlagKind.TEXTS:
            yield f"--{flag}" if kind is FlagKind.SWITCH else f"--{flag}="
    if "mount" in kinds:
        yield "--mount=type="


def _values(place: Cursor, name: str, value: str, known: Known) -> Iterable[str]:
    if name == "from":
        return [*_stages(place), *known.images()]
    return _mounts(place, value, known) if name == "mount" else _VALUES.get(name, ())


def _mounts(place: Cursor, value: str, known: Known) -> Iterator[str]:
    """The fields of a mount: those of its type that are not written yet, and the values of some."""
    before, comma, field = value.rpartition(",")
    key, equals, text = field.partition("=")
    fields = dict(part.partition("=")[::2] for part in before.split(",") if part)
    lead = before + comma
    if equals:
        yield from (f"{lead}{key}={one}" for one in _mount_values(place, key, text, fields, known))
        return
    names = _MOUNTS.get(fields.get("type", "bind"), ()) if fields else ("type=",)
    yield from (lead + name for name in names if name.rstrip("=") not in fields)


def _mount_values(place: Cursor, key: str, text: str, fields: Mapping[str, str], known: Known) -> Iterable[str]:
    match key:
        case "type":
            return [one.value for one in MountType]
        case "sharing":
            return [one.value for one in Sharing]
        case "from":
            return [*_stages(place), *known.images()]
        case "source" | "src" if "from" not in fields:
            return known.files(text)
        case _:
            return ()
