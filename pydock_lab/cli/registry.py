"""Commands on registries: pull, push, login, logout, search; and ours: tree."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from pydock_lab import locale
from pydock_lab.cli import table
from pydock_lab.cli.command import command, flag, many, option
from pydock_lab.cli.remote import show_travels
from pydock_lab.cli.session import Session, session
from pydock_lab.cli.words import shortened
from pydock_lab.engine.filters import Filters
from pydock_lab.engine.this_machine import fits
from pydock_lab.engine.values import SearchResult
from pydock_lab.errors import CommandError
from pydock_lab.oci import Reference

_HUB = "docker.io"

_DESCRIPTION = 45  # characters
_FOUND = table.Listing(
    headings={"Name": "NAME", "Description": "DESCRIPTION", "StarCount": "STARS", "IsOfficial": "OFFICIAL"},
    columns=("Name", "Description", "StarCount", "IsOfficial"),
    quiet="Name",
)


def _search_filters(words: Iterable[str]) -> Filters:
    """What `docker search --filter` knows; raises CommandError, whether there is anything to be filtered or not."""
    said = Filters.parse(words, ("is-official", "is-automated", "stars"))
    for value in said.values("stars"):
        said.number("stars", value)
    said.truth("is-official")
    said.truth("is-automated")
    return said


def _fits(hit: SearchResult, said: Filters) -> bool:
    """Whether a result fits; none is automated, since Docker Hub says that of none any more."""
    return (
        said.truth("is-official") in (None, hit.official)
        and said.truth("is-automated") is not True
        and all(hit.stars >= int(value) for value in said.values("stars"))
    )


def register_transfer(group: click.Group) -> None:
    """`docker pull` and `docker push`."""

    @command(group, "pull")
    @flag("-a", "--all-tags")
    @option("--platform", metavar="OS/ARCH")
    @option("--require-signature", metavar="FILE")
    @flag("--dry-run")
    @flag("-q", "--quiet")
    @click.argument("image", metavar="NAME[:TAG|@DIGEST]")
    def pull(image: str, platform: str | None, dry_run: bool, quiet: bool, all_tags: bool, **said: Any) -> None:
        here, wanted = session(), platform or ""
        key = Path(said["require_signature"]) if said["require_signature"] else None
        names = _all_tags(image, here.engine.remote_tags) if all_tags else [image]
        for name in names:
            if dry_run:
                show_travels(here, here.engine.would_pull(name, platform=wanted))
                left = here.engine.pulls_left(name)
                if left is not None:
                    here.write(left.told(Reference.parse(name).domain))
                continue
            known = _local_digests(here, name)
            with here.face.progress(quiet=quiet, plain=False) as on_event:
                found = here.engine.pull(name, platform=wanted, signed_by=key, on_event=on_event)
            has = str(found.details.config.platform)
            if wanted and not fits(has, wanted):
                here.face.note(locale.text("cli.other-platform", image=name, wanted=wanted, found=has) + "\n")
            status = "Image is up to date" if found.digest in known else "Downloaded newer image"
            reference = Reference.parse(name)
            told = "" if quiet else f"Digest: {found.digest}\nStatus: {status} for {reference.familiar}\n"
            here.write(f"{told}{reference}")

    @command(group, "push")
    @flag("-a", "--all-tags")
    @option("--compression-format", type=click.Choice(("gzip", "zstd", "none")), metavar="FORMAT")
    @flag("--dry-run")
    @flag("-q", "--quiet")
    @click.argument("image", metavar="NAME[:TAG]")
    def push(image: str, dry_run: bool, quiet: bool, all_tags: bool, **said: Any) -> None:
        here = session()
        names = _all_tags(image, lambda name: _local_tags(here, name)) if all_tags else [image]
        for name in names:
            if dry_run:
                show_travels(here, here.engine.would_push(name))
                continue
            with here.face.progress(quiet=quiet, plain=False) as on_event:
                digest = here.engine.push(name, compression=said["compression_format"] or "", on_event=on_event)
            here.write(str(Reference.parse(name)) if quiet else f"{name}: digest: {digest}")


def _all_tags(name: str, find: Callable[[str], Iterable[str]]) -> list[str]:
    """The names of all images of a repository; raises CommandError where the name says one, or there are none."""
    reference = Reference.parse(name)
    if reference.digest or name.endswith(f":{reference.tag}"):
        raise CommandError("cli.tag-with-all", name=name)
    names = [f"{name}:{tag}" for tag in find(name)]
    if not names:
        raise CommandError("cli.no-tags", name=name)
    return names


def _local_digests(here: Session, name: str) -> set[str]:
    """The digest of the image that has this name now; for one by its digest, those of all that are here."""
    wanted = Reference.parse(name)
    if wanted.digest:
        return {row.digest for row in here.engine.images(all_=True)}
    return {row.digest for row in here.engine.images() if f"{row.repository}:{row.tag}" == wanted.familiar}


def _local_tags(here: Session, name: str) -> list[str]:
    wanted = Reference.parse(name).familiar.rpartition(":")[0]
    return [one.tag for one in here.engine.images() if one.repository == wanted and one.tag != "<none>"]


def register_account(group: click.Group) -> None:
    """`docker login`, `logout`, `search`."""

    @command(group, "login")
    @option("-u", "--username", metavar="NAME")
    @option("-p", "--password", metavar="PASSWORD")
    @flag("--password-stdin")
    @click.argument("server", required=False, default=_HUB)
    def login(server: str, username: str | None, password: str | None, password_stdin: bool) -> None:
        face = session().face
        if password and password_stdin:
            raise CommandError("cli.password-twice")
        if password_stdin and not username:
            raise CommandError("cli.password-needs-user")
        if password:
            face.note(locale.text("cli.password-visible") + "\n")
        username = username or face.ask("Username: ", secret=False)
        if password_stdin:
            password = _password(face.input().read())
        plain = session().engine.login(server, username, password or face.ask("Password: ", secret=True))
        if plain is not None:
            face.note(locale.text("cli.password-plain", path=plain) + "\n")
        session().write("Login Succeeded")

    @command(group, "logout")
    @click.argument("server", required=False, default=_HUB)
    def logout(server: str) -> None:
        session().engine.logout(server)
        session().write(f"Removing login credentials for {server}")

    _register_search(group)


def _register_search(group: click.Group) -> None:
    """`docker search`."""

    @command(group, "search")
    @option("--limit", type=click.IntRange(1, 100), default=25, metavar="NUMBER")
    @flag("--no-trunc")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    @click.argument("term")
    def search(term: str, limit: int, no_trunc: bool, **more: Any) -> None:
        filters = _search_filters(more["filter"])
        rows = [
            table.Row(
                fields={
                    "Name": hit.name,
                    "Description": hit.description if no_trunc else shortened(hit.description, _DESCRIPTION),
                    "StarCount": str(hit.stars),
                    "IsOfficial": "[OK]" if hit.official else "",
                },
                in_json={"IsOfficial": str(hit.official).lower()},
            )
            for hit in session().engine.search(term, limit=limit)
            if _fits(hit, filters)
        ]
        table.write(session(), _FOUND, rows, more["format"])


def _password(said: bytes) -> str:
    """The line of a pipe; raises CommandError where it is no text."""
    try:
        return said.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError("cli.password-not-text", program="docker login") from None


def register_ours(group: click.Group) -> None:
    """`pydock tree`."""

    @command(group, "tree")
    @option("--filter", metavar="TEXT", default="")
    @click.argument("server", metavar="SERVER[/REPOSITORY]")
    def tree(server: str, **said: Any) -> None:
        session().face.show(session().engine.tag_tree(server, filter_=said["filter"]))
