from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import ExtensionSettings
from coder.core.errors import ConfigError
from coder.extensions import installing, updating
from coder.extensions.installing import staged
from coder.extensions.names import fit_name, fit_version
from coder.extensions.record import Consent, Installed, Record, as_json, from_json
from coder.extensions.starting import Ready, launches
from coder.extensions.store import Store
from coder.vault.vault import Vault
from tests.support.bundles import bundle

ANY = ExtensionSettings()
ENV = {"PATH": os.environ["PATH"], "CODER_KEYRING": "off"}
FIELDS = {"key": {"type": "string", "title": "Key", "sensitive": True}}
_CHANGING = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}
texts = st.lists(st.text(st.characters(codec="utf-8")), max_size=3).map(tuple)


@given(
    st.builds(
        Record,
        name=st.text(),
        title=st.text(),
        current=st.builds(
            Installed,
            folder=st.text("abc019.-", min_size=1, max_size=100).filter(lambda name: name[0] not in ".-"),
            version=st.text(),
            archive=st.text(),
            content=st.text(),
            consent=st.builds(Consent, command=texts, env=texts, tools=texts, is_open=st.booleans()),
        ),
        config=st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), texts)),
        offered=st.none() | texts,
        pinned=st.none() | texts,
        agreed=texts,
    )
)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert from_json(as_json(record)) == record


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda below: (
            st.lists(below)
            | st.dictionaries(
                st.sampled_from(["format", "name", "title", "current", "previous", "config", "secrets"]), below
            )
        ),
    )
)
def test_any_other_record_is_refused_and_never_crashes(raw: object) -> None:
    with contextlib.suppress(ValueError):
        from_json(json.dumps({"format": 1, **raw} if isinstance(raw, dict) else raw).encode())


@given(st.text(min_size=1), st.text())
def test_names_and_versions_are_plain_folders(title: str, version: str) -> None:
    with contextlib.suppress(ConfigError):  # nothing is left of it
        name = fit_name(title)
        assert name.replace("-", "").replace("_", "").isalnum() and "__" not in name and len(name) <= 48
    first = fit_version(version, "ab" * 32, [])
    second = fit_version(version, "ab" * 32, [first])
    third = fit_version(version, "ab" * 32, [first.upper(), second])
    assert len({first.casefold(), second.casefold(), third.casefold()}) == 3
    assert first[0] not in ".-" and "/" not in first


def _install(home: Path, archive: Path) -> None:
    store = Store(home)
    with staged(store, archive, ANY, ENV) as candidate:
        installing.install(store, candidate, {"key": "s"}, Vault(home, ENV), lambda *_: None)


def _update(home: Path, archive: Path) -> None:
    store = Store(home)
    with staged(store, archive, ANY, ENV) as candidate:
        installing.update(store, candidate, store.found("echo"), {"key": "t"}, Vault(home, ENV), lambda *_: None)


def _remove(home: Path, _: Path) -> None:
    updating.remove(Store(home), "echo", Vault(home, ENV), keep_config=False)


def _rollback(home: Path, _: Path) -> None:
    updating.rollback(Store(home), "echo", ANY)


def killed_at(moment: int, step: Callable[[], None]) -> bool:
    """Runs `step` in a process that is killed before its file change number `moment`; whether it came so far."""
    child = os.fork()
    if child == 0:
        left = moment

        def watch(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
            if event in _CHANGING or writes:
                left -= 1
                if left < 0:
                    os._exit(9)

        with contextlib.suppress(BaseException):
            sys.addaudithook(watch)
            step()
            os._exit(0)
        os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


@pytest.mark.behaviour("B-1714")
@pytest.mark.parametrize("step", [_install, _update, _remove, _rollback], ids=lambda step: step.__name__)
def test_a_kill_at_any_moment_leaves_it_as_it_was_or_as_it_was_to_be(
    step: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    one = bundle(tmp_path / "one.mcpb", user_config=FIELDS)
    two = bundle(tmp_path / "two.mcpb", version="2.0.0", user_config=FIELDS)
    after: set[tuple[str, ...]] = {("1.0.0",), ("2.0.0",)}
    allowed: dict[object, set[tuple[str, ...]]] = {_install: {(), ("1.0.0",)}, _remove: {("1.0.0",), ()}}
    for moment in range(200):
        home = tmp_path / f"home{moment}"
        if step is not _install:
            _install(home, one)
        if step is _rollback:
            _update(home, two)
        was_killed = killed_at(moment, lambda home=home: step(home, one if step is _install else two))  # type: ignore[misc]  # a default that binds
        there = launches(home, ENV)
        assert all(isinstance(each, Ready) for each in there)
        store = Store(home)
        versions = tuple(store.found(name).current.version for name in store.names())
        assert versions in allowed.get(step, after)
        _settle(store, home, one)
        if not was_killed:
            return
    raise AssertionError("it never came to its end")


def _settle(store: Store, home: Path, archive: Path) -> None:
    """The next change sweeps all that was left."""
    if not store.names():
        _install(home, archive)
    else:
        updating.disable(store, "echo")
        with store.locked():
            store.sweep()
    record = store.found("echo")
    wanted = {record.current.folder, "extension.json"} | ({record.previous.folder} if record.previous else set())
    assert os.listdir(store.top) == ["echo"]
    assert set(os.listdir(store.top / "echo")) == wanted


@pytest.mark.behaviour("B-1715")
def test_of_two_processes_that_install_one_does(tmp_path: Path) -> None:
    archive = bundle(tmp_path / "one.mcpb")
    begin, go = os.pipe()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(begin, 1)
            try:
                _install(tmp_path / "home", archive)
            except Exception as error:  # noqa: BLE001  # told by the code
                os._exit(3 if "installed already" in str(error) else 1)
            os._exit(0)
        children.append(child)
    os.close(begin)
    os.close(go)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [0, 3]
    assert sorted(os.listdir(tmp_path / "home/extensions")) == ["echo"]
    assert isinstance(launches(tmp_path / "home", ENV)[0], Ready)


@pytest.mark.behaviour("B-1715")
def test_a_sweep_leaves_what_another_process_is_unpacking(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.staging() as folder:
        (folder / "file").write_text("")
        with store.locked():
            store.sweep()
        assert (folder / "file").exists()
    assert not folder.exists()


def test_what_is_write_protected_goes_too(tmp_path: Path) -> None:
    store = Store(tmp_path)
    deep = store.top / ".gone-x" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_text("")
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (deep.parent / "link").symlink_to(outside)
    deep.chmod(0o500)
    deep.parent.chmod(0o000)
    with store.locked():
        store.sweep()
    assert os.listdir(store.top) == []
    assert outside.stat().st_mode & 0o777 == 0o755
