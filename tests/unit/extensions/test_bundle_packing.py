"""Packing: the same bytes each time, nothing that does not belong, and what others would refuse is refused here."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.extensions.content import digest_of
from coder.extensions.errors import BundleError
from coder.extensions.packing import pack
from coder.extensions.unpack import unpack
from tests.support.echo_bundles import ECHOES, KINDS

MANIFEST: dict[str, Any] = {
    "manifest_version": "0.3",
    "name": "x",
    "version": "1.0.0",
    "description": "d",
    "author": {"name": "a"},
    "server": {"type": "node", "entry_point": "main.js", "mcp_config": {"command": "node", "args": []}},
}


def folder_of(tmp_path: Path, files: dict[str, bytes], **changes: object) -> Path:
    folder = tmp_path / "source"
    for name, data in ({"main.js": b"1"} | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | changes), encoding="utf-8")
    return folder


def names_in(archive: Path) -> set[str]:
    return set(zipfile.ZipFile(archive).namelist())


@pytest.mark.behaviour("B-1695")
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_folder_makes_the_same_bytes_and_comes_out_as_it_went_in(kind: str, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(ECHOES / kind, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o060)
    first, second = pack(ECHOES / kind, tmp_path / "1.mcpb"), pack(copy, tmp_path / "out" / "2.mcpb")
    assert first.sha256 == second.sha256 and first.path.read_bytes() == second.path.read_bytes()
    assert {entry.date_time for entry in zipfile.ZipFile(first.path).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    unpack(second.path, tmp_path / "to")
    assert digest_of(tmp_path / "to") == digest_of(copy)


@pytest.mark.behaviour("B-1696")
def test_leftovers_secrets_and_what_is_listed_stay_outside(tmp_path: Path) -> None:
    out = {
        ".env", ".env.local", ".git/config", "node_modules/.bin/x", "a/b.log", "src/x.map", "__pycache__/m.pyc",
        "notes/a.txt", "deep/secret.key", "old.mcpb", ".mcpbignore", "package-lock.json", ".venv/bin/python",
    }  # fmt: skip
    kept = {"node_modules/a/index.js", "notes.md", "keep.log", "uv.lock", ".hidden"}
    files = dict.fromkeys(out | kept, b"x") | {".mcpbignore": b"# ours\nnotes/\n*.key\r\n!keep.log\n\n"}
    done = pack(folder_of(tmp_path, files), tmp_path / "x.mcpb")
    assert names_in(done.path) == kept | {"manifest.json", "main.js"} and done.files == len(kept) + 2


@pytest.mark.behaviour("B-1696")
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mcpb_version": "0.3"}, "mcpb_version is not read by others"),
        ({"compatibility": {"my_client": ">1"}}, "compatibility.my_client is refused by others"),
        ({"scripts": {}}, "scripts is not known"),
        ({"server": {"type": "node", "entry_point": "main.js"}}, "server.mcp_config is missing"),
        ({"server": MANIFEST["server"] | {"type": "uv"}}, "server.type uv is of format 0.4"),
        ({"server": MANIFEST["server"] | {"entry_point": "gone.js"}}, "server.entry_point is gone.js, and there is no"),
        ({"icon": "gone.png"}, "icon is gone.png"),
        ({"manifest_version": "0.1", "_meta": {}}, "_meta is of format 0.3, and this is 0.1"),
        ({"user_config": {"k": {"type": "string", "title": "T"}}}, "user_config.k.description is missing"),
        ({"version": 3}, "version is 3"),
    ],
)
def test_what_others_refuse_is_not_packed(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {}, **changes)
    (tmp_path / "x.mcpb").write_bytes(b"before")
    with pytest.raises(BundleError) as caught:
        pack(folder, tmp_path / "x.mcpb")
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert (tmp_path / "x.mcpb").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "x.mcpb"]


def test_a_bundle_that_cannot_be_put_in_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.mcpb" / "full").mkdir(parents=True)
    with pytest.raises(BundleError, match="is not packed"):
        pack(folder_of(tmp_path, {}), tmp_path / "x.mcpb")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "x.mcpb"]


def test_links_and_devices_and_names_that_collide_are_not_packed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {})
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="link is a link"):
        pack(folder, tmp_path / "x.mcpb")
    (folder / ".mcpbignore").write_text("link\n", encoding="utf-8")
    assert pack(folder, tmp_path / "x.mcpb").files == 2
    os.mkfifo(folder / "pipe")
    with pytest.raises(BundleError, match="pipe is a link, a device or a pipe"):
        pack(folder, tmp_path / "x.mcpb")
    (folder / "pipe").unlink()
    (folder / "a\\b").write_bytes(b"")
    with pytest.raises(BundleError, match="backslash"):
        pack(folder, tmp_path / "x.mcpb")
    with pytest.raises(BundleError, match=r"an extension is a folder with manifest\.json"):
        pack(tmp_path / "nowhere", tmp_path / "x.mcpb")


NAMES = st.lists(
    st.text("abAB.-_é", min_size=1, max_size=4).filter(lambda name: name.strip(".")), min_size=1, max_size=3
)


@settings(max_examples=25, deadline=None)
@example({"a/b": (b"", False), "A": (b"", True)})
@given(st.dictionaries(NAMES.map("/".join), st.tuples(st.binary(max_size=50), st.booleans()), max_size=5))
def test_whatever_is_packed_is_unpacked_again(files: dict[str, tuple[bytes, bool]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        folder = folder_of(top, {})
        for path, (data, runs) in files.items():
            try:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
                (folder / path).chmod(0o755 if runs else 0o644)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                pass  # one of them is the other's folder
        try:
            done = pack(folder, top / "x.mcpb")
        except BundleError as error:
            # Two of them are one without case.
            assert "for many disks" in str(error) or "a file and a folder" in str(error)
            return
        assert unpack(done.path, top / "to").sha256 == done.sha256
        for found in (top / "to").rglob("*"):
            if found.is_file():
                source = folder / found.relative_to(top / "to")
                assert found.read_bytes() == source.read_bytes()
                assert bool(found.stat().st_mode & 0o111) == bool(source.stat().st_mode & 0o111)
