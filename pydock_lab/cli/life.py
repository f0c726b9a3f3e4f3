"""Commands on the life of containers: start, attach, stop, restart, kill, pause, unpause, update, wait, rename, rm."""

from typing import Any

import click

from pydock_lab import locale
from pydock_lab.cli import attaching, life_options, limit_options
from pydock_lab.cli.command import command, flag, option
from pydock_lab.cli.images import for_each
from pydock_lab.cli.session import session
from pydock_lab.engine.run_options import UpdateOptions
from pydock_lab.errors import CommandError, NotFound
from pydock_lab.events import Event, Noted
from pydock_lab.runtime.restart import RestartPolicy

_containers = click.argument("container", nargs=-1, required=True)


def register(group: click.Group) -> None:
    """Add the commands to `group`."""
    _register_start(group)
    _register_end(group)
    _register_change(group)

    @command(group, "wait")
    @_containers
    def wait(container: tuple[str, ...]) -> int:
        return for_each(container, lambda one: (str(session().engine.wait(one)),))

    @command(group, "rm")
    @flag("-f", "--force")
    @flag("-l", "--link")
    @flag("-v", "--volumes")
    @_containers
    def rm(container: tuple[str, ...], force: bool, link: bool, volumes: bool) -> int:
        if link:
            raise CommandError("cli.rm-link", name=container[0])
        return for_each(container, lambda one: _remove(one, force=force, volumes=volumes))


def _remove(container: str, *, force: bool, volumes: bool) -> tuple[str, ...]:
    try:
        session().engine.remove(container, force=force, volumes=volumes)
    except NotFound as error:
        if not force:
            raise
        # As with Docker, and with rm(1): it is not there, which is what was wanted.
        session().face.note(f"{locale.text('cli.error', message=str(error))}\n")
        return ()
    return (container,)


def _register_start(group: click.Group) -> None:
    @command(group, "start")
    @flag("-a", "--attach")
    @attaching.keys_option
    @flag("-i", "--interactive")
    @_containers
    def start(container: tuple[str, ...], attach: bool, interactive: bool, **said: Any) -> int:
        here = session()
        if not attach and not interactive:
            return for_each(container, here.engine.start)
        if len(container) > 1:
            raise CommandError("cli.attach-one")
        terminal, _ = _manner(container[0])
        return attaching.stay(
            here,
            lambda streams: here.engine.start(container[0], streams=streams).ended_with or 0,
            interactive=interactive,
            terminal=terminal,
            keys=said["detach_keys"],
        )

    @command(group, "attach")
    @attaching.keys_option
    @flag("--no-stdin")
    @attaching.proxy_option
    @click.argument("container")
    def attach(container: str, no_stdin: bool, sig_proxy: bool, **said: Any) -> int:
        here = session()
        terminal, is_open = _manner(container)
        return attaching.stay(
            here,
            lambda streams: here.engine.attach(container, streams=streams),
            interactive=is_open and not no_stdin,
            terminal=terminal,
            keys=said["detach_keys"],
            proxy=sig_proxy,
        )


def _manner(container: str) -> tuple[bool, bool]:
    """Whether it has a terminal, and whether somebody may type into it."""
    config: Any = session().engine.inspect_container(container)["Config"]
    return config["Tty"], config["OpenStdin"]


def _register_end(group: click.Group) -> None:
    @command(group, "stop")
    @option("-s", "--signal", default="", metavar="SIGNAL")
    @option("-t", "--timeout", "--time", type=int, metavar="SECONDS")
    @_containers
    def stop(container: tuple[str, ...], **how: Any) -> int:
        return for_each(container, lambda one: session().engine.stop(one, **how))

    @command(group, "restart")
    @option("-s", "--signal", default="", metavar="SIGNAL")
    @option("-t", "--timeout", "--time", type=int, metavar="SECONDS")
    @_containers
    def restart(container: tuple[str, ...], **how: Any) -> int:
        return for_each(container, lambda one: session().engine.restart(one, **how))

    @command(group, "kill")
    @option("-s", "--signal", default="KILL", metavar="SIGNAL")
    @_containers
    def kill(container: tuple[str, ...], signal: str) -> int:
        return for_each(container, lambda one: session().engine.kill(one, signal=signal))


def _register_change(group: click.Group) -> None:
    @command(group, "pause")
    @_containers
    def pause(container: tuple[str, ...]) -> int:
        return for_each(container, session().engine.pause)

    @command(group, "unpause")
    @_containers
    def unpause(container: tuple[str, ...]) -> int:
        return for_each(container, session().engine.unpause)

    @command(group, "rename")
    @click.argument("container")
    @click.argument("name")
    def rename(container: str, name: str) -> None:
        session().engine.rename(container, name)

    def update(container: tuple[str, ...], restart: str | None, **said: Any) -> int:
        here = session()
        policy = RestartPolicy.parse(restart) if restart else None
        options = UpdateOptions(limits=limit_options.limits(said), restart=policy)
        return for_each(container, lambda one: here.engine.update(one, options, on_event=_note))

    function: Any = _containers(update)
    for decorate in (option("--restart", metavar=life_options.POLICIES), *reversed(limit_options.CHANGEABLE)):
        function = decorate(function)
    command(group, "update")(function)


def _note(event: Event) -> None:
    if isinstance(event, Noted):
        session().face.note(f"{event.text}\n")
