"""A run: what is seen while it goes on, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from coder.core.messages import Json
from tests.support.fakeapi import thinking, tool, tool_input, turn
from tests.support.screens import Terminal
from tests.support.shop import calm
from tests.support.studio import GRACE, USAGE, Shot, Studio, trimmed

Take = Callable[[Studio], Sequence[str]]
ALLOWED = ("--permission-mode", "bypassPermissions")
LOGIN = (
    "Login has three parts:\n\n1. `auth.py` checks the password with argon2.\n"
    "2. `session.py` writes a signed cookie that lasts a day.\n3. `cart.py` moves what lay in the cart.\n"
)
TODOS = ("Read the parser", "Add the new rule", "Write tests", "Update the docs")


def todos(at: int) -> Json:
    """The list with `at` of its items done."""
    states = ["completed"] * at + ["in_progress"] + ["pending"] * len(TODOS)
    items = [
        {"content": words, "activeForm": words, "status": state} for words, state in zip(TODOS, states, strict=False)
    ]
    return tool("TodoWrite", todos=items)


def told(term: Terminal, prompt: str) -> list[str]:
    """All from that message on."""
    rows = term.history
    return trimmed(rows[next(at for at, row in enumerate(rows) if row.startswith(f"❯ {prompt}")) :])


def streaming(studio: Studio) -> Sequence[str]:
    script = [turn(LOGIN, delta=12, delay=0.12, usage=USAGE)]
    with studio.session(script, prompt="How does login work?") as term:
        term.wait("that lasts")
        return told(term, "How")


def answered(studio: Studio) -> Sequence[str]:
    with studio.session([turn(LOGIN, usage=USAGE)], prompt="How does login work?") as term:
        calm(term)
        term.settle()
        return told(term, "How")


def waiting(studio: Studio) -> Sequence[str]:
    with studio.session([turn("Hello.", wait=30)], prompt="Hello") as term:
        term.wait("nothing received yet")
        return told(term, "Hello")


def think(studio: Studio, *, during: bool) -> Sequence[str]:
    script = [
        turn(thinking("The cart total is computed in two places. " * 6), "In two places.", delay=0.3, usage=USAGE)
    ]
    with studio.session(script, prompt="Where is the total computed?") as term:
        term.wait("Thinking")
        if during:
            term.during(1.2)
        else:
            calm(term)
            term.settle()
        return told(term, "Where")


def calls(*tools: Callable[[Studio], Json], words: str = "All done.", together: bool = False) -> Take:
    def take(studio: Studio) -> Sequence[str]:
        made = [each(studio) for each in tools]
        turns = [turn(*made, usage=USAGE)] if together else [turn(each, usage=USAGE) for each in made]
        with studio.session([*turns, turn(words, usage=USAGE)], *ALLOWED, rows=40, prompt="Go on") as term:
            calm(term)
            term.settle()
            return told(term, "Go on")

    return take


def bash(command: str, **more: Any) -> Callable[[Studio], Json]:
    return lambda studio: tool("Bash", command=command, **more)


def read(name: str) -> Callable[[Studio], Json]:
    return lambda studio: tool("Read", file_path=studio.path(name))


def grep(pattern: str) -> Callable[[Studio], Json]:
    return lambda studio: tool("Grep", pattern=pattern)


def edit(studio: Studio) -> Json:
    return tool(
        "Edit",
        file_path=studio.path("app.py"),
        old_string='def greet(name):\n    return "Hello " + name',
        new_string='def greet(name: str) -> str:\n    """Return a friendly greeting."""\n    return f"Hello, {name}!"',
    )


def write(studio: Studio) -> Json:
    content = "# Notes\n\n" + "".join(f"- point {number}\n" for number in range(1, 31))
    return tool("Write", file_path=studio.path("notes.md"), content=content)


def unknown(studio: Studio) -> Json:
    return tool_input("Frobnicate", {"x": 1})


def running(studio: Studio) -> Sequence[str]:
    command = "for part in login cart price; do echo PASS $part; done; sleep 20"
    with studio.session([turn(tool("Bash", command=command))], *ALLOWED, prompt="Run it") as term:
        term.wait(lambda: any(row.strip() == "PASS price" for row in term.screen))
        term.during(GRACE)
        return told(term, "Run it")


def todo(studio: Studio, *, folded: bool) -> Sequence[str]:
    script = [turn(todos(1), usage=USAGE), turn("The rule goes into `parse()`. " * 9, delta=4, delay=0.2)]
    with studio.session(script, rows=24 if folded else 40, prompt="Add the rule") as term:
        term.wait("todo 1/4" if folded else "☐ Write tests")
        term.wait("The rule goes")
        return told(term, "Add the rule")


def todo_done(studio: Studio) -> Sequence[str]:
    with studio.session([turn(todos(3)), turn(todos(4)), turn("Done.")], prompt="Add the rule") as term:
        calm(term)
        term.settle()
        return told(term, "Add the rule")


def queued(studio: Studio) -> Sequence[str]:
    script = [turn(tool("Bash", command="sleep 20")), turn("Both done.")]
    with studio.session(script, *ALLOWED, prompt="Run the tests") as term:
        term.wait("Running")
        term.send("also check empty carts\r")
        term.wait("next step: also check")
        term.send("then update the changelog\t")
        term.wait("after this run: then")
        return told(term, "Run the tests")


def delivered(studio: Studio) -> Sequence[str]:
    script = [turn(tool("Bash", command="sleep 2")), turn("Empty carts are covered too.")]
    with studio.session(script, *ALLOWED, prompt="Run the tests") as term:
        term.wait("Running")
        term.send("also check empty carts\r")
        term.wait("next step: also check")
        calm(term)
        term.settle()
        return told(term, "Run the tests")


def interrupted(studio: Studio) -> Sequence[str]:
    script = [turn(edit(studio), usage=USAGE), turn(LOGIN * 4, delta=12, delay=0.1)]
    script.insert(0, turn(tool("Read", file_path=studio.path("app.py")), usage=USAGE))
    with studio.session(script, *ALLOWED, rows=40, prompt="Make greet polite") as term:
        term.wait("writes a signed")
        term.press("esc")
        term.wait("Stopped by you")
        term.settle()
        return told(term, "Make greet")


SHOTS = (
    Shot("A run while it streams", "Finished blocks above, what grows and its state below.", streaming),
    Shot("An answer", "What a run leaves behind.", answered),
    Shot("Waiting", "After ten seconds without a byte.", waiting),
    Shot("Thinking", "While the model thinks.", lambda studio: think(studio, during=True)),
    Shot("Thought", "Afterwards; ctrl+o shows the text.", lambda studio: think(studio, during=False)),
    Shot("A command runs", "The last rows of its output, live.", running),
    Shot(
        "Calls", "A command that worked, one that failed: output is folded.", calls(bash("npm test"), bash("make lint"))
    ),
    Shot(
        "Calls that read",
        "Those that worked are one row.",
        calls(read("src/auth.py"), read("src/session.py"), grep("def login"), together=True),
    ),
    Shot(
        "Calls that were not run",
        "Each has its reason.",
        calls(unknown, grep("def ("), read("src/missing.py"), words="Done."),
    ),
    Shot("An edit and a new file", "As they stand above the answer.", calls(read("app.py"), edit, write)),
    Shot("Todo list", "On 30 rows and more; ctrl+t folds it.", lambda studio: todo(studio, folded=False)),
    Shot("Todo list, folded", "On fewer than 30 rows, or after ctrl+t.", lambda studio: todo(studio, folded=True)),
    Shot("Todo list, done", "The one row it leaves.", todo_done),
    Shot("Queued messages", "enter while a run is on, and tab.", queued),
    Shot("A queued message was read", "The run went on with it.", delivered),
    Shot("Interrupt", "esc while a run is on.", interrupted),
)
