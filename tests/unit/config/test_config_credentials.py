from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from coder.config.flags import Flags
from coder.config.helper import key_from
from coder.config.load import load
from coder.core.config import ModelConfig
from coder.core.errors import ConfigError


def model(folder: Path, settings: dict[str, Any] | None = None, /, **env: str) -> ModelConfig:
    flags = Flags(settings=json.dumps(settings or {}), setting_sources="")
    return load(flags, {"HOME": str(folder), "PATH": "/usr/bin:/bin", **env}, folder, managed=folder / "etc").model


def test_without_anything_the_wire_is_used_without_a_key(tmp_path: Path) -> None:
    assert model(tmp_path) == ModelConfig(name="default", base_url="https://api.anthropic.com")


@pytest.mark.behaviour("B-428")
def test_a_key_comes_before_a_token_and_a_token_before_a_helper(tmp_path: Path) -> None:
    settings = {"apiKeyHelper": "echo key-helper"}
    both = {"ANTHROPIC_API_KEY": "key-1\n", "ANTHROPIC_AUTH_TOKEN": "token-1"}
    found = model(tmp_path, settings, **both)
    assert (found.api_key, found.auth_token, found.key_source) == ("key-1", "", "ANTHROPIC_API_KEY")
    found = model(tmp_path, settings, ANTHROPIC_AUTH_TOKEN="token-1", ANTHROPIC_API_KEY="")
    assert (found.api_key, found.auth_token, found.key_source) == ("", "token-1", "ANTHROPIC_AUTH_TOKEN")
    found = model(tmp_path, settings)
    assert (found.api_key, found.auth_token, found.key_source) == ("key-helper", "", "apiKeyHelper")


@pytest.mark.behaviour("B-428")
def test_a_secret_is_in_no_text_about_the_configuration(tmp_path: Path) -> None:
    flags = Flags(settings='{"env": {"ANTHROPIC_AUTH_TOKEN": "s3cr3t-2"}}', setting_sources="")
    env = {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": "s3cr3t-1", "ANTHROPIC_CUSTOM_HEADERS": "X-Key: s3cr3t-3"}
    assert "s3cr3t" not in repr(load(flags, env, tmp_path, managed=tmp_path / "etc"))


@pytest.mark.behaviour("B-429")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", "two words"),
        ("ANTHROPIC_API_KEY", "a\nb"),
        ("ANTHROPIC_AUTH_TOKEN", "schlüssel"),
        ("ANTHROPIC_BASE_URL", "ftp://x"),
        ("ANTHROPIC_BASE_URL", "gateway.internal"),
        ("ANTHROPIC_BASE_URL", "https:///v1"),
        ("ANTHROPIC_BASE_URL", "https://a b"),
        ("ANTHROPIC_CUSTOM_HEADERS", "no colon"),
        ("ANTHROPIC_CUSTOM_HEADERS", "bad name: x"),
        ("API_TIMEOUT_MS", "0"),
        ("API_TIMEOUT_MS", "ten"),
        ("API_TIMEOUT_MS", "-5"),
        ("CLAUDE_CODE_MAX_RETRIES", "1.5"),
        ("CLAUDE_CODE_MAX_RETRIES", "²"),
        ("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "0"),
        ("CLAUDE_CODE_EFFORT_LEVEL", "huge"),
        ("CLAUDE_CODE_DISABLE_THINKING", "maybe"),
        ("CLAUDE_CODE_USE_BEDROCK", "aws"),
        ("CLAUDE_CODE_MAX_TURNS", "0"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named_and_its_value_is_not(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        model(tmp_path, None, **{name: value})
    assert value not in str(caught.value).removeprefix(name) or len(value) < 4


def test_the_address_and_the_limits_come_from_the_environment(tmp_path: Path) -> None:
    found = model(
        tmp_path,
        {"coder": {"keyHeader": "x-api-key", "idleTimeout": 5, "transport": "sdk"}},
        ANTHROPIC_BASE_URL="http://localhost:11434/",
        ANTHROPIC_CUSTOM_HEADERS="X-One: 1\n\n X-Two :  two: 2 ",
        API_TIMEOUT_MS="1500",
        CLAUDE_CODE_MAX_RETRIES="99",
        CLAUDE_CODE_MAX_OUTPUT_TOKENS="8000",
        CLAUDE_CODE_EFFORT_LEVEL="High",
    )
    assert found.base_url == "http://localhost:11434"
    assert found.headers == {"X-One": "1", "X-Two": "two: 2"}
    assert (found.request_timeout, found.max_retries, found.max_tokens, found.effort) == (1.5, 15, 8000, "high")
    assert (found.key_header, found.idle_timeout, found.transport) == ("x-api-key", 5.0, "sdk")


def test_no_retries_is_not_the_default_number_of_them(tmp_path: Path) -> None:
    assert model(tmp_path, None, CLAUDE_CODE_MAX_RETRIES="0").max_retries == 0


def test_thinking_is_left_to_the_model_unless_switched(tmp_path: Path) -> None:
    assert model(tmp_path).thinking is None
    assert model(tmp_path, {"alwaysThinkingEnabled": True}).thinking is True
    assert model(tmp_path, {"alwaysThinkingEnabled": True}, CLAUDE_CODE_DISABLE_THINKING="1").thinking is False
    off = model(tmp_path, None, MAX_THINKING_TOKENS="0")
    assert (off.thinking, off.thinking_tokens) == (False, None)
    much = model(tmp_path, {"alwaysThinkingEnabled": False}, MAX_THINKING_TOKENS="9000")
    assert (much.thinking, much.thinking_tokens) == (True, 9000)
    both = model(tmp_path, None, MAX_THINKING_TOKENS="9000", CLAUDE_CODE_DISABLE_THINKING="1")
    assert (both.thinking, both.thinking_tokens) == (False, None)


def test_effort_is_taken_from_the_environment_before_the_files(tmp_path: Path) -> None:
    settings = {"effortLevel": "low"}
    assert model(tmp_path, settings).effort == "low"
    assert model(tmp_path, settings, CLAUDE_CODE_EFFORT_LEVEL="max").effort == "max"
    assert model(tmp_path, settings, CLAUDE_CODE_EFFORT_LEVEL="auto").effort is None


def test_the_effort_of_the_command_line_comes_first(tmp_path: Path) -> None:
    flags = Flags(settings='{"effortLevel": "low"}', setting_sources="", effort="max")
    env = {"HOME": str(tmp_path), "CLAUDE_CODE_EFFORT_LEVEL": "high"}
    assert load(flags, env, tmp_path, managed=tmp_path / "etc").model.effort == "max"


def test_a_cloud_provider_is_reached_through_the_sdk_with_its_own_credentials(tmp_path: Path) -> None:
    found = model(tmp_path, None, CLAUDE_CODE_USE_BEDROCK="1", ANTHROPIC_API_KEY="key-1")
    assert (found.provider, found.transport, found.api_key, found.base_url) == ("bedrock", "sdk", "", "")
    found = model(tmp_path, {"coder": {"provider": "vertex"}}, ANTHROPIC_VERTEX_BASE_URL="https://v.example/v1/")
    assert (found.provider, found.transport, found.base_url) == ("vertex", "sdk", "https://v.example/v1")
    assert model(tmp_path, {"coder": {"provider": "vertex"}}, CLAUDE_CODE_USE_FOUNDRY="true").provider == "foundry"
    with pytest.raises(ConfigError, match="CLAUDE_CODE_USE_BEDROCK and CLAUDE_CODE_USE_VERTEX"):
        model(tmp_path, None, CLAUDE_CODE_USE_BEDROCK="1", CLAUDE_CODE_USE_VERTEX="1")
    with pytest.raises(ConfigError, match=r"coder\.transport"):
        model(tmp_path, {"coder": {"provider": "vertex", "transport": "wire"}})


def test_a_helper_runs_at_home_and_not_in_the_project(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    for folder in (home, project):
        folder.mkdir()
    flags = Flags(settings='{"apiKeyHelper": "pwd"}', setting_sources="")
    config = load(flags, {"HOME": str(home), "PATH": "/usr/bin:/bin"}, project, managed=tmp_path / "etc")
    assert config.model.api_key == str(home)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo secret; exit 3", "failed with exit code 3"),
        ("true", "printed nothing"),
        ("echo two words", "is not a key"),
        ("printf 'a\\nb'", "is not a key"),
        ("printf '\\377\\377'", "is not a key"),
    ],
)
def test_a_helper_that_does_not_help_is_explained_without_its_output(
    tmp_path: Path, command: str, message: str
) -> None:
    with pytest.raises(
        ConfigError, match=f"apiKeyHelper of f.json {message}|apiKeyHelper of f.json printed.*{message}"
    ) as caught:
        key_from(command, "f.json", tmp_path, {"PATH": "/usr/bin:/bin"})
    assert "secret" not in str(caught.value)
    assert "two" not in str(caught.value)


def test_a_helper_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"did not end within 0\.3 seconds"):
        key_from("sleep 60 & echo $! > pid; wait", "f.json", tmp_path, {"PATH": "/usr/bin:/bin"}, timeout=0.3)
    pid = int((tmp_path / "pid").read_text())
    while Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() - started < 30
    assert time.monotonic() - started < 30


def test_a_helper_without_a_folder_to_run_in_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not be started"):
        key_from("echo x", "f.json", tmp_path / "gone", {})
