"""The edits that are tried, one function for each idea: a new Dockerfile text, or None where it does not apply here.

    COPY . .                          COPY requirements.txt ./       only what the step needs
    RUN pip install -r ...     ->     RUN pip install -r ...
                                      COPY . .                       the rest after it

They are applied to the Dockerfiles of both builds, so that keys can tell whether the step would have been kept. What
keys cannot tell is whether the image still means the same: so each idea is kept to cases where it does.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Iterator

from pydock_lab.build.explain.edits import with_lines_moved
from pydock_lab.build.explain.needs import needed_files, uses_only
from pydock_lab.build.explain.place import Place, command_of, copied, folder_of
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.dockerfile import instructions as ins

# Programs read these without anybody writing a dollar.
_IMPLICIT = re.compile(
    r"PATH|HOME|USER|SHELL|LANG|LANGUAGE|LC_.*|TZ|TERM|PS1|.*_PROXY|.*_proxy|DEBIAN_FRONTEND|.*FLAGS|CC|CXX|LD_.*|"
    r"(PYTHON|PIP|UV|POETRY|PIPENV|VIRTUAL_ENV|NODE|NPM|YARN|PNPM|GO|CGO|CARGO|RUST|JAVA|MAVEN|GRADLE|GEM|BUNDLE|"
    r"RAILS|COMPOSER|DOTNET|CONDA|MAMBA|R_|APT|GIT|CMAKE|MAKE|SOURCE_DATE_EPOCH).*"
)
_SMALL = frozenset(["echo", "printf", "date", "touch", "mkdir", "true", "cp", "ln", "cat", ":", "set"])
_CHEAP = 4  # so many times faster than the step that is to be kept
_SETTINGS = re.compile(
    r"/etc/(apt|apk|yum|dnf|pip|npm|ssl|resolv|hosts|passwd|group)|/root|\.\w+rc\b|/usr|/bin|/lib|/opt"
)


# ---- copy first what is needed


def copy_first(place: Place, names: Iterable[str]) -> str | None:
    """The COPY steps that changed moved below the step, and the files `names`, which it needs, copied before it."""
    first = _first_copy(place)
    if first is None:
        return None
    moved = [one for one in place.between(first.line) if isinstance(one, ins.Transfer)]
    wanted = set(names)
    lines = [line for one in moved for line in _copies(place, one, wanted)]
    ranges = [one.lines for one in moved]
    return with_lines_moved(place.record.dockerfile, ranges, place.step.end_line, {first.line: lines})


def needed_before(place: Place) -> frozenset[str] | None:
    """The files that must be copied before the step: its own, and those of each RUN between; None: cannot be known."""
    first = _first_copy(place)
    if first is None or place.step.kind is not StepKind.RUN:
        return None
    there: dict[str, str] = {}
    needed: set[str] = set()
    for line, step in sorted(place.steps.items()):
        if not first.line <= line <= place.step.line:
            continue
        if step.kind in (StepKind.COPY, StepKind.ADD):
            there |= copied(place, step)
        elif step.kind is StepKind.RUN:
            found = needed_files(command_of(step), folder_of(step), there)
            if found is None:
                return None
            needed |= found
    return frozenset(needed)


def _first_copy(place: Place) -> StepRecord | None:
    """The changed COPY, where it and all others between it and the step can be moved down."""
    root = place.root
    if root is None or root.stage_index != place.step.stage_index or root.line >= place.step.line:
        return None
    between = place.between(root.line)
    steps = [place.steps.get(one.lines.first) for one in between if isinstance(one, ins.Transfer)]
    is_plain = all(step and step.sources and not step.origin for step in steps)
    return root if steps and is_plain and _means_the_same(between) else None


def _means_the_same(between: Iterable[ins.Instruction]) -> bool:
    """Whether copies may move down: below a WORKDIR or a variable, the same words might mean another place."""
    relative = variable = False
    for one in between:
        if isinstance(one, ins.Transfer):
            relative |= not one.destination.startswith("/")
            variable |= "$" in one.code
        elif (relative and isinstance(one, ins.Workdir)) or (variable and isinstance(one, ins.Env | ins.Arg)):
            return False
    return True


def _copies(place: Place, instruction: ins.Transfer, wanted: set[str]) -> Iterator[str]:
    """COPY lines for some of the files that one COPY takes, to the same places."""
    step = place.steps[instruction.lines.first]
    folders: dict[str, list[str]] = {}
    for path, source in sorted(copied(place, step).items()):
        if source in wanted and posixpath.basename(path) == posixpath.basename(source):
            folders.setdefault(posixpath.dirname(path), []).append(source)
        elif source in wanted:
            yield _copy_line(instruction, [source], path)
    for folder, sources in folders.items():
        yield _copy_line(instruction, sources, _written(instruction, step, folder).rstrip("/") + "/")


def _written(instruction: ins.Transfer, step: StepRecord, folder: str) -> str:
    """A folder as the COPY would write it: relative where that one is."""
    written = instruction.destination
    if written.startswith(("/", "$")):
        return folder
    start = posixpath.normpath(json.loads(step.key)["destination"])
    inside = posixpath.relpath(folder, start)
    return posixpath.join(written or ".", "" if inside == "." else inside)


def _copy_line(instruction: ins.Transfer, sources: list[str], destination: str) -> str:
    flags = [flag for flag in instruction.source.flags if not flag.startswith(("--exclude", "--parents"))]
    words = [*sources, destination]
    said = json.dumps(words, ensure_ascii=False) if any(" " in word for word in words) else " ".join(words)
    return " ".join([instruction.name, *flags, said])


# ---- move a variable down


def move_variables(place: Place, names: Iterable[str]) -> str | None:
    """The ENV and ARG lines of these variables moved below the step, to where they are first used."""
    known = set(names)
    moved: list[ins.Instruction] = []
    for one in place.between(0):
        if isinstance(one, ins.Env | ins.Arg) and (_sets(one) & known or place.mentions(one, known)):
            moved.append(one)
            known |= _sets(one)
        elif moved and place.mentions(one, known) and not isinstance(one, ins.Label):
            return None
    if any(_IMPLICIT.fullmatch(name) for name in known):
        return None
    later = [one for one in place.commands if one.lines.first >= place.step.line]
    if not later or place.mentions(later[0], known):
        return None
    return with_lines_moved(place.record.dockerfile, [one.lines for one in moved], _last_without(place, later, known))


def _sets(instruction: ins.Env | ins.Arg) -> set[str]:
    if isinstance(instruction, ins.Env):
        return {pair.key for pair in instruction.pairs}
    return {variable.key for variable in instruction.variables}


def _last_without(place: Place, later: list[ins.Instruction], names: set[str]) -> int:
    """The last line of the last step before one that uses, or sets, these variables."""
    last = later[0].lines.last
    for one in later:
        if place.mentions(one, names) or (isinstance(one, ins.Env | ins.Arg) and _sets(one) & names):
            break
        if isinstance(one, ins.Run | ins.Transfer | ins.Workdir):
            last = one.lines.last
    return last


# ---- move a step down


def move_step(place: Place) -> str | None:
    """A small step that changed moved below an expensive one which has nothing to do with it."""
    root, step = place.root, place.step
    if root is None or root.stage_index != step.stage_index or root.kind is not StepKind.RUN or root.line >= step.line:
        return None
    between = [one for one in place.between(root.line) if one.lines.first != root.line]
    if any(isinstance(one, ins.Transfer | ins.Workdir | ins.User | ins.Shell | ins.Env | ins.Arg) for one in between):
        return None
    command = command_of(root)
    others = [place.text(one) for one in between] + [command_of(step)]
    is_apart = not any(path in other for path in _paths(command) for other in others)
    is_small = uses_only(command, _SMALL) and not _SETTINGS.search(command)
    is_cheap = root.made_seconds * _CHEAP <= step.made_seconds
    if not (is_apart and is_small and is_cheap) or needed_files(command_of(step), folder_of(step), {}) is None:
        return None
    lines = [one.lines for one in place.commands if one.lines.first == root.line]
    return with_lines_moved(place.record.dockerfile, lines, step.end_line)


def _paths(command: str) -> set[str]:
    return {word.strip("\"';") for word in re.split(r"[\s=>]+", command) if "/" in word}


# ---- leave out of the context

_PARTS = (
    ".git", ".hg", ".svn", ".github", ".gitignore", "__pycache__", "node_modules", ".pytest_cache",
    ".mypy_cache", ".ruff_cache", ".tox", ".nox", ".venv", ".ipynb_checkpoints", ".idea", ".vscode",
    ".DS_Store", ".coverage", "htmlcov", ".hypothesis",
)  # fmt: skip
_ENDS = (".log", ".pyc", ".pyo", ".swp", ".tmp", ".bak", "~")
_TOP = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", ".dockerignore")
_NEEDS = {"node_modules": ("npm", "yarn", "pnpm"), ".venv": ("pip", "uv", "poetry")}  # made in the image itself


def ignore_patterns(record: BuildRecord, paths: Iterable[str]) -> tuple[str, ...] | None:
    """Patterns for an ignore file that leave out all these files; None where one of them may be needed."""
    found: dict[str, None] = {}
    words = [one.text for one in record.steps if one.kind is not StepKind.FROM]
    for path in paths:
        pattern = needless_pattern(path, record.dockerfile_name)
        if pattern is None or not _is_needless(pattern, path, words, record):
            return None
        found[pattern] = None
    return tuple(found)


def needless_pattern(path: str, dockerfile_name: str) -> str | None:
    """The line of an ignore file for what images seldom need: histories, caches, logs; None for anything else."""
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part in _PARTS:
            return part if at == 0 and part.startswith(".git") else f"**/{part}"
    name = posixpath.basename(dockerfile_name)
    if name and path in (*_TOP, name, f"{name}.dockerignore"):
        return path
    return next((f"**/*{end}" for end in _ENDS if path.endswith(end)), None)


def _is_needless(pattern: str, path: str, words: list[str], record: BuildRecord) -> bool:
    """Whether no step names it, and those that would make it anew are there."""
    name = pattern.removeprefix("**/").removeprefix("*")
    program = "git" if name == ".git" else None
    named = any(name in text or (program and re.search(rf"\b{program}\b(?! clone)", text)) for text in words)
    taken = any(posixpath.normpath(source) == path for one in record.steps for source in one.sources)
    makers = _NEEDS.get(name, ())
    is_made = not makers or any(re.search(rf"\b{maker}\b", text) for maker in makers for text in words)
    return is_made and not named and not taken
