"""Every slash command once, on a real terminal: before the first prompt, and after a run. UX-31."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from coder.frontends.slash.registry import BUILT_IN
from tests.support.fakeapi import tool, turn
from tests.support.sitting import EMPTY, SIZES, Sitting, sitting


class Look(NamedTuple):
    """What a command shows before the first prompt and after a run. A screen is closed with esc and leaves nothing; a
    row stays."""

    kind: Literal["screen", "row"]
    before: str
    after: str = ""


COMMANDS = {
    "agents": Look("screen", "general-purpose"),
    "add-dir": Look("screen", "Which folder may coder work in too?"),
    "compact": Look("row", "! Nothing was changed: the conversation is as short as it gets."),
    "uncompact": Look("row", "! Nothing was changed: this conversation was not compacted."),
    "config": Look("screen", "enter changes it · esc leaves"),
    "context": Look("screen", "  system prompt", "  messages, "),
    "cost": Look("screen", "The model was not asked for anything yet.", "Other sessions and days: coder cost"),
    "diff": Look("row", "✓ No file is different from how it was", "1 file changed in this session, +2 -0 lines"),
    "doctor": Look("row", "The server was not asked."),
    "effort": Look("screen", "How hard the model thinks"),
    "export": Look("row", "✗ There is nothing to write: nothing was said yet.", "✓ Written to session-"),
    "help": Look("screen", "esc leaves"),
    "hooks": Look("screen", "No hooks."),
    "login": Look("screen", "Which model server should coder talk to?"),
    "logout": Look("row", "This session goes on with the key it has"),
    "mcp": Look("screen", "No MCP server is configured."),
    "memory": Look("screen", "Notes for the model"),
    "model": Look("screen", "ctrl+s also for new sessions"),
    "output-style": Look("screen", "How coder answers"),
    "permissions": Look("screen", "t tests a command"),
    "rename": Look("row", "✗ This session has no message yet."),
    "resume": Look("screen", "There is no other session in this folder yet."),
    "rewind": Look("row", "There is nothing to go back to yet."),
    "show": Look("row", "✗ There is no call to show yet.", "✓ Write notes.md · 2 lines"),
    "skills": Look("screen", "Commands and skills"),
    "status": Look("screen", "Endpoint "),
    "tasks": Look("screen", "No command of this session runs in the background, or has; no agent does."),
    "theme": Look("screen", "for a dark background"),
    "todos": Look("row", "The model keeps no todo list in this session."),
    "vim": Look("row", "✓ Vim keys are "),
    "who": Look("row", "Say what: /who src/app.py"),
    "clear": Look("row", "✓ A new conversation.", "The one before is kept: /resume "),
    "quit": Look("row", "", "Continue with: coder -c"),
}
AFTER = {
    "rename": Look("screen", "What should this session be called?"),
    "rewind": Look("screen", "Go back to before …"),
}


def test_every_command_has_a_row_here() -> None:
    assert {command.name for command in BUILT_IN} == set(COMMANDS)


def look_at(sitting: Sitting, name: str, look: Look, words: str) -> None:
    terminal, told = sitting.terminal, sitting.told()
    before = sitting.count(words)
    terminal.send(f"/{name} ")
    terminal.press("enter")
    terminal.wait(lambda: sitting.count(words) > before)
    if look.kind == "screen":
        terminal.wait("esc leaves")
        assert EMPTY not in terminal.screen, terminal.picture()
        terminal.press("esc")
        sitting.free()
        assert sitting.told() == told, f"/{name} left something behind:\n{terminal.picture()}"
    else:
        sitting.free()
        assert sitting.count(words) == before + 1, terminal.picture()


@pytest.mark.behaviour("B-1010")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_31_every_command_before_the_first_prompt(tmp_path: Path, columns: int, rows: int) -> None:
    with sitting(tmp_path, columns=columns, rows=rows, env={"PAGER": "cat"}) as there:
        for name, look in COMMANDS.items():
            if name == "quit":
                continue
            look_at(there, name, look, look.before)
        assert there.count("could not be summarised") == there.count("compaction taken back") == 0  # said once
        there.terminal.send("/quit ")
        there.terminal.press("enter")
        assert there.terminal.end() == 0
        assert "Traceback" not in there.terminal.raw.decode()


@pytest.mark.behaviour("B-1010")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_31_every_command_after_a_run(tmp_path: Path, columns: int, rows: int) -> None:
    writes = tool("Write", file_path=str(tmp_path / "project" / "notes.md"), content="one\ntwo\n")
    turns = (turn(writes), turn("Noted."))
    flags = ("--permission-mode", "acceptEdits")
    with sitting(tmp_path, *turns, arguments=flags, columns=columns, rows=rows, env={"PAGER": "cat"}) as there:
        there.say("make notes")
        for name, look in COMMANDS.items():
            if name == "quit":
                continue
            look = AFTER.get(name, look)
            look_at(there, name, look, look.after or look.before)
        assert there.count("could not be summarised") == there.count("compaction taken back") == 0  # said once
        there.terminal.send("/quit ")
        there.terminal.press("enter")
        assert there.terminal.end() == 0
        assert there.count("Continue with: coder -c") == 1
        assert "Traceback" not in there.terminal.raw.decode()
