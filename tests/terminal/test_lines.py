"""Lines that are no message: `/`, `@`, `?`, `!` and `#`, in a whole session. UX-25, S36."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import turn
from tests.support.sitting import SIZES, sitting


@pytest.mark.behaviour("B-1011")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_25_menus_and_a_command_that_there_is_not(tmp_path: Path, columns: int, rows: int) -> None:
    with sitting(tmp_path, columns=columns, rows=rows) as there:
        terminal = there.terminal
        terminal.send("/com")
        terminal.wait("enter runs · esc closes")
        screen = terminal.screen
        menu = [line for line in screen[screen.index("❯ /com") + 2 :] if line]
        assert menu[0].startswith("❯ /compact [what to keep]") and len(menu) <= 8 + 1
        terminal.press("esc")
        terminal.wait(lambda: not any("enter runs" in line for line in terminal.screen))
        terminal.press("ctrl+c")
        there.free()

        terminal.send("/frobnicate")
        terminal.press("enter")
        terminal.wait("✗ There is no /frobnicate.")
        terminal.wait("❯ /frobnicate")
        assert there.talk == []
        terminal.press("ctrl+c")
        there.free()

        terminal.send("look at @ap")
        terminal.wait("❯ app.py ")
        assert not any(".git" in line for line in terminal.screen)
        terminal.press("tab")
        terminal.wait("❯ look at @app.py")


@pytest.mark.behaviour("B-1012")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_s36_a_question_mark_on_an_empty_prompt_lists_the_keys(tmp_path: Path, columns: int, rows: int) -> None:
    with sitting(tmp_path, columns=columns, rows=rows) as there:
        told = there.told()
        there.terminal.send("?")
        there.terminal.wait("  esc stop         esc esc clear the draft, or go back to an earlier point")
        there.terminal.wait("coder help keys: all keys")
        there.terminal.send("h")
        there.terminal.wait("❯ h")
        assert not any("coder help keys" in line for line in there.terminal.screen)
        there.terminal.press("ctrl+c")
        there.free()
        there.terminal.send("?")
        there.terminal.wait("coder help keys: all keys")
        there.terminal.press("esc")
        there.free()
        there.terminal.wait(lambda: not any("coder help keys" in line for line in there.terminal.screen))
        assert there.told() == told


@pytest.mark.behaviour("B-1013")
def test_a_shell_line_is_shown_told_to_the_model_and_undone_with_rewind(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello."), turn("I see it.")) as there:
        terminal, made = there.terminal, tmp_path / "project" / "made.txt"
        there.say("hello")
        terminal.send("!")
        terminal.wait("runs in your shell, output goes to the model")
        terminal.press("backspace")
        there.say("!echo hello from me | tee made.txt; false", "✗ exit 1")
        assert made.read_text() == "hello from me\n"
        rows = there.told()
        at = rows.index("! echo hello from me | tee made.txt; false")
        assert rows[at + 1] == "  hello from me" and rows[at + 2].startswith("✗ exit 1 · ")
        assert len(there.talk) == 1
        there.say("what did I run?")
        said = str(there.talk[1]["messages"])
        assert "hello from me" in said and "tee made.txt" in said
        terminal.press("esc", "esc")
        terminal.wait("Go back to before …")
        terminal.press("up")
        terminal.wait("Would delete made.txt")
        terminal.press("enter")
        terminal.wait("✓ Went back to before")
        assert not made.exists()


@pytest.mark.behaviour("B-1014")
def test_a_note_is_added_to_the_file_that_is_chosen(tmp_path: Path) -> None:
    with sitting(tmp_path) as there:
        there.terminal.send("# tests are run with make")
        there.terminal.press("enter")
        there.terminal.wait("❯ 1 CLAUDE.md            this project, shared through git")
        there.terminal.send("2")
        there.terminal.wait("✓ Noted in CLAUDE.local.md · the model reads it with your next message")
        there.free()
        assert (tmp_path / "project" / "CLAUDE.local.md").read_text() == "- tests are run with make\n"
        told = there.told()
        there.terminal.send("# another")
        there.terminal.press("enter")
        there.terminal.wait("Add this line to which notes?")
        there.terminal.press("esc")
        there.free()
        assert there.told() == told and there.talk == []
        assert sorted(each.name for each in (tmp_path / "project").glob("*.md")) == ["CLAUDE.local.md"]


@pytest.mark.behaviour("B-1031")
def test_keys_of_the_first_moment_count(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Planned.")) as there:
        there.terminal.press("shift+tab", "shift+tab")
        there.terminal.send("hello")
        there.terminal.press("enter")
        there.terminal.wait("Planned.")
        there.terminal.wait("plan mode, read-only")
