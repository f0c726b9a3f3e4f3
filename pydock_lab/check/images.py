"""Assertions about an image of the store."""

from collections.abc import Mapping, Sequence, Sized
from typing import TYPE_CHECKING

from pydock_lab import locale
from pydock_lab.check.result import Examination, Result

if TYPE_CHECKING:
    from pydock_lab.engine.face import Engine
    from pydock_lab.oci.config import ContainerConfig


def image(
    name: str,
    *,
    entrypoint: Sequence[str] | None = None,
    cmd: Sequence[str] | None = None,
    user: str | None = None,
    workdir: str | None = None,
    env: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    exposed: Sequence[str] | None = None,
    files: Sequence[str] | Mapping[str, str] = (),
    absent: Sequence[str] = (),
    layers: int | None = None,
    size: int | None = None,
    base: str | None = None,
    engine: "Engine | None" = None,
) -> Result:
    """Examine an image: `layers` and `size` (bytes, compressed) are the most that it may have.

    `files` are paths that must be in it, or by path a text that the file must contain; `absent` those that must not be.
    `base` is an image whose layers it must stand on. Without any of them: that it is there.
    """
    from pydock_lab.engine.face import Engine  # noqa: PLC0415 - only for who examines

    the_engine = engine or Engine()
    exam = Examination(name)
    contents = dict.fromkeys(files, "") if not isinstance(files, Mapping) else dict(files)
    settings = {"entrypoint": entrypoint, "cmd": cmd, "user": user, "workdir": workdir}
    asked = {what: value for what, value in settings.items() if value is not None}
    limits = {"layers": layers, "size": size}
    most = {what: value for what, value in limits.items() if value is not None}
    several: tuple[Sized, ...] = (asked, env or (), labels or (), exposed or (), contents, absent, most)
    count = sum(map(len, several)) + (base is not None)

    def examine() -> None:
        found = the_engine.image(name)
        details, config = found.details, found.details.config.config
        if not count:
            exam.holds(True, "there", name=name)
        _settings(exam, config, asked)
        _mappings(exam, config, env or {}, labels or {})
        for port in exposed or ():
            full = port if "/" in str(port) else f"{port}/tcp"
            exam.holds(full in config.exposed_ports, "exposes", port=full)
        _files(exam, the_engine, name, contents, absent)
        counted = {"layers": len(details.manifest.layers), "size": details.size}
        for what, limit in most.items():
            said = _sizes(counted[what], limit) if what == "size" else (counted[what], limit)
            exam.holds(counted[what] <= limit, what, found=said[0], most=said[1])
        if base is not None:
            below = the_engine.image(base).details.config.diff_ids
            exam.holds(details.config.diff_ids[: len(below)] == below, "base", base=base)

    exam.attempt(max(count, 1), examine)
    return exam.result()


def _sizes(found: int, most: int) -> tuple[str, str]:
    """As pictures have them; to the byte, where otherwise the difference would not be seen."""
    said = locale.size(found), locale.size(most)
    if found != most and said[0] == said[1]:
        return locale.text("check.bytes", count=found), locale.text("check.bytes", count=most)
    return said


def _settings(exam: Examination, config: "ContainerConfig", asked: "Mapping[str, Sequence[str]]") -> None:
    said: dict[str, object] = {
        "entrypoint": config.entrypoint or (),
        "cmd": config.cmd or (),
        "user": config.user,
        "workdir": config.working_dir,
    }
    for what, value in asked.items():
        exam.equal(what.upper(), value if isinstance(value, str) else tuple(value), said[what])


def _mappings(exam: Examination, config: "ContainerConfig", env: Mapping[str, str], labels: Mapping[str, str]) -> None:
    variables = dict(entry.partition("=")[::2] for entry in config.env)
    for key, value in env.items():
        exam.equal(f"ENV {key}", value, variables.get(key))
    for key, value in labels.items():
        exam.equal(f"LABEL {key}", value, config.labels.get(key))


def _files(exam: Examination, engine: "Engine", name: str, contents: Mapping[str, str], absent: Sequence[str]) -> None:
    for path, text in contents.items():
        content = engine.full.image_file(name, path)
        if content is None or not text:
            exam.holds(content is not None, "file", path=path)
        else:
            exam.holds(text in content.decode("utf-8", "replace"), "contains", path=path, text=text)
    for path in absent:
        exam.holds(engine.full.image_file(name, path) is None, "absent", path=path)
