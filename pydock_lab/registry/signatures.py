"""Signatures of images, as cosign makes them: who has the public key can tell that an image is the one that was meant.

    payload    {"critical": {"image": {"docker-manifest-digest": "sha256:aa.."}, ...}}    what is signed
    signature  ECDSA over P-256 and SHA-256, of the payload's bytes
    both       attached to the image: the payload is a blob, the signature an annotation of it

A tag is resolved first, and then only its digest counts: what is pulled after that is what was verified.

Source: sigstore/cosign, specs/SIGNATURE_SPEC.md; containers/image, docs/containers-signature.5.md ("simple signing").
"""

import base64
import binascii
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.errors import InvalidValue, RegistryError
from pydock_lab.oci import Descriptor, Digest, Manifest, Reference
from pydock_lab.registry.attaching import Part, attach
from pydock_lab.registry.client import RegistryClient

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

ARTIFACT_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json"
_PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_KIND = "cosign container image signature"
# Whoever controls a registry can attach signatures without end (CVE-2023-33958, in notation).
_MAX_SIGNATURES = 100


def make_keys(name: Path) -> tuple[Path, Path]:
    """A new pair, `NAME.key` (secret) and `NAME.pub`, in PEM; raises RegistryError where one of them is there."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only who signs needs it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see above

    secret, public = name.with_name(f"{name.name}.key"), name.with_name(f"{name.name}.pub")
    pair = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    texts = {
        secret: pair.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        public: pair.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo),
    }
    for path in texts:
        if path.exists():  # what was signed with a key that is gone cannot be signed so again
            raise RegistryError("registry.key-exists", path=path)
    for path, text in texts.items():
        try:
            # O_EXCL: no key is written over. With the mode there is no moment in which others could read the secret.
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if path == secret else 0o644)
        except OSError as error:
            raise RegistryError("registry.bad-key", path=path, reason=error.strerror) from None
        with open(descriptor, "wb") as file:
            file.write(text)
    return secret, public


def sign(client: RegistryClient, reference: Reference, key: Path) -> Digest:
    """Sign the image that `reference` means now; the digest of what was attached. Raises RegistryError."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see make_keys
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see make_keys

    secret = _secret(key)
    subject = _subject(client, reference)
    payload = _payload(reference, subject.digest)
    signature = base64.b64encode(secret.sign(payload, ec.ECDSA(hashes.SHA256()))).decode()
    part = Part(content=payload, media_type=_PAYLOAD_TYPE, annotations={_SIGNATURE: signature})
    # Under the tag that cosign looks at as well, in registries old and new.
    tag = f"{subject.digest.replace(':', '-', 1)}.sig"
    return attach(client, reference.path, subject, [part], artifact_type=ARTIFACT_TYPE, tag=tag)


def verify(client: RegistryClient, reference: Reference, key: Path) -> Digest:
    """The digest of the image that `reference` means, signed by the owner of `key`; else raises RegistryError."""
    public = _public(key)
    subject = _subject(client, reference)
    found = list(_signatures(client, reference.path, subject.digest))
    for payload, signature in found:
        if _is_right(public, payload, signature) and _speaks_of(payload, subject.digest):
            return subject.digest
    what, count = reference.familiar, len(found)
    raise RegistryError("registry.not-signed", what=what, digest=subject.digest, count=count, key=key.name)


def _subject(client: RegistryClient, reference: Reference) -> Descriptor:
    content, media_type = client.manifest(reference.path, reference.digest or reference.tag)
    digest = reference.digest or Digest.of(content)
    return Descriptor(media_type=media_type, digest=digest, size=len(content))


def _payload(reference: Reference, digest: Digest) -> bytes:
    critical = {
        "identity": {"docker-reference": reference.name},
        "image": {"docker-manifest-digest": digest},
        "type": _KIND,
    }
    return json.dumps({"critical": critical, "optional": None}, separators=(",", ":")).encode()


def _signatures(client: RegistryClient, repository: str, digest: Digest) -> list[tuple[bytes, bytes]]:
    """Payloads and signatures, from what refers to the image, and from the tag of older cosigns."""
    names = [str(one.digest) for one in client.referrers(repository, digest, ARTIFACT_TYPE)[:_MAX_SIGNATURES]]
    tag = f"{digest.replace(':', '-', 1)}.sig"
    tagged = client.head_manifest(repository, tag)
    if tagged is not None and tagged.digest not in names:
        names.append(tag)
    found = []
    for name in names:
        try:
            manifest = Manifest.from_bytes(client.manifest(repository, name)[0])
        except (RegistryError, InvalidValue):  # somebody else's, of a kind that we do not know
            continue
        for layer in manifest.layers[:_MAX_SIGNATURES]:
            said = layer.annotations.get(_SIGNATURE)
            if layer.media_type == _PAYLOAD_TYPE and said:
                try:
                    found.append((client.read_blob(repository, layer), base64.b64decode(said, validate=True)))
                except (RegistryError, binascii.Error):
                    continue
    return found


def _is_right(public: "EllipticCurvePublicKey", payload: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see make_keys
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see make_keys
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see make_keys

    try:
        public.verify(signature, payload, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _speaks_of(payload: bytes, digest: Digest) -> bool:
    """Whether a payload that was signed is one for this image: a signature of another, moved here, is none."""
    try:
        critical = json.loads(payload)["critical"]
        return bool(critical["image"]["docker-manifest-digest"] == digest and critical["type"] == _KIND)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _secret(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see make_keys
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - see make_keys

    try:
        found = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _bad_key(path, error) from None
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise _bad_key(path, ValueError("not ECDSA"))
    return found


def _public(path: Path) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - see make_keys
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - see make_keys

    try:
        found = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _bad_key(path, error) from None
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise _bad_key(path, ValueError("not ECDSA"))
    return found


def _bad_key(path: Path, error: Exception) -> RegistryError:
    reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0][:100]
    return RegistryError("registry.bad-key", path=path, reason=reason)
