"""Hundreds of skills, commands and agents in a project: what the first request of a session has of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support import crowd
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn

WINDOWS = [("claude-sonnet-4-5", 200_000), ("claude-opus-4-6", 1_000_000)]


def furnish(project: Path, skills: int) -> None:
    crowd.skills(project / ".claude", skills)
    crowd.commands(project / ".claude", 50)
    crowd.agents(project / ".claude", 30)
    crowd.memory(project / "CLAUDE.md", 300)


def lists(request: Json) -> list[str]:
    texts = [block["text"] for message in request["messages"] for block in message["content"] if "text" in block]
    return [text for text in texts if text.startswith("<skills>")]


def fixed(request: Json) -> tuple[str, list[str]]:
    """What stands before the conversation, but for the Skill tool and the one that lists the agents there are: the
    system prompt, and each tool, byte for byte."""
    tools = [json.dumps(tool, sort_keys=True) for tool in request["tools"] if tool["name"] not in ("Skill", "Agent")]
    return json.dumps(request["system"]), tools


def first(place: Place, model: str, *args: str) -> tuple[Json, str]:
    with fake_api([turn("Hello.")]) as api:
        done = place.coder("-p", "hello", "--model", model, *args, url=api.url)
    assert (done.code, done.stdout) == (0, "Hello.\n"), done.stderr
    return api.requests[0], done.stderr


@pytest.mark.behaviour("B-1324")
@pytest.mark.behaviour("B-1325")
@pytest.mark.parametrize(("model", "window"), WINDOWS)
def test_the_first_request_is_bounded_and_its_head_is_the_same(place: Place, model: str, window: int) -> None:
    bare, silent = first(place, model)
    furnish(place.project, 200)
    request, said = first(place, model, "--trust-folder")
    (listed,) = lists(request)
    share = window * 4 // 100
    assert len(listed) <= share + len("<skills>\n\n</skills>")
    assert listed.count("\n- ") == 250, "each has at least its name"
    assert fixed(request) == fixed(bare) and not silent and not lists(bare)
    assert [tool["name"] for tool in request["tools"]] == [*(tool["name"] for tool in bare["tools"]), "Skill"]
    (notice,) = said.splitlines()
    named = sum(": " not in line for line in listed.splitlines() if line.startswith("- "))
    assert named and f"of 250 skills and commands the model is told only the name of {named}: " in notice
    assert f"{share:,} characters" in notice and "skillListingBudgetFraction" in notice


@pytest.mark.behaviour("B-1325")
def test_a_stream_says_what_is_short_behind_its_beginning(place: Place) -> None:
    furnish(place.project, 200)
    with fake_api([turn("Hello.")]) as api:
        done = place.coder("-p", "hello", "--output-format", "stream-json", "--verbose", url=api.url)
    kinds = [(line["type"], line.get("subtype"), line["session_id"]) for line in done.lines]
    assert kinds[0][:2] == ("system", "init") and {each[2] for each in kinds} == {kinds[0][2]}
    told = [line for line in done.lines if line.get("level") == "warning"]
    assert ["is told only the name of" in line["content"] for line in told].count(True) == 1


@pytest.mark.behaviour("B-1324")
def test_two_thousand_stay_bounded_through_turns_and_runs(place: Place) -> None:
    crowd.skills(place.project / ".claude", 2_000)
    note = crowd.put(place.project / "note.txt", "x\n")
    reads = turn(tool("Read", file_path=str(note)))
    with fake_api([turn(tool("Bash", command="ls")), reads, turn("One."), turn("Two.")]) as api:
        for args in (("one",), ("-c", "two")):
            done = place.coder("-p", *args, "--model", "claude-sonnet-4-5", url=api.url)
            assert done.code == 0 and "nothing of 1385" in done.stderr
    assert sum(map(len, lists(api.requests[-1]))) <= 8_000 + len("<skills>\n\n</skills>")


@pytest.mark.behaviour("B-1324")
def test_the_bound_can_be_set(place: Place) -> None:
    furnish(place.project, 200)

    def listed(**env: str) -> str:
        with fake_api([turn("Hello.")]) as api:
            place.coder("-p", "hello", url=api.url, env=env)
        return _one(api)

    assert len(listed(SLASH_COMMAND_TOOL_CHAR_BUDGET="500")) <= 500 + len("<skills>\n\n</skills>")
    crowd.put(place.home / ".coder" / "settings.json", '{"skillListingBudgetFraction": 0.002}')
    assert len(listed()) <= 8_000 + len("<skills>\n\n</skills>")


def _one(api: RunningApi) -> str:
    (listed,) = lists(api.requests[0])
    return listed
