"""What stands in front of the prompt, the last on top, and the keys that are for it. Must not know how it is drawn.

A key that was meant for the draft goes there: a question that has just come up takes none, nor one that is held down
since it answered the question before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.frontends.repl.modal import Modal

if TYPE_CHECKING:
    from coder.core import requests
    from coder.frontends.repl.prompt import Prompt
else:  # not before the first paint
    requests = LazyModule("coder.core.requests")

_REFUSALS = ("esc", "ctrl+c", "ctrl+d")  # never harmful, so never held back longer than others
_HELD = 0.7  # seconds: the longest that a key which is held waits before it repeats itself
_NAMES = {"c-m": "enter", "c-j": "ctrl+j", "c-i": "tab", "c-h": "backspace", "escape": "esc", "s-tab": "shift+tab"}


@dataclass(slots=True)
class _Open:
    modal: Modal
    since: float | None  # when it could first be seen
    done: asyncio.Future[object]


class Front:
    """`changed` is called when another one has the keys."""

    def __init__(self, prompt: Prompt, changed: Callable[[], None]) -> None:
        self.refused = -1e9  # when ctrl+c answered a question, and ended the run with it
        self._prompt = prompt
        self._changed = changed
        self._open: list[_Open] = []
        self._last = ("", ""), -1e9  # the key that answered last, and when it was heard last
        self.is_asking = Condition(lambda: bool(self._open))
        self.keys = KeyBindings()
        self.keys.add(Keys.Any, filter=self.is_asking, eager=True)(self._press)

    @property
    def modal(self) -> Modal | None:
        """The one that has the keys."""
        return self._open[-1].modal if self._open else None

    async def put(self, modal: Modal) -> object:
        """Returns what came of it. Cancelled, it is gone."""
        opened = _Open(modal, None, asyncio.get_running_loop().create_future())
        self._open.append(opened)
        self._changed()
        try:
            return await opened.done
        finally:
            self._close(opened)

    def cancel(self) -> None:
        for each in self._open:
            if not each.done.done():
                each.done.cancel()

    def was_drawn(self) -> None:
        """From now on it can be seen."""
        opened = self._open[-1]
        opened.since = opened.since or asyncio.get_running_loop().time()

    def was_hidden(self) -> None:
        """Something else had the screen until now."""
        for each in self._open:
            each.since = None

    def _close(self, opened: _Open) -> None:
        """At once when it is over: the next key is not for it any more."""
        if opened in self._open:
            self._open.remove(opened)
            self._changed()

    def _press(self, event: KeyPressEvent) -> None:
        opened = self._open[-1]
        for pressed in event.key_sequence:
            key, data = named(pressed.key, pressed.data)
            now = asyncio.get_running_loop().time()
            if self._is_held(opened, (key, data), now):
                pass
            elif opened.modal.grace and (opened.since is None or now - opened.since < opened.modal.grace):
                if key in ("text", "paste", "enter") and opened.since is not None:
                    opened.since = now  # somebody is in the middle of a word: until they pause
                self._type(key, data)
            elif not opened.done.done():
                step = opened.modal.step
                if opened.modal.press(key, data):
                    self._answered(opened, key)
                elif opened.modal.step == step:
                    continue
                if key not in _REFUSALS:
                    self._last = (key, data), now

    def _type(self, key: str, data: str) -> None:
        """A key that was meant for the draft. Enter is not among them: what it would send may be half a message."""
        if key in ("text", "paste"):
            self._prompt.insert(data)
        elif key == "backspace":
            self._prompt.buffer.delete_before_cursor()

    def _is_held(self, opened: _Open, pressed: tuple[str, str], now: float) -> bool:
        """Whether the key is down since it answered the question before this one."""
        key, since = self._last
        if not opened.modal.grace or pressed != key or now - since >= _HELD:
            self._last = ("", ""), since
            return False
        self._last = key, now
        return True

    def _answered(self, opened: _Open, key: str) -> None:
        result = opened.modal.result
        if key == "ctrl+c" and isinstance(result, requests.Deny) and result.interrupt:
            self.refused = asyncio.get_running_loop().time()
        opened.done.set_result(result)
        self._close(opened)


def named(key: Keys | str, data: str) -> tuple[str, str]:
    """A key of the toolkit as modals know it: its name, or "text" with what was typed."""
    if not isinstance(key, Keys):
        return "text", data
    if key is Keys.BracketedPaste:
        return "paste", data.replace("\r\n", "\n").replace("\r", "\n")
    value = key.value
    if value in _NAMES:
        return _NAMES[value], data
    return (f"ctrl+{value[2:]}" if value.startswith("c-") else value), data
