"""Documents that come from elsewhere, and those that we write."""

import json

import pytest

from pydock_lab.errors import InvalidDigest, InvalidDocument, InvalidReference
from pydock_lab.oci import (
    ContainerConfig,
    Descriptor,
    Digest,
    History,
    ImageConfig,
    Index,
    Manifest,
    MediaType,
    Platform,
    Reference,
    canonical,
    chain_ids,
    read_document,
)

HEX = "a" * 64
CONFIG = {"mediaType": MediaType.CONFIG, "digest": f"sha256:{HEX}", "size": 2}
LAYER = {"mediaType": MediaType.LAYER_GZIP, "digest": f"sha256:{'b' * 64}", "size": 3}


def manifest(**more):
    document = {"schemaVersion": 2, "mediaType": MediaType.MANIFEST, "config": CONFIG, "layers": [LAYER]}
    return json.dumps(document | more).encode()


def test_a_manifest_survives_reading_and_writing():
    read = Manifest.from_bytes(manifest(annotations={"b": "1", "a": "2"}))
    assert Manifest.from_bytes(read.to_bytes()) == read
    assert read.size == 5


def test_a_config_survives_reading_and_writing():
    config = ImageConfig(
        platform=Platform(os="linux", architecture="arm", variant="v7"),
        config=ContainerConfig(cmd=("a",), env=("A=<&>",), exposed_ports=("80/tcp",), labels={"b": "1", "a": "é"}),
        diff_ids=(Digest(f"sha256:{HEX}"),),
        history=(History(created_by="x", empty_layer=True),),
        created="2026-01-31T12:00:00Z",
    )
    assert ImageConfig.from_bytes(config.to_bytes()) == config


def test_documents_are_written_as_go_writes_them():
    written = canonical({"b": "<a>&\u2028", "a": "é"})
    assert written == '{"b":"\\u003ca\\u003e\\u0026\\u2028","a":"é"}'.encode()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (manifest(schemaVersion=1), "schemaVersion"),
        (manifest(manifests=[]), "manifests"),
        (manifest(layers=None), "layers"),
        (manifest(layers=[{"mediaType": "x", "digest": f"sha256:{HEX}"}]), r"layers\[0\].size"),
        (manifest(layers=[LAYER | {"digest": "sha256:../../x"}]), r"layers\[0\].digest"),
        (manifest(layers=[LAYER | {"size": -1}]), r"layers\[0\].size"),
        (manifest(layers=[LAYER | {"size": True}]), r"layers\[0\].size"),
        (manifest(config=None), "config"),
        (b"[" * 100_000, "JSON"),
        (b" " * 9_000_000, "9000000"),
    ],
)
def test_a_broken_manifest_says_where(content, where):
    with pytest.raises(InvalidDocument, match=where):
        Manifest.from_bytes(content)


def test_a_document_of_two_types_is_refused():
    with pytest.raises(InvalidDocument) as caught:
        read_document(manifest(), MediaType.DOCKER_MANIFEST)
    assert caught.value.fields["inside"] == MediaType.MANIFEST


def test_an_index_is_read_as_one():
    child = CONFIG | {"mediaType": MediaType.MANIFEST, "platform": {"os": "linux", "architecture": "amd64"}}
    content = json.dumps({"schemaVersion": 2, "mediaType": MediaType.INDEX, "manifests": [child]}).encode()
    read = read_document(content, MediaType.INDEX)
    assert isinstance(read, Index)
    assert str(read.manifests[0].platform) == "linux/amd64"
    assert Index.from_bytes(read.to_bytes()) == read


def test_chain_ids_are_the_specifications():
    first, second = Digest(f"sha256:{HEX}"), Digest(f"sha256:{'b' * 64}")
    assert chain_ids((first, second)) == (first, Digest.of(f"{first} {second}".encode()))


@pytest.mark.parametrize(
    "text",
    ["", "sha256", f"sha256:{HEX[:-1]}", f"sha256:{HEX.upper()}", f"md5:{HEX[:32]}", "sha256:../../x", f"SHA256:{HEX}"],
)
def test_digests_that_are_none(text):
    with pytest.raises(InvalidDigest):
        Digest(text)


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("lab/app:2", "docker.io/lab/app:2", "lab/app:2"),
        ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1", "nginx:1"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/a/b:c", "localhost:5000/a/b:c", "localhost:5000/a/b:c"),
        ("ghcr.io/x/y", "ghcr.io/x/y:latest", "ghcr.io/x/y:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
        (f"a@sha256:{HEX}", f"docker.io/library/a@sha256:{HEX}", f"a@sha256:{HEX}"),
        (f"a:1@sha256:{HEX}", f"docker.io/library/a:1@sha256:{HEX}", f"a:1@sha256:{HEX}"),
    ],
)
def test_what_references_mean(text, full, familiar):
    reference = Reference.parse(text)
    assert (str(reference), reference.familiar) == (full, familiar)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("App", "App"),
        ("a:", ""),
        ("a:b c", "b c"),
        ("a//b", ""),
        ("a/-b", "-b"),
        ("-x.y/a", "-x.y"),
        ("a@sha256:12", "sha256:12"),
        ("localhost:port/a", "localhost:port"),
        (f"a:{'x' * 129}", "x" * 129),
    ],
)
def test_a_wrong_reference_names_the_part(text, part):
    with pytest.raises(InvalidReference) as caught:
        Reference.parse(text)
    assert caught.value.fields["part"] == part
    assert caught.value.message("fr") != caught.value.message("en")


def test_a_descriptor_of_bytes():
    found = Descriptor.of(b"{}", MediaType.EMPTY)
    assert (found.size, found.digest.short) == (2, "44136fa355b3")
