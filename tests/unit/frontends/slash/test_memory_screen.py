"""/memory: the notes that belong here."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.slash.dispatch import run_line
from coder.frontends.styled import plain
from tests.support.desks import by, desk_at


@pytest.mark.behaviour("B-878")
async def test_the_notes_of_this_folder_are_listed_with_whose_they_are_and_opened(tmp_path: Path) -> None:
    files = {
        "home/.coder/CLAUDE.md": 400,
        "project/AGENTS.md": 3_900,
        "project/CLAUDE.local.md": 900,
        "project/.claude/CLAUDE.md": 100,
    }
    for name, size in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x" * size)
    (tmp_path / "project" / ".git").mkdir()
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by(".claude/CLAUDE.md")]
        await run_line(desk, "/memory")
    assert desk.ui.items() == [
        "yours | ~/.coder/CLAUDE.md | 0.4 KB | ",
        "project | .claude/CLAUDE.md | 0.1 KB | shared with the project",
        "project | CLAUDE.local.md | 0.9 KB | only you",
    ]
    assert desk.ui.opened == [tmp_path / "project" / ".claude" / "CLAUDE.md"]
    assert desk.ui.words == ["✓ .claude/CLAUDE.md · 0.1 KB"] and desk.ui.pickers[0].hint == "1.4 KB"
    assert "does not read these by itself yet" in " ".join(plain(each) for each in desk.ui.pickers[0].above)


@pytest.mark.behaviour("B-878")
async def test_a_note_that_is_not_there_is_made_when_something_is_written(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("yours"), by("project"), None]
        await run_line(desk, "/memory")
        assert not (tmp_path / "home" / ".coder" / "CLAUDE.md").exists() and desk.ui.words == []
        desk.ui.writes = "# Notes\n"
        await run_line(desk, "/memory")
        assert (tmp_path / "project" / "CLAUDE.md").read_text() == "# Notes\n"
        await run_line(desk, "/memory")
    assert desk.ui.items(0) == [
        "project | CLAUDE.md |  | not there yet · /init writes one",
        "yours | ~/.coder/CLAUDE.md |  | not there yet · for every folder",
    ]
    assert desk.ui.items()[0] == "project | CLAUDE.md | 0.0 KB | shared with the project"
