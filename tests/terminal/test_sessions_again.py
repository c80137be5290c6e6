"""Leaving a session and coming back to it, on a real terminal. UX-29, S19, S30."""

from __future__ import annotations

import re
import signal
import termios
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.screens import Terminal, git_folder
from tests.support.sitting import SIZES, sitting
from tests.support.statuslines import StatusLine


def left_well(terminal: Terminal) -> None:
    """The terminal is as it was: a cursor, no pasting mode, echo."""
    raw = bytes(terminal.raw)
    assert terminal.shows_cursor
    assert raw.rfind(b"\x1b[?2004l") > raw.rfind(b"\x1b[?2004h"), raw[-200:]
    flags = termios.tcgetattr(terminal.process.child_fd)[3]
    assert flags & termios.ECHO and flags & termios.ICANON
    assert not any("again to leave" in line for line in terminal.history), terminal.picture()


@pytest.mark.behaviour("B-1018")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_29_ctrl_d_says_how_to_go_on_and_the_session_is_in_the_list(tmp_path: Path, columns: int, rows: int) -> None:
    with sitting(tmp_path, turn("Hello."), columns=columns, rows=rows) as there:
        there.say("hello there")
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        left_well(there.terminal)
        last = [line for line in there.terminal.history if line][-2:]
        assert last[0].startswith('Session "A title of its own" · 1 prompt · $0.0')
        session = there.place.transcripts()[0].stem
        assert last[1] == f"Continue with: coder -c     or: coder -r {session[:8]}"
        place = there.place
    with sitting(tmp_path, turn("Again."), arguments=("-r",), columns=columns, rows=rows, place=place) as there:
        terminal = there.terminal
        terminal.wait("enter opens · space shows · ctrl+a all folders · ctrl+r renames · esc leaves")
        chosen = next(line for line in terminal.screen if line.startswith("❯"))
        assert chosen.startswith("❯ A title of its own")
        assert all(words in chosen for words in ("just now", "main", "1 prompt", "$0.0"))
        assert '  Last: "hello there" → Hello.' in terminal.screen
        assert not any("default" in line for line in terminal.screen)
        terminal.press("enter")
        terminal.wait("── resumed · ")
        there.free()
        cost = last[0].rpartition(" · ")[2]
        terminal.wait(lambda: any(line.startswith("asks first · ") and cost in line for line in terminal.screen))
        told = there.told()
        assert "── resumed · from its beginning ──" in told and "❯ hello there" in told and "Hello." in told
        there.say("again")
        assert len(there.talk[0]["messages"]) == 3
        terminal.press("ctrl+c")
        terminal.wait("press ctrl+c again to leave")
        terminal.press("ctrl+c")
        assert terminal.end() == 0
        left_well(terminal)


@pytest.mark.behaviour("B-1018")
def test_ux_29_two_interrupts_of_a_run_leave_with_130(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Slow " * 200, delay=0.1)) as there:
        there.terminal.send("go on")
        there.terminal.press("enter")
        there.terminal.wait("Slow Slow")
        there.terminal.press("ctrl+c", "ctrl+c")
        assert there.terminal.end() == 130
        left_well(there.terminal)


@pytest.mark.behaviour("B-1018")
def test_ux_29_a_terminated_session_leaves_the_terminal_well(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello.")) as there:
        there.say("hello")
        there.terminal.send("half a dra")
        there.terminal.wait("❯ half a dra")
        there.terminal.process.kill(signal.SIGTERM)
        assert there.terminal.end() == 128 + signal.SIGTERM
        left_well(there.terminal)
        assert "Continue with: coder -c" in there.terminal.picture()


@pytest.mark.behaviour("B-1018")
def test_s30_where_nothing_was_said_nothing_is_printed_at_the_end(tmp_path: Path) -> None:
    with sitting(tmp_path) as there:
        told = there.told()
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        assert [line for line in there.terminal.history if line] == told
        assert there.place.transcripts() == []


def after(terminal: Terminal, line: str) -> list[str]:
    """The rows of the screen below the first of these."""
    return terminal.screen[terminal.screen.index(line) :] if line in terminal.screen else []


def earlier(root: Path, *prompts: str) -> Place:
    """A place with one session for each prompt, the last the newest."""
    place = Place.make(root)
    git_folder(place)
    for prompt in prompts:
        with fake_api([turn(f"About {prompt}.")]) as api:
            assert place.coder("-p", prompt, url=api.url).code == 0
    return place


@pytest.mark.behaviour("B-1019")
def test_s19_the_last_session_goes_on_with_c(tmp_path: Path) -> None:
    place = earlier(tmp_path, "the parser", "the cart")
    with sitting(tmp_path, turn("More."), arguments=("-c",), place=place) as there:
        there.terminal.wait("── resumed · from its beginning ──")
        there.terminal.wait("About the cart.")
        there.say("go on")
        assert [message["role"] for message in there.talk[0]["messages"]] == ["user", "assistant", "user"]


@pytest.mark.behaviour("B-1019")
def test_s19_words_name_the_session_at_the_start_and_in_resume(tmp_path: Path) -> None:
    place = earlier(tmp_path, "the parser", "the cart")
    with sitting(tmp_path, arguments=("-r", "parser"), place=place) as there:
        there.terminal.wait("About the parser.")
        there.say("/resume cart", "About the cart.")
        there.say("/resume nonsense", '✗ No session is meant by "nonsense". /resume lists them all.')
        there.terminal.send("/resume ")
        there.terminal.press("enter")
        there.terminal.wait("enter opens · ")
        there.terminal.send("pars")
        there.terminal.wait("search: pars")
        there.terminal.wait('❯ (no title) "the parser"')
        there.terminal.press("enter")
        there.terminal.wait(lambda: there.count("About the parser.") == 2)
        there.free()


@pytest.mark.behaviour("B-1019")
def test_s19_a_session_is_read_and_named_from_the_list(tmp_path: Path) -> None:
    place = earlier(tmp_path, "the parser", "the cart")
    with sitting(tmp_path, arguments=("-r",), place=place, env={"PAGER": "cat"}) as there:
        terminal = there.terminal
        terminal.wait("esc leaves")
        terminal.press("ctrl+r")
        terminal.wait("What should this session be called?")
        terminal.send("Rounding")
        terminal.press("enter")
        terminal.wait("❯ Rounding ")
        terminal.send(" ")
        terminal.wait("About the cart.")  # printed by the pager
        terminal.wait(lambda: any(line.startswith("❯ Rounding ") for line in after(terminal, "About the cart.")))
        terminal.press("ctrl+a")
        terminal.wait("Resume a session of any folder")
        terminal.press("esc")
        assert terminal.end() == 0


@pytest.mark.behaviour("B-1019")
def test_s30_after_clear_the_end_names_the_session_that_c_goes_on_with(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello.")) as there:
        there.say("hello")
        there.say("/clear ", "✓ A new conversation.")
        assert any(line.startswith("asks first · sonnet-5-5 · 0% context · ") for line in there.terminal.screen)
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        session = there.place.transcripts()[0].stem
        assert f"coder -r {session[:8]}" in there.terminal.picture()
        place = there.place
    with sitting(tmp_path, turn("More."), arguments=("-c",), place=place) as there:
        there.terminal.wait("Hello.")


@pytest.mark.behaviour("B-1019")
def test_s19_after_clear_and_a_message_c_goes_on_with_the_new_one(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello."), turn("Fresh.")) as there:
        there.say("hello")
        there.say("/clear fresh start", '✓ A new conversation called "fresh start".')
        there.say("new")
        assert len(there.talk[1]["messages"]) == 1
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        assert 'Session "fresh start" · 2 prompts' in there.terminal.picture()
        place = there.place
    with sitting(tmp_path, turn("More."), arguments=("-c",), place=place) as there:
        there.terminal.wait("Fresh.")
        assert there.count("Hello.") == 0


@pytest.mark.behaviour("B-1019")
def test_what_is_told_of_a_session_that_goes_on_is_its_own(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    with fake_api([turn("About it.", usage={"input_tokens": 100_000})]) as api:
        assert place.coder("-p", "hi", "--model", "haiku", url=api.url).code == 0
    status = StatusLine.of(place)
    with sitting(tmp_path, turn("More."), arguments=("-c",), place=place) as there:
        there.terminal.wait("About it.")
        there.free()
        there.terminal.wait(lambda: status.told() is not None)
        assert re.match(r"coder \S+ · claude-haiku-5-5\S* · ", there.told()[0])
        assert not any("sonnet" in line or " 0% context" in line for line in there.terminal.history)
        told = status.told() or {}
        assert told["model"]["id"].startswith("claude-haiku-5-5")
        assert told["context_window"]["used_percentage"] == 11
        assert told["context_window"]["current_usage"]["input_tokens"] == 100_000
    status.path.unlink()
    with sitting(tmp_path, turn("More."), arguments=("-c",), place=place) as there:
        there.terminal.wait("asks first · haiku-5-5 · 11% context · $0.")
        raw = bytes(there.terminal.raw).decode()
        assert "sonnet" not in raw and " 0% context" not in raw


def test_a_session_chosen_from_the_list_is_greeted_with_its_model(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    with fake_api([turn("About it.")]) as api:
        assert place.coder("-p", "hi", "--model", "haiku", url=api.url).code == 0
    with sitting(tmp_path, turn("More."), arguments=("-r",), place=place) as there:
        there.terminal.wait("esc leaves")
        there.terminal.press("enter")
        there.terminal.wait("── resumed · ")
        there.free()
        assert any(re.match(r"coder \S+ · claude-haiku-5-5\S* · ", line) for line in there.told())
        assert b"sonnet" not in bytes(there.terminal.raw)
