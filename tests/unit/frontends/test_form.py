"""The questions of AskUserQuestion: the screen of the design, every way to answer, and any keys at any size."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.messages import Json
from coder.core.requests import Answers, Deny, Reply, Request
from coder.core.tools import ToolOutput
from coder.frontends.form import Form
from coder.frontends.form_rows import form_rows, spoken
from coder.frontends.styled import plain, width_of
from coder.tools.ask import AskUserQuestion, AskUserQuestionParams, Item, Option


def option(label: str, description: str = "", **more: str) -> Json:
    return {"label": label, "description": description, **more}


DATABASE: Json = {
    "question": "Which database should we use?",
    "header": "Database",
    "options": [
        option("SQLite (recommended)", "no server, one file"),
        option("PostgreSQL", "needs a server", preview="def connect():\n    return pg()"),
        option("DuckDB", "good for analytics"),
    ],
    "multiSelect": False,
}
EXTRAS: Json = {
    "question": "Which extras?",
    "header": "Extras",
    "options": [option("Tests"), option("Docs")],
    "multiSelect": True,
}
BOTH = (DATABASE, EXTRAS)


def shown(form: Form, width: int = 80, height: int = 24) -> list[str]:
    return [plain(each).rstrip() for each in form_rows(form, width, height)]


def pressed(*keys: str) -> Form:
    form = Form(BOTH)
    for key in keys:
        form.press(key)
    return form


@pytest.mark.behaviour("B-894")
def test_a_question_at_80_columns() -> None:
    assert shown(Form(BOTH)) == [
        "? Which database should we use?                                  question 1 of 2",
        "❯ 1 SQLite (recommended)    no server, one file",
        "  2 PostgreSQL              needs a server",
        "  3 DuckDB                  good for analytics",
        "  4 Something else: type it",
        "  enter chooses · esc answers nothing, the model goes on without it",
    ]


@pytest.mark.behaviour("B-894")
def test_the_second_question_takes_many_and_can_go_back() -> None:
    form = pressed("1", "space", "2")
    assert shown(form) == [
        "? Which extras?                                                  question 2 of 2",
        "  1 ✓ Tests",
        "❯ 2 ✓ Docs",
        "  3 ☐ Something else: type it",
        "  enter goes on · space ticks · ← back · esc answers nothing",
    ]
    form.press("left")
    assert shown(form)[1].startswith("❯ 1 SQLite")


@pytest.mark.behaviour("B-895")
def test_both_answers_by_digits_and_ticks() -> None:
    form = pressed("1", "1", "2", "enter")
    assert form.is_over
    assert form.reply() == Answers(
        {
            "Which database should we use?": "SQLite (recommended)",
            "Which extras?": "Tests, Docs",
        }
    )
    assert plain(form.echo_row()) == (
        "✓ You chose: Which database should we use? → SQLite (recommended) · Which extras? → Tests, Docs"
    )


@pytest.mark.behaviour("B-895")
def test_words_of_ones_own() -> None:
    form = pressed("4", *"redis", "space", "7", "backspace", "8")
    assert shown(form)[4] == "❯ 4 Something else: redis 8▏"
    assert "enter answers" in shown(form)[-1]
    form.press("enter")
    form.press("3")
    form.type("a\nlinter")
    assert not form.press("enter") and "✓ Something else: a linter" in "\n".join(shown(form))
    form.press("1")
    form.press("enter")
    assert form.reply() == Answers({"Which database should we use?": "redis 8", "Which extras?": "Tests, a linter"})


def test_esc_in_words_goes_back_to_the_list_and_keeps_them() -> None:
    form = pressed("4", "x", "esc")
    assert not form.is_over and shown(form)[4] == "❯ 4 Something else: x"
    form.press("up")
    assert form.press("esc")


def test_enter_with_nothing_ticked_takes_the_one_stood_on() -> None:
    form = pressed("1", "down", "enter")
    assert form.reply() == Answers({"Which database should we use?": "SQLite (recommended)", "Which extras?": "Docs"})


async def _told(reply: Reply) -> ToolOutput:
    """What the real tool tells the model."""

    class Context:
        tool_use_id = "toolu_1"

        async def ask(self, request: Request) -> Reply:
            return reply

    item = Item("Which?", "Which", [Option("a", "a"), Option("b", "b")])
    return await AskUserQuestion().run(AskUserQuestionParams([item]), Context())  # type: ignore[arg-type]  # the one thing the tool uses


@pytest.mark.behaviour("B-896")
async def test_esc_answers_nothing_and_the_run_goes_on() -> None:
    for keys in (("esc",), ("1", "esc"), ("1", "ctrl+d"), ("ctrl+c",)):
        form = pressed(*keys)
        reply = form.reply()
        assert isinstance(reply, Deny) and not reply.interrupt and not reply.nobody
        assert "You answered nothing" in plain(form.echo_row())
        assert "The person did not answer: they chose to answer nothing" in str((await _told(reply)).content)


def test_a_preview_stands_below_the_options_as_it_was_written() -> None:
    form = pressed("down")
    assert shown(form)[5:7] == ["    def connect():", "        return pg()"]
    assert "    … 2 more rows" not in shown(form, 80, 8)


def test_at_40_columns_descriptions_stand_below_and_nothing_is_cut() -> None:
    assert shown(Form(BOTH), 40) == [
        "? Which database should we use?",
        "  question 1 of 2",
        "❯ 1 SQLite (recommended)",
        "    no server, one file",
        "  2 PostgreSQL",
        "    needs a server",
        "  3 DuckDB",
        "    good for analytics",
        "  4 Something else: type it",
        "  enter chooses · esc answers nothing",
    ]


def test_what_the_model_wrote_is_made_visible_and_answered_as_it_was_sent() -> None:
    form = Form(({"question": "a\x1b[31m?", "options": [option("x\u202ey")]},))
    assert "a\\x1b[31m?" in shown(form)[0] and "x\\u202ey" in shown(form)[1]
    form.press("1")
    assert form.reply() == Answers({"a\x1b[31m?": "x\u202ey"})


@pytest.mark.behaviour("B-893")
def test_a_form_read_aloud_and_answered_in_lines() -> None:
    form = Form(BOTH)
    assert spoken(form) == [
        "question: Which database should we use? Question 1 of 2.",
        "1. SQLite (recommended): no server, one file",
        "2. PostgreSQL: needs a server",
        "preview of 2, line 1: def connect():",
        "preview of 2, line 2:     return pg()",
        "3. DuckDB: good for analytics",
        "Type 1 to 3, an answer of your own, or esc to answer nothing, and press enter:",
    ]
    assert not form.take("7") and not form.take("1 2") and not form.take("  ")
    assert form.take("2") and form.take("back") and form.take("redis 8") and form.take("1, 2")
    assert form.reply() == Answers({"Which database should we use?": "redis 8", "Which extras?": "Tests, Docs"})
    form = Form(BOTH)
    assert form.take("esc") and isinstance(form.reply(), Deny)


@pytest.mark.behaviour("B-2563")
def test_a_closed_form_read_aloud_takes_its_options_alone() -> None:
    form = Form(({"question": "Run it?", "options": [option("Yes"), option("No")]},), "it is not run")
    assert spoken(form)[-1] == "Type 1 to 2, or esc to answer nothing (it is not run), and press enter:"
    assert not form.take("sure") and not form.take("3") and not form.is_over
    assert form.take("2") and form.reply() == Answers({"Run it?": "No"})
    form = Form(({"question": "Run it?", "options": [option("Yes")]},), "it is not run")
    assert form.take("esc") and "You answered nothing; it is not run" in plain(form.echo_row())


TEXT = st.text(st.sampled_from("ab 漢e\u0301\n\x1b👩"), max_size=60)
QUESTIONS = st.lists(
    st.fixed_dictionaries(
        {"question": TEXT, "header": TEXT, "multiSelect": st.booleans()},
        optional={
            "options": st.lists(
                st.fixed_dictionaries({}, optional={"label": TEXT, "description": TEXT, "preview": TEXT}), max_size=9
            )
        },
    ),
    min_size=1,
    max_size=4,
).map(tuple)
KEYS = [
    "up",
    "down",
    "left",
    "j",
    "1",
    "2",
    "3",
    "9",
    "space",
    "enter",
    "esc",
    "backspace",
    "x",
    "漢",
    "f1",
    "home",
    "end",
]


@pytest.mark.behaviour("B-892")
@given(
    questions=QUESTIONS,
    keys=st.lists(st.sampled_from(KEYS), max_size=25),
    width=st.integers(1, 130),
    height=st.integers(1, 30),
)
def test_no_keys_at_no_size_break_a_form(questions: tuple[Json, ...], keys: list[str], width: int, height: int) -> None:
    form = Form(questions)
    for key in keys:
        form.press(key)
        rows = form_rows(form, width, height)
        assert len(rows) <= height
        assert all(width_of(each) <= width for each in rows)
        if not form.is_over:
            assert spoken(form)
            if width > 2:
                assert sum(plain(each).startswith("❯") for each in rows) == 1
    form.echo_row()
    assert isinstance(form.reply(), Answers | Deny)


def test_the_words_for_the_model_are_a_file_of_its_own() -> None:
    assert (Path(__file__).parents[3] / "prompts" / "reminders" / "unanswered.md").is_file()


@pytest.mark.behaviour("B-2561")
def test_what_coder_asks_itself_takes_its_options_alone_and_says_what_else_comes_of_it() -> None:
    asked = {"question": "Run it?", "header": "Workflow", "options": [option("Go on"), option("Stop")]}
    form = Form((asked,), "it is not run")
    assert shown(form) == [
        "? Run it?",
        "❯ 1 Go on",
        "  2 Stop",
        "  enter chooses · esc answers nothing, it is not run",
    ]
    for key in ("3", "x", "down", "down", "down"):
        assert not form.press(key)
    form.type("words")
    assert not form.take("words") and not form.take("3")
    assert shown(form)[2].startswith("❯ 2 Stop")
    assert spoken(form)[-1] == "Type 1 to 2, or esc to answer nothing (it is not run), and press enter:"
    form.press("esc")
    assert plain(form.echo_row()) == "✗ You answered nothing; it is not run"


@pytest.mark.behaviour("B-2562")
def test_a_preview_with_more_rows_than_there_is_room_for_is_read_by_pages() -> None:
    lines = [f"line {number:02}" for number in range(30)]
    form = Form(
        ({"question": "Run it?", "options": [option("Go on", preview="\n".join(lines)), option("Stop")]},), "no"
    )
    seen = dict.fromkeys(each.strip() for each in shown(form, 80, 14))
    assert "… 21 more rows: pgdn" in seen
    for _ in range(9):
        form.press("pagedown")
        seen |= dict.fromkeys(each.strip() for each in shown(form, 80, 14))
    assert [each for each in seen if each.startswith("line")] == lines and "pgup shows the rows above" in seen
    for _ in range(9):
        form.press("pageup")
    assert "    line 00" in shown(form, 80, 14)
