"""Secrets that ended up in an image: in its history, in a variable, in a file of a layer, deleted or not.

    ARG TOKEN                    whoever has the image reads it with docker history
    ENV DB_PASSWORD=...          and finds it in every container
    COPY .aws/credentials /root  a later `RUN rm` hides it, and takes nothing out of the layer

What is found is never shown whole. What to do instead: RUN --mount=type=secret, which leaves no trace.
"""

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.explain.variables import Provenance
from pydock_lab.build.explain.weighed import WeighedLayer
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.views import Secret, SecretKind, SecretPlace

# The bytes of a file in the layer at this place, from the base up; None where they cannot be had.
Read = Callable[[int, bytes], bytes | None]

_LARGEST = 1 << 18  # bytes; keys and lists of passwords are small
_SHOWN = 4  # characters of a token: which one it is, and nothing of use
_NAME = re.compile(
    r"(?:_|^)(?:apikey|api_key|auth|credentials?|key|password|passphrase|pword|passwd|pwd|secret|token)s?(?:_|$)",
    re.IGNORECASE,
)
# GPG_KEY in the official Python images is the fingerprint of a public key.
_NO_NAME = re.compile(r"(?:_|^)(?:public|file|path|version|url|id|name|server|keyserver)(?:_|$)|GPG_KEY", re.IGNORECASE)
# `(?!\$)`: a variable in the place of a secret gives nothing away.
_TOKENS: tuple[tuple[SecretKind, re.Pattern[str]], ...] = (
    (SecretKind.PRIVATE_KEY, re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    (SecretKind.CLOUD_KEY, re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    (SecretKind.CLOUD_KEY, re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    (SecretKind.TOKEN, re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}")),
    (SecretKind.TOKEN, re.compile(r"\bgithub_pat_[0-9A-Za-z_]{20,}")),
    (SecretKind.TOKEN, re.compile(r"\bglpat-[0-9A-Za-z_-]{16,}")),
    (SecretKind.TOKEN, re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}")),
    (SecretKind.TOKEN, re.compile(r"\bpypi-[0-9A-Za-z_-]{32,}")),
    (SecretKind.TOKEN, re.compile(r"\bnpm_[0-9A-Za-z]{30,}")),
    (SecretKind.TOKEN, re.compile(r"\bdckr_pat_[0-9A-Za-z_-]{20,}")),
    (SecretKind.TOKEN, re.compile(r"\bsk_live_[0-9A-Za-z]{16,}")),
    (SecretKind.TOKEN, re.compile(r"_authToken\s*=\s*(?!\$)[^\s\"']{8,}")),
    (SecretKind.TOKEN, re.compile(r"[Aa]uthorization:\s*(?:Bearer|Basic|token)\s+(?!\$)[^\s\"']{8,}")),
    (SecretKind.PASSWORD, re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'$]+:(?!\$)[^\s/@\"'$]{3,}@")),
)
_OPTION = re.compile(
    r"(?:^|[\s;&|])(--?(?:password|passwd|pass|token|secret|api-?key))[=\s]+[\"']?(?![\"'$-])([^\s\"']{3,})"
)
_SET = re.compile(r"(?:^|[\s;&|])([A-Za-z_]\w*)=[\"']?(?![\"'$])([^\s\"']{3,})")
_FILES = (
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".git-credentials", ".netrc", ".pgpass", ".my.cnf", ".pypirc",
    ".dockercfg", "credentials.json", "service-account*.json", "*.keystore", "*.jks", "*.p12", "*.pfx", "*.kdbx",
    ".env", ".env.local", ".env.production", ".htpasswd", "secrets.y*ml",
)  # fmt: skip
_PATHS = ("*.aws/credentials", "*.docker/config.json", "*.kube/config", "*.config/gcloud/*", "*.ssh/*key")
_READ = (".npmrc", "*.pem", "*.key", "*.env", "*.cfg", "*.conf", "*.ini", "*.toml", "*.json", "*.y*ml", "*.txt", "*.sh")


def find_secrets(record: BuildRecord, layers: Sequence[WeighedLayer], read: Read | None = None) -> tuple[Secret, ...]:
    """What looks like a secret in a build and the layers that it made, in the order of the steps.

    Without `read`, files are judged by their names only. The base image is left to those who made it.
    """
    found = [*_words(record), *_files(layers, read)]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.step, one.place, one.name)))


# ---- words


def _words(record: BuildRecord) -> Iterator[Secret]:
    provenance = Provenance(record)
    for step in record.steps:
        instruction = provenance.instruction(step.stage_index, step.line)
        match instruction:
            case ins.Arg() | ins.Env():
                yield from _variables(step, instruction, provenance)
            case ins.Run():
                yield from _command(step, record)
            case _:
                yield from _tokens(step, step.text, SecretPlace.COMMAND, step.kind.value)


def _variables(step: StepRecord, instruction: ins.Arg | ins.Env, provenance: Provenance) -> Iterator[Secret]:
    is_arg = isinstance(instruction, ins.Arg)
    settings = provenance.at(step.stage_index, step.end_line + 1)
    names = [one.key for one in (instruction.variables if isinstance(instruction, ins.Arg) else instruction.pairs)]
    place = SecretPlace.ARGUMENT if is_arg else SecretPlace.VARIABLE
    for name in names:
        setting = settings.get(name)
        value = setting.value if setting else None
        tokens = tuple(_tokens(step, value or "", place, name))
        yield from tokens
        # An empty value tells nothing, and a name alone that it will be given with --build-arg.
        if not tokens and value and _is_secret(name):
            yield _secret(SecretKind.PASSWORD, place, step, name, "")


def _is_secret(name: str) -> bool:
    return bool(_NAME.search(name)) and not _NO_NAME.search(name)


def _command(step: StepRecord, record: BuildRecord) -> Iterator[Secret]:
    # The lines as they are written: a here-document is part of the command.
    text = "\n".join(record.dockerfile.splitlines()[step.line - 1 : step.end_line])
    yield from _tokens(step, text, SecretPlace.COMMAND, StepKind.RUN.value)
    for found in _OPTION.finditer(text):
        yield _secret(SecretKind.PASSWORD, SecretPlace.COMMAND, step, found[1], "")
    for found in _SET.finditer(text):
        if _is_secret(found[1]):
            yield _secret(SecretKind.PASSWORD, SecretPlace.COMMAND, step, found[1], "")


def _tokens(step: StepRecord, text: str, place: SecretPlace, name: str) -> Iterator[Secret]:
    for kind, shown in _found(text):
        yield _secret(kind, place, step, name, shown)


def _found(text: str) -> Iterator[tuple[SecretKind, str]]:
    for kind, pattern in _TOKENS:
        for match in pattern.finditer(text):
            yield kind, "" if kind in (SecretKind.PRIVATE_KEY, SecretKind.PASSWORD) else f"{match[0][:_SHOWN]}…"


def _secret(kind: SecretKind, place: SecretPlace, step: StepRecord, name: str, shown: str) -> Secret:
    return Secret(kind=kind, place=place, step=step.number, line=step.line, name=name, shown=shown)


# ---- files


def _files(layers: Sequence[WeighedLayer], read: Read | None) -> Iterator[Secret]:
    for at, layer in enumerate(layers):
        if not layer.number:
            continue
        for entry in layer.index.entries:
            if entry.type is EntryType.FILE and entry.size:
                yield from _file(at, entry, layers, read)


def _file(at: int, entry: Entry, layers: Sequence[WeighedLayer], read: Read | None) -> Iterator[Secret]:
    path = os.fsdecode(entry.path)
    name, layer = posixpath.basename(path), layers[at]
    kinds: dict[SecretKind, str] = {}
    is_named = _matches(name, _FILES) or _matches(f"/{path}", _PATHS)
    if read is not None and entry.size <= _LARGEST and (is_named or _matches(name, _READ)):
        kinds |= dict(_found((read(at, entry.path) or b"").decode("utf-8", "replace")))
    if is_named and not kinds:
        kinds[SecretKind.CREDENTIALS] = ""
    if not kinds:
        return
    gone = any(_deletes(later, entry.path) for later in layers[at + 1 :])
    place = SecretPlace.DELETED_FILE if gone else SecretPlace.FILE
    for kind, shown in kinds.items():
        yield Secret(kind=kind, place=place, step=layer.number, line=layer.line, name=f"/{path}", shown=shown)


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _deletes(layer: WeighedLayer, path: bytes) -> bool:
    hidden = layer.index.whiteouts | layer.index.opaque
    parts = path.split(b"/")
    return any(b"/".join(parts[:count]) in hidden for count in range(1, len(parts) + 1))
