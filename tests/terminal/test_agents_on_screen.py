"""Subagents on a terminal: rows while they work and when they ended, their questions, the draft that is kept. S27."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.fakeapi import fault, rule, tool, turn
from tests.support.sitting import SIZES, Sitting, sitting

FREELY = ("--permission-mode", "bypassPermissions")
USED = {"input_tokens": 8_000, "output_tokens": 100}


def asks(title: str, prompt: str, **given: Any) -> Json:
    return tool("Agent", description=title, prompt=prompt, subagent_type="general-purpose", **given)


def said(words: str, *blocks: Json | str, **options: Any) -> Json:
    """What an agent answers that was told these words."""
    return rule({"last_user_contains": words}, *blocks, usage=USED, **options)


def rows(there: Sitting, start: str) -> list[str]:
    return [line for line in there.terminal.history if line.startswith(start)]


@pytest.mark.behaviour("B-1960")
@pytest.mark.behaviour("B-1961")
@pytest.mark.behaviour("B-1975")
@pytest.mark.behaviour("B-1977")
@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_s27_a_row_for_each_that_works_one_when_it_has_ended_and_esc_stops_all(
    tmp_path: Path, columns: int, lines: int
) -> None:
    rules = [
        said("Look for ALPHA", tool("Bash", command="exec sleep 600")),
        said("Look for BETA", "## 17 routes\n\nAll of them.", times=1),
    ]
    both = turn(asks("Find usages", "Look for ALPHA."), asks("List routes", "Look for BETA."))
    with sitting(
        tmp_path, both, script={"rules": rules}, arguments=FREELY, columns=columns, rows=lines, env={"PAGER": "cat"}
    ) as there:
        terminal = there.terminal
        terminal.send("go\r")
        terminal.wait('✓ Agent "List routes" · ')
        terminal.wait("running exec sleep 600")
        (done,) = rows(there, '✓ Agent "List routes"')
        assert re.search(r" · \d+\.\dk tokens · \$0\.\d\d · [\d.]+s · 17 routes$", done)
        (live,) = [line for line in terminal.screen if line.startswith('▸ Agent "Find usages"')]
        assert re.search(r" · 1 tool call · \d+\.\dk tokens · ", live) and (" · step 1 · " in live) is (columns > 100)
        assert any("Running 1 agent · " in line and "ctrl+o shows what it was told" in line for line in terminal.screen)
        terminal.press("ctrl+o")
        terminal.wait(lambda: any("Look for ALPHA." in line for line in terminal.history))
        terminal.wait(lambda: any("was told" in line for line in terminal.history))
        terminal.wait("Running 1 agent")
        terminal.press("esc")
        terminal.wait("Stopped by you")
        there.free()
        (stopped,) = rows(there, '✗ Agent "Find usages"')
        assert stopped.endswith(" · stopped")
        assert not rows(there, "✗ Agent general") and not [line for line in terminal.screen if line.startswith("▸")]


@pytest.mark.behaviour("B-1967")
@pytest.mark.behaviour("B-1965")
@pytest.mark.behaviour("B-1966")
def test_one_in_the_background_ends_while_somebody_types_and_nothing_is_lost(tmp_path: Path) -> None:
    rules = [
        said("Look for ALPHA", "It is in cart.py.", wait=1.5, times=1),
        said("Look for BETA", "x", fault=fault("stall")),
    ]
    both = turn(
        asks("Find usages", "Look for ALPHA.", run_in_background=True),
        asks("Watch it", "Look for BETA.", run_in_background=True),
    )
    with sitting(tmp_path, both, turn("They run."), turn("I see."), script={"rules": rules}, arguments=FREELY) as there:
        terminal = there.terminal
        terminal.send("go\r")
        terminal.wait("Done ·")
        for word in ("and ", "now ", "look ", "at ", "this"):
            terminal.send(word)
            terminal.during(0.1)
        terminal.wait('✓ Agent "Find usages" · ')
        terminal.wait("The model hears of it with your next message.")
        terminal.wait("❯ and now look at this")
        asked = len(there.talk)
        terminal.wait(lambda: any(line.startswith('▸ Agent "Watch it"') for line in terminal.screen))
        assert rows(there, '▸ Agent "Find usages" · runs in the background · /tasks shows it')
        terminal.send("\r")
        terminal.wait("I see.")
        terminal.wait("1 agent running ↓")
        assert "It is in cart.py." in str(there.talk[-1]["messages"]) and len(there.talk) == asked + 1
        terminal.press("down")
        terminal.wait("x stops · s says something to an agent · esc leaves")
        assert any("1 running" in line and 'Agent "Watch it"' in line for line in terminal.screen) or any(
            'running   Agent "Watch it"' in line for line in terminal.screen
        )
        terminal.press("esc")
        there.free()
        terminal.press("ctrl+d")
        terminal.wait("? 1 agent is running, and ends with the session. y stop it and leave · n stay")
        terminal.send("y")
        assert terminal.end() == 0


@pytest.mark.behaviour("B-1964")
def test_a_question_names_the_agent_and_ctrl_c_there_stops_the_run(tmp_path: Path) -> None:
    rules = [
        rule({"last_user_contains": "Look for ALPHA"}, tool("Bash", command="npm view left-pad"), times=1),
        rule({"last_tool_result_contains": "npm"}, tool("Bash", command="npm test"), times=1),
    ]
    with sitting(tmp_path, turn(asks("Check the docs", "Look for ALPHA.")), script={"rules": rules}) as there:
        terminal = there.terminal
        terminal.send("go\r")
        terminal.wait('? Agent "Check the docs" wants to run this command')
        terminal.wait("4 No, and stop this agent")
        terminal.during(0.4)
        terminal.press("ctrl+c")
        terminal.wait("Stopped by you")
        there.free()
        assert rows(there, '✗ Agent "Check the docs": Bash npm view left-pad · you said no')
        (stopped,) = rows(there, '✗ Agent "Check the docs" · ')
        assert stopped.endswith(" · stopped")
