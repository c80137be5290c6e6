from __future__ import annotations

import json
import os
import resource
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from coder.cli.extension_page import change_lines, command_line, consent_lines, show_lines
from coder.cli.extension_place import Here, path_of
from coder.core.config import ExtensionSettings
from coder.core.errors import ConfigError
from coder.extensions import installing
from coder.extensions.cms import read_signed
from coder.extensions.configuring import form_of, problem_of
from coder.extensions.der import OCTETS, OID, SEQUENCE, SET, DerError
from coder.extensions.errors import LaunchError, ManifestError
from coder.extensions.installing import staged
from coder.extensions.launch import Launch
from coder.extensions.launching import preview_of
from coder.extensions.manifest import read_manifest
from coder.extensions.record import from_json
from coder.extensions.starting import Refused, launches
from coder.extensions.store import Store
from coder.extensions.substitute import Variables, fill
from coder.extensions.user_config import Field
from coder.vault.vault import Vault
from tests.support.bundles import bundle, manifest

ANY = ExtensionSettings()
ENV = {"PATH": os.environ["PATH"], "CODER_KEYRING": "off"}
FIELDS = {
    "key": {"type": "string", "title": "Key", "sensitive": True},
    "count": {"type": "number", "title": "Count"},
}
SECRET = "CANARY-8d1f"


def installed(home: Path, place: Path | None = None) -> Path:
    """The folder of an extension that has a secret and a number."""
    made = bundle(
        (place or home) / "one.mcpb", user_config=FIELDS, env={"KEY": "${user_config.key}", "N": "${user_config.count}"}
    )
    store = Store(home)
    with staged(store, made, ANY, ENV) as found:
        installing.install(store, found, {"key": SECRET, "count": 3}, Vault(home, ENV), lambda *_: None)
    return store.top / "echo"


def _current(**changes: object) -> Callable[[dict[str, Any]], object]:
    return lambda raw: raw["current"].update(changes)


@pytest.mark.behaviour("B-1845")
@pytest.mark.parametrize(
    "tamper",
    [
        _current(folder="a\0b"),
        _current(folder="\ud800"),
        _current(folder="../x"),
        _current(folder="x" * 5000),
        lambda raw: raw.update(config={"count": 10**400}),
        lambda raw: raw.update(config={"count": "\ud800"}),
    ],
)
def test_a_record_that_was_tampered_with_starts_nothing_odd_and_stops_nothing_else(
    tmp_path: Path, tamper: Callable[[dict[str, Any]], object]
) -> None:
    record = installed(tmp_path) / "extension.json"
    raw = json.loads(record.read_text())
    tamper(raw)
    record.write_text(json.dumps(raw))
    (found,) = launches(tmp_path, ENV)
    assert isinstance(found, Refused) or "N" not in found.env


@pytest.mark.behaviour("B-1845")
@pytest.mark.parametrize("kept", [SECRET, json.dumps({"a": SECRET}), "[" * 100_000, "9" * 5000, '"\\ud800"'])
def test_a_secret_that_was_tampered_with_is_named_and_never_quoted(tmp_path: Path, kept: str) -> None:
    installed(tmp_path)
    Vault(tmp_path, ENV).put("extension echo", "key", kept)
    (found,) = launches(tmp_path, ENV)
    assert isinstance(found, Refused) and SECRET not in found.reason
    assert "secret key" in found.reason or "half a character" in found.reason


@pytest.mark.behaviour("B-1845")
def test_a_folder_of_extensions_that_is_none_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "extensions").symlink_to("extensions")
    (found,) = launches(tmp_path, ENV)
    assert isinstance(found, Refused) and "Too many levels" in found.reason


@pytest.mark.behaviour("B-1846")
def test_no_word_of_a_bundle_begins_a_row_of_what_a_person_says_yes_to(tmp_path: Path) -> None:
    fake = "Publisher Anthropic, proved by a signature"
    text = f"{'─' * 76} {fake} {'─' * 76} SHA-256 {'0' * 64}"
    made = bundle(
        tmp_path / "one.mcpb", display_name=text, description=text, author={"name": text}, tools=[{"name": text}]
    )
    with staged(Store(tmp_path), made, ANY, ENV) as found:
        launch = preview_of(found.manifest, found.folder, {}, ENV, sys.platform)
        rows = "\n".join(consent_lines(found, launch, ())).split("\n")
    assert [row for row in rows if row.startswith(("Publisher", "SHA-256"))] == [
        "Publisher       unknown: it is not signed",
        f"SHA-256         {found.archive}",
    ]
    record = from_json((installed(tmp_path) / "extension.json").read_bytes())
    shown = list(show_lines(record, read_manifest(json.dumps(manifest(description=text)).encode(), "m"), launch))
    assert len([row for row in shown if row.startswith("Publisher")]) == 1


@pytest.mark.behaviour("B-1846")
def test_the_command_line_is_shown_with_its_line_ends_and_blanks(tmp_path: Path) -> None:
    launch = Launch("sh", ("-c", "true # \nrm x", f"a{' ' * 40}b"), {}, tmp_path)
    assert command_line(launch) == "sh -c 'true # \\nrm x' 'a[40 spaces]b'"


@pytest.mark.behaviour("B-1852")
@pytest.mark.parametrize(
    ("version", "is_older"), [("0.9.9", True), ("1.0.1", False), ("1.0.0", False), ("one", False), ("0.99.0-rc1", True)]
)
def test_an_update_to_an_older_version_says_so(tmp_path: Path, version: str, is_older: bool) -> None:
    record = from_json((installed(tmp_path) / "extension.json").read_bytes())
    made = bundle(tmp_path / "two.mcpb", version=version)
    with staged(Store(tmp_path), made, ANY, ENV) as found:
        shown = "\n".join(change_lines(record, found, ()))
    assert ("which is older" in shown) is is_older


@pytest.mark.behaviour("B-1846")
def test_what_a_bundle_lists_does_not_push_the_rest_off_the_screen(tmp_path: Path) -> None:
    many = [{"name": f"{n}{'x' * 5000}"} for n in range(150)]
    fields = {f"k{n}{'_' * 50}": {"type": "string", "title": "T", "sensitive": n == 0} for n in range(1500)}
    env = {f"E{n}{'_' * 150}": "" for n in range(300)}
    made = bundle(tmp_path / "one.mcpb", tools=many, user_config=fields, env=env)
    with staged(Store(tmp_path), made, ANY, ENV) as found:
        launch = preview_of(found.manifest, found.folder, {}, ENV, sys.platform)
        rows = list(consent_lines(found, launch, ()))
    shown = " ".join(" ".join(rows).split())
    assert len(rows) < 150 and " more Made for" not in shown
    assert "(a secret), k1_" in shown and shown.count(" more ") >= 3
    with staged(Store(tmp_path), bundle(tmp_path / "two.mcpb"), ANY, ENV) as found:
        assert "Tools           echo" in list(consent_lines(found, launch, ()))


@pytest.mark.behaviour("B-1845")
def test_a_folder_that_became_a_link_is_not_what_was_installed(tmp_path: Path) -> None:
    folder = installed(tmp_path) / "1.0.0"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    (found,) = launches(tmp_path, ENV)
    assert isinstance(found, Refused) and "its files were changed" in found.reason


@pytest.mark.behaviour("B-1847")
def test_nobody_else_may_write_where_extensions_are_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "person" / ".coder"
    before = os.umask(0)
    try:
        installed(home, tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "extensions").stat().st_mode) == 0o700


def test_a_disk_that_is_full_is_no_bundle_that_cannot_be_read(tmp_path: Path) -> None:
    made = bundle(tmp_path / "one.mcpb")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(ConfigError, match=r"cannot be copied to .*: File too large\. Nothing was changed\."):
            staged(Store(tmp_path), made, ANY, ENV).__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "extensions").iterdir()) == []


def test_a_folder_without_a_name_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^/ cannot be read: not an ordinary file"):
        staged(Store(tmp_path), Path("/"), ANY, ENV).__enter__()


def test_the_home_of_nobody_is_no_path(tmp_path: Path) -> None:
    here = Here(Store(tmp_path), Vault(tmp_path, ENV), ANY, ENV, tmp_path, tmp_path)
    assert path_of(here, "a/b") == tmp_path / "a" / "b"
    with pytest.raises(ConfigError, match="nobody of that name"):
        path_of(here, "~nobody-at-all/one.mcpb")


@pytest.mark.parametrize("limit", [{"max": 10**400}, {"min": -(10**400)}, {"max": float("inf")}])
def test_a_limit_beyond_all_numbers_is_none(limit: Mapping[str, float]) -> None:
    fields = {"n": {"type": "number", "title": "N", **limit}}
    data = json.dumps(manifest(user_config=fields)).replace("Infinity", "1e999")
    with pytest.raises(ManifestError, match="expected a number"):
        read_manifest(data.encode(), "manifest.json")


def test_a_number_beyond_all_numbers_is_no_value() -> None:
    field = Field("n", "number", "N")
    assert problem_of(field, 10**400) == form_of(field)


def test_half_a_character_is_no_argument_but_a_byte_is() -> None:
    assert fill("${a}", Variables({"a": "\udcff"}, {}), "args[0]") == "\udcff"
    with pytest.raises(LaunchError, match="half a character"):
        fill("${a}", Variables({"a": "\ud800"}, {}), "args[0]")


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def _signed_data(hashed: bytes, algorithm: bytes, *, short: bool = False) -> bytes:
    data = _der(OID, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
    kind = _der(OID, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
    number = _der(0x02, b"\1")
    signer = _der(SEQUENCE, number, _der(0x80), _der(SEQUENCE, hashed), _der(SEQUENCE, algorithm), _der(OCTETS))
    inner = (
        (number,) if short else (number, _der(SET), _der(SEQUENCE, data), _der(0xA0, _der(SEQUENCE)), _der(SET, signer))
    )
    return _der(SEQUENCE, kind, _der(0xA0, _der(SEQUENCE, *inner)))


@pytest.mark.parametrize(
    ("hashed", "algorithm", "short"), [(False, True, False), (True, False, False), (True, True, True)]
)
def test_an_algorithm_without_a_name_is_no_signature(hashed: bool, algorithm: bool, short: bool) -> None:
    sha256, rsa = _der(OID, bytes.fromhex("608648016503040201")), _der(OID, bytes.fromhex("2a864886f70d010101"))
    assert read_signed(_signed_data(sha256, rsa)).hash == "sha256"
    with pytest.raises(DerError):
        read_signed(_signed_data(sha256 if hashed else b"", rsa if algorithm else b"", short=short))
