"""What a host is asked about calls, and what its answers come to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.permit_answers import permission_said, question_said
from coder.app.permit_updates import Malformed, changes_of, rules_added
from coder.core.messages import Json, ToolUse
from coder.core.permits import FoldersChange, ModeChange, RulesChange
from coder.core.requests import (
    Allow,
    Answers,
    Deny,
    Effect,
    FieldAsked,
    PermissionRequest,
    Question,
    Reason,
    ServerAnswer,
    ServerQuestion,
)
from coder.frontends.stream_json.callbacks.asked import permission
from coder.frontends.stream_json.callbacks.asking import Asking
from coder.frontends.stream_json.callbacks.elicited import elicitation
from coder.frontends.stream_json.callbacks.hooks import HostHooks
from coder.frontends.stream_json.callbacks.servers import HostServers
from coder.frontends.stream_json.control import Control, HostGone, RequestError
from coder.hooks.surroundings import HostError

HERE = Path("/srv/here")
CALL = ToolUse("toolu_1", "Bash", {"command": "npm test\u202e"})
WHY = (Reason("safety", "it leads out of the folder\x1b[31m"),)
REQUEST = PermissionRequest(CALL, "Bash npm test", WHY, ("Bash(npm test *)", "Read"), command="npm test")
TEXT = st.text("ab (*)", max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
UPDATES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["addRules", "setMode", "addDirectories", "x"]) | JSON,
        "rules": st.lists(st.fixed_dictionaries({"toolName": TEXT})) | JSON,
        "behavior": st.sampled_from(["allow", "deny"]) | JSON,
        "destination": st.sampled_from(["session", "userSettings"]) | JSON,
        "mode": st.sampled_from(["plan", "manual"]) | JSON,
        "directories": JSON,
    },
)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "behavior": st.sampled_from(["allow", "deny"]) | JSON,
        "updatedInput": JSON,
        "updatedPermissions": st.lists(UPDATES, max_size=3) | JSON,
        "message": JSON,
        "interrupt": JSON,
    },
)


@given(ANSWERS)
def test_whatever_is_answered_only_a_clear_yes_is_one(answer: Json) -> None:
    said = permission_said(answer, {"command": "x"})
    if isinstance(said.reply, Allow):
        assert answer["behavior"] == "allow" and isinstance(answer.get("updatedInput", {}), dict | None)
        assert len(said.changes) == len(answer.get("updatedPermissions") or ())
    else:
        assert isinstance(said.reply, Deny) and said.changes == ()
    assert isinstance(question_said(answer).reply, Answers | Deny)


def test_the_updates_of_the_sdks_are_read_all_or_none() -> None:
    rules = [{"toolName": "Bash", "ruleContent": "touch (a) *"}, {"toolName": "Read", "ruleContent": None}]
    updates: list[Json] = [
        {"type": kind, "rules": rules, "behavior": behaviour, "destination": place}
        for kind, behaviour, place in (
            ("addRules", "allow", "localSettings"),
            ("replaceRules", "deny", "projectSettings"),
            ("removeRules", "ask", "userSettings"),
        )
    ]
    updates += [
        {"type": "setMode", "mode": "manual", "destination": "cliArg"},
        {"type": "addDirectories", "directories": ["/a"], "destination": "session"},
        {"type": "removeDirectories", "directories": ["/a", "b"], "destination": "session"},
    ]
    both = ("Bash(touch (a) *)", "Read")
    assert changes_of(updates) == (
        RulesChange("add", "allow", both, "local"),
        RulesChange("replace", "deny", both, "project"),
        RulesChange("remove", "ask", both, "user"),
        ModeChange("default", "session"),
        FoldersChange("add", (Path("/a"),), "session"),
        FoldersChange("remove", (Path("/a"), Path("b")), "session"),
    )
    assert changes_of([rules_added(both)]) == (RulesChange("add", "allow", both, "local"),)
    wrongs: list[Json] = [{"rules": "Bash"}, {"behavior": "maybe"}, {"destination": "elsewhere"}, {"rules": [{}]}]
    for broken in ("x", *({**updates[0], **wrong} for wrong in wrongs)):
        with pytest.raises(Malformed, match=r"updatedPermissions\[1\]"):
            changes_of([updates[0], broken])


@pytest.mark.behaviour("B-2221")
def test_a_call_is_told_with_all_that_decides() -> None:
    frame = permission(REQUEST, (HERE,))
    assert frame["tool_name"] == "Bash" and frame["input"] == CALL.input and frame["tool_use_id"] == "toolu_1"
    assert frame["decision_reason_type"] == "safetyCheck" and "\x1b" not in frame["decision_reason"]
    assert frame["permission_suggestions"] == [rules_added(("Bash(npm test *)", "Read"))]
    assert frame["blocked_path"] is None and "agent_id" not in frame and "default_to_no" not in frame
    edit = ToolUse("toolu_2", "Write", {"file_path": "/etc/passwd", "content": "x"})
    written = PermissionRequest(
        edit,
        "Write /etc/passwd",
        (),
        ("Edit(//etc/passwd)",),
        effects=(Effect("writes", "/etc/passwd", Path("/etc/passwd")),),
        accept_edits=True,
        agent="a1",
    )
    frame = permission(written, (HERE,))
    assert frame["blocked_path"] == "/etc/passwd" and frame["agent_id"] == "a1"
    assert frame["permission_suggestions"] == [{"type": "setMode", "mode": "acceptEdits", "destination": "session"}]
    plan = PermissionRequest(ToolUse("toolu_3", "ExitPlanMode", {"plan": "All"}), "All", ())
    assert permission(plan, (HERE,))["requires_user_interaction"] is True
    forever = PermissionRequest(CALL, "Bash rm", WHY, ("Bash(rm *)",), confirm="delete", accept_edits=True)
    told = permission(forever, (HERE,))
    assert told["default_to_no"] is told["suppress_always_allow_rule"] is True and not told["permission_suggestions"]
    assert frame["display_name"] == "Write file" and frame["description"] == "writes /etc/passwd"


class Line:
    """A host at the other end of Control, which answers what `says` returns, or nothing."""

    def __init__(self, says: Any = None) -> None:
        self.frames: list[Json] = []
        self.says = says
        self.control = Control(self._write, {})

    def _write(self, frame: Json) -> None:
        self.frames.append(frame)
        if frame["type"] == "control_request" and self.says is not None:
            response = {
                "subtype": "success",
                "request_id": frame["request_id"],
                "response": self.says(frame["request"]),
            }
            self.control.take({"type": "control_response", "response": response})

    def asking(self, *, asks_leave: bool = True) -> Asking:
        return Asking(self.control.ask, lambda: None, lambda text: None, asks_leave=asks_leave)


@pytest.mark.behaviour("B-2223")
async def test_who_does_not_answer_has_allowed_nothing() -> None:
    silent = Line()
    waiting = asyncio.create_task(silent.asking()(REQUEST))
    await asyncio.sleep(0)
    silent.control.gone()
    assert await waiting == Deny("nobody is there to ask", nobody=True)
    assert await silent.asking()(REQUEST) == Deny("nobody is there to ask", nobody=True)
    assert await Line(lambda request: {}).asking(asks_leave=False)(REQUEST) == Deny(
        "nobody is there to ask", nobody=True
    )
    for answer in ({}, {"behavior": "allow", "updatedPermissions": ["x"]}, {"behavior": "allow", "updatedInput": 1}):
        reply = await Line(lambda request, answer=answer: answer).asking()(REQUEST)
        assert isinstance(reply, Deny) and "cannot be used" in reply.message
    large = PermissionRequest(ToolUse("toolu_1", "Write", {"content": "x" * 1_000_001}), "Write", ())
    reply = await Line(lambda request: {"behavior": "allow"}).asking()(large)
    assert isinstance(reply, Deny) and "longer than" in reply.message


async def test_a_run_that_is_interrupted_takes_its_question_back() -> None:
    silent = Line()
    waiting = asyncio.create_task(silent.asking()(REQUEST))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    asked, taken_back = silent.frames
    assert taken_back == {"type": "control_cancel_request", "request_id": asked["request_id"]}


async def test_questions_of_servers_go_to_the_host_and_only_what_was_asked_for_comes_back() -> None:
    fields = (FieldAsked("name", required=True, title="Name"), FieldAsked("sizes", "many", choices=(("s", "Small"),)))
    asked = ServerQuestion("own", "Who?", fields)
    frame = elicitation(asked)
    assert frame["requested_schema"]["required"] == ["name"] and frame["mcp_server_name"] == "own"
    line = Line(lambda request: {"action": "accept", "content": {"name": "me", "more": 1}})
    assert await line.asking(asks_leave=False)(asked) == ServerAnswer("accept", {"name": "me"})
    line.says = lambda request: {"action": "accept", "content": {}}
    assert await line.asking()(asked) == ServerAnswer("decline")
    page = elicitation(ServerQuestion("own", "Go there", url="https://x.test/"))
    assert page["mode"] == "url" and page["url"] == "https://x.test/"
    question = Question(({"question": "Which?"},), "toolu_9")
    line.says = lambda request: {"behavior": "allow", "updatedInput": {"answers": {"Which?": ["A", "B"]}}}
    assert await line.asking()(question) == Answers({"Which?": "A, B"})
    assert line.frames[-1]["request"]["tool_use_id"] == "toolu_9"


async def test_a_hook_is_never_told_more_than_a_host_can_read() -> None:
    line = Line(lambda request: {"continue": True})
    large = {"tool_input": {"content": "x" * 1_000_001}, "tool_use_id": "toolu_1"}
    told = {"hook_event_name": "PostToolUse", **large}
    assert await HostHooks(line.control.ask).call("hook_0", told) == {"continue": True}
    request = line.frames[-1]["request"]
    assert "left out" in request["input"]["tool_input"]["content"] and request["tool_use_id"] == "toolu_1"
    with pytest.raises(HostError, match="longer than") as refused:
        await HostHooks(line.control.ask).call("hook_0", {"hook_event_name": "PreToolUse", **large})
    assert refused.value.gone and len(line.frames) == 1
    line.control.gone()
    with pytest.raises(HostError) as left:
        await HostHooks(line.control.ask).call("hook_0", {"hook_event_name": "Stop"})
    assert left.value.gone


@pytest.mark.behaviour("B-2227")
async def test_messages_to_a_server_of_the_host() -> None:
    asked: list[Json] = []
    held = asyncio.Event()

    async def ask(request: Json) -> Json:
        message = request["message"]
        asked.append(message)
        match message.get("id"):
            case None:
                return {"mcp_response": {"jsonrpc": "2.0", "result": {}}}
            case 1:
                await held.wait()
                return {}
            case 2:
                return {"mcp_response": {"jsonrpc": "2.0", "id": "other", "result": {"ok": True}}}
            case 3:
                return {"mcp_response": "what"}
            case _:
                raise HostGone("it has left")

    channel = HostServers(ask)
    call = asyncio.create_task(channel.send("own", {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}))
    while not asked:
        await asyncio.sleep(0)
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert await channel.send("own", cancelled) is None
    assert await call is None, "nobody waits for the reply of a call that was cancelled"
    reply = await channel.send("own", {"jsonrpc": "2.0", "id": 2, "method": "ping"})
    assert reply == {"jsonrpc": "2.0", "id": 2, "result": {"ok": True}}
    for id in (3, 4):
        with pytest.raises(ConnectionError):
            await channel.send("own", {"jsonrpc": "2.0", "id": id, "method": "ping"})
    assert issubclass(HostGone, RequestError) and [message.get("id") for message in asked] == [1, None, 2, 3, 4]
