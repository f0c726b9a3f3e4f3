"""A registry as a tree: read as far as it is opened, each digest once."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.events import Event, Exchange
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, Platform, Reference
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Login, OneLogin
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.transfer import push
from pydock_lab.registry.tree import Explorer, newest
from pydock_lab.store import Store

AMD64, ARM64 = (Platform(os="linux", architecture=name) for name in ("amd64", "arm64"))
LAYERS = tuple(bytes([number]) * 3000 for number in range(7))
MakeImage = Callable[..., Descriptor]


class Asked(list[Event]):
    """What was asked of a registry."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    def kinds(self) -> Counter[str]:
        """How often what was asked, since the last look."""
        found: Counter[str] = Counter()
        for event in self:
            assert isinstance(event, Exchange)
            kind = next(word for word in ("_catalog", "tags/list", "manifests", "blobs") if word in event.url)
            found[f"{event.method} {kind}"] += 1
        self.clear()
        return found


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def client(server: RegistryServer, asked: Asked) -> RegistryClient:
    return RegistryClient(server.address, on_event=asked)


@pytest.fixture
def put(server: RegistryServer, store: Store, image: MakeImage) -> Iterator[Callable[..., Descriptor]]:
    """`put("lab/app:1", "lab/app:2")`: an image under these names."""
    plain = RegistryClient(server.address)

    def send(*names: str, descriptor: Descriptor | None = None, layers: Any = LAYERS[:1]) -> Descriptor:
        found = descriptor or image(*layers)
        for name in names:
            push(store.blobs, found, plain, Reference.parse(f"{server.address}/{name}"))
        return found

    return send


def index_of(store: Store, *children: Descriptor) -> Descriptor:
    content = Index(manifests=children).to_bytes()
    store.blobs.put(content)
    return Descriptor.of(content, MediaType.INDEX)


def nowhere(_digest: Digest) -> bool:
    return False


def test_tags_and_what_they_point_to(client: RegistryClient, put: Any, store: Store) -> None:
    one, two = put("lab/app:1", "lab/app:1.0"), put("lab/app:latest", layers=LAYERS[:2])
    tree = Explorer(client, lambda digest: digest == Digest.of(LAYERS[0])).view()
    (found,) = tree.repositories
    assert (tree.host, found.name, found.private, found.others) == (client.host, "lab/app", False, 0)
    assert {tag.name: tag.digest for tag in found.tags} == {"1": one.digest, "1.0": one.digest, "latest": two.digest}
    assert [manifest.digest for manifest in found.manifests] == [one.digest, two.digest]
    latest = found.manifests[1]
    assert [layer.local for layer in latest.layers] == [True, False]
    size = two.size + Manifest.from_bytes(store.blobs.read(two)).size
    assert (latest.platform, latest.created, latest.size) == ("linux/amd64", "2024-01-01T00:00:00Z", size)


def test_a_small_index_is_read_whole(client: RegistryClient, put: Any, store: Store, image: MakeImage) -> None:
    ours, others = image(LAYERS[0]), image(LAYERS[1], platform=ARM64)
    index = index_of(store, replace(ours, platform=AMD64), replace(others, platform=ARM64))
    put("lab/app:1", descriptor=index)
    (found,) = Explorer(client, nowhere).view().repositories
    assert [manifest.digest for manifest in found.manifests] == [index.digest, ours.digest, others.digest]
    assert found.manifests[0].children == (ours.digest, others.digest)
    assert found.manifests[0].platform == "linux/amd64, linux/arm64"
    assert all(manifest.known for manifest in found.manifests)


def test_a_large_index_is_read_when_it_is_opened(
    client: RegistryClient, asked: Asked, put: Any, store: Store, image: MakeImage
) -> None:
    images = [image(b"%d" % number) for number in range(50)]
    platforms = [Platform(os="linux", architecture=f"cpu{number}") for number in range(50)]
    index = index_of(store, *(replace(one, platform=platforms[at]) for at, one in enumerate(images)))
    put("lab/app:1", descriptor=index)
    explorer = Explorer(client, nowhere)
    (found,) = explorer.view().repositories
    assert [(one.digest, one.closed, len(one.children)) for one in found.manifests] == [(index.digest, True, 50)]
    assert asked.kinds()["GET manifests"] == 1
    explorer.open("lab/app", index.digest)
    (found,) = explorer.view().repositories
    assert [one.digest for one in found.manifests[1:]] == [one.digest for one in images]
    assert all(one.known and one.layers for one in found.manifests[1:])
    assert asked.kinds() == {"GET manifests": 50, "GET blobs": 50}
    explorer.close("lab/app", index.digest)
    assert len(explorer.view().repositories[0].manifests) == 1
    assert not asked.kinds()


def test_of_many_tags_the_newest(client: RegistryClient, asked: Asked, put: Any) -> None:
    put(*(f"lab/app:1.{number}" for number in range(40)), "lab/app:latest", "lab/app:edge")
    explorer = Explorer(client, nowhere)
    (found,) = explorer.view().repositories
    assert [tag.name for tag in found.tags] == ["latest", *(f"1.{number}" for number in range(39, 28, -1))]
    assert found.others == 30
    counted = asked.kinds()
    # A digest is asked for with each tag that is shown, a manifest once.
    assert counted == {
        "GET _catalog": 1,
        "GET tags/list": 1,
        "HEAD manifests": 12,
        "GET manifests": 1,
        "GET blobs": 1,
    }
    explorer.more("lab/app")
    (found,) = explorer.view().repositories
    assert (len(found.tags), found.others) == (42, 0)
    assert asked.kinds() == {"HEAD manifests": 30}


def test_repositories_are_asked_about_when_they_are_opened(client: RegistryClient, asked: Asked, put: Any) -> None:
    put(*(f"lab/app{number:02}:1" for number in range(30)))
    explorer = Explorer(client, nowhere)
    tree = explorer.view()
    assert (len(tree.repositories), tree.others) == (24, 6)
    assert [one.closed for one in tree.repositories] == [False] * 6 + [True] * 18
    assert asked.kinds()["GET tags/list"] == 6
    explorer.open("lab/app10")
    (found,) = [one for one in explorer.view().repositories if one.name == "lab/app10"]
    assert [tag.name for tag in found.tags] == ["1"]
    assert asked.kinds() == {"GET tags/list": 1, "HEAD manifests": 1, "GET manifests": 1, "GET blobs": 1}
    explorer.close("lab/app10")
    explorer.more()
    tree = explorer.view()
    assert (len(tree.repositories), tree.others) == (30, 0)
    assert (tree.repositories[10].closed, tree.repositories[10].others) == (True, 1)
    assert not asked.kinds()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app", {"lab/app": ["1.0", "1.1", "latest"]}),
        ("1.1", {"lab/app": ["1.1"], "lab/base": ["1.1"]}),
        ("base:1.", {"lab/base": ["1.1"]}),
        ("nothing", {}),
    ],
)
def test_a_filter(client: RegistryClient, put: Any, text: str, expected: dict[str, list[str]]) -> None:
    put("lab/app:1.0", "lab/app:1.1", "lab/app:latest")
    put("lab/base:1.1", "lab/base:2.0")
    explorer = Explorer(client, nowhere)
    explorer.filter = text
    tree = explorer.view()
    assert {one.name: [tag.name for tag in one.tags] for one in tree.repositories} == expected
    assert tree.filter == text
    explorer.filter = ""
    assert len(explorer.view().repositories) == 2


def test_one_repository_needs_no_catalog(hostile: Any, client: RegistryClient, put: Any) -> None:
    put("lab/app:1")
    (found,) = Explorer(client, nowhere, only="lab/app").view().repositories
    assert found.name == "lab/app"
    with pytest.raises(RegistryError) as caught:
        Explorer(RegistryClient(hostile.address), nowhere, only="lab/app").view()
    assert caught.value.key == "registry.no-repository"


def test_a_tag_that_goes_meanwhile(client: RegistryClient, put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put("lab/app:1", "lab/app:2")
    monkeypatch.setattr(client, "tags", lambda _name: ("1", "2", "gone"))
    (found,) = Explorer(client, nowhere).view().repositories
    assert [tag.name for tag in found.tags] == ["1", "2"]


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_who_else_may_see_it(tmp_path: Path, store: Store, image: MakeImage, *, public: bool) -> None:
    login = OneLogin(Login(username="alice", password="s3cret"))
    with RegistryServer(tmp_path / "r", users={"alice": "s3cret"}, public=public) as server:
        client = RegistryClient(server.address, credentials=login)
        push(store.blobs, image(LAYERS[0]), client, Reference.parse(f"{server.address}/lab/app:1"))
        (found,) = Explorer(client, nowhere).view().repositories
    assert found.private is not public


@pytest.mark.parametrize("status", [401, 403, 404])
def test_registries_that_do_not_list_themselves(hostile: Any, status: int) -> None:
    hostile.serve("/v2/_catalog", b"", status)
    with pytest.raises(RegistryError) as caught:
        Explorer(RegistryClient(hostile.address), nowhere).view()
    assert caught.value.key == "registry.no-catalog"


def test_the_order_of_tags() -> None:
    expected = ("latest", "2026-11-27", "v2", "1.10.1", "1.10", "1.10-rc1", "1.9", "edge", "alpine")
    assert newest(sorted(expected)) == expected
