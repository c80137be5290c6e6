"""/permissions: the rules of this session, kept, deleted and tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.core.config import RuleText
from coder.frontends.picker import Picked, Picker
from coder.frontends.slash.dispatch import run_line
from coder.frontends.styled import plain, width_of
from tests.support.desks import FakeDesk, FakeUi, by, desk_at, press


def rules(root: Path, name: str = "project/.coder/settings.local.json") -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((root / name).read_text())["permissions"]
    return found


def write(root: Path, name: str, **permissions: list[str]) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"permissions": permissions}))


@pytest.mark.behaviour("B-875")
async def test_rules_are_listed_with_whose_they_are_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    write(tmp_path, "home/.coder/settings.json", ask=["Bash(git push *)"], allow=["Nonsense(x)"])
    write(tmp_path, "project/.coder/settings.json", deny=["Read(./.env)"], allow=["Bash(make *)"])
    flag = RuleText("Bash(npm test *)", "allow", "flag", "--allowedTools", tmp_path / "project")
    async with desk_at(tmp_path, mode="default", rules=(flag,)) as desk:
        await run_line(desk, "/permissions")
    assert desk.ui.items() == [
        "deny | Read(./.env) | this project | .coder/settings.json",
        "ask | Bash(git push *) | you | ~/.coder/settings.json",
        "allow | Bash(npm test *) | this command | --allowedTools",
        "allow | Nonsense(x) | you | ~/.coder/settings.json",
        "allow | Bash(make *) | this project | .coder/settings.json",
    ]
    (picker,) = desk.ui.pickers
    assert picker.title.endswith("/project · mode: asks first") and desk.ui.said == []
    assert "not trusted" in plain(desk.ui.item("make").preview[0])
    assert "does nothing" in plain(desk.ui.item("Nonsense").preview[0])


@pytest.mark.behaviour("B-876")
async def test_a_rule_is_added_where_it_is_wanted_and_deleted_again(tmp_path: Path) -> None:
    async with desk_at(tmp_path, mode="default") as desk:
        desk.ui.picks = [press("a"), by("yours, in this project"), press("a"), by("yours, everywhere"), None]
        desk.ui.lines = ["Bash(npm test *)", "deny Read(./.env)"]
        await run_line(desk, "/permissions")
        assert rules(tmp_path) == {"allow": ["Bash(npm test *)"]}
        assert rules(tmp_path, "home/.coder/settings.json") == {"deny": ["Read(./.env)"]}
        assert desk.ui.words == [
            "✓ Added: allow Bash(npm test *), in .coder/settings.local.json",
            "✓ Added: deny Read(./.env), in ~/.coder/settings.json",
        ]
        desk.ui.picks = [by("npm test", "d"), None]
        await run_line(desk, "/permissions")
        assert desk.ui.words[-1] == "✓ Deleted: allow Bash(npm test *), from .coder/settings.local.json"
        assert desk.ui.items() == ["deny | Read(./.env) | you | ~/.coder/settings.json"]


@pytest.mark.behaviour("B-876")
async def test_what_is_no_rule_is_not_saved_and_what_opens_much_is_said(tmp_path: Path) -> None:
    flag = RuleText("Bash(ls)", "allow", "flag", "--allowedTools", tmp_path / "project")
    async with desk_at(tmp_path, mode="default", rules=(flag,)) as desk:
        desk.ui.picks = [press("a"), press("a"), by("yours, everywhere"), by("Bash(ls)", "d"), press("a"), None]
        desk.ui.lines = ["Bash(", "Bash", None]
        await run_line(desk, "/permissions")
        above = [" ".join(plain(each).strip() for each in picker.above) for picker in desk.ui.pickers]
    assert "Nothing was saved. A rule that works: Bash(npm test *)" in above[1]
    assert "✗ Bash(ls) comes from this command: it cannot be deleted here." in above[-2]
    assert any(words == "! Bash allows every command, whatever it does." for words in desk.ui.words)


@pytest.mark.behaviour("B-877")
async def test_a_command_is_tried_and_the_part_that_decides_is_named(tmp_path: Path) -> None:
    write(tmp_path, "home/.coder/settings.json", allow=["Bash(npm test *)"])
    async with desk_at(tmp_path, mode="default") as desk:
        desk.ui.picks, desk.ui.lines = [press("t"), None], ["npm test && rm -rf /srv/x"]
        await run_line(desk, "/permissions")
        above = [plain(each) for each in desk.ui.pickers[-1].above]
        assert above[0] == "  npm test && rm -rf /srv/x" and above[1].startswith("? asks: ")
        assert "it also cannot be undone" in " ".join(above)
        assert any(line.split()[:3] == ["allowed", "npm", "test"] for line in above)
        await run_line(desk, "/permissions ls")
        assert desk.ui.words[-1].startswith("✓ allowed: ") and not (tmp_path / "srv").exists()
        await run_line(desk, "/permissions cat \x1b[2J")
        assert "\x1b" not in "".join(desk.ui.words)


async def test_rules_are_searched(tmp_path: Path) -> None:
    write(tmp_path, "home/.coder/settings.json", allow=["Bash(npm test *)", "Bash(make)", "Edit(src/**)"])
    async with desk_at(tmp_path, mode="default") as desk:
        desk.ui.picks, desk.ui.lines = [press("/"), by("npm"), press("/"), None], ["NPM", "zzz"]
        await run_line(desk, "/permissions")
        assert len(desk.ui.items(1)) == 1 and desk.ui.pickers[1].hint == '1 of 3 with "NPM"'
        assert "allow Bash(npm test *) · you, ~/.coder/settings.json" in plain(desk.ui.pickers[2].above[0])
        assert desk.ui.items() == [] and desk.ui.pickers[-1].empty == "No rule has these words."


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(["a", "d", "t", "/", "enter", "left"]), max_size=6),
    st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=6),
    st.sampled_from([(20, 10), (40, 20), (80, 24)]),
)
async def test_no_key_and_no_words_break_the_screen(
    tmp_path: Path, keys: list[str], lines: list[str | None], size: tuple[int, int]
) -> None:
    def picker(key: str) -> Any:
        def pick(shown: Picker) -> Picked | None:
            known = key == "enter" or key in [each.key for each in shown.actions]
            item = next(iter(shown.items), None)
            return Picked(key if known else "enter", item) if key != "left" else None

        return pick

    ui = FakeUi(*size, picks=[picker(key) for key in keys], lines=list(lines))
    async with desk_at(tmp_path, mode="default", ui=ui) as desk:
        await screen(desk)
    for each in ui.pickers:
        assert all(width_of(row) <= size[0] for row in each.above)
        assert all("\x1b" not in cell and "\n" not in cell for item in each.items for cell in item.cells)
    assert not any("\x1b" in words or "\n" in words for words in ui.words)


async def screen(desk: FakeDesk) -> None:
    await run_line(desk, "/permissions")
