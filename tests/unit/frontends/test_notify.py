from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import Channel
from coder.frontends.notify import Notifier, sequence
from coder.frontends.title import has_title, title_sequence, title_text

BELL = "\x07"
XTERM = {"TERM": "xterm-256color"}


@pytest.mark.behaviour("B-955")
@pytest.mark.parametrize(
    ("channel", "env", "written"),
    [
        ("auto", XTERM, BELL),
        ("auto", {"TERM_PROGRAM": "iTerm.app", **XTERM}, "\x1b]9;hi\x07" + BELL),
        ("auto", {"TERM": "rxvt-unicode"}, "\x1b]777;notify;coder;hi\x07" + BELL),
        ("auto", {"TERM": "foot"}, "\x1b]777;notify;coder;hi\x07" + BELL),
        ("auto", {"TERM": "xterm-kitty"}, "\x1b]99;i=coder:d=0;coder\x1b\\\x1b]99;i=coder:d=1:p=body;hi\x1b\\" + BELL),
        ("terminal_bell", {"TERM_PROGRAM": "iTerm.app"}, BELL),
        ("iterm2", XTERM, "\x1b]9;hi\x07"),
        ("iterm2_with_bell", XTERM, "\x1b]9;hi\x07" + BELL),
        ("ghostty", XTERM, "\x1b]777;notify;coder;hi\x07"),
        ("iterm2", {"TMUX": "/tmp/tmux"}, "\x1bPtmux;\x1b\x1b]9;hi\x07\x1b\\"),
        ("auto", {"TMUX": "/tmp/tmux", **XTERM}, BELL),
        ("notifications_disabled", {"TERM_PROGRAM": "iTerm.app"}, ""),
    ],
)
def test_each_terminal_is_called_through_in_its_own_way(channel: Channel, env: dict[str, str], written: str) -> None:
    assert sequence(channel, "hi", env) == written


@pytest.mark.behaviour("B-955")
def test_nobody_is_called_back_to_a_window_they_look_at() -> None:
    notifier = Notifier("iterm2", XTERM)
    assert notifier.needs_input("Run this command?") == "\x1b]9;coder asks you: Run this command?\x07"
    notifier.focused(True)
    assert notifier.needs_input("Run this command?") == notifier.error("no key") == notifier.done(60) == ""
    notifier.focused(False)
    assert notifier.error("no key") == "\x1b]9;coder stopped: no key\x07"
    assert notifier.done(60) == "\x1b]9;coder is done\x07"


@pytest.mark.behaviour("B-955")
def test_the_end_of_a_short_run_calls_nobody() -> None:
    notifier = Notifier("auto", XTERM)
    assert notifier.done(10) == ""
    assert notifier.done(10.1) == BELL


@pytest.mark.behaviour("B-955")
def test_they_can_be_switched_off() -> None:
    notifier = Notifier("notifications_disabled", XTERM)
    assert not notifier.is_on
    assert notifier.needs_input("x") == notifier.error("x") == notifier.done(99) == ""


@given(st.text(max_size=300))
def test_no_text_can_end_its_sequence_or_begin_another(text: str) -> None:
    assert sequence("iterm2", text, XTERM).count("\x1b") == sequence("ghostty", text, XTERM).count(BELL) == 1
    for notifier in (Notifier("iterm2", XTERM), Notifier("ghostty", XTERM)):
        made = notifier.needs_input(text)
        assert made.count("\x1b") == made.count(BELL) == 1
        assert made.endswith(BELL)
        assert len(made) < 200
    made = title_sequence(title_text(text, "working", text))
    assert made.startswith("\x1b]0;coder")
    assert made.count("\x1b") == made.count(BELL) == 1


@pytest.mark.behaviour("B-956")
def test_the_title_names_the_folder_and_what_is_going_on() -> None:
    assert title_text("shop") == "coder · shop"
    assert title_text("shop", "working") == "coder · shop · working"
    assert title_text("shop", "waiting for you", "Fix\x1b]0;x\x07 it") == "coder · Fix ]0;x it · waiting for you"
    assert title_sequence("a\u202eb\nc") == "\x1b]0;a b c\x07"
    assert len(title_text("x" * 500)) < 100


@pytest.mark.behaviour("B-956")
@pytest.mark.parametrize(
    ("env", "has"),
    [
        (XTERM, True),
        ({**XTERM, "CLAUDE_CODE_DISABLE_TERMINAL_TITLE": "0"}, True),
        ({**XTERM, "CLAUDE_CODE_DISABLE_TERMINAL_TITLE": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_the_title_is_left_alone_where_that_was_asked_for(env: dict[str, str], has: bool) -> None:
    assert has_title(env) is has
