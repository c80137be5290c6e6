"""`/rewind` and `/diff` on a real terminal. UX-28, S20."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.sitting import SIZES, sitting

FLAGS = ("--permission-mode", "acceptEdits", "--allowed-tools", "Bash(cp *)")


@pytest.mark.behaviour("B-1015")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_28_going_back_undoes_files_and_commands(tmp_path: Path, columns: int, rows: int) -> None:
    app, made = tmp_path / "project" / "app.py", tmp_path / "project" / "copy.py"
    edits = tool("Edit", file_path=str(app), old_string='"Hello "', new_string='"Dear "')
    turns = (
        turn("Hello."),
        turn(tool("Read", file_path=str(app))),
        turn(edits),
        turn(tool("Bash", command="cp app.py copy.py", description="Copy it")),
        turn("Done that."),
        turn("Once more."),
    )
    with sitting(tmp_path, *turns, arguments=FLAGS, columns=columns, rows=rows) as there:
        there.say("hello")
        there.say("make it dear")
        assert '"Dear "' in app.read_text() and made.exists()
        there.terminal.press("esc", "esc")
        there.terminal.wait("ctrl+e shows the file changes")
        screen = there.terminal.screen
        assert any(line.startswith("❯ 2 make it dear") and "2 files, 1 command" in line for line in screen)
        assert "  Would restore app.py (+1 -1) · would delete copy.py (new)" in screen
        assert "  Also undoes what 1 command changed here (cp app.py copy.py)" in screen
        there.terminal.press("a")
        there.terminal.wait("/rewind and u undoes this")
        there.terminal.wait(lambda: there.count("❯ make it dear") == 2)  # as it was sent, and in the prompt
        wanted = '✓ Went back to before "make it dear" · 2 files restored · your message is in the prompt'
        assert wanted in " ".join(line.strip() for line in there.told())
        assert '"Hello "' in app.read_text() and not made.exists()
        there.terminal.press("enter")
        there.terminal.wait("Once more.")
        there.free()
        said = there.talk[-1]["messages"]
        assert [message["role"] for message in said] == ["user", "assistant", "user"]


@pytest.mark.behaviour("B-1016")
def test_ux_28_a_file_that_was_edited_by_hand_is_asked_about(tmp_path: Path) -> None:
    app = tmp_path / "project" / "app.py"
    edits = tool("Edit", file_path=str(app), old_string='"Hello "', new_string='"Dear "')
    turns = (turn(tool("Read", file_path=str(app))), turn(edits), turn("Done that."))
    with sitting(tmp_path, *turns, arguments=FLAGS) as there:
        there.say("make it dear")
        by_hand = app.read_text() + "# by hand\n"
        app.write_text(by_hand)
        there.terminal.press("esc", "esc")
        there.terminal.wait("Go back to before …")
        there.terminal.wait("You changed app.py yourself since: it asks before replacing that")
        there.terminal.press("a")
        there.terminal.wait("❯ 1 No, leave it as now, and go back with the rest")
        assert app.read_text() == by_hand
        there.terminal.press("3")
        there.terminal.wait("Go back to before …")
        assert app.read_text() == by_hand
        there.terminal.press("a")
        there.terminal.wait("2 Yes, replace it too")
        there.terminal.press("2")
        there.terminal.wait("✓ Went back to before")
        assert '"Hello "' in app.read_text() and "by hand" not in app.read_text()
        there.terminal.wait("❯ make it dear")
        there.terminal.press("ctrl+c")
        there.free()
        there.terminal.press("esc", "esc")
        there.terminal.wait("There is nothing to go back to yet.")


@pytest.mark.behaviour("B-1017")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_s20_diff_shows_what_edits_and_commands_changed(tmp_path: Path, columns: int, rows: int) -> None:
    app = tmp_path / "project" / "app.py"
    edits = tool("Edit", file_path=str(app), old_string='"Hello "', new_string='"Dear "')
    turns = (
        turn(tool("Read", file_path=str(app))),
        turn(edits),
        turn(tool("Bash", command="cp app.py copy.py")),
        turn("Done that."),
    )
    with sitting(tmp_path, *turns, arguments=FLAGS, columns=columns, rows=rows, env={"PAGER": "cat"}) as there:
        there.say("make it dear")
        there.say("/diff ", "copy.py   +5 -0 · new")
        told = there.told()
        assert "2 files changed in this session, +6 -1 lines" in told
        assert '-    return "Hello " + name' in told and '+    return "Dear " + name' in told
