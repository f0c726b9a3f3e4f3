"""What a build knows beside the Dockerfile: options, ignored files, images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.platforms import LINUX_AMD64
from pydock_lab.oci import ImageConfig, Platform

FindConfig = Callable[[str, Platform], ImageConfig | None]


def _no_image(_name: str, _platform: Platform) -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFacts:
    """The facts of one build.

    `target` is a stage's name or number, "" for the last one. `all_stages` looks at the stages too that the target
    does not need. `ignore` is None where no file is left out of the context. `find_config` gives the config of an
    image, None where nobody knows it; `contexts` are the names that `--build-context` gives.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: Platform = LINUX_AMD64
    host: Platform = LINUX_AMD64
    all_stages: bool = False
    ignore: IgnoreRules | None = None
    find_config: FindConfig = _no_image
    contexts: frozenset[str] = frozenset()
