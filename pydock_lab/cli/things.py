"""Builders; and ours, what the notebook shows as pictures: instances, the tree of images, doctor."""

import click

from pydock_lab.cli import build
from pydock_lab.cli.command import LocalGroup, command, flag, option
from pydock_lab.cli.isolation_option import ISOLATION
from pydock_lab.cli.pruning import prune_command
from pydock_lab.cli.session import session
from pydock_lab.engine.hand_made import HandMade

# The options of `unshare`, with the kind of namespace that each is about.
_KINDS = {name: "mnt" if name == "mount" else name for name in ("user", "uts", "pid", "mount", "net", "ipc", "cgroup")}


def register_builder(group: click.Group, name: str) -> None:
    """`docker builder`, also as `docker buildx`."""
    builder = LocalGroup(name, help_key="builder")
    group.add_command(builder)
    build.register(builder)
    prune_command(builder, ["builder"], key="builder")


def register_pictures(group: click.Group) -> None:
    """Ours: what the notebook shows as pictures, here as text."""

    @command(group, "instances")
    def instances() -> None:
        session().face.show(session().engine.instances())

    @command(group, "namespaces")
    @click.argument("container")
    def namespaces(container: str) -> None:
        session().face.show(session().engine.namespaces(container))

    @command(group, "argv", words_follow=True)
    @option("--entrypoint", metavar="PROGRAM")
    @click.argument("image")
    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[WORD...]")
    def argv(image: str, words: tuple[str, ...], entrypoint: str | None) -> None:
        session().face.show(session().engine.argument_vector(image, words, entrypoint=entrypoint))

    @command(group, "unshare", words_follow=True)
    @flag("--user")
    @flag("--uts")
    @flag("--pid")
    @flag("--mount")
    @flag("--proc")
    @option("--root", default="", metavar="IMAGE")
    @flag("--net")
    @flag("--ipc")
    @flag("--cgroup")
    @flag("--all")
    @option("--hostname", default="", metavar="NAME")
    @click.argument("words", metavar="COMMAND [ARG...]", nargs=-1, required=True, type=click.UNPROCESSED)
    def unshare(words: tuple[str, ...], root: str, proc: bool, hostname: str, **said: bool) -> int:
        here = session()
        own = frozenset(kind for name, kind in _KINDS.items() if said[name] or said["all"])
        wish = HandMade(command=words, own=own, root=root, proc=proc or said["all"], hostname=hostname)
        with here.face.streams(interactive=here.face.is_terminal) as streams:
            status, view = here.engine.by_hand(wish, streams)
        here.face.show(view)
        return status

    @command(group, "doctor")
    @ISOLATION
    def doctor(isolation: str) -> None:
        session().face.show(session().engine.doctor(isolation))
