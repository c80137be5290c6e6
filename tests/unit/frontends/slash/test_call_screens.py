"""`/tasks`, `/show` and `/todos`: what runs beside the conversation, and what happened in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coder.core.errors import SessionError
from coder.core.events import ToolFinished
from coder.core.messages import Text, ToolResult, ToolUse
from coder.frontends.desk import Shown
from coder.frontends.slash import show, tasks, todos
from tests.support.fakeapi import running_api, tool, turn
from tests.support.pickdesk import PickDesk, PickUi, desk_at
from tests.support.talks import Talk


@pytest.mark.behaviour("B-906")
async def test_a_running_command_is_shown_and_stopped(tmp_path: Path) -> None:
    ui = PickUi(["enter"], ["x"], ["esc"])
    starts = tool("Bash", command="echo ready on :3000; sleep 600", run_in_background=True)
    async with running_api([turn(starts), turn("It runs.")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        try:
            await there.session.prompt("start it")
            (task,) = there.session.tasks.all
            while not task.output.read_text():
                await asyncio.sleep(0.01)
            await tasks.run(there, "")
            (ended,) = there.session.tasks.all
        finally:
            await there.session.aclose()
    running, _, stopped = ui.screens
    assert running[0] == "Tasks" and running[1].startswith("❯ 1 running   echo ready on :3000; sleep 600   0m 0")
    assert running[1].endswith("last: ready on :3000") and running[-1] == "  enter shows · x stops · esc leaves"
    assert ui.paged == ["echo ready on :3000; sleep 600 · running\n\nready on :3000\n"]
    assert stopped[1].startswith("❯ 1 stopped") and stopped[-1] == "  enter shows · esc leaves"
    assert ended.state == "killed"


async def test_without_tasks_it_says_so(tmp_path: Path) -> None:
    ui = PickUi()
    async with running_api([turn("a")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        await tasks.run(there, "")
        await there.session.aclose()
    assert ui.screens[0][1] == "  No command of this session runs in the background, or has; no agent does."


def finished(
    name: str, said: str, data: dict[str, object] | None = None, *, bad: bool = False, **given: object
) -> ToolFinished:
    result = ToolResult("t", (Text(said),), is_error=bad)
    return ToolFinished(
        call=ToolUse("t", name, given), result=result, data=data, summary="exit 2" if bad else "", seconds=2.13
    )


HUNK = {"oldStart": 4, "newStart": 4, "lines": [" a", "-old\x1b", "+new", "+more", " z"]}
SHOWN = (
    Shown(1, finished("Bash", "\n".join(f"line {n}" for n in range(40)), command="npm test", description="Run them")),
    Shown(2, finished("Bash", "make: \x1b[31mError", bad=True, command="make lint")),
    Shown(
        3,
        finished("Edit", "Done.", {"structuredPatch": [HUNK]}, file_path="app.py", old_string="old", new_string="new"),
    ),
)


async def said(root: Path, *arguments: str) -> list[str]:
    ui = PickUi()
    desk = PickDesk.__new__(PickDesk)
    desk.ui, desk.shown, desk.env = ui, SHOWN, {"HOME": str(root)}
    desk.config = Talk.at(root, "http://127.0.0.1:1").config()
    for each in arguments:
        await show.run(desk, each)
    return ui.said


@pytest.mark.behaviour("B-907")
async def test_a_call_is_printed_whole_by_its_number(tmp_path: Path) -> None:
    lines = await said(tmp_path, "1")
    assert lines == ["✓ Bash npm test · 2.1s", *(f"line {n}" for n in range(40))]
    assert await said(tmp_path, "2") == ["✗ Bash make lint · exit 2 · 2.1s", "make: Error"]


@pytest.mark.behaviour("B-907")
async def test_the_latest_call_is_meant_without_a_number_and_an_edit_is_its_diff(tmp_path: Path) -> None:
    assert await said(tmp_path, "") == [
        "✓ Edit app.py · 2.1s",
        "   4  a",
        "   5 -old\\x1b",
        "   5 +new",
        "   6 +more",
        "   7  z",
    ]


@pytest.mark.parametrize("wrong", ["0", "4", "x", "1 2"])
async def test_a_number_that_is_none_says_which_there_are(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SessionError, match=r"There is no call .*: /show 1 to 3"):
        await said(tmp_path, wrong)


async def test_the_todo_list_with_its_marks(tmp_path: Path) -> None:
    ui = PickUi()
    items = [("Read the parser", "completed"), ("Add the rule", "in_progress"), ("Write \u202etests", "pending")]
    listed = [{"content": text, "activeForm": f"{text} now", "status": status} for text, status in items]
    async with running_api([turn("a")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        await todos.run(there, "")
        there.todos = tuple(listed)
        await todos.run(there, "")
        await there.session.aclose()
    assert ui.said == ["The model keeps no todo list in this session."]
    assert ui.pages == [["Todo: 1 of 3 done", "  ✓ Read the parser", "  ▸ Add the rule now", "  ☐ Write \\u202etests"]]
