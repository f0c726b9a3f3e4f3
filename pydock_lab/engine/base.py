"""The Engine: what the command line, the notebook and the API ask for, whoever does it.

The local engine (`engine.local`) is ours; others (Docker, podman, Kubernetes) may stand behind the same Protocol.
All names of images and containers are texts as a user writes them; every method raises PydockError.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pydock_lab.engine.hand_made import HandMade
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.results import BuildResult, Container, Image
from pydock_lab.engine.run_options import (
    CommitOptions,
    ExecOptions,
    LogOptions,
    RunOptions,
    UpdateOptions,
)
from pydock_lab.engine.streams import Streams
from pydock_lab.engine.things import Things
from pydock_lab.engine.values import (
    ContainerSummary,
    ContainerUsage,
    ImageDifference,
    ImageSummary,
    ProcessTable,
    Referrer,
    RemoteManifest,
    SearchResult,
    Travel,
)
from pydock_lab.events import ContainerOutput, OnEvent, ignore
from pydock_lab.oci import Digest
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextTree,
    ContextWeight,
    Explanation,
    FileChange,
    ImageTree,
    Instances,
    LayerStack,
    Namespaces,
    RunTrace,
    SharedLayers,
    TagStory,
    TagTree,
    TransferTrace,
    Weight,
    WhatIf,
)

if TYPE_CHECKING:
    from pydock_lab.engine.context_trees import ContextExplorer
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.registry.limits import RateLimit
    from pydock_lab.registry.listing import TagDetails
    from pydock_lab.registry.tree import Explorer


class Images(Protocol):
    """Commands on images."""

    def build(self, options: BuildOptions, *, on_event: OnEvent = ignore) -> BuildResult:
        """`docker build`."""

    def fetched(self, options: BuildOptions) -> AbstractContextManager[BuildOptions]:
        """The options with their context on this machine, and the Dockerfile that came with it, for a while."""

    def predict(self, options: BuildOptions, *, on_event: OnEvent = ignore) -> Explanation:
        """`docker build --predict`: what a build would find in the cache, and why not; nothing is run."""

    def trace(self, build: str = "") -> BuildTrace:
        """`docker trace`: a build (by its id, or its image; "": the last one) step by step, with what each made."""

    def explain(self, build: str = "") -> Explanation:
        """`docker explain`: why steps of a build (by its id, or its image; "": the last one) were not cached."""

    def debug(self, build: str, command: tuple[str, ...], *, streams: Streams, terminal: bool = False) -> int:
        """`docker debug`: a shell or command where the RUN of that build failed ("": the last one that failed)."""

    def what_if(self, build: str = "") -> WhatIf:
        """The edits that would have kept expensive steps of a build in the cache, each tried; nothing is run."""

    def weigh(self, reference: str) -> Weight:
        """What makes an image big, what of it is wasted and why, and secrets that ended up in it."""

    def weigh_context(self, folder: Path, *, dockerfile_name: str = "Dockerfile") -> ContextWeight:
        """A folder as a build context: its heaviest paths, and what its ignore file lets through."""

    def context_tree(self, folder: Path, *, dockerfile_name: str = "Dockerfile") -> ContextTree:
        """A folder as a build context: which files are left out by which line, and which instruction takes which."""

    def context_explorer(
        self, folder: Path, *, dockerfile_name: str = "Dockerfile", dockerfile: str = ""
    ) -> "ContextExplorer":
        """The same, to be opened; `dockerfile` is the text of one where the folder has none."""

    def images(self, *, all_: bool = False) -> tuple[ImageSummary, ...]:
        """`docker images`, newest first."""

    def image(self, reference: str) -> Image:
        """One image, by name, digest, or the start of its id."""

    def inspect_image(self, reference: str) -> Mapping[str, object]:
        """`docker image inspect`, in Docker's form."""

    def layers(self, reference: str) -> LayerStack:
        """`docker history`, with what each layer holds."""

    def layer_explorer(self, reference: str, *, name: str = "") -> "LayerExplorer":
        """The same, to be opened: the files of each layer, alone or with those below, and what is in them.

        `name` is what the image is called there.
        """

    def shared_layers(self, first: str, second: str) -> SharedLayers:
        """Two images side by side, and the layers that both stand on."""

    def tag(self, source: str, destination: str) -> None:
        """`docker tag`."""

    def remove_image(self, reference: str, *, force: bool = False) -> tuple[str, ...]:
        """`docker rmi`: the lines `Untagged: ...` and `Deleted: ...`."""

    def save(self, references: Iterable[str], stream: BinaryIO) -> None:
        """`docker save`: an archive that Docker and OCI tools both read."""

    def load(self, stream: BinaryIO) -> tuple[str, ...]:
        """`docker load`: the names that were loaded."""

    def import_(self, stream: BinaryIO, reference: str, *, message: str = "", changes: tuple[str, ...] = ()) -> Image:
        """`docker import`: a root file system tar as an image of one layer; `changes` are instructions."""

    def pull(
        self, reference: str, *, platform: str = "", signed_by: Path | None = None, on_event: OnEvent = ignore
    ) -> Image:
        """`docker pull`; of several platforms this machine's, or `platform`.

        With a public key in the file `signed_by`, only what its owner has signed.
        """

    def push(self, reference: str, *, compression: str = "", on_event: OnEvent = ignore) -> str:
        """`docker push`: the manifest's digest; with `compression` (gzip, zstd, none) the layers are packed anew."""

    def login(self, host: str, username: str, password: str) -> Path | None:
        """`docker login`: tried at the registry, then kept in Docker's config.json.

        The file, where the password, or the token in place of it, is not given to a credential helper.
        """

    def logout(self, host: str) -> None:
        """`docker logout`."""

    def search(self, term: str, *, limit: int = 25) -> tuple[SearchResult, ...]:
        """`docker search`: on Docker Hub, or in the registry of `HOST/TERM`."""

    def tag_tree(self, where: str, *, filter_: str = "") -> TagTree:
        """Repositories, tags and manifests of a registry that lets itself be listed, or of one `HOST/REPOSITORY`.

        Of many the first, and the newest tags; with a filter, of those that have this text in their names.
        """

    def explorer(self, where: str) -> "Explorer":
        """The same, to be opened further: what was not opened is not asked for."""

    def image_file(self, reference: str, path: str) -> bytes | None:
        """The bytes of a file of an image, through links; empty of a folder, None where there is nothing."""

    def argument_vector(
        self, reference: str, words: tuple[str, ...] = (), *, entrypoint: str | None = None
    ) -> ArgumentVector:
        """What process 1 of `docker run [--entrypoint PROGRAM] IMAGE [WORD...]` is told."""

    def transfer_trace(self, direction: str = "", reference: str = "") -> TransferTrace:
        """How the latest pull or push (`direction`; "" is either), of an image or of any, went, request by request."""

    def would_pull(self, reference: str, *, platform: str = "") -> tuple[Travel, ...]:
        """`docker pull --dry-run`: the blobs of an image, and which of them are here."""

    def would_push(self, reference: str) -> tuple[Travel, ...]:
        """`docker push --dry-run`: the blobs of an image, and which of them its registry has."""

    def remote_tags(self, repository: str) -> tuple[str, ...]:
        """The tags of a repository in its registry."""

    def remote_tag_details(self, repository: str, *, limit: int = 100) -> "tuple[TagDetails, ...]":
        """The first tags of a repository in its registry, with digest, size, date and platforms."""

    def tag_story(self, reference: str) -> TagStory:
        """Where a tag has pointed: as its registry tells (ours does), else as far as it was seen from here."""

    def pulls_left(self, reference: str) -> "RateLimit | None":
        """How many pulls an image's registry still allows, where it says so; asking costs none."""

    def remote_manifest(self, reference: str, *, platform: str = "") -> RemoteManifest:
        """`docker manifest inspect`: a manifest or index as its registry has it; with `platform` the one for that."""

    def remote_copy(self, source: str, target: str, *, platform: str = "", on_event: OnEvent = ignore) -> Digest:
        """Copy an image from registry to registry, all its platforms or one; its digest. Nothing of it is kept here."""

    def compare(self, before: str, after: str) -> ImageDifference:
        """What is different in another image: layers, settings, files; each in the store, else in its registry."""

    def remote_delete(self, reference: str) -> None:
        """Remove a tag from its registry, or by digest a manifest."""

    def attach_files(self, reference: str, files: Sequence[tuple[Path, str]], *, artifact_type: str) -> Digest:
        """Attach files, with the media type of each, to an image in its registry."""

    def sign(self, reference: str, key: Path) -> Digest:
        """Sign an image in its registry with the secret key in a file; the digest of what was attached."""

    def verify(self, reference: str, key: Path) -> Digest:
        """The digest of an image in its registry that the owner of a public key has signed."""

    def discover(self, reference: str, *, artifact_type: str = "") -> tuple[Referrer, ...]:
        """What was attached to an image in its registry."""


class Containers(Protocol):
    """Commands on containers."""

    def create(self, options: RunOptions, *, on_event: OnEvent = ignore) -> Container:
        """`docker create`."""

    def run(self, options: RunOptions, *, streams: Streams | None = None, on_event: OnEvent = ignore) -> Container:
        """`docker run`: with `streams` until it ends, without them (`-d`) until it is started."""

    def start(self, container: str, *, streams: Streams | None = None) -> Container:
        """`docker start`; with `streams` as `docker start -a`."""

    def attach(self, container: str, *, streams: Streams) -> int:
        """`docker attach`: until it ends (its exit status), or the detach keys are typed (0)."""

    def stop(self, container: str, *, timeout: int | None = None, signal: str = "") -> None:
        """`docker stop`: the stop signal, and after `timeout` seconds (10; -1: never) SIGKILL."""

    def restart(self, container: str, *, timeout: int | None = None, signal: str = "") -> None:
        """`docker restart`."""

    def kill(self, container: str, *, signal: str = "KILL") -> None:
        """`docker kill`."""

    def pause(self, container: str) -> None:
        """`docker pause`."""

    def unpause(self, container: str) -> None:
        """`docker unpause`."""

    def update(self, container: str, options: UpdateOptions, *, on_event: OnEvent = ignore) -> None:
        """`docker update`; `on_event` hears of what is not in force here."""

    def wait(self, container: str) -> int:
        """`docker wait`: the exit status."""

    def rename(self, container: str, name: str) -> None:
        """`docker rename`."""

    def remove(self, container: str, *, force: bool = False, volumes: bool = False) -> None:
        """`docker rm`."""

    def exec(self, options: ExecOptions, *, streams: Streams | None = None) -> int:
        """`docker exec`: the exit status."""

    def logs(self, options: LogOptions) -> Iterator[ContainerOutput]:
        """`docker logs`."""

    def top(self, container: str, arguments: tuple[str, ...] = ()) -> ProcessTable:
        """`docker top`, with arguments of ps(1)."""

    def usage(self, containers: tuple[str, ...] = (), *, all_: bool = False) -> tuple[ContainerUsage, ...]:
        """One look of `docker stats`: at these, or at all that run (`all_`: at the others, too)."""

    def containers(self, *, all_: bool = False) -> tuple[ContainerSummary, ...]:
        """`docker ps`, newest first."""

    def container(self, container: str) -> Container:
        """One container, by name or the start of its id."""

    def inspect_container(self, container: str) -> Mapping[str, object]:
        """`docker inspect` of a container, in Docker's form."""

    def diff(self, container: str) -> tuple[FileChange, ...]:
        """`docker diff`."""

    def copy_in(
        self, container: str, source: Path | str, target: str, *, archive: bool = False, follow: bool = False
    ) -> int:
        """`docker cp SOURCE CONTAINER:TARGET`: the bytes of the tar that it was; a text may end with `/.`.

        With `archive` owners are kept, with `follow` a link is what it leads to.
        """

    def copy_out(
        self, container: str, source: str, target: Path | str, *, archive: bool = False, follow: bool = False
    ) -> int:
        """`docker cp CONTAINER:SOURCE TARGET`: the bytes of the tar that it was."""

    def archive_out(self, container: str, source: str, sink: BinaryIO, *, follow: bool = False) -> None:
        """`docker cp CONTAINER:SOURCE -`: a tar in which all is below the name of the source."""

    def archive_in(self, container: str, tar: BinaryIO, target: str) -> None:
        """`docker cp - CONTAINER:TARGET`: what is in a tar, into a folder that is there."""

    def export(self, container: str, stream: BinaryIO) -> None:
        """`docker export`: the tar of its files, without those of mounts."""

    def run_trace(self, container: str = "") -> RunTrace:
        """How a container was started, step by step, also of one that is gone; the latest where none is named."""

    def namespaces(self, container: str) -> Namespaces:
        """A running container from the host and from inside, side by side."""

    def by_hand(self, wish: HandMade, streams: Streams) -> tuple[int, Namespaces]:
        """Run a process with some namespaces of its own: its exit status, and which. Raises IsolationError."""

    def commit(self, options: CommitOptions) -> Image:
        """`docker commit`."""

    def instances(self) -> Instances:
        """Images and the containers on them, to be drawn."""

    def image_tree(self) -> ImageTree:
        """All images of the store: which stands on which, and the containers on them."""


class Engine(Images, Containers, Things, Protocol):
    """Everything that can be asked of an engine."""
