"""Who signed a bundle, and whether the system trusts them. Must not know what follows from it.

Verified is what the file is; that its certificate may have been revoked since is not asked (no network here).
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.ordinary import open_ordinary, read_ordinary
from coder.core.visible import visible_line
from coder.extensions.cms import Signed, read_signed
from coder.extensions.der import DerError
from coder.extensions.errors import BundleError
from coder.extensions.sealed import sealed

# Only a signed bundle loads them.
x509 = LazyModule("cryptography.x509")
verification = LazyModule("cryptography.x509.verification")
exceptions = LazyModule("cryptography.exceptions")
hashes = LazyModule("cryptography.hazmat.primitives.hashes")
prehashed = LazyModule("cryptography.hazmat.primitives.asymmetric.utils")
padding = LazyModule("cryptography.hazmat.primitives.asymmetric.padding")
rsa = LazyModule("cryptography.hazmat.primitives.asymmetric.rsa")
ec = LazyModule("cryptography.hazmat.primitives.asymmetric.ec")

State: TypeAlias = Literal["trusted", "untrusted", "unsigned", "broken"]
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
_PSS = "1.2.840.113549.1.1.10"
_MOST_ROOTS = 8 * 1024 * 1024
_MOST_ROOT_FILES = 2000
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Signature:
    """`broken`: refuse the file, it is not what was signed. `publisher` is what the certificate calls itself, believed
    only when trusted; foreign text made visible. `fingerprint` is the SHA-256 of the certificate."""

    state: State
    publisher: str = ""
    reason: str = ""
    fingerprint: str = ""


def signature_of(archive: Path, roots: Sequence[Path] | None = None, now: datetime | None = None) -> Signature:
    """`roots` are files of PEM certificates that are trusted, None: those of the system. Raises OSError."""
    with open_ordinary(archive) as file:
        try:
            parts = sealed(file)
            if parts.der is None:
                return Signature("unsigned", reason="nobody signed it")
            signed = read_signed(parts.der)
            digest = _digest(file, parts.content, signed.hash)
        except BundleError as error:
            return Signature("broken", reason=str(error))
        except DerError as error:
            return Signature("broken", reason=f"its signature cannot be read: {error}")
    with warnings.catch_warnings():
        # Not a word of what is odd in somebody's certificate is for the terminal.
        warnings.simplefilter("ignore")
        return _judged(signed, digest, roots, now or datetime.now(UTC))


def _judged(signed: Signed, digest: bytes, roots: Sequence[Path] | None, now: datetime) -> Signature:
    if signed.attributes is not None and signed.digest != digest:
        return Signature("broken", reason="it was changed after it was signed")
    certificates = [each for raw in signed.certificates if (each := _certificate(raw)) is not None]
    signer = next((each for each in certificates if _is_signer(each, signed, digest)), None)
    if signer is None:
        return Signature("broken", reason="its signature does not belong to it, or to none of its certificates")
    others = [each for each in certificates if each != signer]
    problem = _distrust(signer, others, _roots(roots), now)
    fingerprint = signer.fingerprint(hashes.SHA256()).hex()
    return Signature("untrusted" if problem else "trusted", _publisher(signer), problem, fingerprint)


def _digest(file: BinaryIO, content: int, name: str) -> bytes:
    digest = hashlib.new(name)
    file.seek(0)
    left = content
    while left and (chunk := file.read(min(_CHUNK, left))):
        left -= len(chunk)
        digest.update(chunk)
    return digest.digest()


def _certificate(raw: bytes) -> Any:
    """The certificate in PEM or DER; None for what is none."""
    try:
        found = x509.load_pem_x509_certificate(raw) if raw[:1] == b"-" else x509.load_der_x509_certificate(raw)
        # What they hold is only read, and only refused, when it is asked for.
        _ = found.issuer, found.subject, found.not_valid_before_utc, found.not_valid_after_utc, found.serial_number
    except _odd():
        return None
    return found


def _is_signer(certificate: Any, signed: Signed, digest: bytes) -> bool:
    """Whether the signature was made with the key of this certificate."""
    if signed.serial is not None and certificate.serial_number != signed.serial:
        return False
    chosen = getattr(hashes, signed.hash.upper())()
    # Signed are the attributes, which hold the content's digest, or where there are none the content.
    data = digest if signed.attributes is None else hashlib.new(signed.hash, signed.attributes).digest()
    hashed = prehashed.Prehashed(chosen)
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            form = (
                padding.PSS(padding.MGF1(chosen), padding.PSS.AUTO) if signed.algorithm == _PSS else padding.PKCS1v15()
            )
            key.verify(signed.signature, data, form, hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed.signature, data, ec.ECDSA(hashed))
        else:
            return False
    except (exceptions.InvalidSignature, *_odd()):
        return False
    return True


def _odd() -> tuple[type[Exception], ...]:
    """What the library raises for certificates that are none."""
    told = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
    return (ValueError, TypeError, exceptions.UnsupportedAlgorithm, *told)


def _distrust(signer: Any, others: list[Any], roots: list[Any], now: datetime) -> str:
    """Why the certificate is not trusted to sign programs; empty when it is."""
    if signer.issuer == signer.subject and signer not in roots:
        return "its certificate is signed by itself, so anybody can have made it"
    if now < signer.not_valid_before_utc:
        return "its certificate is not valid yet"
    if now > signer.not_valid_after_utc:
        return f"its certificate expired on {signer.not_valid_after_utc:%Y-%m-%d}"
    if not roots:
        return "this system names no authorities that could vouch for the signer"
    try:
        _verifier(roots, now).verify(signer, others)
    except verification.VerificationError as error:
        return f"no authority of this system vouches for the signer to sign programs ({visible_line(str(error))[:200]})"
    except _odd():
        return "its certificate cannot be checked"
    return ""


def _verifier(roots: list[Any], now: datetime) -> Any:
    """Chains as they are for web sites, but with the leave to sign programs in place of a host's name."""
    either, usage = verification.Criticality.AGNOSTIC, x509.ExtendedKeyUsage
    leaf = verification.ExtensionPolicy.permit_all().require_present(usage, either, _signs_programs)
    leaf = leaf.may_be_present(x509.KeyUsage, either, _signs)
    leaf = leaf.may_be_present(x509.BasicConstraints, either, _is_no_authority)
    above = verification.ExtensionPolicy.webpki_defaults_ca().may_be_present(usage, either, _may_sign_programs)
    builder = verification.PolicyBuilder().store(verification.Store(roots)).time(now)
    return builder.extension_policies(ee_policy=leaf, ca_policy=above).build_client_verifier()


def _signs_programs(policy: object, certificate: object, usage: Any) -> None:
    if x509.oid.ExtendedKeyUsageOID.CODE_SIGNING not in usage:
        raise ValueError("the certificate is not for signing programs")


def _may_sign_programs(policy: object, certificate: object, usage: Any) -> None:
    allowed = {x509.oid.ExtendedKeyUsageOID.CODE_SIGNING, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not allowed & set(usage):
        raise ValueError("an authority in the chain is not for signing programs")


def _signs(policy: object, certificate: object, usage: Any) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("the certificate is not for signing")


def _is_no_authority(policy: object, certificate: object, constraints: Any) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("the certificate is that of an authority")


def _roots(files: Sequence[Path] | None) -> list[Any]:
    found: list[Any] = []
    for path in _system_files() if files is None else files:
        try:
            data = read_ordinary(path, _MOST_ROOTS)
        except OSError:
            continue
        # One by one: the store of a system may hold some that the library refuses.
        found += [each for pem in _PEM.findall(data) if (each := _certificate(pem)) is not None]
    return found


def _system_files() -> list[Path]:
    """Where this Python's TLS finds the authorities: one file, or a folder of them."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return [Path(paths.cafile)]
    if not paths.capath:
        return []
    try:
        with os.scandir(paths.capath) as entries:
            return sorted(Path(entry.path) for entry, _ in zip(entries, range(_MOST_ROOT_FILES), strict=False))
    except OSError:
        return []


def _publisher(certificate: Any) -> str:
    names = x509.oid.NameOID
    for oid in (names.ORGANIZATION_NAME, names.COMMON_NAME):
        if found := certificate.subject.get_attributes_for_oid(oid):
            return visible_line(str(found[0].value))[:200]
    return "without a name"
