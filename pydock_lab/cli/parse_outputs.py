"""`--output`, `--cache-from` and `--cache-to`: what becomes of a build, and what it begins with.

    --output out     --output -     --output type=oci,dest=app.tar     --output type=registry,name=host/app
    --cache-to type=local,dest=cache,mode=max     --cache-from type=registry,ref=host/app:cache

Source: Docker's documentation, "docker buildx build"; BuildKit, docs/build/exporters and docs/build/cache.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from pydock_lab.cli.parse import fields
from pydock_lab.engine.options import CacheKind, CacheStore, Output, OutputKind
from pydock_lab.errors import CommandError

_FILES = (OutputKind.TAR, OutputKind.OCI, OutputKind.DOCKER)
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
# Said by many, and true here anyway.
_ALWAYS = {"oci-mediatypes": "true", "image-manifest": "true", "compression": "gzip", "store": "true", "unpack": "true"}


def _known(given: dict[str, str], names: Iterable[str], option: str, text: str) -> None:
    for name in given.keys() - set(names):
        if given[name] != _ALWAYS.get(name):
            raise CommandError("cli.unknown-field", option=option, value=text, field=name, known=", ".join(names))


def _truth(given: dict[str, str], name: str, option: str, text: str, *, default: bool = False) -> bool:
    value = given.get(name, str(default)).lower()
    if value not in _TRUTH:
        raise CommandError("cli.bad-fields", option=option, value=text)
    return _TRUTH[value]


def output(text: str, standard_output: Callable[[], BinaryIO]) -> Output:
    """`DIR`, `-`, or `type=TYPE[,dest=PATH]...`; raises CommandError."""
    if "=" not in text and "," not in text:
        kind = OutputKind.TAR if text == "-" else OutputKind.LOCAL
        given = {"dest": text}
    else:
        given = fields(text, "--output")
        said = given.pop("type", "")
        if said == "registry":
            given |= {"push": given.get("push", "true")}
            said = "image"
        if said not in list(OutputKind):
            known = ", ".join([*OutputKind, "registry"])
            raise CommandError("cli.bad-output", value=text, known=known)
        kind = OutputKind(said)
    _known(given, ("dest", "name", "tar", "push"), "--output", text)
    return _placed(kind, given, text, standard_output)


def _placed(kind: OutputKind, given: dict[str, str], text: str, standard_output: Callable[[], BinaryIO]) -> Output:
    place, is_folder = given.get("dest", ""), not _truth(given, "tar", "--output", text, default=True)
    if kind is OutputKind.LOCAL or is_folder:
        if not place or place == "-" or (Path(place).exists() and not Path(place).is_dir()):
            raise CommandError("cli.output-folder", value=text)
    elif kind in _FILES and Path(place).is_dir() and place:
        raise CommandError("cli.output-file", value=text)
    is_loaded = kind is OutputKind.DOCKER and not place
    is_streamed = kind in _FILES and place in ("", "-") and not is_loaded
    return Output(
        kind=kind,
        path=Path(place) if place not in ("", "-") else None,
        stream=standard_output() if is_streamed else None,
        is_folder=is_folder,
        names=tuple(name for name in given.get("name", "").split(",") if name),
        push=_truth(given, "push", "--output", text),
    )


def cache_from(text: str) -> CacheStore:
    """`IMAGE`, `type=registry,ref=IMAGE`, or `type=local,src=DIR`; raises CommandError."""
    if "=" not in text:
        return CacheStore(kind=CacheKind.REGISTRY, reference=text)
    given = fields(text, "--cache-from")
    kind = _cache_kind(given, "--cache-from", text)
    names = ("type", "ref") if kind is CacheKind.REGISTRY else ("type", "src", "tag")
    _known(given, names, "--cache-from", text)
    place = given.get("ref" if kind is CacheKind.REGISTRY else "src", "")
    if not place or kind is CacheKind.INLINE:
        raise CommandError("cli.bad-cache", option="--cache-from", value=text)
    if kind is CacheKind.REGISTRY:
        return CacheStore(kind=kind, reference=place)
    return CacheStore(kind=kind, path=Path(place), tag=given.get("tag", "latest"))


def cache_to(text: str) -> CacheStore:
    """`type=inline`, `IMAGE`, `type=registry,ref=IMAGE`, or `type=local,dest=DIR`, with `mode=max`."""
    if "=" not in text:
        return CacheStore(kind=CacheKind.REGISTRY, reference=text)
    given = fields(text, "--cache-to")
    kind = _cache_kind(given, "--cache-to", text)
    place = {CacheKind.REGISTRY: "ref", CacheKind.LOCAL: "dest"}.get(kind, "")
    names = ("type", *filter(None, [place]), "mode", "tag", "ignore-error")
    _known(given, names, "--cache-to", text)
    where, mode = given.get(place, ""), given.get("mode", "min")
    if (place and not where) or mode not in ("min", "max"):
        raise CommandError("cli.bad-cache", option="--cache-to", value=text)
    return CacheStore(
        kind=kind,
        path=Path(where) if kind is CacheKind.LOCAL else None,
        reference=where if kind is CacheKind.REGISTRY else "",
        tag=given.get("tag", "latest"),
        is_whole=mode == "max",
        ignore_error=_truth(given, "ignore-error", "--cache-to", text),
    )


def _cache_kind(given: dict[str, str], option: str, text: str) -> CacheKind:
    try:
        return CacheKind(given.get("type", "registry"))
    except ValueError:
        known = ", ".join(CacheKind)
        raise CommandError("cli.cache-kind", option=option, value=text, kind=given["type"], known=known) from None
