"""Git: the question of a commit, and what coder says of its own commits, of worktrees, and of who did what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.support.fakeapi import tool, turn
from tests.support.screens import Terminal, coder
from tests.support.shop import asked, calm
from tests.support.shots.run import told
from tests.support.studio import USAGE, Shot, Studio, trimmed

MESSAGE = "fix: add up all that is in the cart\n\nThe first price was left out, so it's one short."
AUTO = ("--auto-commit", "--permission-mode", "acceptEdits")
_SAME = (
    (r"\b[0-9a-f]{7}\b(?!-)", "3fed2e9"),
    (r"(coder/[a-z-]+-)[0-9a-f]{4}\b", r"\g<1>7f3a"),
    (r"\([0-9a-f]{8}\)", "(7f3a91c2)"),
    (r"^\d\d:\d\d\b", "14:02"),
)


def same(rows: Sequence[str]) -> list[str]:
    """With the hashes and times that differ from one capture to the next made the same."""
    made = list(rows)
    for pattern, instead in _SAME:
        made = [re.sub(pattern, instead, row) for row in made]
    return made


def committing(studio: Studio) -> Sequence[str]:
    known(studio)
    cart = studio.project / "src" / "cart.py"
    cart.write_text(cart.read_text().replace("item.price", "item.cents"), encoding="utf-8")
    studio.git("add", "-A")
    calls = (tool("Git", action="status"), tool("Git", action="diff", staged=True))
    script = [turn(*calls, usage=USAGE), turn(tool("Git", action="commit", message=MESSAGE), usage=USAGE)]
    with studio.session([*script, turn("Committed.", usage=USAGE)], prompt="Commit it") as term:
        asked(term, "esc is 4")
        first = told(term, "Commit it")
        term.send("1")
        calm(term)
        term.settle()
        rows = told(term, "Commit it")
    at = next(at for at, row in enumerate(rows) if row.startswith("✓ Git commit"))
    return same([*first, "", "(after 1)", "", *rows[at : at + 5]])


def known(studio: Studio) -> None:
    """A name, as a person has set one."""
    studio.git("config", "user.name", "Mia")
    studio.git("config", "user.email", "mia@example.org")


def printed(studio: Studio, *arguments: str) -> list[str]:
    """What a command prints in a terminal."""
    with coder(studio.place, None, *arguments, env=studio.env()) as term:
        term.end()
        return [f"$ coder {' '.join(arguments)}", *trimmed(term.history)]


def committed(studio: Studio, *more: tuple[str, ...]) -> Sequence[str]:
    """A run with --auto-commit, then what these commands print."""
    known(studio)
    call = tool("Write", file_path=studio.path("greet.py"), content='print("Hello")\n')
    with studio.session([turn(call, usage=USAGE), turn("Done.", usage=USAGE)], *AUTO, prompt="Greet in a file") as term:
        term.wait("coder undo takes it back")
        calm(term)
        term.settle()
        rows = told(term, "Greet in a file")
        left(term)
    for each in more:
        rows = printed(studio, *each) if each is more[0] else [*rows, "", *printed(studio, *each)]
    return same(rows)


def left(term: Terminal) -> None:
    term.press("ctrl+d")
    term.end()


def undone(studio: Studio) -> Sequence[str]:
    return committed(studio, ("undo", "--dry-run"), ("undo",), ("undo", "--list"))


def who(studio: Studio) -> Sequence[str]:
    return committed(studio, ("who", "greet.py"), ("who", "HEAD"))


def worktree(studio: Studio) -> Sequence[str]:
    with studio.session([turn("It is mended.", usage=USAGE)], "-w", "login", prompt="Mend the login") as term:
        calm(term)
        (studio.project / ".claude" / "worktrees" / "login" / "notes.txt").write_text("x", encoding="utf-8")
        term.settle()
        left(term)
        return trimmed(term.history)


def worktrees(studio: Studio) -> Sequence[str]:
    worktree(studio)
    commands = ((), ("remove", "login"), ("remove", "login", "--force"))
    rows = [row for each in commands for row in (*printed(studio, "worktree", *each), "")]
    return same([re.sub(r"\d{8}T\d{6}-[0-9a-f]{4}", "20261130T140200-7f3a", row) for row in rows])


SHOTS = (
    Shot("A commit is asked about", "The command it stands for, and what it does.", committing),
    Shot("A run is committed", "`coder --auto-commit`.", committed),
    Shot("coder undo", "What it would do, what it did, what there is.", undone),
    Shot("coder who", "A file, then HEAD.", who),
    Shot("A session in a worktree", "`coder -w login`; the last lines say what became of it.", worktree),
    Shot("coder worktree", "What is in each, and what removing one would lose.", worktrees),
)
