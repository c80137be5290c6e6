from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.config.watch import SettingsWatch
from coder.config.write import set_value


@pytest.mark.behaviour("B-615")
def test_every_change_of_a_file_is_noticed_once(tmp_path: Path) -> None:
    path, other = tmp_path / "settings.json", tmp_path / "none" / "settings.json"
    watch = SettingsWatch([path, other])
    assert not watch.changed()
    set_value(path, "model", "opus")
    assert watch.changed()
    assert not watch.changed()
    set_value(path, "model", "haiku")
    assert watch.changed()
    path.unlink()
    assert watch.changed()
    assert not watch.changed()
    other.parent.mkdir()
    other.touch()
    assert watch.changed()


@pytest.mark.behaviour("B-615")
def test_an_edit_of_the_same_length_and_a_backdated_one_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'{"a": 1}')
    os.utime(path, ns=(10**18, 10**18))
    watch = SettingsWatch([path])
    path.write_bytes(b'{"a": 2}')
    os.utime(path, ns=(10**18, 10**18 + 1))
    assert watch.changed()
    (tmp_path / "new").write_bytes(b'{"a": 3}')
    os.utime(tmp_path / "new", ns=(10**18, 10**18 + 1))
    (tmp_path / "new").replace(path)
    assert watch.changed()


@pytest.mark.behaviour("B-615")
def test_a_folder_speaks_for_its_names_and_a_link_for_its_target(tmp_path: Path) -> None:
    folder, target = tmp_path / "managed.d", tmp_path / "target.json"
    folder.mkdir()
    target.write_bytes(b"{}")
    (tmp_path / "link.json").symlink_to(target)
    watch = SettingsWatch([folder, tmp_path / "link.json"])
    (folder / "10.json").touch()
    assert watch.changed()
    set_value(target, "model", "opus")
    assert watch.changed()
    assert not watch.changed()
