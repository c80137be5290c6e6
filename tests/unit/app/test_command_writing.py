"""New command files: whatever they are said to be for, they load as that and have no mistakes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.commanding.writing import Wanted, write_new
from coder.commands.check import check
from coder.commands.loader import load
from coder.commands.places import places
from coder.core.config import Config, ModelConfig
from coder.core.errors import ConfigError
from coder.core.visible import visible_line


def config(root: Path) -> Config:
    (root / "work").mkdir(exist_ok=True)
    return Config(root / "work", root / "home", ModelConfig("m", "http://x"))


@pytest.mark.behaviour("B-1285")
@given(said=st.text(max_size=200), is_skill=st.booleans(), is_mine=st.booleans())
def test_what_is_written_says_what_it_was_asked_to_say(said: str, is_skill: bool, is_mine: bool) -> None:
    with tempfile.TemporaryDirectory() as root:
        here = config(Path(root))
        file = write_new(Wanted("do-it", is_skill, is_mine, said), here, ())
        assert not [mistake for mistake in check(file) if mistake.level == "error"]
        found = load(places(here.cwd, here.home, bundled=False)).find("do-it")
        assert found is not None and found.file == file and found.mistakes == ()
        assert found.kind == ("skill" if is_skill else "command") and not found.grants
        wanted = " ".join(visible_line(said).split())
        assert found.description == (wanted or "what /do-it does, in one line")


@pytest.mark.behaviour("B-1283")
@given(name=st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        here = config(Path(root))
        try:
            file = write_new(Wanted(name), here, ("model",))
        except ConfigError as error:
            assert "\n" not in str(error) and list(Path(root).rglob("*.md")) == []
        else:
            assert file.is_relative_to(here.cwd / ".coder" / "commands") and ".." not in file.parts
