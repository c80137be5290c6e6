"""Agents in worktrees of their own are bound by the session's rules, with those that they ask, and by its mode."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from coder.agent.control import Control
from coder.app.session import Session
from coder.app.starting import Start
from coder.app.subagents.footing import AgentControl
from coder.app.subagents.mentioned import wanted
from coder.app.subagents.record import Record
from coder.app.subagents.relay import Relay
from coder.core.agents import Brief
from coder.core.choices import Mode
from coder.core.events import AnyEvent, PermissionAnswered, PermissionAsked, ToolFinished
from coder.core.messages import ToolUse
from coder.core.requests import Allow, Deny, PermissionRequest, Question, Request, ServerQuestion
from coder.frontends.repl.completing import Completion, SlashMenu
from tests.support.engine import Recorder
from tests.support.fakeapi import rule, running_api, tool
from tests.support.fanout import DONE, GO, fan, results
from tests.support.talks import Talk


class NoFiles:
    state = 0

    def best(self, query: str, most: int) -> Sequence[tuple[str, str]]:
        return ()

    def close(self) -> None:
        pass


def asks(name: str, summary: str) -> PermissionRequest:
    return PermissionRequest(ToolUse("c", name, {}), summary, ())


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
@pytest.mark.parametrize("spec", ["/secret/**", "secret/**", "/{project}/secret/**", "~/shop/secret/key.txt"])
async def test_what_is_denied_of_the_session_is_denied_of_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    talk = Talk(tmp_path, tmp_path / "shop", "")
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
        rule(
            {"last_tool_result_contains": "Done within."}, tool("Bash", command="echo after >> open.txt; echo end-$?")
        ),
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
                opened[0].tuning.set_mode("plan")

    opened: list[Session] = []
    async with running_api(fan(["part x"], *rules, subagent_type="editor", run_in_background=True)) as api:
        there = Talk(talk.home, talk.project, api.url)
        opened.append(await there.open(front=Switching(Deny("nobody", nobody=True)), permission_mode="default"))
        opened[0].wait_for_agents()
        await opened[0].prompt(GO)
        await opened[0].aclose()
    assert (talk.project / "a.txt").exists() and not (talk.project / "b.txt").exists()


@pytest.mark.behaviour("B-2114")
async def test_what_a_crash_left_in_worktrees_of_agents_is_said_when_the_session_goes_on(tmp_path: Path) -> None:
    talk = Talk.at(tmp_path, "")
    git = repository(talk)
    script = fan(["part x"], isolation="worktree")
    async with running_api(script) as api:
        there = Talk(talk.home, talk.project, api.url)
        session = await there.open()
        assert (await session.prompt(GO)).text == DONE
        id = session.facts.session_id
        await session.aclose()
        session = await there.open(Start(continue_latest=True))
        assert not any("left a worktree" in text for text in session.warnings)
        await session.aclose()
        for name, of in (("agent-b2", "5e55104e-0000-4000-8000-000000000000"), ("agent-a1", id)):
            tree = talk.project / ".claude" / "worktrees" / name
            git("worktree", "add", "-q", "-b", f"coder/{name}", "--lock", "--reason", f"coder session {of}", str(tree))
            note = {"name": name, "agent": name[6:], "session": of, "branch": f"coder/{name}"}
            (talk.project / f".git/worktrees/{name}/coder.json").write_text(json.dumps(note), encoding="utf-8")
        session = await there.open(Start(continue_latest=True))
        assert [text for text in session.warnings if "left a worktree (agent-a1)" in text]
        await session.aclose()
        session = await there.open()
        assert not any("left a worktree" in text for text in session.warnings)
        await session.aclose()


@pytest.mark.behaviour("B-2115")
async def test_agents_are_completed_behind_an_at(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".coder" / "agents"
    folder.mkdir(parents=True)
    for name in ("tester", "my helper"):
        (folder / f"{name}.md").write_text(
            f"---\nname: {name}\ndescription: does\n  tests\n---\nDo.\n", encoding="utf-8"
        )
    session = await Talk.at(tmp_path, "http://127.0.0.1:9").open()
    offered = dict(session.mentionable())
    assert offered["agent-tester"] == offered["my helper (agent)"] == "does tests" and "agent-Explore" in offered
    completion = Completion(SlashMenu(), lambda: NoFiles())
    completion.offer((), session.mentionable())
    for typed, found in (("ask @agent-te", "@agent-tester "), ("@my", '@"my helper (agent)" ')):
        completion.update(typed, len(typed))
        assert completion.menu is not None and completion.menu.choices[0].text == found
        assert len(wanted(f"{found}to test", session.facts.agents)) == 1
    await session.aclose()
    session = await Talk.at(tmp_path, "http://127.0.0.1:9").open(bare=True)
    assert session.mentionable() == ()
    await session.aclose()


@pytest.mark.behaviour("B-2116")
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asks("Bash", "Bash curl docs.example.com"), "allow curl docs.example.com?"),
        (asks("Write", "Write src/a.py"), "allow writing src/a.py?"),
        (asks("ExitPlanMode", "ExitPlanMode"), "approve its plan?"),
        (Question(({"question": "Which\none?"},)), "Which one?"),
        (ServerQuestion("docs", "who?"), "what the server docs asks"),
    ],
)
def test_a_row_says_what_an_agent_waits_for(request_: Request, words: str) -> None:
    record = Record("a1", Brief(prompt="p"), "", "Explore", "m", 1)
    relay = Relay(record, lambda event: None, lambda: None)
    record.begins()
    relay.emit(PermissionAsked(request=request_))
    assert (record.row().doing, record.row().state) == (f"waiting for you: {words}", "waiting")
    relay.emit(PermissionAnswered(request=request_, reply=Allow()))
    assert (record.row().doing, record.row().state) == ("", "running")


@pytest.mark.behaviour("B-2125")
@pytest.mark.parametrize(
    ("more", "is_told"), [({}, True), ({"isolation": "worktree"}, True), ({"subagent_type": "Explore"}, False)]
)
async def test_memory_of_a_folder_is_told_to_an_agent_that_comes_there(
    tmp_path: Path, more: dict[str, str], is_told: bool
) -> None:
    talk = Talk.at(tmp_path, "")
    git = repository(talk)
    files = {
        "CLAUDE.md": "words of the root",
        "open.txt": "open",
        "deep/CLAUDE.md": "words of the deep",
        "deep/a.py": "1",
        ".claude/rules/py.md": "---\npaths: '**/*.py'\n---\nwords about py",
    }
    for name, text in files.items():
        path = talk.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-qm", "more")
    is_apart = "isolation" in more
    begins = r"(?s)^part x.*?You work in (?P<top>/\S+)," if is_apart else "^part x"
    top = "{{top}}" if is_apart else talk.project
    reads = [tool("Read", file_path=f"{top}/{name}") for name in ("open.txt", "deep/a.py")]
    rules = (rule({"turn": 1, "user_regex": begins}, *reads), rule({"last_tool": "Read"}, "Read."))
    async with running_api(fan(["part x"], *rules, **more)) as api:
        session = await Talk(talk.home, talk.project, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        await session.aclose()
        first, second = (json.dumps(body["messages"]) for body in api.requests[1:3])
    assert ("words of the root" in first) is is_told and "words of the deep" not in first
    assert [second.count(f"words {of}") for of in ("of the deep", "about py", "of the root")] == [int(is_told)] * 3
