"""Agents in worktrees of their own are bound by the session's rules, with those that they ask, and by its mode."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coder.agent.control import Control
from coder.app.subagents.footing import AgentControl
from coder.app.session import Session
from coder.core.choices import Mode
from coder.core.events import AnyEvent, ToolFinished
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import rule, running_api, tool
from tests.support.fanout import DONE, GO, fan, results
from tests.support.talks import Talk

SECRET = "hunter2-of-the-vault"


def repository(talk: Talk) -> Callable[..., str]:
    def git(*args: str) -> str:
        config = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        done = subprocess.run(["git", *config, *args], cwd=talk.project, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    git("config", "user.name", "A")
    git("config", "user.email", "a@b.c")
    (talk.project / "secret").mkdir()
    (talk.project / "secret" / "key.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    (talk.project / "open.txt").write_text("hunter1 is open\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-qm", "first")
    return git


@pytest.mark.behaviour("B-2110")
@pytest.mark.parametrize("spec", ["/secret/**", "secret/**", "/{project}/secret/**", "~/work/secret/key.txt"])
async def test_what_is_denied_of_the_session_is_denied_of_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    talk = Talk(tmp_path, tmp_path / "work", "")
    talk.project.mkdir()
    repository(talk)
    tries: list[dict[str, Any]] = [
        tool("Read", file_path="{{top}}/secret/key.txt"),
        tool("Read", file_path=str(talk.project / "secret/key.txt")),
        tool("Bash", command="cat secret/key.txt"),
        tool("Bash", command=f"cat {talk.project}/secret/key.txt"),
        tool("Grep", pattern="hunter", output_mode="content"),
        tool("Grep", pattern="hunter", output_mode="content", path="{{top}}/secret"),
        tool("Glob", pattern="**/*.txt"),
        tool("Git", action="show", rev="HEAD"),
        tool("Read", file_path="{{top}}/open.txt"),
    ]
    told = rule({"user_regex": r"(?s)^part x.*?You work in (?P<top>/\S+),"}, *tries)
    script = fan(["part x"], told, rule({"last_tool": "Read"}, "Tried."), isolation="worktree")
    async with running_api(script) as api:
        session = await Talk(talk.home, talk.project, api.url).open(
            disallowed_tools=(f"Read({spec.format(project=talk.project)})",)
        )
        assert (await session.prompt(GO)).text == DONE
        await session.aclose()
        found = results(next(body for body in reversed(api.requests) if "You work in" in json.dumps(body)))
    assert [SECRET in text for text in found] == [False] * len(tries), found
    assert "hunter1" in found[4] and "open.txt" in found[6] and "key.txt" not in found[6], found
    assert "hunter1" in found[7] and "hunter1" in found[8], found


@pytest.mark.behaviour("B-2111")
async def test_those_that_an_agent_apart_asks_work_with_it(tmp_path: Path) -> None:
    talk = Talk.at(tmp_path, "")
    git = repository(talk)
    rules = (
        rule({"user_regex": "^inner x"}, tool("Bash", command="pwd > where.txt; echo inner >> open.txt; echo in-$?")),
        rule({"last_tool_result_contains": "in-0"}, "Done within."),
        rule({"user_regex": "^part x"}, tool("Bash", command="echo outer >> open.txt; echo out-$?")),
        rule({"last_tool_result_contains": "out-0"}, tool("Agent", description="d", prompt="inner x")),
        rule({"last_tool_result_contains": "Done within."}, tool("Bash", command="echo after >> open.txt; echo end-$?")),
        rule({"last_tool_result_contains": "end-0"}, "Changed."),
    )
    async with running_api(fan(["part x"], *rules, isolation="worktree")) as api:
        session = await Talk(talk.home, talk.project, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        assert session.agents is not None
        assert [row.state for row in session.agents.rows()] == ["completed", "completed"]
        await session.aclose()
    assert (talk.project / "open.txt").read_text(encoding="utf-8") == "hunter1 is open\n"
    (branch,) = (line.strip() for line in git("branch", "--list", "coder/*").splitlines())
    assert git("show", f"{branch}:open.txt").split()[-3:] == ["outer", "inner", "after"]
    assert "/agent-" in git("show", f"{branch}:where.txt")


@pytest.mark.behaviour("B-2112")
@pytest.mark.parametrize(
    ("own", "began", "now", "expected"),
    [
        ("acceptEdits", "default", "plan", "plan"),
        ("default", "default", "plan", "plan"),
        (None, "bypassPermissions", "default", "default"),
        (None, "bypassPermissions", "plan", "plan"),
        ("dontAsk", "default", "default", "dontAsk"),
        ("plan", "default", "acceptEdits", "acceptEdits"),
    ],
)
def test_an_agent_is_bound_by_the_mode_of_the_session_at_each_moment(
    own: Mode | None, began: Mode, now: Mode, expected: Mode
) -> None:
    session = Control(began, "m", lambda event: None)
    control = AgentControl(session, own, "m")
    session.set_mode(now)
    assert control.mode == expected


@pytest.mark.behaviour("B-2112")
async def test_a_switch_to_plan_binds_an_agent_in_the_background(tmp_path: Path) -> None:
    """Its definition says acceptEdits; the person switches between two of its calls."""
    talk = Talk.at(tmp_path, "")
    folder = talk.state / "agents"
    folder.mkdir(parents=True)
    head = "name: editor\ndescription: edits\npermissionMode: acceptEdits"
    (folder / "editor.md").write_text(f"---\n{head}\n---\nEdit.\n", encoding="utf-8")
    first, second = (str(talk.project / name) for name in ("a.txt", "b.txt"))
    rules = (
        rule({"user_regex": "^part x"}, tool("Write", file_path=first, content="x")),
        rule({"last_tool_result_contains": "a.txt"}, tool("Write", file_path=second, content="x")),
        rule({"last_tool": "Write"}, "Tried."),
        rule({"last_user_contains": "<task-notification>"}, DONE),
    )

    class Switching(Recorder):
        def emit(self, event: AnyEvent) -> None:
            super().emit(event)
            if isinstance(event, ToolFinished) and event.agent != "main":
                opened[0].set_mode("plan")

    opened: list[Session] = []
    async with running_api(fan(["part x"], *rules, subagent_type="editor", run_in_background=True)) as api:
        there = Talk(talk.home, talk.project, api.url)
        opened.append(
            await there.open(front=Switching(Deny("nobody", nobody=True)), permission_mode="default")
        )
        opened[0].wait_for_agents()
        await opened[0].prompt(GO)
        await opened[0].aclose()
    assert (talk.project / "a.txt").exists() and not (talk.project / "b.txt").exists()
