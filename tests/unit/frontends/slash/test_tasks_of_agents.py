"""`/tasks`: the subagents of a session beside its commands: shown, told something, stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coder.frontends.agent_page import page
from coder.frontends.beside import still_running
from coder.frontends.repl.leaving import LeaveModal
from coder.frontends.slash import cost, tasks
from coder.frontends.styled import plain
from tests.support.crew import BUSY, Crew, agent_row
from tests.support.desks import FakeUi, by, desk_at
from tests.support.fakeapi import rule, tool, turn

ENDED = agent_row("a2", "List routes", state="completed", tool_uses=5, tokens=8_100, seconds=14.2)


@pytest.mark.behaviour("B-1965")
async def test_agents_are_listed_and_can_be_told_something_and_stopped(tmp_path: Path) -> None:
    crew = Crew([BUSY, ENDED])
    ui = FakeUi(
        picks=[by("Find usages", "s"), by("List routes", "s"), by("Find usages", "x"), None],
        lines=["Skip the tests", "x"],
    )
    async with desk_at(tmp_path, ui=ui) as desk:
        desk.session.agents = crew  # type: ignore[assignment]  # by the protocol
        await tasks.run(desk, "")
    assert ui.items(0) == [
        'running | Agent "Find usages" | 0m 09s | reading src/cart.py · haiku-4-5 · step 4 · 3 tool calls'
        " · 12.4k tokens · $0.03",
        'done | Agent "List routes" | 0m 14s | haiku-4-5 · 5 tool calls · 8.1k tokens',
    ]
    assert [(each.key, each.label) for each in ui.pickers[0].actions] == [
        ("x", "stops"),
        ("s", "says something to an agent"),
    ]
    assert ui.asked == ['Say to Agent "Find usages"', 'Say to Agent "List routes"']
    assert crew.asked == [("steer", "a1", "Skip the tests"), ("stop", "a1", "")]
    assert ui.words == ['✓ Agent "Find usages" reads it before its next step.', "✗ a2 does not run."]
    assert ui.items()[0].startswith("stopped | ") and ui.pickers[-1].actions == ()


@pytest.mark.behaviour("B-1965")
async def test_one_is_shown_with_what_it_was_told_called_and_said_as_far_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "agent-a1.jsonl"
    said = [
        ("user", "Find every use of total()."),
        ("assistant", [{"type": "tool_use", "id": "t1", "name": "Grep", "input": {"pattern": "total("}}]),
        ("user", [{"type": "tool_result", "tool_use_id": "t1", "content": "cart.py:3\x1b[2J"}]),
        ("assistant", [{"type": "text", "text": "So far: one."}]),
    ]
    lines = [
        {
            "type": role,
            "uuid": f"u{n}",
            "parentUuid": f"u{n - 1}" if n else None,
            "isSidechain": True,
            "sessionId": "s",
            "message": {"role": role, "content": content, "model": "m", "id": f"msg_{n}"},
        }
        for n, (role, content) in enumerate(said)
    ]
    file.write_text("".join(f"{json.dumps(each)}\n" for each in lines) + '{"type": "assi', encoding="utf-8")
    text = page(replace(BUSY, transcript=file))
    assert text.startswith('Agent "Find usages" · Explore · claude-haiku-4-5-20251001 · running · step 4 · ')
    places = [
        text.index(each)
        for each in ("now: reading src/cart.py", "> Find every use", "Grep total(", "cart.py:3", "So far")
    ]
    assert places == sorted(places) and "\x1b" not in text
    assert "not kept" in page(BUSY)
    assert "not said anything" in page(replace(BUSY, transcript=tmp_path / "none.jsonl"))
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in page(replace(BUSY, transcript=tmp_path / "folder"))
    ui = FakeUi(picks=[by("Find usages"), None])
    async with desk_at(tmp_path, ui=ui) as desk:
        desk.session.agents = Crew([replace(BUSY, transcript=file)])  # type: ignore[assignment]  # by the protocol
        await tasks.run(desk, "")
    assert ui.paged == [text]


@pytest.mark.behaviour("B-1965")
async def test_one_that_waits_or_is_stuck_says_so(tmp_path: Path) -> None:
    waits = replace(BUSY, state="waiting", doing='waits for Agent "Fix", which is changing files')
    ui = FakeUi(picks=[None])
    async with desk_at(tmp_path, ui=ui) as desk:
        desk.session.agents = Crew([waits, replace(BUSY, id="a2", is_stuck=True)])  # type: ignore[assignment]  # by the protocol
        await tasks.run(desk, "")
    first, second = ui.items()
    assert first.startswith("waiting | ") and 'waits for Agent "Fix", which is changing files' in first
    assert second.startswith("stuck | ") and "nothing for a minute" in second


@pytest.mark.behaviour("B-1966")
@pytest.mark.parametrize(
    ("tasks_", "agents", "said"),
    [
        (1, 0, "1 task is running. y stop it and leave · n stay"),
        (0, 1, "1 agent is running, and ends with the session. y stop it and leave · n stay"),
        (0, 2, "2 agents are running, and end with the session. y stop them and leave · n stay"),
        (2, 1, "2 tasks and 1 agent are running. Agents end with the session. y stop them and leave · n stay"),
    ],
)
def test_who_leaves_is_told_what_ends(tasks_: int, agents: int, said: str) -> None:
    rows = [plain(each).strip() for each in LeaveModal(tasks_, agents).shape(80, 24).rows]
    assert " ".join(rows) == f"? {said}" and all(len(each) <= 80 for each in rows)
    assert still_running(tasks_, agents)[1] == ("it" if tasks_ + agents == 1 else "them")


@pytest.mark.behaviour("B-1976")
async def test_cost_tells_what_subagents_cost_together_and_each(tmp_path: Path) -> None:
    usage = {"input_tokens": 1_000, "output_tokens": 500}
    both = turn(
        tool("Agent", description="Find usages", prompt="Look for ALPHA."),
        tool("Agent", description="List\x1b[2J routes", prompt="Look for BETA."),
        usage=usage,
    )
    script = {
        "turns": [both, turn("Done.", usage=usage)],
        "rules": [
            rule({"last_user_contains": "Look for ALPHA"}, "Found.", usage=usage, wait=0.3),  # is answered last
            rule({"last_user_contains": "Look for"}, "Found.", usage=usage),
            rule({"last_user_contains": "<first_message>"}, "A title"),
        ],
    }
    async with desk_at(tmp_path, script) as desk:
        await desk.prompt("Go.")
        await cost.run(desk, "")
        spent = desk.session.spent
    words = desk.ui.page_words
    at = next(at for at, line in enumerate(words) if line.startswith("  subagents, 2"))
    assert "included above" in words[at] and "$0.0" in words[at]
    assert words[at + 1].startswith('    "Find usages"') and words[at + 2].startswith('    "List\\x1b[2J')
    assert all(" in" in line and "500 out" in line and "$0.0" in line for line in words[at + 1 : at + 3])
    total = float(words[0].split("$")[1].split(" ")[0])
    assert spent.cost is not None and abs(total - spent.cost) < 0.01
    assert all(len(line) <= 80 for line in words)
