"""The questions that wait for the person, and what an answer leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coder.core.messages import Json
from tests.support.fakeapi import tool, turn
from tests.support.screens import Terminal
from tests.support.shop import asked, calm
from tests.support.shots.run import bash, edit, read, told, write
from tests.support.studio import GRACE, Shot, Studio, trimmed

Take = Callable[[Studio], Sequence[str]]
Make = Callable[[Studio], Json]
TESTS = bash("npm test -- --watch=false", description="run the test suite")
PUSH = bash("git push --force origin main", description="publish the branch")
PLAN = "## Greet politely\n\n1. Type the name and the result of `greet`.\n2. Say it with an f-string.\n3. Add a test.\n"
ASK = tool(
    "AskUserQuestion",
    questions=[
        {
            "question": "Which database should we use?",
            "header": "Database",
            "multiSelect": False,
            "options": [
                {"label": "SQLite (recommended)", "description": "no server, one file"},
                {"label": "PostgreSQL", "description": "needs a server"},
                {"label": "DuckDB", "description": "good for analytics"},
            ],
        },
        {
            "question": "Which extras?",
            "header": "Extras",
            "multiSelect": True,
            "options": [
                {"label": "Tests", "description": "one for each function"},
                {"label": "Docs", "description": "a page for users"},
            ],
        },
    ],
)


def question(
    *tools: Make,
    words: str = "esc is 4",
    size: tuple[int, int] = (80, 24),
    arguments: Sequence[str] = (),
    answer: Callable[[Terminal], None] | None = None,
) -> Take:
    """The question of the last of these calls; with an `answer` what it leaves behind."""

    def take(studio: Studio) -> Sequence[str]:
        turns = [turn(each(studio)) for each in tools]
        columns, rows = size
        with studio.session(
            [*turns, turn("As you say.")], *arguments, columns=columns, rows=rows, prompt="Go on"
        ) as term:
            asked(term, words)
            if answer is None:
                return told(term, "Go on") if columns == 80 else trimmed(term.screen)
            answer(term)
            term.settle()
            return told(term, "Go on")

    return take


def yes(term: Terminal) -> None:
    term.send("1")
    calm(term)


def always(term: Terminal) -> None:
    term.send("2")
    calm(term)


def no_but(term: Terminal) -> None:
    term.send("3")
    term.wait("What to do instead:")
    term.send("use make test\r")
    calm(term)


def no(term: Terminal) -> None:
    term.press("esc")
    term.wait("Stopped by you")


def comment(term: Terminal) -> None:
    term.send("3")
    term.wait("What to do instead:")


def forced(studio: Studio, **more: object) -> Sequence[str]:
    origin = studio.root / "origin.git"
    studio.git("init", "-q", "--bare", "-b", "main", str(origin))
    studio.git("remote", "add", "origin", str(origin))
    studio.git("push", "-q", "origin", "main")
    return question(PUSH, words="press enter to run it")(studio)


def second(studio: Studio) -> Sequence[str]:
    with studio.session([turn(ASK), turn("SQLite it is.")], prompt="Go on") as term:
        term.wait("question 1 of 2")
        term.during(GRACE)
        term.send("1")
        term.wait("question 2 of 2")
        term.during(GRACE)
        return told(term, "Go on")


def chosen(studio: Studio) -> Sequence[str]:
    with studio.session([turn(ASK), turn("SQLite it is.")], prompt="Go on") as term:
        term.wait("question 1 of 2")
        term.during(GRACE)
        term.send("1")
        term.wait("question 2 of 2")
        term.during(GRACE)
        term.send("12")
        term.press("enter")
        calm(term)
        term.settle()
        return told(term, "Go on")


SHOTS = (
    Shot("An edit is asked about", "The change stands above its question.", question(read("app.py"), edit)),
    Shot("An edit was allowed", "1.", question(read("app.py"), edit, answer=yes)),
    Shot("A new file is asked about", "The first rows, and how many there are more.", question(write)),
    Shot("A command is asked about", "What, where and why, and what `2` would save.", question(TESTS)),
    Shot("A command was allowed", "1.", question(TESTS, answer=yes)),
    Shot("A command was allowed from now on", "2.", question(TESTS, answer=always)),
    Shot("No, with words", "3, then what to do instead.", question(TESTS, answer=comment)),
    Shot("A command was refused with words", "The model reads them.", question(TESTS, answer=no_but)),
    Shot("A command was refused", "esc or 4: the run stops.", question(TESTS, answer=no)),
    Shot(
        "A part of a command is asked about",
        "The parts that need the answer are marked.",
        question(bash("cd src && touch cart.log && ls")),
    ),
    Shot("The question at 40 columns", "40x20: nothing is cut.", question(TESTS, size=(40, 20))),
    Shot("This cannot be undone", "Asked in every mode; the word is typed.", forced),
    Shot(
        "The model asks",
        "One question at a time.",
        question(lambda studio: ASK, words="question 1 of 2"),
    ),
    Shot("The model asks for several", "space or digits choose, enter is done.", second),
    Shot("What you chose", "One row is left.", chosen),
    Shot(
        "A plan is asked about",
        "The plan stands above its question.",
        question(lambda studio: tool("ExitPlanMode", plan=PLAN), arguments=("--permission-mode", "plan")),
    ),
)
