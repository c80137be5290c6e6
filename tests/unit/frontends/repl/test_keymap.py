from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.frontends.repl.keymap import Keymap, load, normal


def loaded(tmp_path: Path, *blocks: tuple[str, dict[str, object]]) -> Keymap:
    path = tmp_path / "keybindings.json"
    path.write_text(json.dumps({"bindings": [{"context": name, "bindings": keys} for name, keys in blocks]}))
    return load(path)


def test_the_defaults_hold_without_a_file(tmp_path: Path) -> None:
    keymap = load(tmp_path / "none.json")
    assert keymap == Keymap()
    assert keymap.warnings == ()
    assert (keymap.hint("stop"), keymap.hint("editor"), keymap.hint("mode")) == ("esc", "ctrl+g", "shift+tab")


@pytest.mark.parametrize(
    ("written", "stroke"),
    [
        ("Control+K CTRL+s", "ctrl+k ctrl+s"),
        ("escape", "esc"),
        ("meta+P", "alt+p"),
        ("opt+enter", "alt+enter"),
        ("K", "K"),
        ("space", "space"),
        (" ", "space"),
        ("+", "+"),
        ("ctrl+/", "ctrl+/"),
        ("pgup", "pageup"),
        ("cmd+p", ""),
        ("hyper", ""),
        ("", ""),
        (3, ""),
        ("shift+1", "shift+1"),
    ],
)
def test_keystrokes_are_read_in_any_spelling(written: object, stroke: str) -> None:
    assert normal(written) == stroke


@pytest.mark.behaviour("B-848")
def test_a_person_changes_keys_and_hints_follow(tmp_path: Path) -> None:
    keymap = loaded(
        tmp_path,
        ("Chat", {"ctrl+e": "chat:externalEditor", "ctrl+s": None, "alt+x": "chat:stash"}),
        ("Global", {"ctrl+y": "app:toggleTranscript", "ctrl+o": None}),
        ("Chat", {"shift+tab": None, "ctrl+x ctrl+m": "chat:cycleMode"}),
    )
    assert keymap.warnings == ()
    assert keymap.keys["editor"] == ("ctrl+e", "ctrl+g", "ctrl+x ctrl+e")
    assert keymap.keys["explain"] == ("ctrl+e",)  # of another context
    assert keymap.keys["stash"] == ("alt+x",)
    assert keymap.hint("transcript") == "ctrl+y"
    assert keymap.keys["mode"] == ("ctrl+x ctrl+m",)
    assert keymap.strokes("mode") == [("c-x", "c-m")]
    assert keymap.strokes("stash") == [("escape", "x")]


def test_a_key_goes_to_the_action_that_takes_it(tmp_path: Path) -> None:
    keymap = loaded(tmp_path, ("Chat", {"ctrl+t": "chat:stash"}))
    assert keymap.keys["todo"] == ()
    assert keymap.hint("todo") == ""
    assert keymap.hint("stash") == "ctrl+t"


@pytest.mark.behaviour("B-848")
def test_what_cannot_be_is_warned_about_and_left_out(tmp_path: Path) -> None:
    keymap = loaded(
        tmp_path,
        ("Chat", {"ctrl+c": "chat:stash", "ctrl+d": None, "ctrl+k": "chat:dance", "cmd+k": "chat:stash"}),
        ("ThemePicker", {"ctrl+t": "theme:toggleSyntaxHighlighting"}),
        ("Chat", {"enter": None, "escape": None, "ctrl+q": "app:exit"}),
        ("Chat", {"ctrl+s": "chat:undo"}),
        ("Chat", {"ctrl+s": "chat:stash"}),
    )
    assert keymap.keys == Keymap().keys | {"undo": ("ctrl+_",)}
    said = "\n".join(keymap.warnings)
    for part in (
        "ctrl+c always stops or leaves",
        "ctrl+d always",
        "no action 'chat:dance'",
        "'cmd+k' is no key",
        "no context 'ThemePicker'",
        "chat:submit needs a key; it keeps enter",
        "chat:cancel needs a key; it keeps esc",
        "app:exit keeps its key",
        "ctrl+s is bound twice in Chat; the later one holds (chat:stash)",
    ):
        assert part in said
    assert len(keymap.warnings) == 9
    assert all("\n" not in each and each.startswith("keybindings.json: ") for each in keymap.warnings)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"bindings": 3}', '{"bindings": [{"context": "Chat"}]}', "[" * 100_000]
)
def test_a_file_that_cannot_be_used_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keybindings.json"
    path.write_text(text)
    keymap = load(path)
    assert keymap.keys == Keymap().keys
    assert len(keymap.warnings) == 1


def test_every_default_can_be_bound() -> None:
    keymap = Keymap()
    for action in keymap.keys:
        assert keymap.strokes(action), action
