"""`%registry start`: a registry of one's own, in the kernel, for as long as it runs."""

from typing import TYPE_CHECKING

from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from pydock_lab.registry.server import RegistryServer


class TeachingRegistry:
    """The registry of this kernel: none, or one; what was pushed to it stays in the store."""

    def __init__(self) -> None:
        self._server: RegistryServer | None = None

    @property
    def address(self) -> str:
        """Its name in references, "" while it does not run."""
        return self._server.address if self._server else ""

    def keep(self, server: "RegistryServer") -> None:
        """Let it answer from now on."""
        self._server = server.start()

    def log(self, count: int) -> str:
        """Its last requests, a line each; raises CommandError where it does not run."""
        from pydock_lab.cli.serving import line_of  # noqa: PLC0415 - only who looks at it needs it

        if self._server is None:
            raise CommandError("notebook.no-registry")
        log = self._server.log
        return "".join(f"{line_of(one)}\n" for one in log[max(0, len(log) - count) :])

    def stop(self) -> None:
        """Stop it; raises CommandError where it does not run."""
        if self._server is None:
            raise CommandError("notebook.no-registry")
        self.close()

    def close(self) -> None:
        """Stop it if it runs."""
        if self._server is not None:
            self._server.stop()
            self._server = None
