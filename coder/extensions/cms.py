"""A detached PKCS#7 signature taken apart, and what it signs. Pure; verifies nothing, and knows no keys.

The library that verifies has no call for this form, so it is read here, and only the one shape that bundles have: one
signer, content elsewhere.
"""

from __future__ import annotations

from coder.core.dataclass import dataclass
from coder.extensions.der import INTEGER, OCTETS, SEQUENCE, SET, DerError, Item, oid_of, read

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_DATA = "1.2.840.113549.1.7.1"
_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
# SHA-1 and older are not here on purpose.
_DIGESTS = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_OPTIONAL_0, _OPTIONAL_1 = 0xA0, 0xA1
_MOST_CERTIFICATES = 20


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """`attributes` are the bytes that were signed; None: the content itself was. `digest` is what they say the
    digest of the content is. `serial` is that of the signer's certificate, None where the key is named otherwise."""

    certificates: tuple[bytes, ...]
    serial: int | None
    hash: str
    attributes: bytes | None
    digest: bytes
    algorithm: str
    signature: bytes


def read_signed(der: bytes) -> Signed:
    """Raises DerError for anything that is not such a signature."""
    kind, wrapped = _some(read(der).expect(SEQUENCE), 2)
    if oid_of(kind) != _SIGNED_DATA:
        raise DerError("no signed data")
    (data,) = _some(wrapped.expect(_OPTIONAL_0), 1)
    parts = data.expect(SEQUENCE).items()
    if len(parts) < 4:
        raise DerError("a cut signature")
    _, _, content, *rest = parts
    inner = content.expect(SEQUENCE).items()
    if len(inner) != 1 or oid_of(inner[0]) != _DATA:
        raise DerError("a signature that brings its own content")
    certificates = tuple(each.whole for item in rest if item.tag == _OPTIONAL_0 for each in item.items())
    if not 0 < len(certificates) <= _MOST_CERTIFICATES:
        raise DerError("no certificate, or too many")
    (signer,) = _some(rest[-1].expect(SET), 1)
    return _signer(signer, certificates)


def _signer(signer: Item, certificates: tuple[bytes, ...]) -> Signed:
    parts = list(signer.expect(SEQUENCE).items())
    if len(parts) < 5:
        raise DerError("a cut signer")
    _, who, hashed = parts[:3]
    hash_name = _DIGESTS.get(_algorithm(hashed), "")
    if not hash_name:
        raise DerError("a digest that is too weak, or not known")
    has_attributes = parts[3].tag == _OPTIONAL_0
    rest = parts[4:] if has_attributes else parts[3:]
    if len(rest) < 2:
        raise DerError("a cut signer")
    serial = None
    if who.tag == SEQUENCE:
        serial = int.from_bytes(_some(who, 2)[1].expect(INTEGER).body, "big", signed=True)
    return Signed(
        certificates,
        serial,
        hash_name,
        # They are signed as the set they are, not as the part they stand in as.
        bytes([SET]) + parts[3].whole[1:] if has_attributes else None,
        _digest(parts[3]) if has_attributes else b"",
        _algorithm(rest[0]),
        rest[1].expect(OCTETS).body,
    )


def _algorithm(item: Item) -> str:
    parts = item.expect(SEQUENCE).items()
    if not parts:
        raise DerError("an algorithm without a name")
    return oid_of(parts[0])


def _digest(attributes: Item) -> bytes:
    found: dict[str, Item] = {}
    for attribute in attributes.items():
        name, values = _some(attribute.expect(SEQUENCE), 2)
        if oid_of(name) in found:
            raise DerError("an attribute that stands twice")
        found[oid_of(name)] = values.expect(SET)
    if _CONTENT_TYPE not in found or _MESSAGE_DIGEST not in found:
        raise DerError("no digest of the content")
    if oid_of(_some(found[_CONTENT_TYPE], 1)[0]) != _DATA:
        raise DerError("a signature of something else")
    return _some(found[_MESSAGE_DIGEST], 1)[0].expect(OCTETS).body


def _some(item: Item, count: int) -> tuple[Item, ...]:
    items = item.items()
    if len(items) != count:
        raise DerError(f"{len(items)} items where {count} belong")
    return items
