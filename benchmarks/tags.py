"""A repository of 10,000 tags, and an index of 50 platforms: what somebody waits for who looks at them in a notebook.

list      all names of the tags (`pydock registry tags`)
tree      the first look at the registry, drawn (`%registry HOST`)
filter    another word in the filter of that picture, drawn
index     the index opened: its 50 manifests and their configs, drawn
more      48 tags more, drawn
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import measure, ratio, show
from pydock_lab import Engine, drawing
from pydock_lab.registry.tree import Explorer

_TESTS = Path(__file__).parents[1] / "tests"
_TAGS, _PLATFORMS = 10_000, 50
_ROUNDS = 9
_MAY_TAKE = 1000.0  # milliseconds


def main() -> None:
    """Print the table; the last line is `tags ratio=R`: the slowest of them by the second that it may take."""
    sys.path.insert(0, str(_TESTS))
    from samples.registries import full_registry  # noqa: PLC0415 - the tests' own

    with tempfile.TemporaryDirectory(prefix="pydock-bench-") as name:
        root = Path(name)
        with full_registry(root / "registry", tags=_TAGS, platforms=_PLATFORMS) as server:
            engine = Engine(root / "home").full
            times = measure(
                {
                    "list": lambda: engine.remote_tags(f"{server.address}/lab/app"),
                    "tree": lambda: drawn(engine.explorer(server.address)),
                    "filter": _again(engine.explorer, server.address, _filtered),
                    "index": _again(engine.explorer, f"{server.address}/lab/base", _opened),
                    "more": _again(engine.explorer, server.address, lambda explorer: explorer.more("lab/app")),
                },
                _ROUNDS,
            )
    show(times)
    slowest = max(times.values(), key=lambda values: sorted(values)[len(values) // 2])
    ratio("tags", slowest, [_MAY_TAKE])


def drawn(explorer: Explorer) -> str:
    """What a notebook shows of it: the picture, and what stands behind its parts."""
    view = explorer.view()
    drawing.details(view)
    return drawing.to_svg(view)


def _again(open_explorer: Callable[[str], Explorer], where: str, do: Callable[[Explorer], None]) -> Callable[[], str]:
    """Each time in a tree that was looked at before, and in which this was not done yet."""
    ready = [open_explorer(where) for _ in range(_ROUNDS + 1)]
    for explorer in ready:
        drawn(explorer)

    def act() -> str:
        explorer = ready.pop()
        do(explorer)
        return drawn(explorer)

    return act


def _filtered(explorer: Explorer) -> None:
    explorer.filter = "1.99"


def _opened(explorer: Explorer) -> None:
    (repository,) = explorer.view().repositories
    (index,) = [one for one in repository.manifests if one.children]
    explorer.open(repository.name, index.digest)
