"""Signatures: who is trusted, who is only named, and what is broken."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.extensions.cms import read_signed
from coder.extensions.der import DerError, read
from coder.extensions.errors import BundleError
from coder.extensions.signature import Signature, signature_of
from coder.extensions.unpack import unpack
from tests.support.rawzip import Piece, raw_zip
from tests.support.signing import CODE, NOW, Party, block, party, roots, signed

CONTENT = raw_zip([Piece("manifest.json", b"{}" * 50)])
RSA = rsa.generate_private_key(65537, 2048)
ROOT = party("Root", ca=True, days=(-300, 300))
MIDDLE = party("Middle", ROOT, ca=True, usage=CODE)
PUBLISHER = party("Ann & Co", MIDDLE, usage=CODE)


def judged(tmp_path: Path, data: bytes, *trusted: Party, days: int = 0) -> Signature:
    (tmp_path / "a.mcpb").write_bytes(data)
    return signature_of(tmp_path / "a.mcpb", roots(tmp_path, *trusted), NOW + timedelta(days=days))


@pytest.mark.behaviour("B-1693")
def test_a_chain_to_an_authority_is_trusted_and_the_publisher_named(tmp_path: Path) -> None:
    found = judged(tmp_path, signed(CONTENT, PUBLISHER, MIDDLE), ROOT)
    fingerprint = PUBLISHER.certificate.fingerprint(hashes.SHA256()).hex()
    assert found == Signature("trusted", "Ann & Co", "", fingerprint)
    assert unpack(tmp_path / "a.mcpb", tmp_path / "to").files == 1


@pytest.mark.parametrize(
    ("signer", "hash_", "pss"),
    [
        (party("P", ROOT, usage=CODE, key=RSA), hashes.SHA256(), False),
        (party("P", ROOT, usage=CODE, key=RSA), hashes.SHA512(), True),
        (party("P", ROOT, usage=CODE, key=ec.generate_private_key(ec.SECP384R1())), hashes.SHA384(), False),
        (party("P", ROOT, usage=(Usage.CLIENT_AUTH, *CODE)), hashes.SHA256(), False),
    ],
)
def test_the_usual_kinds_of_signature_are_understood(signer: Party, hash_: object, pss: bool, tmp_path: Path) -> None:
    assert judged(tmp_path, signed(CONTENT, signer, hash_=hash_, pss=pss), ROOT).state == "trusted"


def test_a_signature_on_the_content_itself_is_understood(tmp_path: Path) -> None:
    data = signed(CONTENT, PUBLISHER, MIDDLE, options=[pkcs7.PKCS7Options.NoAttributes])
    assert judged(tmp_path, data, ROOT).state == "trusted"
    assert judged(tmp_path, data.replace(b"manifest.json", b"MANIFEST.json"), ROOT).state == "broken"


WEB = party("Web", ROOT, usage=(Usage.SERVER_AUTH,))
WEB_MIDDLE = party("M", ROOT, ca=True, usage=(Usage.SERVER_AUTH,))
NO_AUTHORITY = party("N", ROOT, usage=CODE)
DISTRUSTED = {
    "another authority": ((PUBLISHER, MIDDLE), (party("Else", ca=True),), 0, "no authority of this system vouches"),
    "the middle is missing": ((PUBLISHER,), (ROOT,), 0, "no authority of this system vouches"),
    "no authorities": ((PUBLISHER, MIDDLE), (), 0, "names no authorities"),
    "for web sites": ((WEB,), (ROOT,), 0, "no authority of this system vouches"),
    "no usage": ((party("P", ROOT),), (ROOT,), 0, "no authority of this system vouches"),
    "not for signing": ((party("P", ROOT, usage=CODE, signs=False),), (ROOT,), 0, "no authority of this system"),
    "an authority itself": ((party("P", ROOT, ca=True, usage=CODE),), (ROOT,), 0, "no authority of this system"),
    "an authority for web sites": ((party("P", WEB_MIDDLE, usage=CODE), WEB_MIDDLE), (ROOT,), 0, "no authority of"),
    "a publisher as authority": ((party("P", NO_AUTHORITY, usage=CODE), NO_AUTHORITY), (ROOT,), 0, "no authority of"),
    "by itself": ((party("Me", usage=CODE),), (ROOT,), 0, "signed by itself"),
    "expired": ((PUBLISHER, MIDDLE), (ROOT,), 31, "expired on 2026-02-14"),
    "not yet": ((PUBLISHER, MIDDLE), (ROOT,), -31, "not valid yet"),
}


@pytest.mark.behaviour("B-1693")
@pytest.mark.parametrize("case", DISTRUSTED)
def test_whom_nobody_vouches_for_is_named_and_not_trusted(case: str, tmp_path: Path) -> None:
    (signer, *chain), trusted, days, said = DISTRUSTED[case]
    found = judged(tmp_path, signed(CONTENT, signer, *chain), *trusted, days=days)
    assert (found.state, len(found.fingerprint)) == ("untrusted", 64)
    assert said in found.reason and "\n" not in found.reason
    assert found.publisher


def test_a_name_of_a_publisher_is_made_visible(tmp_path: Path) -> None:
    found = judged(tmp_path, signed(CONTENT, party("Good\x1b[2J\u202eEvil", usage=CODE)), ROOT)
    assert found.publisher == "Good\\x1b[2J\\u202eEvil"


@pytest.mark.behaviour("B-1694")
@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_one_changed_byte_of_the_content_breaks_the_signature(at: int, by: int) -> None:
    data = bytearray(signed(CONTENT, PUBLISHER, MIDDLE))
    data[at] ^= by
    with tempfile.TemporaryDirectory() as folder:
        assert judged(Path(folder), bytes(data), ROOT).state == "broken"


SIGNED = signed(CONTENT, PUBLISHER, MIDDLE)
DER = SIGNED[len(CONTENT) + 15 : -12]


@pytest.mark.behaviour("B-1694")
@settings(max_examples=150, deadline=None)
@given(st.integers(len(CONTENT), len(SIGNED) - 1), st.integers(1, 255))
def test_one_changed_byte_of_the_signature_never_makes_another_publisher_trusted(at: int, by: int) -> None:
    data = bytearray(SIGNED)
    data[at] ^= by
    with tempfile.TemporaryDirectory() as folder:
        found = judged(Path(folder), bytes(data), ROOT)
        if found.state == "unsigned":  # its end is no longer one
            with pytest.raises(BundleError):
                unpack(Path(folder) / "a.mcpb", Path(folder) / "to")
        else:
            # Parts of it are not signed, such as the certificate above: then nobody, or still the same, is trusted.
            assert found.state != "trusted" or found.publisher == "Ann & Co"


@pytest.mark.behaviour("B-1694")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (CONTENT + block(b""), "cannot be read"),
        (CONTENT + block(b"\x30\x03abc"), "cannot be read"),
        (CONTENT + block(DER + b"x"), "bytes after the end"),
        (CONTENT + SIGNED[len(CONTENT) :][:-13] + b"MCPB_SIG_END", "damaged"),
        (b"MCPB_SIG_END", "damaged"),
        (CONTENT + b"more" + SIGNED[len(CONTENT) :], "changed after it was signed"),
        (signed(CONTENT, PUBLISHER, options=[pkcs7.PKCS7Options.NoCerts]), "no certificate"),
    ],
)
def test_a_signature_that_is_none_is_broken_and_not_unsigned(data: bytes, said: str, tmp_path: Path) -> None:
    found = judged(tmp_path, data, ROOT)
    assert found.state == "broken" and said in found.reason


def test_a_certificate_of_no_known_version_is_none(tmp_path: Path) -> None:
    assert SIGNED.count(b"\xa0\x03\x02\x01\x02") == 2
    data = SIGNED.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03")
    assert judged(tmp_path, data, ROOT).state == "broken"


def test_the_signature_of_another_bundle_is_broken(tmp_path: Path) -> None:
    other = signed(raw_zip([Piece("b", b"x")]), PUBLISHER, MIDDLE)
    assert judged(tmp_path, CONTENT + other[other.index(b"MCPB_SIG_V1") :], ROOT).state == "broken"


def test_without_a_block_it_is_unsigned(tmp_path: Path) -> None:
    assert judged(tmp_path, CONTENT, ROOT) == Signature("unsigned", reason="nobody signed it")


def test_what_openssl_signs_is_understood_and_its_weak_digests_are_not(tmp_path: Path) -> None:
    for name, data in {
        "cert.pem": PUBLISHER.pem, "key.pem": PUBLISHER.key_pem, "chain.pem": MIDDLE.pem, "content": CONTENT,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
    argv = ["openssl", "cms", "-sign", "-binary", "-in", "content", "-signer", "cert.pem", "-inkey", "key.pem"]
    argv += ["-certfile", "chain.pem", "-outform", "DER"]
    for digest, more, state in (
        ("sha256", [], "trusted"), ("sha256", ["-keyid"], "trusted"), ("sha1", [], "broken"),
        ("sha256", ["-nodetach"], "broken"),
    ):  # fmt: skip
        done = subprocess.run([*argv, "-md", digest, *more], cwd=tmp_path, capture_output=True, timeout=60, check=True)
        found = judged(tmp_path, CONTENT + block(done.stdout), ROOT)
        assert found.state == state, (digest, more, found)


def test_authorities_that_cannot_be_read_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.mcpb").write_bytes(SIGNED)
    (tmp_path / "bad.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n")
    files = [tmp_path / "bad.pem", tmp_path / "gone.pem", *roots(tmp_path, ROOT)]
    assert signature_of(tmp_path / "a.mcpb", files, NOW).state == "trusted"
    # Those of the system are none of ours.
    assert signature_of(tmp_path / "a.mcpb", now=NOW).state == "untrusted"


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x05ab", b"\x30\x80ab", b"\x30\x85\0\0\0\0\1a", b"\x1f\x01a", b"\x30\x01ab"]
)
def test_der_that_is_cut_endless_or_too_long_is_none(data: bytes) -> None:
    with pytest.raises(DerError):
        read(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (read, read_signed):
        with suppress(DerError):
            reader(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_a_damaged_signature_is_read_or_refused(at: int, byte: int) -> None:
    data = bytearray(DER)
    data[at] = byte
    with suppress(DerError):
        read_signed(bytes(data))
