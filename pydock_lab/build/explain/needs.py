"""Which files a RUN needs, told from its words: what has to be copied before it, and what may come later.

    pip install -r requirements.txt      requirements*.txt        and nothing else
    npm ci                               package.json and its lock
    apt-get install -y git               nothing
    make                                 nobody knows: so nothing is said

Only programs whose ways are known are judged; a command with any other in it may need everything.
"""

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise

_ENDS = re.compile(r"[;&|()]+|\n")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WRAPPERS = frozenset({"sudo", "env", "exec", "time", "command", "nice"})
# They make, fetch or say something, and look at no file but those they are told.
_PLAIN = frozenset({
    "echo", "printf", "true", ":", "set", "mkdir", "rm", "touch", "date", "sleep", "export", "umask", "useradd",
    "cat", "sort", "head", "tail", "wc", "seq", "sha256sum", "md5sum", "tr", "cut", "uniq",
    "adduser", "groupadd", "addgroup", "usermod", "update-ca-certificates", "locale-gen", "ldconfig", "apt-get",
    "apt", "apk", "dnf", "yum", "microdnf", "zypper", "curl", "wget", "gem", "add-apt-repository", "apt-key",
})  # fmt: skip
_CD = 2  # cd FOLDER
_PIP_VALUES = frozenset({
    "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "-f", "--find-links", "-t", "--target",
    "--prefix",
})  # fmt: skip
_NPM = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")
_YARN = ("package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc")
_PNPM = ("package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Installer:
    """A program that installs what some files list: `fits` its arguments, patterns of the files."""

    fits: Callable[[Sequence[str]], bool]
    files: tuple[str, ...]


def _starts(*words: str) -> Callable[[Sequence[str]], bool]:
    return lambda arguments: [one for one in arguments if not one.startswith("-")][: len(words)] == list(words)


def _with(flag: str, *words: str) -> Callable[[Sequence[str]], bool]:
    start = _starts(*words)
    return lambda arguments: flag in arguments and start(arguments)


def _outside(arguments: Sequence[str]) -> bool:
    """Whether pip installs packages by their names only: a path, or `-e`, would be the project itself."""
    words = [one for before, one in pairwise(["", *arguments]) if before not in _PIP_VALUES]
    paths = any(one in ("-e", "--editable") or one.startswith((".", "/")) for one in words)
    return bool(words) and words[0] in ("install", "download", "wheel") and not paths


# Cargo is not among them: it reads no manifest whose sources are not there.
_INSTALLERS: Mapping[str, tuple[_Installer, ...]] = {
    "pip": (_Installer(fits=_outside, files=()),),
    "npm": (
        _Installer(fits=_starts("ci"), files=_NPM),
        _Installer(fits=_starts("install"), files=_NPM),
        _Installer(fits=_starts("i"), files=_NPM),
    ),
    "yarn": (_Installer(fits=lambda arguments: _starts("install")(arguments) or not arguments, files=_YARN),),
    "pnpm": (_Installer(fits=_starts("install"), files=_PNPM), _Installer(fits=_starts("fetch"), files=_PNPM)),
    "go": (_Installer(fits=_starts("mod", "download"), files=("go.mod", "go.sum", "go.work", "go.work.sum")),),
    "bundle": (_Installer(fits=_starts("install"), files=("Gemfile", "Gemfile.lock", ".ruby-version", "*.gemspec")),),
    "composer": (_Installer(fits=_with("--no-scripts", "install"), files=("composer.json", "composer.lock")),),
    "poetry": (_Installer(fits=_with("--no-root", "install"), files=("pyproject.toml", "poetry.lock")),),
    "pipenv": (_Installer(fits=_starts("install"), files=("Pipfile", "Pipfile.lock")),),
    "uv": (
        _Installer(fits=_with("--no-install-project", "sync"), files=("pyproject.toml", "uv.lock", ".python-version")),
    ),
    "mvn": (_Installer(fits=lambda arguments: "dependency:go-offline" in arguments, files=("pom.xml",)),),
    "dotnet": (_Installer(fits=_starts("restore"), files=("*.sln", "*.csproj", "*.fsproj", "nuget.config")),),
}


def needed_files(command: str, folder: str, there: Mapping[str, str]) -> frozenset[str] | None:
    """The files that a command run in `folder` needs of those that are `there`; None where nobody can know.

    `there` are paths in the image, and what was copied to them: the names that are given.
    """
    if "$(" in command or "`" in command:
        return None
    found: set[str] = set()
    try:
        for words in _commands(command):
            if words[0] == "cd" and len(words) == _CD:
                folder = posixpath.join(folder, words[1])
                continue
            needs = _needs(words, folder, there)
            if needs is None:
                return None
            found |= needs
    except ValueError:  # a quote that is not closed
        return None
    return frozenset(found)


def uses_only(command: str, programs: frozenset[str]) -> bool:
    """Whether a command runs these programs, and no others."""
    try:
        return "$(" not in command and all(posixpath.basename(words[0]) in programs for words in _commands(command))
    except ValueError:
        return False


def _commands(command: str) -> Iterator[list[str]]:
    """Each simple command as its words, without assignments and redirections before it."""
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if _ENDS.fullmatch(word):
            bare = _bare(words)
            if bare:
                yield bare
            words = []
        else:
            words.append(word)


def _bare(words: list[str]) -> list[str]:
    while words and (words[0] in _WRAPPERS or _ASSIGNMENT.match(words[0])):
        words = words[1:]
    return words


def _needs(words: list[str], folder: str, there: Mapping[str, str]) -> set[str] | None:
    words = _without_python(words)
    program, arguments = posixpath.basename(words[0]), words[1:]
    named = {there[path] for word in arguments for path in _paths(word, folder) if path in there}
    if program in ("pip3", "pip"):
        program = "pip"
        named |= _siblings(named, there)
    found = next((one for one in _INSTALLERS.get(program, ()) if one.fits(arguments)), None)
    if found is not None:
        return named | {there[path] for path in there if _fits(path, folder, found.files)}
    return named if program in _PLAIN else None


def _without_python(words: list[str]) -> list[str]:
    """`python -m pip` is pip, and so is `uv pip`."""
    if re.fullmatch(r"python[\d.]*", posixpath.basename(words[0])) and words[1:3] == ["-m", "pip"]:
        return words[2:]
    return words[1:] if words[:2] == ["uv", "pip"] else words


def _paths(word: str, folder: str) -> Iterator[str]:
    """The paths that a word may name: alone, or behind the = of an option."""
    for one in (word, word.partition("=")[2]):
        if one:
            yield posixpath.normpath(posixpath.join(folder, one))


def _siblings(named: set[str], there: Mapping[str, str]) -> set[str]:
    """Requirements files beside one that is named: one may include another."""
    folders = {posixpath.dirname(one) for one in named if one.endswith((".txt", ".in"))}
    beside = {one for one in there.values() if posixpath.dirname(one) in folders}
    return {one for one in beside if fnmatchcase(posixpath.basename(one), "*requirements*.txt")}


def _fits(path: str, folder: str, patterns: tuple[str, ...]) -> bool:
    inside = posixpath.dirname(path) == posixpath.normpath(folder)
    name = posixpath.basename(path)
    return any((inside or pattern.endswith("proj")) and fnmatchcase(name, pattern) for pattern in patterns)
