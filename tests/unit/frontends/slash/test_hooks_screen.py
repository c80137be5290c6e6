"""/hooks: what is run when. A screen to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.config import HookSettings, HookSource
from coder.frontends.slash.dispatch import is_for_any_time, run_line
from coder.frontends.styled import plain
from tests.support.desks import by, desk_at
from tests.support.hooked import group, handler, write

MINE = {"PreToolUse": [group(handler("check\x1b[2J.sh", timeout=5), matcher="Bash|Edit")], "Stop": [{"hooks": 1}]}


@pytest.mark.behaviour("B-1201")
async def test_each_hook_is_a_row_with_whose_it_is_and_whether_it_counts(tmp_path: Path) -> None:
    theirs = write(tmp_path / "project" / ".coder" / "settings.json", {"hooks": {"Stop": [group("theirs.sh")]}})
    source = HookSource(str(tmp_path / "home" / ".coder" / "settings.json"), "user", MINE)
    async with desk_at(tmp_path, hooks=HookSettings((source,))) as desk:
        desk.ui.picks = [by("check"), None]
        await run_line(desk, "/hooks")
        assert desk.ui.items() == [
            " | PreToolUse Bash|Edit | check\\x1b[2J.sh | you",
            "off | Stop | theirs.sh | this project",
        ]
        assert theirs.exists() and "not used" in plain(desk.ui.item("theirs").preview[-1])
        more = [plain(line) for line in desk.ui.pickers[-1].above]
        assert any("PreToolUse[0].hooks[0] · at most 5s" in line for line in more)
        assert any("Stop[0].hooks must be a list" in plain(line) for line in desk.ui.pickers[0].above)
        await run_line(desk, "/hooks theirs")
        assert len(desk.ui.items()) == 1
        await run_line(desk, "/hooks nothing like it")
        assert desk.ui.pickers[-1].empty == "No hook has these words."


@pytest.mark.behaviour("B-1201")
async def test_without_hooks_the_screen_says_what_they_are_for(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/hooks")
    assert desk.ui.items() == [] and "docs/hooks.md" in desk.ui.pickers[-1].empty


def test_it_can_be_looked_at_while_a_run_is_on() -> None:
    assert is_for_any_time("/hooks")
