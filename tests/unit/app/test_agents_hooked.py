"""Hooks of the person and of a definition, round agents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fakeapi import rule, running_api, tool
from tests.support.fanout import DONE, GO, fan, results
from tests.support.hooked import group, keeps, kept, says, specific, write
from tests.support.talks import Talk


@pytest.mark.behaviour("B-1915")
async def test_hooks_are_told_of_an_agent_and_may_send_it_on(tmp_path: Path) -> None:
    log, talk = tmp_path / "log", Talk.at(tmp_path, "")
    once = f"test -e {tmp_path}/once || {{ touch {tmp_path}/once; echo 'look at b too' >&2; exit 2; }}"
    hooks = {
        "SubagentStart": [
            group(says(specific("SubagentStart", additionalContext="The tests are slow."))),
            group(keeps(log)),
        ],
        "PreToolUse": [group(keeps(log), matcher="Glob")],
        "SubagentStop": [group(keeps(log, once), matcher="general-purpose")],
        "Stop": [group(keeps(log))],
    }
    write(tmp_path / "home" / ".coder" / "settings.json", {"hooks": hooks})
    looks = rule({"user_regex": "^part", "turn": 1}, tool("Glob", pattern="*"))
    sent = rule({"last_user_contains": "look at b too"}, "Looked at b.")
    async with running_api(fan(["part x"], looks, sent, rule({"last_tool": "Glob"}, "Looked at a."))) as api:
        session = await Talk(talk.home, talk.project, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        await session.aclose()
        assert "The tests are slow." in json.dumps(api.requests[1]["messages"])
        assert results(api.requests[-1])[0].startswith("Looked at b.")
    began, called, stopped, again, end = kept(log)
    assert (began["hook_event_name"], began["agent_type"]) == ("SubagentStart", "general-purpose")
    assert called["hook_event_name"] == "PreToolUse" and called["agent_id"] == began["agent_id"]
    assert (stopped["stop_hook_active"], again["stop_hook_active"]) == (False, True)
    assert stopped["last_assistant_message"] == "Looked at a."
    assert Path(stopped["agent_transcript_path"]).name == f"agent-{began['agent_id']}.jsonl"
    assert end["hook_event_name"] == "Stop" and "agent_id" not in end


@pytest.mark.behaviour("B-1915")
async def test_the_hooks_of_a_definition_count_while_its_agent_runs(tmp_path: Path) -> None:
    log, talk = tmp_path / "log", Talk.at(tmp_path, "")
    hooks = {"PreToolUse": [group(keeps(log), matcher="Glob")], "Stop": [group(keeps(log))]}
    head = f"---\nname: helper\ndescription: helps\nhooks: {json.dumps(hooks)}\n---\nHelp."
    (tmp_path / "home" / ".coder" / "agents").mkdir(parents=True)
    (tmp_path / "home" / ".coder" / "agents" / "helper.md").write_text(head, encoding="utf-8")
    looks = rule({"user_regex": "^part", "turn": 1}, tool("Glob", pattern="*"))
    after = rule({"last_tool": "Agent"}, tool("Glob", pattern="*.md"))
    script = fan(["part x"], looks, after, rule({"last_tool": "Glob"}, "Looked."), subagent_type="helper")
    async with running_api(script) as api:
        session = await Talk(talk.home, talk.project, api.url).open()
        await session.prompt(GO)
        await session.aclose()
    assert [each["hook_event_name"] for each in kept(log)] == ["PreToolUse", "SubagentStop"]
    assert {each["agent_type"] for each in kept(log)} == {"helper"}
