from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.frontends.repl.entry import Clip
from coder.frontends.repl.pictures_in import from_clipboard, paths

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"


@pytest.mark.behaviour("B-840")
def test_paths_of_pictures_in_every_form(tmp_path: Path) -> None:
    one, two = tmp_path / "it's one.png", tmp_path / "two.JPG"
    one.write_bytes(PNG)
    two.write_bytes(b"\xff\xd8\xff\xe0")
    escaped = str(one).replace(" ", "\\ ").replace("'", "\\'")
    for text in (str(one), f'"{one}"', escaped, f" {escaped}\n", one.as_uri(), "~/it's one.png"):
        assert paths(text, tmp_path, {"HOME": str(tmp_path)}) == [one], text
    assert paths(f"{escaped} {two}", tmp_path, {}) == [one, two]
    assert paths(f"{two}\n{two}", tmp_path, {}) == [two, two]


def test_what_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    here = str(tmp_path)
    for text in ("", "a.png", f"see {here}/a.png", f"{here}/text.png", f"{here}/none.png", f"{here}/folder.png"):
        assert paths(text, tmp_path, {}) == [], text
    for text in (f"{here}/pipe.png", f"file://host{here}/a.png", f"{here}/a.png\n" * 900, "/\0.png", "'/x.png"):
        assert paths(text, tmp_path, {}) == [], text


def test_the_clipboard_is_never_read_by_a_program_of_the_folder(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "xclip").write_text(f"#!/bin/sh\nprintf '{PNG[:16].decode('latin-1')!r}'\n")
    (programs / "xclip").chmod(0o755)
    env = {"PATH": str(programs), "DISPLAY": ":0"}
    said = from_clipboard(env, tmp_path)
    assert not isinstance(said, Clip)
    assert "install wl-clipboard or xclip" in said
    assert from_clipboard(env, tmp_path / "elsewhere") == "There is no picture on the clipboard."
