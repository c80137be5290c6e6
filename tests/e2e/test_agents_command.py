"""`coder agents`, and sessions that are an agent, as people run them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn

COOK = """---
name: cook
description: makes soup
tools: Read, Grep, Agent(Explore)
model: haiku
effort: low
maxTurns: 3
initialPrompt: Wash your hands.
isolation: worktree
---
You cook soup.
"""


def agent(place: Place, text: str = COOK, name: str = "cook") -> None:
    path = place.project / ".claude" / "agents" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.behaviour("B-1940")
def test_the_list_and_one_of_them(place: Place) -> None:
    agent(place)
    listed = place.coder("agents", "--json")
    found = json.loads(listed.stdout)
    assert (listed.code, listed.stderr, found["mistakes"]) == (0, "", [])
    assert [each["name"] for each in found["agents"]] == ["cook", "general-purpose", "Explore", "Plan", "reviewer"]
    assert (found["agents"][0]["tools"], found["agents"][2]["reads_only"]) == (["Read", "Grep", "Agent(Explore)"], True)
    agent(place, "---\nname: evil\ntools: Read\n.claude/agents/x.md:1: error: forged\n---\nx", "e\x1b[2Jvil")
    listed = place.coder("agents")
    assert listed.code == 1 and "\x1b" not in listed.stdout
    assert ".claude/agents/e\\x1b[2Jvil.md:1: error: description is missing" in listed.stdout
    assert "cook             project   makes soup\n" in listed.stdout
    shown = place.coder("agents", "show", "cook").stdout
    assert "You cook soup." in shown and "# Working for another" in shown and "claude-haiku" in shown
    missing = place.coder("agents", "show", "explor")
    assert (missing.code, missing.stderr) == (2, "coder: there is no agent 'explor'. Did you mean Explore?\n")


@pytest.mark.behaviour("B-1942")
@pytest.mark.behaviour("B-1943")
def test_a_session_that_is_an_agent(place: Place) -> None:
    agent(place)
    with fake_api([turn("soup")]) as api:
        done = place.coder(
            *("-p", "Begin.", "--agent", "cook", "--output-format", "stream-json", "--verbose"), url=api.url
        )
    assert done.code == 0, done.stderr
    body: dict[str, Any] = api.requests[0]
    assert [block["text"] for block in body["system"]] == ["You cook soup."]
    assert body["model"].startswith("claude-haiku") and [each["name"] for each in body["tools"]] == [
        "Read",
        "Grep",
        "Agent",
    ]
    description = body["tools"][2]["description"]
    assert "- Explore: " in description and "- Plan" not in description
    assert "Wash your hands.\n\nBegin." in json.dumps(body["messages"], ensure_ascii=False).replace("\\n", "\n")
    assert (done.lines[0]["subtype"], done.lines[0]["agents"]) == ("init", ["Explore"])
    assert "isolation does not count" in done.stdout + done.stderr
    unknown = place.coder("-p", "x", "--agent", "cok", url="http://127.0.0.1:9")
    assert (unknown.code, unknown.stderr) == (2, "coder: there is no agent 'cok'. Did you mean cook?\n")


@pytest.mark.behaviour("B-1941")
def test_agents_of_the_command_line(place: Place) -> None:
    given = {"poet": {"description": "writes verse", "prompt": "You write.", "model": "haiku"}}
    with fake_api([turn("ok")]) as api:
        arguments = ("-p", "x", "--agents", json.dumps(given), "--agent", "poet", "--model", "opus")
        done = place.coder(*arguments, url=api.url)
    assert done.code == 0, done.stderr
    body = api.requests[0]
    assert body["system"][0]["text"] == "You write." and body["model"].startswith("claude-opus")
    assert any("- poet: writes verse" in each["description"] for each in body["tools"])
    wrong = place.coder("-p", "x", "--agents", '{"a": {"description": "d"}}', url="http://127.0.0.1:9")
    assert (wrong.code, wrong.stderr) == (2, "coder: --agents: a: prompt is missing: say what the agent is to be.\n")


@pytest.mark.behaviour("B-1945")
@pytest.mark.behaviour("B-1946")
def test_a_command_in_a_context_of_its_own_and_an_agent_that_is_named(place: Place) -> None:
    path = place.project / ".claude" / "commands" / "count.md"
    path.parent.mkdir(parents=True)
    path.write_text("---\ncontext: fork\nagent: Explore\n---\nCount the files of $0.\n")
    with fake_api([turn("Three files."), turn("There are three."), turn("ok")]) as api:
        done = place.coder("-p", "/count src", url=api.url)
        named = place.coder("-p", "@agent-reviewer look", url=api.url)
    assert (done.code, done.stdout) == (0, "There are three.\n"), done.stderr
    inner, outer, last = api.requests
    assert (
        "Count the files of src." in json.dumps(inner["messages"])
        and "You find things out" in inner["system"][0]["text"]
    )
    told = json.dumps(outer["messages"])
    assert "Three files." in told and "Count the files of src" not in told and "<command-name>/count" in told
    assert named.code == 0 and "The person wants these agents asked" in json.dumps(last["messages"])


@pytest.mark.behaviour("B-1947")
def test_a_hook_that_asks_an_agent(place: Place) -> None:
    hooks = {"Stop": [{"hooks": [{"type": "agent", "prompt": "Is there a test?"}]}]}
    settings = place.home / ".coder" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"hooks": hooks}))
    verdict = tool("Submit", ok=False, reason="write one")
    again = tool("Submit", ok=True)
    with fake_api([turn("Done."), turn(verdict), turn("Written."), turn(again)]) as api:
        done = place.coder("-p", "x", url=api.url)
    assert (done.code, done.stdout) == (0, "Written.\n"), done.stderr
    judge, further = api.requests[1], api.requests[2]
    assert "Is there a test?" in json.dumps(judge["messages"])
    assert not {"Edit", "Write", "Agent"} & {each["name"] for each in judge["tools"]}
    assert "write one" in json.dumps(further["messages"][-1])
