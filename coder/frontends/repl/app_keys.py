"""The keys of the session itself: stop, leave, transcript, todo, mode, background. Must not know what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from coder.frontends.repl.keymap import Keymap

Handler = Callable[[], None]
_ALWAYS = ("transcript", "redraw")  # what stands in front of the prompt waits


def session_keys(keymap: Keymap, handlers: Mapping[str, Handler], is_free: Callable[[], bool]) -> KeyBindings:
    """`handlers` by action; most hold while nothing stands in front of the prompt."""
    keys = KeyBindings()
    free = Condition(is_free)
    for action, handler in handlers.items():
        for stroke in keymap.strokes(action):
            _bind(keys, stroke, handler, True if action in _ALWAYS else free)
    _bind(keys, (Keys.SIGINT,), handlers["interrupt"], True)
    return keys


def _bind(keys: KeyBindings, stroke: tuple[Keys | str, ...], handler: Handler, when: FilterOrBool) -> None:
    @keys.add(*stroke, filter=when, eager=len(stroke) == 1)
    def press(event: KeyPressEvent) -> None:
        handler()
