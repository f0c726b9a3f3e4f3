"""The program `pydock`: a command line in a process of its own.

    $ pydock run ...        client.py     asks a server that has everything imported already; 40 ms
                              |
                              |  words, environment, directory, every open file    (one message)
                              v
                            server.py     forks: the child is this command, in all that it is told
                              |
                              v
                            here.py       does what the command line says; without a server, in this process

To import what a command needs takes Python a quarter of a second. Mercurial's chg showed the way out: the first command
leaves a server behind (it ends after two minutes without a command), and the next ones are forked from it. Nobody is to
see the difference. Where something differs that a child of the server could not be given (its user, limits, namespaces,
control group ...: place.py), the command is done here, as it is with `PYDOCK_SERVER=off`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> "NoReturn":
    """Do what the command line of this process says, and end with its exit status."""
    from pydock_lab.program import client, place  # noqa: PLC0415 - without a server even these are not needed

    found = place.find()
    if found is not None:
        client.ask(found)
    from pydock_lab.program import here  # noqa: PLC0415 - see above

    here.run(afterwards=None if found is None else found.start_server)
