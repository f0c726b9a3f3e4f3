"""A folder as a build context: with its ignore file, and what is remembered of its files."""

from pathlib import Path

from pydock_lab.build.context import BuildContext
from pydock_lab.build.stat_cache import StatCache
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import NotFound


def ignore_text(options: BuildOptions) -> str:
    """The ignore file of the main context, "" where there is none; NAME.dockerignore goes before .dockerignore."""
    root = options.context
    return "" if root is None else read_ignore(root, f"{options.dockerfile_name}.dockerignore")


def read_ignore(root: Path, *names: str) -> str:
    """The first of these files that there is, `.dockerignore` last; "" where there is none."""
    for name in (*names, ".dockerignore"):
        path = root / name
        # The context may be somebody else's (a repository), with a link to a file of this machine. What stands beside a
        # Dockerfile of ours elsewhere is no link.
        places = (root.resolve(), path.parent.resolve())
        if path.is_file() and any(map(path.resolve().is_relative_to, places)):
            return path.read_text(encoding="utf-8", errors="replace")
    return ""


def open_folder(root: Path | None, ignore: str, cache: StatCache | None) -> BuildContext:
    """A folder without what its ignore file names; raises NotFound and DockerfileError."""
    if root is not None and not root.is_dir():
        raise NotFound("build.no-context", path=str(root))
    rules = IgnoreRules.parse(ignore)
    excluded = rules.ignores if rules.rules else None
    return BuildContext(root, excluded, reinclude=rules.has_exceptions, cache=cache)
