"""Hooks as people write them, run as they are: scripts in Python and bash, jq, paths by variable."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from coder.core.config import HookSource
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.outcome import Merged
from coder.hooks.surroundings import Links
from tests.support.hooking import Bench

HOOKS = Path(__file__).with_name("patterns")


async def run(bench: Bench, event: str, *, plugin: bool = False, **fields: Any) -> Merged:
    shutil.copytree(HOOKS, bench.folder / ".claude", dirs_exist_ok=True)
    if plugin:
        events = json.loads((HOOKS / "plugin" / "hooks.json").read_text())
        made, warnings = HookSet().with_more(events["hooks"], "hooks.json", root=str(bench.folder / ".claude/plugin"))
    else:
        events = json.loads((HOOKS / "settings.json").read_text())
        made, warnings = HookSet.of([HookSource("settings.json", "project", events["hooks"])])
    assert not warnings
    return await bench.run(Engine(made, bench.surroundings(), Links(emit=bench.told.append)), event, **fields)


@pytest.mark.behaviour("B-1176")
async def test_a_python_guard_by_exit_code(bench: Bench) -> None:
    bad = await run(bench, "PreToolUse", tool_input={"command": "rm -rf /"})
    assert (bad.said.verdict, bad.said.reason) == ("deny", "BLOCKED: dangerous command")
    assert not bad.said.problem
    assert (bench.folder / "logs" / "calls.json").exists()
    fine = await run(bench, "PreToolUse", tool_input={"command": "ls"})
    assert (fine.said.verdict, fine.said.problem) == ("", "")


async def test_a_bash_guard_by_json(bench: Bench) -> None:
    merged = await run(bench, "PreToolUse", tool_name="Write", tool_input={"file_path": "/etc/passwd"})
    assert (merged.said.verdict, merged.said.verdict_reason) == ("deny", "outside of the project")


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
async def test_a_jq_line(bench: Bench) -> None:
    merged = await run(bench, "PostToolUse", tool_name="Edit", tool_input={"file_path": "a b.py"})
    assert not merged.said.problem
    assert (bench.folder / "edited.log").read_text() == "a b.py\n"


async def test_context_at_the_start(bench: Bench) -> None:
    merged = await run(bench, "SessionStart")
    assert merged.said.notes == ("Project: bare\nToday: sunny", "from a heredoc")


async def test_a_notification_with_words_and_variables(bench: Bench) -> None:
    merged = await run(bench, "Notification")
    assert not merged.said.problem
    assert (bench.folder / "told.txt").read_text() == "coder needs your permission to use Bash"


async def test_a_hook_of_a_plugin_by_its_own_root(bench: Bench) -> None:
    merged = await run(bench, "Stop", plugin=True)
    assert merged.said.blocked
    assert merged.said.reason == "Keep going: not DONE yet"
    assert merged.said.messages == ("round 1",)
