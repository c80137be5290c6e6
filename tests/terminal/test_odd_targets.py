"""Questions about files that are no files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.shop import Shop, asked, calm


@pytest.mark.behaviour("B-1075")
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_a_change_of_what_is_no_file_is_asked_about_like_any_other(tmp_path: Path, kind: str) -> None:
    shop = Shop.make(tmp_path)
    if kind == "pipe":
        os.mkfifo(shop.place.project / "odd")
    else:
        (shop.place.project / "odd").symlink_to("/dev/zero")
    with shop.session([turn(tool("Write", file_path="odd", content="x")), turn("No.")]) as (term, _):
        asked(term)
        assert any("Make this edit to" in row for row in term.screen)
        term.press("esc")
        calm(term, "Stopped by you")
