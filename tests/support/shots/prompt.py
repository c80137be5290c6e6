"""The prompt, its menus and the row below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.support.screens import Terminal
from tests.support.studio import Shot, Studio, since, trimmed

RULE = "─" * 80
PASTE, END = "\x1b[200~", "\x1b[201~"
Take = Callable[[Studio], Sequence[str]]


def welcome(studio: Studio) -> Sequence[str]:
    with studio.session() as term:
        return term.screen


def mode(*keys: str, words: str, arguments: tuple[str, ...] = ()) -> Take:
    def take(studio: Studio) -> Sequence[str]:
        with studio.session((), *arguments) as term:
            for key in keys:
                press_until_seen(term, key)
            term.wait(words)
            term.settle()
            return bottom(term.screen)

    return take


def press_until_seen(term: Terminal, key: str) -> None:
    """While the session is still being opened such a key does nothing."""
    before = term.screen
    while term.screen == before:
        term.press(key)
        term.during(1.0)


def bottom(rows: Sequence[str]) -> list[str]:
    """The prompt between its rules, and the row below it."""
    at = [index for index, row in enumerate(rows) if row == RULE]
    return trimmed(rows[at[-2] :])


def typed(text: str, *, words: str) -> Take:
    def take(studio: Studio) -> Sequence[str]:
        with studio.session() as term:
            term.send(text)
            term.wait(words)
            term.settle()
            return bottom(term.screen)

    return take


def shell_line(studio: Studio) -> Sequence[str]:
    with studio.session() as term:
        term.send("!ls src")
        term.wait("runs in your shell")
        typing = bottom(term.screen)
        term.press("enter")
        term.wait("cart.py")
        term.wait("✓ ")
        term.settle()
        return [*typing, "", *since(term.history, "! ls src")]


LINES = "".join(f"line {number} of a log\r" for number in range(1, 85))
SHOTS = (
    Shot("Welcome", "`coder` in a folder: three rows, then the prompt.", welcome),
    Shot("Asks first", "The mode a session begins in.", mode(words="asks first")),
    Shot("Accepts edits", "shift+tab once.", mode("shift+tab", words="accepts edits ·")),
    Shot("Plan mode", "shift+tab twice.", mode("shift+tab", "shift+tab", words="plan mode, read-only ·")),
    Shot(
        "Bypasses permissions",
        "`coder --permission-mode bypassPermissions`; no key leads there.",
        mode(words="bypasses permissions ·", arguments=("--permission-mode", "bypassPermissions")),
    ),
    Shot("Keys", "`?` on an empty prompt; any key closes it.", typed("?", words="/help commands")),
    Shot("Slash menu", "`/` and the first letters of a command.", typed("/co", words="/compact")),
    Shot("@ menu", "`@` and letters of a path.", typed("look at @ut", words="util.py")),
    Shot("A paste", "What is longer than 10 lines stands as one word.", typed(f"{PASTE}{LINES}{END}", words="[Pasted")),
    Shot("Your shell", "`!` first: the row below says what happens, then the command runs.", shell_line),
)
