"""What is attached to an image, and signatures: made, found, and told apart from what only looks like one."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, Digest, Manifest, Reference
from pydock_lab.registry.attaching import TITLE, Part, attach
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.signatures import ARTIFACT_TYPE, make_keys, sign, verify


@pytest.fixture
def client(server: RegistryServer) -> RegistryClient:
    return RegistryClient(server.address)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return make_keys(tmp_path / "alice")


@pytest.fixture
def app(server: RegistryServer, put_image: Any) -> Reference:
    put_image("1", b"one")
    put_image("2", b"two")
    return Reference.parse(f"{server.address}/lab/app:1")


def other(app: Reference, tag: str) -> Reference:
    return Reference(domain=app.domain, path=app.path, tag=tag)


def refused(client: RegistryClient, reference: Reference, key: Path) -> int:
    """How many signatures there were, none of which was right."""
    with pytest.raises(RegistryError) as caught:
        verify(client, reference, key)
    assert caught.value.key == "registry.not-signed"
    return int(caught.value.fields["count"])


def test_who_signs_is_believed(client: RegistryClient, app: Reference, keys: Any, tmp_path: Path) -> None:
    secret, public = keys
    assert refused(client, app, public) == 0
    sign(client, app, secret)
    digest = verify(client, app, public)
    assert digest == Digest.of(client.manifest("lab/app", "1")[0])
    assert refused(client, other(app, "2"), public) == 0  # of this image, and of no other
    _, stranger = make_keys(tmp_path / "bob")
    assert refused(client, app, stranger) == 1
    assert secret.stat().st_mode & 0o077 == 0


def test_the_form_is_that_of_cosign(client: RegistryClient, app: Reference, keys: Any, tmp_path: Path) -> None:
    secret, public = keys
    sign(client, app, secret)
    digest = Digest.of(client.manifest("lab/app", "1")[0])
    manifest = Manifest.from_bytes(client.manifest("lab/app", f"sha256-{digest.hex}.sig")[0])
    (layer,) = manifest.layers
    payload = client.read_blob("lab/app", layer)
    assert json.loads(payload) == {
        "critical": {
            "identity": {"docker-reference": app.name},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": None,
    }
    assert layer.media_type == "application/vnd.dev.cosign.simplesigning.v1+json"
    # openssl says so, too: what it verifies is no form of our own.
    (tmp_path / "payload").write_bytes(payload)
    (tmp_path / "signature").write_bytes(base64.b64decode(layer.annotations["dev.cosignproject.cosign/signature"]))
    words = ["-sha256", "-verify", public, "-signature", tmp_path / "signature", tmp_path / "payload"]
    assert subprocess.run(["openssl", "dgst", *words], capture_output=True, check=False).stdout == b"Verified OK\n"
    (found,) = client.referrers("lab/app", digest, ARTIFACT_TYPE)
    assert found.digest == Digest.of(client.manifest("lab/app", f"sha256-{digest.hex}.sig")[0])


def test_a_tag_that_moved_is_not_signed(client: RegistryClient, app: Reference, keys: Any, put_image: Any) -> None:
    secret, public = keys
    sign(client, app, secret)
    put_image("1", b"another")
    assert refused(client, app, public) == 0


def forged(client: RegistryClient, subject: str, payload: bytes, signature: str, media_type: str) -> None:
    content, kind = client.manifest("lab/app", subject)
    part = Part(content=payload, media_type=media_type, annotations={"dev.cosignproject.cosign/signature": signature})
    attach(client, "lab/app", Descriptor.of(content, kind), [part], artifact_type=ARTIFACT_TYPE)


def test_what_only_looks_like_a_signature(client: RegistryClient, app: Reference, keys: Any) -> None:
    secret, public = keys
    sign(client, app, secret)
    digest = Digest.of(client.manifest("lab/app", "1")[0])
    manifest = Manifest.from_bytes(client.manifest("lab/app", f"sha256-{digest.hex}.sig")[0])
    payload, annotations = client.read_blob("lab/app", manifest.layers[0]), manifest.layers[0].annotations
    good, kind = annotations["dev.cosignproject.cosign/signature"], manifest.layers[0].media_type
    of_two = Digest.of(client.manifest("lab/app", "2")[0])
    # The right signature of another image, and the same with a payload that names this one.
    forged(client, "2", payload, good, kind)
    forged(client, "2", payload.replace(digest.encode(), of_two.encode()), good, kind)
    forged(client, "2", payload, "no base64!", kind)
    forged(client, "2", payload, base64.b64encode(b"x").decode(), kind)
    forged(client, "2", payload, good, "text/plain")
    assert refused(client, other(app, "2"), public) == 3


def test_an_older_registry_keeps_a_list(
    client: RegistryClient, app: Reference, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One from before 1.1: it knows no referrers, and answers no OCI-Subject."""
    from pydock_lab.registry.server import routes  # noqa: PLC0415 - what is switched off

    older = tuple(one for one in routes.ROUTES if "referrers" not in one.pattern.pattern)
    monkeypatch.setattr(routes, "ROUTES", older)
    answer = routes.answer

    def without_subject(*values: Any) -> Any:
        response, visitor = answer(*values)
        if isinstance(response.headers, dict):
            response.headers.pop("OCI-Subject", None)
        return response, visitor

    monkeypatch.setattr("pydock_lab.registry.server.handler.answer", without_subject)
    secret, public = keys
    sign(client, app, secret)
    digest = verify(client, app, public)
    content, kind = client.manifest("lab/app", "1")
    note = Part(content=b"hello", media_type="text/plain", annotations={TITLE: "note"})
    attach(client, "lab/app", Descriptor.of(content, kind), [note], artifact_type="text/note")
    attach(client, "lab/app", Descriptor.of(content, kind), [note], artifact_type="text/note")  # once is enough
    kinds = [one.artifact_type for one in client.referrers("lab/app", digest)]
    assert kinds == [ARTIFACT_TYPE, "text/note"]
    assert f"sha256-{digest.hex}" in client.tags("lab/app")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"])
def test_keys_that_are_none(client: RegistryClient, app: Reference, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    uses: list[Callable[[], object]] = [lambda: sign(client, app, path), lambda: verify(client, app, path)]
    for use in uses:
        with pytest.raises(RegistryError) as caught:
            use()
        assert caught.value.key == "registry.bad-key"


def test_a_key_of_another_kind(client: RegistryClient, app: Reference, tmp_path: Path) -> None:
    subprocess.run(["openssl", "genrsa", "-out", tmp_path / "rsa", "2048"], capture_output=True, check=True)
    words = ["openssl", "rsa", "-in", tmp_path / "rsa", "-pubout", "-out", tmp_path / "rsa.pub"]
    subprocess.run(words, capture_output=True, check=True)
    for use, name in ((sign, "rsa"), (verify, "rsa.pub")):
        with pytest.raises(RegistryError) as caught:
            use(client, app, tmp_path / name)
        assert caught.value.key == "registry.bad-key"


def test_keys_are_not_overwritten(tmp_path: Path) -> None:
    make_keys(tmp_path / "a")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(RegistryError) as caught:
        make_keys(tmp_path / "a")
    assert caught.value.key == "registry.key-exists"
    assert (tmp_path / "a.key").read_bytes() == before
    with pytest.raises(RegistryError) as caught:
        make_keys(tmp_path / "none" / "a")
    assert caught.value.key == "registry.bad-key"


@pytest.mark.usefixtures("app")
def test_many_referrers_come_in_pages(client: RegistryClient, server: RegistryServer) -> None:
    content, kind = client.manifest("lab/app", "1")
    subject = Descriptor.of(content, kind)
    made = []
    for number in range(130):
        artifact_type = "text/odd" if number % 2 else "text/even"
        part = Part(content=str(number).encode(), media_type="text/plain")
        made.append(attach(client, "lab/app", subject, [part], artifact_type=artifact_type))
    before = len(server.log)
    assert {one.digest for one in client.referrers("lab/app", subject.digest)} == set(made)
    assert len(server.log) == before + 2
    found = client.referrers("lab/app", subject.digest, "text/odd")
    assert {one.digest for one in found} == set(made[1::2])
    assert "artifactType=text%2Fodd&n=100&last=sha256" in server.log[-1].path
