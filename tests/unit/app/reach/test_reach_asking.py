"""What servers ask of a session: the person something, or the model; and hooks that are tools of servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.reach.eliciting import Elicitation
from coder.app.reach.questions import Asking, Unaskable, asking_of
from coder.app.session import Session
from coder.core.config import HookSettings, HookSource, RuleText
from coder.core.errors import SessionError, ToolError
from coder.core.events import HookEnded, Notice, PermissionDenied, UsageReported
from coder.core.messages import Json
from coder.core.requests import Allow, Deny, FieldAsked, PermissionRequest, Reply, Request, ServerAnswer, ServerQuestion
from coder.mcp.link import Progress
from coder.mcp.server import Answer, Offer, ServerPrompt
from tests.support.fakeapi import RunningApi, running_api, tool_input, turn
from tests.support.hooked import group, keeps, kept, says, specific
from tests.support.linked import MemoryLink, MemoryLinks, offered, server
from tests.support.talks import Talk
from tests.unit.app.reach.test_reach_session import Place

SERVER = server("asks")
CITY: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SAMPLE: Json = {"messages": [{"role": "user", "content": {"type": "text", "text": "What now?"}}], "maxTokens": 99_999}
NOBODY = Deny("nobody is there", nobody=True)


def form(*names: str, **properties: Json) -> Json:
    return {"message": "Tell me", "requestedSchema": {"properties": properties, "required": list(names)}}


def notices(place: Place) -> list[str]:
    return [event.text for event in place.front.of(Notice)]


async def opened(place: Place, replies: Sequence[Reply], **hooks: Any) -> tuple[Session, MemoryLinks]:
    place.front._replies = list(replies)
    if hooks:
        source = HookSource("settings.json", "user", hooks)
        place.config = replace(place.config, hooks=HookSettings((source,)))
    links = MemoryLinks(MemoryLink(SERVER, Offer((offered("asks", "judge"),))))
    return await place.open(links, begun=True), links


@pytest.mark.behaviour("B-1775")
def test_every_form_of_the_protocol_becomes_fields() -> None:
    titled = [{"const": "r", "title": "Red"}, {"const": "g"}]
    made = asking_of("s", form(
        "mail",
        mail={"type": "string", "format": "email", "title": "Mail", "description": "Where to"},
        short={"type": "string", "minLength": 2, "maxLength": 5, "default": "abc"},
        count={"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        share={"type": "number"},
        sure={"type": "boolean", "default": True},
        old={"type": "string", "enum": ["a", "b"], "enumNames": ["A"]},
        new={"type": "string", "oneOf": titled, "default": "g"},
        many={"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 1, "default": ["y", "z"]},
        titled={"type": "array", "items": {"anyOf": titled}, "maxItems": 1},
    ))  # fmt: skip
    assert isinstance(made, Asking) and not made.left_out
    assert made.question.fields == (
        FieldAsked("mail", "text", "Mail", "Where to", True, form="email"),
        FieldAsked("short", default="abc", least=2, most=5),
        FieldAsked("count", "integer", default=3, least=1, most=9),
        FieldAsked("share", "number"),
        FieldAsked("sure", "yes or no", default=True),
        FieldAsked("old", "one", choices=(("a", "A"), ("b", "b"))),
        FieldAsked("new", "one", choices=(("r", "Red"), ("g", "g")), default="g"),
        FieldAsked("many", "many", choices=(("x", "x"), ("y", "y")), default=("y",), least=1),
        FieldAsked("titled", "many", choices=(("r", "Red"), ("g", "g")), most=1),
    )


@pytest.mark.behaviour("B-1776")
@pytest.mark.parametrize(
    ("params", "why"),
    [
        (form("pw", pw={"type": "string", "title": "Your password"}), "looks like a secret (pw)"),
        (form("apiKey", apiKey={"type": "string"}), "looks like a secret (apiKey)"),
        (form("x", x={"type": "object"}), "a form that the protocol does not know"),
        (form(*[], **{f"n{n}": {"type": "string"} for n in range(31)}), "more than 30 things"),
        ({"mode": "url", "message": "m", "url": "file:///etc/passwd"}, "no web page"),
        ({"mode": "url", "message": "m", "url": "https://example.org@evil.example/"}, "no web page, or hides"),
        ({"mode": "url", "message": "m", "url": "https://ex\u0430mple.org/"}, "whose address is none"),
        ({"mode": "url", "message": "m", "url": "https://[/"}, "no web page"),
    ],
)
def test_what_must_not_be_asked_is_not(params: Json, why: str) -> None:
    made = asking_of("s", params)
    assert isinstance(made, Unaskable) and why in made.why


@pytest.mark.behaviour("B-1775")
@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (ServerAnswer("accept", {"city": "Rome"}), {"action": "accept", "content": {"city": "Rome"}}),
        (ServerAnswer("decline", {"city": "Rome"}), {"action": "decline"}),
        (ServerAnswer("cancel"), {"action": "cancel"}),
        (NOBODY, {"action": "decline"}),
    ],
)
async def test_a_server_asks_and_gets_the_answer(tmp_path: Path, reply: Reply, answer: Json) -> None:
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        session, links = await opened(place, [reply])
        assert links.host is not None
        asks = form("city", city={"type": "string"}, token={"type": "string"})
        assert await links.host.elicit(SERVER, asks) == answer
        await session.aclose()
    assert place.front.asked == [ServerQuestion("asks", "Tell me", (FieldAsked("city", required=True),))]
    told = notices(place)
    assert told[0] == "MCP server asks asks for what looks like a secret (token): that is left out of the form."
    nobody = "MCP server asks asked a question, and nobody is there to answer. It was told no."
    assert told[1:] == ([nobody] if reply is NOBODY else [])


@pytest.mark.behaviour("B-1777")
@pytest.mark.parametrize(("action", "opens"), [("accept", True), ("accept", False), ("decline", True)])
async def test_a_page_is_opened_on_a_yes_alone(action: Any, opens: bool) -> None:
    seen: list[str] = []
    told: list[str] = []

    class Unhooked:
        async def eliciting(self, server: str, params: Json) -> Json | None:
            return None

        async def elicited(self, server: str, params: Json, answer: Json) -> Json:
            return answer

    async def ask(request: Request) -> Reply:
        assert request == ServerQuestion("asks", "Log in", url="https://example.org/in?x=1")
        return ServerAnswer(action)

    def open_page(address: str) -> bool:
        seen.append(address)
        return opens

    given = {"mode": "url", "message": "Log in", "url": "https://example.org/in?x=1", "elicitationId": "e"}
    assert await Elicitation(ask, Unhooked(), told.append, open_page)(SERVER, given) == {"action": action}
    assert seen == (["https://example.org/in?x=1"] if action == "accept" else [])
    no_browser = "No browser could be opened. Open it yourself: https://example.org/in?x=1"
    assert told == ([] if opens else [no_browser])


@pytest.mark.behaviour("B-1778")
async def test_hooks_answer_in_the_persons_place_and_change_what_is_sent(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    answers = says(specific("Elicitation", action="accept", content={"city": "Bern"}))
    changes = says(specific("ElicitationResult", action="accept", content={"city": "Basel"}))
    hooks = {
        "Elicitation": [group(keeps(seen, answers), matcher="asks")],
        "ElicitationResult": [group(keeps(seen, changes))],
    }
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        session, links = await opened(place, [NOBODY], **hooks)
        assert links.host is not None
        given = {"message": "Where?", "requestedSchema": CITY}
        assert await links.host.elicit(SERVER, given) == {"action": "accept", "content": {"city": "Basel"}}
        await session.aclose()
    assert not place.front.asked
    first, second = kept(seen)
    assert (first["mcp_server_name"], first["message"], first["mode"]) == ("asks", "Where?", "form")
    assert first["requested_schema"] == CITY
    assert (second["action"], second["content"]) == ("accept", {"city": "Bern"})


@pytest.mark.behaviour("B-1778")
async def test_a_hook_that_blocks_says_no(tmp_path: Path) -> None:
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        session, links = await opened(place, [NOBODY], Elicitation=[group("echo not today >&2; exit 2")])
        assert links.host is not None
        assert await links.host.elicit(SERVER, {"message": "Where?", "requestedSchema": CITY}) == {"action": "decline"}
        await session.aclose()
    assert not place.front.asked and notices(place) == ["Elicitation hook: not today"]


@pytest.mark.behaviour("B-1773")
async def test_a_hook_is_told_of_a_prompt_that_is_typed_and_may_hold_it_up(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        hold = group(keeps(seen, "echo not now >&2; exit 2"), matcher="mcp__asks__greet")
        session, links = await opened(place, [NOBODY], UserPromptExpansion=[hold])
        links.links[0].becomes("connected", offer=Offer(prompts=(ServerPrompt("asks", "greet", ""),)))
        with pytest.raises(SessionError, match="/mcp__asks__greet was not sent: UserPromptExpansion hook: not now"):
            await session.prompt("/mcp__asks__greet")
        await session.aclose()
    (told,) = kept(seen)
    assert (told["expansion_type"], told["command_name"], told["command_source"]) == (
        "mcp_prompt",
        "mcp__asks__greet",
        "asks",
    )
    assert not api.requests and not links.links[0].prompted


async def test_a_hook_calls_no_tool_that_nobody_said_yes_to(tmp_path: Path) -> None:
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        session, links = await opened(place, [NOBODY])
        links.links[0].becomes("connected", offer=Offer(held=(offered("asks", "judge"),)))
        assert session.reach is not None
        with pytest.raises(ToolError, match="judge was not called"):
            await session.reach.call("asks", "judge", {})
        await session.aclose()
    assert not links.links[0].calls


async def sampled(place: Place, api: RunningApi, *replies: Reply, params: Json = SAMPLE, times: int = 1) -> list[Json]:
    session, links = await opened(place, replies)
    assert links.host is not None
    found = [await links.host.sample(SERVER, params) for _ in range(times)]
    cost = session.spent
    await session.aclose()
    if any("error" not in answer for answer in found):
        assert cost.usage.output_tokens > 0
    return found


@pytest.mark.behaviour("B-1779")
async def test_a_server_asks_the_model_once_it_is_let(tmp_path: Path) -> None:
    async with running_api([turn("Go on."), turn("Again.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        place.config = replace(place.config, rules=(RuleText("mcp__asks", "allow", "user", "", tmp_path),))
        always = Allow(remember=("mcp__asks__sampling",))
        first, second = await sampled(
            place, api, always, NOBODY, params={**SAMPLE, "systemPrompt": "Be brief."}, times=2
        )
        assert (first["role"], first["content"], first["stopReason"]) == (
            "assistant",
            {"type": "text", "text": "Go on."},
            "endTurn",
        )
        assert second["content"]["text"] == "Again."
        (asked,) = place.front.asked
        body = api.requests[0]
        assert isinstance(asked, PermissionRequest) and asked.suggestions == ("mcp__asks__sampling",)
        assert asked.call.input == {
            "model": body["model"],
            "max_tokens": 8_000,
            "system": "Be brief.",
            "messages": ["user: What now?"],
        }
        assert "at your cost" in asked.reasons[0].text
        assert "haiku" in body["model"] and body["max_tokens"] == 8_000 and not body.get("tools")
        assert [block["text"] for message in body["messages"] for block in message["content"]] == ["What now?"]
        assert [event.purpose for event in place.front.of(UsageReported)] == ["sampling"] * 2
        # It was allowed for that session alone.
        assert "error" in (await sampled(place, api, NOBODY))[0]
        assert not [path for path in place.talk.project.rglob("*") if path.is_file()]


@pytest.mark.behaviour("B-1780")
@pytest.mark.parametrize(
    ("rule", "mode", "lets"),
    [
        ("", "default", False),
        ("mcp__asks", "default", False),
        ("mcp__asks__*", "default", False),
        ("", "bypassPermissions", False),
        ("mcp__asks__sampling", "default", True),
    ],
)
async def test_with_nobody_to_ask_only_a_rule_of_its_own_lets_a_server_ask_the_model(
    tmp_path: Path, rule: str, mode: Any, lets: bool
) -> None:
    async with running_api([turn("Go on.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        rules = (RuleText(rule, "allow", "user", "", tmp_path),) if rule else ()
        place.config = replace(place.config, rules=rules, mode=mode)
        (answer,) = await sampled(place, api, NOBODY)
        assert ("error" not in answer) == lets == bool(api.requests)
        assert bool(place.front.of(PermissionDenied)) != lets


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": {"type": "text", "text": "x"}}]},
        {"messages": [{"role": "user", "content": {"type": "audio", "data": "", "mimeType": "audio/x"}}]},
        {"messages": [{"role": "user", "content": {"type": "text", "text": " "}}]},
        {"messages": [{"role": "user", "content": {"type": "text", "text": "x" * 100_001}}]},
        {**SAMPLE, "tools": [{"name": "x"}]},
        {"messages": ["x"]},
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anybody_is_asked(tmp_path: Path, params: Json) -> None:
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        (answer,) = await sampled(place, api, Allow(), params=params)
        assert "error" in answer and not place.front.asked and not api.requests


@pytest.mark.parametrize(
    ("preferences", "model"),
    [
        ({"hints": [{"name": "gpt"}, {"name": "sonnet"}]}, "sonnet"),
        ({"intelligencePriority": 0.9, "costPriority": 0.2}, "sonnet"),
        ({"intelligencePriority": 0.9, "costPriority": 1}, "haiku"),
        ({"hints": "x", "costPriority": "y"}, "haiku"),
    ],
)
async def test_a_server_may_wish_for_a_model_of_the_two(tmp_path: Path, preferences: Json, model: str) -> None:
    async with running_api([turn("Go on.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        place.config = replace(place.config, model=replace(place.config.model, name="sonnet"))
        await sampled(place, api, Allow(), params={**SAMPLE, "modelPreferences": preferences})
        assert model in api.requests[0]["model"]


@pytest.mark.behaviour("B-1781")
@pytest.mark.parametrize(
    ("text", "state", "problem", "denied"),
    [
        (
            json.dumps(specific("PreToolUse", permissionDecision="deny", permissionDecisionReason="no")),
            "connected",
            "",
            1,
        ),
        ("", "connected", "", 0),
        ("boom", "connected", "judge of asks failed: boom", 0),
        ("", "failed", "the MCP server asks is not connected: it fell over", 0),
    ],
)
async def test_a_hook_may_be_a_tool_of_a_server(
    tmp_path: Path, text: str, state: Any, problem: str, denied: int
) -> None:
    hook = {
        "type": "mcp_tool",
        "server": "asks",
        "tool": "judge",
        "input": {"what": "${tool_input}", "n": "a ${tool_name}"},
    }
    async with running_api([turn(tool_input("TodoWrite", {"todos": []})), turn("Done.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        session, links = await opened(place, [NOBODY], PreToolUse=[group(hook, matcher="TodoWrite")])
        link = links.links[0]
        link.answer = lambda tool, given: Answer(({"type": "text", "text": text},), is_error=text == "boom")
        link.becomes(state, "it fell over" if state == "failed" else "")
        await session.prompt("Go.")
        await session.aclose()
    assert link.calls == ([("judge", {"what": {"todos": []}, "n": "a TodoWrite"})] if state == "connected" else [])
    assert [event.problem for event in place.front.of(HookEnded)] == [problem]
    assert len(place.front.of(PermissionDenied)) == denied


class Curious(MemoryLink):
    """Its tool asks the person something, or the model, before it answers."""

    def __init__(self, what: str) -> None:
        super().__init__(SERVER, Offer((offered("asks", "judge"),)))
        self.what = what
        self.heard: Json = {}

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer:
        assert self.host is not None
        if self.what == "the person":
            self.heard = await self.host.elicit(SERVER, {"message": "Where?", "requestedSchema": CITY})
        else:
            self.heard = await self.host.sample(SERVER, SAMPLE)
        return Answer(({"type": "text", "text": ""},))


@pytest.mark.behaviour("B-1873")
@pytest.mark.parametrize("what", ["the person", "the model"])
async def test_a_hook_that_decides_a_question_may_itself_lead_to_one(tmp_path: Path, what: str) -> None:
    """The question that it is to decide waits for the hook, which waits for its server: not the server for both."""
    hook = {"type": "mcp_tool", "server": "asks", "tool": "judge", "timeout": 5}
    calls = turn(tool_input("Bash", {"command": "make thing"}))
    async with running_api([calls, *([turn("Go on.")] if what == "the model" else []), turn("Done.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        place.front._replies = [ServerAnswer("accept", {"city": "Rome"}) if what == "the person" else Allow(), NOBODY]
        source = HookSource("settings.json", "user", {"PermissionRequest": [group(hook, matcher="Bash")]})
        place.config = replace(place.config, hooks=HookSettings((source,)))
        link = Curious(what)
        session = await place.open(MemoryLinks(link), begun=True)
        await session.prompt("Go.")
        await session.aclose()
    asked = [each.call.name if isinstance(each, PermissionRequest) else "" for each in place.front.asked]
    assert asked == ["" if what == "the person" else "mcp__asks__sampling", "Bash"]
    assert [event.problem for event in place.front.of(HookEnded)] == [""]
    assert link.heard.get("content") in ({"city": "Rome"}, {"type": "text", "text": "Go on."})
