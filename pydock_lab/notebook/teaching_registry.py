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

    def start(self, port: int = 5000) -> str:
        """Start it on a port of this machine (0: any free one); where it runs already, it stays as it is."""
        from pydock_lab.registry.server import RegistryServer  # noqa: PLC0415 - only who serves needs it
        from pydock_lab.store.home import find  # noqa: PLC0415 - see above

        if self._server is None:
            self._server = RegistryServer(find() / "registries" / str(port), port=port).start()
        return self.address

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
