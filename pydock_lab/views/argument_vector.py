"""What a container's first program is told: where each of its words comes from."""

from dataclasses import dataclass

from pydock_lab.views.base import View


@dataclass(frozen=True, kw_only=True, slots=True)
class ArgumentWord:
    """A word of the argument vector, and who said it: `entrypoint`, `cmd`, `run` (after the image's name), `option`.

    `is_ignored`: it is there, and nobody looks at it.
    """

    text: str
    source: str
    is_ignored: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ArgumentVector(View):
    """ENTRYPOINT, CMD and the words of `docker run`, composed into what process 1 receives.

    `entrypoint` and `cmd` are as the image's config has them: a Dockerfile's shell form is `/bin/sh -c TEXT` there.
    `option` is `--entrypoint`, None where it is not written. `result` is empty where Docker would refuse to start it.
    `notes` are what is worth knowing of it, by name.
    """

    image: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    words: tuple[str, ...]
    option: str | None
    result: tuple[ArgumentWord, ...]
    notes: tuple[str, ...]
