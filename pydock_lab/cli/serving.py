"""`pydock registry`: a registry on this machine, and what keeps it small."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import parse, remote
from pydock_lab.cli.command import LocalGroup, command, flag, many, option
from pydock_lab.cli.session import Session, session
from pydock_lab.cli.words import size as shown_size
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from pydock_lab.registry.server import Access, RegistryServer

_PORT = 5000


def register(group: click.Group) -> None:
    """`pydock registry serve` and `gc`, and its commands on other registries."""
    registry = LocalGroup("registry")
    group.add_command(registry)
    remote.register(registry)

    @command(registry, "serve", help_key="registry-serve")
    @option("--host", default="127.0.0.1", metavar="ADDRESS")
    @option("--port", type=int, default=_PORT, metavar="PORT")
    @option("--directory", metavar="PATH")
    @many("--user", metavar="NAME[:PASSWORD]")
    @option("--htpasswd", metavar="FILE")
    @many("--allow", metavar="WHO:REPOSITORIES:ACTIONS")
    @flag("--public")
    @flag("--tokens")
    @flag("--tls")
    @option("--certificate", metavar="FILE")
    @option("--key", metavar="FILE")
    @flag("--read-only")
    @flag("--no-delete")
    @option("--quota", metavar="SIZE")
    @flag("-q", "--quiet")
    def serve(directory: str | None, port: int, **said: Any) -> None:
        here = session()
        if said["user"] and said["htpasswd"]:
            raise CommandError("cli.users-twice")
        server = _made(here, _folder(directory, port), port, said)
        authority = server.certificate.authority if server.certificate else None
        here.write(locale.text("cli.serving", address=server.address, directory=_folder(directory, port)))
        if authority is not None:
            here.write(locale.text("cli.serving-tls", authority=authority, address=server.address))
        here.face.serve(server)

    @command(registry, "gc", help_key="registry-gc")
    @option("--port", type=int, default=_PORT, metavar="PORT")
    @option("--directory", metavar="PATH")
    @flag("--untagged")
    @flag("--dry-run")
    def gc(directory: str | None, port: int, untagged: bool, dry_run: bool) -> None:
        from pydock_lab.registry.server.garbage import collect  # noqa: PLC0415 - only who serves needs it
        from pydock_lab.registry.server.storage import Storage  # noqa: PLC0415 - see above

        folder = _folder(directory, port)
        if not folder.is_dir():
            raise CommandError("cli.no-registry-here", directory=folder)
        done = collect(Storage(folder), untagged=untagged, dry_run=dry_run)
        here = session()
        for link in (*done.manifests, *done.blobs):
            here.write(link)
        key = "cli.would-reclaim" if dry_run else "cli.reclaimed"
        here.write(locale.text(key, size=shown_size(done.size)))


def _folder(directory: str | None, port: int) -> Path:
    from pydock_lab.store.home import find  # noqa: PLC0415 - only who serves needs it

    return Path(directory) if directory else find() / "registries" / str(port)


def _made(here: Session, folder: Path, port: int, said: dict[str, Any]) -> "RegistryServer":
    from pydock_lab.registry.server import Certificate, RegistryServer  # noqa: PLC0415 - only who serves needs it
    from pydock_lab.store.home import find  # noqa: PLC0415 - see above

    users: Path | dict[str, str] | None = Path(said["htpasswd"]) if said["htpasswd"] else None
    if said["user"]:
        users = dict(_user(here, word) for word in said["user"])
    if users is None and (said["allow"] or said["tokens"] or said["public"]):
        raise CommandError("cli.rights-without-users")
    if bool(said["certificate"]) != bool(said["key"]):
        raise CommandError("cli.certificate-and-key")
    given = said["certificate"] and Certificate(certificate=Path(said["certificate"]), key=Path(said["key"]))
    return RegistryServer(
        folder,
        host=said["host"],
        port=port,
        users=users,
        grants=said["allow"],
        public=said["public"],
        tokens=said["tokens"],
        tls=given or said["tls"],
        read_only=said["read_only"],
        allow_delete=not said["no_delete"],
        quota=parse.size(said["quota"], "--quota") if said["quota"] else None,
        trusted_in=find(),
        on_access=None if said["quiet"] else _Log(here),
    )


def line_of(one: "Access") -> str:
    """A request for a person: who asked for what, the answer's status, how much came and went, how long it took."""
    moved = f"{shown_size(one.received)} in, " if one.received else ""
    who = f"{one.client} {one.username or '-'}"
    return f"{who} {one.method} {one.path} {one.status} {moved}{shown_size(one.sent)}, {one.seconds * 1000:.1f} ms"


def _user(here: Session, word: str) -> tuple[str, str]:
    """`NAME`, whose password is asked for, or `NAME:PASSWORD`."""
    name, colon, password = word.partition(":")
    if colon:
        here.face.note(locale.text("cli.password-visible") + "\n")
    return name, password if colon else here.face.ask(locale.text("cli.ask-password", name=name), secret=True)


class _Log:
    """A line for each request, whole, whichever thread answered it."""

    def __init__(self, here: Session) -> None:
        self._here, self._lock = here, threading.Lock()

    def __call__(self, one: "Access") -> None:
        with self._lock:
            self._here.write(line_of(one))
