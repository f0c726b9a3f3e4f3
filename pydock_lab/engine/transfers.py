"""Images that travel: pull, push, login, search, and a registry's tags as a view."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pydock_lab.archive.compress import Compression
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.telling import Telling
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.events import Direction, OnEvent, ignore
from pydock_lab.oci import Descriptor, Manifest, Reference
from pydock_lab.oci.reference import DEFAULT_DOMAIN

if TYPE_CHECKING:
    from pathlib import Path

    from pydock_lab.engine.values import SearchResult
    from pydock_lab.registry.client import RegistryClient
    from pydock_lab.registry.tree import Explorer


@dataclass
class _Record:
    """What a transfer is told by, and the image that it is about, as soon as that is known."""

    on_event: OnEvent
    descriptor: Descriptor | None = None


OpenClient: TypeAlias = "Callable[[str, OnEvent], RegistryClient]"


_MOST_SOURCES = 2  # each that has not got it costs a request


class Transfers:
    """Between the store and registries."""

    def __init__(self, home: Home, shelf: ImageShelf) -> None:
        self._home, self._shelf = home, shelf

    def have(
        self, name: str, on_event: OnEvent, *, always: bool = False, meanwhile: Callable[[], None] = lambda: None
    ) -> FoundImage:
        """An image of the store, pulled where it is not there (or `always`); raises PydockError.

        `meanwhile` is called before a pull, to begin with what will be needed after it.
        """
        if not always:
            try:
                return self._shelf.find(name)
            except NotFound:
                pass
        meanwhile()
        return self.pull(Reference.parse(name), on_event)

    def pull(self, reference: Reference, on_event: OnEvent, *, platform: str = "") -> FoundImage:
        """Fetch an image and name it; of several platforms this machine's, or the one that is asked for."""
        from pydock_lab.dockerfile.platforms import parse_platform  # noqa: PLC0415 - only for who transfers
        from pydock_lab.registry.transfer import pull  # noqa: PLC0415 - requests is only for who transfers

        wanted = parse_platform(platform, PLATFORM) if platform else PLATFORM
        with (
            self._recording(Direction.PULL, reference, on_event) as record,
            self._home.leases.hold(f"pull {reference.familiar}") as lease,
        ):
            client = self.client(reference.domain, record.on_event)
            descriptor = pull(
                client, reference, self._home.blobs, platform=wanted, on_event=record.on_event, lease=lease
            )
            record.descriptor = descriptor
            if reference.tag:
                named = Reference(domain=reference.domain, path=reference.path, tag=reference.tag)
                self._home.layout.tag(named, descriptor)
            else:
                self._home.layout.add(descriptor)
        Telling(self._home).image("pull", reference.familiar, reference.familiar)
        return self._shelf.open(descriptor)

    def push(self, name: str, on_event: OnEvent, *, compression: str = "") -> str:
        """Send an image to the registry that its name says; the manifest's digest.

        With `compression` (gzip, zstd, none) its layers are packed in that form first, where they are not.
        """
        from pydock_lab.registry.transfer import push  # noqa: PLC0415 - see pull
        from pydock_lab.store.recompress import recompress  # noqa: PLC0415 - see pull

        found = self._shelf.find(name)
        reference = Reference.parse(name)
        sources = self._repositories_with(found.descriptor, reference)
        with (
            self._recording(Direction.PUSH, reference, on_event) as record,
            self._home.leases.hold(f"push {name}", found.descriptor.digest) as lease,
        ):
            descriptor = found.descriptor
            if compression:
                descriptor = recompress(self._home.blobs, descriptor, Compression[compression.upper()], lease)
            record.descriptor = descriptor
            client, on_event = self.client(reference.domain, record.on_event), record.on_event
            return push(self._home.blobs, descriptor, client, reference, mount_from=sources, on_event=on_event)

    @contextmanager
    def _recording(self, direction: Direction, reference: Reference, on_event: OnEvent) -> Iterator["_Record"]:
        """Write down what is asked and answered meanwhile, also where it fails."""
        from pydock_lab.engine.exchanges import Recorder  # noqa: PLC0415 - only for who transfers

        recorder = Recorder(direction, reference.familiar, reference.domain, on_event)
        record, error = _Record(on_event=recorder), ""
        try:
            yield record
        except BaseException as problem:
            error = problem.message() if isinstance(problem, PydockError) else type(problem).__name__
            raise
        finally:
            digest = str(record.descriptor.digest) if record.descriptor else ""
            recorder.keep(self._home.transfers, self._manifest(record.descriptor), digest, error)

    def _manifest(self, descriptor: Descriptor | None) -> Manifest | None:
        if descriptor is None:
            return None
        with suppress(PydockError):  # an index: of which part a blob is it does not say
            return Manifest.from_bytes(self._home.blobs.read(descriptor))
        return None

    def _repositories_with(self, descriptor: Descriptor, reference: Reference) -> tuple[str, ...]:
        """Repositories of the same registry which, by the names that are here, have layers of this image."""
        ours = self._layers(descriptor)
        shared: dict[str, int] = {}
        for named in self._home.layout.images():
            other = named.reference
            if other is not None and other.domain == reference.domain and other.path != reference.path:
                count = len(ours & self._layers(named.descriptor))
                shared[other.path] = max(count, shared.get(other.path, 0))
        likely = sorted((path for path, count in shared.items() if count), key=lambda path: -shared[path])
        return tuple(likely[:_MOST_SOURCES])

    def _layers(self, descriptor: Descriptor) -> frozenset[str]:
        with suppress(PydockError):  # it is not here, or it is an index
            manifest = Manifest.from_bytes(self._home.blobs.read(descriptor))
            return frozenset(layer.digest for layer in manifest.layers)
        return frozenset()

    def login(self, host: str, username: str, password: str) -> "Path | None":
        """Try a login, and keep it if the registry takes it; the file in which it can be read, if it can."""
        from pydock_lab.registry.credentials import Credentials  # noqa: PLC0415 - see pull

        return Credentials.default().store(host, self.client(host, ignore).check_login(username, password))

    def logout(self, host: str) -> None:
        """Forget a login."""
        from pydock_lab.registry.credentials import Credentials  # noqa: PLC0415 - see pull

        Credentials.default().erase(host)

    def search(self, term: str, limit: int) -> "tuple[SearchResult, ...]":
        """What a registry finds for a word, `HOST/WORD`; without a host Docker Hub."""
        from pydock_lab.engine.values import SearchResult  # noqa: PLC0415 - see pull
        from pydock_lab.registry.search import search  # noqa: PLC0415 - see pull

        return tuple(
            SearchResult(name=hit.name, description=hit.description, stars=hit.stars, official=hit.official)
            for hit in search(term, limit, open_client=lambda host: self.client(host, ignore))
        )

    def explorer(self, where: str) -> "Explorer":
        """A registry, or one repository of it (`HOST/NAME`, `NAME` of Docker Hub), to be opened as far as one likes."""
        from pydock_lab.registry.tree import Explorer  # noqa: PLC0415 - see pull

        host, _, path = where.partition("/")
        # As in names of images: what has neither dot nor port is a name of Docker Hub.
        if not ("." in host or ":" in host or host == "localhost"):
            host, path = DEFAULT_DOMAIN, where
        only = Reference.parse(f"{host}/{path}").path if path else ""
        return Explorer(self.client(host, ignore), self._home.blobs.has, only=only)

    def client(self, host: str, on_event: OnEvent) -> "RegistryClient":
        """A client of the registry `host`, with the user's login."""
        from pydock_lab.registry.client import RegistryClient  # noqa: PLC0415 - see pull
        from pydock_lab.registry.credentials import Credentials  # noqa: PLC0415 - see pull

        unfinished = self._home.root / "unfinished"
        return RegistryClient(host, credentials=Credentials.default(), unfinished=unfinished, on_event=on_event)
