"""Our tools as another program sees them: the same gate, the questions put to its person, what is kept of it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coder.app.reach.serving import Serving, serving
from coder.app.rewinding import checkpoints_of
from coder.app.starting import NEW
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.frontends.dialog_making import Facts
from coder.frontends.elicited import form_for
from coder.mcp.server import Answer
from coder.mcp.serving import Postponed
from coder.sessions.load import load as load_session
from coder.sessions.repair import repair
from tests.support.pictures import png
from tests.support.processes import is_alive, pid_in, until

YES, NO = "Yes, this once", "No"


class Person:
    """Implements `coder.mcp.serving.Caller`: somebody who answers by a list, or a program that can ask nobody."""

    name = "editor\x1b[31m"

    def __init__(self, *answers: Json | BaseException, can_ask: bool = True) -> None:
        self.answers = list(answers)
        self.can_ask = can_ask
        self.asked: list[tuple[str, Json]] = []
        self.words: list[str] = []

    async def ask(self, message: str, schema: Json) -> Json:
        self.asked.append((message, schema))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def progress(self, text: str) -> None:
        self.words.append(text)


def said(answer: str, **more: str) -> Json:
    return {"action": "accept", "content": {"answer": answer, **more}}


@asynccontextmanager
async def served(tmp_path: Path, tools: list[str] | None = None, **flags: Any) -> AsyncIterator[Serving]:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir(exist_ok=True)
    project.mkdir(exist_ok=True)
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "CODER_CONFIG_DIR": str(home / ".coder")}
    config = load(Flags(**flags), env, project, managed=tmp_path / "etc")
    facts = Facts(project, home, lambda path: path.read_text("utf-8") if path.is_file() else None)
    lines: list[str] = []
    async with serving(
        config, NEW, lambda request, who: form_for(request, who, facts), lines.append, None, tools
    ) as it:
        yield it


def text(answer: Answer) -> str:
    return "\n".join(str(block["text"]) for block in answer.content)


def write(tmp_path: Path, name: str, content: str = "one\n") -> Json:
    return {"file_path": str(tmp_path / "project" / name), "content": content}


@pytest.mark.behaviour("B-1800")
async def test_our_tools_are_told_with_their_own_schemas_and_true_hints(tmp_path: Path) -> None:
    ours = json.dumps({"mcpServers": {"self": {"command": "false"}}})  # whose tools are not handed on
    async with served(tmp_path, mcp_config=(ours,)) as it:
        tools = {tool["name"]: tool for tool in it.listed()}
        assert not {"ToolSearch", "UseTool"} & set(it.session.facts.tools)
    hints = {name: tool["annotations"] for name, tool in tools.items()}
    reading = {name for name, each in hints.items() if each["readOnlyHint"]}
    assert reading == {"Read", "Glob", "Grep", "TaskOutput", "TodoWrite", "WebFetch"}
    assert {name for name, each in hints.items() if each["destructiveHint"]} == set(tools) - reading
    assert {name for name, each in hints.items() if each["openWorldHint"]} == {"Bash", "WebFetch"}
    assert not set(tools) & {"AskUserQuestion", "ExitPlanMode", "EnterPlanMode", "Skill", "ToolSearch", "UseTool"}
    assert tools["Write"]["inputSchema"]["required"] == ["file_path", "content"]
    assert "description" in tools["Bash"]["inputSchema"]["properties"] and len(tools["Bash"]["description"]) > 500


@pytest.mark.behaviour("B-1801")
async def test_tools_can_be_left_out(tmp_path: Path) -> None:
    async with served(tmp_path, ["Read", "Grep"], disallowed_tools=("Glob",)) as it:
        assert it.names == ("Read", "Grep") and not it.has("Bash")
    with pytest.raises(ConfigError, match=r"there is no tool Glob to serve. Those are: Read, Edit, "):
        async with served(tmp_path, ["Glob"], disallowed_tools=("Glob",)):
            pass


@pytest.mark.behaviour("B-1802")
async def test_a_question_is_put_to_the_person_in_front_of_the_other_program(tmp_path: Path) -> None:
    project, ann = tmp_path / "project", Person(said(YES), said(NO, instead=" use b.txt "), {"action": "cancel"})
    async with served(tmp_path) as it:
        done = await it.call("Write", write(tmp_path, "a.txt"), ann)
        assert (text(done), done.is_error) == (f"Created {project}/a.txt (1 line).", False)
        message, schema = ann.asked[0]
        assert message.startswith("editor") and "\x1b" not in message
        assert "   1 +one" in message and "Create a.txt?" in message
        assert schema["properties"]["answer"]["enum"][:1] == [YES] and schema["required"] == ["answer"]
        told = await it.call("Bash", {"command": "touch c"}, ann)
        assert told.is_error and "use b.txt" in text(told)
        left = await it.call("Bash", {"command": "touch c"}, ann)
        assert left.is_error and "permission denied" in text(left)
        # What is no clear answer is none.
        for odd in ("yes", 1, None, [YES]):
            ann.answers.append({"action": "accept", "content": {"answer": odd}})
            assert (await it.call("Bash", {"command": "touch c"}, ann)).is_error
    assert sorted(each.name for each in project.iterdir()) == ["a.txt"]


@pytest.mark.behaviour("B-1803")
async def test_what_is_allowed_for_longer_holds_until_the_server_ends_and_is_not_saved(tmp_path: Path) -> None:
    ann = Person(said("Yes, and allow  touch *  until this server ends"))
    async with served(tmp_path) as it:
        assert not (await it.call("Bash", {"command": "touch a"}, ann)).is_error
        assert not (await it.call("Bash", {"command": "touch b"}, ann)).is_error
    async with served(tmp_path) as it:
        ann.answers.append(said("Yes, and accept all edits in this folder until this server ends"))
        assert not (await it.call("Write", write(tmp_path, "c"), ann)).is_error
        assert not (await it.call("Write", write(tmp_path, "d"), ann)).is_error
        ann.answers.append(said(NO))
        assert (await it.call("Bash", {"command": "chmod 600 a"}, ann)).is_error
    assert len(ann.asked) == 3
    assert not list(tmp_path.rglob("settings*.json"))


@pytest.mark.behaviour("B-1804")
async def test_what_cannot_be_undone_needs_its_word(tmp_path: Path) -> None:
    gone = tmp_path / "data"
    gone.mkdir(parents=True)
    (gone / "f").write_text("x", "utf-8")
    ann = Person(said(YES))
    async with served(tmp_path) as it:
        assert (await it.call("Bash", {"command": "rm -rf ../data"}, ann)).is_error
        assert gone.exists()
        message, schema = ann.asked[0]
        word = schema["properties"]["answer"]["title"].removeprefix("Type ").removesuffix(" to run it")
        assert "This cannot be undone" in message and "enum" not in schema["properties"]["answer"]
        ann.answers[:] = [said(word)]
        assert not (await it.call("Bash", {"command": "rm -rf ../data"}, ann)).is_error
    assert not gone.exists()


@pytest.mark.behaviour("B-1805")
async def test_without_anybody_to_ask_it_says_what_would_allow_it(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        done = await it.call("Bash", {"command": "make all"}, Person(can_ask=False))
        assert done.is_error and "no rule allows `make all`" in text(done)
        assert '--allowedTools "Bash(make all *)"' in text(done)
    async with served(tmp_path, allowed_tools=("Bash(touch *)",), disallowed_tools=("Read(./k)",)) as it:
        made = await it.call("Bash", {"command": "touch a"}, Person(can_ask=False))
        assert not made.is_error, text(made)
        (tmp_path / "project" / "k").write_text("key", "utf-8")
        kept = await it.call("Read", {"file_path": str(tmp_path / "project" / "k")}, Person())
        assert kept.is_error and "Read(./k)" in text(kept) and "--allowedTools" not in text(kept)
    async with served(tmp_path, permission_mode="plan") as it:
        assert (await it.call("Write", write(tmp_path, "z"), Person(can_ask=False))).is_error


@pytest.mark.behaviour("B-1806")
async def test_what_another_program_changed_goes_back_call_by_call(tmp_path: Path) -> None:
    project = tmp_path / "project"
    async with served(tmp_path, permission_mode="acceptEdits") as it:
        path, id = it.session.facts.transcript, it.session.facts.session_id
        await it.call("Read", {"file_path": str(project / "none")}, Person())
        await it.call("Write", write(tmp_path, "a.txt", "first\n"), Person())
        await it.call("Write", write(tmp_path, "a.txt", "second\n"), Person())
        assert it.session.checkpoints is not None and len(await it.session.checkpoints.points()) == 2
    assert path is not None and path.stem == id
    found = load_session(path)
    uses = [use.name for message in found.messages for use in message.tool_uses]
    assert uses == ["Read", "Write", "Write"] and found.skipped == ""
    assert repair(found.messages, found.calls) == found.messages  # it can be gone on with as it is
    prompts = [message.text for message in found.messages if message.meta.kind == "prompt"]
    assert [line.rpartition(" (called over MCP by ")[0] for line in prompts] == [f"Write {project}/a.txt"] * 2
    checkpoints = checkpoints_of(path, tmp_path / "home" / ".coder", {"HOME": str(tmp_path / "home")})
    points = await checkpoints.points()
    assert len(points) == 2
    await checkpoints.rewind(points[1].id, "files")
    assert (project / "a.txt").read_text("utf-8") == "first\n"
    await checkpoints.rewind(points[0].id, "files")
    assert not (project / "a.txt").exists()
    await checkpoints.aclose()


@pytest.mark.behaviour("B-1807")
async def test_hooks_see_these_calls_as_any_other(tmp_path: Path) -> None:
    says = json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "ask"}})
    hooks = {
        "PreToolUse": [{"matcher": "Glob", "hooks": [{"type": "command", "command": f"echo '{says}'"}]}],
        "PostToolUse": [{"hooks": [{"type": "command", "command": "cat > post"}]}],
    }
    async with served(tmp_path, settings=json.dumps({"hooks": hooks})) as it:
        ann = Person(Postponed(), said(NO))
        with pytest.raises(Postponed):  # also where the call would have run beside others
            await it.call("Glob", {"pattern": "*"}, ann)
        assert (await it.call("Glob", {"pattern": "*"}, ann)).is_error
        assert not (await it.call("TodoWrite", {"todos": []}, ann)).is_error
    assert json.loads((tmp_path / "project" / "post").read_text("utf-8"))["tool_name"] == "TodoWrite"
    assert it.session.facts.transcript is not None
    found = load_session(it.session.facts.transcript).messages
    assert [use.name for message in found for use in message.tool_uses] == ["Glob", "TodoWrite"]


@pytest.mark.behaviour("B-1808")
async def test_who_stops_waiting_ends_what_runs_and_calls_that_change_wait_for_one_another(tmp_path: Path) -> None:
    project = tmp_path / "project"
    rules = ("Bash(sh *)", "Bash(touch *)")
    async with served(tmp_path, allowed_tools=rules) as it:
        ann = Person()
        command = {"command": 'sh -c "echo \\$\\$ > pid; echo at work; sleep 600"'}
        running = asyncio.create_task(it.call("Bash", command, ann))
        await until(lambda: pid_in(project / "pid") is not None)
        second = asyncio.create_task(it.call("Bash", {"command": "touch later"}, ann))
        # One that only reads does not wait for either.
        assert not (await it.call("Glob", {"pattern": "p*"}, ann)).is_error
        assert not (project / "later").exists() and not second.done()
        await until(lambda: bool(ann.words))
        running.cancel()
        assert not (await second).is_error and (project / "later").exists()
        with pytest.raises(asyncio.CancelledError):
            await running
        pid = pid_in(project / "pid")
        assert pid is not None and not is_alive(pid)
        assert ann.words[-1] == "at work"
        assert it.session.facts.transcript is not None
    found = load_session(it.session.facts.transcript).messages
    assert any("Interrupted before it finished" in str(message.content) for message in found)


@pytest.mark.behaviour("B-1809")
async def test_pictures_are_pictures_and_much_is_bounded(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "p.png").write_bytes(base64.b64decode(png(2, 2).data))
    async with served(tmp_path) as it:
        (block,) = (await it.call("Read", {"file_path": str(project / "p.png")}, Person())).content
        assert (block["type"], block["mimeType"]) == ("image", "image/png")
        assert base64.b64decode(block["data"]).startswith(b"\x89PNG")
        much = text(await it.call("Bash", {"command": "seq 1 200000"}, Person()))
        assert len(much) < 60_000 and str(it.session.facts.session_id) in much
        wrong = await it.call("Read", {"path": "x"}, Person())
        assert wrong.is_error and text(wrong).startswith("Read was not run: its input has ")
