"""What is in registries: manifests, tags, copies between them, deletes, and what a pull or push would move."""

import base64
import json

import pytest

from pydock_lab.engine.this_machine import ARCHITECTURE
from pydock_lab.errors import Corrupt, RegistryError
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, Platform
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server import RegistryServer

BOX = "lab/busybox"


@pytest.fixture
def server(tmp_path):
    with RegistryServer(tmp_path / "one") as running:
        yield running


@pytest.fixture
def other(tmp_path):
    with RegistryServer(tmp_path / "two", users={"alice": "pw"}, public=True, tokens=True) as running:
        yield running


@pytest.fixture
def app(docker, server):
    """An image with two tags in a registry: its name there."""
    name = f"{server.address}/lab/app"
    for tag in ("1", "2"):
        docker("tag", BOX, f"{name}:{tag}")
        docker("push", "-q", f"{name}:{tag}")
    return name


@pytest.fixture
def logged_in(docker, other, tmp_path, monkeypatch):
    """Somebody who may push to the other registry."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    docker("login", "-u", "alice", "--password-stdin", other.address, piped=b"pw")
    return other.address


def put_index(name, *platforms):
    """An index of small images; its digest, and theirs."""
    host, _, repository = name.partition("/")
    client, children = RegistryClient(host), []
    for platform in platforms:
        config = json.dumps(
            {"architecture": platform, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
        ).encode()
        upload(client, repository, config)
        content = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=()).to_bytes()
        client.put_manifest(repository, Digest.of(content), content, MediaType.MANIFEST)
        described = Platform(os="linux", architecture=platform)
        children.append(
            Descriptor(media_type=MediaType.MANIFEST, digest=Digest.of(content), size=len(content), platform=described)
        )
    index = Index(manifests=tuple(children)).to_bytes()
    return client.put_manifest(repository, "all", index, MediaType.INDEX), [one.digest for one in children]


def upload(client, repository, content):
    class One:
        def open(self, _blob):
            import io  # noqa: PLC0415 - here alone

            return io.BytesIO(content)

    client.put_blob(repository, Descriptor.of(content, MediaType.CONFIG), One())


def test_tags_and_manifests(docker, app):
    assert docker("registry", "tags", app) == "1\n2\n"
    shown = docker("manifest", "inspect", f"{app}:1")
    assert shown.startswith('{\n   "schemaVersion": 2,')
    (told,) = [json.loads(docker("manifest", "inspect", "-v", f"{app}:1"))]
    assert base64.b64decode(told["Raw"]) == RegistryClient(app.partition("/")[0]).manifest("lab/app", "1")[0]
    assert told["OCIManifest"] == json.loads(shown)
    assert told["Descriptor"]["digest"] == Digest.of(base64.b64decode(told["Raw"]))


def test_an_index_and_its_manifests(docker, app):
    _, children = put_index(app, "amd64", "arm64")
    told = json.loads(docker("manifest", "inspect", "-v", f"{app}:all"))
    assert [one["Ref"] for one in told] == [f"{app}@{digest}" for digest in children]
    assert [one["Descriptor"]["platform"]["architecture"] for one in told] == ["amd64", "arm64"]


def test_a_copy_passes_through(docker, engine, app, logged_in):
    digest, children = put_index(app, "amd64", "arm64")
    target = f"{logged_in}/team/app"
    before = set(engine.full.home.blobs)
    assert docker("registry", "copy", "-q", f"{app}:1", f"{target}:1") == f"{digest_of(app, '1')}\n"
    assert docker("registry", "copy", f"{app}:all", f"{target}:all") == f"{target}:all: digest: {digest}\n"
    assert set(engine.full.home.blobs) == before  # nothing of it was kept
    assert digest_of(target, "1") == digest_of(app, "1")
    docker("registry", "copy", "--platform", "linux/arm64", f"{app}:all", f"{target}:arm")
    assert digest_of(target, "arm") == children[1]


def digest_of(name, tag):
    host, _, repository = name.partition("/")
    return RegistryClient(host).head_manifest(repository, tag).digest


def test_a_copy_within_a_registry_moves_nothing(docker, app, server):
    before = len(server.log)
    docker("registry", "copy", f"{app}:1", f"{server.address}/lab/second:1")
    assert not any(one.method in ("PUT", "PATCH") and "blobs" in one.path for one in server.log[before:])
    assert digest_of(f"{server.address}/lab/second", "1") == digest_of(app, "1")


def test_a_registry_that_gives_another_blob(docker, app, server, logged_in):
    blobs = server._storage.blobs
    layer = json.loads(blobs.read(digest_of(app, "1")))["layers"][0]
    path = blobs.path(Digest(layer["digest"]))
    path.write_bytes(b"x" * layer["size"])
    with pytest.raises(RegistryError) as caught:
        docker("registry", "copy", f"{app}:1", f"{logged_in}/team/app:1")
    assert caught.value.key == "registry.digest-differs"
    assert RegistryClient(logged_in).head_manifest("team/app", "1") is None


def test_a_delete(docker, app, fails):
    assert docker("registry", "delete", f"{app}:1") == f"Deleted: {app}:1\n"
    assert docker("registry", "tags", app) == "2\n"
    assert fails("registry", "delete", f"{app}:1") == "registry.no-manifest"
    docker("registry", "delete", f"{app}@{digest_of(app, '2')}")
    assert docker("registry", "tags", app) == ""


def test_what_was_attached(docker, app):
    host, _, repository = app.partition("/")
    client, empty = RegistryClient(host), b"{}"
    upload(client, repository, empty)
    subject = Descriptor(media_type=MediaType.MANIFEST, digest=digest_of(app, "1"), size=1)
    note = Manifest(
        config=Descriptor.of(empty, MediaType.EMPTY),
        layers=(),
        subject=subject,
        artifact_type="text/note",
        annotations={"who": "me"},
    ).to_bytes()
    digest = client.put_manifest(repository, Digest.of(note), note, MediaType.MANIFEST)
    assert docker("registry", "discover", "--format", "{{.Digest}} {{.ArtifactType}} {{.Annotations}}", f"{app}:1") == (
        f"{digest} text/note who=me\n"
    )
    assert str(digest) in docker("registry", "discover", f"{app}:1")
    assert str(digest) not in docker("registry", "discover", "--artifact-type", "text/other", f"{app}:1")


def test_what_would_travel(docker, app, other, logged_in):
    docker("tag", BOX, f"{logged_in}/team/app:1")
    told = docker("push", "--dry-run", f"{logged_in}/team/app:1")
    assert "2 of 2 would travel" in told
    assert other.log[-1].method == "HEAD"
    docker("push", "-q", f"{logged_in}/team/app:1")
    told = docker("push", "--dry-run", f"{logged_in}/team/app:1")
    assert "0 of 2 would travel: 0B" in told
    assert told.count("no, it is there") == 2
    assert "0 of 2 would travel" in docker("pull", "--dry-run", f"{app}:1")
    _, _ = put_index(app, "arm64")
    assert "1 of 1 would travel" in docker("pull", "--dry-run", "--platform", "linux/arm64", f"{app}:all")


def test_another_platform(docker, app):
    _, children = put_index(app, "amd64", "arm64")
    docker("pull", "-q", "--platform", "linux/arm64", f"{app}:all")
    assert docker("image", "inspect", "-f", "{{.Architecture}}", f"{app}:all") == "arm64\n"
    assert children[1] in docker("images", "--digests", "--format", "{{.Digest}}")


def test_all_tags(docker, app, fails, logged_in):
    docker("rmi", f"{app}:1", f"{app}:2")
    docker("pull", "-q", "-a", app)
    assert docker("images", "--format", "{{.Tag}}", app).split() == ["1", "2"]
    for tag in ("1", "2"):
        docker("tag", f"{app}:{tag}", f"{logged_in}/team/all:{tag}")
    docker("push", "-q", "-a", f"{logged_in}/team/all")
    assert docker("registry", "tags", f"{logged_in}/team/all") == "1\n2\n"
    assert fails("pull", "-a", f"{app}:1") == "cli.tag-with-all"
    assert fails("push", "-a", f"{logged_in}/team/none") == "cli.no-tags"


def test_files_are_attached(docker, app, tmp_path, fails):
    (tmp_path / "list.json").write_text("{}")
    (tmp_path / "note").write_text("hello")
    words = ("registry", "attach", "--artifact-type", "text/note", f"{app}:1")
    told = docker(*words, f"{tmp_path}/list.json:application/json", f"{tmp_path}/note")
    digest = told.split()[-1]
    manifest = json.loads(docker("manifest", "inspect", f"{app}@{digest}"))
    assert [(one["mediaType"], one["annotations"]["org.opencontainers.image.title"]) for one in manifest["layers"]] == [
        ("application/json", "list.json"),
        ("application/octet-stream", "note"),
    ]
    assert digest in docker("registry", "discover", "--artifact-type", "text/note", f"{app}:1")
    assert fails(*words, f"{tmp_path}/missing") == "registry.no-file"


def test_only_what_is_signed_is_pulled(docker, app, tmp_path, fails):
    assert "alice.pub" in docker("registry", "keygen", f"{tmp_path}/alice")
    key = ("--require-signature", f"{tmp_path}/alice.pub")
    docker("rmi", f"{app}:1", f"{app}:2")
    assert fails("pull", *key, f"{app}:1") == "registry.not-signed"
    assert docker("images", "-q", app) == ""
    docker("registry", "sign", "--key", f"{tmp_path}/alice.key", f"{app}:1")
    docker("pull", "-q", *key, f"{app}:1")
    assert docker("images", "--format", "{{.Tag}}", app) == "1\n"
    told = docker("registry", "verify", "--key", f"{tmp_path}/alice.pub", f"{app}:1")
    assert f"{app}:1 is {digest_of(app, '1')}, signed by" in told


def test_a_push_mounts_what_a_neighbour_has(docker, app, server):
    other = f"{server.address}/lab/neighbour:1"
    docker("tag", f"{app}:1", other)
    before = len(server.log)
    docker("push", "-q", other)
    asked = [(one.method, one.path) for one in server.log[before:]]
    assert not any(method in ("PUT", "PATCH") and "/blobs/" in path for method, path in asked)
    assert any("mount=" in path and "from=lab%2Fapp" in path for _, path in asked)


# ---- two images beside each other


@pytest.fixture
def two_builds(docker, server, tmp_path):
    """`one:1` in the store, and the image that somebody made from it, in a registry alone: their names."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "same").write_text("same")
    (context / "app").write_text("1")
    (context / "old").write_text("gone")
    dockerfile = context / "Dockerfile"
    base = "FROM scratch\nCOPY same /srv/same\n"
    dockerfile.write_text(base + "COPY app old /srv/\nENV A=1 B=2\nCMD one\n")
    docker("build", "-q", "-t", "one:1", str(context))
    (context / "app").write_text("22")
    dockerfile.write_text(base + "COPY app /srv/\nENV A=1 B=3 C=\x1b[31m\nEXPOSE 80\nCMD two\n")
    name = f"{server.address}/lab/two:1"
    docker("build", "-q", "-t", name, str(context))
    docker("push", "-q", name)
    docker("rmi", name)
    return "one:1", name


def test_what_is_different(docker, two_builds):
    lines = docker("registry", "diff", *two_builds).splitlines()
    signs = [line.split()[0] for line in lines[1 : lines.index("config")]]
    assert signs == ["=", "-", "+"]
    config = lines[lines.index("config") + 1 : lines.index("files")]
    assert config == [
        "  - Cmd: /bin/sh -c one",
        "  + Cmd: /bin/sh -c two",
        "  - Env B: 2",
        "  + Env B: 3",
        "  + Env C: [31m",
        "  + ExposedPorts 80/tcp: yes",
    ]
    assert lines[lines.index("files") + 1 :] == ["  C /srv/app  2B", "  D /srv/old"]
    assert docker("images", "-q").splitlines() == docker("images", "-q", "one").splitlines()


def test_the_other_way_round_and_for_programs(docker, two_builds):
    lines = docker("registry", "diff", *reversed(two_builds)).splitlines()
    assert lines[lines.index("files") + 1 :] == ["  C /srv/app  1B", "  A /srv/old  4B"]
    found = json.loads(docker("registry", "diff", "--format", "json", *two_builds))
    assert [one["path"] for one in found["files"]] == ["/srv/app", "/srv/old"]


def test_no_difference(docker, app):
    assert docker("registry", "diff", f"{app}:1", f"{app}:2").splitlines()[-1] == "no difference"


def test_a_layer_that_lies_about_its_content(docker, server):
    """Of a foreign image the list of files is kept: only of what is what it says."""
    client, layer = RegistryClient(server.address), b"\0" * 1024
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [Digest.of(b"something else")]},
        }
    ).encode()
    for blob in (config, layer):
        upload(client, "lab/liar", blob)
    content = Manifest(
        config=Descriptor.of(config, MediaType.CONFIG), layers=(Descriptor.of(layer, MediaType.LAYER),)
    ).to_bytes()
    client.put_manifest("lab/liar", "1", content, MediaType.MANIFEST)
    with pytest.raises(Corrupt):
        docker("registry", "diff", BOX, f"{server.address}/lab/liar:1")


# ---- packed in another way


@pytest.mark.parametrize(("form", "suffix"), [("zstd", "+zstd"), ("gzip", "+gzip"), ("none", "")])
def test_layers_are_packed_for_a_push(docker, server, form, suffix):
    name = f"{server.address}/lab/app:1"
    docker("tag", BOX, name)
    docker("push", "-q", "--compression-format", form, name)
    document = json.loads(docker("manifest", "inspect", name))
    kinds = {layer["mediaType"] for layer in document["layers"]}
    assert kinds == {f"application/vnd.oci.image.layer.v1.tar{suffix}"}
    # The same image, by its id, for whoever pulls it.
    before = docker("images", "-q", "--no-trunc", name)
    docker("rmi", name)
    assert docker("pull", "-q", name) == f"{name}\n"
    assert docker("images", "-q", "--no-trunc", name) == before
    assert docker("run", "--rm", name, "echo", "works") == "works\n"
    assert docker("registry", "diff", BOX, name).splitlines()[-1] == "no difference"


def test_a_pull_says_whether_something_came_and_when_it_is_another_platform(docker, app):
    assert "Image is up to date for" in docker("pull", f"{app}:1")
    docker("rmi", "-f", f"{app}:1")
    digest, status, name = docker("pull", f"{app}:1").splitlines()[-3:]
    assert (status, name) == (f"Status: Downloaded newer image for {app}:1", f"{app}:1")
    pinned = f"{app}@{digest.removeprefix('Digest: ')}"
    docker("rmi", "-f", *set(docker("images", "-aq").split()))
    assert docker("pull", pinned).splitlines()[-2:] == [f"Status: Downloaded newer image for {pinned}", pinned]
    assert f"Status: Image is up to date for {pinned}" in docker("pull", pinned)
    docker("pull", f"{app}:1")
    other = "arm64" if ARCHITECTURE == "amd64" else "amd64"
    docker.face.noted = ""
    docker("pull", "--platform", f"linux/{other}", f"{app}:1")
    assert f"asked for as linux/{other}, and is linux/{ARCHITECTURE}" in docker.face.noted
    docker.face.noted = ""
    docker("pull", "--platform", ARCHITECTURE, f"{app}:1")
    assert "asked for" not in docker.face.noted


def test_a_password_that_is_no_text(fails):
    words = ["login", "-u", "alice", "--password-stdin", "127.0.0.1:1"]
    assert fails(*words, piped=b"\xff\xfe") == "cli.password-not-text"
