"""Calling a person back who looks elsewhere: when, and with which bytes. Pure; must not know who writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from coder.core.config import Channel
from coder.core.visible import visible_line

What: TypeAlias = Literal["needs_input", "done", "error"]
FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"  # has the terminal tell when its window gets or loses the focus
GOT_FOCUS, LOST_FOCUS = "\x1b[I", "\x1b[O"
SHORT_RUN = 10.0  # seconds; nobody leaves for a shorter one
_BELL = "\x07"
_LONGEST = 120
_TITLE = "coder"
_WORDS: dict[What, str] = {"needs_input": "coder asks you", "done": "coder is done", "error": "coder stopped"}
_OSC_9 = frozenset({"iTerm.app", "WezTerm", "ghostty", "WarpTerminal", "Hyper"})
_OSC_777 = re.compile(r"(?:rxvt|foot)")
_ENDS = re.compile(r"[;\\]")


class Notifier:
    """Told of the focus; says what to write when something happened. As long as a terminal has not told of its focus,
    nobody is taken to look at it."""

    def __init__(self, channel: Channel, env: Mapping[str, str]) -> None:
        self._channel = channel
        self._env = env
        self._has_focus: bool | None = None  # not known

    @property
    def is_on(self) -> bool:
        return self._channel != "notifications_disabled"

    def focused(self, has_focus: bool) -> None:
        self._has_focus = has_focus

    def needs_input(self, question: str) -> str:
        return self._call("needs_input", question)

    def done(self, seconds: float, said: str = "") -> str:
        """Nothing for a run that was short."""
        return self._call("done", said) if seconds > SHORT_RUN else ""

    def error(self, said: str) -> str:
        return self._call("error", said)

    def _call(self, what: What, said: str) -> str:
        if not self.is_on or self._has_focus:
            return ""
        line = visible_line(said)
        text = f"{_WORDS[what]}: {line}" if line else _WORDS[what]
        return sequence(self._channel, text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…", self._env)


def sequence(channel: Channel, text: str, env: Mapping[str, str]) -> str:
    """What makes the terminal show `text`, or ring. `auto` goes by the terminal, and rings besides."""
    words = visible_line(text)
    osc_9, osc_777 = f"\x1b]9;{words}\x07", f"\x1b]777;notify;{_TITLE};{_ENDS.sub(',', words)}\x07"
    kitty = f"\x1b]99;i=coder:d=0;{_TITLE}\x1b\\\x1b]99;i=coder:d=1:p=body;{words}\x1b\\"
    match channel:
        case "notifications_disabled":
            return ""
        case "terminal_bell":
            return _BELL
        case "iterm2":
            return _wrapped(osc_9, env)
        case "iterm2_with_bell":
            return _wrapped(osc_9, env) + _BELL
        case "kitty":
            return _wrapped(kitty, env)
        case "ghostty":
            return _wrapped(osc_777, env)
        case "auto":
            return _wrapped(_of_terminal(env, osc_9, osc_777, kitty), env) + _BELL


def _of_terminal(env: Mapping[str, str], osc_9: str, osc_777: str, kitty: str) -> str:
    """The form this terminal is known to understand; "" for one that is not known."""
    term = env.get("TERM", "")
    if env.get("KITTY_WINDOW_ID") or "kitty" in term:
        return kitty
    if _OSC_777.match(term):
        return osc_777
    is_known = env.get("TERM_PROGRAM", "") in _OSC_9 or env.get("LC_TERMINAL") == "iTerm2" or "ghostty" in term
    return osc_9 if is_known else ""


def _wrapped(text: str, env: Mapping[str, str]) -> str:
    """Through tmux, which gives on only what is marked for the terminal around it."""
    if not text or not env.get("TMUX"):
        return text
    doubled = text.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"
