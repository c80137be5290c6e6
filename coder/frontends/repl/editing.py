"""The keys of the prompt. What is not here is the readline editing of prompt_toolkit, or belongs to the app.

Must not know what a draft means.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from prompt_toolkit.filters import (
    Condition,
    FilterOrBool,
    emacs_insert_mode,
    emacs_mode,
    has_selection,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from coder.frontends.repl.prompt import Prompt

_AGAIN = 1.5  # seconds in which a second esc counts as one of two
_Action: TypeAlias = Callable[[KeyPressEvent], None]


def bindings(prompt: Prompt) -> KeyBindings:
    """All keys of a prompt; active while its window has the focus."""
    keys = KeyBindings()
    typing = emacs_insert_mode | vi_insert_mode

    def bind(action: str, does: _Action, when: FilterOrBool = True) -> None:
        for stroke in prompt.keymap.strokes(action):
            keys.add(*stroke, filter=when)(does)

    escape = _Escape(prompt)
    closable = Condition(escape.is_closable)
    draft = Condition(lambda: bool(prompt.buffer.text) or prompt.is_searching)

    bind("send", lambda event: _enter(prompt))
    bind("newline", lambda event: prompt.buffer.insert_text("\n"), Condition(lambda: not prompt.is_searching))
    bind("complete", lambda event: _tab(prompt))
    bind("stop", escape.press, closable | emacs_mode | vi_navigation_mode)
    bind("earlier", lambda event: _up(prompt), ~has_selection)
    bind("later", lambda event: _down(prompt), ~has_selection)
    keys.add("k", filter=vi_navigation_mode)(lambda event: _up(prompt))
    keys.add("j", filter=vi_navigation_mode)(lambda event: _down(prompt))
    bind("search", lambda event: _search(prompt))
    bind("stash", lambda event: prompt.stash(), Condition(lambda: not prompt.is_searching))
    bind("editor", lambda event: prompt.edit())
    bind("undo", lambda event: event.current_buffer.undo())
    bind("picture", lambda event: prompt.take_picture())
    bind("help", lambda event: escape.open_table(event), typing & ~draft & Condition(lambda: not escape.closed_table))
    keys.add("c-d", filter=draft & typing)(lambda event: _delete(event))
    keys.add(Keys.BracketedPaste)(lambda event: prompt.paste(event.data))
    return keys


class _Escape:
    """Esc: it closes what is open, else stops the run, else counts to two. And the table, which any key closes."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._pressed_at = -_AGAIN
        self._keys: int | None = None  # pressed since the first of two; None before anything is counted
        self.closed_table = False  # by the key that is being handled

    def is_closable(self) -> bool:
        prompt = self._prompt
        return prompt.is_searching or prompt.menu is not None or self.closed_table or prompt.has_table

    def press(self, event: KeyPressEvent) -> None:
        prompt = self._prompt
        before, self._pressed_at = self._pressed_at, -_AGAIN
        if prompt.is_searching:
            return prompt.end_search(take=False)
        if self.closed_table or prompt.has_table:
            self.closed_table = prompt.has_table = False
            return None
        if prompt.menu is not None:
            return prompt.close_menu()
        if prompt.notice.startswith("restored"):
            return prompt.clear()
        if prompt.host.stop():
            return None
        if monotonic() - before > _AGAIN or (self._keys or 0) > 1:  # the second esc is one of them
            self._pressed_at = monotonic()
            return self._count(event)
        if not prompt.buffer.text:
            return prompt.host.rewind()
        return prompt.clear() if emacs_mode() else None

    def _count(self, event: KeyPressEvent) -> None:
        """From now on: what is typed between two of them makes them two times one."""
        if self._keys is None:
            event.key_processor.before_key_press += self._key
        self._keys = 0

    def _key(self, _: object) -> None:
        self._keys = (self._keys or 0) + 1

    def open_table(self, event: KeyPressEvent) -> None:
        processor = event.key_processor

        def on_key(_: object) -> None:
            self.closed_table = self._prompt.has_table
            self._prompt.has_table = False
            if not self.closed_table:
                processor.before_key_press.remove_handler(on_key)

        self._prompt.has_table = True
        processor.before_key_press += on_key


def _enter(prompt: Prompt) -> None:
    buffer = prompt.buffer
    if prompt.is_searching:
        return prompt.end_search(take=True)
    if prompt.menu is not None and prompt.menu.choice is not None:
        return prompt.choose(runs=True)
    if buffer.document.char_before_cursor == "\\":
        buffer.delete_before_cursor()
        return buffer.insert_text("\n")
    return prompt.send()


def _tab(prompt: Prompt) -> None:
    if prompt.is_searching:
        prompt.end_search(take=True)
    elif prompt.menu is not None:
        prompt.choose(runs=False)
    elif not prompt.expand() and prompt.host.is_running():
        prompt.send("after")


def _up(prompt: Prompt) -> None:
    buffer = prompt.buffer
    if prompt.menu is not None:
        return prompt.menu.move(-1)
    if buffer.document.cursor_position_row > 0:
        return buffer.cursor_up()
    if not buffer.text and (queued := prompt.host.take_back()) is not None:
        return prompt.set_text(queued)
    prompt.older()
    return None


def _down(prompt: Prompt) -> None:
    buffer = prompt.buffer
    if prompt.menu is not None:
        return prompt.menu.move(1)
    if not buffer.document.on_last_line:
        return buffer.cursor_down()
    if not prompt.newer() and not buffer.text:
        prompt.host.below()
    return None


def _search(prompt: Prompt) -> None:
    if not prompt.is_searching:
        prompt.search()
    elif prompt.menu is not None:
        prompt.menu.move(1)


def _delete(event: KeyPressEvent) -> None:
    event.current_buffer.delete()
