"""Git repositories as ADD names them: where the repository is, which commit of it, and which folder.

    https://github.com/moby/buildkit.git                       the default branch
    https://github.com/moby/buildkit.git#v0.9:docs             a tag, branch or commit, and a folder after the colon
    https://github.com/moby/buildkit.git?tag=v0.9&subdir=docs  the same, each by its name
    git@github.com:moby/buildkit.git#v0.9                      by ssh

An http address is a repository only where its path ends in `.git`: the others are files to download. Source:
BuildKit's documentation, "ADD", and git's, "The protocols".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl, quote, unquote

from pydock_lab.dockerfile.characters import quote as quoted
from pydock_lab.dockerfile.scalars import boolean
from pydock_lab.errors import DockerfileError

_SCHEME = re.compile(r"([a-zA-Z0-9]+)://(.*)", re.DOTALL)
_SCHEMES = ("http", "https", "ssh", "git")
# The short form of ssh, `user@host:path` (git-clone(1), "GIT URLS").
_SCP = re.compile(r"([a-zA-Z0-9_-]+@[a-zA-Z0-9.-]+):([^\n]*?)(?:\?([^\n]*?))?(?:#([^\n]*))?")
_URL = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_AUTHORITY = re.compile(r"(?:[^@\s\"<>\\^`{|}]*@)?(?:\[[0-9a-fA-F:.%]+\]|[^\s:@\"<>\\^`{|}\[\]]*)(?::[0-9]*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})|[\x00-\x1f\x7f]")
_IN_PATH = "%/:@!$&'()*+,;=~[]"  # what may stand in a path as it is
_LOCAL = "github.com/"
_SWITCHES = ("submodules", "keep-git-dir", "fetch-by-commit")
_TIMES = ("checkout", "commit")
_NO_REPOSITORY = ("dockerfile.git-not", "dockerfile.git-protocol", "dockerfile.git-scheme", "dockerfile.git-address")


@dataclass(frozen=True, kw_only=True, slots=True)
class GitReference:
    """A repository and what to take from it; "" and None where the text does not say.

    `ref` is a branch, tag or commit; `checksum` the commit that it has to be, `sub_dir` a folder of it, `mtime`
    whose time the files get ("checkout" or "commit"). `looks_local` is true of `github.com/...` without a
    scheme, which may as well be a folder; `is_unencrypted` of http:// and git://.
    """

    remote: str
    short_name: str
    ref: str = ""
    checksum: str = ""
    sub_dir: str = ""
    keep_git_dir: bool | None = None
    submodules: bool | None = None
    mtime: str = ""
    fetch_by_commit: bool = False
    looks_local: bool = False
    is_unencrypted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Address:
    """A reference cut at its signs; `remote` is what git is told, `path` is without escapes."""

    remote: str
    path: str
    query: str
    fragment: str
    scheme: str


def parse_git_reference(text: str) -> GitReference:
    """Read a git reference; raises DockerfileError, for what is no repository as for options that mean nothing."""
    address = _address(text)
    if address.scheme in ("http", "https") and not text.startswith(_LOCAL) and not address.path.endswith(".git"):
        raise DockerfileError("dockerfile.git-not", source=text)
    ref, _, sub_dir = address.fragment.partition(":")
    found = _Options(ref, sub_dir)
    found.read(_query(address.query))
    return GitReference(
        remote=address.remote,
        short_name=address.remote.rpartition("/")[2].removesuffix(".git"),
        looks_local=text.startswith(_LOCAL),
        is_unencrypted=address.scheme in ("http", "git"),
        **found.values,  # type: ignore[arg-type]  # names and types come from _Options
    )


def find_git_reference(text: str) -> GitReference | None:
    """The repository that a source of ADD names; None for files and other addresses.

    Raises DockerfileError for a repository whose options mean nothing.
    """
    try:
        found = parse_git_reference(text)
    except DockerfileError as error:
        if error.key in _NO_REPOSITORY:
            return None
        raise
    # ADD takes this form for a folder of the build context.
    return None if found.looks_local else found


def _address(text: str) -> _Address:
    if text.startswith(("./", "../")):
        raise DockerfileError("dockerfile.git-not", source=text)
    if text.startswith(_LOCAL):
        return _url(text, "", text)
    if with_scheme := _SCHEME.fullmatch(text):
        scheme = with_scheme[1].lower()
        if scheme not in _SCHEMES:
            raise DockerfileError("dockerfile.git-scheme", scheme=scheme)
        return _url(text, scheme, with_scheme[2])
    if with_user := _SCP.fullmatch(text):
        host, path, query, fragment = with_user.groups(default="")
        return _Address(remote=f"{host}:{path}", path=path, query=query, fragment=fragment, scheme="ssh")
    raise DockerfileError("dockerfile.git-protocol", source=text)


def _url(text: str, scheme: str, rest: str) -> _Address:
    found = _URL.fullmatch(rest)
    host, path, query, fragment = found.groups(default="") if found else ("", "", "", "")
    if not _AUTHORITY.fullmatch(host) or _BAD_ESCAPE.search(host + path + fragment):
        raise DockerfileError("dockerfile.git-address", source=quoted(text))
    start = f"{scheme}://" if scheme else ""
    return _Address(
        remote=f"{start}{host}{quote(path, safe=_IN_PATH, errors='replace')}",
        path=unquote(path),
        query=query,
        fragment=unquote(fragment),
        scheme=scheme,
    )


def _query(text: str) -> Mapping[str, str]:
    """The options after the question mark, each once; raises DockerfileError."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in options:
            raise DockerfileError("dockerfile.git-twice", option=quoted(name))
        options[name] = value
    return options


class _Options:
    """What fragment and query say together; where both speak, they have to agree."""

    def __init__(self, ref: str, sub_dir: str) -> None:
        self.values: dict[str, object] = {"ref": ref, "sub_dir": sub_dir}

    def read(self, query: Mapping[str, str]) -> None:
        """Take in the options of a query; raises DockerfileError."""
        for name, value in query.items():
            self._option(name, value)
        if "tag" in query:
            self._agree("ref", "ref", f"refs/tags/{query['tag'].removeprefix('refs/tags/')}")
        if "branch" in query:
            if "tag" in query:
                raise DockerfileError("dockerfile.git-branch-tag")
            self._agree("ref", "ref", f"refs/heads/{query['branch'].removeprefix('refs/heads/')}")
        # A commit alone is also the place to look at.
        self.values["ref"] = self.values["ref"] or self.values.get("checksum", "")

    def _option(self, name: str, value: str) -> None:
        if not value and name not in _SWITCHES:
            raise DockerfileError("dockerfile.git-no-value", option=quoted(name))
        match name:
            case "ref":
                self._agree("ref", "ref", value)
            case "subdir":
                self._agree("sub_dir", "subdir", value)
            case "checksum" | "commit":
                self.values["checksum"] = value
            case "mtime":
                self.values["mtime"] = value if value in _TIMES else _no_time(value)
            case "submodules" | "keep-git-dir" | "fetch-by-commit":
                self.values[name.replace("-", "_")] = _switch(name, value)
            case "tag" | "branch":
                pass
            case _:
                raise DockerfileError("dockerfile.git-unexpected", option=quoted(name))

    def _agree(self, name: str, shown: str, value: str) -> None:
        before = str(self.values[name])
        if before and before != value:
            raise DockerfileError("dockerfile.git-conflict", what=shown, first=quoted(before), second=quoted(value))
        self.values[name] = value


def _switch(name: str, value: str) -> bool:
    if not value:
        return True
    if (found := boolean(value)) is None:
        raise DockerfileError("dockerfile.git-switch", option=name, value=quoted(value))
    return found


def _no_time(value: str) -> NoReturn:
    raise DockerfileError("dockerfile.git-time", value=quoted(value))
