from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.config import stored_key
from coder.config.stored_key import Stored
from coder.frontends.first_run import first_run, log_out, ways_in, with_key, with_server
from coder.frontends.styled import plain
from tests.support.hands import Hands
from tests.support.keyserver import key_server

KEY = "sk-ant-api03-never-to-be-shown-x7Qa"


def environment(folder: Path, url: str = "http://127.0.0.1:1") -> dict[str, str]:
    return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": url}


@pytest.mark.behaviour("B-930")
def test_the_screen_has_four_ways(tmp_path: Path) -> None:
    picker = ways_in(tmp_path / ".coder", {"HOME": str(tmp_path)})
    assert picker.title == "coder needs a model to talk to. It found no API key."
    assert [(item.key, item.cells[0]) for item in picker.items] == [
        ("1", "Paste an Anthropic API key"),
        ("2", "Use a local or other server"),
        ("3", "Look around first"),
        ("4", "Leave"),
    ]
    assert picker.items[0].cells[1] == "kept in ~/.coder/credentials (mode 0600)"
    assert [plain(row) for row in picker.above] == ["You can also set ANTHROPIC_API_KEY and start again."]


@pytest.mark.behaviour("B-930")
@pytest.mark.parametrize(("answer", "outcome"), [(None, "leave"), ("4", "leave"), ("3", "demo")])
async def test_leaving_and_looking_around_change_nothing(tmp_path: Path, answer: str | None, outcome: str) -> None:
    hands = Hands([answer])
    with key_server() as server:
        assert await first_run(hands, environment(tmp_path, server.url), tmp_path / ".coder", tmp_path) == outcome
    assert server.asked == [] and hands.said == [] and list(tmp_path.iterdir()) == []


@pytest.mark.behaviour("B-930")
async def test_a_key_that_works_is_the_way_in(tmp_path: Path) -> None:
    with key_server(KEY) as server:
        hands = Hands(["1", f"export ANTHROPIC_API_KEY={KEY}\n"])
        assert await first_run(hands, environment(tmp_path, server.url), tmp_path / ".coder", tmp_path) == "again"
    assert stored_key.read(tmp_path / ".coder") == Stored(api_key=KEY, base_url=server.url)
    assert hands.secrets == [f"API key for {server.url.removeprefix('http://')}"]
    assert hands.said == [
        "sk-ant-…x7Qa · trying it with one small request",
        "✓ sk-ant-…x7Qa is kept in ~/.coder/credentials, which only you can read.",
    ]


async def test_after_a_refusal_the_ways_are_shown_again(tmp_path: Path) -> None:
    with key_server("another") as server:
        hands = Hands(["1", KEY, "1", None, None])
        assert await first_run(hands, environment(tmp_path, server.url), tmp_path / ".coder", tmp_path) == "leave"
    assert hands.said[1] == "✗ The API key was refused (401 invalid x-api-key)."
    assert len(hands.pickers) == 3 and len(server.asked) == 1 and not (tmp_path / ".coder").exists()
    assert not any(KEY in line for line in hands.said)


async def test_a_server_is_asked_for_by_address_token_and_model(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with key_server("t0ken-of-the-gateway") as server:
        hands = Hands(["2", server.url + "/v1/", "t0ken-of-the-gateway", "qwen3"])
        assert await first_run(hands, env, tmp_path / ".coder", tmp_path) == "again"
    assert server.models == ["qwen3"] and hands.secrets == ["Token, or enter for none"]
    assert "CLAUDE_CODE_USE_BEDROCK=1" in hands.said[0]
    stored = stored_key.read(tmp_path / ".coder")
    assert stored == Stored(auth_token="t0ken-of-the-gateway", base_url=server.url)
    assert json.loads((tmp_path / ".coder" / "settings.json").read_text(encoding="utf-8")) == {"model": "qwen3"}


async def test_what_is_no_address_is_said_and_asked_again(tmp_path: Path) -> None:
    hands = Hands(["2", "ftp://x", "2", "http://me:secret@localhost", "2", None, None])
    assert await first_run(hands, environment(tmp_path), tmp_path / ".coder", tmp_path) == "leave"
    failed = [line for line in hands.said if line.startswith("✗")]
    assert "must be an address such as" in failed[0] and "must not hold a name or password" in failed[1]
    assert not any("secret" in line for line in hands.said)
    assert [picker.first for picker in hands.pickers] == [0, 1, 1, 1]


async def test_anthropic_itself_needs_a_key(tmp_path: Path) -> None:
    hands = Hands(["https://api.anthropic.com", "", ""])
    assert not await with_server(hands, environment(tmp_path), tmp_path / ".coder", tmp_path)
    assert "✗ Anthropic's own address needs a key." in hands.said


async def test_a_variable_that_comes_first_is_named(tmp_path: Path) -> None:
    with key_server() as server:
        env = {**environment(tmp_path, server.url), "ANTHROPIC_API_KEY": "of-the-environment"}
        hands = Hands([KEY])
        assert await with_key(hands, env, tmp_path / ".coder", tmp_path)
    assert hands.said[-1] == "  ANTHROPIC_API_KEY is set, and comes first. Unset it to use what is kept."
    said = [plain(row) for row in log_out(env, tmp_path / ".coder")]
    assert said[0] == "✓ Forgotten: ~/.coder/credentials is removed." and "ANTHROPIC_API_KEY" in said[1]
    assert stored_key.read(tmp_path / ".coder") is None


async def test_words_of_a_server_cannot_reach_the_terminal(tmp_path: Path) -> None:
    hands = Hands(["\x1b]0;x\x07", "2"])
    assert not await with_server(hands, environment(tmp_path), tmp_path / ".coder", tmp_path)
    assert not any("\x1b" in line for line in hands.said)
