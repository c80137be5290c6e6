"""Agents that change files: in turn where they share a work tree, on a branch where they do not, never past the
rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coder.core.events import AgentProgressed
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import rule, running_api, tool
from tests.support.fanout import DONE, GO, fan, results
from tests.support.talks import Talk


@pytest.mark.behaviour("B-1917")
async def test_agents_of_one_work_tree_change_files_in_turn(tmp_path: Path) -> None:
    rules = [
        rule(
            {"user_regex": f"^part {name}$"}, tool("Bash", command=f"echo {name} >> log.txt; sleep 0.1; echo {name}-1")
        )
        for name in "abc"
    ]
    again = [
        rule({"last_tool_result_contains": f"{name}-1"}, tool("Bash", command=f"echo {name} >> log.txt; echo {name}-2"))
        for name in "abc"
    ]
    seen = Recorder(Deny("nobody", nobody=True))
    ends = rule({"last_tool_result_contains": "-2"}, "Written.")
    async with running_api(fan([f"part {name}" for name in "abc"], *rules, *again, ends)) as api:
        session = await Talk.at(tmp_path, api.url).open(front=seen)
        assert (await session.prompt(GO)).text == DONE
        await session.aclose()
        lines = (tmp_path / "project" / "log.txt").read_text(encoding="utf-8").split()
    assert len(lines) == 6 and lines[::2] == lines[1::2], lines
    waiting = [event.row for event in seen.of(AgentProgressed) if event.row.state == "waiting"]
    assert waiting and all("which is changing files" in row.doing for row in waiting)


@pytest.mark.behaviour("B-1917")
async def test_an_agent_in_a_work_tree_of_its_own_leaves_a_branch(tmp_path: Path) -> None:
    talk = Talk.at(tmp_path, "")

    def git(*args: str) -> str:
        config = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        done = subprocess.run(["git", *config, *args], cwd=talk.project, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    git("config", "user.name", "A")
    git("config", "user.email", "a@b.c")
    (talk.project / "a.txt").write_text("one\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-qm", "first")
    writes = rule({"user_regex": "^part x"}, tool("Bash", command="echo two > a.txt; echo done-$?"))
    more = rule({"last_user_contains": "once more"}, tool("Bash", command="echo three > b.txt; echo done-$?"))
    again = rule({"user_regex": "^again$"}, tool("SendMessage", to="helper", message="once more"))
    ends = (rule({"last_tool": "Bash"}, "Changed."), rule({"last_tool": "SendMessage"}, DONE))
    script = fan(["part x"], writes, more, again, *ends, isolation="worktree", name="helper")
    async with running_api(script) as api:
        session = await Talk(talk.home, talk.project, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        (told,) = results(api.requests[-1])
        assert "coder/agent-" in told and "Changed." in told
        assert (talk.project / "a.txt").read_text(encoding="utf-8") == "one\n"
        (branch,) = [line.strip() for line in git("branch", "--list", "coder/*").splitlines()]
        assert git("show", f"{branch}:a.txt") == "two\n"
        assert session.agents is not None
        assert (await session.prompt("again")).text == DONE
        assert git("show", f"{branch}:b.txt") == "three\n", results(api.requests[-1])
        merged = await session.agents.merge(branch, "about x")
        assert merged.ok and (talk.project / "a.txt").read_text(encoding="utf-8") == "two\n", merged.text
        await session.aclose()


@pytest.mark.behaviour("B-1918")
@pytest.mark.parametrize(
    ("kind", "mode", "rules"),
    [
        ("", "plan", ()),
        ("", "dontAsk", ()),
        ("", "bypassPermissions", ("Bash",)),
        ("Explore", "bypassPermissions", ()),
    ],
)
async def test_an_agent_has_no_more_leave_than_the_session(
    tmp_path: Path, kind: str, mode: str, rules: tuple[str, ...]
) -> None:
    writes = rule({"user_regex": "^part x"}, tool("Bash", command="echo two > a.txt"))
    more = {"subagent_type": kind} if kind else {}
    async with running_api(fan(["part x"], writes, rule({"last_tool": "Bash"}, "Tried."), **more)) as api:
        session = await Talk.at(tmp_path, api.url).open(permission_mode=mode, disallowed_tools=rules)
        assert (await session.prompt(GO)).text == DONE
        await session.aclose()
    assert not (tmp_path / "project" / "a.txt").exists()
