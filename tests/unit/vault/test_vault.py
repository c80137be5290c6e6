"""Secrets are kept in a real keyring, else in a file for the person alone, and named nowhere."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.vault import ring as rings
from coder.vault.errors import VaultError
from coder.vault.vault import Vault

CANARY = "canary-$&'\"\n\x00\u202e-secret"


class Memory:
    """A keyring that may be out of order."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = False

    def get(self, service: str, key: str) -> str | None:
        self._asked()
        return self.kept.get((service, key))

    def put(self, service: str, key: str, value: str) -> None:
        self._asked()
        self.kept[service, key] = value

    def drop(self, service: str, key: str) -> None:
        self._asked()
        self.kept.pop((service, key), None)

    def _asked(self) -> None:
        if self.broken:
            raise VaultError("the keyring of this system failed")


def plain(home: Path) -> Vault:
    return Vault(home, {"CODER_KEYRING": "off", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"})


@pytest.mark.behaviour("B-1660")
def test_without_a_keyring_a_file_for_the_person_alone_has_it_and_they_are_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    said = plain(home).put("things", "one", CANARY)
    path = home / "secrets.json"
    assert str(path) in said and CANARY not in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert plain(home).get("things", "one") == CANARY
    assert plain(home).keys("things") == ("one",)
    assert plain(home).drop("things", "one") and not plain(home).drop("things", "one")
    assert plain(home).get("things", "one") is None and json.loads(path.read_text()) == {}


@pytest.mark.behaviour("B-1660")
def test_with_a_keyring_the_file_says_only_that_there_is_one(tmp_path: Path) -> None:
    memory = Memory()
    vault = Vault(tmp_path, {}, find=lambda: memory)
    assert vault.put("things", "one", CANARY) == ""
    assert "canary" not in (tmp_path / "secrets.json").read_text()
    assert Vault(tmp_path, {}, find=lambda: memory).get("things", "one") == CANARY
    Vault(tmp_path / "other", {}, find=lambda: memory).put("things", "one", "of another home")
    assert Vault(tmp_path, {}, find=lambda: memory).get("things", "one") == CANARY
    Vault(tmp_path / "other", {}, find=lambda: memory).drop("things", "one")
    with pytest.raises(VaultError, match="cannot be reached from here"):
        plain(tmp_path).get("things", "one")
    assert vault.drop("things", "one") and not memory.kept


def test_a_keyring_that_is_out_of_order_is_no_reason_to_lose_a_secret(tmp_path: Path) -> None:
    memory = Memory()
    memory.broken = True
    vault = Vault(tmp_path, {}, find=lambda: memory)
    assert "secrets.json" in vault.put("things", "one", CANARY)
    assert vault.get("things", "one") == CANARY


def test_where_nothing_is_kept_no_keyring_is_asked(tmp_path: Path) -> None:
    def find() -> None:
        raise AssertionError("asked")

    vault = Vault(tmp_path / "none", {}, find=find)
    assert vault.get("things", "one") is None and not vault.drop("things", "one") and vault.keys("things") == ()
    assert not (tmp_path / "none").exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(min_size=1, max_size=9), st.text(st.characters(), max_size=40), max_size=4))
def test_any_text_comes_back_as_it_was(tmp_path: Path, secrets: dict[str, str]) -> None:
    for key, value in secrets.items():
        plain(tmp_path).put("s", key, value)
    assert {key: plain(tmp_path).get("s", key) for key in secrets} == secrets


def _link(path: Path) -> None:
    (path.parent / "elsewhere").write_text("{}")
    path.symlink_to(path.parent / "elsewhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _open_to_all(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0o666)


@pytest.mark.behaviour("B-1661")
@pytest.mark.parametrize(
    "made",
    [
        _link,
        _pipe,
        _open_to_all,
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b'{"things": {"one": "canary \xff'),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_text('{"things": "canary"}'),
        lambda path: path.write_bytes(b" " * (5 * 1024 * 1024)),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_and_kept(tmp_path: Path, made: Callable[[Path], object]) -> None:
    path = tmp_path / "secrets.json"
    made(path)
    before = path.lstat()
    asked: tuple[Callable[[], object], ...] = (
        lambda: plain(tmp_path).get("things", "one"),
        lambda: plain(tmp_path).put("things", "one", "x"),
    )
    for ask in asked:
        with pytest.raises(VaultError, match=r"secrets\.json .*remove it and log in again\.") as failed:
            ask()
        assert "canary" not in str(failed.value)
        assert "canary" not in repr(failed.value.__cause__)
    assert path.lstat().st_ino == before.st_ino


def test_what_others_could_read_is_made_private(tmp_path: Path) -> None:
    plain(tmp_path).put("things", "one", "x")
    (tmp_path / "secrets.json").chmod(0o644)
    assert plain(tmp_path).get("things", "one") == "x"
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    vaults = [plain(tmp_path) for _ in range(8)]
    threads = [
        threading.Thread(target=lambda v=vault, n=number: [v.put("s", f"{n}-{i}", "x") for i in range(5)])
        for number, vault in enumerate(vaults)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(plain(tmp_path).keys("s")) == 40
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.behaviour("B-1660")
def test_what_keeps_nothing_or_keeps_it_open_is_no_keyring() -> None:
    names = ("fail", "null", "SecretService", "chainer")
    fail, null, secret, chainer = (pytest.importorskip(f"keyring.backends.{name}") for name in names)
    assert rings.real(fail.Keyring()) is None and rings.real(null.Keyring()) is None
    service = secret.Keyring()
    assert rings.real(service) is service

    kinds: Any = type("Chain", (chainer.ChainerBackend,), {"backends": (null.Keyring(), service)})
    kinds.__module__ = "keyring.backends.chainer"
    assert rings.real(object.__new__(kinds)) is service


class Fussy:
    """A backend that takes printable ASCII only."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, key: str) -> str | None:
        return self.kept.get((service, key))

    def set_password(self, service: str, key: str, value: str) -> None:
        if not (value.isascii() and value.isprintable()):
            raise ValueError(value)
        self.kept[service, key] = value

    def delete_password(self, service: str, key: str) -> None:
        del self.kept[service, key]


def test_a_keyring_is_given_what_every_keyring_takes() -> None:
    ring = rings.SystemRing(Fussy(), 10.0)
    ring.drop("s", "k")
    ring.put("s", "k", CANARY + "\ud800")
    assert ring.get("s", "k") == CANARY + "\ud800"
    ring.drop("s", "k")
    assert ring.get("s", "k") is None


def test_a_keyring_that_fails_or_waits_is_given_up_on() -> None:
    class Broken(Fussy):
        def get_password(self, service: str, key: str) -> str | None:
            raise RuntimeError(CANARY)

    class Waiting(Fussy):
        over = threading.Event()

        def get_password(self, service: str, key: str) -> str | None:
            self.over.wait()
            return None

    waiting = Waiting()
    for backend, why in ((Broken(), r"failed \(RuntimeError\)"), (waiting, "did not answer within 0.05 seconds")):
        with pytest.raises(VaultError, match=why) as failed:
            rings.SystemRing(backend, 0.05).get("s", "k")
        assert "canary" not in str(failed.value)
    waiting.over.set()


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"CODER_KEYRING": "off", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"},
        {"XDG_RUNTIME_DIR": "/nowhere"},
        {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"},
    ],
)
def test_where_no_session_has_a_keyring_there_is_none(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert rings.find(env, quiet=True) is None


def test_a_vault_shows_nothing_of_what_it_keeps(tmp_path: Path) -> None:
    vault = plain(tmp_path)
    vault.put("things", "one", CANARY)
    assert "canary" not in repr(vault) + str(vault)
