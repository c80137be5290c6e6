"""The model's questions, its todo list and its background commands on a terminal. UX-26, UX-27, S13, S15, S26."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.fakeapi import tool, turn
from tests.support.sitting import SIZES, Sitting, sitting

QUESTIONS = [
    {
        "question": "Which database should we use?",
        "header": "Database",
        "multiSelect": False,
        "options": [
            {"label": "SQLite", "description": "no server, one file"},
            {"label": "PostgreSQL", "description": "needs a server"},
        ],
    },
    {
        "question": "Which extras?",
        "header": "Extras",
        "multiSelect": True,
        "options": [
            {"label": "Tests", "description": "with pytest"},
            {"label": "Docs", "description": "with sphinx"},
            {"label": "CI", "description": "on every push"},
        ],
    },
]


def results(there: Sitting) -> str:
    return str(there.talk[-1]["messages"][-1])


@pytest.mark.behaviour("B-1025")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_26_answers_are_told_in_one_row_and_esc_lets_the_run_go_on(tmp_path: Path, columns: int, rows: int) -> None:
    asks = turn(tool("AskUserQuestion", questions=QUESTIONS))
    with sitting(tmp_path, asks, turn("Good."), asks, turn("As you like."), columns=columns, rows=rows) as there:
        terminal = there.terminal
        terminal.send("set it up")
        terminal.press("enter")
        terminal.wait("? Which database should we use?")
        terminal.wait("question 1 of 2")
        terminal.wait("esc answers nothing")
        terminal.during(0.4)  # what is typed at once goes to the draft
        terminal.press("enter")
        terminal.wait("question 2 of 2")
        terminal.press(" ", "down", " ")
        terminal.press("enter")
        terminal.wait("Done ·")
        there.free()
        assert "✓ You chose: Which database should we use? → SQLite · Which extras? → Tests, Docs" in " ".join(
            line.strip() for line in there.told()
        )
        assert "SQLite" in results(there) and "Tests, Docs" in results(there)
        terminal.send("again")
        terminal.press("enter")
        terminal.wait("esc answers nothing")
        terminal.during(0.4)
        terminal.press("esc")
        terminal.wait("As you like.")
        there.free()
        assert "✗ You answered nothing; the model goes on without it" in there.told()
        assert there.count("AskUserQuestion") == 0
        assert there.count("✓ You chose: ") == 1


@pytest.mark.behaviour("B-1025")
def test_s13_a_pasted_answer_is_taken_as_words_of_ones_own(tmp_path: Path) -> None:
    with sitting(tmp_path, turn(tool("AskUserQuestion", questions=QUESTIONS[:1])), turn("Good.")) as there:
        there.terminal.send("set it up")
        there.terminal.press("enter")
        there.terminal.wait("esc answers nothing")
        there.terminal.during(0.4)
        there.terminal.send("\x1b[200~a file\nof mine\x1b[201~")
        there.terminal.wait("a file of mine")
        there.terminal.press("enter")
        there.terminal.wait("→ a file of mine")
        there.terminal.wait("Done ·")
        assert "a file of mine" in results(there)


def todo(*states: str) -> Json:
    names = ("Read the parser", "Add the new rule", "Write tests", "Update the docs")
    todos = [
        {"content": name, "activeForm": f"{name} now", "status": state}
        for name, state in zip(names, states, strict=True)
    ]
    return tool("TodoWrite", todos=todos)


@pytest.mark.behaviour("B-1026")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_27_the_todo_list_is_live_folds_and_is_never_left_behind(tmp_path: Path, columns: int, rows: int) -> None:
    waits = tool("Bash", command="cat gate", description="Wait")
    turns = (
        turn(todo("in_progress", "pending", "pending", "pending")),
        turn(waits),
        turn(todo("completed", "completed", "completed", "completed")),
        turn("All done."),
    )
    flags = ("--permission-mode", "bypassPermissions")
    gate = tmp_path / "project" / "gate"
    with sitting(tmp_path, *turns, arguments=flags, columns=columns, rows=rows) as there:
        os.mkfifo(gate)
        terminal = there.terminal
        terminal.send("do all four")
        terminal.press("enter")
        terminal.wait("ctrl+b sends it to the background")
        short = "todo 0/4 · now: Read the parser now"
        long = "☐ Update the docs"
        first, second = (short, long) if rows < 30 else (long, short)
        terminal.wait(first)
        terminal.press("ctrl+t")
        terminal.wait(second)
        terminal.press("ctrl+t")
        terminal.wait(first)
        gate.write_text("go\n")
        terminal.wait("✓ Todo: 4 of 4 done")
        terminal.wait("Done ·")
        there.free()
        told = there.told()
        assert not any("Update the docs" in line or "todo 0/4" in line for line in told)
        assert sum("Todo: 4 of 4" in line for line in told) == 1


@pytest.mark.behaviour("B-1027")
def test_s26_tasks_are_listed_read_stopped_and_asked_about_at_the_end(tmp_path: Path) -> None:
    starts = tool("Bash", command="echo ready on :3000; exec sleep 600", run_in_background=True)
    ends = tool("Bash", command="echo made; exit 3", run_in_background=True)
    flags = ("--permission-mode", "bypassPermissions")
    with sitting(tmp_path, turn(starts), turn(ends), turn("Running."), arguments=flags, env={"PAGER": "cat"}) as there:
        terminal = there.terminal
        terminal.send("run them")
        terminal.press("enter")
        terminal.wait("✗ Task 2 echo made; exit 3 · exit 3")
        terminal.wait("Done ·")
        terminal.wait("1 task running ↓")
        terminal.press("down")
        terminal.wait("enter shows · x stops · esc leaves")
        terminal.wait("last: ready on :3000")
        terminal.press("esc")
        there.free()
        terminal.press("ctrl+d")
        terminal.wait("? 1 task is running. ")
        terminal.send("n")
        there.free()
        there.terminal.press("down")
        terminal.wait("esc leaves")
        terminal.send("x")
        terminal.wait("❯ 1 stopped")
        terminal.press("esc")
        there.free()
        terminal.press("ctrl+d")
        assert terminal.end() == 0


@pytest.mark.behaviour("B-1027")
def test_s26_quitting_asks_about_running_tasks_and_nothing_runs_on(tmp_path: Path) -> None:
    starts = tool("Bash", command="echo $$ > pid; exec sleep 600", run_in_background=True)
    flags = ("--permission-mode", "bypassPermissions")
    with sitting(tmp_path, turn(starts), turn("Running."), arguments=flags) as there:
        there.terminal.send("run it")
        there.terminal.press("enter")
        there.terminal.wait("Done ·")
        pid = tmp_path / "project" / "pid"
        there.terminal.wait(lambda: pid.exists() and pid.read_text().strip())
        there.terminal.send("/quit ")
        there.terminal.press("enter")
        there.terminal.wait("? 1 task is running. y stop it and leave · n stay")
        there.terminal.send("y")
        assert there.terminal.end() == 0
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
