"""What the TypeScript SDK can have beside a conversation: suggestions, summaries, plugins read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fakeapi import fake_api, rule, tool, turn
from tests.support.plugged import bakery
from tests.support.sdk_stage import NodeStage, wire

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]


@pytest.mark.behaviour("B-2680")
def test_the_next_prompt_is_suggested(node: NodeStage) -> None:
    script = {"rules": [rule({"last_user_contains": "<conversation>"}, "Run the tests"), rule({}, "Done.")]}
    with fake_api(script) as api:
        told = node.play("asides.suggested", api, options={"promptSuggestions": True})
    assert told["second"][-1]["suggestion"] == "Run the tests"
    assert not wire(told["first"], "prompt_suggestion") and wire(told["second"], "result")


@pytest.mark.behaviour("B-2682")
def test_what_an_agent_is_doing_is_said_in_words(node: NodeStage) -> None:
    script = {
        "rules": [
            rule({"last_user_contains": "<steps>"}, "Waiting for the oven"),
            rule({"last_user_contains": "fan out"}, tool("Agent", description="bakes", prompt="part one")),
            rule({"user_regex": "^part one"}, tool("Bash", command="sleep 60")),
        ]
    }
    env = {"CODER_AGENT_SUMMARY_SECONDS": "1"}
    options = {"agentProgressSummaries": True, "allowedTools": ["Bash"], "env": env}
    with fake_api(script, allow_violations=True) as api:
        told = node.play("asides.summarised", api, options=options, summary="Waiting for the oven")
    assert "Waiting for the oven" in [m.get("summary") for m in wire(told, "system", "task_progress")]


@pytest.mark.behaviour("B-2683")
@pytest.mark.behaviour("B-2684")
def test_plugins_are_read_again(node: NodeStage, tmp_path: Path) -> None:
    plugins = [{"type": "local", "path": str(bakery(tmp_path / "bakery"))}]
    with fake_api([turn("one"), turn("two")]) as api:
        told = node.play("asides.reloaded", api, plugins=plugins)
        asked = json.dumps(api.requests[1]["messages"])
    assert told["held"]["held"] is True and told["held"]["plugins"] == []
    assert [each["name"] for each in told["made"]["plugins"]] == ["bakery"] and told["made"]["error_count"] == 0
    assert wire(told["second"], "result")[0]["result"] == "two" and "Knead dough in" in asked and "first" in asked
    (report,) = wire(told["context"], "assistant")
    assert report["context_usage"]["raw_max_tokens"] > 0
    assert "concise" in (node.place.project / ".coder" / "settings.local.json").read_text().lower()
