"""What a host asks for before the session begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config, Guidance
from coder.core.messages import Json
from coder.frontends.stream_json.callbacks.initializing import configured, read
from coder.frontends.stream_json.callbacks.introducing import account
from coder.frontends.stream_json.control import RequestError
from coder.mcp.entries import servers_of


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(Flags(), {"HOME": str(tmp_path)}, tmp_path, managed=tmp_path / "managed")


def test_a_request_that_asks_for_nothing_changes_nothing(config: Config) -> None:
    for request in ({}, {"subtype": "initialize", "hooks": None, "agents": None, "skills": None, "later": [1]}):
        assert configured(config, read(request)) == config


@pytest.mark.behaviour("B-2229")
def test_all_that_it_asks_for_is_in_the_configuration(config: Config) -> None:
    config = replace(config, guidance=replace(Guidance(), overrides={"gone": "off", "b": "name-only"}))
    request: Json = {
        "hooks": {"Stop": [{"hookCallbackIds": ["hook_0"]}], "PreSkillShellCommand": [{"hookCallbackIds": ["x"]}]},
        "agents": {"a": {"description": "d", "prompt": "p", "model": None, "effort": 3, "tools": ["Read"]}},
        "skills": ["chosen", "plug"],
        "sdkMcpServers": ["own", "other"],
        "sdkMcpServerConfigs": {"own": {"timeout": 5000}, "other": {"timeout": 1}, "none": {}},
        "systemPrompt": ["One.", "Two."],
        "appendSystemPrompt": "More.",
        "disallowedTools": ["WebFetch"],
        "forwardSubagentText": True,
        "jsonSchema": {"type": "object"},
    }
    wanted = read(request)
    made = configured(config, wanted)
    source = made.hooks.sources[-1]
    assert source.hosted and list(source.events) == ["Stop"], "an event that never comes is left out"
    assert made.agents.given == {"a": {"description": "d", "prompt": "p", "effort": 3, "tools": ["Read"]}}
    overrides = made.guidance.overrides
    said = [overrides.get(name, "on") for name in ("chosen", "x:plug", "b", "gone", "new")]
    assert said == ["on", "on", "user-invocable-only", "off", "user-invocable-only"] and bool(overrides)
    servers, problems = servers_of(made.servers, {}, config.cwd)
    assert [(each.name, each.is_hosted, each.call) for each in servers] == [("own", True, 5.0), ("other", True, None)]
    assert problems == () and made.system_prompt == "One.\n\nTwo." and made.append_system_prompt == "More."
    assert made.rules[0].text == "WebFetch" and made.rules[0].behaviour == "deny" and wanted.forwards
    assert made.json_schema == {"type": "object"}
    assert configured(config, read({"systemPrompt": [""]})).system_prompt == ""


@pytest.mark.behaviour("B-2225")
@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"hooks": []}, "hooks must be an object"),
        ({"hooks": {"Stop": [{"hookCallbackIds": "x"}]}}, "hookCallbackIds"),
        ({"hooks": {"PreToolUse": [{"matcher": "(", "hookCallbackIds": ["x"]}]}}, "is no regular expression"),
        ({"agents": {"a": "x"}}, "agents.a must be an object"),
        ({"skills": "all"}, "skills must be a list of texts"),
        ({"sdkMcpServers": [1]}, "sdkMcpServers must be"),
    ],
)
def test_a_wish_that_cannot_be_followed_is_an_error(request_: Json, why: str) -> None:
    with pytest.raises(RequestError, match=why.replace("(", "\\(")):
        read(request_)


def test_of_the_account_it_is_told_where_the_key_comes_from(config: Config) -> None:
    model = replace(config.model, api_key="sk-secret", key_source="apiKeyHelper")
    assert account(model) == {"apiProvider": "firstParty", "apiKeySource": "apiKeyHelper"}
    bearer = replace(config.model, auth_token="secret", key_source="ANTHROPIC_AUTH_TOKEN", provider="bedrock")
    assert account(bearer) == {"apiProvider": "bedrock", "apiKeySource": "none", "tokenSource": "ANTHROPIC_AUTH_TOKEN"}
