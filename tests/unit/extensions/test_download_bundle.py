"""Bundles from addresses, over real HTTP on this machine."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from coder.core.errors import ConfigError
from coder.extensions.downloading import download
from tests.support.bundles import bundle
from tests.support.bundles import sha256 as sha256_of
from tests.support.cli import Place

DATA = b"x" * 5000


class Site(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    over: ClassVar = threading.Event()

    def do_GET(self) -> None:
        port = self.headers["host"].rpartition(":")[2]
        match self.path.partition("?")[0].split("/")[1:]:
            case ["to", "file"]:
                self.answer(302, location=f"http://127.0.0.1:{port}/x.mcpb?token=canary")
            case ["away"]:
                self.answer(302, location=self.path.partition("?")[2])
            case ["to", "plain"]:
                self.answer(302, location="http://example.invalid/x.mcpb")
            case ["to", "other"]:
                self.answer(302, location="file:///etc/passwd")
            case ["round", *_]:
                self.answer(307, location="/round/and/round")
            case ["zip"]:
                self.answer(200, DATA, content_encoding="gzip")
            case ["huge"]:
                self.answer(200, b"", content_length="9" * 12)
            case ["endless"]:
                self.answer(200, DATA * 100, content_length="")
            case ["cut"]:
                self.answer(200, DATA, content_length="9000")
            case ["drip", part]:
                self.drip(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "body" else b""))
            case ["gone"]:
                self.answer(404)
            case [name]:
                self.answer(200, self.files.get(name, DATA))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {
            "content-length": str(len(body)),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, begin: bytes) -> None:
        """A byte now and then, without end."""
        with suppress(OSError):
            self.wfile.write(begin)
            while not self.over.wait(0.02):
                self.wfile.write(b"x")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.files.clear()
    Site.over.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Site.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.behaviour("B-1731")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x.mcpb", "x.mcpb"),
        ("/to/file", "file"),
        ("/..%2f..%2f.hid?a=b", "hid"),
        ("/%1b%5b2J.mcpb", "\\x1b[2J.mcpb"),
        ("/" + "%F0%9F%90%8D" * 90 + ".mcpb", "\U0001f40d" * 23 + ".mcpb"),
        ("/", ""),
    ],
)
def test_a_file_is_got_whole_and_named_by_its_address(path: str, name: str, site: str, tmp_path: Path) -> None:
    found = download(site + path, tmp_path)
    assert found.path.parent == tmp_path and found.path.name == (name or "extension.mcpb")
    assert found.path.read_bytes() == DATA and found.sha256 == sha256(DATA).hexdigest()
    assert found.address.startswith(site) and "canary" not in found.address


@pytest.mark.behaviour("B-1731")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/to/plain", "leads to http://example.invalid/x.mcpb is not an https address"),
        ("/to/other", "leads to file:///etc/passwd is not an https address"),
        ("/round", "leads from one address to the next without an end"),
        ("/zip", "was sent compressed"),
        ("/huge", "is larger than 0 MiB"),
        ("/endless", "is larger than 0 MiB"),
        ("/cut", "could not be got: "),
        ("/gone?key=canary", "could not be got: HTTP 404"),
    ],
)
def test_what_is_no_file_or_too_much_of_one_is_refused(path: str, why: str, site: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why) as said:
        download(site + path, tmp_path, most=20_000)
    assert "\n" not in str(said.value) and "canary" not in str(said.value)


@pytest.mark.behaviour("B-1731")
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/x.mcpb", "is not an https address, so anybody on the way could change the file"),
        ("ftp://127.0.0.1/x", "is not an https address"),
        ("https://me:canary@example.com/x", "holds a name or a password"),
        ("https://[", "could not be got"),
        ("https:///x", "is not an https address"),
        ("https://127.0.0.1:1/x", "could not be got"),
    ],
)
def test_only_https_addresses_are_asked(url: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why) as said:
        download(url, tmp_path)
    assert "canary" not in str(said.value)


@pytest.mark.behaviour("B-1872")
@pytest.mark.parametrize("part", ["head", "body"])
def test_it_ends_in_time_however_slowly_it_comes(part: str, site: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"/drip/\w+ takes too long"):
        download(f"{site}/drip/{part}", tmp_path, seconds=0.3)


@pytest.mark.behaviour("B-1731")
def test_an_address_is_shown_and_its_file_held_against_its_hash_before_it_is_read(site: str, place: Place) -> None:
    made = bundle(place.project / "one.mcpb")
    Site.files |= {"one.mcpb": made.read_bytes(), "bad.mcpb": b"no bundle"}
    off = {"CODER_KEYRING": "off"}
    wrong = place.coder("extension", "install", f"{site}/bad.mcpb", "--yes", "--sha256", "0" * 64, env=off)
    assert wrong.code == 2 and wrong.stdout == "", wrong
    assert f"{site}/bad.mcpb has the SHA-256 {sha256(b'no bundle').hexdigest()}, which is not the one" in wrong.stderr
    done = place.coder("extension", "install", f"{site}/one.mcpb", "--yes", "--sha256", sha256_of(made), env=off)
    assert done.code == 0 and "Installed: echo 1.0.0." in done.stdout, done
    assert f"From            {site}/one.mcpb\n" in done.stdout and sha256_of(made) in done.stdout
    assert sorted(path.name for path in (place.home / ".coder" / "extensions").iterdir()) == ["echo"]


def certificate(folder: Path) -> Path:
    """Of this machine alone, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "both.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@pytest.mark.behaviour("B-1731")
def test_a_certificate_is_checked_and_one_of_the_persons_own_will_do(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that trusts it not
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    here = f"https://127.0.0.1:{server.server_address[1]}"
    try:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with pytest.raises(ConfigError, match=r"could not be got: .*CERTIFICATE_VERIFY_FAILED"):
            download(f"{here}/x.mcpb", tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(both))
        assert download(f"{here}/x.mcpb", tmp_path).path.read_bytes() == DATA
        monkeypatch.delenv("SSL_CERT_FILE")
        monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(both))
        assert download(f"{here}/y.mcpb", tmp_path).path.read_bytes() == DATA
        with pytest.raises(ConfigError, match=f"leads to {site}/x is not an https address"):
            download(f"{here}/away?{site}/x", tmp_path)
        (tmp_path / "none.pem").write_text("none")
        monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(tmp_path / "none.pem"))
        with pytest.raises(ConfigError, match=r"certificates cannot be used: .* Check SSL_CERT_FILE"):
            download(f"{here}/x.mcpb", tmp_path)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
