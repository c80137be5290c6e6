"""/skills: who may use what, whose it is, and what it costs. A screen to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.slash.dispatch import is_for_any_time, run_line
from coder.frontends.slash.registry import reserved
from coder.frontends.styled import plain
from tests.support.desks import by, desk_at


def put(root: Path, name: str, text: str) -> Path:
    path = root / "project" / ".claude" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.behaviour("B-1287")
async def test_each_is_a_row_with_who_may_use_it_and_what_it_costs(tmp_path: Path) -> None:
    put(tmp_path, "skills/pdf/SKILL.md", "---\ndescription: reads them\n---\nRead\x1b[2J it.\n\nAll of it.\n")
    put(tmp_path, "skills/quiet/SKILL.md", "---\ndescription: x\nuser-invocable: no\n---\nx\n")
    put(tmp_path, "commands/fix.md", "---\ndescription: x\ndisable-model-invocation: yes\nfoo: 1\n---\nx\n")
    put(tmp_path, "commands/model.md", "Choose.\n")
    put(tmp_path, "commands/commit.md", "---\ndescription: theirs\n---\nx\n")
    async with desk_at(tmp_path) as desk:
        desk.ui.picks = [by("/pdf"), None]
        await run_line(desk, "/skills")
        rows = {cells.split(" | ")[1] + cells.split(" | ")[0]: cells for cells in desk.ui.items(0)}
        assert rows["/pdf"] == " | /pdf | project | you, model | 4 | reads them"
        assert rows["/quiet"] == " | /quiet | project | model | 2 | x"
        assert rows["/fix!"] == "! | /fix | project | you | - | x"
        assert rows["/commit"].split(" | ")[2:5] == ["project", "you, model", "4"]
        assert rows["/commitoff"].split(" | ")[2:5] == ["built-in", "-", "-"]
        assert rows["/modeloff"].endswith("project | - | - | Choose.")
        assert "is a command of the session itself" in plain(desk.ui.item("/model").preview[-1])
        assert "comes first" in plain(desk.ui.item("off /commit").preview[-1])
        assert "tokens in every session" in desk.ui.pickers[0].hint
        assert any("1 mistake in these files: coder commands check" in plain(row) for row in desk.ui.pickers[0].above)
        assert "Read\\x1b[2J it." in desk.ui.page_words and len(desk.ui.pickers) == 2  # the list stands again
        assert desk.ui.page_words[0].startswith(".claude/skills/pdf/SKILL.md · ")
        await run_line(desk, "/skills theirs")
        assert [cells.split(" | ")[1] for cells in desk.ui.items()] == ["/commit"]


@pytest.mark.behaviour("B-1287")
async def test_a_file_that_is_gone_by_now_is_said(tmp_path: Path) -> None:
    file = put(tmp_path, "commands/fix.md", "x\n")

    async with desk_at(tmp_path) as desk:
        fixed = by("/fix")

        def gone(picker: object) -> object:
            file.unlink()
            return fixed(picker)  # type: ignore[arg-type]  # as the desk calls it

        desk.ui.picks = [gone, None]  # type: ignore[list-item]  # a pick that does something first
        await run_line(desk, "/skills")
        assert any("cannot be read: No such file" in words for words in desk.ui.words)


@pytest.mark.behaviour("B-1287")
async def test_without_any_the_screen_says_how_to_begin(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/skills no such words")
    assert desk.ui.items() == [] and desk.ui.pickers[-1].empty == "None has these words."


def test_it_can_be_looked_at_while_a_run_is_on() -> None:
    assert is_for_any_time("/skills") and {"skills", "usage", "model"} <= reserved()
