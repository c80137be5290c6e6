"""/agents: who can be asked, whose each is, what it has. A screen to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.slash.dispatch import is_for_any_time, run_line
from coder.frontends.styled import plain
from tests.support.desks import by, desk_at


def put(root: Path, name: str, text: str) -> Path:
    path = root / "project" / ".claude" / "agents" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.behaviour("B-1948")
async def test_each_is_a_row_and_enter_shows_what_it_is_told(tmp_path: Path) -> None:
    put(tmp_path, "cook", "---\nname: cook\ndescription: soup\x1b[2J\nmodel: opus\ntools: Bsh\n---\nCook\x1b[2J it.\n")
    put(tmp_path, "bad", "---\nname: bad\n---\nx\n")
    put(tmp_path, "reviewer", "---\nname: reviewer\ndescription: ours\npermissionMode: bypassPermissions\n---\nx\n")
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("cook"), None]
        await run_line(desk, "/agents")
        rows = {cells.split(" | ")[1] + cells.split(" | ")[0]: cells.split(" | ") for cells in desk.ui.items(0)}
        assert rows["cook!"][2:] == ["project", "claude-opus-5-5", "soup\\x1b[2J"]
        assert rows["reviewer"][2] == "built-in" and rows["revieweroff"][2] == "project"
        about = "".join(map(plain, desk.ui.item("off reviewer").preview))
        assert "does not count" in about and "coder trust add" in about
        assert "3 mistakes in these files: coder agents tells" in "".join(map(plain, desk.ui.pickers[0].above))
        words = desk.ui.page_words
        assert words[0].startswith("cook · project · .claude/agents/cook.md")
        assert "Cook\\x1b[2J it." in words and "# Working for another" in words and len(desk.ui.pickers) == 2
        await run_line(desk, "/agents Explore")
        assert any(each.startswith("Explore · built-in") for each in desk.ui.page_words)
        await run_line(desk, "/agents ours")
        assert [cells.split(" | ")[1] for cells in desk.ui.items()] == ["reviewer"]
    assert is_for_any_time("/agents")
