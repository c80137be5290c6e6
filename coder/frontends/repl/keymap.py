"""Which key does what: the defaults, and the person's keybindings.json. Standard library only; must not know what an
action does.

The file has the form of Claude Code's, `{"bindings": [{"context": "Chat", "bindings": {"ctrl+g": "chat:stash"}}]}`, and
null unbinds a key. What coder has no such context, key or action for is warned about and left out.
"""

from __future__ import annotations

import json
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias, cast

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

Context: TypeAlias = Literal["Global", "Chat", "Autocomplete", "Confirmation", "Transcript", "HistorySearch"]
Stroke: TypeAlias = str  # "ctrl+x", or "ctrl+x ctrl+e" for one after the other, as `normal` writes it

# action: (context, keys, the name in keybindings.json)
DEFAULTS: dict[str, tuple[Context, tuple[Stroke, ...], str]] = {
    "interrupt": ("Global", ("ctrl+c",), "app:interrupt"),
    "leave": ("Global", ("ctrl+d",), "app:exit"),
    "transcript": ("Global", ("ctrl+o",), "app:toggleTranscript"),
    "todo": ("Global", ("ctrl+t",), "app:toggleTodos"),
    "redraw": ("Global", ("ctrl+l",), "app:redraw"),
    "suspend": ("Global", ("ctrl+z",), "app:suspend"),
    "background": ("Global", ("ctrl+b",), "task:background"),
    "search": ("Global", ("ctrl+r",), "history:search"),
    "earlier": ("Global", ("up",), "history:previous"),
    "later": ("Global", ("down",), "history:next"),
    "send": ("Chat", ("enter",), "chat:submit"),
    "newline": ("Chat", ("ctrl+j", "alt+enter", "shift+enter"), "chat:newline"),
    "stop": ("Chat", ("esc",), "chat:cancel"),
    "mode": ("Chat", ("shift+tab",), "chat:cycleMode"),
    "editor": ("Chat", ("ctrl+g", "ctrl+x ctrl+e"), "chat:externalEditor"),
    "stash": ("Chat", ("ctrl+s",), "chat:stash"),
    "picture": ("Chat", ("ctrl+v",), "chat:imagePaste"),
    "undo": ("Chat", ("ctrl+_",), "chat:undo"),
    "help": ("Chat", ("?",), "chat:help"),
    "complete": ("Autocomplete", ("tab",), "autocomplete:accept"),
    "yes": ("Confirmation", ("enter",), "confirm:yes"),
    "no": ("Confirmation", ("esc",), "confirm:no"),
    "above": ("Confirmation", ("up",), "confirm:previous"),
    "under": ("Confirmation", ("down",), "confirm:next"),
    "amend": ("Confirmation", ("tab",), "confirm:nextField"),
    "explain": ("Confirmation", ("ctrl+e",), "confirm:toggleExplanation"),
}
_ACTIONS = {name: action for action, (_, _, name) in DEFAULTS.items()}
_CONTEXTS = ("Global", "Chat", "Autocomplete", "Confirmation", "Transcript", "HistorySearch")
_RESERVED = {"ctrl+c": "interrupt", "ctrl+d": "leave"}
_NEVER_FREE = ("send", "stop", "yes", "no")  # without a key for one of these a session cannot be used
_MODIFIERS = {
    "control": "ctrl",
    "ctrl": "ctrl",
    "alt": "alt",
    "opt": "alt",
    "option": "alt",
    "meta": "alt",
    "shift": "shift",
}
_KEYS = {"escape": "esc", "return": "enter", " ": "space", "del": "delete", "pgup": "pageup", "pgdown": "pagedown"}
_NAMED = frozenset(
    (
        *("esc", "enter", "tab", "space", "backspace", "delete", "insert", "up", "down", "left", "right"),
        *("home", "end", "pageup", "pagedown", *(f"f{number}" for number in range(1, 25))),
    )
)
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Keymap:
    """`warnings` are what was wrong with the file, one line each."""

    keys: dict[str, tuple[Stroke, ...]] = field(
        default_factory=lambda: {name: keys for name, (_, keys, _) in DEFAULTS.items()}
    )
    warnings: tuple[str, ...] = ()

    def hint(self, action: str) -> str:
        """The key to name for an action, such as "esc"; "" when it has none."""
        return next(iter(self.keys[action]), "")

    def strokes(self, action: str) -> list[tuple[str, ...]]:
        """The keys of an action, as prompt_toolkit binds them."""
        return [sequence for stroke in self.keys[action] for sequence in _sequences(stroke)]


def load(path: Path) -> Keymap:
    """The keymap with the person's changes. A file that cannot be used is warned about; the defaults hold then."""
    try:
        data = read_ordinary(path, _LARGEST)
    except FileNotFoundError:
        return Keymap()
    except OSError as error:
        return Keymap(warnings=(f"{path} cannot be read ({error.strerror}); the default keys are used.",))
    try:
        blocks = json.loads(data)["bindings"]
        pairs = [
            (str(block.get("context", "Global")), key, action)
            for block in blocks
            for key, action in block["bindings"].items()
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        why = 'it must be JSON like {"bindings": [{"context": "Chat", "bindings": {"ctrl+g": "chat:stash"}}]}'
        return Keymap(warnings=(f"{path} is not used: {why}.",))
    changes = _Changes(path.name)
    for context, key, action in pairs:
        changes.apply(context, key, action)
    return changes.keymap()


class _Changes:
    def __init__(self, name: str) -> None:
        self._name = name
        self._keys = {action: list(keys) for action, (_, keys, _) in DEFAULTS.items()}
        self._warnings: list[str] = []
        self._set: dict[tuple[str, Stroke], str] = {}

    def apply(self, context: str, key: str, action: object) -> None:
        stroke = normal(key)
        if context not in _CONTEXTS:
            return self._warn(f"coder has no context {context!r}; {key} there is ignored")
        if not stroke:
            return self._warn(f"{key!r} is no key coder knows")
        if stroke in _RESERVED:
            return self._warn(f"{stroke} always stops or leaves; it keeps its meaning")
        if action is None:
            return self._free(cast(Context, context), stroke)
        ours = _ACTIONS.get(action) if isinstance(action, str) else None
        if ours is None:
            return self._warn(f"coder has no action {str(action)!r}; {key} is ignored")
        if ours in _RESERVED.values():
            return self._warn(f"{action} keeps its key")
        before = self._set.get((context, stroke))
        if before and before != ours:
            self._warn(f"{stroke} is bound twice in {context}; the later one holds ({action})")
        self._set[context, stroke] = ours
        self._take(DEFAULTS[ours][0], stroke, ours)
        return None

    def keymap(self) -> Keymap:
        for action in _NEVER_FREE:
            if not self._keys[action]:
                _, keys, name = DEFAULTS[action]
                self._keys[action] = list(keys)
                self._warn(f"{name} needs a key; it keeps {keys[0]}")
        return Keymap({action: tuple(keys) for action, keys in self._keys.items()}, tuple(self._warnings))

    def _take(self, context: Context, stroke: Stroke, ours: str) -> None:
        """The new key comes first: it is the one that hints print."""
        for action, (other, _, _) in DEFAULTS.items():
            if stroke in self._keys[action] and (action == ours or _meet(context, other)):
                self._keys[action].remove(stroke)
        self._keys[ours].insert(0, stroke)

    def _free(self, context: Context, stroke: Stroke) -> None:
        for action, (other, _, _) in DEFAULTS.items():
            if stroke in self._keys[action] and (other == context or "Global" in (other, context)):
                self._keys[action].remove(stroke)

    def _warn(self, text: str) -> None:
        self._warnings.append(f"{self._name}: {text}.")


def normal(key: object) -> Stroke:
    """One spelling for a keystroke: `Control+K Ctrl-S` is "ctrl+k ctrl+s". "" for what is none."""
    if not isinstance(key, str) or not key:
        return ""
    parts = [_normal(part) for part in (key.split() or [key])]
    return " ".join(parts) if all(parts) and len(parts) <= 4 else ""


def _normal(key: str) -> str:
    *modifiers, last = key.split("+") if len(key) > 1 and not key.endswith("++") else [key]
    named = [_MODIFIERS.get(modifier.lower(), "") for modifier in modifiers]
    last = _KEYS.get(last.lower(), last)
    if len(last) > 1:
        last = last.lower()
        if last not in _NAMED:
            return ""
    elif not last.isprintable():
        return ""
    elif named:
        last = last.lower()  # ctrl+K is ctrl+k
    if not all(named):
        return ""
    stroke = "+".join([*(each for each in ("ctrl", "alt", "shift") if each in named), last])
    return stroke if _sequences(stroke) else ""


def _sequences(stroke: Stroke) -> list[tuple[str, ...]]:
    """As prompt_toolkit names keys; [] for what a terminal cannot tell."""
    whole: tuple[str, ...] = ()
    for part in stroke.split(" "):
        sequence = _sequence(part)
        if not sequence:
            return []
        whole += sequence
    return [whole]


def _sequence(part: str) -> tuple[str, ...]:
    *modifiers, key = part.split("+") if part != "+" and not part.endswith("++") else [part]
    if key == "enter" and modifiers in (["shift"], ["alt"]):
        return ("escape", "enter")  # the terminal's shift+enter is read as alt+enter (repl/pasting.py)
    lead = ("escape",) if "alt" in modifiers else ()
    rest = [modifier for modifier in modifiers if modifier != "alt"]
    name = {"esc": "escape", "space": " "}.get(key, key)
    if not rest:
        return (*lead, name)
    if len(key) > 1 and key in ("up", "down", "left", "right", "home", "end", "delete", "insert"):
        return (*lead, "".join(f"{modifier[0]}-" for modifier in rest) + key)
    if rest == ["shift"]:
        return (*lead, "s-tab") if key == "tab" else (*lead, key.upper()) if len(key) == 1 else ()
    if rest == ["ctrl"]:
        if key == "space":
            return (*lead, "c-@")
        if len(key) == 1 and ((key.isascii() and key.isalnum()) or key in "@\\]^_/"):
            return (*lead, "c-_" if key == "/" else f"c-{key}")
    return ()


def _meet(one: str, other: str) -> bool:
    """Whether both contexts can be there at once."""
    return one == other or "Global" in (one, other)
