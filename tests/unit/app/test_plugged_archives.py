"""Plugins that are archives."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.support.plugged import bakery, put, zipped
from tests.support.plugged_sessions import here, kinds, named


@pytest.mark.behaviour("B-2402")
def test_an_archive_is_unpacked_once_for_what_is_in_it(tmp_path: Path) -> None:
    root = bakery(tmp_path / "bakery")
    archive = zipped(root, tmp_path / "b.zip")
    unpacked = tmp_path / "home" / "plugins" / "unpacked"
    first = named(here(tmp_path, archive)).loaded[0].root
    (first / "commands" / "more.md").write_text("kept, since nothing is unpacked over it")
    assert named(here(tmp_path, archive)).loaded[0].root == first and (first / "commands" / "more.md").exists()
    put(root, {"commands/knead.md": "other"})
    second = named(here(tmp_path, zipped(root, archive))).loaded[0].root
    assert second != first and first.exists() and sorted(unpacked.iterdir()) == sorted([first, second])
    assert unpacked.stat().st_mode & 0o77 == 0


@pytest.mark.behaviour("B-2402")
@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b"])
def test_an_archive_that_leads_out_is_not_unpacked(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        made.writestr(".claude-plugin/plugin.json", '{"name": "a"}')
        made.writestr(name, "x")
    config = here(tmp_path, tmp_path / "b.zip")
    assert kinds(config) == ["generic-error"] and "is not unpacked" in config.warnings[0]
    assert not any((tmp_path / "home" / "plugins" / "unpacked").iterdir())


@pytest.mark.behaviour("B-2402")
def test_a_bomb_and_what_is_no_archive_are_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("commands/a.md", "x" * 4_000_000)
    (tmp_path / "c.zip").write_text("no archive")
    os.mkfifo(tmp_path / "d.zip")
    config = here(tmp_path, tmp_path / "b.zip", tmp_path / "c.zip", tmp_path / "d.zip")
    assert kinds(config) == ["generic-error"] * 3 and "as bombs do" in config.warnings[0]
