"""TLS: a certificate that is given, or one that the registry makes, with an authority of its own.

    tls/ca.crt        the authority: what clients are to trust
    tls/server.pem    the certificate of the registry, signed by it, and its key server-key.pem
    (the key of the authority is thrown away: it signs this one certificate and never another)

Docker trusts an authority from `certs.d/HOST:PORT/ca.crt`, and so do podman, skopeo and our own client. They take any
`.crt` there for one, and would look for a `.cert` beside a `.key`: so the folder itself can be given to `--cert-dir`.
"""

import datetime as dt
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.errors import RegistryError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_DAYS = 365
_RENEWED_DAYS = 30  # before it ends


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """Files in PEM: a certificate (with what it is signed by), its key, and the authority to be trusted, if known."""

    certificate: Path
    key: Path
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For a server; raises RegistryError where the files are not what they should be."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or getattr(error, "reason", "") or str(error)
            raise RegistryError("registry.bad-certificate", path=self.certificate, reason=reason) from None
        return context


def own_certificate(folder: Path, hosts: tuple[str, ...]) -> Certificate:
    """The certificate in `folder` for these names and addresses, and those of this machine; made where it is missing.

    It is made anew where it ends soon, or lacks one of the names.
    """
    found = Certificate(certificate=folder / "server.pem", key=folder / "server-key.pem", authority=folder / "ca.crt")
    names = tuple(dict.fromkeys((*hosts, "localhost", socket.gethostname(), "127.0.0.1", "::1")))
    if not _is_fit(found, names):
        _make(found, names)
    return found


def _is_fit(found: Certificate, names: tuple[str, ...]) -> bool:
    from cryptography import x509  # noqa: PLC0415 - only who serves over TLS needs it

    try:
        now = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    left = now.not_valid_after_utc - dt.datetime.now(dt.UTC)
    named = now.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(one.value) for one in named}
    return left.days > _RENEWED_DAYS and set(names) <= known and found.key.exists()


def _make(found: Certificate, names: tuple[str, ...]) -> None:
    from cryptography import x509  # noqa: PLC0415 - see _is_fit
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed("pydock registry authority", authority, authority, None)
    leaf = _signed("pydock registry", own, authority, root, names)
    pem = serialization.Encoding.PEM
    secret = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert isinstance(root, x509.Certificate)  # noqa: S101 - for mypy
    found.key.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(found.key, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(secret)
    found.certificate.write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))
    if found.authority is not None:
        found.authority.write_bytes(root.public_bytes(pem))


def _signed(
    title: str,
    key: "EllipticCurvePrivateKey",
    signer: "EllipticCurvePrivateKey",
    issuer: "x509.Certificate | None",
    names: tuple[str, ...] = (),
) -> "x509.Certificate":
    """A certificate for `key`: an authority's without an issuer, else a server's for these names."""
    from cryptography import x509  # noqa: PLC0415 - see _is_fit
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    is_authority = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))  # for clocks that are behind
        .not_valid_after(now + dt.timedelta(days=_DAYS))
        # Length 0: it can sign servers, and no further authorities (RFC 5280, section 4.2.1.9).
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if not is_authority:
        # Go, and so Docker, looks for the host among these names, and never in the common name.
        builder = builder.add_extension(x509.SubjectAlternativeName([*map(_general, names)]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(*, is_authority: bool) -> "x509.KeyUsage":
    from cryptography import x509  # noqa: PLC0415 - see _is_fit

    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509  # noqa: PLC0415 - see _is_fit

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
