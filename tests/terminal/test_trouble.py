"""What is on the screen when the model cannot be used: UX-4 to UX-9."""

from __future__ import annotations

import json
import re
import socket

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, turn
from tests.support.screens import Terminal, coder, scripted, started, talk

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
RETRYING = "Trying again"


def draft(terminal: Terminal) -> str:
    """What stands in the prompt."""
    return next(row[2:] for row in reversed(terminal.screen) if row.startswith("❯ "))


def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.behaviour("B-985")
@SIZES
def test_ux_4_a_refused_key_is_named_and_the_message_is_back(place: Place, columns: int, rows: int) -> None:
    refused = fault("status", 401, message="invalid x-api-key", times="forever")
    script = scripted(turn("never", fault=refused))
    with fake_api(script) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        started(terminal)
        terminal.send("hello\r")
        terminal.wait("✗ The API key was refused (401 invalid x-api-key).")
        terminal.wait("  The key came from ANTHROPIC_API_KEY and ends in …show.")
        terminal.wait("your message is back in the prompt. Fix the key with /login.")
        terminal.wait(lambda: draft(terminal) == "hello")
        terminal.during(0.5)
        assert len(talk(api)) == 1 and terminal.widest <= columns
        assert "must-not" not in terminal.raw.decode()


@pytest.mark.behaviour("B-986")
def test_ux_5_a_wait_is_counted_down_and_leaves_nothing_behind(place: Place) -> None:
    busy = [fault("status", 529, times=1, retry_after=3), fault("status", 529, times=2)]
    with fake_api(scripted(turn("There it is.", fault=busy))) as api, coder(place, api) as terminal:
        started(terminal)
        terminal.send("hello\r")
        for seconds in (3, 2):
            told = f"The model is overloaded (529). Trying again in {seconds}s · try 2 of 11 · esc stops"
            terminal.wait(lambda told=told: any(told in row for row in terminal.screen))  # type: ignore[misc]  # bound at once
        terminal.wait(lambda: any(row.startswith("Done · ") for row in terminal.screen))
        assert "There it is." in terminal.history
        assert RETRYING not in "\n".join(terminal.history)


@pytest.mark.behaviour("B-986")
def test_ux_6_esc_ends_the_wait_and_gives_the_message_back(place: Place) -> None:
    script = scripted(turn("never", fault=fault("status", 529, times="forever", retry_after=30)))
    with fake_api(script) as api, coder(place, api) as terminal:
        started(terminal)
        terminal.send("hello\r")
        terminal.wait(RETRYING)
        terminal.press("esc")
        terminal.wait("Stopped by you")
        terminal.wait(lambda: draft(terminal) == "hello")
        before = len(talk(api))
        terminal.during(1.0)
        assert RETRYING not in "\n".join(terminal.history)
        assert len(talk(api)) == before


@pytest.mark.behaviour("B-985")
@SIZES
def test_ux_7_where_nobody_answers_the_address_is_told(place: Place, columns: int, rows: int) -> None:
    address = nobody()
    env = {"ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": "sk-test-key-that-must-not-show"}
    with coder(place, None, columns=columns, rows=rows, env=env) as terminal:
        started(terminal)
        terminal.send("hello\r")
        terminal.wait(f"✗ Nobody answers at {address} (connection refused).")
        terminal.wait("The address came from ANTHROPIC_BASE_URL.")
        terminal.wait("Your message is back")
        terminal.wait(lambda: draft(terminal) == "hello")
        assert RETRYING not in "\n".join(terminal.history)
        assert terminal.process.isalive()


@pytest.mark.behaviour("B-985")
def test_ux_8_a_headless_run_says_why_it_waits_before_it_gives_up(place: Place) -> None:
    process = place.start("-p", "hello", url=nobody())
    assert process.stderr is not None and process.stdout is not None
    first = process.stderr.readline()
    assert first.startswith("coder: waiting for the model: no connection, try 2") and process.poll() is None
    assert process.wait(60) == 4
    assert process.stdout.read() == ""
    process.stdout.close()
    process.stderr.close()


@pytest.mark.behaviour("B-985")
def test_ux_9_a_conversation_that_no_longer_fits_names_the_ways_out(place: Place) -> None:
    settings = place.home / ".coder" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"autoCompactEnabled": False}), encoding="utf-8")
    full = fault("status", 400, message="prompt is too long: 214000 tokens > 200000 maximum", times="forever")
    with fake_api(scripted(turn("never", fault=full))) as api, coder(place, api) as terminal:
        started(terminal)
        terminal.send("hello\r")
        terminal.wait("✗ The conversation no longer fits: 214,000 of 200,000 tokens.")
        terminal.wait("/compact makes a summary and goes on · /rewind goes back · /clear starts new.")
        assert not re.search(r"[{]|http", "\n".join(terminal.history))
        terminal.wait(lambda: not any("Waiting" in row for row in terminal.screen))
        terminal.press("ctrl+u")
        terminal.send("/context\r")
        terminal.wait("Context: ")
        terminal.press("esc")
        terminal.wait(lambda: not any("Context: " in row for row in terminal.screen))


def test_a_message_typed_while_a_shell_line_runs_is_sent_after_it(place: Place) -> None:
    with fake_api(scripted(turn("I see."))) as api, coder(place, api) as terminal:
        started(terminal)
        terminal.wait("? for shortcuts")
        terminal.send("!touch begun; while [ ! -e go ]; do sleep 0.05; done\r")
        terminal.wait(lambda: (place.project / "begun").exists())
        terminal.send("what now\r")
        terminal.wait("↳ after this run: what now")
        (place.project / "go").touch()
        terminal.wait("I see.")
        assert "❯ what now" in terminal.history and len(talk(api)) == 1
