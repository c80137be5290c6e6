"""Questions of servers, their prompts and their resources on a terminal, and in lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.screens import scripted, talk
from tests.support.sitting import sitting
from tests.support.spoken_harness import speaking

ASKING = Path(__file__).parents[1] / "support" / "mcp_servers" / "asking.py"
GIVEN = json.dumps({"mcpServers": {"shop": {"command": sys.executable, "args": [str(ASKING)]}}})
ARGUMENTS = ("--mcp-config", GIVEN, "--allowedTools", "mcp__shop")


def use(tool: str) -> dict[str, object]:
    return turn(tool_input("UseTool", {"name": f"mcp__shop__{tool}"}))


@pytest.mark.behaviour("B-1782")
@pytest.mark.behaviour("B-1777")
@pytest.mark.behaviour("B-1784")
def test_a_server_asks_in_front_of_the_prompt_and_its_words_are_in_the_menus(tmp_path: Path) -> None:
    page = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {page}\n')
    browser.chmod(0o755)
    turns = (
        use("ask"),
        use("page"),
        turn("Well."),
        use("think"),
        turn("2"),
        turn("Good."),
        use("work"),
        turn("Never."),
    )
    with sitting(tmp_path, *turns, arguments=ARGUMENTS, rows=40, env={"BROWSER": f"{browser} %s"}) as there:
        terminal = there.terminal
        terminal.wait("! MCP server shop tells of an error: the disk is full")
        terminal.send("/mcp__")
        terminal.wait("/mcp__shop__greet <who>")
        terminal.press("esc", "ctrl+u")
        terminal.send("@sho")
        terminal.wait("shop:notes://one   The first note")
        terminal.press("esc", "ctrl+u")

        terminal.send("go")
        terminal.press("enter")
        terminal.wait("? The MCP server shop asks: Where to?")
        terminal.wait("City (1 of 2), needed")
        terminal.during(0.4)  # what is typed at once goes to the draft
        terminal.send("X")
        terminal.press("enter")
        terminal.wait("! It must have at least 2 characters.")
        terminal.send("anadu")
        terminal.press("enter")
        terminal.wait("❯ 1 rail")
        terminal.press("down", "enter")
        terminal.wait("❯ 1 Send this to the server")
        terminal.press("1")
        terminal.wait("wants to open a page: Pay")
        terminal.wait("https://pay.example.org/?id=1")
        terminal.during(0.4)
        terminal.press("enter")
        terminal.wait("Done ·")
        there.free()
        told = " ".join(line.strip() for line in there.told())
        assert "✓ You told the MCP server shop: City → Xanadu · way → road" in told
        assert page.read_text() == "https://pay.example.org/?id=1\n"
        results = [str(body["messages"][-1]["content"]) for body in there.talk]
        assert '{"action": "accept", "content": {"city": "Xanadu", "way": "road"}}' in results[1]
        assert '{"action": "accept"}' in results[2]

        terminal.send("think")
        terminal.press("enter")
        terminal.wait("? Let the server shop ask the model this, at your cost?")
        terminal.during(0.4)
        terminal.press("1")
        terminal.wait("Good.")
        assert any(
            line.startswith("✓ shop asks claude-haiku") and line.endswith("· allowed once") for line in there.told()
        )
        there.free()
        terminal.send("work")
        terminal.press("enter")
        terminal.wait("3/7 sawing")
        terminal.press("esc")
        there.free()


@pytest.mark.behaviour("B-1783")
def test_a_server_asks_in_lines(place: Place) -> None:
    with fake_api(scripted(use("ask"), turn("Well."))) as api:
        child = speaking(place, api.url, "--screen-reader", *ARGUMENTS)
        child.expect_exact("warning: MCP server shop tells of an error: the disk is full\r\nyou: ")
        child.sendline("go")
        child.expect("question: The MCP server shop asks: Where to\\?")
        child.expect("City \\(1 of 2\\), needed")
        child.expect("press enter: ")
        child.delaybeforesend = 0.4  # as a person does who has heard the question
        child.sendline("decline")
        child.expect("Well\\.")
        child.close(force=True)
    assert '{"action": "decline"}' in str(talk(api)[1]["messages"][-1]["content"])
