"""Subagents: while they work, when they have ended, what they ask, and those in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coder.core.messages import Json
from tests.support.fakeapi import rule, tool, turn
from tests.support.shop import calm
from tests.support.shots.run import ALLOWED, told
from tests.support.studio import GRACE, USAGE, Shot, Studio

TITLES = ("Find usages", "List routes", "Check the docs", "Read the tests", "Look at npm")
LATER = ("Compare prices", "Name the owners")


def asks(title: str, **given: Any) -> Json:
    return tool("Agent", description=title, prompt=f"{title} of the shop. Report file:line for each.", **given)


def does(title: str, *blocks: Json | str, **options: Any) -> Json:
    """What the agent does that was asked for that, at first."""
    return rule({"last_user_contains": f"{title} of the shop"}, *blocks, usage=USAGE, times=1, **options)


def working(studio: Studio, *, columns: int = 80) -> Sequence[str]:
    rules = [
        does("List routes", "17 routes, all below /api.\n\nsrc/app.py:3"),
        *(does(title, tool("Bash", command=f"sleep {60 + at}")) for at, title in enumerate((*TITLES, *LATER))),
    ]
    script = [turn("Several look at it.", *map(asks, (*TITLES, *LATER)), usage=USAGE)]
    with studio.session(script, *ALLOWED, rows=30, columns=columns, prompt="What is there?", rules=rules) as term:
        term.wait("✓ Agent")
        term.wait("1 more waits for a place")
        term.wait("running sleep 65")
        term.during(1.2)
        return told(term, "What is")


def ended(studio: Studio) -> Sequence[str]:
    fault = {"kind": "status", "status": 400, "message": "Your credit balance is too low"}
    rules = [
        does("List routes", "17 routes, all below /api.\n\nsrc/app.py:3", wait=0.4),
        does("Find usages", tool("Read", file_path=studio.path("app.py")), wait=0.8),
        rule({"last_tool": "Read"}, "# Three uses\n\napp.py:8", usage=USAGE, times=1),
        does("Check the docs", "x", fault=fault, wait=1.5),
    ]
    script = [turn(*map(asks, TITLES[:3]), usage=USAGE), turn("There are 17 routes.", usage=USAGE)]
    with studio.session(script, *ALLOWED, rows=30, prompt="What is there?", rules=rules) as term:
        calm(term)
        term.settle()
        return told(term, "What is")


def question(studio: Studio) -> Sequence[str]:
    rules = [does("Check the docs", tool("Bash", command="curl docs.example.com"))]
    script = [turn(asks("Check the docs"), usage=USAGE)]
    with studio.session(script, rows=30, prompt="What is there?", rules=rules) as term:
        term.wait("wants to run this command")
        term.during(GRACE)
        return told(term, "What is")


def background(studio: Studio, *, then: str = "") -> Sequence[str]:
    rules = [does("List routes", "17 routes, all below /api.", wait=2), does("Find usages", "x", wait=60)]
    both = [asks(title, run_in_background=True) for title in ("List routes", "Find usages")]
    script = [turn(*both, usage=USAGE), turn("Both run; ask me anything meanwhile.", usage=USAGE)]
    with studio.session(script, *ALLOWED, rows=30, prompt="Look in the background", rules=rules) as term:
        calm(term)
        if not then:
            term.send("and what of the")
        term.wait("The model hears of it")
        term.settle(0.2)
        if then:
            term.send(then)
            term.wait("enter shows" if then.startswith("/") else "y stop")
            term.during(GRACE)
        return told(term, "Look in")


SHOTS = (
    Shot("Agents at work", "A row each; ctrl+o shows what they were told. Five work at once.", working),
    Shot("Agents that have ended", "What came of each, and why one failed.", ended),
    Shot("An agent asks", "The question names it.", question),
    Shot("An agent in the background", "It ends while you type: the draft stays as it is.", background),
    Shot(
        "Agents in /tasks",
        "enter shows all that one was told, called and said; s says something to it.",
        lambda studio: background(studio, then="/tasks\r"),
    ),
    Shot("Leaving agents", "Those in the background end with the session.", lambda s: background(s, then="\x04")),
)
