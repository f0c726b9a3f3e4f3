"""What is in registries: `docker manifest inspect`, and our commands below `pydock registry`."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import table
from pydock_lab.cli.command import LocalGroup, command, flag, option
from pydock_lab.cli.session import Session, session
from pydock_lab.cli.words import ago, size
from pydock_lab.oci.times import seconds
from pydock_lab.registry.answers import plain
from pydock_lab.views import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydock_lab.engine.values import ImageDifference, RemoteManifest, Travel
    from pydock_lab.registry.listing import TagDetails

_SIGNS = {ChangeKind.ADDED: "A", ChangeKind.CHANGED: "C", ChangeKind.DELETED: "D"}  # as in `docker diff`
_ANY_TYPE = "application/octet-stream"
_NAME, _REPOSITORY = "NAME[:TAG|@DIGEST]", "NAME"
_SHOWN = 19  # of a digest, with its algorithm: as in Docker's lists
_REFERRERS = table.Listing(
    headings={"Digest": "DIGEST", "ArtifactType": "ARTIFACT TYPE", "Size": "SIZE", "Annotations": "ANNOTATIONS"},
    columns=("Digest", "ArtifactType", "Size"),
    quiet="Digest",
)
_TAGS = table.Listing(
    headings={
        "Tag": "TAG",
        "Digest": "DIGEST",
        "Size": "SIZE",
        "CreatedSince": "CREATED",
        "CreatedAt": "CREATED AT",
        "Platforms": "PLATFORMS",
    },
    columns=("Tag", "Digest", "Size", "CreatedSince", "Platforms"),
    quiet="Tag",
)
_TRAVELS = table.Listing(
    headings={"Digest": "DIGEST", "Size": "SIZE", "MediaType": "MEDIA TYPE", "Travels": "TRAVELS"},
    columns=("Digest", "Size", "Travels", "MediaType"),
    quiet="Digest",
)


def register_manifest(group: click.Group) -> None:
    """`docker manifest inspect`."""
    manifest = LocalGroup("manifest")
    group.add_command(manifest)

    @command(manifest, "inspect", help_key="manifest-inspect")
    @flag("-v", "--verbose")
    @flag("--insecure")
    @click.argument("name", metavar=_NAME)
    def inspect(name: str, verbose: bool, insecure: bool) -> None:
        del insecure  # http is for this machine alone: see registry/hosts.py
        here = session()
        found = here.engine.remote_manifest(name)
        here.write(_pretty(_told(here, found) if verbose else json.loads(found.content)))


def register(group: click.Group) -> None:
    """Commands of the group `registry`."""
    _register_looks(group)
    _register_changes(group)
    _register_signatures(group)


def _register_looks(group: click.Group) -> None:
    """What is there, and what belongs to it."""

    @command(group, "tags", help_key="registry-tags")
    @flag("-l", "--long")
    @option("--limit", type=click.IntRange(1), default=25, metavar="NUMBER")
    @option("--format", metavar="TEMPLATE")
    @click.argument("repository", metavar=_REPOSITORY)
    def tags(repository: str, long: bool, limit: int, **said: Any) -> None:
        here = session()
        if long or said["format"]:
            found = here.engine.remote_tag_details(repository, limit=limit)
            table.write(here, _TAGS, [_tag_row(one) for one in found], said["format"])
        else:
            here.write_lines(here.engine.remote_tags(repository))

    @command(group, "story", help_key="registry-story")
    @click.argument("name", metavar="NAME[:TAG]")
    def story(name: str) -> None:
        session().face.show(session().engine.tag_story(name))

    @command(group, "diff", help_key="registry-diff")
    @option("--format", type=click.Choice(("json",)), metavar="json")
    @click.argument("before", metavar=_NAME)
    @click.argument("after", metavar=_NAME)
    def diff(before: str, after: str, **said: Any) -> None:
        here = session()
        found = here.engine.compare(before, after)
        here.write_lines([_pretty(asdict(found))] if said["format"] else _differences(found))

    @command(group, "discover", help_key="registry-discover")
    @option("--artifact-type", metavar="TYPE")
    @option("--format", metavar="TEMPLATE")
    @click.argument("name", metavar=_NAME)
    def discover(name: str, artifact_type: str | None, **said: Any) -> None:
        rows = [
            table.Row(
                fields={
                    "Digest": one.digest,
                    "ArtifactType": one.artifact_type,
                    "Size": size(one.size),
                    "Annotations": ",".join(f"{key}={value}" for key, value in one.annotations.items()),
                }
            )
            for one in session().engine.discover(name, artifact_type=artifact_type or "")
        ]
        table.write(session(), _REFERRERS, rows, said["format"])


def _register_changes(group: click.Group) -> None:
    """What makes it another."""

    @command(group, "copy", help_key="registry-copy")
    @option("--platform", metavar="OS/ARCH")
    @flag("-q", "--quiet")
    @click.argument("source", metavar=_NAME)
    @click.argument("target", metavar="NAME[:TAG]")
    def copy(source: str, target: str, platform: str | None, quiet: bool) -> None:
        here = session()
        with here.face.progress(quiet=quiet, plain=False) as on_event:
            digest = here.engine.remote_copy(source, target, platform=platform or "", on_event=on_event)
        here.write(digest if quiet else f"{target}: digest: {digest}")

    @command(group, "delete", help_key="registry-delete")
    @click.argument("names", metavar=_NAME, nargs=-1, required=True)
    def delete(names: tuple[str, ...]) -> None:
        for name in names:
            session().engine.remote_delete(name)
            session().write(f"Deleted: {name}")

    @command(group, "attach", help_key="registry-attach")
    @option("--artifact-type", metavar="TYPE", required=True)
    @click.argument("name", metavar=_NAME)
    @click.argument("files", metavar="FILE[:MEDIA-TYPE]", nargs=-1, required=True)
    def attach(name: str, files: tuple[str, ...], artifact_type: str) -> None:
        parts = [_file(word) for word in files]
        digest = session().engine.attach_files(name, parts, artifact_type=artifact_type)
        session().write(f"{name}: attached: {digest}")


def _register_signatures(group: click.Group) -> None:
    """Who meant it."""

    @command(group, "keygen", help_key="registry-keygen")
    @click.argument("name", metavar="FILE")
    def keygen(name: str) -> None:
        from pydock_lab.registry.signatures import make_keys  # noqa: PLC0415 - only who signs needs it

        secret, public = make_keys(Path(name))
        session().write(locale.text("cli.keys-made", secret=secret, public=public))

    @command(group, "sign", help_key="registry-sign")
    @option("--key", metavar="FILE", required=True)
    @click.argument("name", metavar=_NAME)
    def sign(name: str, key: str) -> None:
        session().write(f"{name}: signature: {session().engine.sign(name, Path(key))}")

    @command(group, "verify", help_key="registry-verify")
    @option("--key", metavar="FILE", required=True)
    @click.argument("name", metavar=_NAME)
    def verify(name: str, key: str) -> None:
        digest = session().engine.verify(name, Path(key))
        session().write(locale.text("cli.signed", name=name, digest=digest, key=key))


def _differences(found: ImageDifference) -> Iterable[str]:
    """As patches are read: what both have, what goes, what comes."""
    yield locale.text("cli.diff-layers")
    for layer in found.layers:
        yield f"  {layer.sign} {layer.digest[:_SHOWN]}  {size(layer.size, 3)}"
    if found.settings:
        yield locale.text("cli.diff-config")
    for one in found.settings:
        if one.before:
            yield f"  - {one.name}: {plain(one.before)}"
        if one.after:
            yield f"  + {one.name}: {plain(one.after)}"
    if found.files:
        yield locale.text("cli.diff-files")
    for change in found.files:
        weight = "" if change.is_directory or change.kind == ChangeKind.DELETED else f"  {size(change.size, 3)}"
        yield f"  {_SIGNS[change.kind]} {plain(change.path)}{'/' if change.is_directory else ''}{weight}"
    if not found.settings and not found.files and all(layer.sign == "=" for layer in found.layers):
        yield locale.text("cli.diff-none")


def _tag_row(tag: TagDetails) -> table.Row:
    return table.Row(
        fields={
            "Tag": tag.name,
            "Digest": tag.digest[:_SHOWN],
            "Size": size(tag.size, 3),
            "CreatedSince": ago(seconds(tag.updated)),
            "CreatedAt": tag.updated,
            "Platforms": ", ".join(tag.platforms),
        },
        in_json={"Digest": tag.digest},
    )


def show_travels(here: Session, travels: Iterable[Travel]) -> None:
    """What a dry run found out: each blob, and how many bytes would travel in all."""
    travels = tuple(travels)
    rows = [
        table.Row(
            fields={
                "Digest": one.digest[:_SHOWN],
                "Size": size(one.size),
                "MediaType": one.media_type,
                "Travels": locale.text("cli.is-there" if one.is_there else "cli.would-travel"),
            }
        )
        for one in travels
    ]
    table.write(here, _TRAVELS, rows, None)
    missing = [one.size for one in travels if not one.is_there]
    here.write(locale.text("cli.travel-total", count=len(missing), of=len(travels), size=size(sum(missing))))


def _file(word: str) -> tuple[Path, str]:
    """`FILE` or `FILE:MEDIA-TYPE`, as oras has it."""
    name, colon, media_type = word.rpartition(":")
    if colon and "/" in media_type and not Path(word).exists():
        return Path(name), media_type
    return Path(word), _ANY_TYPE


def _told(here: Session, found: RemoteManifest) -> object:
    """As `docker manifest inspect -v`: of an index, each of its manifests."""
    document = json.loads(found.content)
    if "manifests" not in document:
        return _one(found)
    name = found.name.partition("@")[0].rpartition(":")[0] if ":" in found.name.rpartition("/")[2] else found.name
    return [_one(here.engine.remote_manifest(f"{name}@{child['digest']}"), child) for child in document["manifests"]]


def _one(found: RemoteManifest, said: dict[str, object] | None = None) -> dict[str, object]:
    document = json.loads(found.content)
    kind = "OCIManifest" if "oci" in found.descriptor.media_type else "SchemaV2Manifest"
    return {
        "Ref": found.name,
        "Descriptor": said or found.descriptor.to_json(),
        "Raw": base64.b64encode(found.content).decode(),
        kind: document,
    }


def _pretty(document: object) -> str:
    return json.dumps(document, indent=3, ensure_ascii=False)  # three spaces, as Docker's
