"""Authorities and signed bundles made on the spot. Knows certificates, and nothing of who verifies them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 1, 15, tzinfo=UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
CODE = (Usage.CODE_SIGNING,)


@dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def party(
    name: str,
    issuer: Party | None = None,
    *,
    ca: bool = False,
    usage: Sequence[x509.ObjectIdentifier] = (),
    days: tuple[int, int] = (-30, 30),
    key: Key | None = None,
    signs: bool = True,
) -> Party:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name), x509.NameAttribute(NameOID.COMMON_NAME, "cn")]
    )
    above = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
        .add_extension(x509.KeyUsage(signs, False, False, False, False, ca, ca, False, False), critical=True)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return Party(builder.sign(above, hashes.SHA256()), key)


def block(der: bytes) -> bytes:
    return b"MCPB_SIG_V1" + len(der).to_bytes(4, "little") + der + b"MCPB_SIG_END"


def signed(
    content: bytes, signer: Party, *chain: Party, hash_: Any = None, pss: bool = False, options: Sequence[Any] = ()
) -> bytes:
    """The content with its signature behind it, as the reference tool writes it."""
    chosen_hash = hash_ or hashes.SHA256()
    form = padding.PSS(padding.MGF1(chosen_hash), padding.PSS.DIGEST_LENGTH) if pss else None
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(signer.certificate, signer.key, chosen_hash, rsa_padding=form)
    for each in chain:
        builder = builder.add_certificate(each.certificate)
    chosen = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, *options]
    return content + block(builder.sign(serialization.Encoding.DER, chosen))


def roots(folder: Path, *parties: Party) -> list[Path]:
    path = folder / "roots.pem"
    path.write_bytes(b"".join(each.pem for each in parties))
    return [path]
